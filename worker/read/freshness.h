/* resourceVersion rules of reads: from what snapshot a get or list is answered, and when it must wait. */
#ifndef WORKER_READ_FRESHNESS_H
#define WORKER_READ_FRESHNESS_H

#include "worker/request/request.h"

struct freshness *freshness_new(struct context *ctx);
void freshness_free(struct freshness *f);
/* Called once a loop turn and when the cache moved: resumes requests whose revision has come. */
void freshness_poll(struct freshness *f);

/* The snapshot to answer from, with a reference. at_least: revision it must have reached; 0: whatever is at
 * hand; -1: the most recent (store_revision). Returns it, or NULL: then either *suspended is set (rq->resume
 * must be set: it will be called through pipeline_resume once the snapshot is there, or failed), or st is
 * filled (504 too large resource version after ~3 s). Call again on resume. */
struct snapshot *freshness_snapshot(struct request *rq, int64_t at_least, bool *suspended, struct status *st);

#endif
