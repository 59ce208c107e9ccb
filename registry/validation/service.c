/* Services: what a client may ask for. What allocation refuses comes later, in registry/strategy/service.c.
 * Rule: validateService and its kin of pkg/apis/core/validation. */
#include "registry/validation/clusterips.h"
#include "registry/validation/ips.h"
#include "registry/validation/rows.h"
#include "registry/validation/serviceports.h"
#include "registry/walk/tree.h"

#define AFFINITY_MAX_S 86400
#define ONLY_BALANCED "may only be used when `type` is 'LoadBalancer'"
#define RANGES_NOTE "service.beta.kubernetes.io/load-balancer-source-ranges"
#define HINTS_NOTE "service.kubernetes.io/topology-aware-hints"
#define MODE_NOTE "service.kubernetes.io/topology-mode"

static bool is_type(const json_t *obj, const char *type)
{
    return str_is(tree_str(obj, "spec.type"), type);
}

static bool is_balanced(const json_t *obj)
{
    return is_type(obj, "LoadBalancer");
}

static struct str trimmed(struct str s)
{
    while (s.n && memchr(" \t\n\v\f\r", *s.p, 6)) {
        s.p++;
        s.n--;
    }
    while (s.n && memchr(" \t\n\v\f\r", s.p[s.n - 1], 6))
        s.n--;
    return s;
}

static bool is_headless(const json_t *obj)
{
    const json_t *ips = tree_get(obj, "spec.clusterIPs");

    return json_array_size(ips) == 1 && str_is(check_item(ips, 0), "None");
}

/* ---- annotations and type ---- */

static void topology(struct check *c, const json_t *obj)
{
    const json_t *notes = tree_get(obj, "metadata.annotations");
    struct at map = at_field(NULL, "metadata.annotations"), at = at_key(&map, STR(MODE_NOTE));

    if (check_has(notes, HINTS_NOTE) && check_has(notes, MODE_NOTE) &&
        !str_eq(check_str(notes, HINTS_NOTE), check_str(notes, MODE_NOTE)))
        check_invalid_str(c, &at, check_str(notes, MODE_NOTE),
                          "must match annotations[" HINTS_NOTE "] when both are specified");
}

static void external_name(struct check *c, const json_t *obj)
{
    static const char WHY[] = "may not be set for ExternalName services";
    static const char *const UNSET[] = {"clusterIPs", "ipFamilies"};
    struct at spec = at_field(NULL, "spec"), at;
    struct str name = tree_str(obj, "spec.externalName");

    for (size_t i = 0; i < 2; i++) {
        at = at_field(&spec, UNSET[i]);
        if (json_array_size(json_object_get(tree_get(obj, "spec"), UNSET[i])))
            check_forbidden(c, &at, WHY);
    }
    at = at_field(&spec, "ipFamilyPolicy");
    if (tree_get(obj, "spec.ipFamilyPolicy"))
        check_forbidden(c, &at, WHY);
    at = at_field(&spec, "externalName");
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n)
        check_name(c, &at, name, "dns-subdomain");
    else
        check_required(c, &at, "");
}

static void by_type(struct check *c, const json_t *obj)
{
    struct at list = at_field(NULL, "spec.clusterIPs"), at = at_index(&list, 0);

    if (is_type(obj, "ExternalName"))
        external_name(c, obj);
    else if (is_headless(obj) && (is_balanced(obj) || is_type(obj, "NodePort")))
        check_invalid_str(c, &at, STR("None"),
                          is_balanced(obj) ? "may not be set to 'None' for LoadBalancer services"
                                           : "may not be set to 'None' for NodePort services");
}

/* ---- session affinity ---- */

static void client_ip(struct check *c, const json_t *obj)
{
    static const char *const WAY[] = {"spec.sessionAffinityConfig", "spec.sessionAffinityConfig.clientIP",
                                      "spec.sessionAffinityConfig.clientIP.timeoutSeconds"};
    struct at at;
    int64_t timeout;

    for (size_t i = 0; i < 3; i++) {
        at = at_field(NULL, WAY[i]);
        if (tree_get(obj, WAY[i]))
            continue;
        check_required(c, &at, "when session affinity type is ClientIP");
        return;
    }
    timeout = tree_int(obj, WAY[2], 0);
    if (timeout <= 0 || timeout > AFFINITY_MAX_S)
        check_invalid_int(c, &at, timeout, "must be greater than 0 and less than 86400");
}

