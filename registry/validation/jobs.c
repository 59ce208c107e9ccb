/* Jobs. Rule: pkg/apis/batch/validation; status: jobstatus.c. */
#include "registry/validation/jobs.h"

#include "registry/rules/names.h"
#include "registry/validation/formats.h"
#include "registry/validation/indexes.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/selectors.h"
#include "registry/validation/templates.h"
#include "registry/walk/tree.h"

#define INDEXES_MAX 100000
#define MANY_COMPLETIONS 100000
#define MANY_LIMIT 10000
#define RULES_MAX 20
#define EXIT_CODES_MAX 255
#define MANAGER_MAX 63
#define SUCCEEDED_BYTES_MAX (64 * 1024)

void check_invalid_bare(struct check *c, const struct at *at, const char *detail)
{
    if (!check_full(c))
        status_add_cause(c->st, "FieldValueInvalid", at_text(c->arena, at),
                         arena_printf(c->arena, "Invalid value: %s", detail));
}

/* ---- indexed Jobs ---- */

static void check_limit(struct check *c, const struct at *up, const json_t *spec, const char *field,
                        int64_t most, const char *detail)
{
    struct at at = at_field(up, field);

    if (check_int(spec, field, 0) > most)
        check_invalid_int(c, &at, check_int(spec, field, 0), detail);
}

static void check_many(struct check *c, const struct at *up, const json_t *spec)
{
    static const char LIMIT[] = "must be less than or equal to 10000 when completions are above 100000 and "
                                "used with backoff limit per index";
    struct at failed = at_field(up, "maxFailedIndexes");

    if (check_int(spec, "completions", 0) <= MANY_COMPLETIONS || !check_has(spec, "backoffLimitPerIndex"))
        return;
    if (!check_has(spec, "maxFailedIndexes"))
        check_required(c, &failed, "must be specified when completions is above 100000");
    check_limit(c, up, spec, "parallelism", MANY_LIMIT, LIMIT);
    check_limit(c, up, spec, "maxFailedIndexes", MANY_LIMIT, LIMIT);
}

static void check_indexed(struct check *c, const struct at *up, const json_t *spec)
{
    struct at completions = at_field(up, "completions");

    if (!check_has(spec, "completions"))
        check_required(c, &completions, "when completion mode is Indexed");
    check_limit(c, up, spec, "parallelism", INDEXES_MAX,
                "must be less than or equal to 100000 when completion mode is Indexed");
    if (check_has(spec, "completions") && check_has(spec, "maxFailedIndexes"))
        check_limit(c, up, spec, "maxFailedIndexes", check_int(spec, "completions", 0),
                    "must be less than or equal to completions");
    check_limit(c, up, spec, "maxFailedIndexes", INDEXES_MAX, "must be less than or equal to 100000");
    check_many(c, up, spec);
}

static bool is_indexed(const json_t *spec)
{
    return str_is(check_str(spec, "completionMode"), "Indexed");
}

static void check_mode(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const MODES[] = {"NonIndexed", "Indexed"};
    static const char *const INDEXED[] = {"backoffLimitPerIndex", "maxFailedIndexes"};
    struct at at = at_field(up, "completionMode");
    struct str mode = check_str(spec, "completionMode");

    if (check_has(spec, "completionMode"))
        check_enum(c, &at, mode, MODES, 2);
    if (is_indexed(spec))
        check_indexed(c, up, spec);
    if (check_has(spec, "completionMode") && !str_is(mode, "NonIndexed"))
        return;
    for (int i = 0; i < 2; i++) {
        struct at one = at_field(up, INDEXED[i]);

        if (check_has(spec, INDEXED[i]))
            check_invalid_int(c, &one, check_int(spec, INDEXED[i], 0), "requires indexed completion mode");
    }
}

/* ---- failure and success ---- */

static void check_exit_values(struct check *c, const struct at *up, const json_t *codes)
{
    const json_t *values = json_object_get(codes, "values");
    size_t n = json_array_size(values);
    struct at at = at_field(up, "values");
    struct seen *seen = seen_new(c);
    bool ordered = true;

    if (!n)
        check_invalid(c, &at, values, "at least one value is required");
    else if (n > EXIT_CODES_MAX)
        check_too_many(c, &at, (int)n, EXIT_CODES_MAX);
    for (size_t i = 0; i < n && !check_full(c); i++) {
        int64_t v = json_integer_value(json_array_get(values, i));
        struct at one = at_index(&at, i);

        if (str_is(check_str(codes, "operator"), "In") && v == 0)
            check_invalid_int(c, &one, v, "must not be 0 for the In operator");
        if (seen_add(seen, str_of(arena_printf(c->arena, "%lld", (long long)v))))
            check_duplicate(c, &one, json_array_get(values, i));
        ordered = ordered && (i == 0 || json_integer_value(json_array_get(values, i - 1)) <= v);
    }
    if (!ordered)
        check_invalid(c, &at, values, "must be ordered");
}

