/* From a client's bytes to a checked tree: one walker over (schema, tree). */
#ifndef REGISTRY_WALK_DECODE_H
#define REGISTRY_WALK_DECODE_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/walk/json.h"

/* Checks the tree against the type, in place: unknown fields are removed and reported (`unknown field "spec.x"`),
 * wrong types are the reference's 400 (`json: cannot unmarshal string into Go struct field ...`), null drops a
 * field, numbers of strings/quantities/int-or-strings are normalised, field names match exactly in case.
 * strict: findings (unknown, then duplicate); may be NULL. Returns false with st filled. */
bool decode_tree(json_t *obj, const struct schema_type *t, struct findings *strict, struct status *st);

#endif
