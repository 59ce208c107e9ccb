/* Autoscalers: each metric as now/wanted. One row a type of metric says where its numbers are. */
#include "registry/columns/rows.h"

#define SHOWN 2 /* metrics that are told; of the others only how many */

struct metric {
    const char *type, *member;
    bool named;       /* the resource's name stands in front */
    bool utilization; /* percent, when no average value is wanted */
    bool average;     /* never anything but an average, and not called one */
};

static const struct metric metrics[] = {
    {"External", "external", false, false, false},
    {"Pods", "pods", false, false, true},
    {"Object", "object", false, false, false},
    {"Resource", "resource", true, true, false},
    {"ContainerResource", "containerResource", true, true, false},
};

static void put_percent(struct buf *b, const json_t *v, const char *otherwise)
{
    if (json_is_integer(v))
        buf_printf(b, "%lld%%", (long long)json_integer_value(v));
    else
        buf_puts(b, otherwise);
}

static void put_value(struct buf *b, const json_t *obj, const char *path, const char *otherwise)
{
    struct str s = tree_str(obj, path);
    buf_str(b, s.n ? s : str_of(otherwise));
}

/* The part of spec and status that this type of metric keeps its numbers in; status is NULL until there is
 * one. */
static void put_numbers(struct buf *b, const struct metric *m, const json_t *spec, const json_t *status)
{
    bool averaged = m->average || tree_get(spec, "target.averageValue");
    if (m->named) {
        put_at(b, spec, "name");
        buf_puts(b, ": ");
    }
    if (averaged) {
        put_value(b, status, "current.averageValue",
                  status && (m->average || m->named) ? "<nil>" : "<unknown>");
        buf_putc(b, '/');
        put_value(b, spec, "target.averageValue", "<nil>");
        if (!m->average && !m->named)
            buf_puts(b, " (avg)");
        return;
    }
    if (m->utilization) {
        put_percent(b, tree_get(status, "current.averageUtilization"), "<unknown>");
        buf_putc(b, '/');
        put_percent(b, tree_get(spec, "target.averageUtilization"), "<auto>");
        return;
    }
    put_value(b, status, "current.value", status ? "<nil>" : "<unknown>");
    buf_putc(b, '/');
    put_value(b, spec, "target.value", "<nil>");
}

static void put_metric(struct buf *b, const json_t *spec, const json_t *status)
{
    struct str type = tree_str(spec, "type");
    for (int i = 0; i < COUNT_OF(metrics); i++)
        if (str_is(type, metrics[i].type)) {
            put_numbers(b, &metrics[i], tree_get(spec, metrics[i].member),
                        tree_get(status, metrics[i].member));
            return;
        }
    buf_puts(b, "<unknown type>");
}

static void put_metrics(struct cells *c, const json_t *obj)
{
    const json_t *specs = tree_get(obj, "spec.metrics"), *statuses = tree_get(obj, "status.currentMetrics");
    size_t n = json_array_size(specs);
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        put_sep(b, ", ");
        put_metric(b, json_array_get(specs, i), json_array_get(statuses, i));
    }
    if (n > SHOWN)
        buf_printf(b, " + %zu more...", n - SHOWN);
    cell_close(c, "<none>");
}

static void put_autoscaler(struct cells *c, const json_t *obj)
{
    const json_t *min = tree_get(obj, "spec.minReplicas");
    cell_name(c, obj);
    struct buf *b = cell_open(c);
    put_at(b, obj, "spec.scaleTargetRef.kind");
    buf_putc(b, '/');
    put_at(b, obj, "spec.scaleTargetRef.name");
    cell_close(c, "");
    put_metrics(c, obj);
    if (min)
        cell_printf(c, "%lld", (long long)json_integer_value(min));
    else
        cell_text(c, "<unset>");
    cell_int_at(c, obj, "spec.maxReplicas");
    cell_int_at(c, obj, "status.currentReplicas");
    cell_age(c, obj);
}

static const struct column autoscaler_columns[] = {
    COLUMN_NAME,
    {TEXT("Reference"), "What is scaled."},
    {TEXT("Targets"), "Each metric: what it is now, and what it should be."},
    {TEXT("MinPods"), "How few pods there may be."},
    {TEXT("MaxPods"), "How many pods there may be."},
    {TEXT("Replicas"), "How many pods there are."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW("autoscaling", "horizontalpodautoscalers", autoscaler_columns, put_autoscaler),
};

const struct columns_rows columns_rows_autoscaling = COLUMNS_ROWS(rows);
