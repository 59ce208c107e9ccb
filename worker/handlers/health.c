/* /healthz, /livez, /readyz: checks as a table, each with the paths it counts for. What failed is told by
 * name only, because anybody may ask; why it failed is in the log (reference: apiserver/pkg/server/healthz).
 */
#include "worker/handlers/health.h"

#include <stdio.h>
#include "shm/base/log.h"
#include "shm/store/etcd/fresh.h"
#include "worker/handlers/handlers.h"
#include "worker/pipeline/pipeline.h"
#include "worker/request/stats.h"
#include "worker/request/status.h"

enum { HEALTHZ = 1, LIVEZ = 2, READYZ = 4, ALL = 7 };
#define EXCLUDES_MAX 16

struct check {
    const char *name;
    unsigned paths;
    const char *(*run)(const struct context *ctx); /* NULL: well; or what is wrong */
};

/* Whether etcd answers is asked before the checks run. */
struct question {
    struct fresh_wait ask;
    struct request *rq;
    bool answered;
    int error;
};

static const char *check_ping(const struct context *ctx)
{
    return NULL;
}

/* Log lines are written where they arise, so whoever answers has not been blocked by one. */
static const char *check_log(const struct context *ctx)
{
    return NULL;
}

static const char *check_store(const struct context *ctx)
{
    return atomic_load(ctx->area->store_ready) ? NULL : "the store is not open";
}

static const char *check_cache(const struct context *ctx)
{
    struct snapshot *s = snapshot_get(ctx->snapshots);
    if (!s)
        return "the cache can't be read";
    snapshot_unref(s);
    return NULL;
}

/* The keeper makes them; without them a client's first create would be refused. */
static const char *check_namespaces(const struct context *ctx)
{
    static const char *const names[] = {"default", "kube-system", "kube-public", "kube-node-lease"};
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("namespaces"));
    struct snapshot *s = snapshot_get(ctx->snapshots);
    bool all = s != NULL;
    for (size_t i = 0; all && i < sizeof(names) / sizeof(names[0]); i++) {
        struct key k;
        key_make(&k, r->id, STR(""), str_of(names[i]));
        all = snapshot_object(s, &k) != NULL;
    }
    snapshot_unref(s);
    return all ? NULL : "the system namespaces are not there yet";
}

static const char *check_shutdown(const struct context *ctx)
{
    return ctx->draining ? "process is shutting down" : NULL;
}

static const struct check checks[] = {
    {"ping", ALL, check_ping},
    {"log", ALL, check_log},
    {"etcd", ALL, check_store},
    {"etcd-readiness", READYZ, check_store},
    {"informer-sync", READYZ, check_cache},
    {"poststarthook/start-system-namespaces-controller", READYZ, check_namespaces},
    {"shutdown", READYZ, check_shutdown},
};
#define NCHECKS (sizeof(checks) / sizeof(checks[0]))

static const struct {
    const char *path, *name;
    unsigned bit;
} groups[] = {{"/healthz", "healthz", HEALTHZ}, {"/livez", "livez", LIVEZ}, {"/readyz", "readyz", READYZ}};
#define NGROUPS (sizeof(groups) / sizeof(groups[0]))

void health_paths(void (*fn)(void *arg, const char *path), void *arg)
{
    char path[64];
    for (size_t g = 0; g < NGROUPS; g++) {
        fn(arg, groups[g].path);
        for (size_t i = 0; i < NCHECKS; i++) {
            if (!(checks[i].paths & groups[g].bit))
                continue;
            snprintf(path, sizeof(path), "%s/%s", groups[g].path, checks[i].name);
            fn(arg, path);
        }
    }
}

struct excludes {
    struct str name[EXCLUDES_MAX];
    bool known[EXCLUDES_MAX];
    int n;
};

/* All values of exclude=; the parameter may come many times. */
static void read_excludes(struct request *rq, struct excludes *ex)
{
    struct str rest = rq->query, pair;
    while (ex->n < EXCLUDES_MAX && str_next(&rest, '&', &pair)) {
        if (str_starts(pair, STR("exclude=")))
            ex->name[ex->n++] = (struct str){pair.p + 8, pair.n - 8};
    }
}

static bool excluded(struct excludes *ex, const char *name)
{
    bool hit = false;
    for (int i = 0; i < ex->n; i++)
        if (str_is(ex->name[i], name))
            hit = ex->known[i] = true;
    return hit;
}

static void put_unknown(struct excludes *ex, struct buf *out)
{
    int n = 0;
    for (int i = 0; i < ex->n; i++)
        if (!ex->known[i])
            buf_printf(out, "%s\"%.*s\"",
                       n++ ? "," : "warn: some health checks cannot be excluded: no matches for ",
                       STR_ARG(ex->name[i]));
    if (n)
        buf_putc(out, '\n');
}

static const char *look(struct request *rq, const struct check *c)
{
    const struct question *q = rq->stage_state;
    if (c->run == check_store && q && q->error)
        return "etcd does not answer";
    return c->run(rq->ctx);
}

_Static_assert(NCHECKS *NGROUPS <= STATS_CHECKS, "each check of each path has its counters");

static unsigned number_of(size_t check, size_t group)
{
    return (unsigned)(check * NGROUPS + group);
}

static const char *run_one(struct request *rq, size_t check, size_t group)
{
    const char *wrong = look(rq, &checks[check]);
    stats_check(rq->ctx->stats, number_of(check, group), !wrong);
    return wrong;
}

