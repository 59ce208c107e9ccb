/* DELETE of a collection: a list is taken, then its objects are deleted one by one, many at a time, each by
 * the rules of a single delete; the answer is the list as it was. One failure that is not "gone already" ends
 * it. */
#include "worker/handlers/handlers.h"

#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/loop/loop.h"
#include "worker/pipeline/pipeline.h"
#include "worker/read/continue.h"
#include "worker/read/form.h"
#include "worker/read/freshness.h"
#include "worker/read/options.h"
#include "worker/read/scan.h"
#include "worker/write/answer.h"
#include "worker/write/body.h"
#include "worker/write/deletion.h"

#define IN_FLIGHT_MAX 64

struct target {
    struct str ns, name;
};

struct collection;

struct slot {
    struct arena *arena; /* NULL: free */
};

struct collection {
    struct request *rq;
    struct reply_form form;
    struct list_options list;
    struct selection sel;
    struct read_scan scan;
    struct delete_options o;
    struct form_list_meta meta;
    const struct schema_resource *stored;
    bool scoped, scanning;
    struct buf items;
    struct str head, tail; /* around them */
    struct target *targets;
    int ntargets, cap, next, running;
    struct slot slots[IN_FLIGHT_MAX];
    struct deferred rest;
    struct status st;
    int64_t wanted; /* the state, as freshness takes it */
};

static void drop(void *arg)
{
    struct collection *c = arg;

    if (c->scanning)
        read_scan_close(&c->scan);
    loop_undefer(c->rq->ctx->loop, &c->rest);
    for (int i = 0; i < IN_FLIGHT_MAX; i++)
        arena_free(c->slots[i].arena);
    buf_free(&c->items);
    free(c->targets);
}

/* The items are what they were gathered in: a large answer is copied nowhere. */
static enum body_result send_list(struct request *rq)
{
    struct collection *c = rq->res.source;

    body_push(rq, c->head.p, c->head.n);
    body_push(rq, c->items.p, c->items.n);
    body_push(rq, c->tail.p, c->tail.n);
    return BODY_END;
}

static enum stage_result answer(struct request *rq)
{
    struct collection *c = rq->stage_state;

    if (status_failed(&c->st) || form_refuses(&c->form, true, &c->st))
        return answer_status(rq, &c->st);
    c->meta.bytes = c->items.n;
    form_list_frame(&c->form, rq->arena, &c->meta, c->ntargets == 0, &c->head, &c->tail);
    response_stream(rq, 200, c->form.accept.content_type, (int64_t)(c->head.n + c->items.n + c->tail.n),
                    send_list, c);
    return STAGE_DONE;
}

/* ---- the deletions ---- */

static void start_more(struct collection *c);

static struct slot *slot_of(struct collection *c, const struct write *w)
{
    for (int i = 0; i < IN_FLIGHT_MAX; i++) {
        if (c->slots[i].arena == w->arena)
            return &c->slots[i];
    }
    return NULL;
}

static void end_one(struct collection *c, struct write *w)
{
    struct slot *s = slot_of(c, w);

    if (status_failed(&w->st) && w->st.code != 404 && !status_failed(&c->st)) {
        struct arena *a = c->rq->arena;

        /* Its texts live in the slot's arena, which goes. */
        c->st = (struct status){.arena = a};
        status_set(&c->st, w->st.code, arena_cstr(a, str_of(w->st.reason)), "%s", w->st.message);
        if (w->st.has_details)
            status_details(&c->st, w->st.group, w->st.kind, arena_cstr(a, w->name));
    }
    s->arena = NULL;
    c->running--;
    arena_free(w->arena);
}

static void wake(struct write *w)
{
    struct collection *c = w->owner;

    if (!write_run(w))
        return;
    end_one(c, w);
    start_more(c);
    if (c->running == 0)
        pipeline_resume(c->rq);
}

static bool start_one(struct collection *c, struct slot *s)
{
    const struct target *t = &c->targets[c->next++];
    struct deletion *d;

    s->arena = arena_new(0);
    d = deletion_new(c->rq->ctx, s->arena, NULL, c->stored, t->ns, t->name, &c->o);
    d->w->owner = c;
    d->w->wake = wake;
    c->running++;
    if (!deletion_admit(c->rq->ctx, s->arena, c->stored, t->ns, t->name, &d->w->st)) {
        end_one(c, d->w);
        return false;
    }
    if (!write_run(d->w))
        return true;
    end_one(c, d->w);
    return false;
}

static void start_more(struct collection *c)
{
    for (int i = 0; i < IN_FLIGHT_MAX; i++) {
        while (!c->slots[i].arena && c->next < c->ntargets && !status_failed(&c->st)) {
            if (start_one(c, &c->slots[i]))
                break;
        }
    }
}

static enum stage_result remove_all(struct request *rq)
{
    struct collection *c = rq->stage_state;

