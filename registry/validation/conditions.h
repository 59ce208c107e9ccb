/* Conditions of meta/v1. Rule: ValidateConditions of apimachinery/pkg/apis/meta/v1/validation. */
#ifndef REGISTRY_VALIDATION_CONDITIONS_H
#define REGISTRY_VALIDATION_CONDITIONS_H

#include "registry/validation/check.h"

void check_conditions(struct check *c, const struct at *at, const json_t *list);

#endif
