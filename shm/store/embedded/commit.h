/* The embedded store's server side, in the watcher: takes requests from all mailboxes, applies them as one
 * LMDB transaction a batch (group commit, one fsync), publishes to the ring, answers. */
#ifndef SHM_STORE_EMBEDDED_COMMIT_H
#define SHM_STORE_EMBEDDED_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shm/area.h"
#include "shm/cache/cache.h"

struct commit;

struct commit_options {
    size_t window_bytes; /* bound of the log (--cache-window-bytes) */
    int64_t window_ms;   /* events younger than this stay if window_bytes allows; older may go (5 min) */
    int batch_max;       /* requests in one transaction */
};

/* Finishes what a killed predecessor left, starts the ring's epoch, sets area->revision and store_ready. */
struct commit *commit_open(struct area *a, struct cache *c, const struct commit_options *o, char *err,
                           size_t err_bytes);
/* Applies what is waiting, in batches, for a bounded time. Returns requests answered, or -EIO when the store
 * cannot go on: the process should end, its successor resumes from what is on disk. */
int commit_run(struct commit *c);
/* Before sleeping on area->watcher_fd: announces sleep and re-checks. False: requests wait, do not sleep. */
bool commit_sleep(struct commit *c);
void commit_close(struct commit *c);

#endif
