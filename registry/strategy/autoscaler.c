/* Metrics differ between the versions in where their parts are: a table says it, both ways. The behavior's
 * form is an accident of the reference (its internal type, with its names), which clients have learned to
 * read. */
#include "registry/strategy/autoscaler.h"

#include <ctype.h>
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define PREFIX "autoscaling.alpha.kubernetes.io/"
#define CONDITIONS PREFIX "conditions"
#define METRICS PREFIX "metrics"
#define CURRENT PREFIX "current-metrics"
#define BEHAVIOR PREFIX "behavior"

/* In the order of v1. `of`: 's' in the wanted metric, 'c' in the current one, 'b' in both. */
struct part {
    const char *source, *v1, *v2;
    char of;
};

static const struct part PARTS[] = {
    {"object", "target", "describedObject", 'b'},
    {"object", "metricName", "metric.name", 'b'},
    {"object", "targetValue", "target.value", 's'},
    {"object", "currentValue", "current.value", 'c'},
    {"object", "selector", "metric.selector", 'b'},
    {"object", "averageValue", "target.averageValue", 's'},
    {"object", "averageValue", "current.averageValue", 'c'},
    {"pods", "metricName", "metric.name", 'b'},
    {"pods", "targetAverageValue", "target.averageValue", 's'},
    {"pods", "currentAverageValue", "current.averageValue", 'c'},
    {"pods", "selector", "metric.selector", 'b'},
    {"resource", "name", "name", 'b'},
    {"resource", "targetAverageUtilization", "target.averageUtilization", 's'},
    {"resource", "targetAverageValue", "target.averageValue", 's'},
    {"resource", "currentAverageUtilization", "current.averageUtilization", 'c'},
    {"resource", "currentAverageValue", "current.averageValue", 'c'},
    {"containerResource", "name", "name", 'b'},
    {"containerResource", "targetAverageUtilization", "target.averageUtilization", 's'},
    {"containerResource", "targetAverageValue", "target.averageValue", 's'},
    {"containerResource", "currentAverageUtilization", "current.averageUtilization", 'c'},
    {"containerResource", "currentAverageValue", "current.averageValue", 'c'},
    {"containerResource", "container", "container", 'b'},
    {"external", "metricName", "metric.name", 'b'},
    {"external", "metricSelector", "metric.selector", 'b'},
    {"external", "targetValue", "target.value", 's'},
    {"external", "currentValue", "current.value", 'c'},
    {"external", "targetAverageValue", "target.averageValue", 's'},
    {"external", "currentAverageValue", "current.averageValue", 'c'},
};
#define NPARTS (sizeof(PARTS) / sizeof(PARTS[0]))

/* What v1 always writes. */
static bool is_required(const struct part *p)
{
    return (strcmp(p->source, "object") == 0 &&
            (strcmp(p->v1, "targetValue") == 0 || strcmp(p->v1, "currentValue") == 0)) ||
           (p->of == 'c' && strcmp(p->v1, "currentAverageValue") == 0 &&
            strcmp(p->source, "external") != 0) ||
           (p->of == 'c' && strcmp(p->v1, "currentValue") == 0);
}

static void set_kind_of_target(json_t *source, const char *name)
{
    const char *kind = "AverageValue";

    if (!tree_get(source, "target"))
        return;
    if (tree_get(source, "target.averageUtilization"))
        kind = "Utilization";
    else if (tree_get(source, "target.value") && !tree_get(source, "target.averageValue") &&
             (strcmp(name, "object") == 0 || strcmp(name, "external") == 0))
        kind = "Value";
    tree_set_string(source, "target.type", kind);
}

/* One metric from one version to the other; of: 's' wanted, 'c' current. New reference. */
static json_t *convert_metric(const json_t *metric, char of, bool to_v1)
{
    json_t *out = json_object(), *source = NULL;
    const char *name = NULL;

    if (tree_get(metric, "type"))
        json_object_set(out, "type", tree_get(metric, "type"));
    for (size_t i = 0; i < NPARTS; i++) {
        const struct part *p = &PARTS[i];
        const json_t *from = tree_get(metric, p->source);
        json_t *v = from ? tree_get(from, to_v1 ? p->v2 : p->v1) : NULL;

        if (!from || (p->of != 'b' && p->of != of))
            continue;
        if (!source)
            json_object_set_new(out, name = p->source, source = json_object());
        if (v && (to_v1 || !json_is_string(v) || strcmp(json_string_value(v), "0") != 0 || !is_required(p)))
            tree_set(source, to_v1 ? p->v1 : p->v2, json_incref(v));
        else if (to_v1 && is_required(p))
            tree_set_string(source, p->v1, "0");
    }
    if (source && !to_v1 && of == 's')
        set_kind_of_target(source, name);
    return out;
}

