/* An event is sent when the last was delivered (CPU), and then at fixed moments at half that pace (latency).
 */
#include "tests/bench/watching.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/disturb.h"
#include "tests/bench/load.h"
#include "tests/bench/objects.h"
#include "tests/bench/watchers.h"
#include "tests/bench/writer.h"

#define OPEN_SHARE 0.5
#define QUIET_US 300000
#define SPARSE_PODS 16
#define MANY_EVENTS_PER_S 200
#define SLOW_SHARE 10 /* a tenth of the watchers each: slow, stopped, dying */

static void path_all(char *out, size_t n, int i, const void *arg)
{
    snprintf(out, n, "%s", BENCH_PODS);
}

static void path_one_pod(char *out, size_t n, int i, const void *arg)
{
    snprintf(out, n, BENCH_PODS "/pod-000000");
}

/* Node of a watcher that nobody else watches. */
static void path_own_node(char *out, size_t n, int i, const void *arg)
{
    snprintf(out, n, "/api/v1/pods?fieldSelector=spec.nodeName%%3Dwatched-%06d", i);
}

static void path_sparse_pod(char *out, size_t n, int i, const void *arg)
{
    snprintf(out, n, BENCH_PODS "/sparse-%02d-of-%d", i % SPARSE_PODS, *(const int *)arg);
}

static void path_node(char *out, size_t n, int i, const void *arg)
{
    const struct sizes *s = arg;
    snprintf(out, n, "/api/v1/pods?fieldSelector=spec.nodeName%%3Dnode-%05d", i % s->nodes);
}

static void path_any_pod(char *out, size_t n, int i, const void *arg)
{
    const struct sizes *s = arg;
    snprintf(out, n, BENCH_PODS "/pod-%06u", (unsigned)i * 7919u % (unsigned)s->pods);
}

typedef void path_fn(char *out, size_t n, int i, const void *arg);

static struct watchers watchers_of(struct bench *b, const struct row *row, int count, path_fn *path,
                                   const void *arg)
{
    return (struct watchers){.target = &b->subject->target,
                             .count = count,
                             .processes = b->size.processes,
                             .h2 = row->h2,
                             .streams = row->streams,
                             .version = watchers_version(&b->subject->target),
                             .path = path,
                             .arg = arg};
}

/* One event after the other; each goes to so many watchers. Fills in CPU per delivery, rate, bytes. Returns
 * events a second, 0 when something did not work. */
static double closed_events(struct bench *b, struct watchers *w, struct writer *wr, path_fn *path,
                            const void *arg, int events, int each, struct result *r)
{
    char p[200];
    struct procs *procs = &b->subject->procs;
    crew_reset(&w->crew);
    int64_t cpu = procs_cpu_ns(procs), start = clock_ns();
    progress_begin(b->progress, r->name, events);
    for (int i = 0; i < events; i++) {
        path(p, sizeof p, i, arg);
        if (!writer_patch(wr, p) || !watchers_await(w, (int64_t)each * (i + 1))) {
            r->failed++;
            break;
        }
        progress_at(b->progress, i);
    }
    progress_end(b->progress);
    cpu = procs_cpu_ns(procs) - cpu;
    r->seconds = (double)(clock_ns() - start) / 1e9;
    r->ops = (uint64_t)CREW_SUM(&w->crew, ops);
    r->cpu_us = procs->n && r->ops ? (double)cpu / 1e3 / (double)r->ops : -1;
    r->bytes = r->ops ? (double)CREW_SUM(&w->crew, bytes) / (double)r->ops : 0;
    return r->failed || r->seconds <= 0 ? 0 : events / r->seconds;
}

/* Events at fixed moments; deliveries that do not come count as failed. */
static void paced_events(struct bench *b, struct watchers *w, struct writer *wr, path_fn *path,
                         const void *arg, double rate, double seconds, double each, struct result *r)
{
    int64_t failed = 0;
    struct hist h;
    crew_reset(&w->crew);
    int64_t sent = writer_pace(wr, rate, seconds, path, arg, &failed);
    int64_t want = (int64_t)((double)(sent - failed) * each);
    watchers_await(w, want);
    int64_t missing = want - CREW_SUM(&w->crew, ops);
    r->failed += (uint64_t)(failed + (missing > 0 ? missing : 0) + CREW_SUM(&w->crew, ended));
    CREW_HIST(&w->crew, latency, &h);
    result_latency(r, &h);
    result_extra(r, "open-loop events /s", rate);
}

