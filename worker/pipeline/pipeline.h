/* The stages of a request, in order, in one table; the loop that runs them. Only the pipeline moves a request
 * on. */
#ifndef WORKER_PIPELINE_PIPELINE_H
#define WORKER_PIPELINE_PIPELINE_H

#include "worker/request/request.h"

/* One per worker, in ctx->pipeline. */
struct pipeline;
struct pipeline *pipeline_new(struct context *ctx);
void pipeline_free(struct pipeline *p);
/* Called from a timer: answers 504 to requests that have waited longer than they may. */
void pipeline_expire(struct pipeline *p);

/* Called by the transport when the header is complete. May begin the response before it returns. */
void pipeline_start(struct request *rq);
/* Called by whoever a stage parked the request with. */
void pipeline_resume(struct request *rq);
/* Called by request_free, whatever state the request is in: accounting (in-flight counts, metrics, access
 * log). */
void pipeline_end(struct request *rq);

#endif
