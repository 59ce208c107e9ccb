/* apps. Source: pkg/registry/apps. */
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"

/* A Deployment's annotations are copied to its ReplicaSets, so they count as part of what is wanted. */
static void deployment_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (strcmp(c->subresource, "status") == 0)
        return;
    if (!tree_same(obj, old, "spec", c->resource->type) ||
        !tree_same(obj, old, "metadata.annotations", c->resource->type))
        tree_set_int(obj, "metadata.generation", tree_int(old, "metadata.generation", 0) + 1);
}

static void daemonset_create(const struct strategy_call *c, json_t *obj)
{
    int64_t template = tree_int(obj, "spec.templateGeneration", 0);

    if (template <1)
        tree_delete(obj, "spec.templateGeneration");
}

static const struct strategy ROWS[] = {
    {.group = "apps",
     .plural = "deployments",
     .prepare_update = deployment_update,
     .status_meta = STATUS_META_OLD_LABELS},
    {.group = "apps", .plural = "daemonsets", .prepare_create = daemonset_create},
};

const struct strategy_rows strategy_rows_apps = STRATEGY_ROWS(ROWS);
