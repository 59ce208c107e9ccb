/* Dynamic resource allocation. */
#include "registry/columns/rows.h"

#define GROUP "resource.k8s.io"

static const char *claim_state(const json_t *obj)
{
    bool deleted = tree_get(obj, "metadata.deletionTimestamp"),
         reserved = tree_size(obj, "status.reservedFor");
    if (!tree_get(obj, "status.allocation"))
        return deleted ? "deleted" : "pending";
    if (deleted)
        return reserved ? "deleted,allocated,reserved" : "deleted,allocated";
    return reserved ? "allocated,reserved" : "allocated";
}

static void put_claim(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_text(c, claim_state(obj));
    cell_age(c, obj);
}

static const struct column claim_columns[] = {
    COLUMN_NAME,
    {TEXT("State"), "Whether devices are allocated, and reserved for a user."},
    COLUMN_AGE,
};

static void put_slice(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "spec.nodeName", "");
    cell_at(c, obj, "spec.driver", "");
    cell_at(c, obj, "spec.pool.name", "");
    cell_age(c, obj);
}

static const struct column slice_columns[] = {
    COLUMN_NAME,
    {TEXT("Node"), "Node that has the devices."},
    {TEXT("Driver"), "Driver that tells of the devices."},
    {TEXT("Pool"), "Pool that the devices belong to."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW(GROUP, "resourceclaims", claim_columns, put_claim),
    ROW(GROUP, "resourceslices", slice_columns, put_slice),
    ROW_NAME_AND_AGE(GROUP, "resourceclaimtemplates"),
    ROW_NAME_AND_AGE(GROUP, "deviceclasses"),
};

const struct columns_rows columns_rows_resource = COLUMNS_ROWS(rows);
