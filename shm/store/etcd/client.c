/* Drives the connections: by a loop that is told which descriptors and which time to watch, or by polling.
 * Whatever a descriptor or the time brings, a turn follows: streams hand out what they have, attempts that
 * ended are looked at, and in the end everything that came of it is sent, at once. */
#include "shm/store/etcd/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define POLL_FDS_MAX 8

/* ---- time ---- */

static void arm(struct etcd_client *c)
{
    int64_t due = c->dirty ? 0 : c->tick_due_ms;
    if (!c->hosted || c->in_turn || due == c->armed_ms)
        return;
    c->armed_ms = due;
    if (due == ETCD_NEVER) {
        c->host.timer(c->host.arg, -1);
        return;
    }
    int64_t after = due - clock_ms();
    c->host.timer(c->host.arg, after > 0 ? after : 0);
}

void client_due(struct etcd_client *c, int64_t at_ms)
{
    if (at_ms < c->tick_due_ms) {
        c->tick_due_ms = at_ms;
        arm(c);
    }
}

void client_dirty(struct etcd_client *c)
{
    c->dirty = true;
    arm(c);
}

static void on_socket(void *arg, int fd, int what)
{
    const struct etcd_client *c = arg;
    c->host.socket(c->host.arg, fd, what);
}

/* ---- timers ---- */

void etcd_timer_off(struct etcd_timer *a)
{
    if (!a->link)
        return;
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    a->link = NULL;
}

static void link_timer(struct etcd_timer *a, struct etcd_timer **head)
{
    etcd_timer_off(a);
    a->next = *head;
    a->link = head;
    if (a->next)
        a->next->link = &a->next;
    *head = a;
}

void etcd_client_timer(struct etcd_client *c, struct etcd_timer *a, int64_t after_ms)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    a->at_ms = clock_ms() + after_ms;
    link_timer(a, &c->timers);
    client_due(c, a->at_ms);
}

/* Those that are due are moved first: firing may set or end any. */
static void fire_timers(struct etcd_client *c, int64_t now_ms)
{
    struct etcd_timer *due = NULL;
    for (struct etcd_timer *a = c->timers, *next; a; a = next) {
        next = a->next;
        if (a->at_ms <= now_ms)
            link_timer(a, &due);
        else
            client_due(c, a->at_ms);
    }
    while (due) {
        struct etcd_timer *a = due;
        etcd_timer_off(a);
        a->fire(a);
    }
}

/* ---- turns ---- */

static void tick(struct etcd_client *c)
{
    int64_t now = clock_ms();
    if (now < c->tick_due_ms)
        return;
    c->tick_due_ms = ETCD_NEVER;
    for (int i = 0; i < c->endpoints.n; i++)
        if (conn_due(&c->conn[i], now) <= now)
            conn_work(&c->conn[i], now);
    calls_run(c, now);
    fire_timers(c, now);
    health_run(c, now);
    client_due(c, calls_due(c));
    client_due(c, health_due(c, now));
}

static void flush(struct etcd_client *c)
{
    int64_t now = clock_ms();
    c->dirty = false;
    for (int i = 0; i < c->endpoints.n; i++) {
        conn_flush(&c->conn[i]);
        client_due(c, conn_due(&c->conn[i], now));
    }
}

/* A callback may have had a connection broken, and sending may find one broken. */
static void turn(struct etcd_client *c)
{
    tick(c);
    do {
        calls_deliver(c);
        calls_ended(c);
        flush(c);
    } while (c->config.ended);
}

static void enter(struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    must(!c->in_turn); /* from a callback */
    c->in_turn = true;
}

static void leave(struct etcd_client *c)
{
    turn(c);
    c->in_turn = false;
    arm(c);
}

void etcd_client_ready(struct etcd_client *c, int fd, int what)
{
    enter(c);
    must(c->hosted);
    for (int i = 0; i < c->endpoints.n; i++)
        if (c->conn[i].wire && wire_fd(c->conn[i].wire) == fd)
            conn_work(&c->conn[i], clock_ms());
    leave(c);
}

void etcd_client_timeout(struct etcd_client *c)
{
    enter(c);
    must(c->hosted);
    c->armed_ms = -1; /* it has fired */
    leave(c);
}

