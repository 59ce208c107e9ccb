/* Creates run in parallel on a few connections; bodies are made just before they are sent. */
#include "tests/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/objects.h"

#define LOAD_CONNECTIONS 8
#define LOAD_STREAMS 24
#define LOAD_LIMIT_NS (3600ll * 1000000000)
#define REQUEST_LIMIT_NS 60000000000ll

struct load {
    struct bench *b;
    const char *path;
    void (*make)(struct buf *b, const struct bench *bench, int i);
    int next, last, created, failed, busy, status;
    bool done;
};
struct load_call {
    struct call call;
    struct load *l;
    struct conn *conn;
    struct buf body;
};

static void load_next(struct load_call *lc)
{
    struct load *l = lc->l;
    if (l->next < l->last) {
        buf_clear(&lc->body);
        l->make(&lc->body, l->b, l->next++);
        lc->call.body = buf_view(&lc->body);
        if (conn_call(lc->conn, &lc->call) == 0)
            return;
        l->failed++;
    }
    l->done = --l->busy == 0;
}

static void load_done(struct call *call)
{
    struct load_call *lc = call->arg;
    struct load *l = lc->l;
    if (call->status == 201 || call->status == 409) {
        l->created++;
    } else {
        l->failed++;
        l->status = call->status;
    }
    progress_at(l->b->progress, l->created);
    load_next(lc);
}

static int load_run(struct load *l, const char *what)
{
    struct pool *p = pool_new(&l->b->subject->target);
    static const int n = LOAD_CONNECTIONS * LOAD_STREAMS;
    struct load_call *calls = calloc((size_t)n, sizeof *calls);
    struct conn *c = NULL;
    int want = l->last - l->next;
    progress_begin(l->b->progress, what, want);
    l->busy = n;
    for (int i = 0; i < n; i++) {
        if (i % LOAD_STREAMS == 0)
            c = conn_open(p, true);
        calls[i] = (struct load_call){
            .call = {.method = "POST", .path = l->path, .done = load_done, .arg = &calls[i]},
            .l = l,
            .conn = c};
        if (c)
            load_next(&calls[i]);
        else
            l->done = --l->busy == 0;
    }
    pool_run(p, clock_ns() + LOAD_LIMIT_NS, &l->done);
    progress_end(l->b->progress);
    pool_free(p);
    for (int i = 0; i < n; i++)
        buf_free(&calls[i].body);
    free(calls);
    if (l->created == want)
        return 0;
    fprintf(stderr, "cubed-bench: %s: %s: %d of %d could not be created (HTTP status %d)\n",
            l->b->subject->target.name, what, want - l->created, want, l->status);
    return -1;
}

static void make_pod(struct buf *b, const struct bench *bench, int i)
{
    char name[32], node[32];
    snprintf(name, sizeof name, "pod-%06d", i);
    snprintf(node, sizeof node, "node-%05d", i % bench->size.nodes);
    object_pod(b, name, node, i);
}

static void make_node(struct buf *b, const struct bench *bench, int i)
{
    char name[32];
    snprintf(name, sizeof name, "node-%05d", i);
    object_node(b, name);
}

static void make_lease(struct buf *b, const struct bench *bench, int i)
{
    char name[32];
    snprintf(name, sizeof name, "node-%05d", i);
    object_lease(b, name, "");
}

static int make_namespace(struct bench *b, const char *name)
{
    char body[200];
    snprintf(body, sizeof body,
             "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\"}}", name);
    int status = load_request(&b->subject->target, "POST", "/api/v1/namespaces", NULL, str_of(body), NULL);
    if (status == 201 || status == 409)
        return 0;
    fprintf(stderr, "cubed-bench: %s: creating namespace %s: HTTP status %d\n", b->subject->target.name, name,
            status);
    return -1;
}

int load_pods(struct bench *b, int first, int last, double *seconds)
{
    struct load l = {.b = b, .path = BENCH_PODS, .make = make_pod, .next = first, .last = last};
    int64_t start = clock_ns();
    if (make_namespace(b, "bench") < 0)
        return -1;
    int rc = load_run(&l, "loading pods");
    if (seconds)
        *seconds = (double)(clock_ns() - start) / 1e9;
    return rc;
}

int load_nodes(struct bench *b, int count)
{
    struct load nodes = {.b = b, .path = "/api/v1/nodes", .make = make_node, .last = count};
    struct load leases = {.b = b, .path = BENCH_LEASES, .make = make_lease, .last = count};
    if (make_namespace(b, "kube-node-lease") < 0 || load_run(&nodes, "loading nodes") < 0)
        return -1;
    return load_run(&leases, "loading leases");
}

struct request {
    struct buf *answer;
    bool done;
};

static void request_chunk(struct call *c, const char *p, size_t n)
{
    struct request *r = c->arg;
    if (r->answer)
        buf_put(r->answer, p, n);
}

static void request_done(struct call *c)
{
    ((struct request *)c->arg)->done = true;
}

int load_request(struct target *t, const char *method, const char *path, const char *type, struct str body,
                 struct buf *answer)
{
    struct request r = {.answer = answer};
    struct pool *p = pool_new(t);
    struct conn *c = conn_open(p, false);
    struct call call = {.method = method,
                        .path = path,
                        .body = body,
                        .content_type = type,
                        .chunk = request_chunk,
                        .done = request_done,
                        .arg = &r};
    if (c && conn_call(c, &call) == 0)
        pool_run(p, clock_ns() + REQUEST_LIMIT_NS, &r.done);
    int status = r.done ? call.status : -1;
    pool_free(p);
    return status;
}

long long load_version(struct str json)
{
    static const char key[] = "\"resourceVersion\":\"";
    const char *at = json.n ? memmem(json.p, json.n, key, sizeof key - 1) : NULL, *end = json.p + json.n;
    long long version = 0;
    for (at = at ? at + sizeof key - 1 : end; at < end && *at >= '0' && *at <= '9'; at++)
        version = version * 10 + (*at - '0');
    return version;
}
