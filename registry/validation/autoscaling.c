/* autoscaling: HorizontalPodAutoscaler in its stored form. Rule: pkg/apis/autoscaling/validation. */
#include "registry/validation/rows.h"

#include "registry/rules/quantities.h"
#include "registry/validation/numbers.h"
#include "registry/walk/tree.h"

#define PERIOD_MAX_S 1800
#define WINDOW_MAX_S 3600

/* What is asked of the apiVersion of a reference. */
struct ref_rules {
    bool any_version, no_group;
};

/* NULL: fine. */
static const char *api_version_error(struct check *c, struct str v, struct ref_rules rules)
{
    ptrdiff_t slash = str_find(v, '/');

    if (rules.any_version)
        return NULL;
    if (slash >= 0 && str_find((struct str){v.p + slash + 1, v.n - (size_t)slash - 1}, '/') >= 0)
        return arena_printf(c->arena, "unexpected GroupVersion string: %.*s", (int)v.n, v.p);
    if (slash <= 0 && !rules.no_group)
        return "apiVersion must specify API group";
    return NULL;
}

static void path_segment(struct check *c, const struct at *at, struct str v, const char *why)
{
    if (!v.n)
        check_required(c, at, why);
    else
        check_name(c, at, v, "path-segment");
}

static void object_reference(struct check *c, const struct at *at, const json_t *ref, struct ref_rules rules)
{
    struct at kind = at_field(at, "kind"), name = at_field(at, "name"), version = at_field(at, "apiVersion");
    const char *err = api_version_error(c, check_str(ref, "apiVersion"), rules);

    path_segment(c, &kind, check_str(ref, "kind"), "");
    path_segment(c, &name, check_str(ref, "name"), "");
    if (err)
        check_invalid_str(c, &version, check_str(ref, "apiVersion"), err);
}

/* ---- metrics ---- */

static void positive_quantity(struct check *c, const struct at *up, const json_t *target, const char *name)
{
    struct at at = at_field(up, name);

    if (check_has(target, name) && quantity_cmp(check_str(target, name), STR("0")) <= 0)
        check_invalid(c, &at, json_object_get(target, name), "must be positive");
}

static void metric_target(struct check *c, const struct at *up, const json_t *source)
{
    static const char *const TYPES[] = {"Utilization", "Value", "AverageValue"};
    const json_t *target = json_object_get(source, "target");
    struct at at = at_field(up, "target"), type = at_field(&at, "type"),
              use = at_field(&at, "averageUtilization");
    struct str is = check_str(target, "type");

    if (!is.n)
        check_required(c, &type, "must specify a metric target type");
    if (!check_one_of(is, TYPES, 3))
        check_invalid_str(c, &type, is, "must be either Utilization, Value, or AverageValue");
    positive_quantity(c, &at, target, "value");
    positive_quantity(c, &at, target, "averageValue");
    if (check_has(target, "averageUtilization") && check_int(target, "averageUtilization", 1) < 1)
        check_invalid_int(c, &use, check_int(target, "averageUtilization", 1), "must be greater than 0");
}

static void metric_identifier(struct check *c, const struct at *up, const json_t *source)
{
    struct at at = at_field(up, "metric.name");

    path_segment(c, &at, tree_str(source, "metric.name"), "must specify a metric name");
}

static bool has_target(const json_t *source, const char *name)
{
    return check_has(json_object_get(source, "target"), name);
}

static void object_source(struct check *c, const struct at *at, const json_t *source, struct ref_rules rules)
{
    struct at described = at_field(at, "describedObject"), average = at_field(at, "target.averageValue");

    object_reference(c, &described, json_object_get(source, "describedObject"), rules);
    metric_identifier(c, at, source);
    metric_target(c, at, source);
    if (!has_target(source, "value") && !has_target(source, "averageValue"))
        check_required(c, &average, "must set either a target value or averageValue");
}

static void external_source(struct check *c, const struct at *at, const json_t *source,
                            struct ref_rules rules)
{
    struct at average = at_field(at, "target.averageValue"), value = at_field(at, "target.value");

    metric_identifier(c, at, source);
    metric_target(c, at, source);
    if (!has_target(source, "value") && !has_target(source, "averageValue"))
        check_required(c, &average, "must set either a target value for metric or a per-pod target");
    if (has_target(source, "value") && has_target(source, "averageValue"))
        check_forbidden(c, &value, "may not set both a target value for metric and a per-pod target");
}

static void pods_source(struct check *c, const struct at *at, const json_t *source, struct ref_rules rules)
{
    struct at average = at_field(at, "target.averageValue");

    metric_identifier(c, at, source);
    metric_target(c, at, source);
    if (!has_target(source, "averageValue"))
        check_required(c, &average, "must specify a positive target averageValue");
}

