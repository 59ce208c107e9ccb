/* Plugins that complete a new object: pods, nodes and volumes. Sources: plugin/pkg/admission/{priority,
 * defaulttolerationseconds,nodetaint,storage/storageobjectinuseprotection}. */
#include "registry/admission/plugins.h"
#include "registry/walk/tree.h"

#define NOT_READY "node.kubernetes.io/not-ready"
#define UNREACHABLE "node.kubernetes.io/unreachable"

static bool is_main(const struct admission_call *c, const char *plural)
{
    return !c->subresource[0] && !c->resource->group[0] && strcmp(c->resource->plural, plural) == 0;
}

/* A pod may say what its class says, but nothing else. */
static bool agrees(const struct admission_call *c, int64_t value, const char *preemption, struct status *st)
{
    int64_t said = tree_int(c->obj, "spec.priority", value);
    struct str policy = tree_str(c->obj, "spec.preemptionPolicy");
    const char *why = NULL;

    if (said != value)
        why = arena_printf(c->arena,
                           "the integer value of priority (%lld) must not be provided in pod spec; priority "
                           "admission controller computed %lld from the given PriorityClass name",
                           (long long)said, (long long)value);
    else if (policy.n && !str_is(policy, preemption))
        why = arena_printf(c->arena,
                           "the string value of PreemptionPolicy (%.*s) must not be provided in pod spec; "
                           "priority admission controller computed %s from the given PriorityClass name",
                           STR_ARG(policy), preemption);
    if (why) {
        status_forbidden(st, "", "pods", c->name, why);
        return false;
    }
    tree_set_int(c->obj, "spec.priority", value);
    tree_set_string(c->obj, "spec.preemptionPolicy", preemption);
    return true;
}

bool admission_priority(const struct admission_call *c, struct status *st)
{
    const char *preemption = "PreemptLowerPriority";
    int64_t value = 0;
    struct str name = tree_str(c->obj, "spec.priorityClassName");

    if (!is_main(c, "pods"))
        return true;
    if (name.n) {
        const struct schema_resource *r =
            schema_resource(STR("scheduling.k8s.io"), STR("v1"), STR("priorityclasses"));
        json_t *class = r ? c->world->get(c->world->arg, r, STR_NONE, name) : NULL;

        if (!class && str_is(name, "system-cluster-critical"))
            value = 2000000000;
        else if (!class && str_is(name, "system-node-critical"))
            value = 2000001000;
        else if (!class) {
            status_forbidden(
                st, "", "pods", c->name,
                arena_printf(c->arena, "no PriorityClass with name %.*s was found", STR_ARG(name)));
            return false;
        } else {
            value = tree_int(class, "value", 0);
            if (str_is(tree_str(class, "preemptionPolicy"), "Never"))
                preemption = "Never";
        }
        json_decref(class);
    }
    return agrees(c, value, preemption, st);
}

static bool tolerates(const json_t *tolerations, const char *key)
{
    size_t i;
    json_t *t;

    json_array_foreach(tolerations, i, t)
    {
        struct str k = tree_str(t, "key"), effect = tree_str(t, "effect");

        if ((str_is(k, key) || k.n == 0) && (str_is(effect, "NoExecute") || effect.n == 0))
            return true;
    }
    return false;
}

bool admission_default_tolerations(const struct admission_call *c, struct status *st)
{
    static const char *const KEYS[] = {NOT_READY, UNREACHABLE};
    json_t *list;

    if (!is_main(c, "pods"))
        return true;
    list = tree_get(c->obj, "spec.tolerations");
    if (!json_is_array(list))
        tree_set(c->obj, "spec.tolerations", list = json_array());
    for (size_t i = 0; i < 2; i++) {
        if (!tolerates(list, KEYS[i]))
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:i}", "key", KEYS[i], "operator",
                                                  "Exists", "effect", "NoExecute", "tolerationSeconds", 300));
    }
    return true;
}

bool admission_taint_nodes(const struct admission_call *c, struct status *st)
{
    size_t i;
    json_t *taints, *t;

    if (!is_main(c, "nodes"))
        return true;
    taints = tree_get(c->obj, "spec.taints");
    if (!json_is_array(taints))
        tree_set(c->obj, "spec.taints", taints = json_array());
    json_array_foreach(taints, i, t)
    {
        if (str_is(tree_str(t, "key"), NOT_READY) && str_is(tree_str(t, "effect"), "NoSchedule"))
            return true;
    }
    json_array_append_new(taints, json_pack("{s:s, s:s}", "key", NOT_READY, "effect", "NoSchedule"));
    return true;
}

static void add_finalizer(json_t *obj, const char *name)
{
    json_t *list = tree_get(obj, "metadata.finalizers");

    if (!json_is_array(list))
        tree_set(obj, "metadata.finalizers", list = json_array());
    if (!tree_list_has(list, name))
        json_array_append_new(list, json_string(name));
}

bool admission_storage_protection(const struct admission_call *c, struct status *st)
{
    if (is_main(c, "persistentvolumeclaims"))
        add_finalizer(c->obj, "kubernetes.io/pvc-protection");
    else if (is_main(c, "persistentvolumes"))
        add_finalizer(c->obj, "kubernetes.io/pv-protection");
    return true;
}
