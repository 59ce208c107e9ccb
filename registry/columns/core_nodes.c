/* Nodes: roles are labels, status is one condition and a switch. */
#include "registry/columns/rows.h"

#define ROLE_PREFIX "node-role.kubernetes.io/"
#define ROLE_LABEL "kubernetes.io/role"

static void put_roles(struct cells *c, const json_t *obj)
{
    const json_t *labels = tree_get(obj, "metadata.labels");
    struct words roles = words_new(json_object_size(labels));
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)labels, key, v)
    {
        struct str k = str_of(key), role = tree_str(v, "");
        if (str_starts(k, STR(ROLE_PREFIX)))
            role = str_of(key + strlen(ROLE_PREFIX));
        else if (!str_is(k, ROLE_LABEL))
            continue;
        if (role.n)
            words_add(&roles, role);
    }
    words_put(&roles, cell_open(c));
    cell_close(c, "<none>");
}

/* The last one that is told counts. */
static const json_t *ready_condition(const json_t *obj)
{
    const json_t *list = tree_get(obj, "status.conditions"), *found = NULL;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (str_is(tree_str(json_array_get(list, i), "type"), "Ready"))
            found = json_array_get(list, i);
    return found;
}

static void put_status(struct cells *c, const json_t *obj)
{
    const json_t *ready = ready_condition(obj);
    struct buf *b = cell_open(c);
    if (!ready)
        buf_puts(b, "Unknown");
    else
        buf_puts(b, str_is(tree_str(ready, "status"), "True") ? "Ready" : "NotReady");
    if (tree_bool(obj, "spec.unschedulable", false))
        buf_puts(b, ",SchedulingDisabled");
    cell_close(c, "");
}

static void put_address(struct cells *c, const json_t *obj, const char *type)
{
    const json_t *a = condition_of(obj, "status.addresses", type);
    if (a)
        cell_str(c, tree_str(a, "address"));
    else
        cell_text(c, "<none>");
}

static void put_kernel(struct cells *c, const json_t *obj)
{
    struct str version = tree_str(obj, "status.nodeInfo.kernelVersion");
    struct str architecture = tree_str(obj, "status.nodeInfo.architecture");
    struct buf *b = cell_open(c);
    buf_str(b, version.n ? version : STR("<unknown>"));
    if (architecture.n) {
        buf_puts(b, " (");
        buf_str(b, architecture);
        buf_putc(b, ')');
    }
    cell_close(c, "");
}

static void put_node(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    put_status(c, obj);
    put_roles(c, obj);
    cell_age(c, obj);
    cell_at(c, obj, "status.nodeInfo.kubeletVersion", "");
    put_address(c, obj, "InternalIP");
    put_address(c, obj, "ExternalIP");
    cell_at(c, obj, "status.nodeInfo.osImage", "<unknown>");
    put_kernel(c, obj);
    cell_at(c, obj, "status.nodeInfo.containerRuntimeVersion", "<unknown>");
}

static const struct column node_columns[] = {
    COLUMN_NAME,
    {TEXT("Status"), "Whether the node is ready, and whether it takes pods."},
    {TEXT("Roles"), "Roles that the node's labels give it."},
    COLUMN_AGE,
    {TEXT("Version"), "Version of the node's kubelet."},
    {WIDE("Internal-IP"), "First address of the node inside the cluster."},
    {WIDE("External-IP"), "First address of the node from outside."},
    {WIDE("OS-Image"), "Operating system as the node tells it."},
    {WIDE("Kernel-Version"), "Kernel of the node, and its architecture."},
    {WIDE("Container-Runtime"), "Container runtime of the node, and its version."},
};

static const struct columns rows[] = {ROW("", "nodes", node_columns, put_node)};

const struct columns_rows columns_rows_nodes = COLUMNS_ROWS(rows);
