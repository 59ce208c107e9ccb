/* Values in messages. The reference prints what it works with: its internal types, which have no JSON tags,
 * so members show Go's names, all of them, in the internal order; types of meta/v1 keep their JSON form.
 * Rule: the types.go of each group under pkg/apis, field.Error's ErrorBody. */
#ifndef REGISTRY_VALIDATION_PRINTED_H
#define REGISTRY_VALIDATION_PRINTED_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/validation/check.h"

/* v (NULL: the zero value) as json.Marshal prints the internal form of t. */
void printed_put(struct buf *out, const json_t *v, const struct schema_type *t);
/* The same as a text in the arena; null when v is NULL, as a nil pointer or list. t NULL: as JSON. */
const char *printed(struct check *c, const json_t *v, const struct schema_type *t);
/* The unified diff of both (json.MarshalIndent, three lines of context): util/diff's Diff(a, b). In the
 * arena. */
const char *printed_diff(struct check *c, const json_t *a, const json_t *b, const struct schema_type *t);
/* The type of what a path names in a type ("spec.template"), or NULL. Lists and maps are not gone into. */
const struct schema_type *printed_type(const struct schema_type *t, const char *path);

/* "Invalid value: <v as t>: detail". */
void check_invalid_of(struct check *c, const struct at *at, const json_t *v, const struct schema_type *t,
                      const char *detail);
/* ValidateImmutableField with values of type t. */
void check_immutable_of(struct check *c, const struct at *at, const json_t *now, const json_t *old,
                        const struct schema_type *t);
/* The same of what a path ("spec.template") names in both objects, with this detail. */
void check_fixed(struct check *c, const struct at *at, const json_t *obj, const json_t *old, const char *path,
                 const char *detail);

#endif
