/* The rules follow the reference's generic store (registry/generic/registry/store.go, Update): first whether
 * the object may be changed at all (existence, versions), then admission, preparation and checks. */
#include "worker/write/change.h"

#include "registry/admission/chain.h"
#include "registry/walk/spelled.h"
#include "registry/walk/tree.h"
#include "worker/write/tracking.h"

#define TOO_LATE "the object has been modified; please apply your changes to the latest version and try again"

bool change_init(struct change *c, struct request *rq, enum options_kind kind, struct status *st)
{
    c->r = rq->info.schema;
    c->stored = c->r->storage ? c->r->storage : c->r;
    c->sub = rq->info.sub ? rq->info.sub->name : "";
    return form_init(&c->form, rq, st) && write_options_parse(rq, kind, &c->o, st);
}

json_t *change_to_stored(struct change *c, struct request *rq, json_t *obj, struct status *st)
{
    struct strategy_call call = body_call(rq, c->r, c->sub);

    strategy_defaults(&call, obj);
    if (c->r == c->stored)
        return obj;
    obj = strategy_convert(rq->arena, obj, c->r, c->stored, st);
    call.resource = c->stored;
    if (obj)
        strategy_defaults(&call, obj);
    return obj;
}

json_t *change_to_served(struct change *c, struct arena *a, const json_t *old, struct status *st)
{
    json_t *copy = json_deep_copy(old);

    if (spelled_in(c->stored->type))
        spelled_forget(copy, c->stored->type);
    return strategy_convert(a, copy, c->stored, c->r, st);
}

static bool admit(struct change *c, struct request *rq, enum admission_verb verb, json_t *obj,
                  const json_t *old, struct status *st)
{
    struct admission_call a = {.arena = rq->arena,
                               .verb = verb,
                               .resource = c->stored,
                               .subresource = c->sub,
                               .ns = rq->info.ns,
                               .name = tree_str(obj, "metadata.name"),
                               .obj = obj,
                               .old = old,
                               .world = &rq->ctx->world};

    return admission_admit(&a, st);
}

bool change_admit_new(struct change *c, struct request *rq, json_t *obj, struct status *st)
{
    struct strategy_call call = body_call(rq, c->stored, c->sub);

    call.served = c->r;
    call.dry_run = c->o.dry_run;
    if (!c->tracked)
        tracking_note(c, rq, obj, NULL);
    return admit(c, rq, ADMISSION_CREATE, obj, NULL, st) && strategy_before_create(&call, obj, st);
}

/* resourceVersion as an integer; absent is 0. */
static bool revision_of(const json_t *obj, int64_t *rv, struct status *st)
{
    struct str text = tree_str(obj, "metadata.resourceVersion");

    *rv = 0;
    if (text.n == 0)
        return true;
    if (str_to_int64(text, rv) == 0 && *rv >= 0)
        return true;
    status_set(st, 500, "", "strconv.ParseUint: parsing \"%.*s\": invalid syntax", STR_ARG(text));
    return false;
}

void change_uid_conflict(struct write *w, const struct schema_resource *r, struct str wanted, struct str is)
{
    status_conflict(
        &w->st, r->group, r->plural, w->name,
        arena_printf(w->arena,
                     "StorageError: invalid object, Code: 4, Key: /registry/%s/%.*s%s%.*s, "
                     "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: "
                     "%.*s, UID in object meta: %.*s",
                     w->stored->etcd_prefix, STR_ARG(w->ns), w->ns.n ? "/" : "", STR_ARG(w->name),
                     STR_ARG(wanted), STR_ARG(is)));
}

static bool same_uid(struct change *c, struct write *w, const json_t *obj, const json_t *old)
{
    struct str wanted = tree_str(obj, "metadata.uid"), is = tree_str(old, "metadata.uid");

    if (!c->checks_uid || wanted.n == 0 || str_eq(wanted, is))
        return true;
    change_uid_conflict(w, c->r, wanted, is);
    return false;
}

/* An unconditional update becomes one of the version that is there. */
static bool right_revision(struct change *c, struct write *w, json_t *obj)
{
    int64_t rv;

    if (!revision_of(obj, &rv, &w->st))
        return false;
    if (rv == w->old_revision)
        return true;
    if (rv == 0 && !(c->stored->flags & RESOURCE_MUST_HAVE_RV)) {
        tree_set_string(obj, "metadata.resourceVersion",
                        arena_printf(w->arena, "%lld", (long long)w->old_revision));
        return true;
    }
    if (rv == 0) {
        field_invalid(&w->st, "metadata.resourceVersion", "0", "must be specified for an update");
        status_invalid_done(&w->st, c->r->group, c->r->plural, w->name);
        return false;
    }
    status_conflict(&w->st, c->r->group, c->r->plural, w->name, TOO_LATE);
    return false;
}

static enum write_verdict step_new(struct change *c, struct write *w, json_t **out)
{
    bool puts = (c->stored->flags & RESOURCE_PUT_CREATES) && c->in;
    json_t *obj;

    if (c->sub[0] || !(puts || c->creates)) {
        status_not_found(&w->st, c->r->group, c->r->plural, w->name);
        return WRITE_FAIL;
    }
    obj = puts ? json_deep_copy(c->in) : c->updated(c, w, NULL);
    if (!obj)
        return WRITE_FAIL;
    if (!same_uid(c, w, obj, NULL) || !change_admit_new(c, w->rq, obj, &w->st)) {
        json_decref(obj);
        return WRITE_FAIL;
    }
    *out = obj;
    return WRITE_PUT;
}

static bool step_changed(struct change *c, struct write *w, json_t *obj, const json_t *old)
{
    struct strategy_call call = body_call(w->rq, c->stored, c->sub);

    call.served = c->r;
    call.dry_run = c->o.dry_run;
    if (!c->tracked)
        tracking_note(c, w->rq, obj, old);
    if (!same_uid(c, w, obj, old) || !right_revision(c, w, obj) ||
        !admit(c, w->rq, ADMISSION_UPDATE, obj, old, &w->st) ||
        !strategy_before_update(&call, obj, old, &w->st))
        return false;
    apply_forget_times(w->arena, c->stored->type, obj, old);
    return true;
}

enum write_verdict change_step(struct write *w, const json_t *old, json_t **out)
{
    struct change *c = w->arg;
    json_t *obj;

    if (!old)
        return step_new(c, w, out);
    obj = c->updated(c, w, old);
    if (!obj)
        return WRITE_FAIL;
    *out = obj;
    if (!step_changed(c, w, obj, old))
        return WRITE_FAIL;
    return strategy_removes(c->stored, obj, old) ? WRITE_REMOVE : WRITE_PUT;
}

enum stage_result change_over(struct request *rq, struct write *w)
{
    struct change *c = w->arg;

    if (status_failed(&w->st))
        return answer_status(rq, &w->st);
    /* A removal by an update is answered with what the client sent, at the version it was sent for. */
    if (w->removed)
        tree_set(w->tree, "metadata.resourceVersion",
                 json_string(arena_printf(rq->arena, "%lld", (long long)w->old_revision)));
    return answer_write(rq, &c->form, w, w->created ? 201 : 200);
}
