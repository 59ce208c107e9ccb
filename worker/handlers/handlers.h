/* Handlers: the last stage. Each begins the response (STAGE_DONE) or parks the request (STAGE_SUSPEND). */
#ifndef WORKER_HANDLERS_HANDLERS_H
#define WORKER_HANDLERS_HANDLERS_H

#include "worker/request/request.h"

/* resources; rq->info.schema is set, and .sub where a subresource is served generically (status, scale) */
enum stage_result handler_get(struct request *rq);
enum stage_result handler_list(struct request *rq);
enum stage_result handler_watch(struct request *rq);
enum stage_result handler_create(struct request *rq);
enum stage_result handler_update(struct request *rq);
enum stage_result handler_patch(struct request *rq);
enum stage_result handler_delete(struct request *rq);
enum stage_result handler_deletecollection(struct request *rq);

/* everything else */
enum stage_result handler_discovery(struct request *rq); /* /api, /apis... */
enum stage_result handler_openapi(struct request *rq);
enum stage_result handler_health(struct request *rq);  /* /healthz /livez /readyz */
enum stage_result handler_metrics(struct request *rq); /* DELETE: counting begins anew */
enum stage_result handler_slis(struct request *rq);    /* /metrics/slis */
enum stage_result handler_zpage(struct request *rq);   /* /statusz /flagz */
enum stage_result handler_version(struct request *rq);
enum stage_result handler_root(struct request *rq); /* / : list of paths */

#endif
