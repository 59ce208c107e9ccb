/* The status of a Job: whoever runs it must not contradict himself. Most is checked only when it changed. */
#include "registry/validation/jobs.h"

#include "registry/validation/indexes.h"
#include "registry/validation/printed.h"
#include "registry/validation/templates.h"
#include "registry/walk/tree.h"

bool job_condition_is(const json_t *job, const char *type, const char *status)
{
    const json_t *list = tree_get(job, "status.conditions");

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_is(check_str(json_array_get(list, i), "type"), type) &&
            str_is(check_str(json_array_get(list, i), "status"), status))
            return true;
    }
    return false;
}

enum { COMPLETE = 1, FAILED = 2, FAILURE_TARGET = 4, SUCCESS = 8, SUSPENDED = 16 };

static unsigned conditions_of(const json_t *job)
{
    static const char *const TYPES[] = {"Complete", "Failed", "FailureTarget", "SuccessCriteriaMet",
                                        "Suspended"};
    unsigned is = 0;

    for (int i = 0; i < 5; i++)
        is |= job_condition_is(job, TYPES[i], "True") ? 1u << i : 0;
    return is;
}

/* One update under check: what it says, what it said before, and what of it is new. */
struct job {
    struct check *c;
    struct at at;
    const json_t *job, *spec, *status, *was;
    unsigned is, was_is, changed; /* conditions */
    bool is_finished, finished_changed;
};

static bool differs(const struct job *j, const char *field)
{
    const json_t *now = json_object_get(j->status, field), *before = json_object_get(j->was, field);

    return now != before && !(now && before && json_equal(now, before)) &&
           !(check_int(j->status, field, 0) == 0 && check_int(j->was, field, 0) == 0 &&
             !json_is_object(now) && !json_is_object(before) && !check_str(j->status, field).n &&
             !check_str(j->was, field).n && (!now) == (!before));
}

static void on_conditions(const struct job *j, bool wrong, const char *detail)
{
    struct at at = at_field(&j->at, "conditions");

    if (wrong)
        check_invalid_bare(j->c, &at, detail);
}

static void on_value(const struct job *j, const char *field, bool wrong, const char *detail)
{
    struct at at = at_field(&j->at, field);

    if (wrong)
        check_invalid_of(j->c, &at, json_object_get(j->status, field),
                         printed_type(schema_type(STR("batch/v1"), STR("JobStatus")), field), detail);
}

static void on_missing(const struct job *j, const char *field, bool wrong, const char *detail)
{
    struct at at = at_field(&j->at, field);

    if (wrong && !check_has(j->status, field))
        check_required(j->c, &at, detail);
}

static void check_uncounted(const struct job *j)
{
    static const char *const LISTS[] = {"succeeded", "failed"};
    struct at at = at_field(&j->at, "uncountedTerminatedPods");
    struct seen *uids = seen_new(j->c);

    for (int k = 0; k < 2; k++) {
        const json_t *list = json_object_get(json_object_get(j->status, "uncountedTerminatedPods"), LISTS[k]);
        struct at list_at = at_field(&at, LISTS[k]);

        for (size_t i = 0; i < json_array_size(list) && !check_full(j->c); i++) {
            struct at one = at_index(&list_at, i);

            if (!check_item(list, i).n)
                check_invalid_str(j->c, &one, STR(""), "must not be empty");
            else if (seen_add(uids, check_item(list, i)))
                check_duplicate_str(j->c, &one, check_item(list, i));
        }
    }
}

static void check_times(const struct job *j)
{
    struct str start = check_str(j->status, "startTime"), end = check_str(j->status, "completionTime");
    bool end_matters = (j->changed & COMPLETE) || differs(j, "completionTime");

    on_value(j, "completionTime", end_matters && end.n && !(j->is & COMPLETE),
             "cannot set completionTime when there is no Complete=True condition");
    on_missing(j, "completionTime", end_matters && (j->is & COMPLETE),
               "completionTime is required for Complete jobs");
    on_value(j, "completionTime",
             (differs(j, "startTime") || differs(j, "completionTime")) && start.n && end.n &&
                 str_cmp(end, start) < 0,
             "must be equal to or after `startTime`");
}

