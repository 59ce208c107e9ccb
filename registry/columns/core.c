/* The small kinds of the core group. */
#include "registry/columns/rows.h"

#include <stdlib.h>

static void put_namespace(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "status.phase", "");
    cell_age(c, obj);
}

static const struct column namespace_columns[] = {
    COLUMN_NAME,
    {TEXT("Status"), "Active, or Terminating while it is emptied."},
    COLUMN_AGE,
};

static void put_configmap(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_int(c, (int64_t)(json_object_size(tree_get(obj, "data")) +
                          json_object_size(tree_get(obj, "binaryData"))));
    cell_age(c, obj);
}

static const struct column configmap_columns[] = {
    COLUMN_NAME,
    {TEXT("Data"), "How many entries there are."},
    COLUMN_AGE,
};

static void put_secret(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "type", "");
    cell_size_at(c, obj, "data");
    cell_age(c, obj);
}

static const struct column secret_columns[] = {
    COLUMN_NAME,
    {TEXT("Type"), "What the secret is for."},
    {TEXT("Data"), "How many entries there are."},
    COLUMN_AGE,
};

static void put_controller(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_int_at(c, obj, "spec.replicas");
    cell_int_at(c, obj, "status.replicas");
    cell_int_at(c, obj, "status.readyReplicas");
    cell_age(c, obj);
    cell_containers(c, tree_get(obj, "spec.template.spec.containers"));
    cell_labels(c, tree_get(obj, "spec.selector"));
}

static const struct column controller_columns[] = {
    COLUMN_NAME,
    {NUMBER("Desired"), "How many pods there should be."},
    {NUMBER("Current"), "How many pods there are."},
    {NUMBER("Ready"), "How many pods are ready."},
    COLUMN_AGE,
    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
    COLUMN_SELECTOR,
};

/* ---- quotas ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_usage(struct cells *c, const json_t *obj, const char **names, size_t n, bool limits)
{
    const json_t *used = tree_get(obj, "status.used"), *hard = tree_get(obj, "status.hard");
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < n; i++) {
        if (str_starts(str_of(names[i]), STR("limits.")) != limits)
            continue;
        put_sep(b, ", ");
        buf_puts(b, names[i]);
        buf_puts(b, ": ");
        put_quantity(b, json_object_get(used, names[i]), "");
        buf_putc(b, '/');
        put_quantity(b, json_object_get(hard, names[i]), "");
    }
    cell_close(c, "");
}

static void put_quota(struct cells *c, const json_t *obj)
{
    const json_t *hard = tree_get(obj, "status.hard");
    const char **names = calloc(json_object_size(hard) + 1, sizeof(*names)), *key;
    size_t n = 0;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)hard, key, v) names[n++] = key;
    qsort(names, n, sizeof(*names), by_name);
    cell_name(c, obj);
    put_usage(c, obj, names, n, false);
    put_usage(c, obj, names, n, true);
    cell_age(c, obj);
    free(names);
}

static const struct column quota_columns[] = {
    COLUMN_NAME,
    {TEXT("Request"), "Used and allowed, of what is requested or counted."},
    {TEXT("Limit"), "Used and allowed, of what containers are limited to."},
    COLUMN_AGE,
};

/* ---- component statuses ---- */

static void put_component(struct cells *c, const json_t *obj)
{
    const json_t *healthy = condition_of(obj, "conditions", "Healthy");
    cell_name(c, obj);
    if (!healthy)
        cell_text(c, "Unknown");
    else
        cell_text(c, str_is(tree_str(healthy, "status"), "True") ? "Healthy" : "Unhealthy");
    cell_at(c, healthy, "message", "");
    cell_at(c, healthy, "error", "");
}

static const struct column component_columns[] = {
    COLUMN_NAME,
    {TEXT("Status"), "Whether the component is healthy."},
    {TEXT("Message"), "What the component says."},
    {TEXT("Error"), "What is wrong with it."},
};

static const struct columns rows[] = {
    ROW("", "namespaces", namespace_columns, put_namespace),
    ROW("", "configmaps", configmap_columns, put_configmap),
    ROW("", "secrets", secret_columns, put_secret),
    ROW("", "replicationcontrollers", controller_columns, put_controller),
    ROW("", "resourcequotas", quota_columns, put_quota),
    ROW("", "componentstatuses", component_columns, put_component),
    ROW_NAME_AND_AGE("", "serviceaccounts"),
    ROW_NAME_AND_CREATED("", "limitranges"),
};

const struct columns_rows columns_rows_core = COLUMNS_ROWS(rows);
