/* What a kubelet, or whoever writes the status of a pod, may say. */
#include "registry/validation/podkinds.h"

#include "registry/rules/quantities.h"
#include "registry/validation/formats.h"
#include "registry/validation/ips.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/walk/tree.h"

#define HEALTH_MESSAGE_MAX 1024

static const char *const LISTS[] = {"containerStatuses", "initContainerStatuses",
                                    "ephemeralContainerStatuses"};
static const char *const SPECS[] = {"containers", "initContainers", "ephemeralContainers"};

static void check_conditions(struct check *c, const struct at *status, const json_t *list)
{
    struct at at = at_field(status, "conditions");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *condition = json_array_get(list, i);
        struct at one = at_index(&at, i), generation = at_field(&one, "observedGeneration"),
                  type_at = at_field(&one, "Type");
        struct str type = check_str(condition, "type");

        if (check_int(condition, "observedGeneration", 0) < 0)
            check_invalid_int(c, &generation, check_int(condition, "observedGeneration", 0),
                              "must be a non-negative integer");
        if (!str_is(type, "PodScheduled") && !str_is(type, "Ready") && !str_is(type, "Initialized"))
            check_qualified_name(c, &type_at, type);
    }
}

static void check_nomination(struct check *c, const struct at *status, const json_t *pod, const json_t *old)
{
    struct at at = at_field(status, "nominatedNodeName");
    struct str now = tree_str(pod, "status.nominatedNodeName");

    if (!now.n || str_eq(now, tree_str(old, "status.nominatedNodeName")))
        return;
    check_name(c, &at, now, "dns-subdomain");
    if (tree_str(old, "spec.nodeName").n)
        check_forbidden(c, &at, "may not be set on pods that are already bound to a node");
}

static const json_t *named(const json_t *list, struct str name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_eq(check_str(json_array_get(list, i), "name"), name))
            return json_array_get(list, i);
    }
    return NULL;
}

/* ---- a container that ended starts again only when it may ---- */

static bool rule_matches(const json_t *rule, int64_t code)
{
    const json_t *codes = json_object_get(rule, "exitCodes"), *values = json_object_get(codes, "values");
    bool found = false;

    if (!codes)
        return false;
    for (size_t i = 0; i < json_array_size(values); i++)
        found = found || json_integer_value(json_array_get(values, i)) == code;
    return str_is(check_str(codes, "operator"), "In")      ? found
           : str_is(check_str(codes, "operator"), "NotIn") ? !found
                                                           : false;
}

static bool may_restart(const json_t *container, const json_t *spec, int64_t code)
{
    const json_t *rules = json_object_get(container, "restartPolicyRules");
    struct str policy = check_str(container, "restartPolicy");

    for (size_t i = 0; policy.n && i < json_array_size(rules); i++) {
        if (!rule_matches(json_array_get(rules, i), code))
            continue;
        if (str_starts(check_str(json_array_get(rules, i), "action"), STR("Restart")))
            return true;
        break;
    }
    if (!policy.n)
        policy = check_str(spec, "restartPolicy");
    if (str_is(policy, "OnFailure"))
        return code != 0;
    return !str_is(policy, "Never");
}

static bool all_may_restart(const json_t *spec)
{
    for (int k = 0; k < 2; k++) {
        const json_t *list = json_object_get(spec, SPECS[k]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *rules = json_object_get(json_array_get(list, i), "restartPolicyRules");

            for (size_t r = 0; r < json_array_size(rules); r++) {
                if (str_is(check_str(json_array_get(rules, r), "action"), "RestartAllContainers"))
                    return true;
            }
        }
    }
    return false;
}

