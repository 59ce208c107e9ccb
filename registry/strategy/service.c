/* Services: what is allocated for them, what goes with a change of type, and the checks of both. Sources:
 * pkg/registry/core/service/strategy.go, storage/alloc.go, storage/storage.go, pkg/apis/core/validation. */
#include "registry/strategy/rows.h"

#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

static bool is_type(const json_t *obj, const char *type)
{
    return str_is(tree_str(obj, "spec.type"), type);
}

static bool is_headless(const json_t *obj)
{
    return str_is(tree_str(obj, "spec.clusterIP"), "None");
}

static bool may_have_node_ports(const json_t *obj)
{
    return is_type(obj, "NodePort") || is_type(obj, "LoadBalancer");
}

static bool gets_node_ports(const json_t *obj)
{
    return is_type(obj, "NodePort") ||
           (is_type(obj, "LoadBalancer") && tree_bool(obj, "spec.allocateLoadBalancerNodePorts", true));
}

static bool is_external(const json_t *obj)
{
    return may_have_node_ports(obj) || tree_size(obj, "spec.externalIPs");
}

static bool has_health_port(const json_t *obj)
{
    return is_type(obj, "LoadBalancer") && str_is(tree_str(obj, "spec.externalTrafficPolicy"), "Local");
}

static json_t *list_of(const char *text)
{
    json_t *list = json_array();

    json_array_append_new(list, json_string(text));
    return list;
}

/* ---- ports ---- */

/* A port that is served over two protocols has one node port. */
static int64_t port_of_sibling(const json_t *ports, const json_t *port)
{
    size_t i;
    json_t *p;

    json_array_foreach(ports, i, p)
    {
        if (p != port && tree_int(p, "port", 0) == tree_int(port, "port", 0) && tree_int(p, "nodePort", 0))
            return tree_int(p, "nodePort", 0);
    }
    return 0;
}

static void allocate_ports(const struct strategy_call *c, json_t *obj)
{
    const json_t *ports = tree_get(obj, "spec.ports");
    size_t i;
    json_t *p;
    int port;

    if (!c->world || !c->world->node_port)
        return;
    json_array_foreach(ports, i, p)
    {
        if (tree_int(p, "nodePort", 0) || !gets_node_ports(obj))
            continue;
        if (port_of_sibling(ports, p))
            tree_set_int(p, "nodePort", port_of_sibling(ports, p));
        else if (c->world->node_port(c->world->arg, &port))
            tree_set_int(p, "nodePort", port);
    }
    if (has_health_port(obj) && !tree_int(obj, "spec.healthCheckNodePort", 0) &&
        c->world->node_port(c->world->arg, &port))
        tree_set_int(obj, "spec.healthCheckNodePort", port);
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

/* A port that names none takes over the node port of its namesake, unless another one has it now. */
static void keep_node_ports(json_t *obj, const json_t *old)
{
    size_t i, j;
    json_t *p, *q;

    if (!may_have_node_ports(obj) || !may_have_node_ports(old))
        return;
    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        json_array_foreach(tree_get(old, "spec.ports"), j, q)
        {
            if (!tree_int(p, "nodePort", 0) && str_eq(tree_str(p, "name"), tree_str(q, "name")) &&
                tree_int(q, "nodePort", 0) && !uses_port(obj, tree_int(q, "nodePort", 0)))
                tree_copy(p, q, "nodePort");
        }
    }
}

/* ---- addresses and families ---- */

static const char *policy_of(const json_t *obj)
{
    return is_headless(obj) && !json_object_size(tree_get(obj, "spec.selector")) ? "RequireDualStack"
                                                                                 : "SingleStack";
}

/* A Service without selector and address is nobody's but its endpoints', which may be of any family. */
static void add_other_family(json_t *obj)
{
    json_t *families = tree_get(obj, "spec.ipFamilies");
    bool four = str_is(str_of(json_string_value(json_array_get(families, 0))), "IPv4");

    if (is_headless(obj) && !json_object_size(tree_get(obj, "spec.selector")) &&
        json_array_size(families) == 1 && !str_is(tree_str(obj, "spec.ipFamilyPolicy"), "SingleStack"))
        json_array_append_new(families, json_string(four ? "IPv6" : "IPv4"));
}

