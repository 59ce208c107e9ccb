/* How many objects there are in a range without walking it: the keys of the objects database are cut into
 * stretches of a few hundred, and of each it is kept how many they are.
 *
 *   counts   first key of a stretch -> number of objects up to the next one (u32)
 *
 * The first stretch begins in front of all keys. A first key need not be an object's any more. */
#ifndef SHM_CACHE_COUNTS_H
#define SHM_CACHE_COUNTS_H

#include "shm/cache/cache.h"

#define COUNTS_STRETCH_MAX 512u /* above it a stretch is cut in two */

/* An object was put where none was, or deleted, in this transaction. Return 0, -ENOSPC or -EIO. */
int counts_added(struct cache *c, MDB_txn *txn, struct str key);
int counts_removed(struct cache *c, MDB_txn *txn, struct str key);
/* Counts all objects anew: of a cache that was written without counts. */
int counts_rebuild(struct cache *c, MDB_txn *txn);

#endif