static void check_transitions(struct check *c, const struct at *status, const json_t *pod, const json_t *old,
                              int kind)
{
    const json_t *spec = json_object_get(old, "spec"), *containers = json_object_get(spec, SPECS[kind]);
    const json_t *now = json_object_get(json_object_get(pod, "status"), LISTS[kind]);
    const json_t *was = json_object_get(json_object_get(old, "status"), LISTS[kind]);
    struct at at = at_field(status, LISTS[kind]);

    if (kind < 2 && all_may_restart(spec))
        return;
    for (size_t i = 0; i < json_array_size(was) && !check_full(c); i++) {
        const json_t *ended = tree_get(json_array_get(was, i), "state.terminated"), *container;
        struct str name = check_str(json_array_get(was, i), "name");
        const json_t *other = ended ? named(now, name) : NULL;
        struct at one = at_index(&at, i), state = at_field(&one, "state");

        if (!other || tree_get(other, "state.terminated"))
            continue;
        container = kind < 2 ? named(containers, name) : NULL;
        if (!container || !may_restart(container, spec, check_int(ended, "exitCode", 0)))
            check_forbidden(c, &state, "may not be transitioned to non-terminated state");
    }
}

/* ---- claims ---- */

static void check_claim_statuses(struct check *c, const struct at *status, const json_t *pod)
{
    const json_t *list = tree_get(pod, "status.resourceClaimStatuses");
    struct at at = at_field(status, "resourceClaimStatuses");
    struct seen *known = seen_new(c), *names = seen_new(c);

    seen_add_list(known, tree_get(pod, "spec.resourceClaims"), "name");
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *one = json_array_get(list, i);
        struct at place = at_index(&at, i), name_at = at_field(&place, "name"),
                  claim = at_field(&place, "resourceClaimName");
        struct str name = check_str(one, "name");

        if (!seen_has(known, name))
            check_invalid_str(c, &name_at, name, "must match the name of an entry in `spec.resourceClaims`");
        if (seen_add(names, name))
            check_duplicate_str(c, &name_at, name);
        if (check_has(one, "resourceClaimName"))
            check_name(c, &claim, check_str(one, "resourceClaimName"), "dns-subdomain");
    }
}

static void check_mapping(struct check *c, const struct at *status, const struct at *at, const json_t *pod,
                          const json_t *mapping, struct seen *seen)
{
    static const char *const FIELDS[] = {"containerName", "resourceName", "requestName"};
    struct str name = check_str(mapping, "containerName"), resource = check_str(mapping, "resourceName");
    struct str request = check_str(mapping, "requestName");
    struct at container_at = at_field(at, "containerName"), resource_at = at_field(at, "resourceName");
    struct at request_at = at_field(status, "requestName");
    const json_t *container = named(tree_get(pod, "spec.containers"), name);

    container = container ? container : named(tree_get(pod, "spec.initContainers"), name);
    if (!container)
        check_invalid_str(
            c, &container_at, name,
            "must match the name of an entry in spec.initContainers.name or spec.containers.name");
    else if (!check_str(tree_get(container, "resources.requests"), arena_cstr(c->arena, resource)).n)
        check_invalid_str(
            c, &resource_at, resource,
            "must match the extended resource name of an entry in spec.initContainers.resources.requests "
            "or spec.containers.resources.requests");
    check_name(c, &request_at, request, "dns-label");
    if (!seen_add(seen, str_of(arena_printf(c->arena, "%.*s\n%.*s\n%.*s", STR_ARG(name), STR_ARG(resource),
                                            STR_ARG(request)))))
        return;
    for (int i = 0; i < 3; i++) {
        struct at one = at_field(at, FIELDS[i]);

        check_duplicate_str(c, &one, check_str(mapping, FIELDS[i]));
    }
}

static void check_extended_claim(struct check *c, const struct at *up, const json_t *pod)
{
    const json_t *status = tree_get(pod, "status.extendedResourceClaimStatus");
    const json_t *list = json_object_get(status, "requestMappings");
    struct at at = at_field(up, "extendedResourceClaimStatus"), list_at = at_field(&at, "requestMappings");
    struct at claim = at_field(&at, "resourceClaimName");
    struct seen *seen = seen_new(c);

    if (!status)
        return;
    if (!json_array_size(list))
        check_required(c, &list_at, "at least one request mapping is required");
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&list_at, i);

        check_mapping(c, &at, &one, pod, json_array_get(list, i), seen);
    }
    if (check_needed(c, &at, status, "resourceClaimName"))
        check_name(c, &claim, check_str(status, "resourceClaimName"), "dns-subdomain");
}

