/* An eviction is a delete that asks first: the one budget that covers the pod must allow it, and is charged
 * before the pod goes. Two writes one after the other, the budget's and the pod's. Rule:
 * pkg/registry/core/pod/storage/eviction.go. */
#include "worker/handlers/subresources.h"

#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "worker/read/freshness.h"
#include "worker/write/answer.h"
#include "worker/write/body.h"
#include "worker/write/commit.h"
#include "worker/write/deletion.h"
#include "worker/write/tracking.h"

#define REFUSED "Cannot evict pod as it would violate the pod's disruption budget."
#define DISRUPTED_MAX 2000 /* evictions that no controller has confirmed */
#define BUSY_RETRY_S 10
#define CHARGES_MAX 2000 /* a drain evicts many at once, and each charges the same budget */

struct eviction {
    struct reply_form form;
    const struct schema_resource *pods, *budgets;
    struct write_options o;
    struct delete_options delete;
    json_t *in;
    struct str budget; /* that covers the pod; empty: none */
    bool free;         /* the pod is in a state that no budget counts */
    bool pinned;       /* the pod must still be what it was when its budget was looked at */
};

/* ---- which budget ---- */

static bool expression_holds(const json_t *e, const json_t *labels)
{
    json_t *label = json_object_get(labels, tree_string(e, "key") ? tree_string(e, "key") : "");
    struct str op = tree_str(e, "operator");
    bool listed = label && tree_list_has(tree_get(e, "values"), json_string_value(label));

    if (str_is(op, "In"))
        return listed;
    if (str_is(op, "NotIn"))
        return !listed;
    return str_is(op, "Exists") ? label != NULL : label == NULL;
}

/* No selector selects nothing, an empty one everything. */
static bool selects(const json_t *selector, const json_t *labels)
{
    const char *key;
    json_t *v;
    size_t i;

    if (!selector)
        return false;
    json_object_foreach(tree_get(selector, "matchLabels"), key, v)
    {
        json_t *label = json_object_get(labels, key);

        if (!label || !json_equal(label, v))
            return false;
    }
    json_array_foreach(tree_get(selector, "matchExpressions"), i, v)
    {
        if (!expression_holds(v, labels))
            return false;
    }
    return true;
}

/* How many budgets of the namespace cover the pod; *found: one of them. */
static int budgets_of(struct eviction *e, struct request *rq, struct snapshot *s, const json_t *pod,
                      json_t **found)
{
    const json_t *labels = tree_get(pod, "metadata.labels");
    const struct record *rec;
    struct key prefix;
    struct scan scan;
    json_t *budget;
    int n = 0;

    key_prefix(&prefix, e->budgets->id, rq->info.ns);
    if (scan_open(&scan, s, &prefix, NULL, false))
        return 0;
    while ((rec = scan_next(&scan, NULL))) {
        budget = write_keep_tree(rq->arena, record_tree(rq->arena, rec));
        if (!selects(tree_get(budget, "spec.selector"), labels))
            continue;
        *found = budget;
        n++;
    }
    scan_close(&scan);
    return n;
}

static bool is_free(const json_t *pod)
{
    struct str phase = tree_str(pod, "status.phase");

    return str_is(phase, "Succeeded") || str_is(phase, "Failed") || str_is(phase, "Pending") ||
           tree_get(pod, "metadata.deletionTimestamp");
}

static bool is_ready(const json_t *pod)
{
    size_t i;
    json_t *c;

    json_array_foreach(tree_get(pod, "status.conditions"), i, c)
    {
        if (str_is(tree_str(c, "type"), "Ready"))
            return str_is(tree_str(c, "status"), "True");
    }
    return false;
}

/* A pod that is not ready serves nobody: it may go when the budget says so, or when enough others do. */
static bool spares_budget(const json_t *pod, const json_t *budget)
{
    int64_t healthy = tree_int(budget, "status.currentHealthy", 0);
    int64_t desired = tree_int(budget, "status.desiredHealthy", 0);

    if (is_ready(pod))
        return false;
    return str_is(tree_str(budget, "spec.unhealthyPodEvictionPolicy"), "AlwaysAllow") ||
           (healthy >= desired && desired > 0);
}

