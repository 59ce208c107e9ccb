/* Amounts: quantities, names of resources, numbers that may be percentages. Rule: pkg/apis/core/validation
 * and core/helper, apps/validation, apimachinery/pkg/api/resource. */
#ifndef REGISTRY_VALIDATION_NUMBERS_H
#define REGISTRY_VALIDATION_NUMBERS_H

#include "registry/validation/check.h"

/* ---- names of resources (core/helper) ---- */
bool resource_is_hugepages(struct str name);
bool resource_is_native(struct str name);   /* no domain, or one of kubernetes.io */
bool resource_is_extended(struct str name); /* a domain of its own */
bool resource_is_integer(struct str name);  /* whole numbers only */
bool resource_is_standard_quota(struct str name);
bool resource_allows_overcommit(struct str name);

/* validateResourceName, validateContainerResourceName, ValidateResourceQuotaResourceName, the names at pod
 * level. */
bool check_resource_name(struct check *c, const struct at *at, struct str name);
void check_container_resource_name(struct check *c, const struct at *at, struct str name);
void check_quota_resource_name(struct check *c, const struct at *at, struct str name);
void check_pod_resource_name(struct check *c, const struct at *at, struct str name);

/* ---- quantities ---- */
/* A member of a resource list as text; "0" when it is no string. */
struct str quantity_of(const json_t *v);
void check_quantity_nonnegative(struct check *c, const struct at *at, struct str q);
void check_quantity_positive(struct check *c, const struct at *at, struct str q);
/* ValidateResourceQuantityValue: not negative, whole where only whole ones exist. */
void check_resource_value(struct check *c, const struct at *at, struct str name, struct str q);
/* validateBasicResource. */
void check_basic_quantity(struct check *c, const struct at *at, struct str q);
/* Whether the amount of huge pages is a multiple of the size in the resource's name. */
bool hugepages_divisible(struct check *c, struct str name, struct str q);

/* ---- whole numbers ---- */
/* > 0. */
void check_positive(struct check *c, const struct at *at, int64_t v);

/* ---- numbers or percentages ---- */
/* Complains about either; NULL is 0. */
void check_number_invalid(struct check *c, const struct at *at, const json_t *v, const char *detail);
/* ValidatePositiveIntOrPercent. */
void check_int_or_percent(struct check *c, const struct at *at, const json_t *v);
/* IsNotMoreThan100Percent. */
void check_at_most_100_percent(struct check *c, const struct at *at, const json_t *v);
/* getIntOrPercentValue: the number, or that in front of the percent sign. */
int64_t int_or_percent_value(const json_t *v);

#endif
