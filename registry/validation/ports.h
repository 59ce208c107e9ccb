/* Ports of whatever has some: of a Service, of its endpoints, of a container's probe. */
#ifndef REGISTRY_VALIDATION_PORTS_H
#define REGISTRY_VALIDATION_PORTS_H

#include "registry/validation/check.h"

/* TCP, UDP or SCTP; an empty one is missing. */
void check_protocol(struct check *c, const struct at *at, struct str protocol);
/* A number, or a name of a container's port (ValidatePortNumOrName). v NULL: 0. */
void check_port_or_name(struct check *c, const struct at *at, const json_t *v);

#endif
