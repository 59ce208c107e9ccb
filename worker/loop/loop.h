/* The worker's one loop: libevent, run turn by turn so that work can be put at a turn's end and the ring
 * asked for news before sleeping. */
#ifndef WORKER_LOOP_LOOP_H
#define WORKER_LOOP_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Work to do at the end of this turn, or in the next one if that has begun: embed, set run, defer. Deferring
 * twice is deferring once. */
struct deferred {
    void (*run)(struct deferred *d);
    struct deferred *next, *prev;
    bool queued;
};

struct loop *loop_new(void);
void loop_free(struct loop *l);
/* For rooms that register descriptors and timers of their own. */
struct event_base *loop_base(struct loop *l);
void loop_defer(struct loop *l, struct deferred *d);
void loop_undefer(struct loop *l, struct deferred *d);
/* Runs fn at the end of each turn, in the order of registration, after deferred work; a fn that returns true
 * has more to do and keeps the loop from sleeping. */
void loop_each_turn(struct loop *l, bool (*fn)(void *arg), void *arg);
/* Runs fn when all work of a turn is done, what was deferred at its end included; one of them. */
void loop_after_turn(struct loop *l, void (*fn)(void *arg), void *arg);
/* Runs until loop_stop. Returns 0 or negative errno. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Monotonic ms, taken once a turn. */
int64_t loop_now_ms(const struct loop *l);
/* Longer work is cut: true once this turn has lasted about 2 ms; the caller defers the rest. */
bool loop_turn_over(const struct loop *l);

#endif
