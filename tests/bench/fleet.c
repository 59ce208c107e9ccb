/* Everything a kubelet does is due at a fixed moment, spread over the fleet, and timed from there. */
#include "tests/bench/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/crew.h"
#include "tests/bench/load.h"
#include "tests/bench/objects.h"
#include "tests/bench/podchurn.h"
#include "tests/bench/watchers.h"

#define STATUS_S 300.0
#define OPENING_MAX 64
#define KUBELETS_PER_POD_S 250 /* 20 pods a second among 5,000 */
#define START_NS 120000000000ll
#define FOREVER_NS 86400000000000ll
#define VERSION_BYTES 1024

struct kubelet {
    struct squad *q;
    struct conn *conn;
    struct call pods, node, lease, status;
    char pods_path[128], node_path[128], lease_path[128], status_path[64], name[24];
    struct buf line, answer, lease_body, status_body;
    long long version; /* of its lease; 0: not known, get it */
    int64_t began_ns;
    int begun; /* watches */
    bool lease_busy, status_busy;
};

/* The kubelets of one process. */
struct squad {
    struct bench *b;
    struct crew_job *job;
    struct pool *pool;
    struct kubelet *all;
    int n, next, opening, lease_turn, status_turn;
    struct pacer leases, statuses;
};

/* One report of a pod's status; freed when answered. */
struct report {
    struct call call;
    struct squad *q;
    char path[160];
    struct buf body;
};

static void answered(struct squad *q, const struct call *c)
{
    struct crew_book *book = q->job->book;
    if (c->status != 200) {
        book->failed++;
        return;
    }
    book->ops++;
    hist_add(&book->latency, (uint64_t)(c->ended_ns - (c->due_ns ? c->due_ns : c->started_ns)));
}

/* ---- pods that appear are reported running ---- */

static void report_done(struct call *c)
{
    struct report *rp = c->arg;
    answered(rp->q, c);
    buf_free(&rp->body);
    free(rp);
}

static void report_running(struct kubelet *k, struct str pod)
{
    struct report *rp = calloc(1, sizeof *rp);
    rp->q = k->q;
    snprintf(rp->path, sizeof rp->path, BENCH_PODS "/%.*s/status", STR_ARG(pod));
    object_pod_running(&rp->body, (int)pod.n);
    rp->call = (struct call){.method = "PATCH",
                             .path = rp->path,
                             .body = buf_view(&rp->body),
                             .content_type = "application/merge-patch+json",
                             .done = report_done,
                             .arg = rp};
    if (conn_call(k->conn, &rp->call) == 0)
        return;
    rp->call.status = -1;
    report_done(&rp->call);
}

static void on_pod_event(struct kubelet *k, struct str line)
{
    static const char key[] = "\"" BENCH_STAMP "\":\"", name[] = "\"name\":\"" PODCHURN_PREFIX;
    if (!str_starts(line, STR("{\"type\":\"ADDED\"")))
        return;
    const char *at = memmem(line.p, line.n, key, sizeof key - 1);
    const char *pod = memmem(line.p, line.n, name, sizeof name - 1);
    if (!at || !pod)
        return;
    hist_add(&k->q->job->book->events, (uint64_t)(clock_ns() - atoll(at + sizeof key - 1)));
    pod += strlen("\"name\":\"");
    report_running(k, (struct str){pod, strcspn(pod, "\"")});
}

static void on_pods(struct call *c, const char *p, size_t n)
{
    struct kubelet *k = c->arg;
    k->q->job->book->bytes += (int64_t)n;
    for (const char *nl; n && (nl = memchr(p, '\n', n)) != NULL;) {
        size_t take = (size_t)(nl - p) + 1;
        buf_put(&k->line, p, take);
        on_pod_event(k, buf_view(&k->line));
        buf_clear(&k->line);
        p += take;
        n -= take;
    }
    if (n)
        buf_put(&k->line, p, n);
}

/* ---- coming up ---- */

static void open_more(struct squad *q);

static void on_watching(struct call *c)
{
    struct kubelet *k = c->arg;
    struct crew_book *book = k->q->job->book;
    if (c->status != 200 || ++k->begun != 2)
        return;
    book->opened++;
    hist_add(&book->opening, (uint64_t)(clock_ns() - k->began_ns));
    k->q->opening--;
    open_more(k->q);
}

static void on_watch_end(struct call *c)
{
    struct kubelet *k = c->arg;
    k->q->job->book->ended++;
    if (k->begun >= 2)
        return;
    k->begun = 2; /* it will not come up: the next may */
    k->q->opening--;
    open_more(k->q);
}

