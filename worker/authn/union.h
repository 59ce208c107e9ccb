/* Who is asking: authenticators in order (x509, token file, anonymous), one table. */
#ifndef WORKER_AUTHN_UNION_H
#define WORKER_AUTHN_UNION_H

#include "worker/request/request.h"

struct authn *authn_new(struct context *ctx, char *err, size_t err_bytes);
/* Token file anew; on failure the old stays and the reason is in err. */
int authn_reload(struct authn *a, char *err, size_t err_bytes);
void authn_free(struct authn *a);
/* Stage: fills rq->user, handles Impersonate-* later; 401 when credentials are wrong. */
enum stage_result authn_stage(struct request *rq);
bool user_in_group(const struct user *u, const char *group);

#endif
