/* Volumes and claims: the class may still stand in an annotation, modes are told by their initials. */
#include "registry/columns/rows.h"

#define CLASS_ANNOTATION "volume.beta.kubernetes.io/storage-class"

static const struct mode {
    const char *name, *initials;
} modes[] = {
    {"ReadWriteOnce", "RWO"},
    {"ReadOnlyMany", "ROX"},
    {"ReadWriteMany", "RWX"},
    {"ReadWriteOncePod", "RWOP"},
};

static void put_modes(struct cells *c, const json_t *list)
{
    struct buf *b = cell_open(c);
    for (int i = 0; i < COUNT_OF(modes); i++) {
        if (!tree_list_has(list, modes[i].name))
            continue;
        put_sep(b, ",");
        buf_puts(b, modes[i].initials);
    }
    cell_close(c, "");
}

static void put_class(struct cells *c, const json_t *obj)
{
    const json_t *old = json_object_get(tree_get(obj, "metadata.annotations"), CLASS_ANNOTATION);
    cell_str(c, old ? tree_str(old, "") : tree_str(obj, "spec.storageClassName"));
}

static void put_phase(struct cells *c, const json_t *obj)
{
    if (tree_get(obj, "metadata.deletionTimestamp"))
        cell_text(c, "Terminating");
    else
        cell_at(c, obj, "status.phase", "");
}

static void put_claim_name(struct cells *c, const json_t *ref)
{
    struct buf *b = cell_open(c);
    if (ref) {
        put_at(b, ref, "namespace");
        buf_putc(b, '/');
        put_at(b, ref, "name");
    }
    cell_close(c, "");
}

static void put_volume(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "spec.capacity.storage", "0");
    put_modes(c, tree_get(obj, "spec.accessModes"));
    cell_at(c, obj, "spec.persistentVolumeReclaimPolicy", "");
    put_phase(c, obj);
    put_claim_name(c, tree_get(obj, "spec.claimRef"));
    put_class(c, obj);
    cell_at_pointer(c, obj, "spec.volumeAttributesClassName", "<unset>");
    cell_at(c, obj, "status.reason", "");
    cell_age(c, obj);
    cell_at_pointer(c, obj, "spec.volumeMode", "<unset>");
}

static const struct column volume_columns[] = {
    COLUMN_NAME,
    {TEXT("Capacity"), "How much the volume holds."},
    {TEXT("Access Modes"), "How the volume can be mounted."},
    {TEXT("Reclaim Policy"), "What becomes of the volume when its claim goes."},
    {TEXT("Status"), "Whether the volume is free, bound or released."},
    {TEXT("Claim"), "Claim that the volume is bound to."},
    {TEXT("StorageClass"), "Class of the volume."},
    {TEXT("VolumeAttributesClass"), "Attributes class of the volume."},
    {TEXT("Reason"), "Why the volume is in its state."},
    COLUMN_AGE,
    {WIDE("VolumeMode"), "File system or raw block device."},
};

/* Capacity and modes are those of the volume, so there are none before it is known. */
static void put_claim(struct cells *c, const json_t *obj)
{
    bool bound = tree_str(obj, "spec.volumeName").n > 0;
    cell_name(c, obj);
    put_phase(c, obj);
    cell_at(c, obj, "spec.volumeName", "");
    if (bound)
        cell_at(c, obj, "status.capacity.storage", "0");
    else
        cell_text(c, "");
    put_modes(c, bound ? tree_get(obj, "status.accessModes") : NULL);
    put_class(c, obj);
    cell_at_pointer(c, obj, "spec.volumeAttributesClassName", "<unset>");
    cell_age(c, obj);
    cell_at_pointer(c, obj, "spec.volumeMode", "<unset>");
}

static const struct column claim_columns[] = {
    COLUMN_NAME,
    {TEXT("Status"), "Whether the claim has a volume."},
    {TEXT("Volume"), "Volume of the claim."},
    {TEXT("Capacity"), "How much the volume holds."},
    {TEXT("Access Modes"), "How the volume can be mounted."},
    {TEXT("StorageClass"), "Class that the claim asks for."},
    {TEXT("VolumeAttributesClass"), "Attributes class that the claim asks for."},
    COLUMN_AGE,
    {WIDE("VolumeMode"), "File system or raw block device."},
};

static const struct columns rows[] = {
    ROW("", "persistentvolumes", volume_columns, put_volume),
    ROW("", "persistentvolumeclaims", claim_columns, put_claim),
};

const struct columns_rows columns_rows_volumes = COLUMNS_ROWS(rows);
