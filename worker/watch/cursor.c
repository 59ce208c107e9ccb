/* Each refill is one slice: at most WATCH_SLICE_BYTES of views or one event, never more than the turn has
 * time for. A full socket means that no refill is called: then the noted revisions are all that grows, and
 * past their bound the watch forgets them and will read the log. So a reader that stopped costs a few KiB and
 * nobody's time. */
#include "worker/watch/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/read/unreadable.h"
#include "worker/request/stats.h"
#include "worker/watch/bookmark.h"
#include "worker/watch/frame.h"

/* ---- noted revisions ---- */

static void pending_grow(struct watch *w)
{
    int cap = w->pending_cap ? w->pending_cap * 4 : 16;
    int64_t *p = malloc((size_t)cap * sizeof(*p));
    must(p);
    for (int i = 0; i < w->npending; i++)
        p[i] = w->pending[(w->pending_at + i) % w->pending_cap];
    free(w->pending);
    w->pending = p;
    w->pending_cap = cap;
    w->pending_at = 0;
}

static int64_t pending_first(const struct watch *w)
{
    return w->pending[w->pending_at];
}

static int64_t pending_last(const struct watch *w)
{
    return w->pending[(w->pending_at + w->npending - 1) % w->pending_cap];
}

static void pending_pop(struct watch *w)
{
    w->pending_at = (w->pending_at + 1) % w->pending_cap;
    if (--w->npending == 0 && w->pending_cap > 64) {
        free(w->pending);
        w->pending = NULL;
        w->pending_cap = w->pending_at = 0;
    }
}

/* From here on the log is read; nothing between cursor and the first noted revision is the watch's. */
static void fall_behind(struct watch *w)
{
    w->cursor = pending_first(w) - 1;
    w->behind = true;
    free(w->pending);
    w->pending = NULL;
    w->npending = w->pending_cap = w->pending_at = 0;
}

void watch_note(struct watch *w, int64_t revision)
{
    if (w->behind || revision <= w->cursor || (w->npending && pending_last(w) >= revision))
        return;
    if (w->npending == WATCH_PENDING_MAX) {
        fall_behind(w);
        return;
    }
    if (w->npending == w->pending_cap)
        pending_grow(w);
    w->pending[(w->pending_at + w->npending++) % w->pending_cap] = revision;
    if (w->npending == 1)
        request_wake(w->rq);
}

void watch_lost(struct watch *w, int64_t revision)
{
    if (w->behind)
        return;
    if (w->npending)
        fall_behind(w);
    else if (w->cursor < revision)
        w->cursor = revision;
    w->behind = true;
    request_wake(w->rq);
}

/* ---- slices ---- */

static void pin(struct watch *w, struct snapshot *s)
{
    if (w->rq->res.pin != s)
        body_pin(w->rq, snapshot_ref(s));
}

static void count_events(struct watch *w, int n)
{
    if (n)
        area_count(w->rq->ctx->area, w->rq->ctx->index, AREA_WATCH_EVENTS, (uint64_t)n);
}

void watch_fail(struct watch *w, const struct status *st)
{
    w->error = frame_error(&w->form, w->rq->arena, st);
}

static void fail_expired(struct watch *w)
{
    const struct snapshot *s = dispatch_snapshot(w->d, 0);
    int64_t have = s ? snapshot_compacted(s) : 0;
    struct status st = {.arena = w->rq->arena};
    status_expired(&st, arena_printf(w->rq->arena, "too old resource version: %lld (%lld)",
                                     (long long)w->cursor, (long long)have));
    watch_fail(w, &st);
}

void watch_expire(struct watch *w)
{
    struct status st = {.arena = w->rq->arena};
    if (w->error.n || w->ending)
        return;
    status_expired(&st, arena_printf(w->rq->arena, "too old resource version: %lld (the store was replaced)",
                                     (long long)w->cursor));
    watch_fail(w, &st);
    request_wake(w->rq);
}

/* The first event ends a watch that asked for the metadata of a list: no object can be told so. */
static bool has_no_form(struct watch *w)
{
    if (w->form.accept.form != FORM_PARTIAL || !w->form.accept.of_list)
        return false;
    w->ending = true;
    return true;
}

static size_t push(struct watch *w, const struct event *e, enum frame_type type)
{
    size_t bytes = frame_push(w, e, type);
    stats_event(w->rq->stats_row, bytes, false);
    dispatch_sent(w->d, e->revision);
    return bytes;
}

/* An event about what nobody can open ends the watch: whoever lists anew is told why. */
static bool cannot_tell(struct watch *w, const struct record *r)
{
    struct status st = {.arena = w->rq->arena};
    if (has_no_form(w))
        return true;
    if (!unreadable_object(r, &st))
        return false;
    watch_fail(w, &st);
    return true;
}

static void scan_free(struct watch *w)
{
    if (!w->scan)
        return;
    read_scan_close(w->scan);
    free(w->scan);
    w->scan = NULL;
}

/* What came since the scan's revision was noted meanwhile, or is read from the log next. */
static void initial_done(struct watch *w)
{
    int64_t revision = w->scan->revision;
    scan_free(w);
    if (w->end_mark && !has_no_form(w))
        bookmark_push(w, revision, true);
    w->end_mark = false;
}

