/* Where the follower's batches become true: one transaction of the cache each, then the ring. It is etcd's
 * counterpart to the embedded store's commit. */
#ifndef SHM_WATCHER_SINK_H
#define SHM_WATCHER_SINK_H

#include "shm/area.h"
#include "shm/cache/cache.h"
#include "shm/watcher/load.h"

struct sink;

struct sink_options {
    int64_t window_bytes; /* of the log */
    int64_t window_ms;    /* younger events stay while window_bytes holds */
};

/* Begins a new epoch of the ring where the cache stands. NULL with a line in err. */
struct sink *sink_open(struct area *a, struct cache *c, const struct sink_options *o, char *err,
                       size_t err_bytes);
void sink_close(struct sink *s);
/* For struct load_hooks, with the sink as arg. 0; -ENOSPC when the cache is full even without its window,
 * -EIO.
 */
int sink_apply(void *sink, const struct load_batch *b);
int sink_wipe(void *sink);

#endif
