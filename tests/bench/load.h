/* Fills a server. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "shm/base/buf.h"
#include "tests/bench/bench.h"

/* Namespace bench, and in it pods first...last-1 (pod-000000 and on) over size.nodes nodes; what is there
 * already is left. 0, or -1 with a line on stderr. seconds (may be NULL): how long it took. */
int load_pods(struct bench *b, int first, int last, double *seconds);
/* Nodes node-00000 and on, and a lease for each. */
int load_nodes(struct bench *b, int count);

/* One request, waited for. Body of the answer in answer (may be NULL). The HTTP status, or -1. */
int load_request(struct target *t, const char *method, const char *path, const char *type, struct str body,
                 struct buf *answer);
/* Number after "resourceVersion":" in a list's or object's text; 0 when there is none. */
long long load_version(struct str json);

#endif