/* ---- the pod goes ---- */

static void set_condition(json_t *obj, const char *path, json_t *condition)
{
    json_t *list = tree_get(obj, path), *c;
    char now[21];
    size_t i;

    clock_rfc3339(clock_wall_s(), now);
    if (!json_is_array(list))
        tree_set(obj, path, list = json_array());
    json_array_foreach(list, i, c)
    {
        if (!str_eq(tree_str(c, "type"), tree_str(condition, "type")))
            continue;
        if (str_eq(tree_str(c, "status"), tree_str(condition, "status")))
            tree_copy(condition, c, "lastTransitionTime");
        json_array_remove(list, i);
        break;
    }
    tree_default(condition, "lastTransitionTime", json_string(now));
    json_array_append_new(list, condition);
}

static void busy(struct status *st, struct str budget)
{
    status_too_many(st, BUSY_RETRY_S, REFUSED);
    status_add_cause(st, "DisruptionBudget", "",
                     arena_printf(st->arena,
                                  "The disruption budget %.*s is still being processed by the server.",
                                  STR_ARG(budget)));
}

struct leaving {
    struct eviction *e;
    struct deletion *d;
};

static enum write_verdict leave(struct write *w, const json_t *old, json_t **out)
{
    struct leaving *l = w->arg;
    enum write_verdict v;
    json_t *pod;

    if (!old) {
        status_not_found(&w->st, "", "pods", w->name);
        return WRITE_FAIL;
    }
    if (l->e->free && !is_free(old)) {
        status_conflict(
            &w->st, "", "pods", w->name,
            "the object has been modified; please apply your changes to the latest version and try "
            "again");
        return WRITE_FAIL;
    }
    pod = json_deep_copy(old);
    set_condition(pod, "status.conditions",
                  json_pack("{s:s, s:s, s:s, s:s}", "type", "DisruptionTarget", "status", "True", "reason",
                            "EvictionByEvictionAPI", "message", "Eviction API: evicting"));
    v = deletion_verdict(&l->d->call, &l->d->o, pod, w->old_revision, out, &w->st);
    if (v == WRITE_KEEP) {
        *out = pod;
        return WRITE_PUT;
    }
    json_decref(pod);
    if (v == WRITE_FAIL && l->e->pinned) {
        w->st = (struct status){.arena = w->arena};
        busy(&w->st, l->e->budget);
    }
    return v;
}

static enum stage_result left(struct request *rq, struct write *w)
{
    struct leaving *l = w->arg;

    if (status_failed(&w->st))
        return answer_status(rq, &w->st);
    return answer_done(rq, &l->e->form, 201);
}

static enum stage_result evict(struct request *rq, struct eviction *e)
{
    struct leaving *l = arena_alloc(rq->arena, sizeof(*l));
    struct deletion *d =
        deletion_new(rq->ctx, rq->arena, rq, e->pods, rq->info.ns, rq->info.name, &e->delete);

    *l = (struct leaving){e, d};
    d->w->step = leave;
    d->w->over = left;
    d->w->arg = l;
    return write_go(d->w);
}

/* ---- the budget is charged ---- */

static const json_t *condition_of(const json_t *budget)
{
    size_t i;
    json_t *c;

    json_array_foreach(tree_get(budget, "status.conditions"), i, c)
    {
        if (str_is(tree_str(c, "type"), "DisruptionAllowed"))
            return c;
    }
    return NULL;
}

