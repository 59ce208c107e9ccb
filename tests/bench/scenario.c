/* Closed loops: every slot (connection, or stream of one) sends its next call when the last is answered. CPU
 * is read around the loop, so connecting and warming up do not count. */
#include "tests/bench/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "tests/bench/conn.h"

enum kind { CLOSED, FANOUT };

struct row {
    const char *name, *group;
    enum kind kind;
    bool h2, file;            /* file: a file server can be asked the same */
    int streams, connections; /* 0 connections: the bench's */
    const char *path;         /* "%n": a node's number */
    const char *method;
};

#define PODS "/api/v1/namespaces/bench/pods"
static const struct row rows[] = {
    {"get h1", "get", CLOSED, false, true, 1, 0, "get", "GET"},
    {"get h2 1 stream", "get", CLOSED, true, true, 1, 0, "get", "GET"},
    {"get h2 16 streams", "get", CLOSED, true, true, 16, 0, "get", "GET"},
    {"list 500 h1", "list", CLOSED, false, true, 1, 2, "list", "GET"},
    {"list 500 h2", "list", CLOSED, true, true, 1, 2, "list", "GET"},
    {"list all rv=0 h1", "listall", CLOSED, false, false, 1, 1, PODS "?resourceVersion=0", "GET"},
    {"list by node h1", "nodelist", CLOSED, false, false, 1, 0,
     "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-%n&resourceVersion=0", "GET"},
    {"create h2 16 streams", "create", CLOSED, true, false, 16, 0, PODS, "POST"},
    {"watch fan-out h1", "watch", FANOUT, false, false, 1, 0, PODS, "GET"},
    {"watch fan-out h2", "watch", FANOUT, true, false, 100, 0, PODS, "GET"},
};

struct loop {
    struct bench *b;
    const struct row *row;
    struct hist hist;
    uint64_t ops, failed, bytes;
    int64_t end_ns;
    int next, busy;
    bool counting, done;
};

struct slot {
    struct call call;
    struct loop *l;
    struct conn *conn;
    char path[256];
    char *body;
};

static void set_path(struct slot *s)
{
    struct bench *b = s->l->b;
    const char *p = s->l->row->path;
    int i = s->l->next++;
    if (strcmp(p, "get") == 0 && b->get_path)
        snprintf(s->path, sizeof s->path, "%s", b->get_path);
    else if (strcmp(p, "get") == 0)
        snprintf(s->path, sizeof s->path, PODS "/pod-%06d", (int)((unsigned)i * 7919u % (unsigned)b->pods));
    else if (strcmp(p, "list") == 0)
        snprintf(s->path, sizeof s->path, "%s", b->list_path ? b->list_path : PODS "?limit=500");
    else {
        const char *at = strstr(p, "%n");
        if (at)
            snprintf(s->path, sizeof s->path, "%.*s%05d%s", (int)(at - p), p, i % (b->nodes ? b->nodes : 1),
                     at + 2);
        else
            snprintf(s->path, sizeof s->path, "%s", p);
    }
}

static void slot_next(struct slot *s)
{
    struct loop *l = s->l;
    if (clock_ns() >= l->end_ns) {
        l->done = --l->busy == 0;
        return;
    }
    set_path(s);
    if (strcmp(l->row->method, "POST") == 0) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "new%d-%d", (int)getpid(), l->counting);
        free(s->body);
        s->body = load_pod_json(l->next, l->b->nodes, prefix);
        s->call.body = str_of(s->body);
    }
    if (conn_call(s->conn, &s->call) < 0) {
        l->failed++;
        l->done = --l->busy == 0;
    }
}

static void slot_done(struct call *call)
{
    struct slot *s = call->arg;
    struct loop *l = s->l;
    bool ok = call->status == 200 || call->status == 201;
    l->failed += !ok;
    if (l->counting && ok) {
        l->ops++;
        l->bytes += call->bytes;
        hist_add(&l->hist, (uint64_t)(call->ended_ns - call->started_ns));
    }
    slot_next(s);
}

static void phase(struct pool *p, struct loop *l, struct slot *slots, int n, double seconds)
{
    l->end_ns = clock_ns() + (int64_t)(seconds * 1e9);
    l->done = false;
    l->busy = n;
    for (int i = 0; i < n; i++)
        slot_next(&slots[i]);
    pool_run(p, l->end_ns + 10000000000ll, &l->done);
}