static void resource_target(struct check *c, const struct at *at, const json_t *source)
{
    struct at use = at_field(at, "target.averageUtilization"), average = at_field(at, "target.averageValue");

    metric_target(c, at, source);
    if (!has_target(source, "averageUtilization") && !has_target(source, "averageValue"))
        check_required(c, &use, "must set either a target raw value or a target utilization");
    if (has_target(source, "averageUtilization") && has_target(source, "averageValue"))
        check_forbidden(c, &average, "may not set both a target raw value and a target utilization");
}

static void resource_source(struct check *c, const struct at *at, const json_t *source,
                            struct ref_rules rules)
{
    struct at name = at_field(at, "name");

    if (!check_str(source, "name").n)
        check_required(c, &name, "must specify a resource name");
    resource_target(c, at, source);
}

static void container_source(struct check *c, const struct at *at, const json_t *source,
                             struct ref_rules rules)
{
    struct at name = at_field(at, "name"), container = at_field(at, "container");

    if (!check_str(source, "name").n)
        check_required(c, &name, "must specify a resource name");
    else
        check_container_resource_name(c, &name, check_str(source, "name"));
    if (!check_str(source, "container").n)
        check_required(c, &container, "must specify a container");
    else
        check_name(c, &container, check_str(source, "container"), "dns-label");
    resource_target(c, at, source);
}

/* In the order in which the reference looks at them. */
static const struct {
    const char *type, *member;
    void (*check)(struct check *c, const struct at *at, const json_t *source, struct ref_rules rules);
} SOURCES[] = {
    {"Object", "object", object_source},
    {"External", "external", external_source},
    {"Pods", "pods", pods_source},
    {"Resource", "resource", resource_source},
    {"ContainerResource", "containerResource", container_source},
};
#define NSOURCES (sizeof(SOURCES) / sizeof(SOURCES[0]))

static const char *const METRIC_TYPES[] = {"ContainerResource", "External", "Object", "Pods", "Resource"};

/* Only the first source is looked into; with more than one, all but that of the type are forbidden. */
static void metric(struct check *c, const struct at *at, const json_t *metric, struct ref_rules rules)
{
    struct str is = check_str(metric, "type");
    struct at type = at_field(at, "type");
    const char *wanted = NULL;
    int present = 0;

    if (!is.n)
        check_required(c, &type, "must specify a metric source type");
    check_enum(c, &type, is, METRIC_TYPES, 5);
    for (size_t i = 0; i < NSOURCES; i++) {
        struct at source = at_field(at, SOURCES[i].member);

        if (str_is(is, SOURCES[i].type))
            wanted = SOURCES[i].member;
        if (check_has(metric, SOURCES[i].member) && present++ == 0)
            SOURCES[i].check(c, &source, json_object_get(metric, SOURCES[i].member), rules);
    }
    if (!wanted) {
        check_not_supported(c, &type, is, METRIC_TYPES, 5);
    } else if (!check_has(metric, wanted)) {
        struct at source = at_field(at, wanted);

        check_required(c, &source, "must populate information for the given metric source");
    }
    for (size_t i = 0; present > 1 && i < NSOURCES; i++) {
        struct at source = at_field(at, SOURCES[i].member);

        if (check_has(metric, SOURCES[i].member) && (!wanted || strcmp(SOURCES[i].member, wanted) != 0))
            check_forbidden(c, &source, "must populate the given metric source only");
    }
}

static void metrics(struct check *c, const json_t *spec, struct ref_rules rules)
{
    struct at all = at_field(NULL, "spec.metrics");
    bool from_outside = false;
    json_t *m;
    size_t i;

    json_array_foreach(json_object_get(spec, "metrics"), i, m)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        metric(c, &at, m, rules);
        if (str_is(check_str(m, "type"), "Object") || str_is(check_str(m, "type"), "External"))
            from_outside = true;
    }
    if (check_has(spec, "minReplicas") && check_int(spec, "minReplicas", 1) == 0 && !from_outside)
        check_forbidden(
            c, &all,
            "must specify at least one Object or External metric to support scaling to zero replicas");
}

/* ---- behavior ---- */

static void scaling_policy(struct check *c, const struct at *at, const json_t *policy)
{
    static const char *const TYPES[] = {"Percent", "Pods"};
    int64_t value = check_int(policy, "value", 0), period = check_int(policy, "periodSeconds", 0);
    struct at type_at = at_field(at, "type"), value_at = at_field(at, "value"),
              period_at = at_field(at, "periodSeconds");

    check_enum(c, &type_at, check_str(policy, "type"), TYPES, 2);
    if (value <= 0)
        check_invalid_int(c, &value_at, value, "must be greater than zero");
    if (period <= 0)
        check_invalid_int(c, &period_at, period, "must be greater than zero");
    if (period > PERIOD_MAX_S)
        check_invalid_int(c, &period_at, period, "must be less than or equal to 1800");
}

