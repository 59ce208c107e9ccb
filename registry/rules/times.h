/* Times and durations as the API writes them; messages as Go's time package words them. */
#ifndef REGISTRY_RULES_TIMES_H
#define REGISTRY_RULES_TIMES_H

#include <stdint.h>
#include "shm/base/arena.h"
#include "shm/base/str.h"

/* RFC 3339 to UTC: whole seconds, or with six digits of fraction (micro; the input must have them then).
 * Returns a text in the arena, "" for the zero time (which is written as null), or NULL with *err the
 * reference's message. */
const char *time_normalize(struct arena *a, struct str s, bool micro, const char **err);
/* A duration ("90m") in Go's form ("1h30m0s"); NULL with *err. */
const char *duration_normalize(struct arena *a, struct str s, const char **err);
/* The nanoseconds of a duration in either form; 0 for what is none. */
int64_t duration_ns(struct arena *a, struct str s);

#endif
