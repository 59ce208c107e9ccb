/* A patch of a request: which kind it is, and what it makes of an object. */
#ifndef WORKER_WRITE_PATCHING_H
#define WORKER_WRITE_PATCHING_H

#include "worker/write/change.h"

/* From Content-Type, which decides alone. false: st is the 415. */
bool patching_type(struct request *rq, struct str *type, struct status *st);
/* obj (taken) with the request's patch applied, decoded against the type; NULL with st filled. The body is
 * read at the first call: an object that is not there is reported before a patch that cannot be read. */
json_t *patching_apply(struct change *c, struct request *rq, json_t *obj, const struct schema_type *type,
                       struct status *st);

#endif