static void scaling_rules(struct check *c, const json_t *behavior, const char *name)
{
    static const char *const SELECT[] = {"Disabled", "Max", "Min"};
    const json_t *rules = json_object_get(behavior, name);
    struct at up = at_field(NULL, "spec.behavior"), at = at_field(&up, name),
              window_at = at_field(&at, "stabilizationWindowSeconds"), select = at_field(&at, "selectPolicy"),
              policies = at_field(&at, "policies"), tolerance = at_field(&at, "tolerance");
    int64_t window = check_int(rules, "stabilizationWindowSeconds", 0);
    json_t *policy;
    size_t i;

    if (!check_has(behavior, name))
        return;
    if (window < 0)
        check_invalid_int(c, &window_at, window, "must be greater than or equal to zero");
    if (window > WINDOW_MAX_S)
        check_invalid_int(c, &window_at, window, "must be less than or equal to 3600");
    if (check_has(rules, "selectPolicy"))
        check_enum(c, &select, check_str(rules, "selectPolicy"), SELECT, 3);
    if (!json_array_size(json_object_get(rules, "policies")))
        check_required(c, &policies, "must specify at least one Policy");
    json_array_foreach(json_object_get(rules, "policies"), i, policy)
    {
        struct at policy_at = at_index(&policies, i);

        if (check_full(c))
            return;
        scaling_policy(c, &policy_at, policy);
    }
    if (check_has(rules, "tolerance"))
        check_quantity_nonnegative(c, &tolerance, check_str(rules, "tolerance"));
}

/* ---- the whole ---- */

struct rules {
    int64_t fewest; /* of minReplicas */
    struct ref_rules target, object;
};

static void autoscaler_spec(struct check *c, const json_t *obj, struct rules rules)
{
    const json_t *spec = json_object_get(obj, "spec");
    int64_t max = check_int(spec, "maxReplicas", 0), min = check_int(spec, "minReplicas", 0);
    struct at min_at = at_field(NULL, "spec.minReplicas"), max_at = at_field(NULL, "spec.maxReplicas"),
              ref = at_field(NULL, "spec.scaleTargetRef");
    bool has_min = check_has(spec, "minReplicas");

    if (has_min && min < rules.fewest)
        check_invalid_int(c, &min_at, min,
                          rules.fewest ? "must be greater than or equal to 1"
                                       : "must be greater than or equal to 0");
    if (max == 0)
        check_required(c, &max_at, "must be set and greater than 0");
    else if (max < 0)
        check_invalid_int(c, &max_at, max, "must be greater than or equal to 1");
    if (has_min && max < min)
        check_invalid_int(c, &max_at, max, "must be greater than or equal to `minReplicas`");
    object_reference(c, &ref, json_object_get(spec, "scaleTargetRef"), rules.target);
    metrics(c, spec, rules.object);
    scaling_rules(c, json_object_get(spec, "behavior"), "scaleUp");
    scaling_rules(c, json_object_get(spec, "behavior"), "scaleDown");
}

static bool is_controller(const json_t *obj)
{
    return str_is(tree_str(obj, "spec.scaleTargetRef.kind"), "ReplicationController");
}

static void autoscaler(struct check *c, const json_t *obj)
{
    autoscaler_spec(
        c, obj, (struct rules){.fewest = 1, .target.no_group = is_controller(obj), .object.no_group = true});
}

static bool same_text(const json_t *a, const json_t *b, const char *path)
{
    return str_eq(tree_str(a, path), tree_str(b, path));
}

/* Whether an object metric of old has an apiVersion that is refused today. */
static bool has_bad_object(struct check *c, const json_t *old)
{
    json_t *m;
    size_t i;

    json_array_foreach(tree_get(old, "spec.metrics"), i, m)
    {
        if (str_is(check_str(m, "type"), "Object") && check_has(m, "object") &&
            api_version_error(c, tree_str(m, "object.describedObject.apiVersion"),
                              (struct ref_rules){.no_group = true}))
            return true;
    }
    return false;
}

static void autoscaler_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct rules rules = {.fewest = 1, .object.no_group = true};

    if (tree_int(old, "spec.minReplicas", 1) == 0)
        rules.fewest = 0;
    if (same_text(obj, old, "spec.scaleTargetRef.apiVersion") &&
        same_text(obj, old, "spec.scaleTargetRef.kind"))
        rules.target.any_version = true;
    else
        rules.target.no_group = is_controller(obj);
    rules.object.any_version = has_bad_object(c, old);
    autoscaler_spec(c, obj, rules);
}

static void autoscaler_status(struct check *c, const json_t *obj, const json_t *old)
{
    struct at current = at_field(NULL, "status.currentReplicas"),
              desired = at_field(NULL, "status.desiredReplicas");

    check_nonnegative(c, &current, tree_int(obj, "status.currentReplicas", 0));
    check_nonnegative(c, &desired, tree_int(obj, "status.desiredReplicas", 0));
}

static const struct validation ROWS[] = {
    {.group = "autoscaling",
     .plural = "horizontalpodautoscalers",
     .create = autoscaler,
     .update = autoscaler_update,
     .update_status = autoscaler_status},
};

const struct validation_rows validation_rows_autoscaling = VALIDATION_ROWS(ROWS);
