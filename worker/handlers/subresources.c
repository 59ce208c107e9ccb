/* One row a subresource and verb; a subresource with the kind of its object (status, finalize) goes through
 * the handlers of objects. */
#include "worker/handlers/subresources.h"

#include "worker/handlers/handlers.h"

struct row {
    const char *plural; /* NULL: any */
    const char *name, *verb;
    stage_fn handler;
};

static const struct row ROWS[] = {
    {NULL, "status", "get", handler_get},
    {NULL, "status", "update", handler_update},
    {NULL, "status", "patch", handler_patch},
    {NULL, "scale", "get", handler_get},
    {NULL, "scale", "update", handler_scale},
    {NULL, "scale", "patch", handler_scale},
    {"namespaces", "finalize", "update", handler_update},
    {"certificatesigningrequests", "approval", "get", handler_get},
    {"certificatesigningrequests", "approval", "update", handler_update},
    {"certificatesigningrequests", "approval", "patch", handler_patch},
    {"pods", "ephemeralcontainers", "get", handler_get},
    {"pods", "ephemeralcontainers", "update", handler_update},
    {"pods", "ephemeralcontainers", "patch", handler_patch},
    {"pods", "resize", "get", handler_get},
    {"pods", "resize", "update", handler_update},
    {"pods", "resize", "patch", handler_patch},
    {"pods", "binding", "create", handler_binding},
    {"pods", "eviction", "create", handler_eviction},
};

stage_fn subresource_handler(const struct schema_resource *r, const struct schema_subresource *sub,
                             struct str verb)
{
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (ROWS[i].plural && strcmp(ROWS[i].plural, r->plural) != 0)
            continue;
        if (strcmp(ROWS[i].name, sub->name) == 0 && str_is(verb, ROWS[i].verb))
            return ROWS[i].handler;
    }
    return NULL;
}
