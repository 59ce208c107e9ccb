/* Services: what is allocated for them, what goes with a change of type, and the checks of both. Sources:
 * pkg/registry/core/service/strategy.go, storage/alloc.go, storage/storage.go, pkg/apis/core/validation. */
#include "registry/strategy/rows.h"
#include "registry/strategy/service.h"
#include "registry/walk/tree.h"

bool service_is(const json_t *service, const char *type)
{
    return str_is(tree_str(service, "spec.type"), type);
}

bool service_headless(const json_t *service)
{
    return str_is(tree_str(service, "spec.clusterIP"), "None");
}

bool service_on_nodes(const json_t *service)
{
    return service_is(service, "NodePort") || service_is(service, "LoadBalancer");
}

bool service_gets_ports(const json_t *service)
{
    return service_is(service, "NodePort") ||
           (service_is(service, "LoadBalancer") &&
            tree_bool(service, "spec.allocateLoadBalancerNodePorts", true));
}

bool service_has_health_port(const json_t *service)
{
    return service_is(service, "LoadBalancer") &&
           str_is(tree_str(service, "spec.externalTrafficPolicy"), "Local");
}

static bool is_external(const json_t *obj)
{
    return service_on_nodes(obj) || (service_is(obj, "ClusterIP") && tree_size(obj, "spec.externalIPs"));
}

static json_t *list_of(const char *text)
{
    json_t *list = json_array();

    json_array_append_new(list, json_string(text));
    return list;
}

/* ---- what was given ---- */

/* Who leaves out what was given means that it stays. */
static void keep_given(json_t *obj, const json_t *old)
{
    if (!service_is(obj, "ExternalName") && !service_is(old, "ExternalName")) {
        if (!tree_str(obj, "spec.clusterIP").n)
            tree_copy(obj, old, "spec.clusterIP");
        if (!tree_size(obj, "spec.clusterIPs"))
            tree_copy(obj, old, "spec.clusterIPs");
    }
    if (service_gets_ports(obj) && service_gets_ports(old))
        service_keep_ports(obj, old);
    if (service_has_health_port(obj) && service_has_health_port(old) &&
        !tree_int(obj, "spec.healthCheckNodePort", 0))
        tree_copy(obj, old, "spec.healthCheckNodePort");
}

static bool same_addresses(const json_t *obj, const json_t *old)
{
    const json_t *now = tree_get(obj, "spec.clusterIPs"), *was = tree_get(old, "spec.clusterIPs");

    return json_array_size(now) == json_array_size(was) && (!json_array_size(now) || json_equal(now, was));
}

/* The one address and the list of them: who changes only one of them means both. */
static void synchronize(json_t *obj, const json_t *old)
{
    struct str ip = tree_str(obj, "spec.clusterIP"), was = tree_str(old, "spec.clusterIP");

    if (tree_size(old, "spec.clusterIPs") && !tree_size(obj, "spec.clusterIPs") && str_eq(ip, was))
        tree_copy(obj, old, "spec.clusterIPs");
    if (str_eq(ip, was) || !same_addresses(obj, old))
        return;
    if (ip.n)
        tree_set(obj, "spec.clusterIPs", list_of(tree_string(obj, "spec.clusterIP")));
    else
        tree_delete(obj, "spec.clusterIPs");
}

static bool allocate(const struct strategy_call *c, json_t *obj, const json_t *old, struct status *st)
{
    const char *ip = tree_string(obj, "spec.clusterIP");

    if (old) {
        keep_given(obj, old);
        synchronize(obj, old);
    } else if (ip && *ip && !tree_size(obj, "spec.clusterIPs")) {
        tree_set(obj, "spec.clusterIPs", list_of(ip));
    }
    return service_addresses(c, obj, old, st) && service_ports(c, obj, old, st);
}

/* The family of who names none: that of the flag's first range. */
static const char *own_family(const struct world *w)
{
    const char *flag = w->service_cluster_ip_range ? w->service_cluster_ip_range : "";

    return memchr(flag, ':', strcspn(flag, ",")) ? "IPv6" : "IPv4";
}

/* Those of its addresses; without one, of the endpoints that it may have. New reference. */
static json_t *families_of(const struct strategy_call *c, const json_t *obj)
{
    const char *own = own_family(c->world);
    json_t *families = json_array(), *ip;
    size_t i;

    if (service_headless(obj)) {
        json_array_append_new(families, json_string(own));
        if (!json_object_size(tree_get(obj, "spec.selector")))
            json_array_append_new(families, json_string(strcmp(own, "IPv4") == 0 ? "IPv6" : "IPv4"));
        return families;
    }
    json_array_foreach(tree_get(obj, "spec.clusterIPs"), i, ip)
        json_array_append_new(families, json_string(strchr(json_string_value(ip), ':') ? "IPv6" : "IPv4"));
    return families;
}

/* Services of before there were lists of addresses, and families. Rule: defaultOnReadService of
 * pkg/registry/core/service/storage/storage.go. */
