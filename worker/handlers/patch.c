/* PATCH: JSON patch, merge patch, strategic merge patch, server-side apply. The patch is applied to the
 * newest state and, when somebody else was faster, once more to what that left; only a resourceVersion in the
 * patch makes it conditional. */
#include "worker/handlers/handlers.h"

#include "registry/walk/decode.h"
#include "registry/walk/patch.h"
#include "registry/walk/spelled.h"
#include "registry/walk/tree.h"
#include "worker/read/options.h"
#include "worker/read/scale.h"
#include "worker/write/applying.h"
#include "worker/write/change.h"
#include "worker/write/patching.h"

static json_t *updated(struct change *c, struct write *w, const json_t *old)
{
    json_t *obj = change_to_served(c, w->arena, old, &w->st);

    if (obj)
        obj = patching_apply(c, w->rq, obj, c->r->type, &w->st);
    if (!obj)
        return NULL;
    if (!body_namespace(obj, c->r, w->rq->info.ns, &w->st) || !body_name(obj, w->name, &w->st)) {
        json_decref(obj);
        return NULL;
    }
    return change_to_stored(c, w->rq, obj, &w->st);
}

/* An apply that names an object nobody knows cannot mean one that has a uid. */
static bool may_create(struct change *c, struct write *w, const json_t *obj)
{
    struct str uid = tree_str(obj, "metadata.uid");

    if (!uid.n)
        return true;
    status_conflict(
        &w->st, c->r->group, c->r->plural, w->name,
        arena_printf(w->arena,
                     "uid mismatch: the provided object specified uid %.*s, and no existing object was "
                     "found",
                     STR_ARG(uid)));
    return false;
}

/* Without who owns what. */
static json_t *bare(const json_t *obj)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)obj),
           *metadata = json_copy(json_object_get(obj, "metadata"));

    json_object_del(metadata, "managedFields");
    json_object_set_new(copy, "metadata", metadata);
    return copy;
}

/* An apply that changes nothing but ownership leaves the object as it was, JSON that is kept as it was
 * spelled included; any other writes all of it anew. */
static json_t *left_alone(struct change *c, struct write *w, const json_t *old, const json_t *live,
                          json_t *obj)
{
    json_t *before = bare(live), *after = bare(obj), *same = NULL;

    if (json_equal(before, after))
        same = strategy_convert(w->arena, json_deep_copy(old), c->stored, c->r, &w->st);
    json_decref(before);
    json_decref(after);
    if (!same) {
        spelled_anew(obj, c->r->type);
        return obj;
    }
    tree_copy(same, obj, "metadata.managedFields");
    json_decref(obj);
    return same;
}

static json_t *applied(struct change *c, struct write *w, const json_t *old)
{
    json_t *live = old ? write_keep_tree(w->arena, change_to_served(c, w->arena, old, &w->st)) : NULL, *obj;

    if (old && !live)
        return NULL;
    obj = applying_apply(c, w->rq, live, &w->st);
    if (obj && ((!old && !may_create(c, w, obj)) || !body_namespace(obj, c->r, w->rq->info.ns, &w->st) ||
                !body_name(obj, w->name, &w->st))) {
        json_decref(obj);
        return NULL;
    }
    if (obj && live && spelled_in(c->stored->type))
        obj = left_alone(c, w, old, live, obj);
    return obj ? change_to_stored(c, w->rq, obj, &w->st) : NULL;
}

enum stage_result handler_patch(struct request *rq)
{
    struct change *c = arena_alloc(rq->arena, sizeof(*c));
    struct status st = {.arena = rq->arena};
    enum stage_result wait;
    struct write *w;
    bool applies;

    if (!patching_type(rq, &c->patch_type, &st))
        return answer_status(rq, &st);
    if (!body_here(rq, handler_patch, &wait, &st))
        return wait;
    applies = applying_wanted(c);
    if (status_failed(&st) || !change_init(c, rq, applies ? OPTIONS_APPLY : OPTIONS_PATCH, &st) ||
        !options_name_fits(rq, &st))
        return answer_status(rq, &st);
    c->updated = applies ? applied : updated;
    c->creates = c->tracked = applies;
    w = write_new(rq->ctx, rq->arena, rq, c->stored, rq->info.ns, rq->info.name);
    w->dry_run = c->o.dry_run;
    w->step = change_step;
    w->over = change_over;
    w->arg = c;
    return write_go(w);
}
