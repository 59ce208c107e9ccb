/* ReplicationControllers, ReplicaSets, Deployments, DaemonSets, ControllerRevisions. Rule:
 * pkg/apis/apps/validation; StatefulSets have their own file. */
#include "registry/validation/rows.h"
#include "registry/validation/samevalue.h"

#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/selectors.h"
#include "registry/validation/templates.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))
#define OF_REPLICAS "cannot be greater than status.replicas"

static struct at spec_at(void)
{
    return at_field(NULL, "spec");
}

static void check_fixed_selector(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.selector");

    check_immutable_of(c, &at, tree_get(obj, "spec.selector"), tree_get(old, "spec.selector"),
                       schema_type(STR("meta/v1"), STR("LabelSelector")));
}

/* A selector that is no selector has been complained about; templates are then left alone. */
static void check_selected_template(struct check *c, const struct at *at, const json_t *spec,
                                    const struct pod_options *o)
{
    const struct schema_type *type = schema_type(STR("meta/v1"), STR("LabelSelector"));
    const json_t *selector = json_object_get(spec, "selector"),
                 *template_ = json_object_get(spec, "template");
    struct at template_at = at_field(at, "template"), selector_at = at_field(at, "selector");

    if (label_selector_is_wrong(c, selector)) {
        check_invalid_of(c, &selector_at, selector, type, "invalid label selector");
        return;
    }
    if (!(selector && label_selector_is_empty(selector)) &&
        !label_selector_selects(selector, tree_get(template_, "metadata.labels")))
        check_template_labels(c, &template_at, template_);
    check_pod_template(c, &template_at, template_, o);
    check_lasting(c, &template_at, template_, "ReplicaSet");
}

/* ---- ReplicationController ---- */

static void controller_spec(struct check *c, const json_t *obj, const struct pod_options *o)
{
    static const char *const FIRST[] = {"minReadySeconds"}, *const THEN[] = {"replicas"};
    const json_t *spec = json_object_get(obj, "spec"), *selector = json_object_get(spec, "selector");
    const json_t *template_ = json_object_get(spec, "template");
    struct at at = spec_at(), selector_at = at_field(&at, "selector"),
              template_at = at_field(&at, "template");
    json_t *labels;

    check_counts(c, &at, spec, FIRST, 1);
    if (!json_object_size(selector))
        check_required(c, &selector_at, "");
    check_counts(c, &at, spec, THEN, 1);
    if (!template_) {
        check_required(c, &template_at, "");
        return;
    }
    labels = json_object_size(selector) ? json_pack("{s:O}", "matchLabels", selector) : NULL;
    if (labels && !label_selector_selects(labels, tree_get(template_, "metadata.labels")))
        check_template_labels(c, &template_at, template_);
    json_decref(labels);
    check_pod_template(c, &template_at, template_, o);
    check_lasting(c, &template_at, template_, "ReplicationController");
}

static void controller_create(struct check *c, const json_t *obj)
{
    struct pod_options o = {0};

    controller_spec(c, obj, &o);
}

static void controller_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct pod_options o = template_options(c, old);

    controller_spec(c, obj, &o);
}

/* Of ReplicationControllers and ReplicaSets. */
static void replicas_status(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const COUNTS[] = {"replicas",          "fullyLabeledReplicas", "readyReplicas",
                                         "availableReplicas", "observedGeneration",   "terminatingReplicas"};
    const json_t *status = json_object_get(obj, "status");
    struct at at = at_field(NULL, "status");

    check_counts(c, &at, status, COUNTS, N(COUNTS));
    check_at_most(c, &at, status, "fullyLabeledReplicas", "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "readyReplicas", "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "availableReplicas", "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "availableReplicas", "readyReplicas",
                  "cannot be greater than readyReplicas");
}

/* ---- ReplicaSet ---- */

static void replicaset_spec(struct check *c, const json_t *obj, const struct pod_options *o)
{
    static const char *const COUNTS[] = {"replicas", "minReadySeconds"};
    const json_t *spec = json_object_get(obj, "spec");
    struct at at = spec_at();

    check_counts(c, &at, spec, COUNTS, 2);
    check_own_selector(c, &at, spec, "deployment"); /* sic */
    check_selected_template(c, &at, spec, o);
}

static void replicaset_create(struct check *c, const json_t *obj)
{
    struct pod_options o = {0};

    replicaset_spec(c, obj, &o);
}

static void replicaset_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct pod_options o = template_options(c, old);

    replicaset_spec(c, obj, &o);
    check_fixed_selector(c, obj, old);
}

/* ---- Deployment ---- */

