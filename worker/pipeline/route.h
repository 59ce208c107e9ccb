/* Which handler answers: paths and methods that are served, and the reference's answers to those that are
 * not. */
#ifndef WORKER_PIPELINE_ROUTE_H
#define WORKER_PIPELINE_ROUTE_H

#include "worker/request/request.h"

/* Stage: NEXT with rq->handler set; or 404, 405, 406 as the reference's routers say them. */
enum stage_result route_stage(struct request *rq);
/* Whether a request of this kind may last as long as it wants. */
bool route_long_running(const struct request_info *in);

#endif