static void fill(struct result *r, const struct loop *l, double seconds, int64_t cpu_ns)
{
    r->ops = l->ops;
    r->failed = l->failed;
    r->seconds = seconds;
    r->cpu_us = l->b->procs->n && l->ops ? (double)cpu_ns / 1e3 / (double)l->ops : -1;
    r->p50_ms = (double)hist_quantile(&l->hist, 0.50) / 1e6;
    r->p99_ms = (double)hist_quantile(&l->hist, 0.99) / 1e6;
    r->bytes = l->ops ? (double)l->bytes / (double)l->ops : 0;
}

static int run_closed(struct bench *b, const struct row *row, struct result *r)
{
    struct pool *p = pool_new(b->target);
    int conns = row->connections ? row->connections : b->connections, n = 0, rc = -1;
    struct slot *slots = calloc((size_t)(conns * row->streams), sizeof *slots);
    struct loop *l = calloc(1, sizeof *l);
    l->b = b;
    l->row = row;
    for (int c = 0; c < conns; c++) {
        struct conn *conn = conn_open(p, row->h2);
        for (int s = 0; conn && s < row->streams; s++, n++) {
            slots[n].l = l;
            slots[n].conn = conn;
            slots[n].call = (struct call){
                .method = row->method, .path = slots[n].path, .done = slot_done, .arg = &slots[n]};
        }
    }
    if (n > 0) {
        phase(p, l, slots, n, b->seconds / 5);
        l->counting = true;
        l->failed = 0;
        int64_t cpu = procs_cpu_ns(b->procs), t = clock_ns();
        phase(p, l, slots, n, b->seconds);
        fill(r, l, (double)(clock_ns() - t) / 1e9, procs_cpu_ns(b->procs) - cpu);
        rc = 0;
    }
    for (int i = 0; i < n; i++)
        free(slots[i].body);
    pool_free(p);
    free(slots);
    free(l);
    return rc;
}

/* ---- watch fan-out: W watchers, E events; an operation is one delivery ---- */

struct fan {
    struct loop *l;
    uint64_t want;
    bool done;
    int64_t sent_ns;
};
struct watcher {
    struct call call;
    struct fan *fan;
};

static void watch_chunk(struct call *c, const char *p, size_t n)
{
    struct fan *f = ((struct watcher *)c->arg)->fan;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        f->l->ops++;
        hist_add(&f->l->hist, (uint64_t)(clock_ns() - f->sent_ns));
    }
    f->l->bytes += n;
    f->done = f->l->ops >= f->want;
}

static void watch_done(struct call *c)
{
    ((struct watcher *)c->arg)->fan->l->failed++;
}

struct patcher {
    struct call call;
    bool done;
    char body[128];
};

static void patch_done(struct call *c)
{
    ((struct patcher *)c->arg)->done = true;
}

static bool patch_once(struct pool *p, struct conn *c, int i)
{
    struct patcher pt = {.call = {.method = "PATCH",
                                  .path = PODS "/pod-000000",
                                  .done = patch_done,
                                  .content_type = "application/merge-patch+json"}};
    snprintf(pt.body, sizeof pt.body,
             "{\"metadata\":{\"annotations\":{\"bench.example.com/tick\":\"%d-%d\"}}}", (int)getpid(), i);
    pt.call.body = str_of(pt.body);
    pt.call.arg = &pt;
    if (conn_call(c, &pt.call) < 0)
        return false;
    pool_run(p, clock_ns() + 10000000000ll, &pt.done);
    return pt.done && pt.call.status == 200;
}

