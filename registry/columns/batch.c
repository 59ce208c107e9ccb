/* Jobs and what starts them at given times. */
#include "registry/columns/rows.h"

#include "registry/columns/age.h"

static const char *job_status(const json_t *obj)
{
    static const char *const ended[] = {"Complete", "Failed"};
    static const char *const going[] = {"Suspended", "FailureTarget", "SuccessCriteriaMet"};
    for (int i = 0; i < COUNT_OF(ended); i++)
        if (condition_true(obj, "status.conditions", ended[i]))
            return ended[i];
    if (tree_get(obj, "metadata.deletionTimestamp"))
        return "Terminating";
    for (int i = 0; i < COUNT_OF(going); i++)
        if (condition_true(obj, "status.conditions", going[i]))
            return going[i];
    return "Running";
}

/* Without a number of completions one success is enough, from however many pods that run side by side. */
static void put_completions(struct cells *c, const json_t *obj)
{
    long long done = tree_int(obj, "status.succeeded", 0), wanted = tree_int(obj, "spec.completions", -1);
    long long parallel = tree_int(obj, "spec.parallelism", 0);
    if (wanted >= 0)
        cell_printf(c, "%lld/%lld", done, wanted);
    else if (parallel > 1)
        cell_printf(c, "%lld/1 of %lld", done, parallel);
    else
        cell_printf(c, "%lld/1", done);
}

static void put_duration(struct cells *c, const json_t *obj)
{
    char text[AGE_TEXT_BYTES] = "";
    int64_t start, end;
    if (age_parse(tree_str(obj, "status.startTime"), &start)) {
        if (!age_parse(tree_str(obj, "status.completionTime"), &end))
            end = c->now_us;
        age_text(text, end - start);
    }
    cell_text(c, text);
}

static void put_job(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_text(c, job_status(obj));
    put_completions(c, obj);
    put_duration(c, obj);
    cell_age(c, obj);
    cell_containers(c, tree_get(obj, "spec.template.spec.containers"));
    cell_selector(c, tree_get(obj, "spec.selector"));
}

static const struct column job_columns[] = {
    COLUMN_NAME,
    {TEXT("Status"), "Whether the job runs, and how it ended."},
    {TEXT("Completions"), "How many pods succeeded, of how many must."},
    {TEXT("Duration"), "How long the job took, or has taken so far."},
    COLUMN_AGE,
    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
    COLUMN_SELECTOR,
};

static void put_cronjob(struct cells *c, const json_t *obj)
{
    const json_t *suspend = tree_get(obj, "spec.suspend");
    cell_name(c, obj);
    cell_at(c, obj, "spec.schedule", "");
    cell_at_pointer(c, obj, "spec.timeZone", "<none>");
    cell_text(c, !suspend ? "<unset>" : json_is_true(suspend) ? "True" : "False");
    cell_size_at(c, obj, "status.active");
    if (tree_get(obj, "status.lastScheduleTime"))
        cell_since(c, obj, "status.lastScheduleTime");
    else
        cell_text(c, "<none>");
    cell_age(c, obj);
    cell_containers(c, tree_get(obj, "spec.jobTemplate.spec.template.spec.containers"));
    cell_selector(c, tree_get(obj, "spec.jobTemplate.spec.selector"));
}

static const struct column cronjob_columns[] = {
    COLUMN_NAME,
    {TEXT("Schedule"), "When jobs start, as cron writes it."},
    {TEXT("Timezone"), "Time zone of the schedule."},
    {FLAG("Suspend"), "Whether no more jobs start."},
    {NUMBER("Active"), "How many jobs run now."},
    {TEXT("Last Schedule"), "How long ago a job started last."},
    COLUMN_AGE,
    COLUMN_CONTAINERS,
    COLUMN_IMAGES,
    COLUMN_SELECTOR,
};

static const struct columns rows[] = {
    ROW("batch", "jobs", job_columns, put_job),
    ROW("batch", "cronjobs", cronjob_columns, put_cronjob),
};

const struct columns_rows columns_rows_batch = COLUMNS_ROWS(rows);
