/* Groups with little of their own: which kinds answer a delete with the object, what a status write may
 * touch. */
#include "registry/rules/names.h"
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

static void priority_class_create(const struct strategy_call *c, json_t *obj)
{
    tree_set_int(obj, "metadata.generation", 1);
}

/* Where an endpoint is has fields of its own: labels for that are no longer taken. What they say of the node
 * is kept when the old slice knew that node by them. */
static void drop_topology(json_t *obj, const json_t *old)
{
    static const char HOST[] = "kubernetes.io/hostname";
    json_t *known = json_object(), *v;
    size_t i;

    json_array_foreach(tree_get(old, "endpoints"), i, v)
    {
        const json_t *node = json_object_get(tree_get(v, "deprecatedTopology"), HOST);

        if (json_is_string(node))
            json_object_set_new(known, json_string_value(node), json_true());
    }
    json_array_foreach(tree_get(obj, "endpoints"), i, v)
    {
        json_t *node = json_object_get(tree_get(v, "deprecatedTopology"), HOST);

        if (node && !tree_get(v, "nodeName") && json_object_get(known, json_string_value(node)) &&
            !name_dns_subdomain((struct str){json_string_value(node), json_string_length(node)}, false))
            json_object_set(v, "nodeName", node);
        json_object_del(v, "deprecatedTopology");
    }
    json_decref(known);
}

static void endpoint_slice_create(const struct strategy_call *c, json_t *obj)
{
    drop_topology(obj, NULL);
}

/* The labels of a slice say whose it is: they count as part of what is wanted. */
static void endpoint_slice_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (!tree_same(obj, old, "endpoints", c->resource->type))
        drop_topology(obj, old);
    if (!tree_same(obj, old, "metadata.labels", c->resource->type))
        tree_set_int(obj, "metadata.generation", tree_int(old, "metadata.generation", 0) + 1);
}

/* Coordinated election is off, as it is by default: who leads is not the server's to choose. */
static void lease_create(const struct strategy_call *c, json_t *obj)
{
    tree_delete(obj, "spec.strategy");
    tree_delete(obj, "spec.preferredHolder");
}

static void lease_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (!tree_get(old, "spec.strategy"))
        tree_delete(obj, "spec.strategy");
    if (!tree_get(old, "spec.preferredHolder"))
        tree_delete(obj, "spec.preferredHolder");
}

static void csi_driver_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (!tree_same(obj, old, "spec", c->resource->type))
        tree_set_int(obj, "metadata.generation", tree_int(old, "metadata.generation", 0) + 1);
}

static void vac_create(const struct strategy_call *c, json_t *obj)
{
    json_t *list = tree_get(obj, "metadata.finalizers");

    if (!json_is_array(list))
        tree_set(obj, "metadata.finalizers", list = json_array());
    if (!tree_list_has(list, "kubernetes.io/vac-protection"))
        json_array_append_new(list, json_string("kubernetes.io/vac-protection"));
}

/* What is stored will be of the storage version. */
static void definition_create(const struct strategy_call *c, json_t *obj)
{
    json_t *version, *stored = json_array();
    size_t i;

    json_array_foreach(tree_get(obj, "spec.versions"), i, version)
    {
        if (!tree_bool(version, "storage", false))
            continue;
        json_array_append_new(stored,
                              json_string(tree_string(version, "name") ? tree_string(version, "name") : ""));
        break;
    }
    if (json_array_size(stored))
        tree_set(obj, "status.storedVersions", json_incref(stored));
    json_decref(stored);
}

/* Its custom resources go before it. */
static void definition_announce(const struct strategy_call *c, json_t *obj)
{
    json_t *finalizers = tree_get(obj, "metadata.finalizers"),
           *conditions = tree_get(obj, "status.conditions");
    char now[21];

    if (!json_is_array(finalizers))
        tree_set(obj, "metadata.finalizers", finalizers = json_array());
    if (!tree_list_has(finalizers, "customresourcecleanup.apiextensions.k8s.io"))
        json_array_append_new(finalizers, json_string("customresourcecleanup.apiextensions.k8s.io"));
    if (!json_is_array(conditions))
        tree_set(obj, "status.conditions", conditions = json_array());
    clock_rfc3339(clock_wall_s(), now);
    json_array_append_new(
        conditions,
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "Terminating", "status", "True", "lastTransitionTime",
                  now, "reason", "InstanceDeletionPending", "message",
                  "CustomResourceDefinition marked for deletion; CustomResource deletion will begin "
                  "soon"));
}

/* A service of this very server is always there. */
static void apiservice_create(const struct strategy_call *c, json_t *obj)
{
    char now[21];

    if (tree_get(obj, "spec.service"))
        return;
    clock_rfc3339(clock_wall_s(), now);
    tree_set(obj, "status.conditions",
             json_pack("[{s:s, s:s, s:s, s:s, s:s}]", "type", "Available", "status", "True",
                       "lastTransitionTime", now, "reason", "Local", "message",
                       "Local APIServices are always available"));
}

static const struct strategy ROWS[] = {
    {.group = "admissionregistration.k8s.io",
     .plural = "validatingadmissionpolicies",
     .status_meta = STATUS_META_RESET},
    {.group = "apiextensions.k8s.io",
     .plural = "customresourcedefinitions",
     .prepare_create = definition_create,
     .announce = definition_announce},
    {.group = "apiregistration.k8s.io",
     .plural = "apiservices",
     .prepare_create = apiservice_create,
     .status_meta = STATUS_META_OLD},
    {.group = "scheduling.k8s.io", .plural = "priorityclasses", .prepare_create = priority_class_create},
    {.group = "coordination.k8s.io",
     .plural = "leases",
     .prepare_create = lease_create,
     .prepare_update = lease_update},
    {.group = "discovery.k8s.io",
     .plural = "endpointslices",
     .prepare_create = endpoint_slice_create,
     .prepare_update = endpoint_slice_update},
    {.group = "events.k8s.io", .plural = "events", .default_policy = "unsupported"},
    {.group = "flowcontrol.apiserver.k8s.io", .plural = "flowschemas", .status_meta = STATUS_META_OLD},
    {.group = "flowcontrol.apiserver.k8s.io",
     .plural = "prioritylevelconfigurations",
     .status_meta = STATUS_META_OLD},
    {.group = "resource.k8s.io", .plural = "deviceclasses", .delete_returns_object = true},
    {.group = "resource.k8s.io",
     .plural = "resourceclaims",
     .delete_returns_object = true,
     .status_meta = STATUS_META_RESET},
    {.group = "resource.k8s.io", .plural = "resourceclaimtemplates", .delete_returns_object = true},
    {.group = "resource.k8s.io", .plural = "resourceslices", .delete_returns_object = true},
    {.group = "storage.k8s.io",
     .plural = "csidrivers",
     .prepare_update = csi_driver_update,
     .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "csinodes", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "storageclasses", .delete_returns_object = true},
    {.group = "storage.k8s.io",
     .plural = "volumeattachments",
     .delete_returns_object = true,
     .status_meta = STATUS_META_RESET},
    {.group = "networking.k8s.io", .plural = "servicecidrs", .status_meta = STATUS_META_RESET},
    {.group = "storage.k8s.io",
     .plural = "volumeattributesclasses",
     .prepare_create = vac_create,
     .delete_returns_object = true},
};

const struct strategy_rows strategy_rows_rest = STRATEGY_ROWS(ROWS);
