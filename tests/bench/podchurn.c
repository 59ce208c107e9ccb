#include "tests/bench/podchurn.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/objects.h"

#define LIFE_NS 5e9
#define REST_NS 500000000ll /* for kubelets to report the last ones */
#define DRAIN_NS 10000000000ll

struct churn {
    struct podchurn *p;
    struct pool *pool;
    struct conn *conn;
    int made, gone, under_way;
    int64_t end_ns;
    bool over, done;
};

struct errand {
    struct call call;
    struct churn *c;
    char path[160];
    struct buf body;
};

static void on_done(struct call *call)
{
    struct errand *e = call->arg;
    struct churn *c = e->c;
    bool ok = call->status == 200 || call->status == 201;
    c->p->done += ok;
    c->p->failed += !ok;
    c->under_way--;
    c->done = c->over && c->under_way == 0;
    buf_free(&e->body);
    free(e);
}

static void pod_name(char *out, size_t n, int i)
{
    snprintf(out, n, PODCHURN_PREFIX "%d-%06d", (int)getpid(), i);
}

static void errand(struct churn *c, struct errand *e, const char *method, int64_t due_ns)
{
    e->c = c;
    e->call = (struct call){.method = method,
                            .path = e->path,
                            .body = buf_view(&e->body),
                            .done = on_done,
                            .arg = e,
                            .due_ns = due_ns};
    c->under_way++;
    if (conn_call(c->conn, &e->call) == 0)
        return;
    e->call.status = -1;
    on_done(&e->call);
}

static void make(struct pacer *pc, int64_t due_ns)
{
    struct churn *c = pc->arg;
    if (due_ns >= c->end_ns) {
        pc->stopped = true;
        return;
    }
    struct errand *e = calloc(1, sizeof *e);
    char name[64], node[24];
    pod_name(name, sizeof name, c->made);
    snprintf(node, sizeof node, "node-%05u", (unsigned)c->made * 7919u % (unsigned)c->p->nodes);
    snprintf(e->path, sizeof e->path, BENCH_PODS);
    object_pod(&e->body, name, node, c->made++);
    errand(c, e, "POST", due_ns);
}

static void delete_one(struct churn *c, int64_t due_ns)
{
    struct errand *e = calloc(1, sizeof *e);
    char name[64];
    pod_name(name, sizeof name, c->gone++);
    snprintf(e->path, sizeof e->path, BENCH_PODS "/%s?gracePeriodSeconds=0", name);
    errand(c, e, "DELETE", due_ns);
}

static void delete_old(struct pacer *pc, int64_t due_ns)
{
    struct churn *c = pc->arg;
    if (due_ns < c->end_ns && c->gone < c->made)
        delete_one(c, due_ns);
    else
        pc->stopped = true;
}

void podchurn_run(struct podchurn *p, double seconds)
{
    struct churn c = {.p = p, .pool = pool_new(p->target)};
    bool never = false;
    double now = (double)clock_ns(), interval = 1e9 / p->rate;
    struct pacer makes = {.due_ns = now, .interval_ns = interval, .tick = make, .arg = &c};
    struct pacer deletes = {.due_ns = now + LIFE_NS, .interval_ns = interval, .tick = delete_old, .arg = &c};
    c.end_ns = (int64_t)(now + seconds * 1e9);
    c.conn = conn_open(c.pool, true);
    if (!c.conn) {
        p->failed++;
        pool_free(c.pool);
        return;
    }
    pool_pace(c.pool, &makes);
    pool_pace(c.pool, &deletes);
    pool_run(c.pool, c.end_ns + REST_NS, &never);
    pool_unpace(c.pool, &makes);
    pool_unpace(c.pool, &deletes);
    while (c.gone < c.made)
        delete_one(&c, clock_ns());
    c.over = true;
    c.done = c.under_way == 0;
    pool_run(c.pool, clock_ns() + DRAIN_NS, &c.done);
    p->failed += c.under_way;
    pool_free(c.pool);
}
