/* Which kind has which columns: the rows of all groups, looked through in order. A list asks once. */
#include "registry/columns/columns.h"

#include "registry/columns/rows.h"

const struct column columns_name_and_age[2] = {COLUMN_NAME, COLUMN_AGE};
const struct column columns_name_and_created[2] = {COLUMN_NAME, COLUMN_CREATED};

void put_name_and_age(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_age(c, obj);
}

void put_name_and_created(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "metadata.creationTimestamp", "0001-01-01T00:00:00Z");
}

static const struct columns_rows *const groups[] = {
    &columns_rows_pods,        &columns_rows_nodes,        &columns_rows_services,    &columns_rows_volumes,
    &columns_rows_events,      &columns_rows_core,         &columns_rows_apps,        &columns_rows_batch,
    &columns_rows_autoscaling, &columns_rows_networking,   &columns_rows_storage,     &columns_rows_rbac,
    &columns_rows_admission,   &columns_rows_certificates, &columns_rows_flowcontrol, &columns_rows_resource,
    &columns_rows_rest,
};

static const struct columns generic = ROW_NAME_AND_AGE("", "");

const struct columns *columns_for(const struct schema_resource *r)
{
    for (int g = 0; g < COUNT_OF(groups); g++)
        for (int i = 0; i < groups[g]->n; i++) {
            const struct columns *c = &groups[g]->rows[i];
            if (strcmp(c->plural, r->plural) == 0 && strcmp(c->group, r->group) == 0)
                return c;
        }
    return &generic;
}

static const struct column scale_columns[] = {
    {TEXT("Name"), "What the scaled object is called."},
    {NUMBER("Desired"), "How many pods there should be."},
    {NUMBER("Available"), "How many pods the controller last saw."},
    COLUMN_AGE,
};

static void put_scale(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_int_at(c, obj, "spec.replicas");
    cell_int_at(c, obj, "status.replicas");
    cell_age(c, obj);
}

const struct columns *columns_of_scale(void)
{
    static const struct columns scale = ROW("autoscaling", "scale", scale_columns, put_scale);
    return &scale;
}

void columns_row(const struct columns *columns, struct buf *out, const json_t *obj, int64_t now_us)
{
    struct cells c = {.out = out, .now_us = now_us};
    buf_putc(out, '[');
    columns->put(&c, obj);
    buf_putc(out, ']');
    buf_free(&c.text);
}
