/* A worker without a socket: area, cache, embedded store, loop and the rooms that reads need, in one process;
 * a transport that keeps what a client would have received. */
#ifndef TESTS_UNIT_WORKER_RIG_H
#define TESTS_UNIT_WORKER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "registry/walk/json.h"
#include "shm/base/clock.h"
#include "shm/store/embedded/commit.h"
#include "shm/store/embedded/mailbox.h"
#include "worker/handlers/handlers.h"
#include "worker/read/freshness.h"
#include "worker/watch/dispatch.h"
#include "worker/write/commit.h"

struct rig {
    char dir[64];
    struct area *area;
    struct cache *cache;
    struct commit *commit;
    struct options options;
    struct context ctx;
    struct peer peer;
};

static struct transport rig_transport;

struct client {
    struct request *rq;
    struct buf got;
    bool woken, ended, aborted;
};

static inline void rig_open_cache(struct rig *r, size_t window_bytes)
{
    char err[256] = "";
    struct cache_options co = {.dir = r->dir, .writer = true, .map_bytes = 1u << 30};
    r->cache = cache_open(&co, err, sizeof(err));
    if (!r->cache)
        fail_msg("%s", err);
    struct commit_options o = {.window_bytes = window_bytes, .window_ms = 300000, .batch_max = 64};
    r->commit = commit_open(r->area, r->cache, &o, err, sizeof(err));
    if (!r->commit)
        fail_msg("%s", err);
}

/* As the master's flags leave them: no text is NULL. */
static inline void rig_empty_options(struct options *o)
{
#define RIG_BOOL(field)
#define RIG_INT(field)
#define RIG_DURATION(field)
#define RIG_BYTES(field)
#define RIG_STRING(field) o->field = "";
#define RIG_LIST(field) o->field = "";
#define OPTION(field, kind, flag, dflt, group, metavar, help) RIG_##kind(field)
#include "shm/base/options.def"
#undef OPTION
}

static inline struct rig *rig_new(size_t window_bytes)
{
    struct rig *r = calloc(1, sizeof(*r));
    snprintf(r->dir, sizeof(r->dir), "/tmp/rig-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    r->area = area_new(1);
    assert_non_null(r->area);
    rig_open_cache(r, window_bytes);
    rig_empty_options(&r->options);
    r->options.min_request_timeout = 1800;
    r->options.service_cluster_ip_range = "10.0.0.0/24";
    r->ctx = (struct context){.options = &r->options, .area = r->area, .cache = r->cache};
    r->ctx.loop = loop_new();
    r->ctx.snapshots = snapshots_new(r->cache);
    r->ctx.store = embedded_open(r->area, 0);
    r->ctx.freshness = freshness_new(&r->ctx);
    r->ctx.dispatch = dispatch_new(&r->ctx);
    return r;
}

static inline void rig_free(struct rig *r)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "writer.lock"};
    dispatch_free(r->ctx.dispatch);
    freshness_free(r->ctx.freshness);
    store_free(r->ctx.store);
    snapshots_free(r->ctx.snapshots);
    loop_free(r->ctx.loop);
    commit_close(r->commit);
    cache_close(r->cache);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", r->dir, files[i]);
        unlink(path);
    }
    rmdir(r->dir);
    area_free(r->area);
    free(r);
}

/* A new turn: what was committed becomes visible. */
static inline void rig_turn(struct rig *r)
{
    while (dispatch_poll(r->ctx.dispatch))
        ;
    freshness_poll(r->ctx.freshness);
    dispatch_sleep(r->ctx.dispatch);
    snapshots_turn(r->ctx.snapshots);
}

/* ---- writes ---- */

static inline void rig_done(void *arg, const struct store_result *res)
{
    *(struct store_result *)arg = *res;
}

