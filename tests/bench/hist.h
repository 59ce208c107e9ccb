/* Latencies: a log-linear histogram as HdrHistogram keeps them (32 to 64 buckets an octave, so 3 % at most),
 * nanoseconds. Plain memory: may live in memory that processes share, one writer each. */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#define HIST_OCTAVES 40
#define HIST_STEPS 64

struct hist {
    uint64_t count;
    uint64_t max_ns;
    uint64_t bucket[HIST_OCTAVES * HIST_STEPS];
};

void hist_add(struct hist *h, uint64_t ns);
void hist_merge(struct hist *into, const struct hist *from);
/* Upper bound of the bucket that holds the q-quantile (0..1), in ns; 0 when empty. */
uint64_t hist_quantile(const struct hist *h, double q);

#endif
