/* PUT: the whole object, of the main resource or of a subresource with the same kind (status, finalize). */
#include "worker/handlers/handlers.h"

#include "worker/write/change.h"

static json_t *updated(struct change *c, struct write *w, const json_t *old)
{
    return json_deep_copy(c->in);
}

static bool read_body(struct change *c, struct request *rq, struct status *st)
{
    struct body_want want = body_want(c->r, NULL);
    enum media media;

    if (!negotiate_body(rq, &media, st))
        return false;
    c->in = body_object(rq, media, &want, &c->o, st);
    if (c->in)
        c->in = change_to_stored(c, rq, c->in, st);
    write_keep_tree(rq->arena, c->in);
    return c->in && body_name(c->in, rq->info.name, st) && body_namespace(c->in, c->stored, rq->info.ns, st);
}

enum stage_result handler_update(struct request *rq)
{
    struct change *c = arena_alloc(rq->arena, sizeof(*c));
    struct status st = {.arena = rq->arena};
    enum stage_result wait;
    struct write *w;

    if (!body_here(rq, handler_update, &wait, &st))
        return wait;
    if (status_failed(&st) || !change_init(c, rq, OPTIONS_UPDATE, &st) || !read_body(c, rq, &st))
        return answer_status(rq, &st);
    c->updated = updated;
    c->checks_uid = true;
    w = write_new(rq->ctx, rq->arena, rq, c->stored, rq->info.ns, rq->info.name);
    w->dry_run = c->o.dry_run;
    w->step = change_step;
    w->over = change_over;
    w->arg = c;
    return write_go(w);
}
