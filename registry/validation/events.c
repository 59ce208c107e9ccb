/* Events of both groups: what comes through events.k8s.io is held to more. Rule:
 * pkg/apis/core/validation/events.go. */
#include "registry/validation/rows.h"

#include "registry/validation/printed.h"
#include "registry/walk/tree.h"

#define TEXT_MAX_BYTES 128
#define NOTE_MAX_BYTES 1024

static bool is_strict(const struct check *c)
{
    return *c->served->group != '\0';
}

static void involved_namespace(struct check *c, struct str involved)
{
    struct at at = at_field(NULL, "involvedObject.namespace");

    check_invalid_str(c, &at, involved, "does not match event.namespace");
}

/* As events were before they had a time of their own. */
static void old_form(struct check *c, const json_t *obj)
{
    struct str ns = tree_str(obj, "metadata.namespace"), involved = tree_str(obj, "involvedObject.namespace");

    if (involved.n ? !str_eq(ns, involved) : ns.n && !str_is(ns, "default"))
        involved_namespace(c, involved);
}

static void bounded(struct check *c, const json_t *obj, const char *field, bool required, size_t max)
{
    struct at at = at_field(NULL, field);
    struct str v = check_str(obj, field);

    if (required && !v.n)
        check_required(c, &at, "");
    if (v.n > max)
        check_invalid_str(c, &at, STR(""), arena_printf(c->arena, "can have at most %zu characters", max));
}

static void new_form(struct check *c, const json_t *obj)
{
    struct str ns = tree_str(obj, "metadata.namespace"), involved = tree_str(obj, "involvedObject.namespace");
    struct at at = at_field(NULL, is_strict(c) ? "reportingController" : "reportingComponent");

    if (!involved.n && !str_is(ns, "default") && !str_is(ns, "kube-system"))
        involved_namespace(c, involved);
    if (!check_str(obj, "reportingComponent").n)
        check_required(c, &at, "");
    check_qualified_name(c, &at, check_str(obj, "reportingComponent"));
    bounded(c, obj, "reportingInstance", true, TEXT_MAX_BYTES);
    bounded(c, obj, "action", true, TEXT_MAX_BYTES);
    bounded(c, obj, "reason", true, TEXT_MAX_BYTES);
    bounded(c, obj, "message", false, NOTE_MAX_BYTES);
}

static void of_either_group(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "namespace");

    if (check_has(obj, "eventTime"))
        new_form(c, obj);
    else
        old_form(c, obj);
    check_name(c, &at, tree_str(obj, "metadata.namespace"), "dns-subdomain");
}

static void series(struct check *c, const json_t *obj)
{
    const json_t *v = tree_get(obj, "series");
    struct at count = at_field(NULL, "series.count"), last = at_field(NULL, "series.lastObservedTime");

    if (!v)
        return;
    if (check_int(v, "count", 0) < 2)
        check_invalid_str(c, &count, STR(""), "should be at least 2");
    if (!check_has(v, "lastObservedTime"))
        check_required(c, &last, "");
}

static void unset(struct check *c, const char *field, bool is_set)
{
    struct at at = at_field(NULL, field);

    if (is_set)
        check_invalid_str(c, &at, STR(""), "needs to be unset");
}

static void event(struct check *c, const json_t *obj)
{
    struct at time = at_field(NULL, "eventTime"), at = at_field(NULL, "type");
    struct str type = check_str(obj, "type");

    of_either_group(c, obj);
    /* where nothing else is wrong the old group looks at the name after all */
    if (is_strict(c) || !c->st->ncauses)
        check_metadata(c, obj);
    if (!is_strict(c))
        return;
    series(c, obj);
    if (!check_has(obj, "eventTime"))
        check_required(c, &time, "");
    if (!str_is(type, "Normal") && !str_is(type, "Warning"))
        check_invalid_str(c, &at, STR(""), arena_printf(c->arena, "has invalid value: %.*s", STR_ARG(type)));
    unset(c, "firstTimestamp", check_has(obj, "firstTimestamp"));
    unset(c, "lastTimestamp", check_has(obj, "lastTimestamp"));
    unset(c, "count", check_int(obj, "count", 0) != 0);
    unset(c, "source", tree_str(obj, "source.component").n || tree_str(obj, "source.host").n);
}

/* In the order of the reference, which says one of them twice. */
static const struct {
    const char *name, *shown;
    bool time;
} LASTING[] = {
    {"involvedObject", NULL, false},
    {"reason", NULL, false},
    {"message", NULL, false},
    {"source", NULL, false},
    {"firstTimestamp", NULL, true},
    {"lastTimestamp", NULL, true},
    {"count", NULL, false},
    {"reason", NULL, false},
    {"type", NULL, false},
    {"eventTime", NULL, true},
    {"action", NULL, false},
    {"related", NULL, false},
    {"reportingComponent", "reportingController", false},
    {"reportingInstance", NULL, false},
};

static void event_update(struct check *c, const json_t *obj, const json_t *old)
{
    of_either_group(c, obj);
    if (!is_strict(c))
        return;
    check_metadata_update(c, obj, old);
    if (!tree_same(obj, old, "series", c->resource->type))
        series(c, obj);
    for (size_t i = 0; i < sizeof(LASTING) / sizeof(LASTING[0]); i++) {
        struct at at = at_field(NULL, LASTING[i].shown ? LASTING[i].shown : LASTING[i].name);

        if (!json_is_string(json_object_get(old, LASTING[i].name)))
            check_fixed(c, &at, obj, old, LASTING[i].name, "field is immutable");
        else if (!check_has(obj, LASTING[i].name) && LASTING[i].time)
            check_invalid_text(c, &at, "null", "field is immutable");
        else if (!str_eq(check_str(obj, LASTING[i].name), check_str(old, LASTING[i].name)))
            check_invalid_str(c, &at, check_str(obj, LASTING[i].name), "field is immutable");
    }
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "events",
     .checks_metadata = true,
     .creates_metadata = true,
     .create = event,
     .update = event_update},
};

const struct validation_rows validation_rows_events = VALIDATION_ROWS(ROWS);