    rq->resume = answer;
    start_more(c);
    return c->running ? STAGE_SUSPEND : answer(rq);
}

/* ---- the list ---- */

static void add_target(struct collection *c, const struct record *r)
{
    struct buf item = {0};

    if (c->ntargets == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 64;
        c->targets = realloc(c->targets, (size_t)c->cap * sizeof(*c->targets));
        must(c->targets != NULL);
    }
    c->targets[c->ntargets].ns = arena_str(c->rq->arena, record_ns(r));
    c->targets[c->ntargets].name = arena_str(c->rq->arena, record_name(r));
    form_item(&c->form, c->rq->arena, &item, c->scan.snap, r);
    form_list_item(&c->form, c->rq->arena, &c->items, buf_view(&item), c->ntargets == 0);
    c->ntargets++;
    buf_free(&item);
}

static void run_rest(struct deferred *d)
{
    struct collection *c = (struct collection *)(void *)((char *)d - offsetof(struct collection, rest));

    pipeline_resume(c->rq);
}

static void set_more(struct collection *c)
{
    const struct target *last = &c->targets[c->ntargets - 1];

    if (!read_scan_more(&c->scan))
        return;
    c->meta.token = continue_encode(c->rq->arena, c->scan.revision, c->scoped, last->ns, last->name);
    if (!c->sel.selects)
        c->meta.remaining = read_scan_remaining(&c->scan);
}

static enum stage_result gather(struct request *rq)
{
    struct collection *c = rq->stage_state;
    int64_t limit = c->list.limit > 0 ? c->list.limit : INT64_MAX;
    const struct record *r;
    int rc = read_scan_open(&c->scan);

    if (rc) {
        status_internal(&c->st, "the cache could not be read: %s", strerror(-rc));
        return answer_status(rq, &c->st);
    }
    while (c->ntargets < limit && ((r = read_scan_next(&c->scan)) || c->scan.yielded)) {
        if (r)
            add_target(c, r);
        if (!r || ((c->ntargets & 31) == 0 && loop_turn_over(rq->ctx->loop))) {
            read_scan_pause(&c->scan);
            c->rest.run = run_rest;
            rq->resume = gather;
            loop_defer(rq->ctx->loop, &c->rest);
            return STAGE_SUSPEND;
        }
    }
    if (c->ntargets == limit)
        set_more(c);
    read_scan_close(&c->scan);
    c->scanning = false;
    return remove_all(rq);
}

/* The state that is gone through is chosen as for a list. */
static bool choose_state(struct request *rq, struct collection *c, struct status *st)
{
    struct continue_token from;
    const char *why;
    int64_t revision;

    if (c->list.token.n && !continue_decode(rq->arena, c->list.token, c->scoped, &from, &why))
        status_bad_request(st, "invalid continue token: %s", why);
    else if (!rv_parse(rq->arena, c->list.rv_text, &revision, &why))
        status_bad_request(st, "invalid resource version: %s", why);
    else
        c->wanted = c->list.rv_text.n && revision > 0 ? revision : -1;
    return !status_failed(st);
}

static enum stage_result begin(struct request *rq)
{
    struct collection *c = rq->stage_state;
    struct status st = {.arena = rq->arena};
    bool suspended = false;
    struct snapshot *s = freshness_snapshot(rq, c->wanted, &suspended, &st);

    rq->resume = begin;
    if (suspended)
        return STAGE_SUSPEND;
    if (!s)
        return answer_status(rq, &st);
    c->meta = (struct form_list_meta){.revision = snapshot_revision(s), .remaining = -1};
    read_scan_init(&c->scan, rq->ctx->snapshots, &c->sel, s, c->meta.revision, NULL, false);
    read_scan_slice(&c->scan, rq->ctx->loop);
    c->scanning = true;
    return gather(rq);
}

enum stage_result handler_deletecollection(struct request *rq)
{
    const struct schema_resource *r = rq->info.schema;
    struct status st = {.arena = rq->arena};
    enum stage_result wait;
    struct collection *c;

    if (!body_here(rq, handler_deletecollection, &wait, &st))
        return wait;
    c = arena_alloc(rq->arena, sizeof(*c));
    c->rq = rq;
    c->st.arena = rq->arena;
    c->stored = r->storage ? r->storage : r;
    c->scoped = !(r->flags & RESOURCE_NAMESPACED) || rq->info.ns.n;
    if (status_failed(&st) || !form_init(&c->form, rq, &st) ||
        !list_options_parse(rq, false, &c->list, &st) || !choose_state(rq, c, &st) ||
        !delete_options_parse(rq, &c->o, &st))
        return answer_status(rq, &st);
    deletion_warn(rq, c->stored, &c->o);
    selection_make(&c->sel, r, rq->info.ns, &c->list.labels, &c->list.fields);
    arena_cleanup(rq->arena, drop, c);
    rq->stage_state = c;
    return begin(rq);
}
