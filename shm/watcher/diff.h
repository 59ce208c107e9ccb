/* What a list of etcd's keys says against the cache: which objects differ, which are gone. */
#ifndef SHM_WATCHER_DIFF_H
#define SHM_WATCHER_DIFF_H

#include "shm/base/buf.h"
#include "shm/cache/cache.h"
#include "shm/cache/key.h"

struct diff;

/* Looks at the cache as it is now. NULL when it cannot be read. */
struct diff *diff_new(struct cache *c);
void diff_free(struct diff *d);
/* etcd holds this key, at this revision. Views are copied. */
void diff_seen(struct diff *d, const struct key *k, struct str etcd_key, int64_t mod_revision);
/* After the last one: sorts what differs by revision. Returns how many keys have to be read. */
size_t diff_sort(struct diff *d);
/* The i-th of them. */
struct str diff_key(const struct diff *d, size_t i, struct key *k);
/* Keys of the cache that were not seen, one by one; false at the end. */
bool diff_gone(struct diff *d, struct key *k);

#endif
