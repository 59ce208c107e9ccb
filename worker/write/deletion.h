/* What a delete does to an object: goes at once, waits for a grace period, or waits for its finalizers.
 * Rules: registry/rest/delete.go, registry/generic/registry/store.go (Delete),
 * pkg/registry/core/namespace/storage. */
#ifndef WORKER_WRITE_DELETION_H
#define WORKER_WRITE_DELETION_H

#include <jansson.h>
#include "registry/strategy/strategy.h"
#include "worker/write/write.h"

enum propagation { PROPAGATION_UNSET, PROPAGATION_BACKGROUND, PROPAGATION_FOREGROUND, PROPAGATION_ORPHAN };

struct delete_options {
    int64_t grace_s; /* -1: not said; less: a negative one was asked for */
    enum propagation propagation;
    int orphan;               /* orphanDependents: -1 not said, 0, 1 */
    struct str uid, revision; /* preconditions; p NULL: none */
    bool dry_run;
};

/* From the body, or from the query when there is none. The body must be here. false: st is the 400, 415 or
 * 422. */
bool delete_options_parse(struct request *rq, struct delete_options *o, struct status *st);
/* The same from a decoded DeleteOptions; NULL: none were said. */
bool delete_options_of(struct request *rq, const json_t *options, struct delete_options *o,
                       struct status *st);

/* What becomes of a stored object under these options: WRITE_PUT (*out is written: it waits),
 * WRITE_PUT_REMOVE, WRITE_REMOVE, WRITE_KEEP (it waits already) or WRITE_FAIL. *out is a new reference (not
 * for FAIL and KEEP). */
enum write_verdict deletion_verdict(const struct strategy_call *call, const struct delete_options *o,
                                    const json_t *old, int64_t revision, json_t **out, struct status *st);
/* Whether the answer to a delete that removed the object, or found it waiting, is the object (else a Status).
 */
bool deletion_returns_object(const struct schema_resource *stored, const struct write *w);

/* The admission of a delete: what protects some namespaces. false: st. */
bool deletion_admit(struct context *ctx, struct arena *a, const struct schema_resource *stored, struct str ns,
                    struct str name, struct status *st);

/* Warns of what a delete with these options leaves behind. */
void deletion_warn(struct request *rq, const struct schema_resource *stored, const struct delete_options *o);

/* One object's deletion without a request, for collections and the keeper: w->over is not used, w->wake is.
 * The call is kept. */
struct deletion {
    struct write *w;
    struct strategy_call call;
    struct delete_options o;
};
struct deletion *deletion_new(struct context *ctx, struct arena *a, struct request *rq,
                              const struct schema_resource *stored, struct str ns, struct str name,
                              const struct delete_options *o);

#endif
