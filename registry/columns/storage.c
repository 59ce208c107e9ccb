/* Classes, drivers and attachments of storage. */
#include "registry/columns/rows.h"

static bool is_default(const json_t *obj)
{
    static const char *const keys[] = {"storageclass.kubernetes.io/is-default-class",
                                       "storageclass.beta.kubernetes.io/is-default-class"};
    const json_t *annotations = tree_get(obj, "metadata.annotations");
    for (int i = 0; i < COUNT_OF(keys); i++)
        if (str_is(tree_str(json_object_get(annotations, keys[i]), ""), "true"))
            return true;
    return false;
}

static void put_class(struct cells *c, const json_t *obj)
{
    struct buf *b = cell_open(c);
    put_at(b, obj, "metadata.name");
    buf_puts(b, is_default(obj) ? " (default)" : "");
    cell_close(c, "");
    cell_at(c, obj, "provisioner", "");
    cell_at_pointer(c, obj, "reclaimPolicy", "Delete");
    cell_at_pointer(c, obj, "volumeBindingMode", "Immediate");
    cell_bool_at(c, obj, "allowVolumeExpansion", false);
    cell_age(c, obj);
}

static const struct column class_columns[] = {
    COLUMN_NAME,
    {TEXT("Provisioner"), "Who makes volumes of the class."},
    {TEXT("ReclaimPolicy"), "What becomes of a volume when its claim goes."},
    {TEXT("VolumeBindingMode"), "When a claim gets its volume."},
    {TEXT("AllowVolumeExpansion"), "Whether volumes may grow."},
    COLUMN_AGE,
};

static void put_attributes(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "driverName", "");
    cell_age(c, obj);
}

static const struct column attributes_columns[] = {
    COLUMN_NAME,
    {TEXT("DriverName"), "CSI driver that knows the attributes."},
    COLUMN_AGE,
};

static void put_attachment(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "spec.attacher", "");
    cell_at(c, obj, "spec.source.persistentVolumeName", "");
    cell_at(c, obj, "spec.nodeName", "");
    cell_bool_at(c, obj, "status.attached", false);
    cell_age(c, obj);
}

static const struct column attachment_columns[] = {
    COLUMN_NAME,
    {"Attacher", "string", "name", 0, "Driver that attaches the volume."},
    {TEXT("PV"), "Volume that is attached."},
    {TEXT("Node"), "Node that it is attached to."},
    {FLAG("Attached"), "Whether that is done."},
    COLUMN_AGE,
};

static void put_node(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_size_at(c, obj, "spec.drivers");
    cell_age(c, obj);
}

static const struct column node_columns[] = {
    COLUMN_NAME,
    {NUMBER("Drivers"), "How many CSI drivers the node has."},
    COLUMN_AGE,
};

static void put_audiences(struct cells *c, const json_t *requests)
{
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < json_array_size(requests); i++) {
        if (i)
            buf_putc(b, ',');
        put_at(b, json_array_get(requests, i), "audience");
    }
    cell_close(c, requests ? "" : "<unset>");
}

static void put_driver(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_bool_at(c, obj, "spec.attachRequired", true);
    cell_bool_at(c, obj, "spec.podInfoOnMount", false);
    cell_bool_at(c, obj, "spec.storageCapacity", false);
    put_audiences(c, tree_get(obj, "spec.tokenRequests"));
    cell_bool_at(c, obj, "spec.requiresRepublish", false);
    put_joined(cell_open(c), tree_get(obj, "spec.volumeLifecycleModes"), ",");
    cell_close(c, "<none>");
    cell_age(c, obj);
}

static const struct column driver_columns[] = {
    COLUMN_NAME,
    {FLAG("AttachRequired"), "Whether volumes are attached before they are mounted."},
    {FLAG("PodInfoOnMount"), "Whether the driver is told about the pod."},
    {FLAG("StorageCapacity"), "Whether the driver tells how much room there is."},
    {TEXT("TokenRequests"), "Audiences of the tokens that the driver gets."},
    {FLAG("RequiresRepublish"), "Whether the driver wants to be called again and again."},
    {TEXT("Modes"), "What kinds of volumes the driver has."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW("storage.k8s.io", "storageclasses", class_columns, put_class),
    ROW("storage.k8s.io", "volumeattributesclasses", attributes_columns, put_attributes),
    ROW("storage.k8s.io", "volumeattachments", attachment_columns, put_attachment),
    ROW("storage.k8s.io", "csinodes", node_columns, put_node),
    ROW("storage.k8s.io", "csidrivers", driver_columns, put_driver),
    ROW_NAME_AND_CREATED("storage.k8s.io", "csistoragecapacities"),
};

const struct columns_rows columns_rows_storage = COLUMNS_ROWS(rows);
