/* Lists: which state to answer from (resourceVersion, match, continue), then a stream of items from a scan in
 * slices. The head of a list says whether more follows, so a limited list is walked twice: once for the keys,
 * once for the bytes. So is every list in protobuf, whose head says how long it is. */
#include "worker/handlers/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/read/continue.h"
#include "worker/read/form.h"
#include "worker/read/freshness.h"
#include "worker/read/options.h"
#include "worker/read/scan.h"
#include "worker/read/unreadable.h"

#define SLICE_BYTES (64u << 10)

static const char gone[] = "The resourceVersion for the provided list is too old.";
static const char gone_inconsistent[] =
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list.";

struct list {
    struct reply_form form;
    struct list_options opt;
    struct selection sel;
    struct read_scan scan;
    int64_t wanted; /* as freshness takes it */
    int64_t exact;  /* this state and no other; 0: the snapshot's */
    int64_t limit;  /* 0: none */
    bool scoped;    /* tokens hold names alone */
    struct continue_token from;
    struct key from_key;
    bool has_from;

    enum { LIST_COUNT, LIST_HEAD, LIST_ITEMS } phase;
    int64_t take, taken; /* limited: how many matched in the pre-pass; how many were sent */
    struct form_list_meta meta;
    struct str head, tail;
    struct buf built; /* items that are no views, of this slice */

    /* All items, when they are sent in an order of their own. */
    struct ranked {
        int64_t rank;
        size_t at, n; /* in texts */
    } * ranked;
    size_t nranked, ranked_cap;
    struct buf texts;
};

static enum stage_result fail(struct request *rq, const struct status *st)
{
    response_status(rq, st);
    return STAGE_DONE;
}

static void list_drop(void *arg)
{
    struct list *l = arg;
    read_scan_close(&l->scan);
    buf_free(&l->built);
    buf_free(&l->texts);
    free(l->ranked);
}

/* ---- the stream ---- */

static bool is_measured(const struct list *l)
{
    return l->form.accept.media == MEDIA_PROTOBUF;
}

static size_t item_bytes(const struct list *l, const struct record *r)
{
    if (l->form.views && r->proto_bytes)
        return r->proto_bytes;
    struct arena *scratch = arena_new(0);
    struct buf item = {0};
    form_item(&l->form, scratch, &item, l->scan.snap, r);
    size_t n = item.n;
    buf_free(&item);
    arena_free(scratch);
    return n;
}

/* Walks to the last item of the page, or of the list if that is measured. True when done. */
static bool count_items(struct request *rq, struct list *l)
{
    const struct record *r;
    bool measured = is_measured(l);
    int64_t look = l->form.views ? 255 : 15;
    while ((l->limit ? l->take < l->limit : measured) && (r = read_scan_next(&l->scan)) != NULL) {
        l->take++;
        if (measured)
            l->meta.bytes += item_bytes(l, r);
        /* not behind the last one, which is looked at below and would be gone with the snapshot */
        if ((l->take & look) == 0 && l->take != l->limit && loop_turn_over(rq->ctx->loop))
            return false;
    }
    if (l->limit ? l->take < l->limit : measured)
        return !l->scan.yielded;
    if (l->limit == 0)
        return true;
    const struct record *last = l->scan.last;
    int64_t more = l->sel.selects ? read_scan_more(&l->scan) : read_scan_remaining(&l->scan);
    if (more == 0)
        return true;
    l->meta.token =
        continue_encode(rq->arena, l->scan.revision, l->scoped, record_ns(last), record_name(last));
    if (!l->sel.selects)
        l->meta.remaining = more;
    return true;
}

/* An item between others that are views. */
static struct segment built_segment(struct request *rq, const struct list *l, const struct record *r)
{
    struct arena *scratch = arena_new(0);
    struct buf item = {0};
    form_item(&l->form, scratch, &item, l->scan.snap, r);
    struct str s = arena_str(rq->arena, buf_view(&item));
    buf_free(&item);
    arena_free(scratch);
    return (struct segment){s.p, s.n};
}

