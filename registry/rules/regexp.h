/* Regular expressions as clients write them, in the syntax of Go's regexp (RE2). */
#ifndef REGISTRY_RULES_REGEXP_H
#define REGISTRY_RULES_REGEXP_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

/* Why it can't be compiled, in Go's words, in the arena; NULL: it can. Names of Unicode classes (\p{...}) are
 * taken as they are, and how much memory it would need is not looked at. */
const char *regexp_error(struct arena *a, struct str pattern);

#endif