int watching_fanout(struct bench *b, const struct row *row, struct result *r)
{
    struct watchers w = watchers_of(b, row, b->size.watchers, path_all, NULL);
    int rc = watchers_open(&w, b->progress, NULL);
    struct writer *wr = rc == 0 ? writer_open(&b->subject->target) : NULL;
    if (wr) {
        double rate = closed_events(b, &w, wr, path_one_pod, NULL, b->size.events, w.count, r);
        if (rate > 0)
            paced_events(b, &w, wr, path_one_pod, NULL, rate * OPEN_SHARE, b->size.seconds, w.count, r);
        result_extra(r, "watchers", w.count);
    }
    watchers_close(&w);
    writer_close(wr);
    return wr ? rc : -1;
}

/* Pods on nodes that watchers of sparse select, far apart in their order. */
static int make_sparse_pods(struct bench *b, int watchers)
{
    struct buf body = {0};
    int status = 201;
    for (int k = 0; k < SPARSE_PODS && (status == 201 || status == 409); k++) {
        char name[64], node[64];
        snprintf(name, sizeof name, "sparse-%02d-of-%d", k, watchers);
        snprintf(node, sizeof node, "watched-%06d", (int)((int64_t)watchers * k / SPARSE_PODS));
        buf_clear(&body);
        object_pod(&body, name, node, k);
        status = load_request(&b->subject->target, "POST", BENCH_PODS, NULL, buf_view(&body), NULL);
    }
    buf_free(&body);
    return status == 201 || status == 409 ? 0 : -1;
}

/* CPU of one write that nobody watches, us. */
static double write_alone(struct bench *b, int events, const int *watchers)
{
    char p[200];
    struct procs *procs = &b->subject->procs;
    struct writer *wr = writer_open(&b->subject->target);
    int64_t cpu = procs_cpu_ns(procs);
    bool ok = wr != NULL;
    for (int i = 0; i < events && ok; i++) {
        path_sparse_pod(p, sizeof p, i, watchers);
        ok = writer_patch(wr, p);
    }
    writer_close(wr);
    return ok ? (double)(procs_cpu_ns(procs) - cpu) / 1e3 / events : -1;
}

int watching_sparse(struct bench *b, const struct row *row, struct result *r)
{
    int count = b->size.watchers, events = b->size.events * 10;
    int rc = make_sparse_pods(b, count);
    double alone = rc == 0 ? write_alone(b, events, &count) : -1;
    struct watchers w = watchers_of(b, row, count, path_own_node, NULL);
    if (rc == 0)
        rc = watchers_open(&w, b->progress, NULL);
    struct writer *wr = rc == 0 ? writer_open(&b->subject->target) : NULL;
    if (wr) {
        double rate = closed_events(b, &w, wr, path_sparse_pod, &count, events, 1, r);
        if (rate > 0)
            paced_events(b, &w, wr, path_sparse_pod, &count, rate * OPEN_SHARE, b->size.seconds, 1, r);
        result_extra(r, "watchers", count);
        result_extra(r, "CPU us of the write", alone);
    }
    watchers_close(&w);
    writer_close(wr);
    return wr ? rc : -1;
}

/* Bytes the kernel holds in its own objects: sockets and what belongs to them. */
static int64_t kernel_bytes(void)
{
    char line[128];
    long long kb = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "Slab: %lld kB", &kb) != 1)
        ;
    if (f)
        fclose(f);
    return kb * 1024;
}

int watching_idle(struct bench *b, const struct row *row, struct result *r)
{
    struct watchers w = watchers_of(b, row, b->size.watchers, path_node, &b->size);
    struct procs *procs = &b->subject->procs;
    struct hist h;
    int64_t anon = procs_anon(procs), kernel = kernel_bytes(), cpu = procs_cpu_ns(procs);
    int rc = watchers_open(&w, b->progress, &r->seconds);
    if (rc == 0) {
        usleep(QUIET_US);
        r->ops = (uint64_t)w.count;
        r->cpu_us = procs->n ? (double)(procs_cpu_ns(procs) - cpu) / 1e3 / w.count : -1;
        CREW_HIST(&w.crew, opening, &h);
        result_latency(r, &h);
        double user = (double)(procs_anon(procs) - anon) / 1024 / w.count;
        /* both ends of a connection are on this machine, and their sockets are alike */
        double sockets = (double)(kernel_bytes() - kernel) / 2 / 1024 / w.count;
        result_extra(r, "server KiB a watch", user);
        result_extra(r, "kernel KiB a watch", sockets);
    }
    watchers_close(&w);
    return rc;
}

