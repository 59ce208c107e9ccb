/* Who is turned away tries again a moment later, as kubelets do, and its time runs on. */
#include "tests/bench/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/load.h"

#define CALM_MAX 64 /* at a time, when they come for the first time */
#define RETRY_NS 2e8
#define LIMIT_NS 120000000000ll
#define KEEP_BYTES 512 /* of a list's text: its resourceVersion is at the front */

struct kubelet {
    struct call call;
    struct storm *s;
    struct conn *conn;
    char path[160], head[KEEP_BYTES];
    size_t head_n;
    int node;
    int64_t began_ns;
    bool listed, back;
    struct kubelet *next; /* of those that wait */
};

struct storm {
    struct bench *b;
    const struct row *row;
    struct pool *pool;
    struct kubelet *all, *waiting, *retrying;
    int n, back;
    int64_t refused;
    struct hist hist;
    bool done;
};

static void arrive(struct kubelet *k);

static void retry(struct kubelet *k)
{
    struct storm *s = k->s;
    if (k->conn)
        conn_close(k->conn, false);
    k->conn = NULL;
    s->refused++;
    k->next = s->retrying;
    s->retrying = k;
}

static void send_call(struct kubelet *k)
{
    if (!k->conn || conn_call(k->conn, &k->call) < 0)
        retry(k);
}

static void watch(struct kubelet *k)
{
    snprintf(k->path, sizeof k->path,
             "/api/v1/pods?fieldSelector=spec.nodeName%%3Dnode-%05d&watch=true&resourceVersion=%lld", k->node,
             load_version((struct str){k->head, k->head_n}));
    k->listed = true;
    send_call(k);
}

static void on_head(struct call *c)
{
    struct kubelet *k = c->arg;
    struct storm *s = k->s;
    if (!k->listed || k->back || c->status != 200)
        return;
    k->back = true;
    hist_add(&s->hist, (uint64_t)(clock_ns() - k->began_ns));
    s->done = ++s->back == s->n;
    struct kubelet *next = s->waiting;
    if (next) {
        s->waiting = next->next;
        arrive(next);
    }
}

static void on_chunk(struct call *c, const char *p, size_t n)
{
    struct kubelet *k = c->arg;
    size_t room = KEEP_BYTES - k->head_n;
    if (k->listed || room == 0)
        return;
    memcpy(k->head + k->head_n, p, n < room ? n : room);
    k->head_n += n < room ? n : room;
}

static void on_done(struct call *c)
{
    struct kubelet *k = c->arg;
    if (c->status == 200 && !k->listed)
        watch(k);
    else if (k->back)
        k->s->refused++; /* a watch that ended under way */
    else
        retry(k);
}

static void arrive(struct kubelet *k)
{
    struct storm *s = k->s;
    if (!k->began_ns)
        k->began_ns = clock_ns();
    k->listed = k->back = false;
    k->head_n = 0;
    snprintf(k->path, sizeof k->path,
             "/api/v1/pods?fieldSelector=spec.nodeName%%3Dnode-%05d&resourceVersion=0", k->node);
    k->call = (struct call){
        .method = "GET", .path = k->path, .head = on_head, .chunk = on_chunk, .done = on_done, .arg = k};
    k->conn = conn_open(s->pool, s->row->h2);
    send_call(k);
}

static void on_retry(struct pacer *p, int64_t due_ns)
{
    struct storm *s = p->arg;
    struct kubelet *k = s->retrying;
    s->retrying = NULL;
    while (k) {
        struct kubelet *next = k->next;
        arrive(k);
        k = next;
    }
}

/* at_once: how many are on their way at a time. True when all are there. */
static bool gather(struct storm *s, int at_once)
{
    s->back = 0;
    s->refused = 0;
    s->done = false;
    s->hist = (struct hist){0};
    for (int i = s->n - 1; i >= 0; i--) {
        s->all[i].began_ns = 0;
        s->all[i].next = s->waiting;
        s->waiting = &s->all[i];
    }
    for (int i = 0; i < at_once && s->waiting; i++) {
        struct kubelet *k = s->waiting;
        s->waiting = k->next;
        arrive(k);
    }
    pool_run(s->pool, clock_ns() + LIMIT_NS, &s->done);
    return s->done;
}

static void scatter(struct storm *s)
{
    for (int i = 0; i < s->n; i++) {
        if (s->all[i].conn)
            conn_close(s->all[i].conn, true);
    }
}

int storm_run(struct bench *b, const struct row *row, struct result *r)
{
    struct storm *s = calloc(1, sizeof *s);
    struct procs *procs = &b->subject->procs;
    struct pacer again = {.due_ns = (double)clock_ns(), .interval_ns = RETRY_NS, .tick = on_retry, .arg = s};
    s->b = b;
    s->row = row;
    s->n = b->size.kubelets;
    s->pool = pool_new(&b->subject->target);
    s->all = calloc((size_t)s->n, sizeof *s->all);
    pool_sources(s->pool, 4);
    pool_pace(s->pool, &again);
    for (int i = 0; i < s->n; i++) {
        s->all[i].s = s;
        s->all[i].node = i % b->size.nodes;
    }
    progress_begin(b->progress, r->name, 0);
    bool ok = gather(s, CALM_MAX);
    scatter(s);
    int64_t cpu = procs_cpu_ns(procs), start = clock_ns();
    ok = ok && gather(s, s->n);
    cpu = procs_cpu_ns(procs) - cpu;
    progress_end(b->progress);
    r->seconds = (double)(clock_ns() - start) / 1e9;
    r->ops = (uint64_t)s->back;
    r->failed = (uint64_t)(s->n - s->back);
    r->cpu_us = procs->n && s->back ? (double)cpu / 1e3 / s->back : -1;
    result_latency(r, &s->hist);
    result_extra(r, "kubelets", s->n);
    result_extra(r, "turned away, came again", (double)s->refused);
    if (!ok)
        fprintf(stderr, "cubed-bench: %s: %d of %d kubelets came back\n", b->subject->target.name, s->back,
                s->n);
    pool_free(s->pool);
    free(s->all);
    free(s);
    return ok ? 0 : -1;
}
