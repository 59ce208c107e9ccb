/* Growing by doubling. Running out of memory is a panic: whoever lets a client size a buffer bounds it first.
 */
#include "shm/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/must.h"

#define FIRST_BYTES 256

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->p && n <= b->cap - b->n)
        return b->p + b->n;
    must(n <= SIZE_MAX / 4 && b->n <= SIZE_MAX / 4);
    size_t cap = b->cap ? b->cap : FIRST_BYTES;
    while (cap < b->n + n)
        cap *= 2;
    char *p = realloc(b->p, cap);
    must(p != NULL);
    b->p = p;
    b->cap = cap;
    return b->p + b->n;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    memcpy(buf_reserve(b, n), p, n);
    b->n += n;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->n++;
}

void buf_put_int(struct buf *b, int64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0)
        digits[--at] = '-';
    buf_put(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    must(n >= 0);
    vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
    va_end(again);
    b->n += (size_t)n;
}
