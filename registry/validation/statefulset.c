/* StatefulSets. Their pods get volumes from claim templates, so the pod template is looked at with those
 * added. */
#include "registry/validation/rows.h"

#include "registry/validation/claimspec.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/selectors.h"
#include "registry/validation/templates.h"
#include "registry/walk/tree.h"

#define OF_REPLICAS "cannot be greater than status.replicas"

struct statefulset_options {
    bool is_update;     /* names and claim templates can't change, so they are not looked at again */
    bool skip_template; /* the old one has mistakes, too */
};

static void check_rolling(struct check *c, const struct at *up, const json_t *rolling)
{
    struct at at = at_field(up, "rollingUpdate"), partition = at_field(&at, "partition");

    check_nonnegative(c, &partition, check_int(rolling, "partition", 0));
}

static void check_strategy(struct check *c, const struct at *up, const json_t *spec)
{
    const json_t *strategy = json_object_get(spec, "updateStrategy"),
                 *rolling = json_object_get(strategy, "rollingUpdate");
    struct at at = at_field(up, "updateStrategy"), rolling_at = at_field(&at, "rollingUpdate");
    struct str type = check_str(strategy, "type");

    if (!type.n)
        check_required(c, &at, "");
    else if (str_is(type, "RollingUpdate"))
        check_rolling(c, &at, rolling);
    else if (!str_is(type, "OnDelete"))
        check_invalid_of(c, &at, strategy, schema_type(STR("apps/v1"), STR("StatefulSetUpdateStrategy")),
                         "must be 'RollingUpdate' or 'OnDelete'");
    else if (rolling)
        check_invalid_of(c, &rolling_at, rolling,
                         schema_type(STR("apps/v1"), STR("RollingUpdateStatefulSetStrategy")),
                         "only allowed for updateStrategy 'RollingUpdate'");
}

static void check_retention(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const POLICIES[] = {"Retain", "Delete"};
    static const char *const MOMENTS[] = {"whenDeleted", "whenScaled"};
    const json_t *policy = json_object_get(spec, "persistentVolumeClaimRetentionPolicy");
    struct at at = at_field(up, "persistentVolumeClaimRetentionPolicy");

    for (int i = 0; policy && i < 2; i++) {
        struct at one = at_field(&at, MOMENTS[i]);

        check_enum(c, &one, check_str(policy, MOMENTS[i]), POLICIES, 2);
    }
}

static void check_claims(struct check *c, const struct at *up, const json_t *spec)
{
    static const struct claim_options NO_OPTIONS = {false, false};
    const json_t *list = json_object_get(spec, "volumeClaimTemplates");
    struct at at = at_field(up, "volumeClaimTemplates");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&at, i), spec_at = at_field(&one, "spec");

        check_claim_spec(c, &spec_at, json_object_get(json_array_get(list, i), "spec"), &NO_OPTIONS);
    }
}

/* The template as its pods will be: new reference. */
static json_t *completed(struct check *c, const json_t *spec)
{
    const json_t *claims = json_object_get(spec, "volumeClaimTemplates");
    json_t *template_ = json_deep_copy(json_object_get(spec, "template")), *own, *all;
    struct seen *names = seen_new(c);

    if (!template_)
        return NULL;
    tree_delete(template_, "spec.subdomain");
    tree_delete(template_, "spec.hostname");
    if (!json_array_size(claims))
        return template_;
    all = json_array();
    for (size_t i = 0; i < json_array_size(claims); i++) {
        const char *name = tree_string(json_array_get(claims, i), "metadata.name");

        if (!seen_add(names, str_of(name ? name : "")))
            json_array_append_new(all, json_pack("{s:s, s:{s:s}}", "name", name ? name : "",
                                                 "persistentVolumeClaim", "claimName", name ? name : ""));
    }
    own = tree_get(template_, "spec.volumes");
    for (size_t i = 0; i < json_array_size(own); i++) {
        if (!seen_has(names, check_str(json_array_get(own, i), "name")))
            json_array_append(all, json_array_get(own, i));
    }
    tree_set(template_, "spec.volumes", all);
    return template_;
}

static void check_template(struct check *c, const struct at *up, const json_t *spec,
                           const struct pod_options *o, bool skip)
{
    const json_t *selector = json_object_get(spec, "selector");
    json_t *template_ = completed(c, spec);
    const json_t *meta = json_object_get(template_, "metadata");
    struct at at = at_field(up, "template"), labels = at_field(&at, "labels"),
              annotations = at_field(&at, "annotations");

    if (!(selector && label_selector_is_empty(selector)) &&
        !label_selector_selects(selector, json_object_get(meta, "labels")))
        check_template_labels(c, &at, template_);
    if (!skip)
        check_pod_template(c, &at, template_, o);
    check_labels(c, &labels, json_object_get(meta, "labels"));
    check_annotations(c, &annotations, json_object_get(meta, "annotations"));
    check_pod_annotations(c, &annotations, json_object_get(meta, "annotations"),
                          json_object_get(template_, "spec"), o);
    json_decref(template_);
}

