/* A turn is: wait for the kernel, run the callbacks, run what they deferred, run the hooks, run what the
 * hooks deferred. Deferred work that defers itself again while it runs belongs to the next turn, which then
 * does not sleep; what the hooks defer (a watch event's delivery) still goes out in this one, so that an
 * event costs one epoll_wait and not two. The clock is read at most once a turn, when the first one asks. */
#include "worker/loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define LOOP_MAGIC 0x6c6f6f70u
#define HOOKS_MAX 16
#define TURN_NS (2 * 1000 * 1000)

struct hook {
    bool (*fn)(void *arg);
    void *arg;
};

struct queue {
    struct deferred *first, *last;
};

struct loop {
    unsigned magic;
    struct event_base *base;
    struct queue now, later; /* later: deferred by deferred work */
    bool running;            /* deferred work is running */
    bool stop;
    struct hook hooks[HOOKS_MAX];
    int nhooks;
    void (*after)(void *arg);
    void *after_arg;
    int64_t turn_ns; /* when this turn began; 0: nobody has asked yet */
};

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof(*l));
    must(l != NULL);
    l->magic = LOOP_MAGIC;
    struct event_config *cfg = event_config_new();
    must(cfg != NULL);
    event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
    l->base = event_base_new_with_config(cfg);
    event_config_free(cfg);
    if (!l->base) {
        free(l);
        return NULL;
    }
    return l;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    must_be(l, LOOP_MAGIC);
    l->magic = 0;
    event_base_free(l->base);
    free(l);
}

struct event_base *loop_base(struct loop *l)
{
    must_be(l, LOOP_MAGIC);
    return l->base;
}

static void queue_add(struct queue *q, struct deferred *d)
{
    d->next = NULL;
    d->prev = q->last;
    if (q->last)
        q->last->next = d;
    else
        q->first = d;
    q->last = d;
}

static void queue_remove(struct queue *q, struct deferred *d)
{
    if (d->prev)
        d->prev->next = d->next;
    else
        q->first = d->next;
    if (d->next)
        d->next->prev = d->prev;
    else
        q->last = d->prev;
    d->next = d->prev = NULL;
}

void loop_defer(struct loop *l, struct deferred *d)
{
    if (d->queued)
        return;
    d->queued = true;
    queue_add(l->running ? &l->later : &l->now, d);
}

/* Which of the two queues holds d is seen at its ends; in the middle it does not matter. */
void loop_undefer(struct loop *l, struct deferred *d)
{
    if (!d->queued)
        return;
    d->queued = false;
    bool is_later = l->later.first == d || l->later.last == d;
    queue_remove(is_later ? &l->later : &l->now, d);
}

static void run_deferred(struct loop *l)
{
    l->running = true;
    while (l->now.first) {
        struct deferred *d = l->now.first;
        queue_remove(&l->now, d);
        d->queued = false;
        d->run(d);
    }
    l->running = false;
}

void loop_each_turn(struct loop *l, bool (*fn)(void *arg), void *arg)
{
    must_be(l, LOOP_MAGIC);
    must(l->nhooks < HOOKS_MAX);
    l->hooks[l->nhooks++] = (struct hook){fn, arg};
}

void loop_after_turn(struct loop *l, void (*fn)(void *arg), void *arg)
{
    must_be(l, LOOP_MAGIC);
    must(!l->after);
    l->after = fn;
    l->after_arg = arg;
}

static bool end_turn(struct loop *l)
{
    bool more = false;
    run_deferred(l);
    for (int i = 0; i < l->nhooks; i++)
        more |= l->hooks[i].fn(l->hooks[i].arg);
    run_deferred(l);
    l->now = l->later;
    l->later = (struct queue){NULL, NULL};
    if (l->after)
        l->after(l->after_arg);
    return more || l->now.first;
}

int loop_run(struct loop *l)
{
    must_be(l, LOOP_MAGIC);
    l->stop = false;
    l->turn_ns = 0;
    bool more = end_turn(l); /* what was set up before the loop ran */
    while (!l->stop) {
        l->turn_ns = 0;
        int flags = more ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE;
        if (event_base_loop(l->base, flags) < 0)
            return -EIO;
        more = end_turn(l);
    }
    return 0;
}

void loop_stop(struct loop *l)
{
    l->stop = true;
}

/* The cache of a value, not state: a const handle may fill it. */
static int64_t turn_began_ns(const struct loop *l)
{
    if (!l->turn_ns)
        ((struct loop *)(uintptr_t)l)->turn_ns = clock_ns();
    return l->turn_ns;
}

int64_t loop_now_ms(const struct loop *l)
{
    return turn_began_ns(l) / 1000000;
}

bool loop_turn_over(const struct loop *l)
{
    int64_t began = turn_began_ns(l);
    return clock_ns() - began >= TURN_NS;
}
