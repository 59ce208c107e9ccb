/* Groups with little of their own: which kinds answer a delete with the object, what a status write may
 * touch. */
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

static void csr_create(const struct strategy_call *c, json_t *obj)
{
    json_t *groups = json_array();

    if (c->user && *c->user)
        tree_set_string(obj, "spec.username", c->user);
    if (c->uid.n)
        tree_set(obj, "spec.uid", json_stringn(c->uid.p, c->uid.n));
    for (int i = 0; i < c->ngroups; i++)
        json_array_append_new(groups, json_stringn(c->groups[i].p, c->groups[i].n));
    tree_set(obj, "spec.groups", groups);
}

/* Conditions are stamped when they come, and only the approval subresource may decide. */
static void csr_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    json_t *conditions, *condition;
    char now[21];
    size_t i;

    if (strcmp(c->subresource, "approval") == 0) {
        conditions = json_incref(tree_get(obj, "status.conditions"));
        tree_copy(obj, old, "spec");
        tree_copy(obj, old, "status");
        if (conditions)
            tree_set(obj, "status.conditions", conditions);
        else
            tree_delete(obj, "status.conditions");
    }
    clock_rfc3339(clock_wall_s(), now);
    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        tree_default(condition, "lastTransitionTime", json_string(now));
        tree_default(condition, "lastUpdateTime", json_string(now));
    }
}

static void vac_create(const struct strategy_call *c, json_t *obj)
{
    json_t *list = tree_get(obj, "metadata.finalizers");

    if (!json_is_array(list))
        tree_set(obj, "metadata.finalizers", list = json_array());
    if (!tree_list_has(list, "kubernetes.io/vac-protection"))
        json_array_append_new(list, json_string("kubernetes.io/vac-protection"));
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
     .status_meta = STATUS_META_OLD},
    {.group = "apiregistration.k8s.io",
     .plural = "apiservices",
     .prepare_create = apiservice_create,
     .status_meta = STATUS_META_OLD},
    {.group = "certificates.k8s.io",
     .plural = "certificatesigningrequests",
     .prepare_create = csr_create,
     .prepare_update = csr_update},
    {.group = "events.k8s.io", .plural = "events", .default_policy = "unsupported"},
    {.group = "flowcontrol.apiserver.k8s.io", .plural = "flowschemas", .status_meta = STATUS_META_OLD},
    {.group = "flowcontrol.apiserver.k8s.io",
     .plural = "prioritylevelconfigurations",
     .status_meta = STATUS_META_OLD},
    {.group = "resource.k8s.io", .plural = "deviceclasses", .delete_returns_object = true},
    {.group = "resource.k8s.io",
     .plural = "resourceclaims",
     .delete_returns_object = true,
     .status_meta = STATUS_META_OLD},
    {.group = "resource.k8s.io", .plural = "resourceclaimtemplates", .delete_returns_object = true},
    {.group = "resource.k8s.io", .plural = "resourceslices", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "csidrivers", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "csinodes", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "storageclasses", .delete_returns_object = true},
    {.group = "storage.k8s.io",
     .plural = "volumeattachments",
     .delete_returns_object = true,
     .status_meta = STATUS_META_OLD},
    {.group = "networking.k8s.io", .plural = "servicecidrs", .status_meta = STATUS_META_OLD},
    {.group = "storage.k8s.io",
     .plural = "volumeattributesclasses",
     .prepare_create = vac_create,
     .delete_returns_object = true},
};

const struct strategy_rows strategy_rows_rest = STRATEGY_ROWS(ROWS);
