/* Schemas of custom resources as types of expressions. Private to this folder. Rule:
 * apiserver/pkg/cel/common/schemas.go, apiserver/pkg/cel/escaping.go and types.go. */
#ifndef REGISTRY_VALIDATION_CRDTYPES_H
#define REGISTRY_VALIDATION_CRDTYPES_H

#include <jansson.h>
#include "registry/cel/check.h"

/* A schema that is an object type with this name. */
struct crd_object {
    struct str name;
    const json_t *schema;
    bool resource; /* it has the members of every resource */
    const struct crd_object *next;
};

/* What is known in the rules of one schema. */
struct crd_types {
    const struct crd_object *objects; /* those met so far */
    const struct cel_type *self, *old_self;
};

/* x for the rules of a schema, whose values have identity when they are resources; types are in the arena.
 * False when there is no type for it. optional_old: oldSelf may be missing. */
bool crd_types_init(struct crd_types *x, struct arena *a, const json_t *schema, bool resource,
                    bool optional_old);
/* Where the rules stand: x must outlive it. */
struct cel_env crd_types_env(struct crd_types *x);

#endif
