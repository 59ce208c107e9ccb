/* A growable byte buffer on the heap. */
#ifndef SHM_BASE_BUF_H
#define SHM_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include "shm/base/str.h"

/* Zero-initialised is a valid empty buffer. */
struct buf {
    char *p;
    size_t n, cap;
};

void buf_free(struct buf *b);
/* Keeps the memory, forgets the content. */
void buf_clear(struct buf *b);
/* Room for n more bytes; returns where they go (n is not added). */
char *buf_reserve(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_put_int(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_str(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}

static inline struct str buf_view(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

#endif
