/* The text of an expression, places in it, and the errors found there, shown as the reference shows them.
 * Places count code points. Rule: cel-go common/source.go, error.go, errors.go. */
#ifndef REGISTRY_CEL_SOURCE_H
#define REGISTRY_CEL_SOURCE_H

#include <stdarg.h>
#include <stdint.h>
#include "shm/base/arena.h"

/* line from 1, column from 0; line -1: no place. */
struct cel_place {
    int32_t line, column;
};

#define CEL_NOWHERE ((struct cel_place){-1, -1})
#define CEL_ERRORS_SHOWN 100

struct cel_error {
    struct cel_place place;
    const char *message;
};

struct cel_source {
    struct arena *arena;
    struct str text; /* UTF-8 */
    size_t points;   /* its code points */
    size_t *lines;   /* byte offset at which each line begins */
    int32_t nlines;
    struct cel_error errors[CEL_ERRORS_SHOWN]; /* in the order found */
    size_t nerrors;                            /* found; only the first CEL_ERRORS_SHOWN are kept */
    int copied;                                /* parts of the expression that its macros have doubled */
};

/* text is borrowed. Lives in the arena. */
struct cel_source *cel_source_new(struct arena *a, struct str text);
void cel_source_error(struct cel_source *s, struct cel_place place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* All errors in order of place, joined by newlines, in the arena; sorts them. */
struct str cel_source_errors(struct cel_source *s);

/* Bytes of the code point that begins at p (p < end); its value goes to *c (0xFFFD for what is no UTF-8). */
size_t cel_decode(const char *p, const char *end, uint32_t *c);

#endif
