/* The few kinds that are served in more than one form: HorizontalPodAutoscaler (autoscaling/v1 is v2 with one
 * CPU target and the rest in annotations) and Event (events.k8s.io/v1 renames the fields of the core kind).
 * Rules: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/events/v1/conversion.go. */
#include "registry/strategy/strategy.h"

#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define HPA_CONDITIONS "autoscaling.alpha.kubernetes.io/conditions"
#define HPA_METRICS "autoscaling.alpha.kubernetes.io/metrics"
#define HPA_CURRENT "autoscaling.alpha.kubernetes.io/current-metrics"
#define HPA_BEHAVIOR "autoscaling.alpha.kubernetes.io/behavior"

struct rename {
    const char *core, *events;
};

static const struct rename EVENT_FIELDS[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

static void rename_events(json_t *obj, bool to_core)
{
    for (size_t i = 0; i < sizeof(EVENT_FIELDS) / sizeof(EVENT_FIELDS[0]); i++) {
        const char *from = to_core ? EVENT_FIELDS[i].events : EVENT_FIELDS[i].core;
        const char *to = to_core ? EVENT_FIELDS[i].core : EVENT_FIELDS[i].events;
        json_t *v = json_incref(json_object_get(obj, from));

        json_object_del(obj, from);
        if (v)
            json_object_set_new(obj, to, v);
    }
}

static bool is_cpu(const json_t *metric)
{
    return str_is(tree_str(metric, "type"), "Resource") && str_is(tree_str(metric, "resource.name"), "cpu");
}

static void annotate(json_t *obj, const char *key, const json_t *value)
{
    json_t *all = tree_get(obj, "metadata.annotations");
    struct buf b = {0};

    if (!json_is_object(all))
        tree_set(obj, "metadata.annotations", all = json_object());
    json_write(&b, value, 0);
    json_object_set_new(all, key, json_stringn(b.p, b.n));
    buf_free(&b);
}

/* The value of an annotation that was written by annotate, taken out; NULL: none, or no JSON. */
static json_t *unannotate(json_t *obj, const char *key)
{
    json_t *all = tree_get(obj, "metadata.annotations");
    const char *text = json_string_value(json_object_get(all, key));
    json_t *v = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    json_object_del(all, key);
    if (json_is_object(all) && !json_object_size(all))
        tree_delete(obj, "metadata.annotations");
    return v;
}

/* Takes the CPU utilization out of a list of metrics; the others stay. */
static void cpu_to_v1(json_t *obj, const char *list, const char *value, const char *field, const char *rest)
{
    json_t *metrics = json_incref(tree_get(obj, list));
    size_t i;
    json_t *m;

    tree_delete(obj, list);
    json_array_foreach(metrics, i, m)
    {
        json_t *v = is_cpu(m) ? tree_get(m, value) : NULL;

        if (v) {
            tree_set(obj, field, json_incref(v));
            json_array_remove(metrics, i);
            break;
        }
    }
    if (json_array_size(metrics))
        annotate(obj, rest, metrics);
    json_decref(metrics);
}

static void hpa_to_v1(json_t *obj)
{
    json_t *conditions = tree_get(obj, "status.conditions"), *behavior = tree_get(obj, "spec.behavior");

    if (json_array_size(conditions))
        annotate(obj, HPA_CONDITIONS, conditions);
    if (behavior)
        annotate(obj, HPA_BEHAVIOR, behavior);
    tree_delete(obj, "status.conditions");
    tree_delete(obj, "spec.behavior");
    cpu_to_v1(obj, "spec.metrics", "resource.target.averageUtilization",
              "spec.targetCPUUtilizationPercentage", HPA_METRICS);
    cpu_to_v1(obj, "status.currentMetrics", "resource.current.averageUtilization",
              "status.currentCPUUtilizationPercentage", HPA_CURRENT);
}

static void cpu_to_v2(json_t *obj, const char *list, const char *field, const char *rest, bool target)
{
    json_t *metrics = unannotate(obj, rest), *v = json_incref(tree_get(obj, field)), *m;

    tree_delete(obj, field);
    if (!json_is_array(metrics)) {
        json_decref(metrics);
        metrics = json_array();
    }
    if (v) {
        m = target ? json_pack("{s:s, s:{s:s, s:{s:s, s:o}}}", "type", "Resource", "resource", "name", "cpu",
                               "target", "type", "Utilization", "averageUtilization", v)
                   : json_pack("{s:s, s:{s:s, s:{s:o}}}", "type", "Resource", "resource", "name", "cpu",
                               "current", "averageUtilization", v);
        json_array_insert_new(metrics, 0, m);
    }
    if (json_array_size(metrics))
        tree_set(obj, list, json_incref(metrics));
    json_decref(metrics);
}

static void hpa_to_v2(json_t *obj)
{
    json_t *conditions = unannotate(obj, HPA_CONDITIONS), *behavior = unannotate(obj, HPA_BEHAVIOR);

    if (json_is_array(conditions))
        tree_set(obj, "status.conditions", json_incref(conditions));
    if (json_is_object(behavior))
        tree_set(obj, "spec.behavior", json_incref(behavior));
    json_decref(conditions);
    json_decref(behavior);
    cpu_to_v2(obj, "spec.metrics", "spec.targetCPUUtilizationPercentage", HPA_METRICS, true);
    cpu_to_v2(obj, "status.currentMetrics", "status.currentCPUUtilizationPercentage", HPA_CURRENT, false);
}

json_t *strategy_convert(struct arena *a, json_t *obj, const struct schema_resource *from,
                         const struct schema_resource *to, struct status *st)
{
    if (from == to)
        return obj;
    if (strcmp(from->kind, "Event") == 0)
        rename_events(obj, strcmp(to->group, "") == 0);
    else if (strcmp(from->kind, "HorizontalPodAutoscaler") == 0 && strcmp(to->version, "v1") == 0)
        hpa_to_v1(obj);
    else if (strcmp(from->kind, "HorizontalPodAutoscaler") == 0)
        hpa_to_v2(obj);
    tree_set_string(obj, "kind", to->kind);
    tree_set_string(obj, "apiVersion", to->api_version);
    return obj;
}
