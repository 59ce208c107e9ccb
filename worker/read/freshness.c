/* A read without a version must see every write that was acknowledged before it came, whichever worker took
 * it. The store says how far that is; usually the cache is there already and the answer costs one atomic
 * load. When it is not, the request is parked and looked at once a turn, with a bound (watch_cache.go,
 * blockTimeout). */
#include "worker/read/freshness.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/pipeline/pipeline.h"

#define FRESHNESS_MAGIC 0x66726573u
#define FRESHNESS_WAIT_MS 3000

struct waiter {
    struct waiter *next, **link;
    struct freshness *f;
    struct request *rq;
    int64_t wanted, until_ms;
    bool timed_out;
};

struct freshness {
    unsigned magic;
    struct context *ctx;
    struct waiter *parked;  /* waiting for their revision */
    struct waiter *resumed; /* told to go on, have not asked again yet */
    struct event *timer;    /* NULL where there is no loop */
};

static void waiter_unlink(struct waiter *w)
{
    if (!w->link)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->link = NULL;
}

static void waiter_link(struct waiter *w, struct waiter **head)
{
    w->next = *head;
    w->link = head;
    if (w->next)
        w->next->link = &w->next;
    *head = w;
}

static void waiter_drop(void *arg)
{
    waiter_unlink(arg);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
    freshness_poll(arg);
}

struct freshness *freshness_new(struct context *ctx)
{
    struct freshness *f = calloc(1, sizeof(*f));
    must(f);
    f->magic = FRESHNESS_MAGIC;
    f->ctx = ctx;
    if (ctx->loop)
        f->timer = evtimer_new(loop_base(ctx->loop), timer_fired, f);
    return f;
}

void freshness_free(struct freshness *f)
{
    if (!f)
        return;
    must_be(f, FRESHNESS_MAGIC);
    while (f->parked)
        waiter_unlink(f->parked);
    while (f->resumed)
        waiter_unlink(f->resumed);
    if (f->timer)
        event_free(f->timer);
    free(f);
}

/* The newest snapshot there is; the turn's own first, because it is free. */
static struct snapshot *snapshot_reaching(struct snapshots *all, int64_t wanted)
{
    struct snapshot *s = snapshot_get(all);
    if (!s || snapshot_revision(s) >= wanted)
        return s;
    snapshot_unref(s);
    snapshots_turn(all);
    return snapshot_get(all);
}

static void arm(struct freshness *f)
{
    struct timeval soon = {.tv_usec = 20000};
    if (f->timer && f->parked)
        evtimer_add(f->timer, &soon);
}

/* Resuming runs handlers, which may park or free any request; so those whose time has come are moved first.
 */
void freshness_poll(struct freshness *f)
{
    must_be(f, FRESHNESS_MAGIC);
    if (!f->parked)
        return;
    struct snapshot *s = snapshot_reaching(f->ctx->snapshots, INT64_MAX);
    int64_t have = s ? snapshot_revision(s) : -1, now = clock_ms();
    snapshot_unref(s);
    struct waiter *next, *due = NULL;
    for (struct waiter *w = f->parked; w; w = next) {
        next = w->next;
        w->timed_out = w->wanted > have && now >= w->until_ms;
        if (w->wanted > have && !w->timed_out)
            continue;
        waiter_unlink(w);
        waiter_link(w, &due);
    }
    while (due) {
        struct waiter *w = due;
        waiter_unlink(w);
        waiter_link(w, &f->resumed);
        pipeline_resume(w->rq);
    }
    arm(f);
}

static struct waiter *take_resumed(struct freshness *f, const struct request *rq)
{
    for (struct waiter *w = f->resumed; w; w = w->next)
        if (w->rq == rq) {
            waiter_unlink(w);
            return w;
        }
    return NULL;
}

static void park(struct request *rq, struct waiter *w, int64_t wanted)
{
    struct freshness *f = rq->ctx->freshness;
    if (!w) {
        w = arena_alloc(rq->arena, sizeof(*w));
        arena_cleanup(rq->arena, waiter_drop, w);
        w->rq = rq;
        w->f = f;
        w->wanted = wanted;
        w->until_ms = clock_ms() + FRESHNESS_WAIT_MS;
    }
    waiter_link(w, &f->parked);
    arm(f);
}

struct snapshot *freshness_snapshot(struct request *rq, int64_t at_least, bool *suspended, struct status *st)
{
    struct freshness *f = rq->ctx->freshness;
    must_be(f, FRESHNESS_MAGIC);
    *suspended = false;
    struct waiter *w = f->resumed ? take_resumed(f, rq) : NULL;
    int64_t wanted = w ? w->wanted : at_least >= 0 ? at_least : store_revision(rq->ctx->store);
    struct snapshot *s = snapshot_reaching(rq->ctx->snapshots, wanted);
    if (!s) {
        status_internal(st, "the cache cannot be read: %s", strerror(errno));
        return NULL;
    }
    int64_t have = snapshot_revision(s);
    if (have >= wanted)
        return s;
    snapshot_unref(s);
    if (w && w->timed_out) {
        status_too_large_rv(st, wanted, have);
        return NULL;
    }
    park(rq, w, wanted);
    *suspended = true;
    return NULL;
}