static void affinity(struct check *c, const json_t *obj)
{
    static const char *const KINDS[] = {"ClientIP", "None"};
    struct at at = at_field(NULL, "spec.sessionAffinity");
    struct at config = at_field(NULL, "spec.sessionAffinityConfig");
    struct str kind = tree_str(obj, "spec.sessionAffinity");

    if (!kind.n)
        check_required(c, &at, "");
    else
        check_enum(c, &at, kind, KINDS, 2);
    if (str_is(kind, "ClientIP"))
        client_ip(c, obj);
    else if (str_is(kind, "None") && tree_get(obj, "spec.sessionAffinityConfig"))
        check_forbidden(c, &config, "must not be set when session affinity is None");
}

/* ---- addresses ---- */

static void external_ips(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *list = tree_get(obj, "spec.externalIPs");
    struct at list_at = at_field(NULL, "spec.externalIPs");
    struct seen *before = seen_new(c);

    seen_add_list(before, tree_get(old, "spec.externalIPs"), NULL);
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        if (check_legacy_ip(c, &at, check_item(list, i), before))
            check_endpoint_ip(c, &at, check_item(list, i));
    }
}

static void source_ranges(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *list = tree_get(obj, "spec.loadBalancerSourceRanges");
    const json_t *was = tree_get(old, "spec.loadBalancerSourceRanges");
    struct at list_at = at_field(NULL, "spec.LoadBalancerSourceRanges");
    struct seen *before = seen_new(c);

    if (!is_balanced(obj))
        check_forbidden(c, &list_at, ONLY_BALANCED);
    for (size_t i = 0; i < json_array_size(was); i++)
        seen_add(before, trimmed(check_item(was, i)));
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        check_legacy_cidr(c, &at, trimmed(check_item(list, i)), before);
    }
}

static void source_ranges_note(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *notes = tree_get(obj, "metadata.annotations"), *was = tree_get(old, "metadata.annotations");
    struct at map = at_field(NULL, "metadata.annotations"), at = at_key(&map, STR(RANGES_NOTE));
    struct str rest = trimmed(check_str(notes, RANGES_NOTE)), one;

    if (!is_balanced(obj))
        check_forbidden(c, &at, ONLY_BALANCED);
    if (!rest.n || (old && str_eq(check_str(notes, RANGES_NOTE), check_str(was, RANGES_NOTE))))
        return;
    while (!check_full(c) && str_next(&rest, ',', &one))
        check_legacy_cidr(c, &at, trimmed(one), NULL);
}

static void sources(struct check *c, const json_t *obj, const json_t *old)
{
    if (tree_size(obj, "spec.loadBalancerSourceRanges"))
        source_ranges(c, obj, old);
    else if (check_has(tree_get(obj, "metadata.annotations"), RANGES_NOTE))
        source_ranges_note(c, obj, old);
}

/* ---- load balancers and traffic ---- */

static void balancer(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "spec.allocateLoadBalancerNodePorts");
    struct at missing = at_field(NULL, "allocateLoadBalancerNodePorts");
    bool is_set = tree_get(obj, "spec.allocateLoadBalancerNodePorts");

    if (is_set && !is_balanced(obj))
        check_forbidden(c, &at, ONLY_BALANCED);
    if (!is_set && is_balanced(obj))
        check_required(c, &missing, "");
}

/* The class is for good. */
static void balancer_class(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.loadBalancerClass");
    const json_t *class = tree_get(obj, "spec.loadBalancerClass");
    const json_t *was = tree_get(old, "spec.loadBalancerClass");

    if (old && is_balanced(old) && is_balanced(obj) && (!class != !was || (class && !json_equal(class, was))))
        check_invalid(c, &at, class, "may not change once set");
    if (!class)
        return;
    if (is_balanced(obj))
        check_qualified_name(c, &at, tree_str(obj, "spec.loadBalancerClass"));
    else
        check_forbidden(c, &at, ONLY_BALANCED);
}

static bool is_reachable(const json_t *obj)
{
    return is_balanced(obj) || is_type(obj, "NodePort") ||
           (is_type(obj, "ClusterIP") && tree_size(obj, "spec.externalIPs"));
}

static bool needs_health_port(const json_t *obj)
{
    return is_balanced(obj) && str_is(tree_str(obj, "spec.externalTrafficPolicy"), "Local");
}

static const char *const TRAFFIC_POLICIES[] = {"Cluster", "Local"};

static void external_traffic(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "spec.externalTrafficPolicy");
    struct at health = at_field(NULL, "spec.healthCheckNodePort");
    struct str policy = tree_str(obj, "spec.externalTrafficPolicy");
    int64_t health_port = tree_int(obj, "spec.healthCheckNodePort", 0);

    if (!is_reachable(obj)) {
        if (policy.n)
            check_invalid_str(c, &at, policy, "may only be set for externally-accessible services");
    } else if (!policy.n) {
        check_required(c, &at, "");
    } else {
        check_enum(c, &at, policy, TRAFFIC_POLICIES, 2);
    }
    if (needs_health_port(obj) && !health_port)
        check_required(c, &health, "");
    else if (needs_health_port(obj))
        check_port(c, &health, health_port);
    else if (health_port)
        check_invalid_int(
            c, &health, health_port,
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
}