static void kubelet_up(struct squad *q, int i)
{
    struct kubelet *k = &q->all[i];
    int node = q->job->index + i * q->job->count;
    snprintf(k->name, sizeof k->name, "node-%05d", node);
    snprintf(
        k->pods_path, sizeof k->pods_path,
        "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s&watch=true&resourceVersion=0&timeoutSeconds=3600",
        k->name);
    snprintf(
        k->node_path, sizeof k->node_path,
        "/api/v1/nodes?fieldSelector=metadata.name%%3D%s&watch=true&resourceVersion=0&timeoutSeconds=3600",
        k->name);
    snprintf(k->lease_path, sizeof k->lease_path, BENCH_LEASES "/%s", k->name);
    snprintf(k->status_path, sizeof k->status_path, "/api/v1/nodes/%s/status", k->name);
    k->q = q;
    k->began_ns = clock_ns();
    k->conn = conn_open(q->pool, true);
    k->pods = (struct call){.method = "GET",
                            .path = k->pods_path,
                            .head = on_watching,
                            .chunk = on_pods,
                            .done = on_watch_end,
                            .arg = k};
    k->node = (struct call){
        .method = "GET", .path = k->node_path, .head = on_watching, .done = on_watch_end, .arg = k};
    q->opening++;
    if (k->conn && conn_call(k->conn, &k->pods) == 0 && conn_call(k->conn, &k->node) == 0)
        return;
    q->opening--;
    q->job->book->failed++;
}

static void open_more(struct squad *q)
{
    while (q->opening < OPENING_MAX && q->next < q->n)
        kubelet_up(q, q->next++);
}

/* ---- what is due ---- */

static void lease_chunk(struct call *c, const char *p, size_t n)
{
    struct kubelet *k = c->arg;
    if (k->answer.n < VERSION_BYTES)
        buf_put(&k->answer, p, n);
}

static void lease_done(struct call *c)
{
    struct kubelet *k = c->arg;
    k->lease_busy = false;
    k->version = c->status == 200 ? load_version(buf_view(&k->answer)) : 0;
    answered(k->q, c);
}

/* Renews by PUT of what it knows; reads it where it knows nothing. */
static void lease_due(struct pacer *p, int64_t due_ns)
{
    struct squad *q = p->arg;
    struct kubelet *k = &q->all[q->lease_turn];
    q->lease_turn = (q->lease_turn + 1) % q->n;
    if (k->lease_busy || !k->conn)
        return;
    buf_clear(&k->answer);
    buf_clear(&k->lease_body);
    k->lease = (struct call){.method = k->version ? "PUT" : "GET",
                             .path = k->lease_path,
                             .chunk = lease_chunk,
                             .done = lease_done,
                             .arg = k,
                             .due_ns = due_ns};
    if (k->version) {
        char version[24];
        snprintf(version, sizeof version, "%lld", k->version);
        object_lease(&k->lease_body, k->name, version);
        k->lease.body = buf_view(&k->lease_body);
    }
    k->lease_busy = conn_call(k->conn, &k->lease) == 0;
    q->job->book->failed += !k->lease_busy;
}

static void status_done(struct call *c)
{
    struct kubelet *k = c->arg;
    k->status_busy = false;
    answered(k->q, c);
}

static void status_due(struct pacer *p, int64_t due_ns)
{
    struct squad *q = p->arg;
    struct kubelet *k = &q->all[q->status_turn];
    q->status_turn = (q->status_turn + 1) % q->n;
    if (k->status_busy || !k->conn)
        return;
    buf_clear(&k->status_body);
    object_node_status(&k->status_body);
    k->status = (struct call){.method = "PATCH",
                              .path = k->status_path,
                              .body = buf_view(&k->status_body),
                              .content_type = "application/strategic-merge-patch+json",
                              .done = status_done,
                              .arg = k,
                              .due_ns = due_ns};
    k->status_busy = conn_call(k->conn, &k->status) == 0;
    q->job->book->failed += !k->status_busy;
}

