/* NamespaceLifecycle. Source: apiserver/pkg/admission/plugin/namespace/lifecycle. */
#include "registry/admission/plugins.h"
#include "registry/walk/tree.h"

static const char *const IMMORTAL[] = {"default", "kube-system", "kube-public"};

static bool protects(const struct admission_call *c, struct status *st)
{
    for (size_t i = 0; i < sizeof(IMMORTAL) / sizeof(IMMORTAL[0]); i++) {
        if (str_is(c->name, IMMORTAL[i])) {
            status_forbidden(st, "", "namespaces", c->name, "this namespace may not be deleted");
            return false;
        }
    }
    return true;
}

bool admission_namespace_lifecycle(const struct admission_call *c, struct status *st)
{
    const struct schema_resource *namespaces = schema_resource(STR(""), STR("v1"), STR("namespaces"));
    bool terminating;
    json_t *ns;

    if (c->resource == namespaces)
        return c->verb != ADMISSION_DELETE || c->subresource[0] || protects(c, st);
    if (c->verb != ADMISSION_CREATE || !(c->resource->flags & RESOURCE_NAMESPACED))
        return true;
    ns = c->world->get(c->world->arg, namespaces, STR_NONE, c->ns);
    if (!ns) {
        status_not_found(st, "", "namespaces", c->ns);
        return false;
    }
    terminating = str_is(tree_str(ns, "status.phase"), "Terminating");
    json_decref(ns);
    if (!terminating)
        return true;
    status_forbidden(
        st, c->resource->group, c->resource->plural, c->name,
        arena_printf(c->arena,
                     "unable to create new content in namespace %.*s because it is being terminated",
                     STR_ARG(c->ns)));
    status_add_cause(st, "NamespaceTerminating", "metadata.namespace",
                     arena_printf(c->arena, "namespace %.*s is being terminated", STR_ARG(c->ns)));
    return false;
}