static void check_exit_codes(struct check *c, const struct at *at, const json_t *codes,
                             const struct seen *containers)
{
    static const char *const OPERATORS[] = {"In", "NotIn"};
    struct at operator= at_field(at, "operator"), name_at = at_field(at, "containerName");
    struct str name = check_str(codes, "containerName");

    if (!check_str(codes, "operator").n)
        check_required(c, &operator, "valid values: [\"In\" \"NotIn\"]");
    else
        check_enum(c, &operator, check_str(codes, "operator"), OPERATORS, 2);
    if (check_has(codes, "containerName") && !seen_has(containers, name))
        check_invalid_str(c, &name_at, name,
                          "must be one of the container or initContainer names in the pod template");
    check_exit_values(c, at, codes);
}

static void check_patterns(struct check *c, const struct at *at, const json_t *list)
{
    static const char *const STATUSES[] = {"False", "True", "Unknown"};

    if (json_array_size(list) > RULES_MAX)
        check_too_many(c, at, (int)json_array_size(list), RULES_MAX);
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *pattern = json_array_get(list, i);
        struct at one = at_index(at, i), type = at_field(&one, "type"), status = at_field(&one, "status");

        check_qualified_name(c, &type, check_str(pattern, "type"));
        if (!check_str(pattern, "status").n)
            check_required(c, &status, "valid values: [\"False\" \"True\" \"Unknown\"]");
        else
            check_enum(c, &status, check_str(pattern, "status"), STATUSES, 3);
    }
}