/* ---- addresses ---- */

static void check_addresses(struct check *c, const struct at *status, const char *field, const json_t *pod,
                            const json_t *old)
{
    const json_t *list = json_object_get(json_object_get(pod, "status"), field);
    struct at at = at_field(status, field);
    struct seen *before = seen_new(c);
    bool v4 = false, v6 = false;

    seen_add_list(before, json_object_get(json_object_get(old, "status"), field), "ip");
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct str ip = check_str(json_array_get(list, i), "ip");
        struct at one = at_index(&at, i);

        check_legacy_ip(c, &one, ip, before);
        if (str_find(ip, ':') >= 0)
            v6 = true;
        else
            v4 = true;
    }
    if (json_array_size(list) > 1 && (!v4 || !v6 || json_array_size(list) > 2))
        check_invalid_of(c, &at, list, printed_type(schema_type(STR("core/v1"), STR("PodStatus")), field),
                         "may specify no more than one IP for each IP family");
}

static void check_host_address(struct check *c, const struct at *status, const json_t *pod)
{
    const json_t *first = json_array_get(tree_get(pod, "status.hostIPs"), 0);
    struct at at = at_field(status, "hostIPs[0].ip");

    if (first && !str_eq(check_str(first, "ip"), tree_str(pod, "status.hostIP")))
        check_invalid_str(c, &at, check_str(first, "ip"), "must be equal to `hostIP`");
}

/* ---- users and devices ---- */

static void check_linux_user(struct check *c, const struct at *at, const json_t *user)
{
    struct at uid = at_field(at, "uid"), gid = at_field(at, "gid"),
              groups_at = at_field(at, "supplementalGroups");
    const json_t *groups = json_object_get(user, "supplementalGroups");

    if (!user)
        return;
    check_range(c, &uid, check_int(user, "uid", 0), 0, INT32_MAX);
    check_range(c, &gid, check_int(user, "gid", 0), 0, INT32_MAX);
    for (size_t i = 0; i < json_array_size(groups) && !check_full(c); i++) {
        struct at one = at_index(&groups_at, i);

        check_range(c, &one, json_integer_value(json_array_get(groups, i)), 0, INT32_MAX);
    }
}

static void check_users(struct check *c, const struct at *status, const json_t *pod, int kind)
{
    const json_t *list = json_object_get(json_object_get(pod, "status"), LISTS[kind]);
    bool windows = str_is(tree_str(pod, "spec.os.name"), "windows");
    struct at at = at_field(status, LISTS[kind]);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *user = tree_get(json_array_get(list, i), "user.linux");
        struct at one = at_index(&at, i), linux_at = at_field(&one, "user.linux");

        if (user && windows)
            check_forbidden(c, &linux_at, "cannot be set for a windows pod");
        else if (!windows)
            check_linux_user(c, &linux_at, user);
    }
}

static bool has_claim(struct check *c, const json_t *container, struct str name)
{
    const json_t *claims = tree_get(container, "resources.claims");

    for (size_t i = 0; i < json_array_size(claims); i++) {
        struct str claim = check_str(json_array_get(claims, i), "name"),
                   request = check_str(json_array_get(claims, i), "request");
        const char *text = arena_printf(c->arena, "claim:%.*s%s%.*s", STR_ARG(claim), request.n ? "/" : "",
                                        STR_ARG(request));

        if (str_is(name, text))
            return true;
    }
    return false;
}

static void check_allocated_name(struct check *c, const struct at *at, const json_t *container,
                                 struct str name)
{
    bool is_claim = str_starts(name, STR("claim:"));
    const json_t *requests = tree_get(container, "resources.requests");