static void check_finished(const struct job *j)
{
    const json_t *uncounted = json_object_get(j->status, "uncountedTerminatedPods");
    bool nothing_to_do = check_bool(j->spec, "suspend") && check_has(j->spec, "completions") &&
                         check_int(j->spec, "completions", 0) == 0;

    on_value(j, "active",
             (j->finished_changed || differs(j, "active")) && j->is_finished &&
                 check_int(j->status, "active", 0) > 0,
             "active>0 is invalid for finished job");
    on_missing(j, "startTime",
               (j->finished_changed || differs(j, "startTime")) && !nothing_to_do && j->is_finished,
               "startTime is required for finished job");
    on_value(j, "uncountedTerminatedPods",
             (j->finished_changed || differs(j, "uncountedTerminatedPods")) && j->is_finished &&
                 json_array_size(json_object_get(uncounted, "succeeded")) +
                         json_array_size(json_object_get(uncounted, "failed")) >
                     0,
             "must be empty for finished job");
}

static void check_index_list(const struct job *j, const char *field, bool wanted)
{
    struct str text = check_str(j->status, field);
    int64_t total;
    const char *err;

    if (!wanted || !differs(j, field) || !check_has(j->spec, "completions"))
        return;
    err = indexes_error(j->c->arena, text, check_int(j->spec, "completions", 0), &total);
    on_value(j, field, err, arena_printf(j->c->arena, "error parsing %s: %s", field, err ? err : ""));
}

