/* Who owns the fields of what is written: every way into the store passes here. */
#ifndef WORKER_WRITE_TRACKING_H
#define WORKER_WRITE_TRACKING_H

#include "registry/apply/apply.h"
#include "worker/write/change.h"

/* The write as registry/apply wants it. */
struct apply_call tracking_call(struct request *rq, const struct change *c);
/* What the request made of old (NULL: a new object) is its manager's. Both in the form they are stored in. */
void tracking_note(struct change *c, struct request *rq, json_t *obj, const json_t *old);
/* Who writes what the API server does by itself, where no part of it has a name of its own; and what it does
 * in the place of controllers that are not there. */
#define TRACKING_SELF "kube-apiserver"
#define TRACKING_CONTROLLERS "kube-controller-manager"

/* The same for a write without a request, of an object in the form of r. */
void tracking_note_as(struct arena *a, const struct schema_resource *r, const char *manager,
                      const char *subresource, json_t *obj, const json_t *old);
/* What server-side apply with force makes of obj, an object in the form of r: part is what manager wants of
 * it, as {"status": ...}. Takes both; a new reference, or NULL with st filled. */
json_t *tracking_apply_as(struct arena *a, const struct schema_resource *r, const char *manager,
                          const char *subresource, json_t *obj, json_t *part, struct status *st);

#endif
