/* The buckets that the reference's histograms of request durations share. */
#ifndef WORKER_REQUEST_DURATIONS_H
#define WORKER_REQUEST_DURATIONS_H

#include <stdint.h>
#include "shm/base/buf.h"

#define DURATIONS 23 /* bounds; one bucket more takes what is longer */

/* Where a duration counts: 0..DURATIONS. */
unsigned durations_bucket(int64_t ns);
/* The upper bound of bucket b as its label says it: "0.005", "+Inf". */
void durations_put_bound(struct buf *out, unsigned b);

#endif
