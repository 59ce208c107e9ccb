/* A read without a version must see every write that was acknowledged before it came, whichever worker or
 * host took it. The store says how far that is: the embedded one by an atomic load, etcd by a round trip that
 * all who ask meanwhile share. Usually the cache is there already. When it is not, the request is parked and
 * looked at once a turn, with a bound (watch_cache.go, blockTimeout).
 *
 *   asks (etcd only) --answer--> parked --cache has it, or time is over--> resumed --asks for it again-->
 * gone
 */
#include "worker/read/freshness.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/pipeline/pipeline.h"

#define FRESHNESS_MAGIC 0x66726573u
#define FRESHNESS_WAIT_MS 3000
#define NEW_RETRY_S 1
#define LOOK_MS 10 /* no event came for so long: it may be that none is to come */

struct freshness {
    unsigned magic;
    struct context *ctx;
    struct freshness_wait *asks;
    struct freshness_wait *parked;  /* waiting for their revision */
    struct freshness_wait *resumed; /* told to go on, have not asked again yet */
    struct event *timer;            /* NULL where there is no loop */
    uint64_t trips;                 /* that are counted */
};

static void unlink_wait(struct freshness_wait *w)
{
    if (!w->link)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->link = NULL;
}

static void link_wait(struct freshness_wait *w, struct freshness_wait **head)
{
    w->next = *head;
    w->link = head;
    if (w->next)
        w->next->link = &w->next;
    *head = w;
}

void freshness_leave(struct freshness_wait *w)
{
    unlink_wait(w);
    fresh_leave(&w->ask);
}

static void leave(void *arg)
{
    freshness_leave(arg);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg);

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
    struct freshness_wait **lists[] = {&f->asks, &f->parked, &f->resumed};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        while (*lists[i])
            freshness_leave(*lists[i]);
    if (f->timer)
        event_free(f->timer);
    free(f);
}

/* ---- the cache ---- */

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

/* ---- waiting ---- */

static void arm(struct freshness *f)
{
    struct timeval soon = {.tv_usec = LOOK_MS * 1000};
    if (f->timer && f->parked && !evtimer_pending(f->timer, NULL))
        evtimer_add(f->timer, &soon);
}

static void park(struct freshness *f, struct freshness_wait *w, int64_t wanted)
{
    w->wanted = wanted;
    w->until_ms = clock_ms() + FRESHNESS_WAIT_MS;
    w->timed_out = false;
    link_wait(w, &f->parked);
    arm(f);
}

/* Waking runs handlers, which may park or free any request; so those whose time has come are moved first. */
static void wake_all(struct freshness *f, struct freshness_wait **due)
{
    while (*due) {
        struct freshness_wait *w = *due;
        unlink_wait(w);
        if (!w->rq) {
            w->wake(w);
            continue;
        }
        link_wait(w, &f->resumed);
        pipeline_resume(w->rq);
    }
}

void freshness_poll(struct freshness *f)
{
    must_be(f, FRESHNESS_MAGIC);
    if (!f->parked)
        return;
    struct snapshot *s = snapshot_reaching(f->ctx->snapshots, INT64_MAX);
    /* who waits for what a store of the past had is told at once */
    int64_t have = s ? snapshot_revision(s) : context_is_past(f->ctx) ? INT64_MAX : -1, now = clock_ms();
    snapshot_unref(s);
    struct freshness_wait *next, *due = NULL;
    for (struct freshness_wait *w = f->parked; w; w = next) {
        next = w->next;
        w->timed_out = w->wanted > have && now >= w->until_ms;
        if (w->wanted > have && !w->timed_out)
            continue;
        unlink_wait(w);
        link_wait(w, &due);
    }
    wake_all(f, &due);
    arm(f);
}

/* Whoever waits for an event that is none of ours waits in vain: the watcher has to ask etcd. */
static void tell_watcher(struct freshness *f)
{
    struct area *a = f->ctx->area;
    int64_t wanted = 0, known = atomic_load(a->wanted);
    uint64_t one = 1;
    for (const struct freshness_wait *w = f->parked; w; w = w->next)
        wanted = w->wanted > wanted ? w->wanted : wanted;
    while (wanted > known && !atomic_compare_exchange_weak(a->wanted, &known, wanted))
        ;
    ssize_t done = write(a->watcher_fd, &one, sizeof(one));
    (void)done;
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
    struct freshness *f = arg;
    freshness_poll(f);
    if (f->parked && f->ctx->fresh)
        tell_watcher(f);
}