static void check_failure_rule(struct check *c, const struct at *at, const json_t *spec, const json_t *rule,
                               const struct seen *containers)
{
    static const char *const ACTIONS[] = {"Count", "FailIndex", "FailJob", "Ignore"};
    struct at action_at = at_field(at, "action"), codes_at = at_field(at, "onExitCodes"),
              conditions_at = at_field(at, "onPodConditions");
    const json_t *codes = json_object_get(rule, "onExitCodes"),
                 *conditions = json_object_get(rule, "onPodConditions");
    struct str action = check_str(rule, "action");

    if (!action.n)
        check_required(c, &action_at, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
    else if (!str_is(action, "FailIndex"))
        check_enum(c, &action_at, action, ACTIONS, 4);
    else if (!check_has(spec, "backoffLimitPerIndex"))
        check_invalid_word(c, &action_at, action, "requires the backoffLimitPerIndex to be set");
    if (codes)
        check_exit_codes(c, &codes_at, codes, containers);
    check_patterns(c, &conditions_at, conditions);
    if (codes && json_array_size(conditions))
        check_invalid_bare(c, at, "specifying both OnExitCodes and OnPodConditions is not supported");
    if (!codes && !json_array_size(conditions))
        check_invalid_bare(c, at, "specifying one of OnExitCodes and OnPodConditions is required");
}

static void check_failure_policy(struct check *c, const struct at *up, const json_t *spec)
{
    const json_t *rules = tree_get(spec, "podFailurePolicy.rules");
    struct at at = at_field(up, "podFailurePolicy.rules");
    struct seen *containers = seen_new(c);

    if (json_array_size(rules) > RULES_MAX)
        check_too_many(c, &at, (int)json_array_size(rules), RULES_MAX);
    seen_add_list(containers, tree_get(spec, "template.spec.containers"), "name");
    seen_add_list(containers, tree_get(spec, "template.spec.initContainers"), "name");
    for (size_t i = 0; i < json_array_size(rules) && !check_full(c); i++) {
        struct at one = at_index(&at, i);

        check_failure_rule(c, &one, spec, json_array_get(rules, i), containers);
    }
}

static void check_success_rule(struct check *c, const struct at *at, const json_t *rule, int64_t completions)
{
    struct at indexes_at = at_field(at, "succeededIndexes"), count_at = at_field(at, "succeededCount");
    bool has_indexes = check_has(rule, "succeededIndexes"), has_count = check_has(rule, "succeededCount");
    struct str indexes = check_str(rule, "succeededIndexes");
    int64_t count = check_int(rule, "succeededCount", 0), total = 0;
    const char *err = has_indexes ? indexes_error(c->arena, indexes, completions, &total) : NULL;

    if (!has_count && !has_indexes)
        check_required(c, at, "at least one of succeededCount or succeededIndexes must be specified");
    if (indexes.n > SUCCEEDED_BYTES_MAX)
        check_too_long(c, &indexes_at, SUCCEEDED_BYTES_MAX);
    if (err)
        check_invalid_str(c, &indexes_at, indexes,
                          arena_printf(c->arena, "error parsing succeededIndexes: %s", err));
    if (!has_count)
        return;
    check_nonnegative(c, &count_at, count);
    if (count > completions)
        check_invalid_int(
            c, &count_at, count,
            arena_printf(c->arena, "must be less than or equal to %lld (the number of specified completions)",
                         (long long)completions));
    if (has_indexes && count > total)
        check_invalid_int(
            c, &count_at, count,
            arena_printf(c->arena,
                         "must be less than or equal to %lld (the number of indexes in the specified "
                         "succeededIndexes field)",
                         (long long)total));
}

static void check_success_policy(struct check *c, const struct at *up, const json_t *spec)
{
    const json_t *policy = json_object_get(spec, "successPolicy"), *rules = json_object_get(policy, "rules");
    struct at at = at_field(up, "successPolicy"), rules_at = at_field(&at, "rules");

    if (!policy)
        return;
    if (!is_indexed(spec)) {
        check_invalid_of(c, &at, policy, schema_type(STR("batch/v1"), STR("SuccessPolicy")),
                         "requires indexed completion mode");
        return;
    }
    if (!json_array_size(rules))
        check_required(c, &rules_at,
                       "at least one rules must be specified when the successPolicy is specified");
    if (json_array_size(rules) > RULES_MAX)
        check_too_many(c, &rules_at, (int)json_array_size(rules), RULES_MAX);
    for (size_t i = 0; i < json_array_size(rules) && !check_full(c); i++) {
        struct at one = at_index(&rules_at, i);

        check_success_rule(c, &one, json_array_get(rules, i), check_int(spec, "completions", 0));
    }
}

static void check_replacement(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const POLICIES[] = {"Failed", "TerminatingOrFailed"};
    struct at at = at_field(up, "podReplacementPolicy");

    if (check_has(spec, "podReplacementPolicy"))
        check_enum(c, &at, check_str(spec, "podReplacementPolicy"), POLICIES,
                   check_has(spec, "podFailurePolicy") ? 1 : 2);
}

static void check_restart(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const POLICIES[] = {"OnFailure", "Never"};
    struct at at = at_field(up, "template.spec.restartPolicy");
    struct str policy = tree_str(spec, "template.spec.restartPolicy");

    if (!policy.n || str_is(policy, "Always"))
        check_required(c, &at, "valid values: \"OnFailure\", \"Never\"");
    else if (check_enum(c, &at, policy, POLICIES, 2) && check_has(spec, "podFailurePolicy") &&
             !str_is(policy, "Never"))
        check_invalid_word(c, &at, policy, "only \"Never\" is supported when podFailurePolicy is specified");
}

void check_job_spec(struct check *c, const struct at *at, const json_t *spec, const struct pod_options *o)
{
    static const char *const COUNTS[] = {"parallelism",
                                         "completions",
                                         "activeDeadlineSeconds",
                                         "backoffLimit",
                                         "ttlSecondsAfterFinished",
                                         "backoffLimitPerIndex",
                                         "maxFailedIndexes"};
    struct at per_index = at_field(at, "backoffLimitPerIndex"), manager = at_field(at, "managedBy");
    struct at template_at = at_field(at, "template");

    check_counts(c, at, spec, COUNTS, 7);
    if (check_has(spec, "maxFailedIndexes") && !check_has(spec, "backoffLimitPerIndex"))
        check_required(c, &per_index, "when maxFailedIndexes is specified");
    if (check_has(spec, "managedBy")) {
        check_prefixed_path(c, &manager, check_str(spec, "managedBy"));
        if (check_str(spec, "managedBy").n > MANAGER_MAX)
            check_too_long(c, &manager, MANAGER_MAX);
    }
    check_mode(c, at, spec);
    check_failure_policy(c, at, spec);
    check_success_policy(c, at, spec);
    check_replacement(c, at, spec);
    check_pod_template(c, &template_at, json_object_get(spec, "template"), o);
    check_restart(c, at, spec);
}

/* ---- selectors ---- */

#define NAME_LABEL "job-name"
#define UID_LABEL "controller-uid"
#define PREFIX "batch.kubernetes.io/"

static void check_label(struct check *c, const json_t *labels, const char *label, const char *wanted)
{
    static const struct at META = {.field = "spec.template.metadata"};
    struct at at = at_field(&META, "labels"), key = at_key(&at, str_of(label));
    const json_t *v = json_object_get(labels, label);

    if (!v)
        check_required(c, &key, arena_printf(c->arena, "must be '%s'", wanted));
    else if (!str_is((struct str){json_string_value(v), json_string_length(v)}, wanted))
        check_invalid(c, &key, labels, arena_printf(c->arena, "must be '%s'", wanted));
}

/* Unless the client chose a selector, it is the one that was made for the Job. */
static void check_generated(struct check *c, const json_t *job, bool prefixed)
{
    static const char *const LABELS[] = {UID_LABEL, NAME_LABEL, PREFIX UID_LABEL, PREFIX NAME_LABEL};
    const json_t *spec = json_object_get(job, "spec"), *selector = json_object_get(spec, "selector");
    struct at uid_at = at_field(NULL, "metadata.uid"), at = at_field(NULL, "spec.selector");
    const char *uid = tree_string(job, "metadata.uid"), *name = tree_string(job, "metadata.name");
    json_t *expected;

    if (check_bool(spec, "manualSelector") || !selector)
        return;
    uid = uid ? uid : "";
    name = name ? name : "";
    if (!*uid)
        check_required(c, &uid_at, "");
    expected = json_object();
    for (int i = 0; i < (prefixed ? 4 : 2); i++) {
        check_label(c, tree_get(spec, "template.metadata.labels"), LABELS[i], i % 2 ? name : uid);
        json_object_set_new(expected, LABELS[i], json_string(i % 2 ? name : uid));
    }
    if (!label_selector_is_wrong(c, selector) && !label_selector_selects(selector, expected))
        check_invalid_of(c, &at, selector, schema_type(STR("meta/v1"), STR("LabelSelector")),
                         "`selector` not auto-generated");
    json_decref(expected);
}

/* ValidateJobSpec. */
static void check_spec(struct check *c, const json_t *spec, const struct pod_options *o)
{
    const json_t *selector = json_object_get(spec, "selector"),
                 *template_ = json_object_get(spec, "template");
    struct at at = at_field(NULL, "spec"), selector_at = at_field(&at, "selector"),
              template_at = at_field(&at, "template");

    check_job_spec(c, &at, spec, o);
    if (!selector)
        check_required(c, &selector_at, "");
    else
        check_label_selector(c, &selector_at, selector, o->lax_selectors);
    if (!label_selector_is_wrong(c, selector) &&
        (!selector || !label_selector_selects(selector, tree_get(template_, "metadata.labels"))))
        check_template_labels(c, &template_at, template_);
}

static void check_job(struct check *c, const json_t *job, const struct pod_options *o, bool prefixed)
{
    const json_t *spec = json_object_get(job, "spec");
    struct at at = at_field(NULL, "metadata.name");
    struct str name = tree_str(job, "metadata.name");
    const char *hostname;

    check_generated(c, job, prefixed);
    check_spec(c, spec, o);
    if (!is_indexed(spec) || check_int(spec, "completions", 0) <= 0)
        return;
    hostname =
        arena_printf(c->arena, "%.*s-%lld", STR_ARG(name), (long long)check_int(spec, "completions", 0) - 1);
    if (name_dns_label(str_of(hostname), false))
        check_invalid_str(
            c, &at, name,
            arena_printf(c->arena, "will not able to create pod with invalid DNS label: %s", hostname));
}

static void job_create(struct check *c, const json_t *job)
{
    struct pod_options o = {0};

    check_job(c, job, &o, true);
}

/* ---- updates ---- */

/* A Job that is suspended and has nothing running may still get other places to run at, and other resources.
 */
static bool is_mutable(const json_t *old)
{
    return tree_bool(old, "spec.suspend", false) && !tree_int(old, "status.active", 0) &&
           (!tree_str(old, "status.startTime").n || job_condition_is(old, "Suspended", "True"));
}

static void copy_affinity(json_t *was, const json_t *now)
{
    const json_t *affinity = tree_get(now, "spec.affinity");

    if (affinity) {
        tree_copy(was, now, "spec.affinity.nodeAffinity");
        if (!tree_get(was, "spec.affinity"))
            tree_set(was, "spec.affinity", json_object());
        return;
    }
    tree_delete(was, "spec.affinity.nodeAffinity");
    if (json_object_size(tree_get(was, "spec.affinity")) == 0)
        tree_delete(was, "spec.affinity");
}

static void copy_resources(json_t *was, const json_t *now, const char *list)
{
    json_t *to = tree_get(was, list);
    const json_t *from = tree_get(now, list);

    if (json_array_size(to) != json_array_size(from))
        return;
    for (size_t i = 0; i < json_array_size(to); i++) {
        if (str_eq(check_str(json_array_get(to, i), "name"), check_str(json_array_get(from, i), "name")))
            tree_copy(json_array_get(to, i), json_array_get(from, i), "resources");
    }
}

static void check_template_update(struct check *c, const json_t *spec, const json_t *was, const json_t *old)
{
    static const char *const DIRECTIVES[] = {"spec.nodeSelector", "spec.tolerations", "metadata.annotations",
                                             "metadata.labels", "spec.schedulingGates"};
    const json_t *now = json_object_get(spec, "template");
    json_t *munged = json_deep_copy(json_object_get(was, "template"));
    bool is_open = is_mutable(old);
    struct at at = at_field(NULL, is_open ? "spec.template.spec" : "spec.template");

    if (is_open) {
        copy_affinity(munged, now);
        for (size_t i = 0; i < sizeof(DIRECTIVES) / sizeof(DIRECTIVES[0]); i++)
            tree_copy(munged, now, DIRECTIVES[i]);
        copy_resources(munged, now, "spec.containers");
        copy_resources(munged, now, "spec.initContainers");
        check_immutable_of(c, &at, json_object_get(now, "spec"), json_object_get(munged, "spec"),
                           schema_type(STR("core/v1"), STR("PodSpec")));
    } else {
        check_immutable_of(c, &at, now, munged, schema_type(STR("core/v1"), STR("PodTemplateSpec")));
    }
    json_decref(munged);
}

static void check_completions(struct check *c, const json_t *spec, const json_t *was)
{
    const json_t *now = json_object_get(spec, "completions"), *before = json_object_get(was, "completions");
    struct at at = at_field(NULL, "spec.completions");

    if (!is_indexed(spec))
        check_immutable(c, &at, now, before);
    else if (now && !(before && json_equal(now, before)) &&
             check_int(spec, "completions", 0) != check_int(spec, "parallelism", 0))
        check_invalid(c, &at, now, "can only be modified in tandem with spec.parallelism");
}

/* A value of the spec that stays as it was. */
static void check_fixed_member(struct check *c, const json_t *spec, const json_t *was, const char *field)
{
    struct at up = at_field(NULL, "spec"), at = at_field(&up, field);
    const json_t *now = json_object_get(spec, field), *before = json_object_get(was, field);

    if (!now != !before)
        check_invalid_of(c, &at, now, printed_type(schema_type(STR("batch/v1"), STR("JobSpec")), field),
                         "field is immutable");
    else
        check_immutable_of(c, &at, now, before,
                           printed_type(schema_type(STR("batch/v1"), STR("JobSpec")), field));
}

static void job_update(struct check *c, const json_t *job, const json_t *old)
{
    static const char *const FIXED[] = {"completionMode", "podFailurePolicy", "backoffLimitPerIndex",
                                        "managedBy", "successPolicy"};
    const json_t *spec = json_object_get(job, "spec"), *was = json_object_get(old, "spec");
    const json_t *labels = tree_get(was, "template.metadata.labels");
    struct pod_options o = template_options(c, old);

    o.lax_selectors = o.lax_selectors || label_selector_is_lax(json_object_get(was, "selector"));
    check_metadata(c, job);
    check_job(c, job, &o, check_has(labels, PREFIX NAME_LABEL) && check_has(labels, PREFIX UID_LABEL));
    check_metadata_update(c, job, old);
    check_spec(c, spec, &o);
    check_completions(c, spec, was);
    check_fixed_member(c, spec, was, "selector");
    check_template_update(c, spec, was, old);
    for (size_t i = 0; i < sizeof(FIXED) / sizeof(FIXED[0]); i++)
        check_fixed_member(c, spec, was, FIXED[i]);
}

static const struct validation ROWS[] = {
    {.group = "batch",
     .plural = "jobs",
     .create = job_create,
     .update = job_update,
     .update_status = job_status_update,
     .checks_metadata = true},
};

const struct validation_rows validation_rows_jobs = VALIDATION_ROWS(ROWS);
