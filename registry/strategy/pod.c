/* Pods. Source: pkg/registry/core/pod/strategy.go, pkg/apis/core/helper/qos. */
#include "registry/strategy/podfields.h"
#include "registry/strategy/rows.h"
#include "registry/rules/qos.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

static void gated(const struct strategy_call *c, json_t *obj)
{
    json_t *condition, *conditions = json_array();
    char now[21];

    clock_rfc3339(c->world && c->world->now_s ? c->world->now_s(c->world->arg) : clock_wall_s(), now);
    condition = json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "PodScheduled", "status", "False",
                          "lastTransitionTime", now, "reason", "SchedulingGated", "message",
                          "Scheduling is blocked due to non-empty scheduling gates");
    json_array_append_new(conditions, condition);
    tree_set(obj, "status.conditions", conditions);
}

static void pod_create(const struct strategy_call *c, json_t *obj)
{
    tree_set_int(obj, "metadata.generation", 1);
    tree_set_string(obj, "status.phase", "Pending");
    tree_set_string(obj, "status.qosClass", qos_class(obj));
    if (tree_size(obj, "spec.schedulingGates"))
        gated(c, obj);
    podfields_complete(obj);
}

/* A list of containers of the old pod with the resources of the new one. NULL: names or number differ, which
 * is for validation to refuse. */
static json_t *resized(const json_t *now, const json_t *was)
{
    static const char *const TAKEN[] = {"resources", "resizePolicy"};
    json_t *out, *one, *wanted;
    size_t i;

    if (json_array_size(now) != json_array_size(was))
        return NULL;
    out = json_deep_copy(was);
    json_array_foreach(out, i, one)
    {
        wanted = json_array_get(now, i);
        if (!str_eq(tree_str(one, "name"), tree_str(wanted, "name"))) {
            json_decref(out);
            return NULL;
        }
        for (size_t k = 0; k < 2; k++)
            tree_copy(one, wanted, TAKEN[k]);
    }
    return out;
}

static const char *const FIXED[] = {"metadata.labels", "metadata.annotations", "metadata.finalizers",
                                    "metadata.ownerReferences", "status"};

/* What a write of a part of the spec may not touch is as it was. */
static void keep_fixed(json_t *obj, const json_t *old)
{
    for (size_t i = 0; i < sizeof(FIXED) / sizeof(FIXED[0]); i++)
        tree_copy(obj, old, FIXED[i]);
}

static void resize(json_t *obj, const json_t *old)
{
    static const char *const LISTS[] = {"spec.containers", "spec.initContainers"};
    json_t *lists[2], *whole = json_incref(tree_get(obj, "spec.resources"));
    bool comparable = true;

    for (int i = 0; i < 2; i++) {
        const json_t *was = tree_get(old, LISTS[i]);

        lists[i] = was ? resized(tree_get(obj, LISTS[i]), was) : NULL;
        comparable = comparable && (lists[i] || (!was && !tree_size(obj, LISTS[i])));
    }
    if (comparable) {
        tree_copy(obj, old, "spec");
        for (int i = 0; i < 2; i++) {
            if (lists[i])
                tree_set(obj, LISTS[i], json_incref(lists[i]));
        }
        if (whole)
            tree_set(obj, "spec.resources", json_incref(whole));
        else
            tree_delete(obj, "spec.resources");
        keep_fixed(obj, old);
    }
    json_decref(whole);
    json_decref(lists[0]);
    json_decref(lists[1]);
}

static void debug(json_t *obj, const json_t *old)
{
    json_t *added = json_incref(tree_get(obj, "spec.ephemeralContainers"));

    tree_copy(obj, old, "spec");
    if (added)
        tree_set(obj, "spec.ephemeralContainers", added);
    else
        tree_delete(obj, "spec.ephemeralContainers");
    keep_fixed(obj, old);
}

/* What admission put in stays when an update leaves it out. */
static const char *const ADMITTED[] = {"spec.priority", "spec.preemptionPolicy"};

static void pod_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    for (size_t i = 0; i < sizeof(ADMITTED) / sizeof(ADMITTED[0]); i++) {
        if (!tree_get(obj, ADMITTED[i]))
            tree_copy(obj, old, ADMITTED[i]);
    }
    if (strcmp(c->subresource, "resize") == 0)
        resize(obj, old);
    else if (strcmp(c->subresource, "ephemeralcontainers") == 0)
        debug(obj, old);
    else if (strcmp(c->subresource, "status") == 0) {
        tree_copy(obj, old, "metadata.ownerReferences");
        if (!tree_str(obj, "status.qosClass").n)
            tree_copy(obj, old, "status.qosClass");
    }
}

/* A pod that runs nowhere, or no more, has nothing to end. */
static int64_t pod_grace_s(const struct strategy_call *c, const json_t *obj, int64_t asked)
{
    int64_t period = asked >= 0 ? asked : tree_int(obj, "spec.terminationGracePeriodSeconds", 0);
    struct str phase = tree_str(obj, "status.phase");

    if (!tree_str(obj, "spec.nodeName").n || str_is(phase, "Failed") || str_is(phase, "Succeeded"))
        return 0;
    return period < 0 ? 1 : period;
}

static const struct strategy ROWS[] = {
    {.group = "",
     .plural = "pods",
     .prepare_create = pod_create,
     .prepare_update = pod_update,
     .grace_s = pod_grace_s,
     .delete_returns_object = true},
};

const struct strategy_rows strategy_rows_pod = STRATEGY_ROWS(ROWS);
