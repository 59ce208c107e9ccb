/* Groups with one kind each. */
#include "registry/columns/rows.h"

/* A number or a percentage. */
static void put_amount(struct cells *c, const json_t *v)
{
    if (!v)
        cell_text(c, "N/A");
    else if (json_is_integer(v))
        cell_printf(c, "%lld", (long long)json_integer_value(v));
    else
        cell_str(c, tree_str(v, ""));
}

static void put_budget(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    put_amount(c, tree_get(obj, "spec.minAvailable"));
    put_amount(c, tree_get(obj, "spec.maxUnavailable"));
    cell_int_at(c, obj, "status.disruptionsAllowed");
    cell_age(c, obj);
}

static const struct column budget_columns[] = {
    COLUMN_NAME,
    {TEXT("Min Available"), "How many pods must stay."},
    {TEXT("Max Unavailable"), "How many pods may be missing."},
    {NUMBER("Allowed Disruptions"), "How many pods may be evicted now."},
    COLUMN_AGE,
};

static void put_priority(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_int_at(c, obj, "value");
    cell_bool_at(c, obj, "globalDefault", false);
    cell_age(c, obj);
    cell_at(c, obj, "preemptionPolicy", "");
}

static const struct column priority_columns[] = {
    COLUMN_NAME,
    {NUMBER("Value"), "The higher, the more important."},
    {FLAG("Global-Default"), "Whether pods without a class get this one."},
    COLUMN_AGE,
    {TEXT("PreemptionPolicy"), "Whether less important pods give way."},
};

static void put_lease(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "spec.holderIdentity", "");
    cell_age(c, obj);
}

static const struct column lease_columns[] = {
    COLUMN_NAME,
    {TEXT("Holder"), "Who holds the lease."},
    COLUMN_AGE,
};

static void put_runtime(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "handler", "");
    cell_age(c, obj);
}

static const struct column runtime_columns[] = {
    COLUMN_NAME,
    {TEXT("Handler"), "What the node's container runtime calls it."},
    COLUMN_AGE,
};

static void put_available(struct cells *c, const json_t *obj)
{
    const json_t *available = condition_of(obj, "status.conditions", "Available");
    struct str status = tree_str(available, "status"), reason = tree_str(available, "reason");
    struct buf *b = cell_open(c);
    buf_str(b, available ? status : STR("Unknown"));
    if (reason.n && !str_is(status, "True")) {
        buf_puts(b, " (");
        buf_str(b, reason);
        buf_putc(b, ')');
    }
    cell_close(c, "");
}

static void put_apiservice(struct cells *c, const json_t *obj)
{
    const json_t *service = tree_get(obj, "spec.service");
    cell_name(c, obj);
    struct buf *b = cell_open(c);
    if (service) {
        put_at(b, service, "namespace");
        buf_putc(b, '/');
        put_at(b, service, "name");
    }
    cell_close(c, "Local");
    put_available(c, obj);
    cell_age(c, obj);
}

static const struct column apiservice_columns[] = {
    COLUMN_NAME,
    {TEXT("Service"), "Service that answers for the group version; Local: this server."},
    {TEXT("Available"), "Whether it answers, and why not."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW("policy", "poddisruptionbudgets", budget_columns, put_budget),
    ROW("scheduling.k8s.io", "priorityclasses", priority_columns, put_priority),
    ROW("coordination.k8s.io", "leases", lease_columns, put_lease),
    ROW("node.k8s.io", "runtimeclasses", runtime_columns, put_runtime),
    ROW("apiregistration.k8s.io", "apiservices", apiservice_columns, put_apiservice),
    ROW_NAME_AND_CREATED("apiextensions.k8s.io", "customresourcedefinitions"),
};

const struct columns_rows columns_rows_rest = COLUMNS_ROWS(rows);
