/* Request statistics: each worker counts in its own part of shared memory, /metrics adds up over all of them.
 * Names, labels and buckets: facts of the reference's endpoints/metrics. */
#ifndef WORKER_REQUEST_STATS_H
#define WORKER_REQUEST_STATS_H

#include "shm/base/buf.h"
#include "worker/request/request.h"
#include "worker/request/storestats.h"

enum stats_class { STATS_READ_ONLY, STATS_MUTATING, STATS_CLASSES };

/* Plain counters with one label, "result". */
enum stats_result {
    STATS_AUTHN_SUCCESS,
    STATS_AUTHN_FAILURE,
    STATS_AUTHZ_ALLOWED,
    STATS_AUTHZ_DENIED,
    STATS_DROPPED,
    STATS_RESULTS
};

/* For worker `index` of an area of so many consumers; area memory that an earlier process of this index left
 * keeps its counters, its gauges start at 0. Without area->stats (tests) the memory is private. */
struct stats *stats_new(struct area *area, int index, int consumers);
void stats_free(struct stats *s);

/* The row a request counts in; found once a request, when its route is known. */
struct stats_row *stats_row(struct stats *s, struct request *rq);
/* A long-running request begins (+1) or ends (-1). */
void stats_running(struct stats_row *row, int by);
/* A request ended. */
void stats_done(struct stats_row *row, int code, int64_t ns, uint64_t bytes);
/* A watch sent an event of so many bytes; initial: of the state it began with. */
void stats_event(struct stats_row *row, size_t bytes, bool initial);
void stats_result(struct stats *s, enum stats_result r);
/* A request was authenticated with a client certificate that lasts so many seconds more. */
void stats_certificate(struct stats *s, int64_t seconds);

/* A call to etcd was answered or given up. */
void stats_store(struct stats *s, uint32_t resource, enum storestats_op op, int64_t ns, bool failed);

/* Health checks that were run, by a number the handler gives to each (below STATS_CHECKS); all workers' sum.
 */
#define STATS_CHECKS 32
void stats_check(struct stats *s, unsigned check, bool ok);
uint64_t stats_check_total(const struct stats *s, unsigned check, bool ok);

/* Everything counted begins at 0 again, whichever worker counted it; what is under way stays. */
void stats_reset(struct stats *s);

/* Requests under way of this worker, and of all. */
int stats_inflight_add(struct stats *s, enum stats_class c, int by);
int stats_inflight(const struct stats *s, enum stats_class c);
int stats_inflight_total(const struct stats *s, enum stats_class c);
/* What this worker reports of itself once a quarter second. */
struct stats_gauges {
    int64_t connections, watches, snapshot_age_ms;
};
void stats_gauges_set(struct stats *s, const struct stats_gauges *g);
/* Connections and watches added up, the oldest snapshot's age. */
struct stats_gauges stats_gauges_total(const struct stats *s);

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
/* The metrics above as text (Prometheus exposition format 0.0.4). */
void stats_write(const struct stats *s, struct buf *out);

#endif