static void push_views(struct request *rq, struct list *l, const struct record *r, size_t *bytes)
{
    struct segment seg[FORM_SEGMENTS];
    int n = form_views(&l->form, l->scan.snap, r, true, seg);
    if (n == 0)
        seg[n++] = built_segment(rq, l, r);
    if (l->taken && !is_measured(l))
        body_push(rq, ",", 1);
    for (int i = 0; i < n; i++) {
        body_push(rq, seg[i].p, seg[i].n);
        *bytes += seg[i].n;
    }
}

static void put_built(struct list *l, const struct record *r, size_t *bytes)
{
    struct arena *scratch = arena_new(0);
    struct buf item = {0};
    form_item(&l->form, scratch, &item, l->scan.snap, r);
    form_list_item(&l->form, scratch, &l->built, buf_view(&item), l->taken == 0);
    buf_free(&item);
    arena_free(scratch);
    *bytes = l->built.n;
}

static void keep_ranked(struct list *l, const struct record *r, size_t *bytes)
{
    struct arena *scratch = arena_new(0);
    if (l->nranked == l->ranked_cap) {
        l->ranked_cap = l->ranked_cap ? l->ranked_cap * 2 : 32;
        l->ranked = realloc(l->ranked, l->ranked_cap * sizeof(*l->ranked));
        must(l->ranked);
    }
    struct ranked *row = &l->ranked[l->nranked++];
    row->at = l->texts.n;
    row->rank = form_rank(&l->form, scratch, r);
    form_item(&l->form, scratch, &l->texts, l->scan.snap, r);
    row->n = l->texts.n - row->at;
    *bytes += row->n;
    arena_free(scratch);
}

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

static void put_ranked(struct request *rq, struct list *l)
{
    if (l->nranked)
        qsort(l->ranked, l->nranked, sizeof(*l->ranked), by_rank);
    for (size_t i = 0; i < l->nranked; i++) {
        struct str text = {l->texts.p + l->ranked[i].at, l->ranked[i].n};
        form_list_item(&l->form, rq->arena, &l->built, text, i == 0);
    }
}

/* Items up to the slice's bound. True at the end of the list. */
static bool send_items(struct request *rq, struct list *l)
{
    size_t bytes = 0;
    const struct record *r;
    buf_clear(&l->built);
    while (bytes < SLICE_BYTES) {
        r = l->limit && l->taken == l->take ? NULL : read_scan_next(&l->scan);
        if (!r)
            return !l->scan.yielded;
        if (l->form.views)
            push_views(rq, l, r, &bytes);
        else if (form_ranks(&l->form))
            keep_ranked(l, r, &bytes);
        else
            put_built(l, r, &bytes);
        l->taken++;
        if ((l->taken & 31) == 0 && loop_turn_over(rq->ctx->loop))
            break;
    }
    return false;
}

static bool send_head(struct request *rq, struct list *l)
{
    bool empty = false;
    if (form_asks_empty(&l->form)) {
        do
            empty = read_scan_next(&l->scan) == NULL;
        while (empty && l->scan.yielded);
        read_scan_rewind(&l->scan, l->has_from ? &l->from_key : NULL, l->from.after);
    }
    form_list_frame(&l->form, rq->arena, &l->meta, empty, &l->head, &l->tail);
    body_push(rq, l->head.p, l->head.n);
    return read_scan_open(&l->scan) == 0;
}

static enum body_result list_refill(struct request *rq)
{
    struct list *l = rq->res.source;
    if (read_scan_open(&l->scan))
        return BODY_ABORT;
    if (rq->res.pin != l->scan.snap)
        body_pin(rq, snapshot_ref(l->scan.snap));
    if (l->phase == LIST_COUNT) {
        bool done = count_items(rq, l);
        read_scan_pause(&l->scan);
        if (!done)
            return BODY_MORE;
        if (l->limit || is_measured(l))
            read_scan_rewind(&l->scan, l->has_from ? &l->from_key : NULL, l->from.after);
        l->phase = LIST_HEAD;
        if (read_scan_open(&l->scan))
            return BODY_ABORT;
    }
    if (l->phase == LIST_HEAD && !send_head(rq, l))
        return BODY_ABORT;
    l->phase = LIST_ITEMS;
    bool done = send_items(rq, l);
    if (done)
        put_ranked(rq, l);
    body_push(rq, l->built.p, l->built.n);
    read_scan_pause(&l->scan);
    if (!done)
        return BODY_MORE;
    body_push(rq, l->tail.p, l->tail.n);
    read_scan_close(&l->scan);
    return BODY_END;
}