/* Returns how many of fds are ready, or negative errno. */
static int sleep_with(struct etcd_client *c, struct pollfd *fds, int n, int64_t timeout_ms)
{
    struct pollfd all[POLL_FDS_MAX + ENDPOINTS_MAX];
    int ready = 0, count = n, of[ENDPOINTS_MAX];
    for (int i = 0; i < n; i++)
        all[i] = fds[i];
    for (int i = 0; i < c->endpoints.n; i++) {
        struct wire *w = c->conn[i].wire;
        int wants = w ? wire_wants(w) : 0;
        if (!wants)
            continue;
        of[count - n] = i;
        all[count++] = (struct pollfd){
            .fd = wire_fd(w),
            .events = (short)((wants & WIRE_IN ? POLLIN : 0) | (wants & WIRE_OUT ? POLLOUT : 0))};
    }
    if (poll(all, (nfds_t)count, (int)timeout_ms) < 0 && errno != EINTR)
        return -EIO;
    for (int i = 0; i < n; i++) {
        fds[i] = all[i];
        ready += fds[i].revents != 0;
    }
    for (int i = n; i < count; i++)
        if (all[i].revents)
            conn_work(&c->conn[of[i - n]], clock_ms());
    return ready;
}

int etcd_client_wait(struct etcd_client *c, struct pollfd *fds, int n, int64_t timeout_ms)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    must(!c->hosted && n >= 0 && n <= POLL_FDS_MAX);
    uint64_t before = c->callbacks;
    enter(c);
    leave(c);
    int64_t due = c->dirty ? 0 : c->tick_due_ms == ETCD_NEVER ? ETCD_NEVER : c->tick_due_ms - clock_ms();
    if (timeout_ms < 0 || timeout_ms > INT32_MAX)
        timeout_ms = INT32_MAX;
    if (due < timeout_ms)
        timeout_ms = due > 0 ? due : 0;
    enter(c);
    int ready = sleep_with(c, fds, n, c->callbacks != before ? 0 : timeout_ms);
    leave(c);
    return ready;
}

/* ---- life ---- */

static char *path(const char *p)
{
    return p && *p ? strdup(p) : NULL;
}

static int64_t or_else(int64_t v, int64_t dflt)
{
    return v > 0 ? v : dflt;
}

static void set_options(struct etcd_client *c, const struct etcd_options *o)
{
    c->o = *o;
    c->o.dial_ms = or_else(o->dial_ms, 2000);
    c->o.suspect_ms = or_else(o->suspect_ms, 1500);
    c->o.probe_ms = or_else(o->probe_ms, 1500);
    c->o.health_ms = or_else(o->health_ms, 5000);
    c->o.patience_ms = or_else(o->patience_ms, 5000);
    c->config = (struct conn_config){.files = {path(o->cafile), path(o->certfile), path(o->keyfile)},
                                     .dial_ms = c->o.dial_ms,
                                     .held_max = ETCD_HELD_MAX,
                                     .arg = c};
    c->hosted = o->host != NULL;
    if (o->host)
        c->host = *o->host;
    c->config.socket = o->host ? on_socket : NULL;
    for (int i = 0; i < c->endpoints.n; i++)
        conn_init(&c->conn[i], &c->config, &c->endpoints.at[i]);
    c->tick_due_ms = c->armed_ms = ETCD_NEVER;
    c->random = (uint32_t)clock_ns() | 1;
}

struct etcd_client *etcd_client_new(const struct etcd_options *o, char *err, size_t err_bytes)
{
    struct endpoints endpoints;
    if (endpoints_parse(&endpoints, o->servers, err, err_bytes))
        return NULL;
    struct etcd_client *c = calloc(1, sizeof(*c));
    must(c != NULL);
    c->magic = ETCD_CLIENT_MAGIC;
    c->endpoints = endpoints;
    set_options(c, o);
    return c;
}

void etcd_client_free(struct etcd_client *c)
{
    if (!c)
        return;
    must_be(c, ETCD_CLIENT_MAGIC);
    must(!c->in_turn);
    c->in_turn = true; /* no more timers */
    calls_free(c);
    for (int i = 0; i < c->endpoints.n; i++)
        conn_break(&c->conn[i], "");
    if (c->hosted)
        c->host.timer(c->host.arg, -1);
    free((char *)(uintptr_t)c->config.files.ca);
    free((char *)(uintptr_t)c->config.files.cert);
    free((char *)(uintptr_t)c->config.files.key);
    c->magic = 0;
    free(c);
}

int etcd_client_members(const struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    return c->endpoints.n;
}

int etcd_client_members_up(const struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    return endpoints_up(&c->endpoints);
}

int etcd_client_outstanding(const struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    int probes = 0;
    for (int i = 0; i < c->endpoints.n; i++)
        probes += c->endpoints.at[i].probing;
    return c->outstanding - probes;
}
