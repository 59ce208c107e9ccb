/* The Scale of a workload: autoscaling/v1's view of spec.replicas, status.replicas and the selector. */
#ifndef WORKER_READ_SCALE_H
#define WORKER_READ_SCALE_H

#include <jansson.h>
#include "registry/schema.h"

/* Takes the workload's tree; a new tree (kind Scale). Rule: pkg/registry/apps/deployment/storage and its
 * like. */
json_t *scale_tree(json_t *workload, const struct schema_resource *r);

#endif
