/* Ownership seen through the scale subresource: who owns spec.replicas of the object owns spec.replicas of
 * the Scale. Rules: apimachinery util/managedfields/scalehandler.go. */
#ifndef REGISTRY_APPLY_SCALEFIELDS_H
#define REGISTRY_APPLY_SCALEFIELDS_H

#include <jansson.h>
#include "registry/schema.h"
#include "shm/base/arena.h"

/* Into the Scale what its object's managedFields say about replicas. */
void scalefields_from_parent(struct arena *a, const struct schema_resource *r, const json_t *parent,
                             json_t *scale);
/* Into the object what became of them. */
void scalefields_to_parent(struct arena *a, const struct schema_resource *r, json_t *parent,
                           const json_t *scale);

#endif
