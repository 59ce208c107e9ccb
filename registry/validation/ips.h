/* Checks of addresses that many kinds have. Rule: apimachinery's util/validation/ip.go, strict where the gate
 * StrictIPCIDRValidation decides (it is on). */
#ifndef REGISTRY_VALIDATION_IPS_H
#define REGISTRY_VALIDATION_IPS_H

#include "registry/rules/addresses.h"
#include "registry/validation/seen.h"

/* Fields from before there were strict rules take every way to write an address, and what the old object had
 * (old may be NULL). */
bool check_legacy_ip(struct check *c, const struct at *at, struct str v, const struct seen *old);
bool check_legacy_cidr(struct check *c, const struct at *at, struct str v, const struct seen *old);
/* Newer fields want the one canonical way. */
bool check_ip(struct check *c, const struct at *at, struct str v);
bool check_cidr(struct check *c, const struct at *at, struct str v);
/* An address that others can reach (ValidateEndpointIP). */
void check_endpoint_ip(struct check *c, const struct at *at, struct str v);
/* The name under which a load balancer is reached. */
void check_balancer_host(struct check *c, const struct at *at, struct str v);
/* Complains when it is an address. */
void check_no_ip(struct check *c, const struct at *at, struct str v);

#endif
