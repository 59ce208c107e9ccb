/* Who may do it: authorizers in order. system:masters may do everything; anonymous may read health and version;
 * RBAC tables come in beside. */
#ifndef WORKER_AUTHZ_UNION_H
#define WORKER_AUTHZ_UNION_H

#include "worker/request/request.h"

struct authz *authz_new(struct context *ctx, char *err, size_t err_bytes);
void authz_free(struct authz *a);
/* Stage: NEXT, or the reference's 403. */
enum stage_result authz_stage(struct request *rq);

#endif
