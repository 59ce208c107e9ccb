/* Members that a body gives more than once, as findings note them. */
#ifndef REGISTRY_WALK_TWICE_H
#define REGISTRY_WALK_TWICE_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/walk/json.h"

/* A value that the member had before, the first that was noted from *i on; *i moves behind it. NULL: none.
 * Borrowed. f may be NULL. */
json_t *twice_before(const struct findings *f, const json_t *in, struct str key, int *i);
/* What is left of two values of a type that were decoded one after the other; NULL is absent. pointer: of the
 * field. Takes both. */
json_t *twice_merge(json_t *was, json_t *now, const struct schema_type *t, bool pointer);

#endif