static void allocate_address(const struct strategy_call *c, json_t *obj)
{
    const char *ip = tree_string(obj, "spec.clusterIP");
    char address[46];

    if ((!ip || !*ip) && !tree_size(obj, "spec.clusterIPs") && c->world && c->world->service_address &&
        c->world->service_address(c->world->arg, address)) {
        tree_set_string(obj, "spec.clusterIP", address);
        tree_set(obj, "spec.clusterIPs", list_of(address));
    }
    ip = tree_string(obj, "spec.clusterIP");
    tree_default(obj, "spec.ipFamilyPolicy", json_string(policy_of(obj)));
    if (!tree_size(obj, "spec.ipFamilies"))
        tree_set(obj, "spec.ipFamilies", list_of(ip && strchr(ip, ':') ? "IPv6" : "IPv4"));
    add_other_family(obj);
}

static void allocate(const struct strategy_call *c, json_t *obj)
{
    if (is_type(obj, "ExternalName")) {
        tree_delete(obj, "spec.internalTrafficPolicy");
        return;
    }
    allocate_address(c, obj);
    allocate_ports(c, obj);
}

static void create(const struct strategy_call *c, json_t *obj)
{
    const char *ip = tree_string(obj, "spec.clusterIP");

    if (ip && *ip && !tree_size(obj, "spec.clusterIPs"))
        tree_set(obj, "spec.clusterIPs", list_of(ip));
    allocate(c, obj);
}

/* ---- changes of type ---- */

static const char *const ADDRESS_FIELDS[] = {"spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies",
                                             "spec.ipFamilyPolicy"};
#define NADDRESS_FIELDS (sizeof(ADDRESS_FIELDS) / sizeof(ADDRESS_FIELDS[0]))

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

/* What belonged to the former type goes with it, unless the client changed it too. Rule:
 * dropTypeDependentFields. */
static void drop_former_type(json_t *obj, const json_t *old)
{
    bool balanced = is_type(old, "LoadBalancer") && !is_type(obj, "LoadBalancer");

    for (size_t i = 0; i < NADDRESS_FIELDS && !is_type(old, "ExternalName") && is_type(obj, "ExternalName");
         i++)
        drop_unchanged(obj, old, ADDRESS_FIELDS[i]);
    if (may_have_node_ports(old) && !may_have_node_ports(obj) && same_node_ports(obj, old))
        drop_node_ports(obj);
    if (has_health_port(old) && !has_health_port(obj))
        drop_unchanged(obj, old, "spec.healthCheckNodePort");
    if (balanced) {
        drop_unchanged(obj, old, "spec.allocateLoadBalancerNodePorts");
        drop_unchanged(obj, old, "spec.loadBalancerClass");
    }
    if (is_external(old) && !is_external(obj))
        drop_unchanged(obj, old, "spec.externalTrafficPolicy");
    if (!is_type(obj, "LoadBalancer"))
        tree_delete(obj, "status.loadBalancer");
}

static void keep_allocated(json_t *obj, const json_t *old)
{
    if (!is_type(obj, "ExternalName") && !is_type(old, "ExternalName")) {
        if (!tree_str(obj, "spec.clusterIP").n)
            tree_copy(obj, old, "spec.clusterIP");
        if (!tree_size(obj, "spec.clusterIPs"))
            tree_copy(obj, old, "spec.clusterIPs");
        if (!tree_size(obj, "spec.ipFamilies"))
            tree_copy(obj, old, "spec.ipFamilies");
        if (!tree_get(obj, "spec.ipFamilyPolicy"))
            tree_copy(obj, old, "spec.ipFamilyPolicy");
    }
    keep_node_ports(obj, old);
    if (has_health_port(obj) && has_health_port(old) && !tree_int(obj, "spec.healthCheckNodePort", 0))
        tree_copy(obj, old, "spec.healthCheckNodePort");
}

/* The one address and the list of them: who changes only one of them means both. Rule: normalizeClusterIPs.
 */
static void synchronize(json_t *obj, const json_t *old)
{
    struct str ip = tree_str(obj, "spec.clusterIP"), was = tree_str(old, "spec.clusterIP");
    json_t *list = tree_get(obj, "spec.clusterIPs"), *old_list = tree_get(old, "spec.clusterIPs");
    bool same_list = list && old_list && json_equal(list, old_list);

    if (!ip.n && was.n && same_list)
        tree_delete(obj, "spec.clusterIPs");
    else if (ip.n && !str_eq(ip, was) && (!list || same_list))
        tree_set(obj, "spec.clusterIPs", list_of(tree_string(obj, "spec.clusterIP")));
}