/* ---- which state ---- */

static bool choose_continue(struct request *rq, struct list *l, struct status *st)
{
    const char *why;
    if (!continue_decode(rq->arena, l->opt.token, l->scoped, &l->from, &why)) {
        status_bad_request(st, "invalid continue token: %s", why);
        return false;
    }
    if (l->opt.rv_text.n && !str_is(l->opt.rv_text, "0")) {
        status_bad_request(st, "specifying resource version is not allowed when using continue");
        return false;
    }
    l->has_from = true;
    key_make(&l->from_key, l->sel.resource, l->scoped ? l->sel.ns : l->from.ns, l->from.name);
    l->exact = l->from.revision > 0 ? l->from.revision : 0;
    l->wanted = l->exact ? l->exact : -1;
    return true;
}

static bool choose_state(struct request *rq, struct list *l, struct status *st)
{
    const char *why;
    int64_t rv;
    l->limit = l->opt.limit > 0 && !l->sel.one ? l->opt.limit : 0;
    if (l->opt.token.n && !l->sel.one)
        return choose_continue(rq, l, st);
    if (!rv_parse(rq->arena, l->opt.rv_text, &rv, &why)) {
        status_bad_request(st, "invalid resource version: %s", why);
        return false;
    }
    l->wanted = l->opt.rv_text.n ? rv : -1;
    if (l->opt.rv_text.n && rv == 0)
        l->limit = 0;
    if (l->opt.match == MATCH_EXACT || (l->opt.match == MATCH_UNSET && l->limit && rv > 0))
        l->exact = rv;
    return true;
}

/* 410: for a page with a token that goes on from the same key in whatever state there is then. */
static void set_gone(struct request *rq, struct list *l, struct status *st)
{
    if (!l->has_from) {
        status_expired(st, gone);
        return;
    }
    status_expired(st, gone_inconsistent);
    struct str t = continue_encode(rq->arena, -1, l->scoped, l->from.ns, l->from.name);
    st->list_continue = arena_cstr(rq->arena, t);
}

static enum stage_result begin(struct request *rq)
{
    struct list *l = rq->stage_state;
    struct status st = {.arena = rq->arena};
    bool suspended;
    struct snapshot *snap = freshness_snapshot(rq, l->wanted, &suspended, &st);
    rq->resume = begin;
    if (suspended)
        return STAGE_SUSPEND;
    if (!snap)
        return fail(rq, &st);
    int64_t revision = l->exact ? l->exact : snapshot_revision(snap);
    read_scan_init(&l->scan, rq->ctx->snapshots, &l->sel, snap, revision, l->has_from ? &l->from_key : NULL,
                   l->from.after);
    read_scan_slice(&l->scan, rq->ctx->loop);
    arena_cleanup(rq->arena, list_drop, l);
    int rc = read_scan_open(&l->scan);
    if (rc == 0)
        unreadable_among(snap, &l->sel, &st);
    else if (rc == -ESTALE)
        set_gone(rq, l, &st);
    else
        status_internal(&st, "the cache cannot be read");
    if (status_failed(&st) || form_refuses(&l->form, true, &st))
        return fail(rq, &st);
    l->meta = (struct form_list_meta){.revision = revision, .remaining = -1};
    response_stream(rq, 200, l->form.accept.content_type, -1, list_refill, l);
    return STAGE_DONE;
}

enum stage_result handler_list(struct request *rq)
{
    struct list *l = arena_alloc(rq->arena, sizeof(*l));
    struct status st = {.arena = rq->arena};
    if (!form_init(&l->form, rq, &st) || !list_options_parse(rq, false, &l->opt, &st))
        return fail(rq, &st);
    const struct schema_resource *r = l->form.resource;
    l->scoped = !(r->flags & RESOURCE_NAMESPACED) || rq->info.ns.n;
    selection_make(&l->sel, r, rq->info.ns, &l->opt.labels, &l->opt.fields);
    if (!choose_state(rq, l, &st))
        return fail(rq, &st);
    rq->stage_state = l;
    return begin(rq);
}
