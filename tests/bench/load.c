/* Objects as a busy cluster has them: a pod of about 3 KB, spread over nodes and ten applications. */
#include "tests/bench/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"

#define LOAD_CALLS 64

char *load_pod_json(int i, int nodes, const char *prefix)
{
    struct buf b = {0};
    buf_printf(
        &b,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s-%06d\",\"namespace\":\"bench\","
        "\"labels\":{\"app\":\"app-%d\",\"tier\":\"%s\",\"pod-template-hash\":\"5d89bdfbf9\"},"
        "\"annotations\":{",
        prefix, i, i % 10, i % 3 ? "backend" : "frontend");
    for (int k = 0; k < 6; k++)
        buf_printf(
            &b,
            "%s\"bench.example.com/note-%d\":\"a value long enough to look like what operators write %06d\"",
            k ? "," : "", k, i);
    buf_printf(&b,
               "}},\"spec\":{\"nodeName\":\"node-%05d\",\"serviceAccountName\":\"default\",\"restartPolicy\":"
               "\"Always\","
               "\"dnsPolicy\":\"ClusterFirst\",\"schedulerName\":\"default-scheduler\",\"containers\":[",
               nodes > 0 ? i % nodes : 0);
    for (int c = 0; c < 2; c++) {
        buf_printf(&b,
                   "%s{\"name\":\"c%d\",\"image\":\"example.com/team/"
                   "application-%d:v1.%d.0\",\"imagePullPolicy\":\"IfNotPresent\","
                   "\"ports\":[{\"name\":\"http\",\"containerPort\":%d,\"protocol\":\"TCP\"}],\"resources\":{"
                   "\"limits\":{\"cpu\":\"500m\","
                   "\"memory\":\"256Mi\"},\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}},\"env\":[",
                   c ? "," : "", c, i % 10, c, 8080 + c);
        for (int e = 0; e < 8; e++)
            buf_printf(&b, "%s{\"name\":\"SETTING_%d\",\"value\":\"value-of-setting-%d-%d\"}", e ? "," : "",
                       e, e, c);
        buf_puts(
            &b,
            "],\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":\"http\",\"scheme\":\"HTTP\"},"
            "\"timeoutSeconds\":1,\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},"
            "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\"}");
    }
    buf_puts(&b, "]}}");
    buf_putc(&b, 0);
    return b.p;
}

struct load {
    struct bench *b;
    int next, created, failed, busy;
    bool done;
};
struct load_call {
    struct call call;
    struct load *l;
    struct conn *conn;
    char *body;
};

static void load_next(struct load_call *lc)
{
    struct load *l = lc->l;
    free(lc->body);
    lc->body = NULL;
    if (l->next >= l->b->pods) {
        l->done = --l->busy == 0;
        return;
    }
    lc->body = load_pod_json(l->next++, l->b->nodes, "pod");
    lc->call.body = str_of(lc->body);
    if (conn_call(lc->conn, &lc->call) < 0) {
        l->failed++;
        l->done = --l->busy == 0;
    }
}

static void load_done(struct call *call)
{
    struct load_call *lc = call->arg;
    if (call->status == 201 || call->status == 409)
        lc->l->created++;
    else
        lc->l->failed++;
    if (isatty(2) && lc->l->created % 1000 == 0)
        fprintf(stderr, "\rloading %d of %d pods", lc->l->created, lc->l->b->pods);
    load_next(lc);
}

static void once_done(struct call *call)
{
    *(bool *)call->arg = true;
}

static int make_namespace(struct pool *p, struct conn *c)
{
    bool done = false;
    struct call call = {.method = "POST", .path = "/api/v1/namespaces", .done = once_done, .arg = &done};
    call.body = str_of("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"bench\"}}");
    if (conn_call(c, &call) < 0)
        return -1;
    pool_run(p, clock_ns() + 10000000000ll, &done);
    if (call.status == 201 || call.status == 409)
        return 0;
    fprintf(stderr, "cubed-bench: creating namespace bench: HTTP status %d\n", call.status);
    return -1;
}

int load_pods(struct bench *b)
{
    struct pool *p = pool_new(b->target);
    struct load l = {.b = b};
    struct load_call calls[LOAD_CALLS] = {0};
    struct conn *c = NULL;
    int rc = 0;
    for (int i = 0; i < LOAD_CALLS && rc == 0; i++) {
        if (i % 16 == 0 && !(c = conn_open(p, true))) {
            fprintf(stderr, "cubed-bench: %s: cannot connect\n", b->target->name);
            rc = -1;
            break;
        }
        if (i == 0)
            rc = make_namespace(p, c);
        calls[i] = (struct load_call){
            .call = {.method = "POST", .path = "/api/v1/namespaces/bench/pods", .done = load_done},
            .l = &l,
            .conn = c};
        calls[i].call.arg = &calls[i];
    }
    l.busy = LOAD_CALLS;
    for (int i = 0; i < LOAD_CALLS && rc == 0; i++)
        load_next(&calls[i]);
    if (rc == 0)
        pool_run(p, clock_ns() + 3600ll * 1000000000, &l.done);
    if (isatty(2))
        fprintf(stderr, "\r%40s\r", "");
    if (rc == 0 && l.failed) {
        fprintf(stderr, "cubed-bench: %d of %d pods could not be created\n", l.failed, b->pods);
        rc = -1;
    }
    pool_free(p);
    return rc;
}