int watching_many(struct bench *b, const struct row *row, struct result *r)
{
    struct watchers w = watchers_of(b, row, b->size.watchers, path_node, &b->size);
    struct procs *procs = &b->subject->procs;
    double opening = 0, each = (double)w.count / b->size.nodes;
    int64_t anon = procs_anon(procs);
    int rc = watchers_open(&w, b->progress, &opening);
    struct writer *wr = rc == 0 ? writer_open(&b->subject->target) : NULL;
    result_extra(r, "watches", (double)CREW_SUM(&w.crew, opened));
    result_extra(r, "opened in s", opening);
    result_extra(r, "load processes", w.crew.n);
    if (wr) {
        result_extra(r, "server KiB a watch", (double)(procs_anon(procs) - anon) / 1024 / w.count);
        int64_t cpu = procs_cpu_ns(procs), start = clock_ns();
        paced_events(b, &w, wr, path_any_pod, &b->size, MANY_EVENTS_PER_S, b->size.seconds, each, r);
        r->seconds = (double)(clock_ns() - start) / 1e9;
        r->ops = (uint64_t)CREW_SUM(&w.crew, ops);
        r->cpu_us = procs->n && r->ops ? (double)(procs_cpu_ns(procs) - cpu) / 1e3 / (double)r->ops : -1;
        r->bytes = r->ops ? (double)CREW_SUM(&w.crew, bytes) / (double)r->ops : 0;
        result_extra(r, "ended", (double)CREW_SUM(&w.crew, ended));
    }
    watchers_close(&w);
    writer_close(wr);
    return wr ? rc : -1;
}

/* Events to the healthy ones while as many well-behaved others watch as there will be bad ones: what is left
 * between the two is how they behave. */
static int next_to_good(struct bench *b, const struct row *row, struct watchers *w, struct writer *wr,
                        double rate, int others, struct result *r)
{
    struct watchers good = watchers_of(b, row, others, path_all, NULL);
    int rc = watchers_open(&good, b->progress, NULL);
    if (rc == 0)
        paced_events(b, w, wr, path_one_pod, NULL, rate, b->size.seconds, w->count, r);
    watchers_close(&good);
    return rc;
}

int watching_slow(struct bench *b, const struct row *row, struct result *r)
{
    struct watchers w = watchers_of(b, row, b->size.watchers, path_all, NULL);
    struct disturb d = {.target = &b->subject->target,
                        .path = BENCH_PODS,
                        .version = w.version,
                        .each = w.count / SLOW_SHARE + 1};
    struct result good = *r;
    int rc = watchers_open(&w, b->progress, NULL);
    struct writer *wr = rc == 0 ? writer_open(&b->subject->target) : NULL;
    double rate =
        wr ? OPEN_SHARE * closed_events(b, &w, wr, path_one_pod, NULL, b->size.events, w.count, r) : 0;
    rc = rate > 0 ? next_to_good(b, row, &w, wr, rate, DISTURB_KINDS * d.each, &good) : -1;
    if (rc == 0)
        rc = disturb_start(&d);
    if (rc == 0) {
        paced_events(b, &w, wr, path_one_pod, NULL, rate, b->size.seconds, w.count, r);
        result_extra(r, "healthy watchers", w.count);
        result_extra(r, "slow, stopped, dying: each", d.each);
        result_extra(r, "p99 next to good ones ms", result_ms(&good, 0.99));
        result_extra(r, "p99 ratio", result_ms(r, 0.99) / result_ms(&good, 0.99));
        result_extra(r, "p50 ratio", result_ms(r, 0.5) / result_ms(&good, 0.5));
        result_extra(r, "deaths", (double)disturb_deaths(&d));
    }
    disturb_end(&d);
    watchers_close(&w);
    writer_close(wr);
    return rc;
}
