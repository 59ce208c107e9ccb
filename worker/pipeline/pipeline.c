/* One loop runs one table. A stage returns NEXT, SUSPEND or DONE; after DONE the request belongs to its
 * transport and may be gone already, so nothing here touches it again. Who parked a request gets it going
 * with pipeline_resume; should that happen before the stage has even returned, the loop goes on at once.
 *
 * A request that waits (for the store, for its body, for the cache) has a deadline; a timer looks through
 * those that have one. An answer that was begun is not cut off: a slow reader is the transport's business. */
#include "worker/pipeline/pipeline.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/authn/union.h"
#include "worker/authz/union.h"
#include "worker/flow/inflight.h"
#include "worker/pipeline/crash.h"
#include "worker/pipeline/duration.h"
#include "worker/pipeline/impersonate.h"
#include "worker/pipeline/respond.h"
#include "worker/pipeline/route.h"
#include "worker/read/freshness.h"
#include "worker/request/info.h"
#include "worker/request/stats.h"
#include "worker/request/status.h"

#define PIPELINE_MAGIC 0x70697065u
#define AUDIT_ID_MAX 64

struct pipeline {
    unsigned magic;
    struct context *ctx;
    struct request *timed; /* those with a deadline */
    uint64_t id[2];        /* state of the generator of audit ids */
};

static enum stage_result info_stage(struct request *rq);
static enum stage_result dispatch_stage(struct request *rq);

static const struct {
    const char *name;
    stage_fn run;
} stages[] = {
    {"info", info_stage},         {"authn", authn_stage}, {"impersonate", impersonate_stage},
    {"flow", inflight_stage},     {"authz", authz_stage}, {"route", route_stage},
    {"dispatch", dispatch_stage},
};
#define NSTAGES (int)(sizeof(stages) / sizeof(stages[0]))

struct pipeline *pipeline_new(struct context *ctx)
{
    struct pipeline *p = calloc(1, sizeof(*p));
    must(p != NULL);
    p->magic = PIPELINE_MAGIC;
    p->ctx = ctx;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, p->id, sizeof(p->id)) != (ssize_t)sizeof(p->id))
        p->id[0] = (uint64_t)clock_wall_us(), p->id[1] = (uint64_t)getpid() << 32 ^ (uint64_t)clock_ns();
    if (fd >= 0)
        close(fd);
    return p;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    must_be(p, PIPELINE_MAGIC);
    p->magic = 0;
    free(p);
}

/* ---- audit ids ---- */

