/* The functions behind the rows of warnings.c that stand in files of their own. Private to this folder. */
#ifndef REGISTRY_STRATEGY_WARNINGROWS_H
#define REGISTRY_STRATEGY_WARNINGROWS_H

#include "registry/strategy/strategy.h"

/* Says what is to say about obj, of the kind of the row; old is NULL for a create. */
typedef void warner(const struct strategy_call *c, const json_t *obj, const json_t *old);

/* networkwarnings.c */
warner warn_of_service;
warner warn_of_endpoints;
warner warn_of_endpoint_slice;
warner warn_of_network_policy;
warner warn_of_ingress;
warner warn_of_pod_status;
warner warn_of_balancer_status;
/* storagewarnings.c */
warner warn_of_claim;
warner warn_of_volume;
warner warn_of_storage_class;
warner warn_of_storage_capacity;
warner warn_of_csi_driver;
/* formatwarnings.c */
warner warn_of_definition;

#endif
