/* The watch window's bound. */
#ifndef SHM_WATCHER_TRIM_H
#define SHM_WATCHER_TRIM_H

#include <stdint.h>
#include "shm/cache/cache.h"

struct trim {
    int64_t bytes; /* of the log now */
    int64_t max_bytes;
    int64_t max_age_ms; /* younger events stay while max_bytes holds */
};

/* Counts what the log holds. */
int trim_init(struct trim *t, struct cache *c, MDB_txn *txn, int64_t max_bytes, int64_t max_age_ms);
/* Removes from the old end what is over the bound, a bounded number a call (so that a batch stays short), and
 * raises meta's compacted revision. Returns events removed, -ENOSPC or -EIO. */
int trim_run(struct trim *t, struct cache *c, MDB_txn *txn, int64_t now_ms);

#endif
