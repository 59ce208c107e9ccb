#include "tests/bench/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "tests/bench/conn.h"

#define DRAIN_NS 10000000000ll
#define WARM_SHARE 0.2 /* of a phase's time */
#define OPEN_SHARE 0.5 /* of the closed loop's throughput */
#define MEMORY_EVERY_NS 5e6
#define FRESH_SOURCES 8 /* closed connections hold their ports for a minute */

enum phase { WARM, CLOSED, OPEN };

struct slot {
    struct call call;
    struct run *run;
    struct conn *conn;
    struct request_next next;
    struct slot *next_idle;
};

struct run {
    struct bench *b;
    const struct row *row;
    struct pool *pool;
    enum phase phase;
    struct hist hist, first;
    uint64_t ops, failed, bytes;
    int64_t end_ns;
    int serial, busy;
    bool done;
    /* open loop: idle slots, and moments that no slot was free for */
    struct slot *idle;
    int64_t *late;
    size_t late_n, late_at, late_cap;
    /* memory */
    int64_t anon_peak;
};

static void slot_end(struct slot *s)
{
    struct run *r = s->run;
    r->done = --r->busy == 0;
}

static bool slot_send(struct slot *s, int64_t due_ns)
{
    struct run *r = s->run;
    struct request_next *n = &s->next;
    n->serial = r->serial++;
    buf_clear(&n->body);
    r->row->kind->prepare(n);
    n->step++;
    s->call.method = n->method;
    s->call.content_type = n->type;
    s->call.body = buf_view(&n->body);
    s->call.due_ns = due_ns;
    if (r->row->kind->fresh)
        s->conn = conn_open(r->pool, r->row->h2);
    if (s->conn && conn_call(s->conn, &s->call) == 0)
        return true;
    r->failed++;
    return false;
}

static void take_late(struct run *r, struct slot *s)
{
    while (r->late_at < r->late_n) {
        if (slot_send(s, r->late[r->late_at++]))
            return;
    }
    r->late_n = r->late_at = 0;
    s->next_idle = r->idle;
    r->idle = s;
    r->busy--;
    r->done = clock_ns() >= r->end_ns && r->busy == 0;
}

static void slot_done(struct call *call)
{
    struct slot *s = call->arg;
    struct run *r = s->run;
    bool ok = call->status == 200 || call->status == 201;
    r->failed += !ok;
    if (r->row->kind->fresh)
        conn_close(s->conn, false);
    if (ok && r->phase != WARM) {
        int64_t from = call->due_ns ? call->due_ns : call->started_ns;
        r->ops++;
        r->bytes += call->bytes;
        hist_add(&r->hist, (uint64_t)(call->ended_ns - from));
        if (r->row->kind->memory)
            hist_add(&r->first, (uint64_t)(call->first_ns - call->started_ns));
    }
    if (r->phase == OPEN)
        take_late(r, s);
    else if (clock_ns() >= r->end_ns || !slot_send(s, 0))
        slot_end(s);
}

static void closed_phase(struct run *r, struct slot *slots, int n, enum phase phase, double seconds)
{
    r->phase = phase;
    r->end_ns = clock_ns() + (int64_t)(seconds * 1e9);
    r->done = false;
    r->busy = n;
    for (int i = 0; i < n; i++) {
        if (!slot_send(&slots[i], 0))
            slot_end(&slots[i]);
    }
    pool_run(r->pool, r->end_ns + DRAIN_NS, &r->done);
}

static void on_due(struct pacer *p, int64_t due_ns)
{
    struct run *r = p->arg;
    if (due_ns >= r->end_ns) {
        p->stopped = true;
        r->done = r->busy == 0;
        return;
    }
    struct slot *s = r->idle;
    if (s) {
        r->idle = s->next_idle;
        r->busy++;
        if (!slot_send(s, due_ns))
            take_late(r, s);
        return;
    }
    if (r->late_n == r->late_cap) {
        r->late_cap = r->late_cap ? 2 * r->late_cap : 1024;
        r->late = realloc(r->late, r->late_cap * sizeof *r->late);
    }
    r->late[r->late_n++] = due_ns;
}

