/* What a Service says of its addresses and families, before any is given to it. Rule:
 * ValidateServiceClusterIPsRelatedFields. */
#ifndef REGISTRY_VALIDATION_CLUSTERIPS_H
#define REGISTRY_VALIDATION_CLUSTERIPS_H

#include "registry/validation/check.h"

/* old: the stored Service, whose addresses are taken as they are; NULL: a new one. */
void check_cluster_ips(struct check *c, const json_t *service, const json_t *old);
/* What of them may change: a second address and family may come and go, the first ones stay. */
void check_cluster_ips_change(struct check *c, const json_t *service, const json_t *old);

#endif
