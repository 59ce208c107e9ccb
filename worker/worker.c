/* A worker: one thread, one loop. It opens what it shares with the others, wires its rooms in one order and
 * takes them down in the reverse one.
 *
 * Turn's end, in this order: answers of the store, requests that waited for the cache, events of the ring;
 * then, only if none of these has more, sleep is announced and looked at once more. What is announced after
 * that comes with a write to the eventfd, so nothing is lost; what is announced before costs nobody a system
 * call. */
#include "worker/worker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/authn/union.h"
#include "worker/authz/union.h"
#include "worker/callout/forward.h"
#include "worker/flow/inflight.h"
#include "worker/handlers/documents.h"
#include "worker/net/accept.h"
#include "worker/pipeline/crash.h"
#include "worker/pipeline/pipeline.h"
#include "worker/read/freshness.h"
#include "worker/request/stats.h"
#include "worker/storage/storage.h"
#include "worker/watch/dispatch.h"
#include "worker/write/world.h"

#define TICK_MS 250
#define DRAIN_LOOK_MS 20
#define PAST_MS 1000 /* for answers and ends of watches to leave */
#define SNAPSHOT_MS 1000
#define SNAPSHOTS_HELD_MAX 48 /* above it they are asked back at once: 128 workers share the reader slots */
#define TRIM_BYTES (1u << 20)
#define CONN_FREED_BYTES (4u << 10) /* what one may leave behind; when hundreds end at once it counts */

struct worker {
    const struct worker_start *start;
    struct context ctx;
    struct event *wake, *tick, *drain, *sigterm, *sigint, *sighup;
    int64_t drain_until_ms;
    bool past;       /* leaves because the store is another */
    int connections; /* at the last tick */
};

/* ---- before the loop ---- */

static void block_stops(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(how, &set, NULL);
}

static bool open_rooms(struct worker *w, char *err, size_t err_bytes)
{
    struct context *ctx = &w->ctx;
    world_init(ctx);
    ctx->stats = stats_new(ctx->area, ctx->index, ctx->area->consumers);
    ctx->pipeline = pipeline_new(ctx);
    ctx->freshness = freshness_new(ctx);
    ctx->dispatch = dispatch_new(ctx);
    ctx->authn = authn_new(ctx, err, err_bytes);
    if (!ctx->authn)
        return false;
    ctx->authz = authz_new(ctx, err, err_bytes);
    if (!ctx->authz)
        return false;
    if (*ctx->options->write_server)
        ctx->forward = forward_new(ctx);
    ctx->inflight = inflight_new(ctx);
    ctx->documents = documents_new(ctx);
    ctx->net = net_new(ctx, w->start->listeners, w->start->nlisteners, err, err_bytes);
    return ctx->net != NULL;
}

static void close_rooms(struct worker *w)
{
    struct context *ctx = &w->ctx;
    struct event *events[] = {w->wake, w->tick, w->drain, w->sigterm, w->sigint, w->sighup};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            event_free(events[i]);
    if (ctx->net)
        net_free(ctx->net);
    documents_free(ctx->documents);
    inflight_free(ctx->inflight);
    forward_free(ctx->forward);
    authz_free(ctx->authz);
    authn_free(ctx->authn);
    if (ctx->dispatch)
        dispatch_free(ctx->dispatch);
    freshness_free(ctx->freshness);
    pipeline_free(ctx->pipeline);
    stats_free(ctx->stats);
    storage_close(ctx);
    loop_free(ctx->loop);
}

/* ---- leaving ---- */

static void begin_drain(struct worker *w, int64_t within_ms)
{
    struct context *ctx = &w->ctx;
    struct timeval t = {.tv_usec = DRAIN_LOOK_MS * 1000};
    log_debug("drain connections=%d watches=%d", net_connections(ctx->net), dispatch_watches(ctx->dispatch));
    ctx->draining = true;
    w->drain_until_ms = clock_ms() + within_ms;
    net_drain(ctx->net, !w->past);
    event_add(w->drain, &t);
}

/* The successor waits until the watcher has loaded the store as it is now. */
static void leave_past(struct worker *w)
{
    if (w->ctx.draining || !context_is_past(&w->ctx))
        return;
    w->past = true;
    dispatch_expire_all(w->ctx.dispatch);
    begin_drain(w, PAST_MS);
}

/* ---- turns ---- */

static bool turn_ends(void *arg)
{
    struct context *ctx = &((struct worker *)arg)->ctx;
    leave_past(arg);
    snapshots_turn(ctx->snapshots);
    store_poll(ctx->store);
    freshness_poll(ctx->freshness);
    bool more = dispatch_poll(ctx->dispatch);
    snapshots_turn(ctx->snapshots);
    if (snapshots_held(ctx->snapshots) > SNAPSHOTS_HELD_MAX)
        snapshots_reclaim(ctx->snapshots, 0);
    return more || !dispatch_sleep(ctx->dispatch);
}