static void update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    if (c->subresource[0])
        return;
    synchronize(obj, old);
    keep_allocated(obj, old);
    drop_former_type(obj, old);
    if (is_type(old, "ExternalName"))
        create(c, obj);
    else
        allocate(c, obj);
}

/* ---- checks ---- */

static const char *text_of(struct status *st, const json_t *v)
{
    struct buf b = {0};
    const char *text;

    json_write(&b, v, 0);
    text = arena_cstr(st->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static void one_of(struct status *st, const json_t *obj, const char *path, const char *const *values, int n)
{
    struct str v = tree_str(obj, path);

    for (int i = 0; i < n; i++) {
        if (str_is(v, values[i]))
            return;
    }
    if (tree_get(obj, path))
        field_not_supported(st, path, v, values, n);
}

static void check_values(const json_t *obj, struct status *st)
{
    static const char *const TYPES[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"};
    static const char *const AFFINITIES[] = {"ClientIP", "None"};
    static const char *const POLICIES[] = {"Cluster", "Local"};
    static const char *const SPREADS[] = {"PreferClose", "PreferSameZone", "PreferSameNode"};
    static const char *const STACKS[] = {"PreferDualStack", "RequireDualStack", "SingleStack"};

    one_of(st, obj, "spec.sessionAffinity", AFFINITIES, 2);
    one_of(st, obj, "spec.type", TYPES, 4);
    one_of(st, obj, "spec.internalTrafficPolicy", POLICIES, 2);
    one_of(st, obj, "spec.ipFamilyPolicy", STACKS, 3);
    one_of(st, obj, "spec.trafficDistribution", SPREADS, 3);
}

static void check_lists(const json_t *obj, struct status *st)
{
    const json_t *list = tree_get(obj, "spec.clusterIPs");
    struct str ip = tree_str(obj, "spec.clusterIP");
    struct str first = str_of(json_string_value(json_array_get(list, 0)));

    if (!ip.n && json_array_size(list))
        field_invalid(st, "spec.clusterIPs", text_of(st, list),
                      "must be empty when `clusterIP` is not specified");
    else if (ip.n && json_array_size(list) && !str_eq(ip, first))
        field_invalid(st, "spec.clusterIPs", text_of(st, list), "first value must match `clusterIP`");
}

static void check_ports(const json_t *obj, struct status *st)
{
    size_t i;
    json_t *p;

    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        if (tree_int(p, "nodePort", 0) && !may_have_node_ports(obj))
            field_forbidden(st, arena_printf(st->arena, "spec.ports[%zu].nodePort", i),
                            arena_printf(st->arena, "may not be used when `type` is '%.*s'",
                                         STR_ARG(tree_str(obj, "spec.type"))));
    }
}

static void check_spec(const json_t *obj, struct status *st)
{
    bool external = is_type(obj, "ExternalName");

    if (!tree_size(obj, "spec.ports") && !is_headless(obj) && !external)
        field_required(st, "spec.ports", "");
    if (external && !tree_str(obj, "spec.externalName").n)
        field_required(st, "spec.externalName", "");
    check_values(obj, st);
    if (!external)
        check_lists(obj, st);
    check_ports(obj, st);
}

/* The one range there is has one family. */
static void check_families(const struct strategy_call *c, const json_t *obj, struct status *st)
{
    const char *range = c->world ? c->world->service_cluster_ip_range : NULL;
    struct str own = range && strchr(range, ':') ? STR("IPv6") : STR("IPv4");
    size_t i;
    json_t *family;

    if (is_type(obj, "ExternalName") ||
        (is_headless(obj) && !json_object_size(tree_get(obj, "spec.selector"))))
        return;
    if (str_is(tree_str(obj, "spec.ipFamilyPolicy"), "RequireDualStack"))
        field_invalid_str(st, "spec.ipFamilyPolicy", STR("RequireDualStack"),
                          "this cluster is not configured for dual-stack services");
    json_array_foreach(tree_get(obj, "spec.ipFamilies"), i, family)
    {
        if (!str_eq(str_of(json_string_value(family)), own))
            field_invalid_str(st, arena_printf(st->arena, "spec.ipFamilies[%zu]", i),
                              str_of(json_string_value(family)), "not configured on this cluster");
    }
}

/* Addresses that the client chose. */
static void check_address(const struct strategy_call *c, const json_t *obj, const json_t *old,
                          struct status *st)
{
    const char *ip = tree_string(obj, "spec.clusterIP"), *why = NULL;

    if (!ip || !*ip || is_headless(obj) || str_eq(tree_str(old, "spec.clusterIP"), str_of(ip)) || !c->world ||
        !c->world->address_taken)
        return;
    if (!c->world->address_in_range(c->world->arg, ip))
        why = c->dry_run ? arena_printf(st->arena,
                                        "the provided IP (%s) is not in the valid range. The range of valid "
                                        "IPs is %s",
                                        ip, c->world->service_cluster_ip_range)
                         : "the provided network does not match the current range";
    else if (!c->dry_run && c->world->address_taken(c->world->arg, ip))
        why = "provided IP is already allocated";
    if (why)
        field_invalid(st, "spec.clusterIPs", text_of(st, tree_get(obj, "spec.clusterIPs")),
                      arena_printf(st->arena, "failed to allocate IP %s: %s", ip, why));
}

static void check_node_port(const struct strategy_call *c, size_t i, int64_t port, struct status *st)
{
    const char *why = NULL;

    if (!c->dry_run && (port < WORLD_NODE_PORT_FIRST || port > WORLD_NODE_PORT_LAST))
        why = arena_printf(st->arena,
                           "provided port is not in the valid range. The range of valid ports is %d-%d",
                           WORLD_NODE_PORT_FIRST, WORLD_NODE_PORT_LAST);
    else if (c->world->port_taken(c->world->arg, (int)port))
        why = "provided port is already allocated";
    if (why)
        field_invalid(st, arena_printf(st->arena, "spec.ports[%zu].nodePort", i),
                      arena_printf(st->arena, "%lld", (long long)port), why);
}

static void check_node_ports(const struct strategy_call *c, const json_t *obj, const json_t *old,
                             struct status *st)
{
    size_t i;
    json_t *p;

    if (!c->world || !c->world->port_taken)
        return;
    json_array_foreach(tree_get(obj, "spec.ports"), i, p)
    {
        int64_t port = tree_int(p, "nodePort", 0);

        if (port && !uses_port(old, port) && st->ncauses == 0)
            check_node_port(c, i, port, st);
    }
}

/* What allocation would refuse, one mistake at a time, after everything else. */
static void check_allocation(const struct strategy_call *c, const json_t *obj, const json_t *old,
                             struct status *st)
{
    if (st->ncauses == 0)
        check_families(c, obj, st);
    if (st->ncauses == 0)
        check_address(c, obj, old, st);
    if (st->ncauses == 0)
        check_node_ports(c, obj, old, st);
}

static void validate(const struct strategy_call *c, const json_t *obj, struct status *st)
{
    check_spec(obj, st);
    check_allocation(c, obj, NULL, st);
}

/* The first address stays as long as there is one. */
static void check_same_address(const json_t *obj, const json_t *old, struct status *st)
{
    struct str was = tree_str(old, "spec.clusterIP");

    if (!is_type(obj, "ExternalName") && !is_type(old, "ExternalName") && was.n &&
        !str_eq(was, tree_str(obj, "spec.clusterIP")))
        field_invalid(st, "spec.clusterIPs[0]", text_of(st, tree_get(obj, "spec.clusterIPs")),
                      "may not change once set");
}

static void validate_update(const struct strategy_call *c, const json_t *obj, const json_t *old,
                            struct status *st)
{
    if (strcmp(c->subresource, "status") == 0) {
        if (tree_size(obj, "status.loadBalancer.ingress") && !is_type(obj, "LoadBalancer"))
            field_forbidden(st, "status.loadBalancer.ingress",
                            "may only be used when `spec.type` is 'LoadBalancer'");
        return;
    }
    check_same_address(obj, old, st);
    check_spec(obj, st);
    check_allocation(c, obj, old, st);
}

static const struct strategy ROWS[] = {
    {.group = "",
     .plural = "services",
     .prepare_create = create,
     .prepare_update = update,
     .validate = validate,
     .validate_update = validate_update,
     .delete_returns_object = true},
};

const struct strategy_rows strategy_rows_service = STRATEGY_ROWS(ROWS);
