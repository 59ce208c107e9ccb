/* What registry may ask from outside: a struct of functions, given by the worker. */
#ifndef REGISTRY_WORLD_H
#define REGISTRY_WORLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "registry/schema.h"
#include "shm/base/arena.h"

#define WORLD_NODE_PORT_FIRST 30000
#define WORLD_NODE_PORT_LAST 32767

struct world {
    void *arg;
    /* The object as stored (new reference), or NULL. */
    json_t *(*get)(void *arg, const struct schema_resource *r, struct str ns, struct str name);
    int64_t (*now_s)(void *arg);
    const char *service_cluster_ip_range;
    /* A free address of the service range as text, and a free node port; false: none left. NULL: not offered. */
    bool (*service_address)(void *arg, char out[46]);
    bool (*node_port)(void *arg, int *out);
    /* Whether a Service has the address or the node port already. NULL: not offered. */
    bool (*address_taken)(void *arg, const char *address);
    bool (*port_taken)(void *arg, int port);
    /* Whether the address is one of the service range. */
    bool (*address_in_range)(void *arg, const char *address);
};

#endif
