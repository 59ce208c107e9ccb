/* Pods that come and go at a fixed pace, each bound to a node when it is made. */
#ifndef BENCH_PODCHURN_H
#define BENCH_PODCHURN_H

#include <stdint.h>
#include "tests/bench/target.h"

#define PODCHURN_PREFIX "mixed-" /* of their names */

struct podchurn {
    struct target *target;
    int nodes;
    double rate;          /* a second */
    int64_t done, failed; /* requests; filled in */
};

/* Makes them for so long, each deleted 5 s after it was made, or at the end. */
void podchurn_run(struct podchurn *p, double seconds);

#endif