static const char *why_not(struct arena *a, const json_t *budget, struct str name)
{
    const json_t *c = condition_of(budget);
    struct str said = tree_str(c, "message"), reason = tree_str(c, "reason");
    bool no = said.n && str_is(tree_str(c, "status"), "False");
    int64_t healthy = tree_int(budget, "status.currentHealthy", 0);
    int64_t desired = tree_int(budget, "status.desiredHealthy", 0);

    if (no && str_is(reason, "SyncFailed"))
        return arena_printf(
            a,
            "The disruption budget %.*s does not allow evicting pods currently because it failed "
            "sync: %.*s",
            STR_ARG(name), STR_ARG(said));
    if (healthy <= desired)
        return arena_printf(a, "The disruption budget %.*s needs %lld healthy pods and has %lld currently",
                            STR_ARG(name), (long long)desired, (long long)healthy);
    if (no)
        return arena_printf(a,
                            "The disruption budget %.*s does not allow evicting pods currently (%.*s): %.*s",
                            STR_ARG(name), STR_ARG(reason), STR_ARG(said));
    return arena_printf(a, "The disruption budget %.*s does not allow evicting pods currently",
                        STR_ARG(name));
}

static bool allows(const json_t *budget, struct str name, struct status *st)
{
    int64_t allowed = tree_int(budget, "status.disruptionsAllowed", 0);
    const char *why = NULL;

    if (tree_int(budget, "status.observedGeneration", 0) < tree_int(budget, "metadata.generation", 0)) {
        busy(st, name);
        return false;
    }
    if (allowed < 0)
        why = "pdb disruptions allowed is negative";
    else if (json_object_size(tree_get(budget, "status.disruptedPods")) > DISRUPTED_MAX)
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
    if (why) {
        status_forbidden(st, "policy", "poddisruptionbudget", name, why);
        return false;
    }
    if (allowed > 0)
        return true;
    status_too_many(st, 0, REFUSED);
    status_add_cause(st, "DisruptionBudget", "", why_not(st->arena, budget, name));
    return false;
}

static enum write_verdict charge(struct write *w, const json_t *old, json_t **out)
{
    json_t *budget, *disrupted;
    int64_t left_over;
    char now[21];

    /* a budget that went in the meantime forbids nothing */
    if (!old)
        return WRITE_KEEP;
    if (!allows(old, w->name, &w->st))
        return WRITE_FAIL;
    *out = budget = json_deep_copy(old);
    left_over = tree_int(old, "status.disruptionsAllowed", 0) - 1;
    tree_set_int(budget, "status.disruptionsAllowed", left_over);
    if (left_over == 0)
        set_condition(budget, "status.conditions",
                      json_pack("{s:s, s:s, s:s, s:s, s:I}", "type", "DisruptionAllowed", "status", "False",
                                "reason", "InsufficientPods", "message", "", "observedGeneration",
                                (json_int_t)tree_int(old, "status.observedGeneration", 0)));
    disrupted = tree_get(budget, "status.disruptedPods");
    if (!json_is_object(disrupted))
        tree_set(budget, "status.disruptedPods", disrupted = json_object());
    clock_rfc3339(clock_wall_s(), now);
    json_object_set_new(disrupted, arena_cstr(w->arena, w->rq->info.name), json_string(now));
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "status", budget, old);
    return WRITE_PUT;
}

static enum stage_result charged(struct request *rq, struct write *w)
{
    return status_failed(&w->st) ? answer_status(rq, &w->st) : evict(rq, w->arg);
}

static enum stage_result ask(struct request *rq, struct eviction *e)
{
    struct write *w = write_new(rq->ctx, rq->arena, rq, e->budgets, rq->info.ns, e->budget);

    w->dry_run = e->delete.dry_run;
    w->tries_max = CHARGES_MAX;
    w->step = charge;
    w->over = charged;
    w->arg = e;
    return write_go(w);
}

/* ---- the order of it all ---- */

static enum stage_result decide(struct request *rq, struct eviction *e, struct snapshot *s)
{
    struct status st = {.arena = rq->arena};
    const struct record *rec;
    json_t *pod, *budget = NULL;
    struct key k;
    int n;

