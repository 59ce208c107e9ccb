/* A cluster's everyday load, as kubemark makes it: size.kubelets kubelets, each with a connection, a watch of
 * its pods and one of its node, a lease renewed every 10 s, its node's status every 5 minutes; pods that come
 * and go meanwhile, which their kubelets report running. */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include "tests/bench/scenario.h"

/* An operation is a request answered. */
int fleet_run(struct bench *b, const struct row *row, struct result *r);

#endif
