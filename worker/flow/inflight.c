/* The bound is the server's, the counting a worker's own: as long as this worker is below its equal share it
 * asks nobody; above it, it adds up what all have under way and takes what others leave free. The sum may
 * pass the bound by what workers below their share let in meanwhile, never by more than the bound itself. */
#include "worker/flow/inflight.h"

#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/authn/union.h"
#include "worker/request/stats.h"

#define INFLIGHT_MAGIC 0x696e666cu

struct inflight {
    unsigned magic;
    struct context *ctx;
    int64_t bound[STATS_CLASSES], share[STATS_CLASSES];
};

struct inflight *inflight_new(struct context *ctx)
{
    struct inflight *f = calloc(1, sizeof(*f));
    must(f != NULL);
    f->magic = INFLIGHT_MAGIC;
    f->ctx = ctx;
    int workers = ctx->area && ctx->area->consumers > 1 ? ctx->area->consumers - 1 : 1;
    f->bound[STATS_READ_ONLY] = ctx->options->max_requests_inflight;
    f->bound[STATS_MUTATING] = ctx->options->max_mutating_requests_inflight;
    for (int c = 0; c < STATS_CLASSES; c++)
        f->share[c] = f->bound[c] / workers;
    return f;
}

void inflight_free(struct inflight *f)
{
    if (!f)
        return;
    must_be(f, INFLIGHT_MAGIC);
    f->magic = 0;
    free(f);
}

static bool full(const struct inflight *f, enum stats_class c)
{
    const struct stats *s = f->ctx->stats;
    if (f->bound[c] == 0 || stats_inflight(s, c) < f->share[c])
        return false;
    return stats_inflight_total(s, c) >= f->bound[c];
}

static enum stage_result refuse(struct request *rq)
{
    stats_result(rq->ctx->stats, STATS_DROPPED);
    struct status st = {.arena = rq->arena};
    status_too_many(&st, 1, "the server has received too many requests and has asked us to try again later");
    response_status(rq, &st);
    return STAGE_DONE;
}

static enum stats_class class_of(struct str verb)
{
    bool reads = str_is(verb, "get") || str_is(verb, "list") || str_is(verb, "watch");
    return reads ? STATS_READ_ONLY : STATS_MUTATING;
}

enum stage_result inflight_stage(struct request *rq)
{
    struct inflight *f = rq->ctx->inflight;
    if (rq->long_running)
        return STAGE_NEXT;
    enum stats_class c = class_of(rq->info.verb);
    if (full(f, c) && !user_in_group(&rq->user, "system:masters"))
        return refuse(rq);
    stats_inflight_add(rq->ctx->stats, c, 1);
    rq->inflight_class = (int)c;
    return STAGE_NEXT;
}

void inflight_end(struct request *rq)
{
    if (rq->inflight_class < 0)
        return;
    stats_inflight_add(rq->ctx->stats, (enum stats_class)rq->inflight_class, -1);
    rq->inflight_class = -1;
}

int inflight_now(const struct inflight *f, int klass)
{
    must_be(f, INFLIGHT_MAGIC);
    return stats_inflight(f->ctx->stats, (enum stats_class)klass);
}
