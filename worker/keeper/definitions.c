/* CustomResourceDefinitions are told which of the names that they want are theirs, that they are in force,
 * and, when they go, that nothing keeps them any more. What the names of all are is remembered from what was
 * heard, so that judging one need not read the others, whose schemas are large. Rules:
 * apiextensions-apiserver/pkg/controller (status, establish, apiapproval, finalizer). */
#include <stdlib.h>
#include "registry/rules/text.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/keeper/loops.h"
#include "worker/write/commit.h"
#include "worker/write/tracking.h"

#define CLEANUP "customresourcecleanup.apiextensions.k8s.io"
#define APPROVAL "api-approved.kubernetes.io"
#define PULL_REQUEST "https://github.com/kubernetes/enhancements/pull/1111"
#define ACCEPTED "status.acceptedNames"

struct definitions {
    json_t *known; /* name -> {"group", "names": accepted ones, "waits": for names that others have} */
};

struct definitions *definitions_new(void)
{
    struct definitions *d = calloc(1, sizeof(*d));

    must(d != NULL);
    d->known = json_object();
    return d;
}

void definitions_free(struct definitions *d)
{
    json_decref(d->known);
    free(d);
}

static const struct schema_resource *definitions(void)
{
    return keeper_resource("apiextensions.k8s.io", "v1", "customresourcedefinitions");
}

/* ---- conditions ---- */

struct condition {
    const char *type, *status, *reason, *message;
};

static json_t *find(const json_t *obj, const char *type)
{
    json_t *condition;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        if (str_is(tree_str(condition, "type"), type))
            return condition;
    }
    return NULL;
}

static bool is_true(const json_t *obj, const char *type)
{
    return str_is(tree_str(find(obj, type), "status"), "True");
}

static void set(json_t *obj, const struct condition *c)
{
    json_t *condition = find(obj, c->type);
    char now[21];

    clock_rfc3339(clock_wall_s(), now);
    if (!condition) {
        if (!tree_get(obj, "status.conditions"))
            tree_set(obj, "status.conditions", json_array());
        json_array_append_new(tree_get(obj, "status.conditions"),
                              condition = json_pack("{s:s}", "type", c->type));
    }
    if (!str_is(tree_str(condition, "status"), c->status))
        tree_set_string(condition, "lastTransitionTime", now);
    tree_set_string(condition, "status", c->status);
    tree_set_string(condition, "reason", c->reason);
    tree_set_string(condition, "message", c->message);
}

/* ---- names ---- */

enum namespace_of_names { RESOURCES, KINDS };

static const struct name {
    const char *field, *conflict;
    enum namespace_of_names in;
    bool list;
} NAMES[] = {
    {"plural", "PluralConflict", RESOURCES, false},        {"singular", "SingularConflict", RESOURCES, false},
    {"shortNames", "ShortNamesConflict", RESOURCES, true}, {"kind", "KindConflict", KINDS, false},
    {"listKind", "ListKindConflict", KINDS, false},
};
#define NNAMES (sizeof(NAMES) / sizeof(NAMES[0]))

static bool one_has(const json_t *names, enum namespace_of_names in, struct str wanted)
{
    for (size_t i = 0; i < NNAMES; i++) {
        if (NAMES[i].in != in)
            continue;
        if (NAMES[i].list ? tree_list_has(json_object_get(names, NAMES[i].field), wanted.p)
                          : str_eq(tree_str(names, NAMES[i].field), wanted))
            return true;
    }
    return false;
}

static bool is_used(struct keeper *k, struct str group, enum namespace_of_names in, struct str wanted)
{
    const char *name;
    json_t *one;

    json_object_foreach(k->definitions->known, name, one)
    {
        if (str_eq(tree_str(one, "group"), group) && one_has(json_object_get(one, "names"), in, wanted))
            return true;
    }
    return false;
}

