/* What claims, classes and slices of devices share. Private to this folder. Rule:
 * pkg/apis/resource/validation.
 */
#ifndef REGISTRY_VALIDATION_DEVICES_H
#define REGISTRY_VALIDATION_DEVICES_H

#include "registry/validation/check.h"

typedef void device_check(struct check *c, const struct at *at, const json_t *item, const void *arg);

/* Each item of a member that is a list of at most max items (-1: any number); a longer one is not gone into.
 */
void check_device_list(struct check *c, const struct at *up, const json_t *obj, const char *name, int max,
                       device_check *check, const void *arg);
/* The same, and no two items may be equal in the member key (NULL: are strings). */
void check_device_set(struct check *c, const struct at *up, const json_t *obj, const char *name, int max,
                      const char *key, device_check *check, const void *arg);

void check_pool_name(struct check *c, const struct at *at, struct str name);
/* Of an attribute or a capacity; fully: with a domain. */
void check_attribute_name(struct check *c, const struct at *at, struct str name, bool fully);
void check_device_taint_effect(struct check *c, const struct at *at, struct str effect);
void check_binding_conditions(struct check *c, const struct at *at, const json_t *device);
/* An object, and no longer than that as text. */
void check_raw_object(struct check *c, const struct at *at, const json_t *v, size_t max);

#endif
