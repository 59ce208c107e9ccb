/* Deletion is an update for as long as something holds the object: a grace period that runs, or a finalizer.
 */
#include "worker/write/deletion.h"

#include "registry/admission/chain.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "worker/write/body.h"

#define ORPHAN "orphan"
#define FOREGROUND "foregroundDeletion"

/* Whether dependents are orphaned: what was asked for, what an earlier request left as finalizer, the kind's
 * way. */
static bool wants_orphan(const struct strategy *s, const struct delete_options *o, const json_t *finalizers)
{
    if (o->orphan >= 0)
        return o->orphan == 1;
    if (o->propagation != PROPAGATION_UNSET)
        return o->propagation == PROPAGATION_ORPHAN;
    if (tree_list_has(finalizers, ORPHAN))
        return true;
    if (tree_list_has(finalizers, FOREGROUND))
        return false;
    return s->default_policy && strcmp(s->default_policy, "orphan") == 0;
}

static bool wants_foreground(const struct delete_options *o, const json_t *finalizers)
{
    if (o->orphan >= 0)
        return false;
    if (o->propagation != PROPAGATION_UNSET)
        return o->propagation == PROPAGATION_FOREGROUND;
    return tree_list_has(finalizers, FOREGROUND) && !tree_list_has(finalizers, ORPHAN);
}

static bool is_policy(const char *finalizer)
{
    return finalizer && (strcmp(finalizer, ORPHAN) == 0 || strcmp(finalizer, FOREGROUND) == 0);
}

/* The finalizers that the garbage collector works on, put in or taken out. */
static void set_policy(const struct strategy *s, const struct delete_options *o, json_t *obj)
{
    json_t *old = tree_get(obj, "metadata.finalizers"), *list, *v;
    bool orphan, foreground;
    size_t i;

    if (s->default_policy && strcmp(s->default_policy, "unsupported") == 0)
        return;
    orphan = wants_orphan(s, o, old);
    foreground = wants_foreground(o, old);
    if (orphan == tree_list_has(old, ORPHAN) && foreground == tree_list_has(old, FOREGROUND))
        return;
    list = json_array();
    json_array_foreach(old, i, v)
    {
        if (!is_policy(json_string_value(v)))
            json_array_append(list, v);
    }
    if (orphan)
        json_array_append_new(list, json_string(ORPHAN));
    if (foreground)
        json_array_append_new(list, json_string(FOREGROUND));
    if (json_array_size(list))
        tree_set(obj, "metadata.finalizers", list);
    else {
        tree_delete(obj, "metadata.finalizers");
        json_decref(list);
    }
}

static int64_t now_s(const struct strategy_call *call)
{
    return call->world && call->world->now_s ? call->world->now_s(call->world->arg) : clock_wall_s();
}

static void set_time(json_t *obj, int64_t wall_s)
{
    char text[21];

    clock_rfc3339(wall_s, text);
    tree_set_string(obj, "metadata.deletionTimestamp", text);
}

static void next_generation(json_t *obj)
{
    int64_t generation = tree_int(obj, "metadata.generation", 0);

    if (generation > 0)
        tree_set_int(obj, "metadata.generation", generation + 1);
}

static bool preconditions_hold(const struct strategy_call *call, const struct delete_options *o,
                               const json_t *obj, int64_t revision, struct status *st)
{
    const struct schema_resource *r = call->resource;
    struct str uid = tree_str(obj, "metadata.uid"), name = tree_str(obj, "metadata.name");
    char rv[24];

    if (o->uid.p && !str_eq(o->uid, uid)) {
        status_conflict(
            st, r->group, r->kind, name,
            arena_printf(call->arena,
                         "the UID in the precondition (%.*s) does not match the UID in record (%.*s). The "
                         "object might have been deleted and then recreated",
                         STR_ARG(o->uid), STR_ARG(uid)));
        return false;
    }
    snprintf(rv, sizeof(rv), "%lld", (long long)revision);
    if (o->revision.p && !str_is(o->revision, rv)) {
        status_conflict(st, r->group, r->kind, name,
                        arena_printf(call->arena,
                                     "the ResourceVersion in the precondition (%.*s) does not match the "
                                     "ResourceVersion in record (%s). The object might have been modified",
                                     STR_ARG(o->revision), rv));
        return false;
    }
    return true;
}

/* Of an object that waits for its grace period already: only a shorter one counts. */
static enum write_verdict shorten(const struct delete_options *o, json_t *obj)
{
    int64_t had = tree_int(obj, "metadata.deletionGracePeriodSeconds", 0), at_us;
    struct str at = tree_str(obj, "metadata.deletionTimestamp");
    int64_t asked = o->grace_s < -1 ? 1 : o->grace_s;

    if (asked < 0 || asked >= had || clock_parse_rfc3339(at.p, at.n, &at_us))
        return WRITE_KEEP;
    set_time(obj, at_us / 1000000 - had + asked);
    tree_set_int(obj, "metadata.deletionGracePeriodSeconds", asked);
    return asked > 0 ? WRITE_PUT : WRITE_PUT_REMOVE;
}

/* The graceful part: KEEP (pending), PUT or PUT_REMOVE when the object was changed, REMOVE when the kind
 * knows no grace. */