static json_t *convert_metrics(const json_t *list, char of, bool to_v1)
{
    json_t *out = json_array(), *m;
    size_t i;

    json_array_foreach(list, i, m) json_array_append_new(out, convert_metric(m, of, to_v1));
    return out;
}

/* ---- the behavior ---- */

static const char *const RULES[] = {"scaleUp", "scaleDown"};
static const char *const RULE_FIELDS[] = {"stabilizationWindowSeconds", "selectPolicy", "policies",
                                          "tolerance"};
static const char *const POLICY_FIELDS[] = {"type", "value", "periodSeconds"};

/* The fields by name, the first letter in upper case, null when absent; or back, in any case. */
static json_t *renamed(const json_t *from, const char *const *fields, int n, bool capitals)
{
    json_t *out = json_object(), *v;
    char name[40];

    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "%c%s", toupper((unsigned char)fields[i][0]), fields[i] + 1);
        v = json_object_get(from, capitals ? fields[i] : name);
        if (!v && !capitals)
            v = json_object_get(from, fields[i]);
        if (v && !json_is_null(v))
            json_object_set(out, capitals ? name : fields[i], v);
        else if (capitals)
            json_object_set_new(out, name, json_null());
    }
    return out;
}

static void rename_policies(json_t *rules, bool capitals)
{
    const char *key = capitals ? "Policies" : "policies";
    const json_t *policies = json_object_get(rules, key);
    json_t *out, *p;
    size_t i;

    if (!json_is_array(policies))
        return;
    out = json_array();
    json_array_foreach(policies, i, p) json_array_append_new(out, renamed(p, POLICY_FIELDS, 3, capitals));
    json_object_set_new(rules, key, out);
}

static json_t *convert_behavior(const json_t *behavior, bool capitals)
{
    json_t *out = renamed(behavior, RULES, 2, capitals), *rules;
    const char *key;
    void *next;

    json_object_foreach_safe(out, next, key, rules)
    {
        json_t *r;

        if (!json_is_object(rules))
            continue;
        r = renamed(rules, RULE_FIELDS, 4, capitals);
        rename_policies(r, capitals);
        json_object_set_new(out, key, r);
    }
    return out;
}

/* ---- annotations ---- */

static void annotate(json_t *hpa, const char *key, json_t *value)
{
    json_t *all = tree_get(hpa, "metadata.annotations");
    struct buf b = {0};

    if (!json_is_object(all))
        tree_set(hpa, "metadata.annotations", all = json_object());
    json_write(&b, value, 0);
    json_object_set_new(all, key, json_stringn(b.p, b.n));
    buf_free(&b);
    json_decref(value);
}

/* The value of an annotation, taken out; NULL: none, or none of the kind. */
static json_t *unannotate(json_t *hpa, const char *key, bool list)
{
    json_t *all = tree_get(hpa, "metadata.annotations");
    const char *text = json_string_value(json_object_get(all, key));
    json_t *v = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    json_object_del(all, key);
    if (json_is_object(all) && !json_object_size(all))
        tree_delete(hpa, "metadata.annotations");
    if (v && (list ? !json_is_array(v) : !json_is_object(v))) {
        json_decref(v);
        v = NULL;
    }
    return v;
}

static void drop_annotations(json_t *hpa)
{
    static const char *const KEYS[] = {CONDITIONS, METRICS, CURRENT, BEHAVIOR};

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
        json_decref(unannotate(hpa, KEYS[i], true));
}

static bool is_cpu_use(const json_t *metric)
{
    return str_is(tree_str(metric, "type"), "Resource") && str_is(tree_str(metric, "resource.name"), "cpu") &&
           tree_get(metric, "resource.target.averageUtilization");
}