static int run_fanout(struct bench *b, const struct row *row, struct result *r)
{
    struct pool *watch = pool_new(b->target), *write = pool_new(b->target);
    struct loop *l = calloc(1, sizeof *l);
    struct fan f = {.l = l};
    struct watcher *w = calloc((size_t)b->watchers, sizeof *w);
    struct conn *c = NULL, *wc = conn_open(write, true);
    const char *path =
        PODS "?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dpod-000000&timeoutSeconds=3000";
    bool never = false, ok = wc != NULL;
    l->b = b;
    for (int i = 0; i < b->watchers && ok; i++) {
        if (i % row->streams == 0)
            c = conn_open(watch, row->h2);
        w[i].fan = &f;
        w[i].call = (struct call){
            .method = "GET", .path = path, .chunk = watch_chunk, .done = watch_done, .arg = &w[i]};
        ok = c && conn_call(c, &w[i].call) == 0;
    }
    f.want = (uint64_t)b->watchers; /* the initial ADDED of each */
    f.sent_ns = clock_ns();
    if (ok)
        pool_run(watch, clock_ns() + 60000000000ll, &f.done);
    pool_run(watch, clock_ns() + 300000000ll, &never);
    memset(&l->hist, 0, sizeof l->hist);
    l->ops = l->bytes = 0;
    int64_t cpu = procs_cpu_ns(b->procs), t = clock_ns();
    for (int i = 0; i < b->events && ok; i++) {
        f.want = (uint64_t)b->watchers * (uint64_t)(i + 1);
        f.done = false;
        f.sent_ns = clock_ns();
        ok = patch_once(write, wc, i);
        if (ok)
            pool_run(watch, clock_ns() + 10000000000ll, &f.done);
    }
    fill(r, l, (double)(clock_ns() - t) / 1e9, procs_cpu_ns(b->procs) - cpu);
    if (f.want > l->ops)
        r->failed += f.want - l->ops;
    pool_free(watch);
    pool_free(write);
    free(w);
    free(l);
    return ok ? 0 : -1;
}

static bool wanted(const char *list, const char *group)
{
    size_t n = strlen(group);
    for (const char *p = list; p && (p = strstr(p, group)); p += n) {
        if ((p == list || p[-1] == ',') && (p[n] == 0 || p[n] == ','))
            return true;
    }
    return list == NULL;
}

int scenarios_run(struct bench *b, const char *list, bool files, struct result *out, int max)
{
    int n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && n < max; i++) {
        if (!wanted(list, rows[i].group) || (files && !rows[i].file))
            continue;
        struct result *r = &out[n];
        memset(r, 0, sizeof *r);
        snprintf(r->name, sizeof r->name, "%s", rows[i].name);
        if (isatty(2))
            fprintf(stderr, "\r%s: %-40s", b->target->name, rows[i].name);
        int rc = rows[i].kind == CLOSED ? run_closed(b, &rows[i], r) : run_fanout(b, &rows[i], r);
        if (rc < 0)
            fprintf(stderr, "cubed-bench: %s: %s did not work\n", b->target->name, rows[i].name);
        n++;
    }
    if (isatty(2))
        fprintf(stderr, "\r%60s\r", "");
    return n;
}

void results_print(FILE *f, const struct bench *b, const struct result *r, int n)
{
    int64_t pss = 0, anon = 0;
    procs_memory(b->procs, &pss, &anon);
    fprintf(f, "%s: %d processes, memory %.1f MiB (%.1f MiB private)\n", b->target->name, b->procs->n,
            (double)pss / 1048576, (double)anon / 1048576);
    fprintf(f, "  %-24s %10s %12s %12s %10s %10s %12s %8s\n", "scenario", "ops", "ops/s", "CPU us/op",
            "p50 ms", "p99 ms", "bytes/op", "failed");
    for (int i = 0; i < n; i++) {
        char cpu[32] = "-";
        if (r[i].cpu_us >= 0)
            snprintf(cpu, sizeof cpu, "%.2f", r[i].cpu_us);
        fprintf(f, "  %-24s %10llu %12.0f %12s %10.3f %10.3f %12.0f %8llu\n", r[i].name,
                (unsigned long long)r[i].ops, r[i].seconds > 0 ? (double)r[i].ops / r[i].seconds : 0, cpu,
                r[i].p50_ms, r[i].p99_ms, r[i].bytes, (unsigned long long)r[i].failed);
    }
}

void results_json(FILE *f, const struct bench *b, const struct result *r, int n)
{
    for (int i = 0; i < n; i++)
        fprintf(f,
                "{\"server\":\"%s\",\"scenario\":\"%s\",\"ops\":%llu,\"failed\":%llu,\"seconds\":%.3f,\"cpu_"
                "us\":%.3f,"
                "\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"bytes\":%.0f}\n",
                b->target->name, r[i].name, (unsigned long long)r[i].ops, (unsigned long long)r[i].failed,
                r[i].seconds, r[i].cpu_us, r[i].p50_ms, r[i].p99_ms, r[i].bytes);
}
