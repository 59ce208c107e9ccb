/* One object. In the common form the answer is the record's own bytes under the snapshot and a newline:
 * nothing is parsed, copied or allocated on the way to TLS. */
#include "worker/handlers/handlers.h"

#include "worker/read/form.h"
#include "worker/read/freshness.h"
#include "worker/read/options.h"
#include "worker/read/unreadable.h"

struct get {
    struct reply_form form;
    int64_t wanted; /* as freshness takes it */
};

static enum stage_result fail(struct request *rq, const struct status *st)
{
    response_status(rq, st);
    return STAGE_DONE;
}

static void answer_built(struct request *rq, const struct get *g, struct snapshot *snap,
                         const struct record *rec)
{
    struct buf json = {0}, out = {0};
    form_object(&g->form, rq->arena, &json, snap, rec, true);
    form_finish(&g->form, rq->arena, &out, buf_view(&json));
    struct str body = arena_str(rq->arena, buf_view(&out));
    buf_free(&json);
    buf_free(&out);
    response_bytes(rq, 200, g->form.accept.content_type, body);
}

static void answer(struct request *rq, const struct get *g, struct snapshot *snap, const struct record *rec)
{
    struct segment seg[FORM_SEGMENTS + 1];
    int n = g->form.views ? form_views(&g->form, snap, rec, false, seg) : 0;
    if (n == 0) {
        answer_built(rq, g, snap, rec);
        snapshot_unref(snap);
        return;
    }
    if (g->form.accept.media == MEDIA_JSON)
        seg[n++] = (struct segment){"\n", 1};
    response_views(rq, 200, g->form.accept.content_type, snap, seg, n);
}

static enum stage_result look_up(struct request *rq)
{
    struct get *g = rq->stage_state;
    const struct schema_resource *r = g->form.resource;
    struct status st = {.arena = rq->arena};
    bool suspended;
    struct snapshot *snap = freshness_snapshot(rq, g->wanted, &suspended, &st);
    rq->resume = look_up;
    if (suspended)
        return STAGE_SUSPEND;
    if (!snap)
        return fail(rq, &st);
    struct key k;
    key_make(&k, r->storage ? r->storage->id : r->id, r->flags & RESOURCE_NAMESPACED ? rq->info.ns : STR_NONE,
             rq->info.name);
    const struct record *rec = snapshot_object(snap, &k);
    if (!rec) {
        snapshot_unref(snap);
        status_not_found(&st, r->group, r->plural, rq->info.name);
        return fail(rq, &st);
    }
    if (unreadable_object(rec, &st) || form_refuses(&g->form, false, &st)) {
        snapshot_unref(snap);
        return fail(rq, &st);
    }
    answer(rq, g, snap, rec);
    return STAGE_DONE;
}

enum stage_result handler_get(struct request *rq)
{
    struct get *g = arena_alloc(rq->arena, sizeof(*g));
    struct status st = {.arena = rq->arena};
    struct str v;
    const char *why;
    if (!form_init(&g->form, rq, &st))
        return fail(rq, &st);
    if (request_param_bool(rq, "export"))
        status_bad_request(&st, "the export parameter, deprecated since v1.14, is no longer supported");
    if (!status_failed(&st))
        options_name_fits(rq, &st);
    g->wanted = -1;
    if (!status_failed(&st) && request_param(rq, "resourceVersion", &v) && v.n &&
        !rv_parse(rq->arena, v, &g->wanted, &why))
        status_set(&st, 500, "", "%s", why);
    if (status_failed(&st))
        return fail(rq, &st);
    rq->stage_state = g;
    return look_up(rq);
}