/* Returns how many failed. */
static int run_all(struct request *rq, size_t group, struct excludes *ex, struct buf *out)
{
    int failed = 0;
    for (size_t i = 0; i < NCHECKS; i++) {
        if (!(checks[i].paths & groups[group].bit))
            continue;
        if (excluded(ex, checks[i].name)) {
            buf_printf(out, "[+]%s excluded: ok\n", checks[i].name);
            continue;
        }
        const char *wrong = run_one(rq, i, group);
        failed += wrong != NULL;
        if (wrong)
            log_debug("health check=%s failed: %s", checks[i].name, wrong);
        buf_printf(out, wrong ? "[-]%s failed: reason withheld\n" : "[+]%s ok\n", checks[i].name);
    }
    put_unknown(ex, out);
    return failed;
}

static enum stage_result ok(struct request *rq, struct str text)
{
    response_bytes(rq, 200, "text/plain; charset=utf-8", text);
    return STAGE_DONE;
}

static enum stage_result answer_all(struct request *rq, size_t group)
{
    struct excludes ex = {.n = 0};
    struct buf out = {0};
    struct str verbose;
    read_excludes(rq, &ex);
    int failed = run_all(rq, group, &ex, &out);
    buf_printf(&out, failed ? "%s check failed" : "%s check passed\n", groups[group].name);
    char *text = arena_cstr(rq->arena, buf_view(&out));
    buf_free(&out);
    if (failed) {
        response_text(rq, 500, text);
        return STAGE_DONE;
    }
    response_header(rq, "X-Content-Type-Options", "nosniff");
    return ok(rq, request_param(rq, "verbose", &verbose) ? str_of(text) : STR("ok"));
}

static enum stage_result answer_one(struct request *rq, size_t check, size_t group)
{
    const char *wrong = run_one(rq, check, group);
    if (!wrong)
        return ok(rq, STR("ok"));
    response_text(rq, 500, arena_printf(rq->arena, "internal server error: %s", wrong));
    return STAGE_DONE;
}

static void etcd_answered(struct fresh_wait *ask, const struct etcd_status *st, int64_t revision)
{
    struct question *q = (struct question *)(void *)((char *)ask - offsetof(struct question, ask));
    q->answered = true;
    q->error = st->error;
    pipeline_resume(q->rq);
}

static void leave(void *arg)
{
    fresh_leave(&((struct question *)arg)->ask);
}

/* True: the answer will come. */
static bool ask_etcd(struct request *rq, stage_fn then)
{
    struct question *q = rq->stage_state;
    if (q || !rq->ctx->health)
        return false;
    q = arena_alloc(rq->arena, sizeof(*q));
    q->rq = rq;
    q->ask.done = etcd_answered;
    arena_cleanup(rq->arena, leave, q);
    rq->stage_state = q;
    rq->resume = then;
    q->error = fresh_ask(rq->ctx->health, &q->ask);
    return q->error == 0;
}

enum stage_result handler_health(struct request *rq)
{
    if (ask_etcd(rq, handler_health))
        return STAGE_SUSPEND;
    struct str path = rq->info.path;
    for (size_t g = 0; g < NGROUPS; g++) {
        struct str base = str_of(groups[g].path);
        if (str_eq(path, base))
            return answer_all(rq, g);
        if (!str_starts(path, base) || path.p[base.n] != '/')
            continue;
        struct str name = {path.p + base.n + 1, path.n - base.n - 1};
        for (size_t i = 0; i < NCHECKS; i++)
            if ((checks[i].paths & groups[g].bit) && str_is(name, checks[i].name))
                return answer_one(rq, i, g);
    }
    response_text(rq, 404, "404 page not found");
    return STAGE_DONE;
}

/* ---- /metrics/slis ---- */

static void put_states(struct request *rq, struct buf *out)
{
    buf_puts(out, "# HELP kubernetes_healthcheck Whether a check is well now.\n"
                  "# TYPE kubernetes_healthcheck gauge\n");
    for (size_t i = 0; i < NCHECKS; i++)
        for (size_t g = 0; g < NGROUPS; g++)
            if (checks[i].paths & groups[g].bit)
                buf_printf(out, "kubernetes_healthcheck{name=\"%s\",type=\"%s\"} %d\n", checks[i].name,
                           groups[g].name, !look(rq, &checks[i]));
}

static void put_total(struct request *rq, struct buf *out, size_t check, size_t group, bool well)
{
    uint64_t n = stats_check_total(rq->ctx->stats, number_of(check, group), well);
    if (n)
        buf_printf(out, "kubernetes_healthchecks_total{name=\"%s\",status=\"%s\",type=\"%s\"} %llu\n",
                   checks[check].name, well ? "success" : "error", groups[group].name, (unsigned long long)n);
}

enum stage_result handler_slis(struct request *rq)
{
    if (str_is(rq->method, "DELETE"))
        return handler_metrics(rq);
    if (ask_etcd(rq, handler_slis))
        return STAGE_SUSPEND;
    struct buf out = {0};
    put_states(rq, &out);
    buf_puts(&out, "# HELP kubernetes_healthchecks_total Checks that were asked for, by how they ended.\n"
                   "# TYPE kubernetes_healthchecks_total counter\n");
    for (size_t i = 0; i < NCHECKS; i++)
        for (size_t g = 0; g < NGROUPS; g++) {
            put_total(rq, &out, i, g, false);
            put_total(rq, &out, i, g, true);
        }
    struct str text = arena_str(rq->arena, buf_view(&out));
    buf_free(&out);
    response_bytes(rq, 200, METRICS_CONTENT_TYPE, text);
    return STAGE_DONE;
}
