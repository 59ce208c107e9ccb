/* The keeper's process: opens what a worker opens but for the network, and turns like one. */
#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/keeper/keeper.h"
#include "worker/pipeline/crash.h"
#include "worker/read/freshness.h"
#include "worker/request/stats.h"
#include "worker/storage/storage.h"
#include "worker/write/world.h"

#define TICK_MS 1000
#define LEAVE_MS 2000

struct process {
    struct context ctx;
    struct keeper *keeper;
    struct event *wake, *tick, *due, *sigterm, *sigint;
    int64_t leave_by_ms; /* 0: not asked to stop */
};

static bool turn_ends(void *arg)
{
    struct process *p = arg;
    struct context *ctx = &p->ctx;
    int64_t due;
    bool more;

    if (context_is_past(ctx)) {
        loop_stop(ctx->loop);
        return false;
    }
    snapshots_turn(ctx->snapshots);
    store_poll(ctx->store);
    freshness_poll(ctx->freshness);
    more = keeper_poll(p->keeper);
    if (p->leave_by_ms && keeper_left(p->keeper))
        loop_stop(ctx->loop);
    snapshots_turn(ctx->snapshots);
    due = keeper_due_ms(p->keeper);
    if (due > 0) {
        int64_t wait = due - loop_now_ms(ctx->loop);
        struct timeval t;

        wait = wait < 1 ? 1 : wait;
        t = (struct timeval){wait / 1000, wait % 1000 * 1000};
        event_add(p->due, &t);
    }
    return more || due == 0 || !keeper_sleep(p->keeper);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    keeper_awake(((struct process *)arg)->keeper);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct process *p = arg;

    if (p->leave_by_ms && loop_now_ms(p->ctx.loop) >= p->leave_by_ms)
        loop_stop(p->ctx.loop);
    storage_tick(&p->ctx);
    keeper_tick(p->keeper);
}

/* The turn's end does what is due. */
static void on_due(evutil_socket_t fd, short what, void *arg)
{
}

/* The second time at once. */
static void on_stop(evutil_socket_t signo, short what, void *arg)
{
    struct process *p = arg;

    if (p->leave_by_ms || !p->keeper) {
        loop_stop(p->ctx.loop);
        return;
    }
    p->leave_by_ms = loop_now_ms(p->ctx.loop) + LEAVE_MS;
    keeper_leave(p->keeper);
}

static void add_events(struct process *p)
{
    struct event_base *base = loop_base(p->ctx.loop);
    struct timeval tick = {.tv_sec = TICK_MS / 1000};

    p->wake = event_new(base, p->ctx.area->wake_fd[p->ctx.index], EV_READ | EV_PERSIST, on_wake, p);
    p->tick = event_new(base, -1, EV_PERSIST, on_tick, p);
    p->due = event_new(base, -1, 0, on_due, p);
    p->sigterm = evsignal_new(base, SIGTERM, on_stop, p);
    p->sigint = evsignal_new(base, SIGINT, on_stop, p);
    must(p->wake && p->tick && p->due && p->sigterm && p->sigint);
    event_add(p->wake, NULL);
    event_add(p->tick, &tick);
    event_add(p->sigterm, NULL);
    event_add(p->sigint, NULL);
    loop_each_turn(p->ctx.loop, turn_ends, p);
}

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

static void close_all(struct process *p)
{
    struct event *events[] = {p->wake, p->tick, p->due, p->sigterm, p->sigint};

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i])
            event_free(events[i]);
    }
    keeper_free(p->keeper);
    freshness_free(p->ctx.freshness);
    stats_free(p->ctx.stats);
    storage_close(&p->ctx);
    loop_free(p->ctx.loop);
}

static int run(struct process *p)
{
    struct context *ctx = &p->ctx;
    bool stop = false;
    sigset_t set;
    int rc;

    if (!storage_open(ctx, &stop))
        return stop ? 0 : 1;
    ctx->stats = stats_new(ctx->area, ctx->index, ctx->area->consumers);
    ctx->freshness = freshness_new(ctx);
    world_init(ctx);
    p->keeper = keeper_new(ctx, storage_client(ctx->storage));
    add_events(p);
    stop_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    rc = loop_run(ctx->loop);
    if (rc < 0)
        log_error("event loop: %s", strerror(-rc));
    return rc < 0 ? 1 : context_is_past(ctx) && !p->leave_by_ms ? WORKER_ANEW : 0;
}

int keeper_main(struct area *area, const struct options *options)
{
    struct process p = {0};
    sigset_t set;
    int rc;

    log_name("keeper");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    stop_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    crash_watch(area, area->consumers - 1);
    p.ctx = (struct context){.magic = CONTEXT_MAGIC,
                             .options = options,
                             .area = area,
                             .index = area->consumers - 1,
                             .loop = loop_new(),
                             .started_s = clock_wall_s()};
    if (!p.ctx.loop) {
        log_error("no event loop: %s", strerror(errno));
        return 1;
    }
    rc = run(&p);
    close_all(&p);
    return rc;
}
