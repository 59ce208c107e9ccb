/* The headers that every response has. */
#ifndef WORKER_PIPELINE_RESPOND_H
#define WORKER_PIPELINE_RESPOND_H

#include "worker/request/request.h"

/* request.before_respond: Audit-Id, Cache-Control where the handler set none, Warning. */
void respond_headers(struct request *rq);

#endif