static void job(struct crew_job *j)
{
    struct bench *b = j->arg;
    struct squad q = {.b = b, .job = j, .pool = pool_new(&b->subject->target)};
    q.n = b->size.kubelets / j->count + (j->index < b->size.kubelets % j->count);
    q.all = calloc((size_t)q.n + 1, sizeof *q.all);
    open_more(&q);
    double now = (double)clock_ns();
    q.leases = (struct pacer){.due_ns = now,
                              .interval_ns = b->size.lease_seconds * 1e9 / (q.n ? q.n : 1),
                              .tick = lease_due,
                              .arg = &q};
    q.statuses = (struct pacer){
        .due_ns = now, .interval_ns = STATUS_S * 1e9 / (q.n ? q.n : 1), .tick = status_due, .arg = &q};
    while (!*j->stop && j->book->opened + j->book->failed + j->book->ended < q.n)
        pool_run(q.pool, clock_ns() + 10000000, j->stop);
    q.leases.due_ns = q.statuses.due_ns = (double)clock_ns();
    pool_pace(q.pool, &q.leases);
    pool_pace(q.pool, &q.statuses);
    pool_run(q.pool, clock_ns() + FOREVER_NS, j->stop);
}

/* ---- the scenario ---- */

static bool await_all(struct bench *b, struct crew *c)
{
    int64_t end = clock_ns() + START_NS, seen = 0;
    progress_begin(b->progress, "starting kubelets", b->size.kubelets);
    while (seen < b->size.kubelets && clock_ns() < end && !crew_broken(c)) {
        usleep(10000);
        seen = CREW_SUM(c, opened);
        progress_at(b->progress, seen);
    }
    progress_end(b->progress);
    return seen == b->size.kubelets;
}

/* A round of leases, so that every kubelet knows its own. */
static void first_leases(struct bench *b, struct crew *c)
{
    int64_t end = clock_ns() + (int64_t)(b->size.lease_seconds * 1.2e9);
    while (CREW_SUM(c, ops) < b->size.kubelets && clock_ns() < end)
        usleep(10000);
}

static void fill(struct bench *b, struct crew *c, int64_t cpu_ns, const struct podchurn *pods,
                 struct result *r)
{
    struct hist h;
    r->ops = (uint64_t)CREW_SUM(c, ops);
    r->bytes = r->ops ? (double)CREW_SUM(c, bytes) / (double)r->ops : 0;
    r->failed = (uint64_t)(CREW_SUM(c, failed) + CREW_SUM(c, ended) + pods->failed);
    r->cpu_us =
        b->subject->procs.n && r->ops ? (double)cpu_ns / 1e3 / (double)(r->ops + (uint64_t)pods->done) : -1;
    CREW_HIST(c, latency, &h);
    result_latency(r, &h);
    result_extra(r, "kubelets", b->size.kubelets);
    result_extra(r, "requests /s", r->seconds > 0 ? (double)(r->ops + (uint64_t)pods->done) / r->seconds : 0);
    if (cpu_ns > 0)
        result_extra(r, "cores used", (double)cpu_ns / 1e9 / r->seconds);
    CREW_HIST(c, events, &h);
    result_extra(r, "pods seen", (double)h.count);
    result_extra(r, "pod seen p50 ms", (double)hist_quantile(&h, 0.5) / 1e6);
    result_extra(r, "pod seen p99 ms", (double)hist_quantile(&h, 0.99) / 1e6);
    CREW_HIST(c, opening, &h);
    result_extra(r, "coming up p99 ms", (double)hist_quantile(&h, 0.99) / 1e6);
}

int fleet_run(struct bench *b, const struct row *row, struct result *r)
{
    struct crew c = {0};
    struct procs *procs = &b->subject->procs;
    struct podchurn pods = {.target = &b->subject->target, .nodes = b->size.kubelets};
    pods.rate = (double)b->size.kubelets / KUBELETS_PER_POD_S;
    if (pods.rate < 1)
        pods.rate = 1;
    if (load_nodes(b, b->size.kubelets) < 0)
        return -1;
    int rc = crew_start(&c, b->size.processes > 0 ? b->size.processes : 1, job, b);
    if (rc == 0 && await_all(b, &c)) {
        first_leases(b, &c);
        crew_reset(&c);
        progress_begin(b->progress, r->name, 0);
        int64_t cpu = procs_cpu_ns(procs), start = clock_ns();
        podchurn_run(&pods, b->size.seconds);
        r->seconds = (double)(clock_ns() - start) / 1e9;
        fill(b, &c, procs_cpu_ns(procs) - cpu, &pods, r);
        progress_end(b->progress);
    } else {
        fprintf(stderr, "cubed-bench: %s: the kubelets did not all come up\n", b->subject->target.name);
        rc = -1;
    }
    crew_end(&c);
    return rc;
}
