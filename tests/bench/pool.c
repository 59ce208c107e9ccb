/* One turn: what is due, requests that were handed over meanwhile, what the sockets have. What a callback
 * closes is freed only when the turn is over. */
#include "tests/bench/conn_parts.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "shm/base/clock.h"

#define TURN_EVENTS 256
#define TURN_NS 100000000ll /* how late a stop may be noticed */

struct pool *pool_new(struct target *t)
{
    struct pool *p = calloc(1, sizeof *p);
    p->target = t;
    p->sources = 1;
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    while (p->all)
        conn_close(p->all, false);
    conn_bury(p);
    close(p->epoll);
    free(p);
}

void pool_sources(struct pool *p, int n)
{
    p->sources = n < 1 ? 1 : n > 250 ? 250 : n;
}

void pool_receive_buffer(struct pool *p, int bytes)
{
    p->receive_buffer = bytes;
}

void pool_pace(struct pool *p, struct pacer *pacer)
{
    pacer->stopped = false;
    pacer->next = p->pacers;
    p->pacers = pacer;
}

void pool_unpace(struct pool *p, struct pacer *pacer)
{
    pacer->stopped = true;
    for (struct pacer **at = &p->pacers; *at; at = &(*at)->next) {
        if (*at == pacer) {
            *at = pacer->next;
            return;
        }
    }
}

/* Lets pacers tick that are due; returns when the next one is. */
static int64_t run_pacers(struct pool *p, int64_t next)
{
    int64_t now = clock_ns();
    for (struct pacer **at = &p->pacers; *at;) {
        struct pacer *pc = *at;
        while (!pc->stopped && pc->due_ns <= (double)now) {
            int64_t due = (int64_t)pc->due_ns;
            pc->due_ns += pc->interval_ns;
            pc->tick(pc, due);
        }
        if (pc->stopped) {
            *at = pc->next;
            continue;
        }
        if ((int64_t)pc->due_ns < next)
            next = (int64_t)pc->due_ns;
        at = &pc->next;
    }
    return next;
}

void pool_run(struct pool *p, int64_t until_ns, const bool *stop)
{
    struct epoll_event ev[TURN_EVENTS];
    while (!*(const volatile bool *)stop) {
        int64_t now = clock_ns();
        if (now >= until_ns)
            break;
        int64_t next = run_pacers(p, until_ns < now + TURN_NS ? until_ns : now + TURN_NS);
        conn_bury(p);
        if (*stop)
            break;
        int64_t wait = next - clock_ns();
        struct timespec ts = {wait > 0 ? wait / 1000000000 : 0, wait > 0 ? wait % 1000000000 : 0};
        int n = epoll_pwait2(p->epoll, ev, TURN_EVENTS, &ts, NULL);
        for (int i = 0; i < n; i++)
            conn_event(ev[i].data.ptr);
    }
    conn_bury(p);
}