static void open_phase(struct run *r, struct slot *slots, int n, double rate, double seconds)
{
    int64_t now = clock_ns();
    struct pacer due = {.due_ns = (double)now, .interval_ns = 1e9 / rate, .tick = on_due, .arg = r};
    r->phase = OPEN;
    r->end_ns = now + (int64_t)(seconds * 1e9);
    r->done = false;
    r->busy = 0;
    for (int i = 0; i < n; i++) {
        slots[i].next_idle = r->idle;
        r->idle = &slots[i];
    }
    pool_pace(r->pool, &due);
    pool_run(r->pool, r->end_ns + DRAIN_NS, &r->done);
    pool_unpace(r->pool, &due);
    r->failed += r->late_n - r->late_at + (uint64_t)r->busy;
}

static void on_memory(struct pacer *p, int64_t due_ns)
{
    struct run *r = p->arg;
    int64_t anon = procs_anon(&r->b->subject->procs);
    if (anon > r->anon_peak)
        r->anon_peak = anon;
    p->due_ns = (double)clock_ns() + p->interval_ns;
}

static int connect_slots(struct run *r, struct slot *slots, int conns)
{
    int n = 0;
    for (int c = 0; c < conns; c++) {
        struct conn *conn = r->row->kind->fresh ? NULL : conn_open(r->pool, r->row->h2);
        if (!conn && !r->row->kind->fresh)
            break;
        for (int s = 0; s < r->row->streams; s++, n++)
            slots[n] =
                (struct slot){.run = r,
                              .conn = conn,
                              .next = {.bench = r->b, .slot = n},
                              .call = {.path = slots[n].next.path, .done = slot_done, .arg = &slots[n]}};
    }
    return n;
}

/* The closed loop: CPU, throughput, bytes, memory. */
static void measure_closed(struct run *r, struct slot *slots, int n, struct result *res)
{
    struct bench *b = r->b;
    struct procs *procs = &b->subject->procs;
    closed_phase(r, slots, n, WARM, b->size.seconds * WARM_SHARE);
    struct pacer memory = {
        .due_ns = (double)clock_ns(), .interval_ns = MEMORY_EVERY_NS, .tick = on_memory, .arg = r};
    bool watch_memory = r->row->kind->memory && procs->n;
    int64_t anon = watch_memory ? procs_anon(procs) : 0;
    r->anon_peak = anon;
    if (watch_memory)
        pool_pace(r->pool, &memory);
    r->failed = 0;
    int64_t cpu = procs_cpu_ns(procs), start = clock_ns();
    closed_phase(r, slots, n, CLOSED, b->size.seconds);
    cpu = procs_cpu_ns(procs) - cpu;
    pool_unpace(r->pool, &memory);
    res->seconds = (double)(clock_ns() - start) / 1e9;
    res->ops = r->ops;
    res->cpu_us = procs->n && r->ops ? (double)cpu / 1e3 / (double)r->ops : -1;
    res->bytes = r->ops ? (double)r->bytes / (double)r->ops : 0;
    if (watch_memory)
        result_extra(res, "peak extra MiB", (double)(r->anon_peak - anon) / 1048576);
    if (r->row->kind->memory)
        result_extra(res, "first byte p50 ms", (double)hist_quantile(&r->first, 0.5) / 1e6);
}

static void measure_open(struct run *r, struct slot *slots, int n, struct result *res)
{
    double reached = res->seconds > 0 ? (double)res->ops / res->seconds : 0;
    double rate = r->b->size.rate > 0 ? r->b->size.rate : reached * OPEN_SHARE;
    if (rate <= 0 || !r->done) /* nothing answered, or not in time */
        return;
    memset(&r->hist, 0, sizeof r->hist);
    open_phase(r, slots, n, rate, r->b->size.seconds);
    result_latency(res, &r->hist);
    result_extra(res, "open-loop rate /s", rate);
}

int request_run(struct bench *b, const struct row *row, struct result *res)
{
    int conns = row->connections ? row->connections : b->size.connections;
    struct run *r = calloc(1, sizeof *r);
    struct slot *slots = calloc((size_t)(conns * row->streams), sizeof *slots);
    r->b = b;
    r->row = row;
    r->pool = pool_new(&b->subject->target);
    if (row->kind->fresh)
        pool_sources(r->pool, FRESH_SOURCES);
    int n = connect_slots(r, slots, conns);
    if (n > 0) {
        measure_closed(r, slots, n, res);
        measure_open(r, slots, n, res);
        res->failed = r->failed;
    }
    pool_free(r->pool);
    for (int i = 0; i < n; i++)
        buf_free(&slots[i].next.body);
    free(r->late);
    free(slots);
    free(r);
    return n > 0 ? 0 : -1;
}
