/* apps. Source: pkg/registry/apps. */
#include "registry/strategy/rows.h"
#include <stdio.h>
#include "registry/walk/tree.h"

#define TEMPLATE_GENERATION "deprecated.daemonset.template.generation"

/* A Deployment's annotations are copied to its ReplicaSets, so they count as part of what is wanted. */
static void deployment_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (strcmp(c->subresource, "status") == 0)
        return;
    if (!tree_same(obj, old, "spec", c->resource->type) ||
        !tree_same(obj, old, "metadata.annotations", c->resource->type))
        tree_set_int(obj, "metadata.generation", tree_int(old, "metadata.generation", 0) + 1);
}

/* The old field lives on as an annotation. */
static void set_template_generation(json_t *obj, int64_t n)
{
    json_t *annotations = tree_get(obj, "metadata.annotations");
    char text[24];

    if (!json_is_object(annotations))
        tree_set(obj, "metadata.annotations", annotations = json_object());
    snprintf(text, sizeof(text), "%lld", (long long)n);
    json_object_set_new(annotations, TEMPLATE_GENERATION, json_string(text));
}

static void daemonset_defaults(const struct strategy_call *c, json_t *obj)
{
    if (!json_object_get(tree_get(obj, "metadata.annotations"), TEMPLATE_GENERATION))
        set_template_generation(obj, 0);
}

static void daemonset_create(const struct strategy_call *c, json_t *obj)
{
    set_template_generation(obj, 1);
}

static void daemonset_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    const char *was =
        json_string_value(json_object_get(tree_get(old, "metadata.annotations"), TEMPLATE_GENERATION));
    int64_t n = 1;

    if (was)
        str_to_int64(str_of(was), &n);
    if (!tree_same(obj, old, "spec.template", c->resource->type))
        n++;
    set_template_generation(obj, n);
}

static const struct strategy ROWS[] = {
    {.group = "apps",
     .plural = "deployments",
     .prepare_update = deployment_update,
     .status_meta = STATUS_META_OLD_LABELS},
    {.group = "apps",
     .plural = "daemonsets",
     .defaults = daemonset_defaults,
     .prepare_create = daemonset_create,
     .prepare_update = daemonset_update},
};

const struct strategy_rows strategy_rows_apps = STRATEGY_ROWS(ROWS);
