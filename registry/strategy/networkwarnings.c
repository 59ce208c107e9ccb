/* What is warned of in Services and what else routes traffic. A function a kind. */
#include "registry/strategy/warningrows.h"

#include "registry/strategy/warnings.h"
#include "registry/walk/tree.h"

static void headless(const struct strategy_call *c, const json_t *obj)
{
    if (tree_str(obj, "spec.loadBalancerIP").n)
        warnings_add(c, "spec.loadBalancerIP is ignored for headless services");
    if (tree_size(obj, "spec.externalIPs"))
        warnings_add(c, "spec.externalIPs is ignored for headless services");
    if (!str_is(tree_str(obj, "spec.sessionAffinity"), "None"))
        warnings_add(c, "spec.SessionAffinity is ignored for headless services");
}

void warn_of_service(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    bool external = str_is(tree_str(obj, "spec.type"), "ExternalName");
    bool none =
        str_is(tree_str(obj, "spec.type"), "ClusterIP") && str_is(tree_str(obj, "spec.clusterIP"), "None");

    if (json_object_get(tree_get(obj, "metadata.annotations"), "service.kubernetes.io/topology-aware-hints"))
        warnings_add(c, "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
                        "service.kubernetes.io/topology-mode instead");
    if (!external && !none)
        warnings_addresses(c, "", obj, "spec.clusterIPs[]");
    if (none)
        headless(c, obj);
    warnings_addresses(c, "", obj, "spec.externalIPs[]");
    if (tree_size(obj, "spec.externalIPs") && !none && !external)
        warnings_add(c, "spec.externalIPs is deprecated and may no longer be implemented in some clusters");
    warnings_addresses(c, "", obj, "spec.loadBalancerIP");
    warnings_ranges(c, "", obj, "spec.loadBalancerSourceRanges[]");
    if (tree_size(obj, "spec.externalIPs") && external)
        warnings_add(c, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    if (!external && tree_str(obj, "spec.externalName").n)
        warnings_add(c, "spec.externalName is ignored when spec.type is not \"ExternalName\"");
    if (str_is(tree_str(obj, "spec.trafficDistribution"), "PreferClose"))
        warnings_add(c, "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
}

/* What the controllers make of Services is right already. */
static bool is_of(const json_t *obj, const char *label, const char *const *controllers)
{
    const char *v = json_string_value(json_object_get(tree_get(obj, "metadata.labels"), label));

    for (int i = 0; v && controllers[i]; i++) {
        if (strcmp(v, controllers[i]) == 0)
            return true;
    }
    return false;
}

void warn_of_endpoints(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    static const char *const CONTROLLERS[] = {"endpoint-controller", NULL};
    const char *path;
    json_t *subset;
    size_t i;

    if (is_of(obj, "endpoints.kubernetes.io/managed-by", CONTROLLERS))
        return;
    json_array_foreach(tree_get(obj, "subsets"), i, subset)
    {
        path = arena_printf(c->arena, "subsets[%zu]", i);
        warnings_addresses(c, path, subset, "addresses[].ip");
        warnings_addresses(c, path, subset, "notReadyAddresses[].ip");
    }
}

void warn_of_endpoint_slice(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    static const char *const CONTROLLERS[] = {"endpointslice-controller.k8s.io",
                                              "endpointslicemirroring-controller.k8s.io", NULL};

    if (!old && str_is(tree_str(obj, "addressType"), "FQDN"))
        warnings_add(c, "spec.addressType: FQDN endpoints are deprecated");
    if (!is_of(obj, "endpointslice.kubernetes.io/managed-by", CONTROLLERS))
        warnings_addresses(c, "", obj, "endpoints[].addresses[]");
}

static void peers(const struct strategy_call *c, const json_t *obj, const char *list, const char *field)
{
    const json_t *rules = tree_get(tree_get(obj, "spec"), list), *peers_of;
    const char *path;

    for (size_t i = 0; i < json_array_size(rules); i++) {
        peers_of = json_object_get(json_array_get(rules, i), field);
        for (size_t k = 0; k < json_array_size(peers_of); k++) {
            path = arena_printf(c->arena, "spec.%s[%zu].%s[%zu]", list, i, field, k);
            warnings_ranges(c, path, json_array_get(peers_of, k), "ipBlock.cidr");
            warnings_ranges(c, path, json_array_get(peers_of, k), "ipBlock.except[]");
        }
    }
}

void warn_of_network_policy(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    peers(c, obj, "ingress", "from");
    peers(c, obj, "egress", "to");
}

void warn_of_ingress(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old && !tree_get(obj, "spec.ingressClassName") &&
        json_object_get(tree_get(obj, "metadata.annotations"), "kubernetes.io/ingress.class"))
        warnings_add(c, "annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
                        "'spec.ingressClassName' instead");
}

void warn_of_pod_status(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    warnings_addresses(c, "", obj, "status.podIPs[].ip");
    warnings_addresses(c, "", obj, "status.hostIPs[].ip");
}

void warn_of_balancer_status(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    warnings_addresses(c, "", obj, "status.loadBalancer.ingress[].~ip");
}