static void check_management(struct check *c, const struct at *up, const json_t *spec)
{
    struct at at = at_field(up, "podManagementPolicy");
    struct str policy = check_str(spec, "podManagementPolicy");

    if (check_needed(c, up, spec, "podManagementPolicy") && !str_is(policy, "OrderedReady") &&
        !str_is(policy, "Parallel"))
        check_invalid_word(c, &at, policy, "must be 'OrderedReady' or 'Parallel'");
}

static void check_spec(struct check *c, const json_t *spec, const struct pod_options *o,
                       const struct statefulset_options *s)
{
    static const char *const COUNTS[] = {"replicas", "minReadySeconds"};
    struct at at = at_field(NULL, "spec"), start = at_field(&at, "ordinals.start"),
              service = at_field(&at, "serviceName");
    struct at selector_at = at_field(&at, "selector"), template_at = at_field(&at, "template");

    check_management(c, &at, spec);
    check_strategy(c, &at, spec);
    check_retention(c, &at, spec);
    if (!s->is_update)
        check_claims(c, &at, spec);
    check_counts(c, &at, spec, COUNTS, 2);
    check_nonnegative(c, &start, check_int(json_object_get(spec, "ordinals"), "start", 0));
    if (!s->is_update && check_str(spec, "serviceName").n)
        check_name(c, &service, check_str(spec, "serviceName"), "dns-label");
    check_own_selector(c, &at, spec, "statefulset");
    if (label_selector_is_wrong(c, json_object_get(spec, "selector")))
        check_invalid_of(c, &selector_at, json_object_get(spec, "selector"),
                         schema_type(STR("meta/v1"), STR("LabelSelector")), "");
    else
        check_template(c, &at, spec, o, s->skip_template);
    check_lasting(c, &template_at, json_object_get(spec, "template"), "StatefulSet");
}

static void statefulset_create(struct check *c, const json_t *obj)
{
    struct statefulset_options s = {false, false};
    struct pod_options o = {0};

    check_spec(c, json_object_get(obj, "spec"), &o, &s);
}

/* What the old spec has to be complained about is nobody's concern, only whether there is something. */
static bool has_mistakes(const struct check *c, const json_t *spec, const struct pod_options *o)
{
    struct statefulset_options s = {true, false};
    struct status st = {.arena = c->arena};
    struct check trial = *c;

    trial.st = &st;
    check_spec(&trial, spec, o, &s);
    return st.ncauses > 0;
}

static void check_fixed_spec(struct check *c, const json_t *spec, const json_t *was)
{
    static const char *const MUTABLE[] = {"replicas",
                                          "template",
                                          "updateStrategy",
                                          "minReadySeconds",
                                          "ordinals",
                                          "revisionHistoryLimit",
                                          "persistentVolumeClaimRetentionPolicy"};
    json_t *munged = json_copy((json_t *)(uintptr_t)spec); /* members are replaced, not changed */
    struct at at = at_field(NULL, "spec");

    for (size_t i = 0; i < sizeof(MUTABLE) / sizeof(MUTABLE[0]); i++)
        tree_copy(munged, was, MUTABLE[i]);
    if (!same_value(munged, was, printed_type(c->resource->type, "spec")))
        check_forbidden(
            c, &at,
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
            "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
            "'minReadySeconds' are forbidden");
    json_decref(munged);
}

static void statefulset_update(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *spec = json_object_get(obj, "spec"), *was = json_object_get(old, "spec");
    struct pod_options o = template_options(c, old);
    struct statefulset_options s = {true, has_mistakes(c, was, &o)};

    check_spec(c, spec, &o, &s);
    check_fixed_spec(c, spec, was);
}

static void statefulset_status(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const COUNTS[] = {"replicas",        "readyReplicas",     "currentReplicas",
                                         "updatedReplicas", "availableReplicas", "observedGeneration",
                                         "collisionCount"};
    const json_t *status = json_object_get(obj, "status");
    struct at at = at_field(NULL, "status");

    check_counts(c, &at, status, COUNTS, 7);
    for (int i = 1; i < 5; i++)
        check_at_most(c, &at, status, COUNTS[i], "replicas", OF_REPLICAS);
    check_at_most(c, &at, status, "availableReplicas", "readyReplicas",
                  "cannot be greater than status.readyReplicas");
    check_not_decremented(c, &at, status, json_object_get(old, "status"), "collisionCount");
}

static const struct validation ROWS[] = {
    {.group = "apps",
     .plural = "statefulsets",
     .create = statefulset_create,
     .update = statefulset_update,
     .update_status = statefulset_status},
};

const struct validation_rows validation_rows_statefulset = VALIDATION_ROWS(ROWS);
