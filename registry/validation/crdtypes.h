/* Schemas of custom resources as types of expressions. Private to this folder. Rule:
 * apiserver/pkg/cel/common/schemas.go, apiserver/pkg/cel/escaping.go and types.go. */
#ifndef REGISTRY_VALIDATION_CRDTYPES_H
#define REGISTRY_VALIDATION_CRDTYPES_H

#include <jansson.h>
#include "registry/cel/check.h"
#include "registry/cel/cost.h"

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
    const json_t *schema;
    bool resource;
};

/* x for the rules of a schema, whose values have identity when they are resources; types are in the arena.
 * False when there is no type for it. optional_old: oldSelf may be missing. */
bool crd_types_init(struct crd_types *x, struct arena *a, const json_t *schema, bool resource,
                    bool optional_old);
/* Where the rules stand: x must outlive it. */
struct cel_env crd_types_env(struct crd_types *x);

/* How large what is in it may be: from the limits the schema sets, or that of a request. */
struct cel_sizes crd_types_sizes(struct crd_types *x);
/* How often values of a schema may be in one object at most, when no limit is set on the lists and maps they
 * are in. */
uint64_t crd_most(const json_t *schema, bool resource);
/* How many there may be in each value of the schema: one unless it is a list or map; UINT64_MAX: no limit is
 * set. */
uint64_t crd_most_inside(const json_t *schema);

#endif