    if (!container || (is_claim ? has_claim(c, container, name)
                                : json_object_getn(requests, name.n ? name.p : "", name.n) != NULL))
        return;
    check_invalid_word(c, at, name,
                       is_claim ? "must match one of the container's resource claims in a format "
                                  "'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
                                : "must match one of the container's resource requests");
}

static void check_health(struct check *c, const struct at *at, const json_t *list)
{
    static const char *const HEALTHS[] = {"Healthy", "Unhealthy", "Unknown"};
    struct seen *ids = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *r = json_array_get(list, i);
        struct at one = at_index(at, i), health = at_field(&one, "health"),
                  message = at_field(&one, "message");
        struct at id = at_field(&one, "resourceID");

        check_enum(c, &health, check_str(r, "health"), HEALTHS, 3);
        if (check_has(r, "message") && !check_str(r, "message").n)
            check_required(c, &message, "must be non-empty if specified");
        else if (check_str(r, "message").n > HEALTH_MESSAGE_MAX)
            check_too_long(c, &message, HEALTH_MESSAGE_MAX);
        if (seen_add(ids, check_str(r, "resourceID")))
            check_duplicate_str(c, &id, check_str(r, "resourceID"));
    }
}

static void check_allocated(struct check *c, const struct at *status, const json_t *pod, int kind)
{
    const json_t *list = json_object_get(json_object_get(pod, "status"), LISTS[kind]);
    struct at at = at_field(status, LISTS[kind]);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *one = json_array_get(list, i),
                     *allocated = json_object_get(one, "allocatedResourcesStatus");
        struct at place = at_index(&at, i), allocated_at = at_field(&place, "allocatedResourcesStatus");
        const json_t *container =
            named(json_object_get(json_object_get(pod, "spec"), SPECS[kind]), check_str(one, "name"));

        if (kind == 2 && json_array_size(allocated)) {
            check_forbidden(c, &allocated_at, "must not be specified in container status");
            continue;
        }
        for (size_t k = 0; k < json_array_size(allocated) && !check_full(c); k++) {
            struct at item = at_index(&allocated_at, k), name = at_field(&item, "name"),
                      resources = at_field(&item, "resources");

            check_allocated_name(c, &name, container, check_str(json_array_get(allocated, k), "name"));
            check_health(c, &resources, json_object_get(json_array_get(allocated, k), "resources"));
        }
    }
}

void pod_status_update(struct check *c, const json_t *pod, const json_t *old)
{
    struct pod_options o = pod_options(c, json_object_get(old, "spec"), json_object_get(old, "metadata"));
    struct at at = at_field(NULL, "status"), generation = at_field(&at, "observedGeneration"),
              qos = at_field(&at, "qosClass");
    const json_t *status = json_object_get(pod, "status");
    struct str class = check_str(status, "qosClass");

    check_metadata_update(c, pod, old);
    check_annotation_changes(c, pod, old, &o);
    check_conditions(c, &at, json_object_get(status, "conditions"));
    check_nomination(c, &at, pod, old);
    if (check_int(status, "observedGeneration", 0) < 0)
        check_invalid_int(c, &generation, check_int(status, "observedGeneration", 0),
                          "must be a non-negative integer");
    if (!str_eq(class, tree_str(old, "status.qosClass")))
        check_invalid_word(c, &qos, class, "field is immutable");
    for (int i = 0; i < 3; i++)
        check_transitions(c, &at, pod, old, i);
    check_claim_statuses(c, &at, pod);
    check_extended_claim(c, &at, pod);
    check_addresses(c, &at, "podIPs", pod, old);
    check_host_address(c, &at, pod);
    check_addresses(c, &at, "hostIPs", pod, old);
    for (int i = 0; i < 3; i++)
        check_users(c, &at, pod, i);
    for (int i = 0; i < 3; i++)
        check_allocated(c, &at, pod, i);
}
