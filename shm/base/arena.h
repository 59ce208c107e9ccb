/* An arena: memory of one request, dropped whole. Allocation never fails (out of memory is a panic: what a
 * client sizes is bounded before it is asked for). */
#ifndef SHM_BASE_ARENA_H
#define SHM_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include "shm/base/str.h"

struct arena;

/* first_bytes: size of the first block, 0 for the default (4 KiB). */
struct arena *arena_new(size_t first_bytes);
/* Runs the clean-ups, newest first, and frees everything. NULL is allowed. */
void arena_free(struct arena *a);
/* Zeroed, aligned to 16. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);
/* Not zeroed. */
void *arena_raw(struct arena *a, size_t n);
/* Copies, with a NUL added behind the copy. */
struct str arena_str(struct arena *a, struct str s);
char *arena_cstr(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);
/* fn(arg) runs when the arena is freed: descriptors, snapshots and pending calls go with the request. */
void arena_cleanup(struct arena *a, void (*fn)(void *arg), void *arg);
/* Bytes held from malloc by this arena. */
size_t arena_bytes(const struct arena *a);

#endif