static void deployment_rolling(struct check *c, const struct at *up, const json_t *rolling)
{
    struct at at = at_field(up, "rollingUpdate"), unavailable = at_field(&at, "maxUnavailable"),
              surge = at_field(&at, "maxSurge");
    const json_t *down = json_object_get(rolling, "maxUnavailable"),
                 *over = json_object_get(rolling, "maxSurge");

    check_int_or_percent(c, &unavailable, down);
    check_int_or_percent(c, &surge, over);
    if (int_or_percent_value(down) == 0 && int_or_percent_value(over) == 0)
        check_number_invalid(c, &unavailable, down, "may not be 0 when `maxSurge` is 0");
    check_at_most_100_percent(c, &unavailable, down);
}

/* The value is printed whole, as the reference's type is. */
static void check_strategy_type(struct check *c, const struct at *at, const json_t *strategy,
                                const char *type, const char *const *valid)
{
    if (!check_full(c))
        field_not_supported_text(c->st, at_text(c->arena, at),
                                 printed(c, strategy, schema_type(STR("apps/v1"), str_of(type))), valid, 2);
}

static void deployment_strategy(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const TYPES[] = {"Recreate", "RollingUpdate"};
    const json_t *strategy = json_object_get(spec, "strategy"),
                 *rolling = json_object_get(strategy, "rollingUpdate");
    struct at at = at_field(up, "strategy"), rolling_at = at_field(&at, "rollingUpdate");
    struct str type = check_str(strategy, "type");

    if (str_is(type, "Recreate")) {
        if (rolling)
            check_forbidden(c, &rolling_at, "may not be specified when strategy `type` is 'Recreate'");
    } else if (!str_is(type, "RollingUpdate")) {
        check_strategy_type(c, &at, strategy, "DeploymentStrategy", TYPES);
    } else if (!rolling) {
        check_required(c, &rolling_at, "this should be defaulted and never be nil");
    } else {
        deployment_rolling(c, &at, rolling);
    }
}

static void deployment_spec(struct check *c, const json_t *obj, const struct pod_options *o)
{
    static const char *const FIRST[] = {"replicas"};
    static const char *const LAST[] = {"minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"};
    const json_t *spec = json_object_get(obj, "spec");
    struct at at = spec_at(), deadline = at_field(&at, "progressDeadlineSeconds");
    int64_t seconds = check_int(spec, "progressDeadlineSeconds", INT64_MAX);

    check_counts(c, &at, spec, FIRST, 1);
    check_own_selector(c, &at, spec, "deployment");
    check_selected_template(c, &at, spec, o);
    deployment_strategy(c, &at, spec);
    check_counts(c, &at, spec, LAST, N(LAST));
    if (seconds <= check_int(spec, "minReadySeconds", 0))
        check_invalid_int(c, &deadline, seconds, "must be greater than minReadySeconds");
}

static void deployment_create(struct check *c, const json_t *obj)
{
    struct pod_options o = {0};

    deployment_spec(c, obj, &o);
}

static void deployment_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct pod_options o = template_options(c, old);

    deployment_spec(c, obj, &o);
    check_fixed_selector(c, obj, old);
}

static void deployment_status(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const COUNTS[] = {"observedGeneration",  "replicas",          "updatedReplicas",
                                         "readyReplicas",       "availableReplicas", "unavailableReplicas",
                                         "terminatingReplicas", "collisionCount"};
    const json_t *status = json_object_get(obj, "status");
    struct at at = at_field(NULL, "status");

    check_counts(c, &at, status, COUNTS, N(COUNTS));
    check_at_most(c, &at, status, "updatedReplicas", "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "readyReplicas", "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "availableReplicas", "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "availableReplicas", "readyReplicas",
                  "cannot be greater than readyReplicas");
    check_not_decremented(c, &at, status, json_object_get(old, "status"), "collisionCount");
}

/* ---- DaemonSet ---- */

static void daemonset_rolling(struct check *c, const struct at *at, const json_t *rolling)
{
    struct at unavailable = at_field(at, "maxUnavailable"), surge = at_field(at, "maxSurge");
    const json_t *down = json_object_get(rolling, "maxUnavailable"),
                 *over = json_object_get(rolling, "maxSurge");

    check_int_or_percent(c, &unavailable, down);
    check_int_or_percent(c, &surge, over);
    check_at_most_100_percent(c, &unavailable, down);
    check_at_most_100_percent(c, &surge, over);
    if (int_or_percent_value(down) != 0 && int_or_percent_value(over) != 0)
        check_number_invalid(c, &surge, over, "may not be set when maxUnavailable is non-zero");
    else if (int_or_percent_value(down) == 0 && int_or_percent_value(over) == 0)
        check_required(c, &unavailable, "cannot be 0 when maxSurge is 0");
}

