/* Ports of a Service. Rule: validateServicePort and ValidateService of pkg/apis/core/validation. */
#ifndef REGISTRY_VALIDATION_SERVICEPORTS_H
#define REGISTRY_VALIDATION_SERVICEPORTS_H

#include "registry/validation/check.h"

/* Each by itself, and that names are told apart. */
void check_service_ports(struct check *c, const json_t *obj);
/* That none is taken twice, in the Service and on nodes. */
void check_service_ports_apart(struct check *c, const json_t *obj);

#endif