/* The first CPU utilization is what v1 can say; others of the kind are lost, as in the reference. */
static void metrics_to_v1(json_t *hpa)
{
    json_t *metrics = json_incref(tree_get(hpa, "spec.metrics")), *others = json_array(), *m, *use = NULL;
    size_t i;

    tree_delete(hpa, "spec.metrics");
    json_array_foreach(metrics, i, m)
    {
        if (!is_cpu_use(m))
            json_array_append(others, m);
        else if (!use)
            use = tree_get(m, "resource.target.averageUtilization");
    }
    if (use)
        tree_set(hpa, "spec.targetCPUUtilizationPercentage", json_incref(use));
    if (json_array_size(others))
        annotate(hpa, METRICS, convert_metrics(others, 's', true));
    json_decref(others);
    json_decref(metrics);
}

static void current_to_v1(json_t *hpa)
{
    json_t *metrics = json_incref(tree_get(hpa, "status.currentMetrics")), *m;
    size_t i;

    tree_delete(hpa, "status.currentMetrics");
    json_array_foreach(metrics, i, m)
    {
        if (str_is(tree_str(m, "resource.name"), "cpu") &&
            tree_get(m, "resource.current.averageUtilization")) {
            tree_set(hpa, "status.currentCPUUtilizationPercentage",
                     json_incref(tree_get(m, "resource.current.averageUtilization")));
            break;
        }
    }
    if (json_array_size(metrics))
        annotate(hpa, CURRENT, convert_metrics(metrics, 'c', true));
    json_decref(metrics);
}

void autoscaler_to_v1(json_t *hpa)
{
    json_t *conditions = json_incref(tree_get(hpa, "status.conditions"));
    json_t *behavior = json_incref(tree_get(hpa, "spec.behavior"));

    drop_annotations(hpa);
    tree_delete(hpa, "status.conditions");
    tree_delete(hpa, "spec.behavior");
    metrics_to_v1(hpa);
    current_to_v1(hpa);
    if (behavior)
        annotate(hpa, BEHAVIOR, convert_behavior(behavior, true));
    if (json_array_size(conditions))
        annotate(hpa, CONDITIONS, json_incref(conditions));
    json_decref(conditions);
    json_decref(behavior);
}

static void metrics_to_v2(json_t *hpa)
{
    json_t *use = json_incref(tree_get(hpa, "spec.targetCPUUtilizationPercentage"));
    json_t *old = unannotate(hpa, METRICS, true), *metrics = convert_metrics(old, 's', false);

    tree_delete(hpa, "spec.targetCPUUtilizationPercentage");
    if (use)
        json_array_append_new(metrics, json_pack("{s:s, s:{s:s, s:{s:s, s:o}}}", "type", "Resource",
                                                 "resource", "name", "cpu", "target", "type", "Utilization",
                                                 "averageUtilization", use));
    if (json_array_size(metrics))
        tree_set(hpa, "spec.metrics", metrics);
    else
        json_decref(metrics);
    json_decref(old);
}

static void current_to_v2(json_t *hpa)
{
    json_t *use = json_incref(tree_get(hpa, "status.currentCPUUtilizationPercentage"));
    json_t *old = unannotate(hpa, CURRENT, true);

    tree_delete(hpa, "status.currentCPUUtilizationPercentage");
    if (old)
        tree_set(hpa, "status.currentMetrics", convert_metrics(old, 'c', false));
    else if (use)
        tree_set(hpa, "status.currentMetrics",
                 json_pack("[{s:s, s:{s:s, s:{s:O}}}]", "type", "Resource", "resource", "name", "cpu",
                           "current", "averageUtilization", use));
    json_decref(use);
    json_decref(old);
}

void autoscaler_to_v2(json_t *hpa)
{
    json_t *conditions = unannotate(hpa, CONDITIONS, true), *behavior = unannotate(hpa, BEHAVIOR, false);

    if (conditions)
        tree_set(hpa, "status.conditions", json_incref(conditions));
    if (json_object_size(behavior))
        tree_set(hpa, "spec.behavior", convert_behavior(behavior, false));
    json_decref(conditions);
    json_decref(behavior);
    metrics_to_v2(hpa);
    current_to_v2(hpa);
}
