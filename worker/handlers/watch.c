/* Watches: where to begin (state, revision, now), then a stream that the cursor feeds. Once the options are
 * accepted, everything that goes wrong is an ERROR event in a 200 answer, as in the reference. */
#include "worker/handlers/handlers.h"

#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/read/freshness.h"
#include "worker/watch/bookmark.h"
#include "worker/watch/cursor.h"
#include "worker/watch/frame.h"

static enum stage_result fail(struct request *rq, const struct status *st)
{
    response_status(rq, st);
    return STAGE_DONE;
}

static void watch_removed(void *arg)
{
    struct watch *w = arg;
    dispatch_remove(w->d, w);
    watch_drop(w);
}

static void set_times(struct watch *w)
{
    int64_t now = clock_ms(), least = w->rq->ctx->options->min_request_timeout * 1000, ms;
    if (w->opt.timeout_s < 0)
        ms = 0;
    else if (w->opt.timeout_s > 0)
        ms = w->opt.timeout_s < INT32_MAX ? w->opt.timeout_s * 1000 : INT64_MAX / 4;
    else if (least > 0)
        ms = least + dispatch_random(w->d, (uint32_t)least);
    else
        ms = INT64_MAX / 4; /* --min-request-timeout=0: no end of its own */
    w->end_ms = now + ms;
    w->bookmark_ms = w->opt.bookmarks ? bookmark_next_ms(w, now) : INT64_MAX;
}

static enum stage_result start(struct watch *w)
{
    struct request *rq = w->rq;
    set_times(w);
    dispatch_add(w->d, w);
    arena_cleanup(rq->arena, watch_removed, w);
    w->ending = rq->ctx->draining;
    rq->res.gzip_allowed = false;
    response_stream(rq, 200, w->form.accept.stream_content_type, -1, watch_refill, w);
    return STAGE_DONE;
}

/* From a snapshot: with its state, or from its revision on. */
static enum stage_result begin_fresh(struct request *rq)
{
    struct watch *w = rq->stage_state;
    struct status st = {.arena = rq->arena};
    bool suspended;
    int64_t rv = 0;
    const char *why;
    rv_parse(rq->arena, w->opt.rv_text, &rv, &why);
    struct snapshot *snap = freshness_snapshot(rq, w->opt.rv_text.n ? rv : -1, &suspended, &st);
    rq->resume = begin_fresh;
    if (suspended)
        return STAGE_SUSPEND;
    if (!snap) {
        watch_fail(w, &st);
        return start(w);
    }
    w->cursor = snapshot_revision(snap);
    w->behind = w->cursor < dispatch_revision(w->d);
    if (w->opt.send_initial != 1) {
        snapshot_unref(snap);
        return start(w);
    }
    w->end_mark = w->opt.bookmarks;
    w->scan = malloc(sizeof(*w->scan));
    must(w->scan);
    read_scan_init(w->scan, rq->ctx->snapshots, &w->sel, snap, w->cursor, NULL, false);
    read_scan_slice(w->scan, rq->ctx->loop);
    return start(w);
}

enum stage_result handler_watch(struct request *rq)
{
    struct watch *w = arena_alloc(rq->arena, sizeof(*w));
    struct status st = {.arena = rq->arena};
    const char *why;
    int64_t rv;
    *w = (struct watch){.magic = WATCH_MAGIC, .rq = rq, .d = rq->ctx->dispatch};
    if (!form_init(&w->form, rq, &st) || !list_options_parse(rq, true, &w->opt, &st))
        return fail(rq, &st);
    if (!rv_parse(rq->arena, w->opt.rv_text, &rv, &why)) {
        status_set(&st, 500, "", "%s", why);
        return fail(rq, &st);
    }
    w->form.accept.pretty = 0; /* a frame is one line */
    w->form.views = (w->form.accept.form == FORM_PARTIAL && w->form.accept.media == MEDIA_JSON &&
                     !w->form.hidden) ||
                    (w->form.accept.form == FORM_OBJECT && !w->form.converts);
    w->form_id = frame_form_id(&w->form);
    selection_make(&w->sel, w->form.resource, rq->info.ns, &w->opt.labels, &w->opt.fields);
    bool keyed = w->sel.name.n || w->sel.trigger;
    w->early = w->opt.labels.n || w->opt.fields.n > keyed;
    rq->stage_state = w;
    if (w->opt.send_initial == 1 || rv == 0)
        return begin_fresh(rq);
    w->cursor = rv;
    w->behind = rv < dispatch_revision(w->d);
    return start(w);
}
