/* Rules in schemas of custom resources (x-kubernetes-validations). Private to this folder. Rule:
 * ValidateCustomResourceDefinitionOpenAPISchema of apiextensions-apiserver, its apiserver/schema/cel. */
#ifndef REGISTRY_VALIDATION_CRDRULES_H
#define REGISTRY_VALIDATION_CRDRULES_H

#include "registry/validation/check.h"

/* What can be said of the rules of s without looking into them. */
void check_crd_rules(struct check *c, const struct at *at, const json_t *s);
/* Their expressions; s is structural, and nothing is wrong with it. root: of the whole resource.
 * uncorrelated: the nearest place above below which there is no telling what a value was before; NULL: none.
 */
void check_crd_expressions(struct check *c, const struct at *at, const json_t *s, bool root,
                           const struct at *uncorrelated);

#endif
