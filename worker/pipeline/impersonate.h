/* Acting as somebody else: Impersonate-User, -Group, -Uid, -Extra-* (reference:
 * endpoints/filters/impersonation). */
#ifndef WORKER_PIPELINE_IMPERSONATE_H
#define WORKER_PIPELINE_IMPERSONATE_H

#include "worker/request/request.h"

/* Stage: NEXT with rq->user exchanged (and rq->impersonator set) where the headers ask for it and the user
 * may; 400 for headers without a user name; else 403. */
enum stage_result impersonate_stage(struct request *rq);

#endif
