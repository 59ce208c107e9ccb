/* Objects as a busy cluster has them, as JSON. */
#ifndef BENCH_OBJECTS_H
#define BENCH_OBJECTS_H

#include "shm/base/buf.h"

#define BENCH_PODS "/api/v1/namespaces/bench/pods"
#define BENCH_LEASES "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
/* Annotation with the moment (clock_ns) a write was meant to be sent: how watchers, in any process, know how
 * long its event took. */
#define BENCH_STAMP "bench.example.com/sent"

/* All append to b. A pod is about 3 KB as it is served. */
void object_pod(struct buf *b, const char *name, const char *node, int i);
void object_node(struct buf *b, const char *name);
/* version: metadata.resourceVersion, or empty for a new one. */
void object_lease(struct buf *b, const char *name, const char *version);
/* Merge patches: a stamp; the status that a kubelet reports of a pod (with a stamp) and of its node. */
void object_stamp(struct buf *b, long long ns);
void object_pod_running(struct buf *b, int i);
void object_node_status(struct buf *b);

#endif