static void on_read(const struct strategy_call *c, json_t *obj)
{
    const char *ip = tree_string(obj, "spec.clusterIP");
    json_t *families;

    if (ip && *ip && !tree_size(obj, "spec.clusterIPs"))
        tree_set(obj, "spec.clusterIPs", list_of(ip));
    if (service_is(obj, "ExternalName")) {
        tree_delete(obj, "spec.internalTrafficPolicy");
        return;
    }
    if (tree_size(obj, "spec.ipFamilies"))
        return;
    families = families_of(c, obj);
    if (json_array_size(families)) {
        tree_set_string(obj, "spec.ipFamilyPolicy",
                        json_array_size(families) == 1 ? "SingleStack" : "RequireDualStack");
        tree_set(obj, "spec.ipFamilies", json_incref(families));
    }
    json_decref(families);
}

static void hold_port(struct holdings *out, int64_t port)
{
    for (int i = 0; i < out->nports; i++) {
        if (out->ports[i] == port)
            return;
    }
    if (port)
        out->ports[out->nports++] = (int)port;
}

static void holdings(struct arena *a, const json_t *obj, struct holdings *out)
{
    const json_t *ips = tree_get(obj, "spec.clusterIPs"), *ports = tree_get(obj, "spec.ports");
    json_t *v;
    size_t i;

    *out = (struct holdings){.ports = arena_alloc(a, (json_array_size(ports) + 1) * sizeof(int))};
    json_array_foreach(ips, i, v)
    {
        struct str ip = str_of(json_string_value(v));

        if (!service_is(obj, "ExternalName") && i < 2 && ip.n && !str_is(ip, "None"))
            out->addresses[out->naddresses++] = ip;
    }
    json_array_foreach(ports, i, v) hold_port(out, tree_int(v, "nodePort", 0));
    if (service_has_health_port(obj))
        hold_port(out, tree_int(obj, "spec.healthCheckNodePort", 0));
}

static void create(const struct strategy_call *c, json_t *obj)
{
    if (service_is(obj, "ExternalName"))
        tree_delete(obj, "spec.internalTrafficPolicy");
}

static bool uses_port(const json_t *obj, int64_t port)
{
    size_t i;
    json_t *p;

    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        if (tree_int(p, "nodePort", 0) == port)
            return true;
    }
    return false;
}

/* ---- changes of type ---- */

static void drop_unchanged(json_t *obj, const json_t *old, const char *path)
{
    json_t *now = tree_get(obj, path), *was = tree_get(old, path);

    if (now && was && json_equal(now, was))
        tree_delete(obj, path);
}

static bool same_node_ports(const json_t *obj, const json_t *old)
{
    const json_t *now = tree_get(obj, "spec.ports"), *was = tree_get(old, "spec.ports");
    size_t i;
    json_t *p;

    json_array_foreach(now, i, p)
    {
        if (tree_int(p, "nodePort", 0) && !uses_port(old, tree_int(p, "nodePort", 0)))
            return false;
    }
    return now && was;
}

static void drop_node_ports(json_t *obj)
{
    size_t i;
    json_t *p;

    json_array_foreach(tree_get(obj, "spec.ports"), i, p) tree_delete(p, "nodePort");
}

static void drop_addresses(json_t *obj, const json_t *old)
{
    if (str_eq(tree_str(obj, "spec.clusterIP"), tree_str(old, "spec.clusterIP")) &&
        same_addresses(obj, old)) {
        tree_delete(obj, "spec.clusterIP");
        tree_delete(obj, "spec.clusterIPs");
    }
    drop_unchanged(obj, old, "spec.ipFamilies");
    drop_unchanged(obj, old, "spec.ipFamilyPolicy");
}

/* What belonged to the former type goes with it, unless the client changed it too. Rule:
 * dropTypeDependentFields. */
static void drop_former_type(json_t *obj, const json_t *old)
{
    bool balanced = service_is(old, "LoadBalancer") && !service_is(obj, "LoadBalancer");

    if (!service_is(old, "ExternalName") && service_is(obj, "ExternalName"))
        drop_addresses(obj, old);
    if (service_on_nodes(old) && !service_on_nodes(obj) && same_node_ports(obj, old))
        drop_node_ports(obj);
    if (service_has_health_port(old) && !service_has_health_port(obj))
        drop_unchanged(obj, old, "spec.healthCheckNodePort");
    if (balanced) {
        drop_unchanged(obj, old, "spec.allocateLoadBalancerNodePorts");
        drop_unchanged(obj, old, "spec.loadBalancerClass");
    }
    if (is_external(old) && !is_external(obj))
        drop_unchanged(obj, old, "spec.externalTrafficPolicy");
    if (!service_is(obj, "LoadBalancer"))
        tree_delete(obj, "status.loadBalancer");
}

static void update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (c->subresource[0])
        return;
    drop_former_type(obj, old);
    if (service_is(obj, "ExternalName"))
        tree_delete(obj, "spec.internalTrafficPolicy");
}

static const struct strategy ROWS[] = {
    {.group = "",
     .plural = "services",
     .on_read = on_read,
     .allocate = allocate,
     .holdings = holdings,
     .prepare_create = create,
     .prepare_update = update,
     .delete_returns_object = true},
};

const struct strategy_rows strategy_rows_service = STRATEGY_ROWS(ROWS);
