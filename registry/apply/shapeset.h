/* Sets of paths seen with the schema. Rules: structured-merge-diff/typed/reconcile_schema.go,
 * fieldpath/set.go (EnsureNamedFieldsAreMembers). */
#ifndef REGISTRY_APPLY_SHAPESET_H
#define REGISTRY_APPLY_SHAPESET_H

#include "registry/apply/shape.h"

/* What was owned in parts when a set was written and has one owner by today's schema: owned as a whole. */
const struct fieldset *shapeset_reconcile(struct arena *a, const struct shape *shape,
                                          const struct fieldset *set);
/* With every field of a struct that something below is a member of. */
const struct fieldset *shapeset_named(struct arena *a, const struct shape *shape, const struct fieldset *set);

#endif
