/* --write-server: what a server that only reads does with writes. */
#ifndef WORKER_CALLOUT_FORWARD_H
#define WORKER_CALLOUT_FORWARD_H

#include "worker/request/request.h"

struct forward;

/* Its files are read at each new connection. */
struct forward *forward_new(struct context *ctx);
/* After the requests are gone. NULL is allowed. */
void forward_free(struct forward *f);
/* A handler: sends the request on and answers with what comes back. 403 for what cannot be handed on, 503
 * when the other server was not reached, 504 when it took the request and did not answer. */
enum stage_result forward_write(struct request *rq);

#endif
