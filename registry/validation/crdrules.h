/* Rules in schemas of custom resources (x-kubernetes-validations). Private to this folder. Rule:
 * ValidateCustomResourceDefinitionOpenAPISchema of apiextensions-apiserver, its apiserver/schema/cel. */
#ifndef REGISTRY_VALIDATION_CRDRULES_H
#define REGISTRY_VALIDATION_CRDRULES_H

#include "registry/validation/check.h"

/* What can be said of the rules of s without looking into them. */
void check_crd_rules(struct check *c, const struct at *at, const json_t *s);
/* What the rules of one definition's schema cost in all, and those that cost most. */
struct crd_costs {
    uint64_t total;
    struct {
        const char *at;
        uint64_t cost;
    } most[5];
    int n;
};

/* Where in a schema rules stand. */
struct crd_place {
    bool root;                     /* of the whole resource */
    const struct at *uncorrelated; /* the nearest place above below which there is no telling what a value was
                                      before; NULL: none */
    uint64_t most; /* how many values there may be by the limits above; UINT64_MAX: there are none */
    struct crd_costs *costs;
};

/* Their expressions; s is structural, and nothing is wrong with it. */
void check_crd_expressions(struct check *c, const struct at *at, const json_t *s,
                           const struct crd_place *place);
/* Whether all of them together are too much; at: the schema. */
void check_crd_costs(struct check *c, const struct at *at, const struct crd_costs *costs);

#endif
