/* Durations as Go writes them ("1h30m", "32s", "1.5s"), for timeout= in a query. */
#ifndef WORKER_PIPELINE_DURATION_H
#define WORKER_PIPELINE_DURATION_H

#include "shm/base/arena.h"

/* NULL and *ms (rounded up), or the text of Go's time.ParseDuration error. */
const char *duration_parse(struct arena *a, struct str s, int64_t *ms);

#endif
