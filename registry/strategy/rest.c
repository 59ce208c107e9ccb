/* Groups with little of their own: which kinds answer a delete with the object, what a status write may
 * touch. */
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"

static void csr_create(const struct strategy_call *c, json_t *obj)
{
    if (c->user && *c->user)
        tree_set_string(obj, "spec.username", c->user);
}

static const struct strategy ROWS[] = {
    {.group = "certificates.k8s.io", .plural = "certificatesigningrequests", .prepare_create = csr_create},
    {.group = "events.k8s.io", .plural = "events", .default_policy = "unsupported"},
    {.group = "flowcontrol.apiserver.k8s.io", .plural = "flowschemas", .status_meta = STATUS_META_OLD},
    {.group = "flowcontrol.apiserver.k8s.io",
     .plural = "prioritylevelconfigurations",
     .status_meta = STATUS_META_OLD},
    {.group = "resource.k8s.io", .plural = "deviceclasses", .delete_returns_object = true},
    {.group = "resource.k8s.io", .plural = "resourceclaims", .delete_returns_object = true},
    {.group = "resource.k8s.io", .plural = "resourceclaimtemplates", .delete_returns_object = true},
    {.group = "resource.k8s.io", .plural = "resourceslices", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "csidrivers", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "csinodes", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "storageclasses", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "volumeattachments", .delete_returns_object = true},
    {.group = "storage.k8s.io", .plural = "volumeattributesclasses", .delete_returns_object = true},
};

const struct strategy_rows strategy_rows_rest = STRATEGY_ROWS(ROWS);
