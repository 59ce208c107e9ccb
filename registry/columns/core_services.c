/* Services, their endpoints in both kinds, and where a load balancer is reached. */
#include "registry/columns/addresses.h"
#include "registry/columns/rows.h"

#define SHOWN 3 /* addresses that are told; of the others only how many */

void put_balancer(struct buf *b, const json_t *obj)
{
    const json_t *ingress = tree_get(obj, "status.loadBalancer.ingress");
    struct words found = words_new(json_array_size(ingress));
    for (size_t i = 0; i < json_array_size(ingress); i++) {
        const json_t *at = json_array_get(ingress, i);
        struct str ip = tree_str(at, "ip"), host = tree_str(at, "hostname");
        if (ip.n || host.n)
            words_add(&found, ip.n ? ip : host);
    }
    words_put(&found, b);
}

static void put_external(struct cells *c, const json_t *obj)
{
    struct str type = tree_str(obj, "spec.type");
    const json_t *ips = tree_get(obj, "spec.externalIPs");
    struct buf *b = cell_open(c);
    if (str_is(type, "ExternalName")) {
        cell_str(c, tree_str(obj, "spec.externalName"));
        return;
    }
    if (str_is(type, "LoadBalancer")) {
        put_balancer(b, obj);
        if (json_array_size(ips))
            put_sep(b, ",");
        put_joined(b, ips, ",");
        cell_close(c, "<pending>");
        return;
    }
    if (str_is(type, "ClusterIP") || str_is(type, "NodePort")) {
        put_joined(b, ips, ",");
        cell_close(c, "<none>");
        return;
    }
    cell_text(c, "<unknown>");
}

static void put_ports(struct cells *c, const json_t *obj)
{
    const json_t *ports = tree_get(obj, "spec.ports");
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_t *p = json_array_get(ports, i);
        int64_t node_port = tree_int(p, "nodePort", 0);
        put_sep(b, ",");
        buf_put_int(b, tree_int(p, "port", 0));
        if (node_port > 0) {
            buf_putc(b, ':');
            buf_put_int(b, node_port);
        }
        buf_putc(b, '/');
        put_at(b, p, "protocol");
    }
    cell_close(c, "<none>");
}

static void put_service(struct cells *c, const json_t *obj)
{
    const json_t *ips = tree_get(obj, "spec.clusterIPs");
    cell_name(c, obj);
    cell_at(c, obj, "spec.type", "");
    cell_at_pointer(c, json_array_get(ips, 0), "", "<none>");
    put_external(c, obj);
    put_ports(c, obj);
    cell_age(c, obj);
    cell_labels(c, tree_get(obj, "spec.selector"));
}

static const struct column service_columns[] = {
    COLUMN_NAME,
    {TEXT("Type"), "How the service is reached."},
    {TEXT("Cluster-IP"), "Address of the service inside the cluster."},
    {TEXT("External-IP"), "Addresses of the service from outside, or the name it stands for."},
    {TEXT("Port(s)"), "Ports of the service, with the nodes' ports where it has them."},
    COLUMN_AGE,
    {WIDE("Selector"), "Labels of the pods that the service leads to."},
};

/* ---- endpoints ---- */

void put_some(struct buf *b, struct some *s, struct str text)
{
    if (s->n++ >= SHOWN)
        return;
    if (s->n > 1)
        buf_putc(b, ',');
    buf_str(b, text);
}

void put_some_more(struct buf *b, const struct some *s)
{
    if (s->n > SHOWN)
        buf_printf(b, " + %d more...", s->n - SHOWN);
}

static void put_host_port(struct buf *b, struct some *s, struct str ip, const json_t *port)
{
    struct buf text = {0};
    bool v6 = str_find(ip, ':') >= 0;
    buf_puts(&text, v6 && port ? "[" : "");
    buf_str(&text, ip);
    if (port) {
        buf_puts(&text, v6 ? "]:" : ":");
        buf_put_int(&text, tree_int(port, "port", 0));
    }
    put_some(b, s, buf_view(&text));
    buf_free(&text);
}

/* Every address with every port; a subset without ports is addresses alone. */
static void put_subset(struct buf *b, struct some *s, const json_t *subset)
{
    const json_t *ports = tree_get(subset, "ports"), *addresses = tree_get(subset, "addresses");
    size_t n = json_array_size(ports);
    for (size_t p = 0; p < (n ? n : 1); p++)
        for (size_t i = 0; i < json_array_size(addresses); i++)
            put_host_port(b, s, tree_str(json_array_get(addresses, i), "ip"), json_array_get(ports, p));
}

static void put_endpoints(struct cells *c, const json_t *obj)
{
    const json_t *subsets = tree_get(obj, "subsets");
    struct some s = {0};
    cell_name(c, obj);
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < json_array_size(subsets); i++)
        put_subset(b, &s, json_array_get(subsets, i));
    put_some_more(b, &s);
    cell_close(c, json_array_size(subsets) ? "" : "<none>");
    cell_age(c, obj);
}

static const struct column endpoints_columns[] = {
    COLUMN_NAME,
    {TEXT("Endpoints"), "Addresses and ports that are ready."},
    COLUMN_AGE,
};

/* The number, else the name, else any. */
static void put_slice_port(struct buf *b, struct some *s, const json_t *port)
{
    const json_t *number = tree_get(port, "port"), *name = tree_get(port, "name");
    struct buf text = {0};
    if (number)
        buf_put_int(&text, json_integer_value(number));
    put_some(b, s, number ? buf_view(&text) : name ? tree_str(name, "") : STR("*"));
    buf_free(&text);
}

static void put_slice(struct cells *c, const json_t *obj)
{
    const json_t *ports = tree_get(obj, "ports"), *endpoints = tree_get(obj, "endpoints");
    struct some told_ports = {0}, told = {0};
    cell_name(c, obj);
    cell_at(c, obj, "addressType", "");
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < json_array_size(ports); i++)
        put_slice_port(b, &told_ports, json_array_get(ports, i));
    put_some_more(b, &told_ports);
    cell_close(c, "<unset>");
    b = cell_open(c);
    for (size_t i = 0; i < json_array_size(endpoints); i++) {
        const json_t *addresses = tree_get(json_array_get(endpoints, i), "addresses");
        for (size_t k = 0; k < json_array_size(addresses); k++)
            put_some(b, &told, tree_str(json_array_get(addresses, k), ""));
    }
    put_some_more(b, &told);
    cell_close(c, "<unset>");
    cell_age(c, obj);
}

static const struct column slice_columns[] = {
    COLUMN_NAME,
    {TEXT("AddressType"), "What the addresses are: IPv4, IPv6 or names."},
    {TEXT("Ports"), "Ports of every endpoint."},
    {TEXT("Endpoints"), "Addresses of the endpoints."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW("", "services", service_columns, put_service),
    ROW("", "endpoints", endpoints_columns, put_endpoints),
    ROW("discovery.k8s.io", "endpointslices", slice_columns, put_slice),
};

const struct columns_rows columns_rows_services = COLUMNS_ROWS(rows);
