/* Memory and errors of schemac. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "registry/compiler/model.h"

_Noreturn void fail(struct place at, const char *fmt, ...)
{
    va_list ap;
    if (at.file)
        fprintf(stderr, "%s:%d: ", at.file, at.line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

void *make(size_t n)
{
    void *p = calloc(1, n);
    if (!p)
        fail((struct place){0}, "out of memory");
    return p;
}

char *copy(const char *s, size_t n)
{
    char *p = make(n + 1);
    memcpy(p, s, n);
    return p;
}

void vec_add(struct vec *v, void *item)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 8;
        v->p = realloc(v->p, (size_t)v->cap * sizeof *v->p);
        if (!v->p)
            fail((struct place){0}, "out of memory");
    }
    v->p[v->n++] = item;
}