static void turn_over(void *arg)
{
    dispatch_turn_over(((struct worker *)arg)->ctx.dispatch);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    dispatch_awake(((struct worker *)arg)->ctx.dispatch);
}

/* A large body is a hundred times as large as a tree; what its pieces, or thousands of connections, leave
 * free in the middle of the heap malloc keeps. */
static void give_back(struct worker *w)
{
    struct context *ctx = &w->ctx;
    int connections = net_connections(ctx->net);
    if (connections < w->connections)
        ctx->freed_bytes += (size_t)(w->connections - connections) * CONN_FREED_BYTES;
    w->connections = connections;
    if (ctx->freed_bytes < TRIM_BYTES)
        return;
    ctx->freed_bytes = 0;
    malloc_trim(0);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct context *ctx = &((struct worker *)arg)->ctx;
    snapshots_reclaim(ctx->snapshots, SNAPSHOT_MS);
    pipeline_expire(ctx->pipeline);
    storage_tick(ctx);
    give_back(arg);
    struct stats_gauges g = {.connections = net_connections(ctx->net),
                             .watches = dispatch_watches(ctx->dispatch),
                             .snapshot_age_ms = snapshots_oldest_ms(ctx->snapshots)};
    stats_gauges_set(ctx->stats, &g);
}

/* ---- signals ---- */

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    int left = net_connections(w->ctx.net);
    if (left > 0 && clock_ms() < w->drain_until_ms)
        return;
    if (left > 0)
        log_warn("drain: %d connections are cut off", left);
    loop_stop(w->ctx.loop);
}

static void on_stop(evutil_socket_t signo, short what, void *arg)
{
    struct worker *w = arg;
    struct context *ctx = &w->ctx;
    if (ctx->draining) {
        w->past = false;
        loop_stop(ctx->loop);
        return;
    }
    dispatch_end_all(ctx->dispatch);
    begin_drain(w, ctx->options->shutdown_drain);
}

static void on_reload(evutil_socket_t signo, short what, void *arg)
{
    struct context *ctx = &((struct worker *)arg)->ctx;
    char err[512];
    if (net_reload(ctx->net, err, sizeof(err)) < 0)
        log_error("reload: %s; the old certificates stay", err);
    if (authn_reload(ctx->authn, err, sizeof(err)) < 0)
        log_error("reload: %s; the old tokens stay", err);
}

static void add_events(struct worker *w)
{
    struct event_base *base = loop_base(w->ctx.loop);
    struct timeval tick = {.tv_usec = TICK_MS * 1000};
    w->wake = event_new(base, w->ctx.area->wake_fd[w->ctx.index], EV_READ | EV_PERSIST, on_wake, w);
    w->tick = event_new(base, -1, EV_PERSIST, on_tick, w);
    w->drain = event_new(base, -1, EV_PERSIST, on_drain, w);
    w->sigterm = evsignal_new(base, SIGTERM, on_stop, w);
    w->sigint = evsignal_new(base, SIGINT, on_stop, w);
    w->sighup = evsignal_new(base, SIGHUP, on_reload, w);
    must(w->wake && w->tick && w->drain && w->sigterm && w->sigint && w->sighup);
    event_add(w->wake, NULL);
    event_add(w->tick, &tick);
    event_add(w->sigterm, NULL);
    event_add(w->sigint, NULL);
    event_add(w->sighup, NULL);
    loop_each_turn(w->ctx.loop, turn_ends, w);
    loop_after_turn(w->ctx.loop, turn_over, w);
}

static int serve(struct worker *w)
{
    char err[512] = "";
    bool stop = false;
    if (!storage_open(&w->ctx, &stop))
        return stop ? 0 : 1;
    if (!open_rooms(w, err, sizeof(err))) {
        log_error("%s", err);
        return 1;
    }
    add_events(w);
    block_stops(SIG_UNBLOCK);
    log_debug("serving");
    int rc = loop_run(w->ctx.loop);
    if (rc < 0)
        log_error("event loop: %s", strerror(-rc));
    return rc < 0 ? 1 : w->past ? WORKER_ANEW : 0;
}

int worker_main(const struct worker_start *start)
{
    char name[32];
    snprintf(name, sizeof(name), "worker %d", start->index);
    log_name(name);
    signal(SIGPIPE, SIG_IGN);
    block_stops(SIG_BLOCK);
    crash_watch(start->area, start->index);

    struct worker w = {.start = start};
    w.ctx = (struct context){
        .magic = CONTEXT_MAGIC,
        .options = start->options,
        .area = start->area,
        .index = start->index,
        .loop = loop_new(),
        .started_s = clock_wall_s(),
    };
    if (!w.ctx.loop) {
        log_error("no event loop: %s", strerror(errno));
        return 1;
    }
    int rc = serve(&w);
    close_rooms(&w);
    return rc;
}