/* What is said of one name that is wanted; NULL: it is free, or ours already. */
static const char *trouble(struct write *w, const json_t *obj, enum namespace_of_names in, struct str wanted)
{
    const struct job *j = w->owner;

    return is_used(j->k, tree_str(obj, "spec.group"), in, wanted)
               ? arena_printf(w->arena, "%s is already in use", text_quoted(w->arena, wanted))
               : NULL;
}

static const char *list_trouble(struct write *w, const json_t *obj, const struct name *n,
                                const json_t *wanted, const json_t *accepted)
{
    const char *all = NULL, *one;
    bool several = false;
    json_t *v;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)wanted, i, v)
    {
        if (tree_list_has(accepted, json_string_value(v)))
            continue;
        one = trouble(w, obj, n->in, str_of(json_string_value(v)));
        if (!one)
            continue;
        several = several || all;
        all = all ? arena_printf(w->arena, "%s, %s", all, one) : one;
    }
    return several ? arena_printf(w->arena, "[%s]", all) : all;
}

static bool same_name(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b)) ||
           (!json_array_size(a) && !json_array_size(b) && !json_is_string(a) && !json_is_string(b));
}

/* Each name that is free becomes accepted; the last conflict is the reason. */
static struct condition accept_names(struct write *w, json_t *obj)
{
    struct condition c = {"NamesAccepted", "True", "NoConflicts", "no conflicts found"};
    json_t *spec = tree_get(obj, "spec.names"), *names;
    const char *why;

    if (!tree_get(obj, ACCEPTED))
        tree_set(obj, ACCEPTED, json_object());
    names = tree_get(obj, ACCEPTED);
    for (size_t i = 0; i < NNAMES; i++) {
        const struct name *n = &NAMES[i];
        const json_t *wanted = json_object_get(spec, n->field), *had = json_object_get(names, n->field);

        if (same_name(wanted, had))
            continue;
        why =
            n->list ? list_trouble(w, obj, n, wanted, had) : trouble(w, obj, n->in, tree_str(spec, n->field));
        if (why)
            c = (struct condition){"NamesAccepted", "False", n->conflict, why};
        else
            tree_copy(names, spec, n->field);
    }
    tree_copy(names, spec, "categories");
    return c;
}

static bool names_differ(const json_t *obj)
{
    for (size_t i = 0; i < NNAMES; i++) {
        if (!same_name(json_object_get(tree_get(obj, "spec.names"), NAMES[i].field),
                       json_object_get(tree_get(obj, ACCEPTED), NAMES[i].field)))
            return true;
    }
    return !same_name(tree_get(obj, "spec.names.categories"), tree_get(obj, ACCEPTED ".categories"));
}

static void judge_names(struct write *w, json_t *obj)
{
    struct condition names = accept_names(w, obj);

    set(obj, &names);
    if (strcmp(names.status, "True") != 0 && !find(obj, "Established"))
        set(obj, &(struct condition){"Established", "False", "NotAccepted", "not all names are accepted"});
}

/* ---- groups of the project's own ---- */

static bool is_protected(struct str group)
{
    return str_is(group, "k8s.io") || str_is(group, "kubernetes.io") || str_ends(group, STR(".k8s.io")) ||
           str_ends(group, STR(".kubernetes.io"));
}

static void judge_approval(struct write *w, json_t *obj)
{
    const char *said = json_string_value(json_object_get(tree_get(obj, "metadata.annotations"), APPROVAL));
    struct condition c = {"KubernetesAPIApprovalPolicyConformant", "False", "MissingAnnotation",
                          "protected groups must have approval annotation \"" APPROVAL
                          "\", see " PULL_REQUEST};

    if (!is_protected(tree_str(obj, "spec.group")))
        return;
    if (said && strncmp(said, "unapproved", strlen("unapproved")) == 0) {
        c.reason = "UnapprovedAnnotation";
        c.message = arena_printf(w->arena, "not approved: %s", text_quoted(w->arena, str_of(said)));
    } else if (said && *said && strstr(said, "://")) {
        c.status = "True";
        c.reason = "ApprovedAnnotation";
        c.message = arena_printf(w->arena, "approved in %s", said);
    } else if (said && *said) {
        c.reason = "InvalidAnnotation";
        c.message =
            "protected groups must have approval annotation \"" APPROVAL "\" with either a URL or a reason "
            "starting with \"unapproved\", see " PULL_REQUEST;
    }
    set(obj, &c);
}

