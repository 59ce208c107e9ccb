/* Pods. Source: pkg/registry/core/pod/strategy.go, pkg/apis/core/helper/qos. */
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

static const char *const QOS_RESOURCES[] = {"cpu", "memory"};

struct qos {
    bool asks, guaranteed;
};

static void count_container(struct qos *q, const json_t *container)
{
    for (size_t i = 0; i < sizeof(QOS_RESOURCES) / sizeof(QOS_RESOURCES[0]); i++) {
        const json_t *request = json_object_get(tree_get(container, "resources.requests"), QOS_RESOURCES[i]);
        const json_t *limit = json_object_get(tree_get(container, "resources.limits"), QOS_RESOURCES[i]);

        if (request || limit)
            q->asks = true;
        if (!limit || (request && !json_equal(request, limit)))
            q->guaranteed = false;
    }
}

static const char *qos_class(const json_t *pod)
{
    struct qos q = {false, true};
    size_t i;
    json_t *c;

    json_array_foreach(tree_get(pod, "spec.containers"), i, c) count_container(&q, c);
    json_array_foreach(tree_get(pod, "spec.initContainers"), i, c) count_container(&q, c);
    return !q.asks ? "BestEffort" : q.guaranteed ? "Guaranteed" : "Burstable";
}

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
}

/* What admission put in stays when an update leaves it out. */
static const char *const ADMITTED[] = {"spec.priority", "spec.preemptionPolicy"};

static void pod_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    for (size_t i = 0; i < sizeof(ADMITTED) / sizeof(ADMITTED[0]); i++) {
        if (!tree_get(obj, ADMITTED[i]))
            tree_copy(obj, old, ADMITTED[i]);
    }
    if (strcmp(c->subresource, "status") == 0) {
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
