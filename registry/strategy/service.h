/* What the files about Services share. Private to this folder. */
#ifndef REGISTRY_STRATEGY_SERVICE_H
#define REGISTRY_STRATEGY_SERVICE_H

#include "registry/strategy/strategy.h"

bool service_is(const json_t *service, const char *type);
bool service_headless(const json_t *service);
/* Whether it is reached through its nodes. */
bool service_on_nodes(const json_t *service);
/* Whether its ports are given node ports. */
bool service_gets_ports(const json_t *service);
/* Whether nodes answer health checks for it, on a port of their own. */
bool service_has_health_port(const json_t *service);

/* serviceaddresses.c: families and addresses of a Service that is written; old NULL: a new one. false: st is
 * the answer. */
bool service_addresses(const struct strategy_call *c, json_t *service, const json_t *old, struct status *st);
/* serviceports.c: node ports and the port of health checks, likewise. */
bool service_ports(const struct strategy_call *c, json_t *service, const json_t *old, struct status *st);
/* Those ports that old and service, of the same name, both mean. */
void service_keep_ports(json_t *service, const json_t *old);

#endif
