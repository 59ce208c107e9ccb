/* A resize changes cpu and memory of containers, or of the pod as a whole, and nothing else. */
#include "registry/validation/podkinds.h"

#include "registry/rules/qos.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/walk/tree.h"

static const char *const LISTS[] = {"initContainers", "containers"};
static const char *const SIDES[] = {"requests", "limits"};

static bool is_removed(const json_t *now, const json_t *was)
{
    const char *key;
    const json_t *v;

    json_object_foreach((json_t *)(uintptr_t)was, key, v)
    {
        if (!json_object_get(now, key))
            return true;
    }
    return false;
}

static bool has_amounts(const json_t *pod)
{
    const json_t *resources = tree_get(pod, "spec.resources");

    return json_object_size(json_object_get(resources, "requests")) +
               json_object_size(json_object_get(resources, "limits")) >
           0;
}

/* cpu and memory as they were. */
static void mask(json_t *resources, const json_t *was)
{
    static const char *const NAMES[] = {"cpu", "memory"};

    for (int i = 0; i < 2; i++) {
        json_t *list = json_object_get(resources, SIDES[i]);
        const json_t *old = json_object_get(was, SIDES[i]);

        if (!list && old) {
            list = json_object();
            json_object_set_new(resources, SIDES[i], list);
        }
        for (int k = 0; list && k < 2; k++) {
            json_t *v = json_object_get(old, NAMES[k]);

            if (v)
                json_object_set(list, NAMES[k], v);
            else
                json_object_del(list, NAMES[k]);
        }
    }
}

static void check_removed(struct check *c, const struct at *at, const json_t *now, const json_t *was,
                          const char *what)
{
    for (int i = 0; i < 2; i++) {
        struct at side = at_field(at, SIDES[i]);

        if (is_removed(json_object_get(now, SIDES[i]), json_object_get(was, SIDES[i])))
            check_forbidden(c, &side, arena_printf(c->arena, "%s %s cannot be removed", what, SIDES[i]));
    }
}

static void check_whole(struct check *c, const json_t *pod, const json_t *old)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("ResourceRequirements"));
    const json_t *now = tree_get(pod, "spec.resources"), *was = tree_get(old, "spec.resources");
    struct at spec = at_field(NULL, "spec"), at = at_field(&spec, "resources");
    json_t *masked;

    if (!has_amounts(pod) && !has_amounts(old))
        return;
    if (was && !now) {
        check_forbidden(c, &at, "pod-level resources cannot be removed");
        return;
    }
    if (was)
        check_removed(c, &at, now, was, "pod-level resource");
    masked = json_deep_copy(now);
    mask(masked, was);
    if (!same_value(masked, was, type))
        check_forbidden(c, &spec, "only cpu and memory resources are mutable at pod-level");
    json_decref(masked);
}

static bool check_order(struct check *c, const json_t *pod, const json_t *old)
{
    struct at spec = at_field(NULL, "spec");
    bool ok = true;

    for (int k = 1; k >= 0; k--) {
        const json_t *now = json_object_get(json_object_get(pod, "spec"), LISTS[k]);
        const json_t *was = json_object_get(json_object_get(old, "spec"), LISTS[k]);
        struct at at = at_field(&spec, LISTS[k]);

        if (json_array_size(now) != json_array_size(was)) {
            check_forbidden(c, &at,
                            arena_printf(c->arena, "%s may not be added or removed on resize", LISTS[k]));
            ok = false;
            continue;
        }
        for (size_t i = 0; i < json_array_size(was); i++) {
            struct at one = at_index(&at, i), name = at_field(&one, "name");

            if (str_eq(check_str(json_array_get(now, i), "name"), check_str(json_array_get(was, i), "name")))
                continue;
            check_forbidden(c, &name,
                            arena_printf(c->arena, "%s may not be renamed or reordered on resize", LISTS[k]));
            ok = false;
        }
    }
    return ok;
}

static bool restarts(const json_t *container)
{
    const json_t *list = json_object_get(container, "resizePolicy");

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_is(check_str(json_array_get(list, i), "restartPolicy"), "RestartContainer"))
            return true;
    }
    return false;
}

static void check_container(struct check *c, const struct at *at, const json_t *now, const json_t *was,
                            bool init)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("Container"));
    struct at spec = at_field(NULL, "spec");
    json_t *masked = json_deep_copy(now), *resources = json_object_get(masked, "resources");
    bool changed = !same_value(now, was, type);

    if (!resources) {
        resources = json_object();
        json_object_set_new(masked, "resources", resources);
    }
    mask(resources, json_object_get(was, "resources"));
    json_object_del(resources, "claims");
    if (!same_value(masked, was, type))
        check_forbidden(c, init ? at : &spec,
                        init ? "only cpu and memory resources for init or sidecar containers are mutable"
                             : "only cpu and memory resources are mutable");
    if (init && changed && !is_sidecar(now) && restarts(now))
        check_forbidden(
            c, at, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized");
    json_decref(masked);
}

static void check_containers_of(struct check *c, const json_t *pod, const json_t *old, int list, bool removed)
{
    const json_t *now = json_object_get(json_object_get(pod, "spec"), LISTS[list]);
    const json_t *was = json_object_get(json_object_get(old, "spec"), LISTS[list]);
    struct at spec = at_field(NULL, "spec"), at = at_field(&spec, LISTS[list]);

    for (size_t i = 0; i < json_array_size(was) && !check_full(c); i++) {
        struct at one = at_index(&at, i), resources = at_field(&one, "resources");

        if (removed)
            check_removed(c, &resources, json_object_get(json_array_get(now, i), "resources"),
                          json_object_get(json_array_get(was, i), "resources"), "resource");
        else
            check_container(c, &one, json_array_get(now, i), json_array_get(was, i), list == 0);
    }
}

/* A kubelet that tells nothing of resources can't change them. */
static bool is_supported(const json_t *pod)
{
    const json_t *list = tree_get(pod, "status.containerStatuses");

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (tree_get(json_array_get(list, i), "state.running"))
            return check_has(json_array_get(list, i), "resources");
    }
    return true;
}

void check_pod_resize(struct check *c, const json_t *pod, const json_t *old)
{
    struct at spec = at_field(NULL, "spec");
    struct str was = tree_str(old, "status.qosClass");

    if (!str_is(was.n ? was : str_of(qos_class(old)), qos_class(pod)))
        check_invalid_word(c, &spec, tree_str(pod, "status.qosClass"),
                           "Pod QOS Class may not change as a result of resizing");
    if (!is_supported(old))
        check_forbidden(c, &spec, "Pod running on node without support for resize");
    check_whole(c, pod, old);
    if (tree_size(old, "status.nodeAllocatableResourceClaimStatuses"))
        check_forbidden(c, &spec, "pods with node allocatable resource claims cannot be resized");
    if (!check_order(c, pod, old))
        return;
    check_containers_of(c, pod, old, 0, true);
    check_containers_of(c, pod, old, 1, true);
    check_containers_of(c, pod, old, 1, false);
    check_containers_of(c, pod, old, 0, false);
}