static void internal_traffic(struct check *c, const json_t *obj)
{
    static const char *const SPREADS[] = {"PreferClose", "PreferSameZone", "PreferSameNode"};
    struct at at = at_field(NULL, "spec.internalTrafficPolicy");
    struct at spread = at_field(NULL, "spec.trafficDistribution");

    if (tree_get(obj, "spec.internalTrafficPolicy"))
        check_enum(c, &at, tree_str(obj, "spec.internalTrafficPolicy"), TRAFFIC_POLICIES, 2);
    else if (is_type(obj, "NodePort") || is_balanced(obj) || is_type(obj, "ClusterIP"))
        check_required(c, &at, "");
    if (tree_get(obj, "spec.trafficDistribution"))
        check_enum(c, &spread, tree_str(obj, "spec.trafficDistribution"), SPREADS, 3);
}

/* ---- the whole ---- */

static void kind_of_service(struct check *c, const json_t *obj)
{
    static const char *const TYPES[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"};
    struct at at = at_field(NULL, "spec.type");

    if (!tree_str(obj, "spec.type").n)
        check_required(c, &at, "");
    else
        check_enum(c, &at, tree_str(obj, "spec.type"), TYPES, 4);
}

static void service(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.ports"), selector = at_field(NULL, "spec.selector");

    topology(c, obj);
    if (!tree_size(obj, "spec.ports") && !is_headless(obj) && !is_type(obj, "ExternalName"))
        check_required(c, &at, "");
    by_type(c, obj);
    check_service_ports(c, obj);
    check_labels(c, &selector, tree_get(obj, "spec.selector"));
    affinity(c, obj);
    check_cluster_ips(c, obj, old);
    external_ips(c, obj, old);
    kind_of_service(c, obj);
    check_service_ports_apart(c, obj);
    sources(c, obj, old);
    balancer(c, obj);
    balancer_class(c, obj, NULL);
    external_traffic(c, obj);
    internal_traffic(c, obj);
}

static void service_create(struct check *c, const json_t *obj)
{
    service(c, obj, NULL);
}

static void service_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at health = at_field(NULL, "spec.healthCheckNodePort");

    check_cluster_ips_change(c, obj, old);
    balancer_class(c, obj, old);
    if (needs_health_port(obj) && needs_health_port(old) &&
        tree_int(obj, "spec.healthCheckNodePort", 0) != tree_int(old, "spec.healthCheckNodePort", 0))
        check_forbidden(c, &health, "field is immutable");
    service(c, obj, old);
}

/* ---- status ---- */

static void ingress_mode(struct check *c, const struct at *up, const json_t *v)
{
    static const char *const MODES[] = {"Proxy", "VIP"};
    struct at at = at_field(up, "ipMode");
    bool has_ip = check_str(v, "ip").n, has_mode = check_has(v, "ipMode");

    if (has_ip && !has_mode)
        check_required(c, &at, "must be specified when `ip` is set");
    else if (has_mode && !has_ip)
        check_forbidden(c, &at, "may not be specified when `ip` is not set");
    else if (has_mode)
        check_enum(c, &at, check_str(v, "ipMode"), MODES, 2);
}

static void service_status(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *list = tree_get(obj, "status.loadBalancer.ingress");
    struct at list_at = at_field(NULL, "status.loadBalancer.ingress");
    struct seen *before = seen_new(c);

    if (json_array_size(list) && !is_balanced(obj)) {
        check_forbidden(c, &list_at, "may only be used when `spec.type` is 'LoadBalancer'");
        return;
    }
    seen_add_list(before, tree_get(old, "status.loadBalancer.ingress"), "ip");
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *v = json_array_get(list, i);
        struct at up = at_index(&list_at, i), at = at_field(&up, "ip");

        if (check_str(v, "ip").n)
            check_legacy_ip(c, &at, check_str(v, "ip"), before);
        ingress_mode(c, &up, v);
        at = at_field(&up, "hostname");
        if (check_str(v, "hostname").n)
            check_balancer_host(c, &at, check_str(v, "hostname"));
    }
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "services",
     .create = service_create,
     .update = service_update,
     .update_status = service_status},
};

const struct validation_rows validation_rows_service = VALIDATION_ROWS(ROWS);