/* ---- the end ---- */

static void let_go(json_t *obj)
{
    json_t *list = tree_get(obj, "metadata.finalizers"), *v;
    size_t i;

    if (is_true(obj, "Established"))
        set(obj, &(struct condition){"Terminating", "False", "InstanceDeletionCompleted",
                                     "removed all instances"});
    else
        set(obj, &(struct condition){"Terminating", "False", "NeverEstablished",
                                     "resource was never established"});
    json_array_foreach(list, i, v)
    {
        if (str_is((struct str){json_string_value(v), json_string_length(v)}, CLEANUP))
            json_array_remove(list, i--);
    }
    if (json_array_size(list) == 0)
        tree_delete(obj, "metadata.finalizers");
}

static bool is_leaving(const json_t *obj)
{
    return tree_get(obj, "metadata.deletionTimestamp") &&
           tree_list_has(tree_get(obj, "metadata.finalizers"), CLEANUP);
}

/* ---- the loop ---- */

/* False: it was so already. */
static bool remember(struct keeper *k, const char *name, const json_t *obj)
{
    json_t *one = json_pack("{s:s, s:O?, s:b}", "group", tree_string(obj, "spec.group"), "names",
                            tree_get(obj, ACCEPTED), "waits", names_differ(obj));
    json_t *old = json_object_get(k->definitions->known, name);
    bool news = !old || !json_equal(one, old);

    json_object_set_new(k->definitions->known, name, one);
    return news;
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    struct job *j = w->owner;
    json_t *obj;

    if (!old)
        return WRITE_KEEP;
    *out = obj = json_deep_copy(old);
    if (is_leaving(old)) {
        let_go(obj);
        tracking_note_as(w->arena, w->stored, TRACKING_SELF, "status", obj, old);
        return strategy_removes(w->stored, obj, old) ? WRITE_REMOVE : WRITE_PUT;
    }
    if (names_differ(obj))
        judge_names(w, obj);
    if (is_true(obj, "NamesAccepted") && !is_true(obj, "Established"))
        set(obj, &(struct condition){"Established", "True", "InitialNamesAccepted",
                                     "the initial names have been accepted"});
    judge_approval(w, obj);
    if (json_equal(obj, old))
        return WRITE_KEEP;
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "status", obj, old);
    /* the next one to be judged must not be given the same names */
    remember(j->k, arena_cstr(w->arena, w->name), obj);
    return WRITE_PUT;
}

void definitions_run(struct job *j)
{
    job_write(j, definitions(), STR_NONE, j->work->name, step, NULL);
}

static void look(struct keeper *k, struct str name)
{
    queue_add(k->queue, TASK_DEFINITION, definitions()->id, STR_NONE, name, 0);
}

/* Names may have become free. */
static void look_at_waiting(struct keeper *k, struct str group)
{
    const char *name;
    json_t *one;

    json_object_foreach(k->definitions->known, name, one)
    {
        if (tree_bool(one, "waits", false) && str_eq(tree_str(one, "group"), group))
            look(k, str_of(name));
    }
}

void definitions_event(struct keeper *k, const struct event *e)
{
    struct arena *a;
    json_t *obj;

    if (e->resource != definitions()->id)
        return;
    a = arena_new(0);
    obj = record_tree(a, e->record);
    if (e->type == EVENT_DELETED) {
        json_object_del(k->definitions->known, arena_cstr(a, record_name(e->record)));
        look_at_waiting(k, tree_str(obj, "spec.group"));
    } else {
        if (remember(k, arena_cstr(a, record_name(e->record)), obj))
            look_at_waiting(k, tree_str(obj, "spec.group"));
        look(k, record_name(e->record));
    }
    json_decref(obj);
    arena_free(a);
}
