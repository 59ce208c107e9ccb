/* Requests under way: read-only and mutating apart, long-running ones not counted; over the bound 429 with
 * Retry-After. */
#ifndef WORKER_FLOW_INFLIGHT_H
#define WORKER_FLOW_INFLIGHT_H

#include "worker/request/request.h"

/* Bounds are those of the whole server (--max-requests-inflight, --max-mutating-requests-inflight; 0: none).
 */
struct inflight *inflight_new(struct context *ctx);
void inflight_free(struct inflight *f);
/* Stage: NEXT (counted until inflight_end), or 429. Members of system:masters are counted, never refused. */
enum stage_result inflight_stage(struct request *rq);
/* Gives back what the stage took; harmless when it took nothing. */
void inflight_end(struct request *rq);
/* Requests under way in this worker. klass: enum stats_class. */
int inflight_now(const struct inflight *f, int klass);

#endif