    key_make(&k, e->pods->id, rq->info.ns, rq->info.name);
    rec = snapshot_object(s, &k);
    if (!rec) {
        status_not_found(&st, "", "pods", rq->info.name);
        return answer_status(rq, &st);
    }
    pod = write_keep_tree(rq->arena, record_tree(rq->arena, rec));
    e->free = is_free(pod);
    n = e->free ? 0 : budgets_of(e, rq, s, pod, &budget);
    if (n > 1) {
        status_set(&st, 500, "",
                   "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
                   "support.");
        return answer_status(rq, &st);
    }
    if (n == 0)
        return evict(rq, e);
    e->budget = arena_str(rq->arena, tree_str(budget, "metadata.name"));
    if (!spares_budget(pod, budget))
        return ask(rq, e);
    e->pinned = !e->delete.revision.p;
    if (e->pinned)
        e->delete.revision = str_of(arena_printf(rq->arena, "%lld", (long long)rec->mod_revision));
    return evict(rq, e);
}

static enum stage_result look(struct request *rq)
{
    struct eviction *e = rq->stage_state;
    struct status st = {.arena = rq->arena};
    enum stage_result result;
    bool suspended = false;
    struct snapshot *s = freshness_snapshot(rq, -1, &suspended, &st);

    if (suspended)
        return STAGE_SUSPEND;
    if (!s)
        return answer_status(rq, &st);
    result = decide(rq, e, s);
    snapshot_unref(s);
    return result;
}

/* As Go prints a list of texts. */
static const char *list_text(struct arena *a, const json_t *list)
{
    const char *text = "";

    for (size_t i = 0; i < json_array_size(list); i++)
        text = arena_printf(a, "%s%s%s", text, i ? " " : "", json_string_value(json_array_get(list, i)));
    return arena_printf(a, "[%s]", text);
}

/* What the body says of the deletion must go with what the request says. */
static bool options_fit(struct eviction *e, struct request *rq, struct status *st)
{
    const json_t *options = tree_get(e->in, "deleteOptions"), *dry = tree_get(options, "dryRun");

    if (tree_bool(options, "ignoreStoreReadErrorWithClusterBreakingPotential", false)) {
        field_invalid(st, "deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential", "true",
                      "can not be set for pod eviction, try after removing the option");
        return !status_invalid_done(st, "policy", "Eviction", rq->info.name);
    }
    if (e->o.dry_run && json_array_size(dry) &&
        !(json_array_size(dry) == 1 && str_is(str_of(json_string_value(json_array_get(dry, 0))), "All"))) {
        status_set(st, 500, "", "Non-matching dry-run options in request and content: [All] and %s",
                   list_text(rq->arena, dry));
        return false;
    }
    return true;
}

static bool read_body(struct eviction *e, struct request *rq, struct status *st)
{
    struct body_want want = body_want(e->pods, rq->info.sub);
    enum media media;

    want.also = "v1beta1"; /* of clients that evicted before the kind was stable */
    if (!form_init(&e->form, rq, st) || !write_options_parse(rq, OPTIONS_CREATE, &e->o, st) ||
        !negotiate_body(rq, &media, st))
        return false;
    e->in = write_keep_tree(rq->arena, body_object(rq, media, &want, &e->o, st));
    if (!e->in || !body_namespace(e->in, e->pods, rq->info.ns, st))
        return false;
    if (!str_eq(tree_str(e->in, "metadata.name"), rq->info.name)) {
        status_bad_request(st, "name in URL does not match name in Eviction object");
        return false;
    }
    if (!options_fit(e, rq, st) || !delete_options_of(rq, tree_get(e->in, "deleteOptions"), &e->delete, st))
        return false;
    e->delete.dry_run = e->delete.dry_run || e->o.dry_run;
    return true;
}

enum stage_result handler_eviction(struct request *rq)
{
    struct eviction *e = arena_alloc(rq->arena, sizeof(*e));
    struct status st = {.arena = rq->arena};
    enum stage_result wait;

    if (!body_here(rq, handler_eviction, &wait, &st))
        return wait;
    e->pods = rq->info.schema;
    e->budgets = schema_resource(STR("policy"), STR("v1"), STR("poddisruptionbudgets"));
    if (status_failed(&st) || !read_body(e, rq, &st))
        return answer_status(rq, &st);
    rq->stage_state = e;
    rq->resume = look;
    return look(rq);
}