bool freshness_wait(struct freshness *f, struct freshness_wait *w, int64_t revision)
{
    must_be(f, FRESHNESS_MAGIC);
    struct snapshot *s = snapshot_reaching(f->ctx->snapshots, revision);
    bool there = !s || snapshot_revision(s) >= revision;
    snapshot_unref(s);
    if (!there)
        park(f, w, revision);
    return !there;
}

/* ---- requests ---- */

/* The store is behind what was seen of it: it went back in time, and the watcher may not know yet. What the
 * cache has is not to be told to somebody who wants the newest. */
static void doubt(struct freshness *f)
{
    struct area *a = f->ctx->area;
    uint64_t one = 1;
    if (atomic_exchange(a->doubted, 1))
        return;
    ssize_t done = write(a->watcher_fd, &one, sizeof(one));
    (void)done;
}

static void answered(struct fresh_wait *ask, const struct etcd_status *st, int64_t revision)
{
    struct freshness_wait *w =
        (struct freshness_wait *)(void *)((char *)ask - offsetof(struct freshness_wait, ask));
    struct freshness *f = w->f;
    unlink_wait(w);
    w->wanted = revision;
    w->error = st->error;
    if (!st->error && revision < w->seen) {
        doubt(f);
        w->error = -EAGAIN;
    }
    link_wait(w, &f->resumed);
    pipeline_resume(w->rq);
}

static struct freshness_wait *take_resumed(struct freshness *f, const struct request *rq)
{
    for (struct freshness_wait *w = f->resumed; w; w = w->next)
        if (w->rq == rq) {
            unlink_wait(w);
            return w;
        }
    return NULL;
}

static struct freshness_wait *wait_new(struct freshness *f, struct request *rq)
{
    struct freshness_wait *w = arena_alloc(rq->arena, sizeof(*w));
    arena_cleanup(rq->arena, leave, w);
    w->rq = rq;
    w->f = f;
    w->ask.done = answered;
    return w;
}

static void count(struct freshness *f, enum area_counter c, uint64_t n)
{
    if (f->ctx->area && n)
        area_count(f->ctx->area, f->ctx->index, c, n);
}

static bool ask(struct freshness *f, struct request *rq, struct status *st)
{
    struct freshness_wait *w = wait_new(f, rq);
    w->seen = f->ctx->area ? atomic_load(f->ctx->area->revision) : 0;
    int rc = fresh_ask(f->ctx->fresh, &w->ask);
    count(f, AREA_FRESH_READS, 1);
    count(f, AREA_FRESH_ROUND_TRIPS, fresh_round_trips(f->ctx->fresh) - f->trips);
    f->trips = fresh_round_trips(f->ctx->fresh);
    if (rc)
        freshness_store_failed(st, rc);
    else
        link_wait(w, &f->asks);
    return rc == 0;
}

struct snapshot *freshness_snapshot(struct request *rq, int64_t at_least, bool *suspended, struct status *st)
{
    struct freshness *f = rq->ctx->freshness;
    must_be(f, FRESHNESS_MAGIC);
    struct freshness_wait *w = f->resumed ? take_resumed(f, rq) : NULL;
    *suspended = false;
    if (w && w->error) {
        freshness_store_failed(st, w->error);
        return NULL;
    }
    if (!w && at_least < 0 && rq->ctx->fresh) {
        *suspended = ask(f, rq, st);
        return NULL;
    }
    int64_t wanted = w ? w->wanted : at_least >= 0 ? at_least : store_revision(rq->ctx->store);
    struct snapshot *s = snapshot_reaching(rq->ctx->snapshots, wanted);
    if (!s) {
        if (context_is_past(rq->ctx))
            freshness_store_new(st);
        else
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
    park(f, w ? w : wait_new(f, rq), wanted);
    *suspended = true;
    return NULL;
}

void freshness_store_new(struct status *st)
{
    status_too_many(st, NEW_RETRY_S, "storage is (re)initializing");
}

/* The reference hands on what its client of etcd says, without a reason. */
void freshness_store_failed(struct status *st, int error)
{
    switch (error) {
    case -ETIMEDOUT:
        status_set(st, 504, "Timeout",
                   "Timeout: request did not complete within requested timeout - context deadline exceeded");
        break;
    case -EAGAIN:
        status_set(st, 500, "", "rpc error: code = Unavailable desc = the etcd cluster is unavailable");
        break;
    case -ENOSPC:
        status_set(st, 500, "", "etcdserver: mvcc: database space exceeded");
        break;
    case -EFBIG:
        status_set(st, 500, "", "etcdserver: request is too large");
        break;
    default:
        status_internal(st, "the store failed: %s", strerror(-error));
    }
}