/* xorshift128+: ids must differ, they need not be secret. */
static uint64_t next_random(struct pipeline *p)
{
    uint64_t a = p->id[0], b = p->id[1];
    p->id[0] = b;
    a ^= a << 23;
    p->id[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
    return p->id[1] + b;
}

static const char *new_audit_id(struct pipeline *p, struct arena *a)
{
    char *out = arena_raw(a, 37);
    uint64_t bits[2] = {next_random(p), next_random(p)};
    unsigned char *b = (unsigned char *)bits;
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    for (int i = 0, n = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = "0123456789abcdef"[b[i] >> 4];
        out[n++] = "0123456789abcdef"[b[i] & 15];
    }
    out[36] = 0;
    return out;
}

static const char *audit_id(struct request *rq)
{
    struct str given = request_header(rq, "audit-id");
    if (given.n == 0)
        return new_audit_id(rq->ctx->pipeline, rq->arena);
    if (given.n > AUDIT_ID_MAX)
        given.n = AUDIT_ID_MAX;
    return arena_cstr(rq->arena, given);
}

/* ---- deadlines ---- */

static void timed_add(struct pipeline *p, struct request *rq, int64_t deadline_ms)
{
    rq->deadline_ms = deadline_ms;
    rq->timed_prev = NULL;
    rq->timed_next = p->timed;
    if (p->timed)
        p->timed->timed_prev = rq;
    p->timed = rq;
}

static void timed_remove(struct pipeline *p, struct request *rq)
{
    if (!rq->deadline_ms)
        return;
    if (rq->timed_prev)
        rq->timed_prev->timed_next = rq->timed_next;
    else
        p->timed = rq->timed_next;
    if (rq->timed_next)
        rq->timed_next->timed_prev = rq->timed_prev;
    rq->timed_next = rq->timed_prev = NULL;
    rq->deadline_ms = 0;
}

static struct request *first_expired(struct pipeline *p, int64_t now)
{
    for (struct request *rq = p->timed; rq; rq = rq->timed_next)
        if (rq->suspended && !rq->res.begun && rq->deadline_ms <= now)
            return rq;
    return NULL;
}

void pipeline_expire(struct pipeline *p)
{
    must_be(p, PIPELINE_MAGIC);
    struct request *rq;
    while ((rq = first_expired(p, loop_now_ms(p->ctx->loop)))) {
        timed_remove(p, rq);
        struct status st = {.arena = rq->arena};
        status_set(&st, 504, "Timeout", "Timeout: request did not complete within the allotted timeout");
        status_details(&st, NULL, NULL, NULL);
        response_status(rq, &st);
    }
}

/* --request-timeout, or less when the client says so. false: the client's is no duration, the answer is out.
 */
static bool set_deadline(struct request *rq)
{
    int64_t limit = rq->ctx->options->request_timeout, asked;
    struct str v;
    if (rq->query.n && request_param(rq, "timeout", &v) && v.n) {
        const char *err = duration_parse(rq->arena, v, &asked);
        if (err) {
            struct status st = {.arena = rq->arena};
            status_bad_request(&st, "invalid timeout specified in the request URL - %s", err);
            response_status(rq, &st);
            return false;
        }
        limit = asked > 0 && (limit == 0 || asked < limit) ? asked : limit;
    }
    if (limit > 0)
        timed_add(rq->ctx->pipeline, rq, loop_now_ms(rq->ctx->loop) + limit);
    return true;
}

/* ---- first and last stage ---- */

static enum stage_result info_stage(struct request *rq)
{
    enum info_result r = info_parse(rq);
    if (r == INFO_BAD_ESCAPE) {
        response_bytes(rq, 400, "text/plain; charset=utf-8", STR("400 Bad Request"));
        return STAGE_DONE;
    }
    if (r == INFO_NO_KIND) {
        response_text(rq, 500,
                      arena_printf(rq->arena,
                                   "Internal Server Error: \"%.*s\": failed to create RequestInfo: unable to "
                                   "determine kind and namespace from url, %.*s",
                                   STR_ARG(rq->path), STR_ARG(rq->path)));
        return STAGE_DONE;
    }
    rq->long_running = route_long_running(&rq->info);
    if (!rq->long_running && !set_deadline(rq))
        return STAGE_DONE;
    return STAGE_NEXT;
}

static enum stage_result dispatch_stage(struct request *rq)
{
    if (rq->info.is_resource && context_is_past(rq->ctx)) {
        struct status st = {.arena = rq->arena};
        freshness_store_new(&st);
        response_status(rq, &st);
        return STAGE_DONE;
    }
    if (rq->long_running && !rq->stats_row) {
        rq->stats_row = stats_row(rq->ctx->stats, rq);
        stats_running(rq->stats_row, 1);
    }
    return rq->handler(rq);
}

/* ---- the loop ---- */

static void run(struct request *rq, stage_fn fn)
{
    crash_request(rq->method, rq->path);
    for (;;) {
        rq->running = true;
        rq->woken = false;
        switch ((fn ? fn : stages[rq->stage].run)(rq)) {
        case STAGE_DONE:
            return;
        case STAGE_SUSPEND:
            if (!rq->woken) {
                rq->running = false;
                rq->suspended = true;
                return;
            }
            fn = rq->resume;
            rq->resume = NULL;
            break;
        case STAGE_NEXT:
            fn = NULL;
            rq->resume = NULL;
            rq->stage++;
            must(rq->stage < NSTAGES);
            break;
        }
    }
}

void pipeline_start(struct request *rq)
{
    must_be(rq, REQUEST_MAGIC);
    must(rq->stage == 0 && !rq->audit_id);
    rq->audit_id = audit_id(rq);
    rq->before_respond = respond_headers;
    run(rq, NULL);
}

void pipeline_resume(struct request *rq)
{
    must_be(rq, REQUEST_MAGIC);
    if (rq->running) {
        rq->woken = true;
        return;
    }
    if (rq->res.begun || !rq->suspended)
        return;
    rq->suspended = false;
    stage_fn fn = rq->resume;
    rq->resume = NULL;
    run(rq, fn);
}

static void account(struct request *rq, int64_t ns)
{
    struct stats *s = rq->ctx->stats;
    if (rq->stats_row && rq->long_running)
        stats_running(rq->stats_row, -1);
    if (!rq->res.begun)
        return; /* the client left before there was anything to count */
    if (!rq->stats_row)
        rq->stats_row = stats_row(s, rq);
    stats_done(rq->stats_row, rq->res.code, ns, rq->res.bytes_sent);
}

void pipeline_end(struct request *rq)
{
    if (!rq->audit_id)
        return; /* never started */
    int64_t ns = clock_ns() - rq->started_ns;
    timed_remove(rq->ctx->pipeline, rq);
    inflight_end(rq);
    account(rq, ns);
    log_debug("request method=%.*s path=%.*s code=%d us=%lld user=%.*s", STR_ARG(rq->method),
              STR_ARG(rq->path), rq->res.code, (long long)(ns / 1000), STR_ARG(rq->user.name));
    rq->audit_id = NULL;
}
