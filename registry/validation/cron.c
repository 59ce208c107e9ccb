/* CronJobs. Rule: pkg/apis/batch/validation; schedules as github.com/robfig/cron reads them. */
#include "registry/validation/jobs.h"

#include <sys/stat.h>
#include <unistd.h>
#include "registry/rules/times.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/templates.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define ZONES "/usr/share/zoneinfo"
#define NAME_MAX_BYTES 52
#define ZONE_PART_MAX 14

/* ---- schedules ---- */

static const char *const MONTHS[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const DAYS[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct bounds {
    int64_t min, max;
    const char *const *names; /* of min and on */
    int nnames;
} FIELDS[] = {{0, 59, NULL, 0}, {0, 23, NULL, 0}, {1, 31, NULL, 0}, {1, 12, MONTHS, 12}, {0, 6, DAYS, 7}};

static bool number(struct str s, int64_t *out)
{
    if (s.n > 1 && s.p[0] == '+' && s.p[1] != '-')
        s = (struct str){s.p + 1, s.n - 1};
    return str_to_int64(s, out) == 0;
}

static const char *parse_number(struct check *c, struct str s, int64_t *out)
{
    int64_t n = 0;
    bool digits = s.n > 0;

    if (!number(s, &n)) {
        for (size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0; i < s.n; i++)
            digits = digits && s.p[i] >= '0' && s.p[i] <= '9';
        digits = digits && !(s.n == 1 && (s.p[0] == '-' || s.p[0] == '+'));
        return arena_printf(c->arena, "failed to parse int from %.*s: strconv.Atoi: parsing %s: %s",
                            STR_ARG(s), check_quoted(c, s), digits ? "value out of range" : "invalid syntax");
    }
    if (n < 0)
        return arena_printf(c->arena, "negative number (%lld) not allowed: %.*s", (long long)n, STR_ARG(s));
    *out = n;
    return NULL;
}

static const char *parse_name(struct check *c, struct str s, const struct bounds *b, int64_t *out)
{
    for (int i = 0; i < b->nnames; i++) {
        if (str_eq_nocase(s, str_of(b->names[i]))) {
            *out = b->min + i;
            return NULL;
        }
    }
    return parse_number(c, s, out);
}

static int pieces(struct str s, char sep)
{
    int n = 1;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == sep;
    return n;
}

/* The part in front of the step. */
static const char *parse_span(struct check *c, struct str expr, struct str span, const struct bounds *b,
                              int64_t *start, int64_t *end)
{
    struct str rest = span, low, high;
    const char *err;

    str_next(&rest, '-', &low);
    if (str_is(low, "*") || str_is(low, "?")) {
        *start = b->min;
        *end = b->max;
        return NULL;
    }
    if ((err = parse_name(c, low, b, start)))
        return err;
    *end = *start;
    if (pieces(span, '-') > 2)
        return arena_printf(c->arena, "too many hyphens: %.*s", STR_ARG(expr));
    return str_next(&rest, '-', &high) ? parse_name(c, high, b, end) : NULL;
}

static const char *parse_range(struct check *c, struct str expr, const struct bounds *b)
{
    struct str rest = expr, span, by;
    int64_t start = 0, end = 0, step = 1;
    const char *err;

    str_next(&rest, '/', &span);
    if ((err = parse_span(c, expr, span, b, &start, &end)))
        return err;
    if (pieces(expr, '/') > 2)
        return arena_printf(c->arena, "too many slashes: %.*s", STR_ARG(expr));
    if (str_next(&rest, '/', &by)) {
        if ((err = parse_number(c, by, &step)))
            return err;
        if (pieces(span, '-') == 1)
            end = b->max;
    }
    if (start < b->min)
        return arena_printf(c->arena, "beginning of range (%lld) below minimum (%lld): %.*s",
                            (long long)start, (long long)b->min, STR_ARG(expr));
    if (end > b->max)
        return arena_printf(c->arena, "end of range (%lld) above maximum (%lld): %.*s", (long long)end,
                            (long long)b->max, STR_ARG(expr));
    if (start > end)
        return arena_printf(c->arena, "beginning of range (%lld) beyond end of range (%lld): %.*s",
                            (long long)start, (long long)end, STR_ARG(expr));
    return step ? NULL
                : arena_printf(c->arena, "step of range should be a positive number: %.*s", STR_ARG(expr));
}

static const char *parse_field(struct check *c, struct str field, const struct bounds *b)
{
    struct str expr;
    const char *err;

    while (str_next(&field, ',', &expr)) {
        if (expr.n && (err = parse_range(c, expr, b)))
            return err;
    }
    return NULL;
}

static const char *parse_descriptor(struct check *c, struct str s)
{
    static const char *const NAMES[] = {"@yearly", "@annually", "@monthly", "@weekly",
                                        "@daily",  "@midnight", "@hourly"};
    const char *err = NULL;

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (str_is(s, NAMES[i]))
            return NULL;
    }
    if (!str_starts(s, STR("@every ")))
        return arena_printf(c->arena, "unrecognized descriptor: %.*s", STR_ARG(s));
    if (duration_normalize(c->arena, (struct str){s.p + 7, s.n - 7}, &err))
        return NULL;
    return arena_printf(c->arena, "failed to parse duration %.*s: %s", STR_ARG(s), err);
}

static bool is_space(char ch)
{
    return strchr(" \t\n\v\f\r", ch) != NULL;
}

static struct str trimmed(struct str s)
{
    while (s.n && is_space(s.p[0]))
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool next_field(struct str *rest, struct str *field)
{
    size_t n = 0;

    *rest = trimmed(*rest);
    while (n < rest->n && !is_space(rest->p[n]))
        n++;
    *field = (struct str){rest->p, n};
    *rest = (struct str){rest->p + n, rest->n - n};
    return n > 0;
}

static const char *parse_fields(struct check *c, struct str s)
{
    struct str rest = s, field;
    struct buf all = {0};
    const char *err = NULL;
    int n = 0;

    while (next_field(&rest, &field)) {
        buf_puts(&all, n++ ? " " : "");
        buf_str(&all, field);
    }
    if (n != 5)
        err =
            arena_printf(c->arena, "expected exactly 5 fields, found %d: [%.*s]", n, STR_ARG(buf_view(&all)));
    buf_free(&all);
    rest = s;
    for (int i = 0; i < n && !err; i++) {
        next_field(&rest, &field);
        err = parse_field(c, field, &FIELDS[i]);
    }
    return err;
}

/* ---- time zones ---- */

/* time.LoadLocation: its error, or NULL. */
static const char *zone_error(struct check *c, struct str zone)
{
    const char *path;
    struct stat st;

    if (!zone.n || str_is(zone, "UTC") || str_is(zone, "Local"))
        return NULL;
    if (zone.p[0] == '/' || zone.p[0] == '\\' || memmem(zone.p, zone.n, "..", 2))
        return "time: invalid location name";
    path = arena_printf(c->arena, "%s/%.*s", ZONES, STR_ARG(zone));
    if (strlen(path) < 512 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return NULL;
    if (access(ZONES, X_OK) != 0)
        return NULL; /* a host without zones: nothing to know about them */
    return arena_printf(c->arena, "unknown time zone %.*s", STR_ARG(zone));
}

static const char *schedule_error(struct check *c, struct str s)
{
    ptrdiff_t blank = str_find(s, ' '), eq = str_find(s, '=');
    struct str zone;
    const char *err;

    if (str_starts(s, STR("TZ=")) || str_starts(s, STR("CRON_TZ="))) {
        if (blank < 0 || blank < eq + 1)
            return arena_printf(
                c->arena, "invalid schedule format: runtime error: slice bounds out of range [%s%lld]",
                blank < 0 ? ":" : arena_printf(c->arena, "%lld:", (long long)eq + 1), (long long)blank);
        zone = (struct str){s.p + eq + 1, (size_t)(blank - eq - 1)};
        if ((err = zone_error(c, zone)))
            return arena_printf(c->arena, "provided bad location %.*s: %s", STR_ARG(zone), err);
        s = trimmed((struct str){s.p + blank, s.n - (size_t)blank});
    }
    return s.n && s.p[0] == '@' ? parse_descriptor(c, s) : parse_fields(c, s);
}

static bool has_zone(struct str schedule)
{
    return schedule.n && memmem(schedule.p, schedule.n, "TZ", 2);
}

static void check_schedule(struct check *c, const struct at *up, const json_t *spec, const json_t *was)
{
    struct at at = at_field(up, "schedule");
    struct str schedule = check_str(spec, "schedule");
    bool had_zone = has_zone(check_str(was, "schedule"));
    const char *err;

    if (!schedule.n) {
        check_required(c, &at, "");
        return;
    }
    if ((err = schedule_error(c, schedule)))
        check_invalid_str(c, &at, schedule, err);
    if (!has_zone(schedule))
        return;
    if (!had_zone)
        check_invalid_str(c, &at, schedule,
                          "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    else if (check_has(spec, "timeZone"))
        check_invalid_str(c, &at, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
}

static bool is_zone_part(struct str s)
{
    if (!s.n || s.n > ZONE_PART_MAX || s.p[0] == '-' || str_is(s, ".") || str_is(s, ".."))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') &&
            !strchr(".-_+", ch))
            return false;
    }
    return true;
}

static void check_zone(struct check *c, const struct at *up, const json_t *spec)
{
    struct at at = at_field(up, "timeZone");
    const json_t *v = json_object_get(spec, "timeZone");
    struct str zone = check_str(spec, "timeZone"), rest = zone, part;
    const char *err;

    if (!zone.n) {
        check_invalid(c, &at, v, "timeZone must be nil or non-empty string");
        return;
    }
    while (str_next(&rest, '/', &part)) {
        if (is_zone_part(part))
            continue;
        check_invalid_word(c, &at, zone, arena_printf(c->arena, "unknown time zone %.*s", STR_ARG(zone)));
        return;
    }
    if (str_eq_nocase(zone, STR("Local")))
        check_invalid_word(
            c, &at, zone,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
    if ((err = zone_error(c, zone)))
        check_invalid_word(c, &at, zone, err);
}

/* ---- the object ---- */

static void check_job_template(struct check *c, const struct at *up, const json_t *spec,
                               const struct pod_options *o)
{
    const json_t *job = tree_get(spec, "jobTemplate.spec"), *selector = json_object_get(job, "selector");
    struct at at = at_field(up, "jobTemplate.spec"), selector_at = at_field(&at, "selector"),
              manual = at_field(&at, "manualSelector");
    static const char *const NO[] = {"nil", "false"};

    check_job_spec(c, &at, job, o);
    if (selector)
        check_invalid_of(c, &selector_at, selector, schema_type(STR("meta/v1"), STR("LabelSelector")),
                         "`selector` will be auto-generated");
    if (check_bool(job, "manualSelector") && !check_full(c))
        field_not_supported_text(c->st, at_text(c->arena, &manual), "true", NO, 2);
}

static void check_spec(struct check *c, const json_t *obj, const json_t *old, const struct pod_options *o)
{
    static const char *const DEADLINE[] = {"startingDeadlineSeconds"};
    static const char *const LIMITS[] = {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"};
    static const char *const POLICIES[] = {"Allow", "Forbid", "Replace"};
    const json_t *spec = json_object_get(obj, "spec"), *was = json_object_get(old, "spec");
    struct at at = at_field(NULL, "spec"), policy = at_field(&at, "concurrencyPolicy");
    const json_t *zone = json_object_get(spec, "timeZone"), *old_zone = json_object_get(was, "timeZone");

    check_schedule(c, &at, spec, was);
    check_counts(c, &at, spec, DEADLINE, 1);
    if (zone && !(old_zone && json_equal(zone, old_zone)))
        check_zone(c, &at, spec);
    if (check_needed(c, &at, spec, "concurrencyPolicy"))
        check_enum(c, &policy, check_str(spec, "concurrencyPolicy"), POLICIES, 3);
    check_job_template(c, &at, spec, o);
    check_counts(c, &at, spec, LIMITS, 2);
}

static void cronjob_create(struct check *c, const json_t *obj)
{
    struct pod_options o = {0};
    struct at at = at_field(NULL, "metadata.name");
    struct str name = tree_str(obj, "metadata.name");

    check_spec(c, obj, NULL, &o);
    if (name.n > NAME_MAX_BYTES)
        check_invalid_str(c, &at, name, "must be no more than 52 characters");
}

static void cronjob_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct pod_options o = pod_options(c, tree_get(old, "spec.jobTemplate.spec.template.spec"),
                                       tree_get(old, "spec.jobTemplate.spec.template.metadata"));

    check_spec(c, obj, old, &o);
}

static const struct validation ROWS[] = {
    {.group = "batch", .plural = "cronjobs", .create = cronjob_create, .update = cronjob_update},
};

const struct validation_rows validation_rows_cron = VALIDATION_ROWS(ROWS);