static void check_indexes(const struct job *j)
{
    struct str completed = check_str(j->status, "completedIndexes"),
               failed = check_str(j->status, "failedIndexes");
    bool per_index = check_has(j->spec, "backoffLimitPerIndex"),
         has_failed = check_has(j->status, "failedIndexes");
    bool is_indexed = str_is(check_str(j->spec, "completionMode"), "Indexed");
    bool completed_new = differs(j, "completedIndexes"), failed_new = differs(j, "failedIndexes");
    int64_t overlap = -1;

    if (!completed.n && !has_failed)
        return;
    check_index_list(j, "completedIndexes", true);
    check_index_list(j, "failedIndexes", per_index && has_failed);
    on_value(j, "completedIndexes", completed_new && completed.n && !is_indexed,
             "cannot set non-empty completedIndexes when non-indexed completion mode");
    on_value(j, "failedIndexes", failed_new && !per_index && has_failed,
             "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
    if ((completed_new || failed_new) && check_has(j->spec, "completions") && has_failed)
        overlap = indexes_overlap(completed, failed, check_int(j->spec, "completions", 0));
    on_value(j, "failedIndexes", overlap >= 0,
             arena_printf(j->c->arena, "failedIndexes and completedIndexes overlap at index: %lld",
                          (long long)overlap));
}

static void check_conditions_agree(const struct job *j)
{
    on_conditions(j, (j->is & SUCCESS) && (j->is & FAILED),
                  "cannot set SuccessCriteriaMet=True and Failed=true conditions");
    on_conditions(j, (j->is & SUCCESS) && (j->is & FAILURE_TARGET),
                  "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
    on_conditions(j, check_has(j->spec, "successPolicy") && !(j->is & SUCCESS) && (j->is & COMPLETE),
                  "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
}

static void check_status(const struct job *j)
{
    static const char *const COUNTS[] = {"active", "succeeded", "failed", "ready", "terminating"};
    bool target_changed = (j->changed & COMPLETE) || (j->changed & FAILURE_TARGET);

    check_counts(j->c, &j->at, j->status, COUNTS, 5);
    check_uncounted(j);
    on_conditions(j, (j->changed & (COMPLETE | FAILED)) && (j->is & COMPLETE) && (j->is & FAILED),
                  "cannot set Complete=True and Failed=true conditions");
    on_conditions(j, target_changed && (j->is & COMPLETE) && (j->is & FAILURE_TARGET),
                  "cannot set Complete=True and FailureTarget=true conditions");
    check_times(j);
    on_conditions(j,
                  ((j->changed & FAILED) || differs(j, "failedIndexes")) && (j->is & FAILED) &&
                      !(j->is & FAILURE_TARGET),
                  "cannot set Failed=True condition without the FailureTarget=true condition");
    on_conditions(j, (j->changed & (COMPLETE | SUCCESS)) && (j->is & COMPLETE) && !(j->is & SUCCESS),
                  "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
    check_finished(j);
    check_indexes(j);
    on_value(j, "terminating",
             (j->finished_changed || differs(j, "terminating")) && j->is_finished &&
                 check_int(j->status, "terminating", 0) > 0,
             "terminating>0 is invalid for finished job");
    on_value(j, "ready",
             (differs(j, "ready") || differs(j, "active")) && check_has(j->status, "ready") &&
                 check_int(j->status, "ready", 0) > check_int(j->status, "active", 0),
             "cannot set more ready pods than active");
    check_conditions_agree(j);
}

static void check_lasting_conditions(const struct job *j)
{
    static const struct {
        const char *name;
        unsigned bit;
    } TERMINAL[] = {{"Failed", FAILED}, {"Complete", COMPLETE}, {"FailureTarget", FAILURE_TARGET}};

    for (int i = 0; i < 3; i++)
        on_conditions(
            j, (j->was_is & TERMINAL[i].bit) && !(j->is & TERMINAL[i].bit),
            arena_printf(j->c->arena, "cannot disable the terminal %s=True condition", TERMINAL[i].name));
}

static void check_transition(const struct job *j)
{
    bool indexed = str_is(check_str(j->spec, "completionMode"), "Indexed");
    const json_t *completions = json_object_get(j->spec, "completions"),
                 *parallelism = json_object_get(j->spec, "parallelism");
    bool may_shrink = indexed && (completions == parallelism ||
                                  (completions && parallelism && json_equal(completions, parallelism)));
    bool resuming = (j->was_is & SUSPENDED) && job_condition_is(j->job, "Suspended", "False");

    check_lasting_conditions(j);
    on_value(j, "failed", check_int(j->status, "failed", 0) < check_int(j->was, "failed", 0),
             "cannot decrease the failed counter");
    on_value(j, "succeeded",
             !may_shrink && check_int(j->status, "succeeded", 0) < check_int(j->was, "succeeded", 0),
             "cannot decrease the succeeded counter");
    on_value(j, "completionTime",
             check_has(j->status, "completionTime") && check_has(j->was, "completionTime") &&
                 differs(j, "completionTime"),
             "field is immutable");
    on_value(j, "startTime",
             !resuming && check_has(j->was, "startTime") && differs(j, "startTime") &&
                 !check_bool(j->spec, "suspend"),
             "field is immutable for unsuspended job once set");
    on_conditions(j, (j->was_is & SUCCESS) && !(j->is & SUCCESS),
                  "cannot disable the SuccessCriteriaMet=True condition");
    on_conditions(j, (j->was_is & COMPLETE) && !(j->was_is & SUCCESS) && (j->is & SUCCESS),
                  "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
}

void job_status_update(struct check *c, const json_t *job, const json_t *old)
{
    struct job j = {.c = c,
                    .at = at_field(NULL, "status"),
                    .job = job,
                    .spec = json_object_get(job, "spec"),
                    .status = json_object_get(job, "status"),
                    .was = json_object_get(old, "status"),
                    .is = conditions_of(job),
                    .was_is = conditions_of(old)};

    check_metadata_update(c, job, old);
    j.changed = j.is ^ j.was_is;
    j.is_finished = j.is & (COMPLETE | FAILED);
    j.finished_changed = j.is_finished != !!(j.was_is & (COMPLETE | FAILED));
    check_status(&j);
    check_transition(&j);
}