/* Returns 0, -ESTALE or -EIO. */
static int initial_slice(struct watch *w)
{
    size_t bytes = 0;
    int n = 0, rc = read_scan_open(w->scan);
    const struct record *r = NULL;
    if (rc)
        return rc;
    pin(w, w->scan->snap);
    while (bytes < WATCH_SLICE_BYTES && (r = read_scan_next(w->scan)) != NULL) {
        if (cannot_tell(w, r))
            break;
        size_t one = frame_push_initial(w, r);
        stats_event(w->rq->stats_row, one, true);
        bytes += one;
        if ((++n & 31) == 0 && loop_turn_over(w->rq->ctx->loop))
            break;
    }
    count_events(w, n);
    if (!r && !w->scan->yielded)
        initial_done(w);
    else
        read_scan_pause(w->scan);
    frame_flush_built(w);
    return 0;
}

static int log_slice(struct watch *w)
{
    struct log_scan sc;
    struct event e;
    size_t bytes = 0;
    int seen = 0, sent = 0;
    struct snapshot *s = dispatch_snapshot(w->d, dispatch_revision(w->d));
    int rc = s ? log_scan_open(&sc, s, w->cursor) : -EIO;
    if (rc)
        return rc;
    pin(w, s);
    bool more = true, full = false;
    while ((more = log_scan_next(&sc, &e))) {
        if (full && e.revision != w->cursor)
            break;
        w->cursor = e.revision;
        enum frame_type type = e.resource == w->sel.resource ? frame_type_for(w, &e) : FRAME_NONE;
        if (type != FRAME_NONE && cannot_tell(w, e.record))
            break;
        if (type != FRAME_NONE) {
            bytes += push(w, &e, type);
            sent++;
        }
        full = full || bytes >= WATCH_SLICE_BYTES || ((++seen & 63) == 0 && loop_turn_over(w->rq->ctx->loop));
    }
    log_scan_close(&sc);
    count_events(w, sent);
    if (!more) {
        w->cursor = snapshot_revision(s) > w->cursor ? snapshot_revision(s) : w->cursor;
        w->behind = w->cursor < dispatch_revision(w->d);
    }
    return 0;
}

/* All that the watch wants of one revision. Returns its bytes. */
static size_t push_revision(struct watch *w, struct event *e, int *sent)
{
    size_t bytes = 0;
    int64_t revision = e->revision;
    for (bool there = true; there; there = e->more && dispatch_event(w->d, revision, e->sub + 1, e)) {
        enum frame_type type = frame_type_for(w, e);
        if (type == FRAME_NONE)
            continue;
        if (cannot_tell(w, e->record))
            break;
        bytes += push(w, e, type);
        ++*sent;
    }
    return bytes;
}

static int pending_slice(struct watch *w)
{
    struct event e;
    size_t bytes = 0;
    int n = 0;
    struct snapshot *s = dispatch_snapshot(w->d, pending_last(w));
    if (!s)
        return -EIO;
    pin(w, s);
    while (w->npending && bytes < WATCH_SLICE_BYTES) {
        int64_t revision = pending_first(w);
        if (!dispatch_event(w->d, revision, 0, &e)) {
            fall_behind(w); /* trimmed meanwhile: the log will say so */
            break;
        }
        bytes += push_revision(w, &e, &n);
        w->cursor = revision;
        pending_pop(w);
        if ((n & 63) == 63 && loop_turn_over(w->rq->ctx->loop))
            break;
    }
    count_events(w, n);
    return 0;
}

static void send_bookmark(struct watch *w)
{
    int64_t at = dispatch_revision(w->d);
    w->bookmark_due = false;
    if (at < w->cursor)
        return; /* it waits for a revision of the future */
    if (has_no_form(w))
        return;
    bookmark_push(w, at, false);
    frame_flush_built(w);
}

static bool is_current(const struct watch *w)
{
    return !w->scan && !w->behind && w->npending == 0;
}

static int slice(struct watch *w)
{
    if (w->scan)
        return initial_slice(w);
    if (w->behind)
        return log_slice(w);
    if (w->npending)
        return pending_slice(w);
    if (w->bookmark_due)
        send_bookmark(w);
    return 0;
}

enum body_result watch_refill(struct request *rq)
{
    struct watch *w = rq->res.source;
    must_be(w, WATCH_MAGIC);
    frames_release(w);
    if (w->ending)
        return BODY_END;
    int rc = w->error.n ? 0 : slice(w);
    if (rc == -ESTALE)
        fail_expired(w);
    else if (rc && context_is_past(rq->ctx))
        watch_expire(w);
    else if (rc)
        return BODY_ABORT;
    if (w->error.n) {
        w->ending = true;
        body_push(rq, w->error.p, w->error.n);
        return BODY_END;
    }
    if (w->ending)
        return BODY_END;
    return rq->res.seg_n > rq->res.seg_head || !is_current(w) ? BODY_MORE : BODY_WAIT;
}

/* ---- time and end ---- */

int64_t watch_tick(struct watch *w, int64_t now_ms)
{
    if (now_ms >= w->end_ms) {
        watch_end(w);
        return INT64_MAX;
    }
    if (now_ms >= w->bookmark_ms) {
        w->bookmark_due = true;
        w->bookmark_ms = bookmark_next_ms(w, now_ms);
        if (is_current(w))
            request_wake(w->rq);
    }
    return w->bookmark_ms < w->end_ms ? w->bookmark_ms : w->end_ms;
}

void watch_end(struct watch *w)
{
    w->ending = true;
    request_wake(w->rq);
}

void watch_drop(struct watch *w)
{
    scan_free(w);
    frames_release(w);
    free(w->frames);
    free(w->pending);
    buf_free(&w->built);
    w->magic = 0;
}
