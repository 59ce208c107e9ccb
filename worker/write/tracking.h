/* Who owns the fields of what is written: every way into the store passes here. */
#ifndef WORKER_WRITE_TRACKING_H
#define WORKER_WRITE_TRACKING_H

#include "registry/apply/apply.h"
#include "worker/write/change.h"

/* The write as registry/apply wants it. */
struct apply_call tracking_call(struct request *rq, const struct change *c);
/* What the request made of old (NULL: a new object) is its manager's. Both in the form they are stored in. */
void tracking_note(struct change *c, struct request *rq, json_t *obj, const json_t *old);
/* The same for what the API server does by itself. */
void tracking_note_own(struct write *w, const char *subresource, json_t *obj, const json_t *old);

#endif
