/* Every kubelet loses its connection at the same moment (a load balancer died) and comes back at once:
 * connects, lists its pods, watches on. */
#ifndef BENCH_STORM_H
#define BENCH_STORM_H

#include "tests/bench/scenario.h"

/* size.kubelets of them; an operation is one that is back. */
int storm_run(struct bench *b, const struct row *row, struct result *r);

#endif