static inline int64_t rig_submit(struct rig *r, const struct store_op *op)
{
    struct store_result res = {.error = 1};
    uint64_t ticket;
    assert_int_equal(store_submit(r->ctx.store, op, rig_done, &res, &ticket), 0);
    for (int i = 0; i < 1000 && res.error == 1; i++) {
        commit_run(r->commit);
        store_poll(r->ctx.store);
    }
    assert_int_equal(res.error, 0);
    return res.revision;
}

/* Stores an object (JSON text with namespace and name in it); returns the revision. */
static inline int64_t rig_put(struct rig *r, const char *group, const char *plural, const char *text)
{
    const struct schema_resource *res = schema_resource(str_of(group), STR("v1"), str_of(plural));
    assert_non_null(res);
    json_t *obj = json_loads(text, 0, NULL);
    assert_non_null(obj);
    const json_t *meta = json_object_get(obj, "metadata");
    struct arena *a = arena_new(0);
    struct buf draft = {0};
    record_make(&draft, a, obj, res, NULL, 0);
    struct store_op op = {
        .verb = STORE_PUT, .expect = STORE_EXPECT_ANY, .draft = (const struct record *)draft.p};
    key_make(&op.key, res->id, str_of(json_string_value(json_object_get(meta, "namespace"))),
             str_of(json_string_value(json_object_get(meta, "name"))));
    int64_t revision = rig_submit(r, &op);
    json_decref(obj);
    buf_free(&draft);
    arena_free(a);
    return revision;
}

static inline int64_t rig_delete(struct rig *r, const char *group, const char *plural, const char *ns,
                                 const char *name)
{
    const struct schema_resource *res = schema_resource(str_of(group), STR("v1"), str_of(plural));
    struct store_op op = {.verb = STORE_DELETE, .expect = STORE_EXPECT_ANY};
    key_make(&op.key, res->id, str_of(ns), str_of(name));
    return rig_submit(r, &op);
}

/* A ConfigMap with one label and one value. */
static inline int64_t rig_put_map(struct rig *r, const char *ns, const char *name, const char *label,
                                  const char *value)
{
    char text[65536 + 512];
    snprintf(
        text, sizeof(text),
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\","
        "\"labels\":{\"l\":\"%s\"},\"creationTimestamp\":\"2026-01-02T03:04:05Z\"},\"data\":{\"k\":\"%s\"}}",
        name, ns, label, value);
    return rig_put(r, "", "configmaps", text);
}

static inline int64_t rig_put_pod(struct rig *r, const char *ns, const char *name, const char *node)
{
    char text[1024];
    snprintf(
        text, sizeof(text),
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"},"
        "\"spec\":{\"nodeName\":\"%s\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]},\"status\":{}}",
        name, ns, node);
    return rig_put(r, "", "pods", text);
}

/* ---- requests ---- */

static inline void rig_respond(struct request *rq)
{
}

static inline void rig_wake(struct request *rq)
{
    ((struct client *)rq->stream)->woken = true;
}

/* path: "configmaps" or "ns/configmaps/name"; group and version "apps/v1" or "v1". */
static inline struct client *rig_request(struct rig *r, const char *verb, const char *resource,
                                         const char *ns, const char *name, const char *query,
                                         const char *accept)
{
    struct client *c = calloc(1, sizeof(*c));
    rig_transport = (struct transport){.respond = rig_respond, .wake = rig_wake};
    struct request *rq = c->rq = request_new(&r->ctx, &rig_transport, c, &r->peer);
    rq->method = STR("GET");
    rq->query = arena_str(rq->arena, str_of(query));
    rq->info = (struct request_info){
        .is_resource = true, .verb = str_of(verb), .ns = str_of(ns), .name = str_of(name)};
    struct str rest = str_of(resource), group = STR_NONE, version, plural;
    assert_true(str_next(&rest, '/', &version));
    assert_true(str_next(&rest, '/', &plural));
    if (rest.p) {
        group = version;
        version = plural;
        plural = rest;
    }
    rq->info.group = group, rq->info.version = version, rq->info.resource = plural;
    rq->info.schema = schema_resource(group, version, plural);
    assert_non_null(rq->info.schema);
    rq->long_running = str_is(rq->info.verb, "watch");
    rq->res.gzip_allowed = false;
    if (accept) {
        rq->headers = arena_alloc(rq->arena, sizeof(*rq->headers));
        rq->headers[0] = (struct header){STR("accept"), str_of(accept)};
        rq->nheaders = 1;
    }
    stage_fn handler = str_is(rq->info.verb, "get") ? handler_get
                       : rq->long_running           ? handler_watch
                                                    : handler_list;
    rq->suspended = handler(rq) == STAGE_SUSPEND;
    return c;
}

