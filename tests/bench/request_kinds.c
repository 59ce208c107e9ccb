/* What the requests are. Objects are picked by a stride, so that no two slots walk side by side. */
#include "tests/bench/request.h"

#include <stdio.h>
#include <unistd.h>
#include "tests/bench/files.h"
#include "tests/bench/objects.h"

#define STRIDE 7919u
#define APPLIED 4
#define PATH(n, ...) snprintf((n)->path, sizeof(n)->path, __VA_ARGS__)

static void prepare_get(struct request_next *n)
{
    n->method = "GET";
    PATH(n, BENCH_PODS "/pod-%06u", (unsigned)n->serial * STRIDE % (unsigned)n->bench->size.pods);
}

/* Always the same: where a file server has a file, and its bytes, at hand. */
static void prepare_get_same(struct request_next *n)
{
    n->method = "GET";
    PATH(n, BENCH_PODS "/pod-000000");
}

static void prepare_list(struct request_next *n)
{
    n->method = "GET";
    PATH(n, "%s", n->bench->subject->files ? FILES_LIST : BENCH_PODS "?limit=500");
}

static void prepare_list_all(struct request_next *n)
{
    n->method = "GET";
    PATH(n, BENCH_PODS "?resourceVersion=0");
}

static void prepare_nodelist(struct request_next *n)
{
    n->method = "GET";
    PATH(n, "/api/v1/pods?fieldSelector=spec.nodeName%%3Dnode-%05u&resourceVersion=0",
         (unsigned)n->serial * STRIDE % (unsigned)n->bench->size.nodes);
}

static void put_pod(struct request_next *n, const char *prefix, int i)
{
    char name[64], node[32];
    snprintf(name, sizeof name, "%s-%d-%d-%d", prefix, (int)getpid(), n->slot, i);
    snprintf(node, sizeof node, "node-%05d", i % n->bench->size.nodes);
    object_pod(&n->body, name, node, i);
}

static void prepare_create(struct request_next *n)
{
    n->method = "POST";
    PATH(n, BENCH_PODS);
    put_pod(n, "new", n->step);
}

/* Each pod a second time and ever after: only its stamp is another one. */
static void prepare_apply(struct request_next *n)
{
    n->method = "PATCH";
    n->type = "application/apply-patch+yaml";
    PATH(n, BENCH_PODS "/applied-%d-%d-%d?fieldManager=bench", (int)getpid(), n->slot, n->step % APPLIED);
    put_pod(n, "applied", n->step % APPLIED);
}

/* The life of a pod: made, reported running, gone. */
static void prepare_churn(struct request_next *n)
{
    int pod = n->step / 3;
    const char *base = BENCH_PODS "/churn";
    n->type = NULL;
    switch (n->step % 3) {
    case 0:
        n->method = "POST";
        PATH(n, BENCH_PODS);
        put_pod(n, "churn", pod);
        return;
    case 1:
        n->method = "PATCH";
        n->type = "application/merge-patch+json";
        PATH(n, "%s-%d-%d-%d/status", base, (int)getpid(), n->slot, pod);
        object_pod_running(&n->body, pod);
        return;
    default:
        n->method = "DELETE";
        PATH(n, "%s-%d-%d-%d?gracePeriodSeconds=0", base, (int)getpid(), n->slot, pod);
    }
}

const struct request_kind request_get = {.prepare = prepare_get};
const struct request_kind request_get_same = {.prepare = prepare_get_same};
const struct request_kind request_list = {.prepare = prepare_list};
const struct request_kind request_list_all = {.prepare = prepare_list_all, .memory = true};
const struct request_kind request_nodelist = {.prepare = prepare_nodelist};
const struct request_kind request_create = {.prepare = prepare_create};
const struct request_kind request_apply = {.prepare = prepare_apply};
const struct request_kind request_churn = {.prepare = prepare_churn};
const struct request_kind request_connect = {.prepare = prepare_get, .fresh = true};
