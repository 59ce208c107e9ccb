/* 100,000 timers that are all about a minute away and mostly never looked at twice: a wheel of lists. What is
 * further away than the wheel is long is put in at its far end and moved on from there. */
#include "worker/watch/wheel.h"

#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/watch/cursor.h"

#define STEP_MS 250
#define SLOTS 512 /* 128 s */

struct wheel {
    struct event *timer;
    int64_t step; /* steps before this one are done */
    int count;
    struct watch *slot[SLOTS];
};

static void unlink_watch(struct watch *w)
{
    *w->timed_link = w->timed_next;
    if (w->timed_next)
        w->timed_next->timed_link = w->timed_link;
    w->timed_link = NULL;
}

static void put(struct wheel *t, struct watch *w, int64_t at_ms)
{
    int64_t step = at_ms / STEP_MS + 1, last = t->step + SLOTS - 1;
    step = step > last ? last : step < t->step ? t->step : step;
    struct watch **head = &t->slot[step % SLOTS];
    w->timed_next = *head;
    w->timed_link = head;
    if (w->timed_next)
        w->timed_next->timed_link = &w->timed_next;
    *head = w;
}

void wheel_turn(struct wheel *t, int64_t now_ms)
{
    for (int n = 0; t->step <= now_ms / STEP_MS && n < SLOTS; n++) {
        struct watch *due = t->slot[t->step % SLOTS];
        t->slot[t->step % SLOTS] = NULL;
        if (due)
            due->timed_link = &due;
        t->step++;
        while (due) {
            struct watch *w = due;
            unlink_watch(w);
            put(t, w, watch_tick(w, now_ms));
        }
    }
    if (t->step <= now_ms / STEP_MS)
        t->step = now_ms / STEP_MS + 1;
}

static void fired(evutil_socket_t fd, short what, void *arg)
{
    wheel_turn(arg, clock_ms());
}

struct wheel *wheel_new(struct loop *l)
{
    struct wheel *t = calloc(1, sizeof(*t));
    must(t);
    t->step = clock_ms() / STEP_MS;
    t->timer = event_new(loop_base(l), -1, EV_PERSIST, fired, t);
    must(t->timer);
    return t;
}

void wheel_free(struct wheel *t)
{
    if (!t)
        return;
    event_free(t->timer);
    free(t);
}

void wheel_add(struct wheel *t, struct watch *w, int64_t at_ms)
{
    static const struct timeval period = {.tv_usec = STEP_MS * 1000};
    if (t->count++ == 0) {
        t->step = clock_ms() / STEP_MS;
        event_add(t->timer, &period);
    }
    put(t, w, at_ms);
}

void wheel_remove(struct wheel *t, struct watch *w)
{
    if (w->timed_link)
        unlink_watch(w);
    if (--t->count == 0)
        event_del(t->timer);
}
