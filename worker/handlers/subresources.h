/* Which handler serves a subresource that is more than a view of its object. */
#ifndef WORKER_HANDLERS_SUBRESOURCES_H
#define WORKER_HANDLERS_SUBRESOURCES_H

#include "worker/request/request.h"

/* The handler of a verb ("get", "update", "patch", "create") on a subresource of r; NULL: not served. */
stage_fn subresource_handler(const struct schema_resource *r, const struct schema_subresource *sub,
                             struct str verb);

/* autoscaling/v1 Scale of deployments, replicasets, statefulsets, replicationcontrollers. */
enum stage_result handler_scale(struct request *rq);
/* POST pods/NAME/binding and bindings: assigns a pod to a node. */
enum stage_result handler_binding(struct request *rq);
/* POST pods/NAME/eviction: deletes a pod if its disruption budget allows. */
enum stage_result handler_eviction(struct request *rq);

#endif
