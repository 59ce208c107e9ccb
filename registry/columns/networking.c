/* Ingresses, their classes, network policies, and who has which address of services. */
#include "registry/columns/addresses.h"
#include "registry/columns/rows.h"

#define DEFAULT_CLASS "ingressclass.kubernetes.io/is-default-class"
#define SHOWN 3 /* hosts that are told */

/* How many are left out counts the rules behind the first three, with or without a host. */
static void put_hosts(struct cells *c, const json_t *rules)
{
    size_t n = json_array_size(rules), told = 0, i;
    struct buf *b = cell_open(c);
    for (i = 0; i < n && told < SHOWN; i++) {
        struct str host = tree_str(json_array_get(rules, i), "host");
        if (!host.n)
            continue;
        put_sep(b, ",");
        buf_str(b, host);
        told++;
    }
    if (i < n)
        buf_printf(b, " + %zu more...", n - SHOWN);
    cell_close(c, "*");
}

static void put_ingress(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at_pointer(c, obj, "spec.ingressClassName", "<none>");
    put_hosts(c, tree_get(obj, "spec.rules"));
    put_balancer(cell_open(c), obj);
    cell_close(c, "");
    cell_text(c, tree_size(obj, "spec.tls") ? "80, 443" : "80");
    cell_age(c, obj);
}

static const struct column ingress_columns[] = {
    COLUMN_NAME,
    {TEXT("Class"), "Class of the ingress: who serves it."},
    {TEXT("Hosts"), "Host names that requests are told apart by."},
    {TEXT("Address"), "Where the load balancer is reached."},
    {TEXT("Ports"), "Ports that are open; 443 with TLS."},
    COLUMN_AGE,
};

static void put_parameters(struct cells *c, const json_t *p)
{
    struct buf *b = cell_open(c);
    if (p) {
        put_at(b, p, "kind");
        if (tree_get(p, "apiGroup")) {
            buf_putc(b, '.');
            put_at(b, p, "apiGroup");
        }
        buf_putc(b, '/');
        put_at(b, p, "name");
    }
    cell_close(c, "<none>");
}

static void put_class(struct cells *c, const json_t *obj)
{
    const json_t *is_default = json_object_get(tree_get(obj, "metadata.annotations"), DEFAULT_CLASS);
    struct buf *b = cell_open(c);
    put_at(b, obj, "metadata.name");
    if (str_is(tree_str(is_default, ""), "true"))
        buf_puts(b, " (default)");
    cell_close(c, "");
    cell_at(c, obj, "spec.controller", "");
    put_parameters(c, tree_get(obj, "spec.parameters"));
    cell_age(c, obj);
}

static const struct column class_columns[] = {
    COLUMN_NAME,
    {TEXT("Controller"), "Controller that serves ingresses of the class."},
    {TEXT("Parameters"), "Object that holds more about the class."},
    COLUMN_AGE,
};

static void put_policy(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_selector(c, tree_get(obj, "spec.podSelector"));
    cell_age(c, obj);
}

static const struct column policy_columns[] = {
    COLUMN_NAME,
    {TEXT("Pod-Selector"), "Labels of the pods that the policy is for."},
    COLUMN_AGE,
};

static void put_range(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    put_joined(cell_open(c), tree_get(obj, "spec.cidrs"), ",");
    cell_close(c, "");
    cell_age(c, obj);
}

static const struct column range_columns[] = {
    COLUMN_NAME,
    {TEXT("CIDRs"), "Ranges that addresses of services are taken from."},
    COLUMN_AGE,
};

/* An age is told here though no column is declared for it, as kube-apiserver does. */
static void put_address(struct cells *c, const json_t *obj)
{
    const json_t *parent = tree_get(obj, "spec.parentRef");
    struct str group = tree_str(parent, "group"), ns = tree_str(parent, "namespace");
    struct buf *b = cell_open(c);
    cell_name(c, obj);
    if (parent) {
        put_lower(b, tree_str(parent, "resource"));
        buf_puts(b, group.n ? "." : "");
        put_lower(b, group);
        buf_puts(b, ns.n ? "/" : "");
        buf_str(b, ns);
        buf_putc(b, '/');
        put_at(b, parent, "name");
    }
    cell_close(c, "<none>");
    cell_age(c, obj);
}

static const struct column address_columns[] = {
    COLUMN_NAME,
    {TEXT("ParentRef"), "Whose address it is."},
};

static const struct columns rows[] = {
    ROW("networking.k8s.io", "ingresses", ingress_columns, put_ingress),
    ROW("networking.k8s.io", "ingressclasses", class_columns, put_class),
    ROW("networking.k8s.io", "networkpolicies", policy_columns, put_policy),
    ROW("networking.k8s.io", "servicecidrs", range_columns, put_range),
    ROW("networking.k8s.io", "ipaddresses", address_columns, put_address),
};

const struct columns_rows columns_rows_networking = COLUMNS_ROWS(rows);
