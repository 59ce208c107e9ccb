/* Requests under way: read-only and mutating apart, long-running ones not counted; over the bound 429 with
 * Retry-After. */
#ifndef WORKER_FLOW_INFLIGHT_H
#define WORKER_FLOW_INFLIGHT_H

#include "worker/request/request.h"

struct inflight *inflight_new(struct context *ctx);
void inflight_free(struct inflight *f);
enum stage_result inflight_stage(struct request *rq);
void inflight_end(struct request *rq);
int inflight_now(const struct inflight *f, int klass);

#endif
