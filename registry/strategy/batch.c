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

/* Unless the client chose a selector, a Job selects the pods that carry its uid. */
static void job_create(const struct strategy_call *c, json_t *obj)
{
    const char *uid = tree_string(obj, "metadata.uid"), *name = tree_string(obj, "metadata.name");
    json_t *labels;

    if (tree_bool(obj, "spec.manualSelector", false) || !uid)
        return;
    name = name ? name : ""; /* which will be complained about */
    labels = map_at(obj, "spec.template.metadata.labels");
    json_object_set_new(labels, "batch.kubernetes.io/job-name", json_string(name));
    json_object_set_new(labels, "batch.kubernetes.io/controller-uid", json_string(uid));
    json_object_set_new(labels, "job-name", json_string(name));
    json_object_set_new(labels, "controller-uid", json_string(uid));
    json_object_set_new(map_at(obj, "spec.selector.matchLabels"), "batch.kubernetes.io/controller-uid",
                        json_string(uid));
}

static const struct strategy ROWS[] = {
    {.group = "batch", .plural = "jobs", .prepare_create = job_create, .default_policy = "orphan"},
};

const struct strategy_rows strategy_rows_batch = STRATEGY_ROWS(ROWS);
