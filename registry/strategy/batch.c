/* batch. Source: pkg/registry/batch. */
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"

/* The keys hold dots, so they are set on the map itself. */
static json_t *map_at(json_t *obj, const char *path)
{
    json_t *m = tree_get(obj, path);

    if (!json_is_object(m))
        tree_set(obj, path, m = json_object());
    return m;
}

/* What the client said itself stays; if it is wrong it is refused later. */
static void generate(json_t *labels, const char *key, const char *value)
{
    if (!json_object_get(labels, key))
        json_object_set_new(labels, key, json_string(value));
}

/* Unless the client chose a selector, a Job selects the pods that carry its uid. */
static void job_create(const struct strategy_call *c, json_t *obj)
{
    const char *uid = tree_string(obj, "metadata.uid"), *name = tree_string(obj, "metadata.name");
    json_t *labels;

    if (tree_bool(obj, "spec.manualSelector", false) || !uid)
        return;
    name = name ? name : ""; /* which will be complained about */
    labels = map_at(obj, "spec.template.metadata.labels");
    generate(labels, "batch.kubernetes.io/job-name", name);
    generate(labels, "batch.kubernetes.io/controller-uid", uid);
    generate(labels, "job-name", name);
    generate(labels, "controller-uid", uid);
    generate(map_at(obj, "spec.selector.matchLabels"), "batch.kubernetes.io/controller-uid", uid);
}

static const struct strategy ROWS[] = {
    {.group = "batch", .plural = "jobs", .prepare_create = job_create, .default_policy = "orphan"},
};

const struct strategy_rows strategy_rows_batch = STRATEGY_ROWS(ROWS);
