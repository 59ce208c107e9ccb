/* Workloads: how many pods there should be, are, and work. */
#include "registry/columns/rows.h"

#include "registry/rules/selectortext.h"

static void put_template(struct cells *c, const json_t *obj)
{
    cell_containers(c, tree_get(obj, "spec.template.spec.containers"));
}

static void put_ready(struct cells *c, const json_t *obj)
{
    cell_printf(c, "%lld/%lld", (long long)tree_int(obj, "status.readyReplicas", 0),
                (long long)tree_int(obj, "spec.replicas", 0));
}

/* Unlike its siblings this kind shows an empty selector as nothing. */
static void put_deployment(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    put_ready(c, obj);
    cell_int_at(c, obj, "status.updatedReplicas");
    cell_int_at(c, obj, "status.availableReplicas");
    cell_age(c, obj);
    put_template(c, obj);
    if (selector_put_text(cell_open(c), tree_get(obj, "spec.selector")))
        cell_close(c, "");
    else
        cell_text(c, "<invalid>");
}

static const struct column deployment_columns[] = {
    COLUMN_NAME,
    {TEXT("Ready"), "How many pods are ready, of how many there should be."},
    {TEXT("Up-to-date"), "How many pods are as the template says now."},
    {TEXT("Available"), "How many pods have been ready for long enough."},
    COLUMN_AGE,
    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
    COLUMN_SELECTOR,
};

static void put_replicaset(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_int_at(c, obj, "spec.replicas");
    cell_int_at(c, obj, "status.replicas");
    cell_int_at(c, obj, "status.readyReplicas");
    cell_age(c, obj);
    put_template(c, obj);
    cell_selector(c, tree_get(obj, "spec.selector"));
}

static const struct column replicaset_columns[] = {
    COLUMN_NAME,
    {NUMBER("Desired"), "How many pods there should be."},
    {NUMBER("Current"), "How many pods there are."},
    {NUMBER("Ready"), "How many pods are ready."},
    COLUMN_AGE,
    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
    COLUMN_SELECTOR,
};

static void put_statefulset(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    put_ready(c, obj);
    cell_age(c, obj);
    put_template(c, obj);
}

static const struct column statefulset_columns[] = {
    COLUMN_NAME,   {TEXT("Ready"), "How many pods are ready, of how many there should be."},
    COLUMN_AGE,    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
};

static void put_daemonset(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_int_at(c, obj, "status.desiredNumberScheduled");
    cell_int_at(c, obj, "status.currentNumberScheduled");
    cell_int_at(c, obj, "status.numberReady");
    cell_int_at(c, obj, "status.updatedNumberScheduled");
    cell_int_at(c, obj, "status.numberAvailable");
    cell_labels(c, tree_get(obj, "spec.template.spec.nodeSelector"));
    cell_age(c, obj);
    put_template(c, obj);
    cell_selector(c, tree_get(obj, "spec.selector"));
}

static const struct column daemonset_columns[] = {
    COLUMN_NAME,
    {NUMBER("Desired"), "How many nodes should run the pod."},
    {NUMBER("Current"), "How many nodes run it and should."},
    {NUMBER("Ready"), "How many nodes have it ready."},
    {NUMBER("Up-to-date"), "How many nodes run it as the template says now."},
    {NUMBER("Available"), "How many nodes have had it ready for long enough."},
    {TEXT("Node Selector"), "Labels of the nodes that should run it."},
    COLUMN_AGE,
    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
    COLUMN_SELECTOR,
};

/* kind.group/name of the owner that manages the object. */
static void put_owner(struct cells *c, const json_t *obj)
{
    const json_t *owners = tree_get(obj, "metadata.ownerReferences"), *owner = NULL;
    for (size_t i = 0; !owner && i < json_array_size(owners); i++)
        if (tree_bool(json_array_get(owners, i), "controller", false))
            owner = json_array_get(owners, i);
    struct str version = tree_str(owner, "apiVersion"), name = tree_str(owner, "name");
    ptrdiff_t slash = str_find(version, '/');
    struct buf *b = cell_open(c);
    if (owner) {
        put_lower(b, tree_str(owner, "kind"));
        if (slash > 0) {
            buf_putc(b, '.');
            put_lower(b, (struct str){version.p, (size_t)slash});
        }
        buf_putc(b, '/');
        buf_str(b, name);
    }
    cell_close(c, "<none>");
}

static void put_revision(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    put_owner(c, obj);
    cell_int_at(c, obj, "revision");
    cell_age(c, obj);
}

static const struct column revision_columns[] = {
    COLUMN_NAME,
    {TEXT("Controller"), "Whose revision it is."},
    {TEXT("Revision"), "Number of the revision; the highest is the newest."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW("apps", "deployments", deployment_columns, put_deployment),
    ROW("apps", "replicasets", replicaset_columns, put_replicaset),
    ROW("apps", "statefulsets", statefulset_columns, put_statefulset),
    ROW("apps", "daemonsets", daemonset_columns, put_daemonset),
    ROW("apps", "controllerrevisions", revision_columns, put_revision),
};

const struct columns_rows columns_rows_apps = COLUMNS_ROWS(rows);
