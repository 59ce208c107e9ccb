/* The scale subresource: an update of the workload's spec.replicas in the clothes of another kind. Reading it
 * is a get of the object in that form. */
#include "worker/handlers/handlers.h"

#include "registry/apply/scalefields.h"
#include "registry/walk/default.h"
#include "registry/walk/tree.h"
#include "worker/handlers/subresources.h"
#include "worker/read/scale.h"
#include "worker/write/applying.h"
#include "worker/write/change.h"
#include "worker/write/patching.h"
#include "worker/write/tracking.h"

static const char *const TAKEN[] = {"metadata.resourceVersion", "metadata.uid"};

static bool valid(const json_t *scale, struct str name, struct status *st)
{
    int64_t n = tree_int(scale, "spec.replicas", 0);

    if (n < 0)
        field_invalid(st, "spec.replicas", arena_printf(st->arena, "%lld", (long long)n),
                      "must be greater than or equal to 0");
    return !status_invalid_done(st, "autoscaling", "Scale", name);
}

/* Also what the client says about the object's version and uid, which are checked like those of an update. */
static json_t *scaled(struct change *c, struct write *w, const json_t *old, const json_t *scale)
{
    json_t *obj;

    if (!body_name(scale, w->name, &w->st) || !valid(scale, w->name, &w->st))
        return NULL;
    obj = json_deep_copy(old);
    for (size_t i = 0; i < sizeof(TAKEN) / sizeof(TAKEN[0]); i++) {
        tree_delete(obj, TAKEN[i]);
        if (tree_str(scale, TAKEN[i]).n)
            tree_copy(obj, scale, TAKEN[i]);
    }
    tree_set_int(obj, "spec.replicas", tree_int(scale, "spec.replicas", 0));
    scalefields_to_parent(w->arena, c->r, obj, scale);
    return obj;
}

/* Live until the write is over: what is known of ownership borrows from it. */
static json_t *live_scale(struct change *c, struct write *w, const json_t *old)
{
    json_t *scale = scale_tree(json_deep_copy(old), c->r);

    scalefields_from_parent(w->arena, c->r, old, scale);
    return write_keep_tree(w->arena, scale);
}

static json_t *changed(struct change *c, struct write *w, const json_t *old, json_t *scale,
                       const json_t *live)
{
    struct apply_call call = tracking_call(w->rq, c);

    apply_track(&call, live, scale);
    return scaled(c, w, old, write_keep_tree(w->arena, scale));
}

static json_t *put(struct change *c, struct write *w, const json_t *old)
{
    return changed(c, w, old, json_deep_copy(c->in), live_scale(c, w, old));
}

static json_t *patched(struct change *c, struct write *w, const json_t *old)
{
    json_t *live = live_scale(c, w, old), *scale = json_deep_copy(live);

    scale = patching_apply(c, w->rq, scale, w->rq->info.sub->type, &w->st);
    return scale ? changed(c, w, old, scale, live) : NULL;
}

static json_t *applied(struct change *c, struct write *w, const json_t *old)
{
    json_t *scale = write_keep_tree(w->arena, applying_apply(c, w->rq, live_scale(c, w, old), &w->st));

    return scale ? scaled(c, w, old, scale) : NULL;
}

static bool read_body(struct change *c, struct request *rq, struct status *st)
{
    struct body_want want = body_want(c->r, rq->info.sub);
    enum media media;

    if (!negotiate_body(rq, &media, st))
        return false;
    c->in = write_keep_tree(rq->arena, body_object(rq, media, &want, &c->o, st));
    return c->in && body_name(c->in, rq->info.name, st) && body_namespace(c->in, c->r, rq->info.ns, st);
}

enum stage_result handler_scale(struct request *rq)
{
    struct change *c = arena_alloc(rq->arena, sizeof(*c));
    struct status st = {.arena = rq->arena};
    bool patch = str_is(rq->info.verb, "patch"), applies;
    enum stage_result wait;
    struct write *w;

    if (patch && !patching_type(rq, &c->patch_type, &st))
        return answer_status(rq, &st);
    if (!body_here(rq, handler_scale, &wait, &st))
        return wait;
    applies = applying_wanted(c);
    if (status_failed(&st) ||
        !change_init(c, rq,
                     applies ? OPTIONS_APPLY
                     : patch ? OPTIONS_PATCH
                             : OPTIONS_UPDATE,
                     &st) ||
        (!patch && !read_body(c, rq, &st)))
        return answer_status(rq, &st);
    c->updated = applies ? applied : patch ? patched : put;
    c->tracked = true;
    c->checks_uid = !patch;
    w = write_new(rq->ctx, rq->arena, rq, c->stored, rq->info.ns, rq->info.name);
    w->dry_run = c->o.dry_run;
    w->step = change_step;
    w->over = change_over;
    w->arg = c;
    return write_go(w);
}
