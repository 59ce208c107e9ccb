/* What registry may ask from outside: a struct of functions, given by the worker. */
#ifndef REGISTRY_WORLD_H
#define REGISTRY_WORLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "registry/schema.h"
#include "shm/base/arena.h"

struct world {
    void *arg;
    /* The object as stored (new reference), or NULL. */
    json_t *(*get)(void *arg, const struct schema_resource *r, struct str ns, struct str name);
    /* Whether the object is there. */
    bool (*has)(void *arg, const struct schema_resource *r, struct str ns, struct str name);
    /* All objects of a resource, as an array (new reference): for kinds of which there are few. */
    json_t *(*list)(void *arg, const struct schema_resource *r);
    int64_t (*now_s)(void *arg);
    /* What is wrong with a PKCS#10 request, or with a text of certificates (both PEM); NULL: nothing. The
     * text is static or in the arena. */
    const char *(*certificate_request_error)(void *arg, struct arena *a, struct str pem);
    const char *(*certificate_error)(void *arg, struct arena *a, struct str pem);
    /* Why a private key does not serve a certificate (both PEM); NULL: it does. May be NULL. */
    const char *(*key_pair_error)(void *arg, struct arena *a, struct str certificate, struct str key);
    const char *service_cluster_ip_range; /* one range, or one a family */
    int node_port_first, node_port_last;
    bool allow_privileged; /* pods may have privileged containers */
};

#endif