static enum write_verdict graceful(const struct strategy_call *call, const struct strategy *s,
                                   const struct delete_options *o, json_t *obj)
{
    int64_t grace;

    if (!s->grace_s)
        return WRITE_REMOVE;
    if (tree_get(obj, "metadata.deletionTimestamp"))
        return tree_int(obj, "metadata.deletionGracePeriodSeconds", 0) ? shorten(o, obj) : WRITE_REMOVE;
    grace = s->grace_s(call, obj, o->grace_s < -1 ? 1 : o->grace_s);
    set_time(obj, now_s(call) + grace);
    tree_set_int(obj, "metadata.deletionGracePeriodSeconds", grace);
    next_generation(obj);
    return grace > 0 ? WRITE_PUT : WRITE_PUT_REMOVE;
}

static void mark(const struct strategy_call *call, json_t *obj)
{
    if (!tree_get(obj, "metadata.deletionGracePeriodSeconds"))
        next_generation(obj);
    if (!tree_get(obj, "metadata.deletionTimestamp"))
        set_time(obj, now_s(call));
    tree_set_int(obj, "metadata.deletionGracePeriodSeconds", 0);
}

/* A namespace says that it is going and waits for whoever empties it. */
static bool namespace_waits(const struct strategy_call *call, const struct strategy *s,
                            const struct delete_options *o, json_t *obj, enum write_verdict *verdict)
{
    if (strcmp(call->resource->plural, "namespaces") != 0 || call->resource->group[0])
        return false;
    if (tree_get(obj, "metadata.deletionTimestamp")) {
        *verdict = WRITE_KEEP;
        return tree_size(obj, "spec.finalizers") > 0;
    }
    set_time(obj, now_s(call));
    tree_set_string(obj, "status.phase", "Terminating");
    set_policy(s, o, obj);
    *verdict = WRITE_PUT;
    return true;
}

static enum write_verdict verdict_of(const struct strategy_call *call, const struct delete_options *o,
                                     json_t *obj)
{
    const struct strategy *s = strategy_for(call->resource);
    enum write_verdict v;

    if (namespace_waits(call, s, o, obj, &v))
        return v;
    if (s->announce && !tree_get(obj, "metadata.deletionTimestamp")) {
        set_time(obj, now_s(call));
        s->announce(call, obj);
        return WRITE_PUT;
    }
    v = graceful(call, s, o, obj);
    if (v == WRITE_KEEP)
        return v;
    set_policy(s, o, obj);
    if (tree_size(obj, "metadata.finalizers") == 0)
        return v;
    if (v == WRITE_REMOVE)
        mark(call, obj);
    return WRITE_PUT;
}

enum write_verdict deletion_verdict(const struct strategy_call *call, const struct delete_options *o,
                                    const json_t *old, int64_t revision, json_t **out, struct status *st)
{
    enum write_verdict v;
    json_t *obj;

    if (!preconditions_hold(call, o, old, revision, st))
        return WRITE_FAIL;
    obj = json_deep_copy(old);
    v = verdict_of(call, o, obj);
    if (v == WRITE_KEEP)
        json_decref(obj);
    else
        *out = obj;
    return v;
}

bool deletion_returns_object(const struct schema_resource *stored, const struct write *w)
{
    bool stays =
        w->verdict == WRITE_PUT || (w->verdict == WRITE_KEEP && strcmp(stored->plural, "namespaces") == 0);

    return stays || strategy_for(stored)->delete_returns_object;
}

bool deletion_admit(struct context *ctx, struct arena *a, const struct schema_resource *stored, struct str ns,
                    struct str name, struct status *st)
{
    struct admission_call c = {.arena = a,
                               .verb = ADMISSION_DELETE,
                               .resource = stored,
                               .subresource = "",
                               .ns = ns,
                               .name = name,
                               .world = &ctx->world};

    return admission_admit(&c, st);
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    struct deletion *d = w->arg;
    const struct schema_resource *r = w->rq ? w->rq->info.schema : w->stored;

    if (!old) {
        status_not_found(&w->st, r->group, r->plural, w->name);
        return WRITE_FAIL;
    }
    return deletion_verdict(&d->call, &d->o, old, w->old_revision, out, &w->st);
}

struct deletion *deletion_new(struct context *ctx, struct arena *a, struct request *rq,
                              const struct schema_resource *stored, struct str ns, struct str name,
                              const struct delete_options *o)
{
    struct deletion *d = arena_alloc(a, sizeof(*d));

    d->o = *o;
    d->call = (struct strategy_call){.arena = a, .resource = stored, .subresource = "", .world = &ctx->world};
    d->w = write_new(ctx, a, rq, stored, ns, name);
    d->w->dry_run = o->dry_run;
    d->w->step = step;
    d->w->arg = d;
    return d;
}

/* Jobs are the one kind whose old way of deletion surprises. */
void deletion_warn(struct request *rq, const struct schema_resource *stored, const struct delete_options *o)
{
    struct strategy_call call = body_call(rq, stored, "");

    if (strcmp(stored->plural, "jobs") == 0 && o->orphan < 0 && o->propagation == PROPAGATION_UNSET)
        findings_add(call.warnings, "child pods are preserved by default when jobs are deleted; set "
                                    "propagationPolicy=Background to remove them or set "
                                    "propagationPolicy=Orphan to suppress this warning");
}