static void daemonset_strategy(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const TYPES[] = {"RollingUpdate", "OnDelete"};
    const json_t *strategy = json_object_get(spec, "updateStrategy");
    struct at at = at_field(up, "updateStrategy"), rolling = at_field(&at, "rollingUpdate");
    struct str type = check_str(strategy, "type");

    if (str_is(type, "OnDelete"))
        return;
    if (!str_is(type, "RollingUpdate"))
        check_strategy_type(c, &at, strategy, "DaemonSetUpdateStrategy", TYPES);
    else if (!check_has(strategy, "rollingUpdate"))
        check_required(c, &rolling, "");
    else
        daemonset_rolling(c, &rolling, json_object_get(strategy, "rollingUpdate"));
}

static void daemonset_spec(struct check *c, const json_t *obj, const struct pod_options *o, bool lax)
{
    static const char *const COUNTS[] = {"minReadySeconds"}, *const LIMIT[] = {"revisionHistoryLimit"};
    const struct schema_type *type = schema_type(STR("meta/v1"), STR("LabelSelector"));
    const json_t *spec = json_object_get(obj, "spec"), *selector = json_object_get(spec, "selector");
    const json_t *template_ = json_object_get(spec, "template");
    struct at at = spec_at(), selector_at = at_field(&at, "selector"),
              template_at = at_field(&at, "template");

    check_label_selector(c, &selector_at, selector, lax);
    if (!label_selector_is_wrong(c, selector) &&
        (!selector || !label_selector_selects(selector, tree_get(template_, "metadata.labels"))))
        check_template_labels(c, &template_at, template_);
    if (selector && label_selector_is_empty(selector))
        check_invalid_of(c, &selector_at, selector, type, "empty selector is invalid for daemonset");
    check_pod_template(c, &template_at, template_, o);
    check_lasting(c, &template_at, template_, "DaemonSet");
    check_counts(c, &at, spec, COUNTS, 1);
    daemonset_strategy(c, &at, spec);
    check_counts(c, &at, spec, LIMIT, 1);
}

static void daemonset_create(struct check *c, const json_t *obj)
{
    struct pod_options o = {0};

    daemonset_spec(c, obj, &o, false);
}

static void daemonset_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct pod_options o = template_options(c, old);

    o.lax_selectors = o.lax_selectors || label_selector_is_lax(tree_get(old, "spec.selector"));
    check_fixed_selector(c, obj, old);
    daemonset_spec(c, obj, &o, o.lax_selectors);
}

static void daemonset_status(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const COUNTS[] = {
        "currentNumberScheduled", "numberMisscheduled",     "desiredNumberScheduled", "numberReady",
        "observedGeneration",     "updatedNumberScheduled", "numberAvailable",        "numberUnavailable",
        "collisionCount"};
    struct at at = at_field(NULL, "status");

    check_counts(c, &at, json_object_get(obj, "status"), COUNTS, N(COUNTS));
    check_not_decremented(c, &at, json_object_get(obj, "status"), json_object_get(old, "status"),
                          "collisionCount");
}

/* ---- ControllerRevision ---- */

static void revision_create(struct check *c, const json_t *obj)
{
    static const char *const COUNTS[] = {"revision"};
    const json_t *data = json_object_get(obj, "data");
    struct at at = at_field(NULL, "data");

    check_counts(c, NULL, obj, COUNTS, 1);
    if (!data || json_is_null(data))
        check_required(c, &at, "data is mandatory");
    else if (!json_is_object(data))
        check_required(c, &at, "data must be a valid JSON object");
}

/* History is not rewritten, nor spelled anew. */
static void revision_update(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const COUNTS[] = {"revision"};
    const json_t *data = json_object_get(obj, "data");
    struct at at = at_field(NULL, "data");
    struct buf b = {0};

    check_counts(c, NULL, obj, COUNTS, 1);
    if (same_spelling(obj, old, schema_field(c->resource->type, STR("data"))))
        return;
    if (!data || json_is_null(data))
        buf_puts(&b, "null");
    else
        json_write(&b, data, 0);
    check_invalid_text(c, &at, arena_cstr(c->arena, buf_view(&b)), "field is immutable");
    buf_free(&b);
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "replicationcontrollers",
     .create = controller_create,
     .update = controller_update,
     .update_status = replicas_status},
    {.group = "apps",
     .plural = "replicasets",
     .create = replicaset_create,
     .update = replicaset_update,
     .update_status = replicas_status},
    {.group = "apps",
     .plural = "deployments",
     .create = deployment_create,
     .update = deployment_update,
     .update_status = deployment_status},
    {.group = "apps",
     .plural = "daemonsets",
     .create = daemonset_create,
     .update = daemonset_update,
     .update_status = daemonset_status},
    {.group = "apps", .plural = "controllerrevisions", .create = revision_create, .update = revision_update},
};

const struct validation_rows validation_rows_workloads = VALIDATION_ROWS(ROWS);
