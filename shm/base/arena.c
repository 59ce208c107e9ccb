/* Bump allocation from a chain of blocks; the handle itself lives in the first. A request of a quarter block
 * or more gets a block of its own, so that one big body does not waste the rest of the current block.
 * Clean-ups are kept in the arena they belong to, newest first. */
#include "shm/base/arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/must.h"

#define ARENA_MAGIC 0x61726e61u
#define FIRST_BYTES 4096
#define BLOCK_MAX_BYTES (64u << 10)
#define ALIGN 16u

struct block {
    struct block *next;
    size_t bytes; /* behind this header */
} __attribute__((aligned(ALIGN)));

struct cleanup {
    struct cleanup *next;
    void (*fn)(void *arg);
    void *arg;
};

struct arena {
    unsigned magic;
    char *at, *end;       /* free part of the current block */
    struct block *blocks; /* all but the first */
    struct cleanup *cleanups;
    size_t block_bytes; /* size of the next block */
    size_t held;
};

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

struct arena *arena_new(size_t first_bytes)
{
    size_t head = aligned(sizeof(struct arena));
    size_t bytes = aligned(first_bytes ? first_bytes : FIRST_BYTES);
    if (bytes < head + 256)
        bytes = head + 256;
    struct arena *a = malloc(bytes);
    must(a != NULL);
    *a = (struct arena){.magic = ARENA_MAGIC,
                        .at = (char *)a + head,
                        .end = (char *)a + bytes,
                        .block_bytes = bytes < FIRST_BYTES ? FIRST_BYTES : bytes,
                        .held = bytes};
    return a;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanups) {
        struct cleanup *c = a->cleanups;
        a->cleanups = c->next; /* a clean-up may add another */
        c->fn(c->arg);
    }
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    must_be(a, ARENA_MAGIC);
    run_cleanups(a);
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->magic = 0;
    free(a);
}

static char *block_add(struct arena *a, size_t bytes)
{
    struct block *b = malloc(sizeof(*b) + bytes);
    must(b != NULL);
    b->bytes = bytes;
    b->next = a->blocks;
    a->blocks = b;
    a->held += sizeof(*b) + bytes;
    return (char *)(b + 1);
}

static void *raw_slow(struct arena *a, size_t n)
{
    if (n >= a->block_bytes / 4)
        return block_add(a, n);
    char *p = block_add(a, a->block_bytes);
    a->at = p + n;
    a->end = p + a->block_bytes;
    if (a->block_bytes < BLOCK_MAX_BYTES)
        a->block_bytes *= 2;
    return p;
}

void *arena_raw(struct arena *a, size_t n)
{
    must_be(a, ARENA_MAGIC);
    must(n < SIZE_MAX / 2);
    n = aligned(n ? n : 1);
    if (n > (size_t)(a->end - a->at))
        return raw_slow(a, n);
    char *p = a->at;
    a->at += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(arena_raw(a, n), 0, n);
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *p = arena_raw(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_cstr(a, s), s.n};
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    must(n >= 0);
    char *p = arena_raw(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

void arena_cleanup(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct cleanup *c = arena_raw(a, sizeof(*c));
    *c = (struct cleanup){a->cleanups, fn, arg};
    a->cleanups = c;
}

size_t arena_bytes(const struct arena *a)
{
    must_be(a, ARENA_MAGIC);
    return a->held;
}
