/* Inside the patches: how Go names what a JSON value is. */
#ifndef REGISTRY_WALK_PATCHTEXT_H
#define REGISTRY_WALK_PATCHTEXT_H

#include <jansson.h>

/* The dynamic type: "map[string]interface {}", "int64"; null and NULL as fmt prints a missing one. */
const char *patch_go_type(const json_t *v);

#endif
