/* resourceVersion rules of reads: from what snapshot a get or list is answered, and when it must wait. */
#ifndef WORKER_READ_FRESHNESS_H
#define WORKER_READ_FRESHNESS_H

#include "shm/store/etcd/fresh.h"
#include "worker/request/request.h"

struct freshness *freshness_new(struct context *ctx);
void freshness_free(struct freshness *f);
/* Called once a loop turn and when the cache moved: resumes requests whose revision has come. */
void freshness_poll(struct freshness *f);

/* The snapshot to answer from, with a reference. at_least: revision it must have reached; 0: whatever is at
 * hand; -1: the most recent (of the store: of etcd it costs a round trip, shared with whoever asks now).
 * Returns it, or NULL: then either *suspended is set (rq->resume must be set: it will be called through
 * pipeline_resume once the snapshot is there, or failed), or st is filled (504 too large resource version
 * after ~3 s; etcd does not answer). Call again on resume, before anything else is asked for. */
struct snapshot *freshness_snapshot(struct request *rq, int64_t at_least, bool *suspended, struct status *st);

/* The same without a request. Zeroed before its first use, embedded by who waits. */
struct freshness_wait {
    /* The cache has reached the revision, or did not for too long; from the loop. Begins no later wait
     * before it is called. */
    void (*wake)(struct freshness_wait *w);

    /* freshness's own */
    struct freshness_wait *next, **link;
    struct freshness *f;
    struct request *rq;
    struct fresh_wait ask;
    int64_t wanted, until_ms;
    int64_t seen; /* of the store, before it was asked */
    bool timed_out;
    int error; /* of the question what is newest */
};
/* true: it waits, and wake will be called. false: the cache is there already. */
bool freshness_wait(struct freshness *f, struct freshness_wait *w, int64_t revision);
/* Does not wait any more; if it did not, nothing happens. */
void freshness_leave(struct freshness_wait *w);

/* What a client is told while the cache is made anew. */
void freshness_store_new(struct status *st);
/* What a client is told when the store could not be asked, or could not write; error as in struct
 * store_result. */
void freshness_store_failed(struct status *st, int error);

#endif
