/* The core group, but for pods (pod.c) and services (service.c). Sources: pkg/registry/core. */
#include "registry/strategy/rows.h"
#include "registry/rules/base64.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

#define NAME_LABEL "kubernetes.io/metadata.name"

/* Every namespace can be selected by its own name. */
static void namespace_label(json_t *obj)
{
    const char *name = tree_string(obj, "metadata.name");
    json_t *labels = tree_get(obj, "metadata.labels");

    if (!name)
        return;
    if (!json_is_object(labels))
        tree_set(obj, "metadata.labels", labels = json_object());
    json_object_set_new(labels, NAME_LABEL, json_string(name));
}

static void namespace_defaults(const struct strategy_call *c, json_t *obj)
{
    if (tree_str(obj, "metadata.name").n)
        namespace_label(obj);
}

static void namespace_create(const struct strategy_call *c, json_t *obj)
{
    json_t *finalizers = tree_get(obj, "spec.finalizers");

    tree_set_string(obj, "status.phase", "Active");
    if (!json_is_array(finalizers))
        tree_set(obj, "spec.finalizers", finalizers = json_array());
    if (!tree_list_has(finalizers, "kubernetes"))
        json_array_append_new(finalizers, json_string("kubernetes"));
}

static void namespace_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (strcmp(c->subresource, "finalize") != 0)
        tree_copy(obj, old, "spec.finalizers");
    if (strcmp(c->subresource, "status") == 0 && !tree_str(obj, "status.phase").n)
        tree_copy(obj, old, "status.phase");
    namespace_label(obj);
}

static bool namespace_may_go(const json_t *obj)
{
    return tree_size(obj, "spec.finalizers") == 0;
}

/* stringData is for writing only: it goes into data, encoded. */
static void secret_defaults(const struct strategy_call *c, json_t *obj)
{
    json_t *plain = json_incref(tree_get(obj, "stringData")), *data = tree_get(obj, "data"), *v;
    const char *key;

    json_object_del(obj, "stringData");
    if (json_object_size(plain) && !json_is_object(data))
        tree_set(obj, "data", data = json_object());
    json_object_foreach(plain, key, v)
    {
        struct str text = {json_string_value(v), json_string_length(v)};
        struct buf b = {0};

        base64_encode(&b, text);
        json_object_set_new(data, key, json_stringn(b.p ? b.p : "", b.n));
        buf_free(&b);
    }
    json_decref(plain);
}

/* The first of podCIDRs is podCIDR; either may be given, and the one counts more than the list. */
static void node_defaults(const struct strategy_call *c, json_t *obj)
{
    json_t *list = tree_get(obj, "spec.podCIDRs"), *first = json_array_get(list, 0);
    struct str one = tree_str(obj, "spec.podCIDR");

    if (one.n && !(first && str_eq(one, (struct str){json_string_value(first), json_string_length(first)}))) {
        tree_set(obj, "spec.podCIDRs", list = json_array());
        json_array_append_new(list, json_stringn(one.p, one.n));
    } else if (first && !one.n) {
        tree_set(obj, "spec.podCIDR", json_incref(first));
    }
}

/* Configuration by reference is no longer taken, only kept where it was. */
static void node_create(const struct strategy_call *c, json_t *obj)
{
    tree_delete(obj, "spec.configSource");
    tree_delete(obj, "status.config");
}

static void node_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (!tree_get(old, "spec.configSource"))
        tree_delete(obj, "spec.configSource");
    if (!tree_get(old, "status.config"))
        tree_delete(obj, "status.config");
}

static void volume_create(const struct strategy_call *c, json_t *obj)
{
    char now[21];

    clock_rfc3339(clock_wall_s(), now);
    tree_set_string(obj, "status.phase", "Pending");
    tree_set_string(obj, "status.lastPhaseTransitionTime", now);
}

static void volume_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    char now[21];

    if (strcmp(c->subresource, "status") != 0 || tree_get(obj, "status.lastPhaseTransitionTime"))
        return;
    if (str_eq(tree_str(obj, "status.phase"), tree_str(old, "status.phase"))) {
        tree_copy(obj, old, "status.lastPhaseTransitionTime");
        return;
    }
    clock_rfc3339(clock_wall_s(), now);
    tree_set_string(obj, "status.lastPhaseTransitionTime", now);
}

/* The old field for what a volume is made of knows two kinds; the new one knows all. What one says the other
 * gets. Rule: pkg/api/persistentvolumeclaim/util.go. */
static void claim_sources(json_t *obj, bool may_drop)
{
    static const char *const FIELDS[] = {"apiGroup", "kind", "name"};
    const json_t *source = tree_get(obj, "spec.dataSource"), *ref = tree_get(obj, "spec.dataSourceRef");
    const char *to = ref ? "spec.dataSource" : "spec.dataSourceRef";
    struct str kind = tree_str(source, "kind"), group = tree_str(source, "apiGroup");
    bool known = (str_is(kind, "PersistentVolumeClaim") && !group.n) ||
                 (str_is(kind, "VolumeSnapshot") && str_is(group, "snapshot.storage.k8s.io"));
    json_t *copy;

    if (may_drop && source && !ref && !known) {
        tree_delete(obj, "spec.dataSource");
        return;
    }
    if (!source == !ref)
        return;
    copy = json_object();
    for (size_t i = 0; i < 3; i++) {
        json_t *v = json_object_get(source ? source : ref, FIELDS[i]);

        if (v)
            json_object_set(copy, FIELDS[i], v);
    }
    tree_set(obj, to, copy);
}

/* Data of other namespaces is not to be had: that feature is off. */
static void drop_foreign_source(json_t *obj, const json_t *old)
{
    if (!tree_get(old, "spec.dataSourceRef") && tree_str(obj, "spec.dataSourceRef.namespace").n)
        tree_delete(obj, "spec.dataSourceRef");
}

static void claim_create(const struct strategy_call *c, json_t *obj)
{
    tree_set_string(obj, "status.phase", "Pending");
    drop_foreign_source(obj, NULL);
    claim_sources(obj, true);
}

static void claim_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (c->subresource[0])
        return;
    drop_foreign_source(obj, old);
    claim_sources(obj, !tree_get(old, "spec.dataSource") && !tree_get(old, "spec.dataSourceRef"));
}

static const struct strategy ROWS[] = {
    {.group = "",
     .plural = "namespaces",
     .defaults = namespace_defaults,
     .prepare_create = namespace_create,
     .named = namespace_label,
     .prepare_update = namespace_update,
     .may_remove = namespace_may_go,
     .delete_returns_object = true},
    {.group = "",
     .plural = "persistentvolumes",
     .prepare_create = volume_create,
     .prepare_update = volume_update,
     .delete_returns_object = true},
    {.group = "",
     .plural = "persistentvolumeclaims",
     .prepare_create = claim_create,
     .prepare_update = claim_update,
     .delete_returns_object = true},
    {.group = "", .plural = "secrets", .defaults = secret_defaults},
    {.group = "",
     .plural = "nodes",
     .defaults = node_defaults,
     .prepare_create = node_create,
     .prepare_update = node_update,
     .keeps_status = true},
    {.group = "", .plural = "resourcequotas", .delete_returns_object = true},
    {.group = "", .plural = "serviceaccounts", .delete_returns_object = true},
    {.group = "", .plural = "podtemplates", .delete_returns_object = true},
    {.group = "", .plural = "replicationcontrollers", .default_policy = "orphan"},
    {.group = "", .plural = "events", .default_policy = "unsupported"},
};

const struct strategy_rows strategy_rows_core = STRATEGY_ROWS(ROWS);