/* Reads up to max bytes as a socket would, then lets go. Returns bytes read. */
static inline size_t client_read(struct client *c, size_t max)
{
    size_t total = 0;
    c->woken = false;
    while (total < max && !c->ended) {
        char part[16384];
        size_t want = max - total < sizeof(part) ? max - total : sizeof(part);
        ssize_t n = body_read(c->rq, part, want);
        if (n == 0)
            break;
        c->ended = n < 0;
        c->aborted = n == -2;
        if (n > 0) {
            buf_put(&c->got, part, (size_t)n);
            total += (size_t)n;
        }
    }
    body_settle(c->rq);
    return total;
}

/* Reads until there is nothing more for now. */
static inline void client_drain(struct rig *r, struct client *c)
{
    do {
        rig_turn(r);
        client_read(c, SIZE_MAX);
    } while (c->woken && !c->ended);
}

static inline const char *client_text(struct client *c)
{
    buf_putc(&c->got, 0);
    c->got.n--;
    return c->got.p;
}

static inline json_t *client_json(struct client *c)
{
    json_error_t e;
    json_t *t = json_loadb(c->got.p, c->got.n, 0, &e);
    if (!t)
        fail_msg("%s in %s", e.text, client_text(c));
    return t;
}

static inline void client_free(struct client *c)
{
    request_free(c->rq);
    buf_free(&c->got);
    free(c);
}

/* The whole answer to a request. */
static inline struct client *rig_ask(struct rig *r, const char *verb, const char *resource, const char *ns,
                                     const char *name, const char *query, const char *accept)
{
    struct client *c = rig_request(r, verb, resource, ns, name, query, accept);
    for (int i = 0; i < 100000 && !c->ended && !c->rq->suspended; i++)
        client_drain(r, c);
    return c;
}

/* "name name" of a list's items or rows. */
static inline void client_names(struct client *c, char *out, size_t n)
{
    json_t *t = client_json(c), *items = json_object_get(t, "items"), *v;
    size_t i, at = 0;
    bool rows = !items;
    items = rows ? json_object_get(t, "rows") : items;
    out[0] = 0;
    json_array_foreach(items, i, v)
    {
        const json_t *o = rows ? json_object_get(v, "object") : v;
        at += (size_t)snprintf(out + at, n - at, "%s%s", i ? " " : "",
                               json_string_value(json_object_get(json_object_get(o, "metadata"), "name")));
    }
    json_decref(t);
}

static inline void assert_names(struct rig *r, const char *resource, const char *ns, const char *query,
                                const char *want)
{
    char names[4096];
    struct client *c = rig_ask(r, "list", resource, ns, "", query, NULL);
    assert_int_equal(c->rq->res.code, 200);
    client_names(c, names, sizeof(names));
    assert_string_equal(names, want);
    client_free(c);
}

static inline char *meta_of(struct client *c, const char *key)
{
    json_t *t = client_json(c);
    const json_t *v = json_object_get(json_object_get(t, "metadata"), key);
    char *s = json_is_string(v) ? strdup(json_string_value(v)) : NULL;
    if (json_is_integer(v) && asprintf(&s, "%lld", (long long)json_integer_value(v)) < 0)
        s = NULL;
    json_decref(t);
    return s;
}

#endif
