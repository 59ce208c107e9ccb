/* Server-side apply of a request: the body is a configuration, in YAML. */
#ifndef WORKER_WRITE_APPLYING_H
#define WORKER_WRITE_APPLYING_H

#include "worker/write/change.h"

bool applying_wanted(const struct change *c);
/* What the configuration makes of old (NULL: there is no object), both in one form: the call's. New
 * reference; NULL with st filled. The body is read at the first call. */
json_t *applying_apply(struct change *c, struct request *rq, const json_t *old, struct status *st);

#endif
