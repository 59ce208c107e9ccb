/* Read transactions. One snapshot a loop turn is shared by all requests of it; who needs it longer holds a
 * reference, and gives it back within a bound (see snapshot_set_reclaim). All views (records, log events) die
 * with their snapshot. Not thread-safe: one process, one thread. */
#ifndef SHM_CACHE_SNAPSHOT_H
#define SHM_CACHE_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "shm/cache/cache.h"
#include "shm/cache/key.h"
#include "shm/cache/record.h"

struct snapshots; /* one per process */
struct snapshot;

struct snapshots *snapshots_new(struct cache *c);
void snapshots_free(struct snapshots *s);
/* From now on no snapshot is begun while *lineage is another than mine, its value from before the cache was
 * opened: snapshot_get then fails with ESTALE. Snapshots from before stay good. Whoever empties the cache
 * changes it before. */
void snapshots_fence(struct snapshots *s, const _Atomic uint64_t *lineage, uint64_t mine);

/* The snapshot of this loop turn, with a reference for the caller. NULL with errno on LMDB failure. */
struct snapshot *snapshot_get(struct snapshots *s);
struct snapshot *snapshot_ref(struct snapshot *s);
/* NULL is allowed. */
void snapshot_unref(struct snapshot *s);
/* Ends the turn: the next snapshot_get sees what was committed since. Call before the loop sleeps and after a
 * write was answered (a later read must see it). Unreferenced transactions are reset and reused. */
void snapshots_turn(struct snapshots *s);
/* Newest revision in the snapshot, and the newest that is gone from its log. */
int64_t snapshot_revision(const struct snapshot *s);
int64_t snapshot_compacted(const struct snapshot *s);
/* How long the oldest referenced snapshot has been held, in ms; 0 when none. */
int64_t snapshots_oldest_ms(const struct snapshots *s);
/* How many snapshots of earlier turns are still held. Each takes one of LMDB's reader slots, which all
 * processes share. */
int snapshots_held(const struct snapshots *s);
/* A holder that lives across turns registers here: reclaim(arg) is called by snapshots_reclaim() once the
 * snapshot is older than max_ms, and must copy out what it still needs and unref. One per reference. */
void snapshot_set_reclaim(struct snapshot *s, void (*reclaim)(void *arg), void *arg);
void snapshot_clear_reclaim(struct snapshot *s, void *arg);
/* Called from a timer. Returns how many holders were asked. */
int snapshots_reclaim(struct snapshots *s, int64_t max_ms);

/* One object; NULL when absent (or -- never seen -- corrupt). */
const struct record *snapshot_object(struct snapshot *s, const struct key *k);
/* The proto of a record read from s: part[0], and part[1] where it goes on, or empty. false: it has none. s
 * may be NULL of a record that is whole. */
bool snapshot_proto(struct snapshot *s, const struct record *r, struct str part[2]);

/* A scan in key order over a prefix. An open scan holds a reference to its snapshot. */
struct scan {
    struct snapshot *snap;
    MDB_cursor *cur;
    struct key prefix;
    bool done;
    MDB_val k, v; /* the next one: a scan is one ahead of its reader */
};
/* Starts at the first key with the prefix that is >= from (from NULL or empty: the prefix itself; after: skip
 * an equal key). Returns 0 or -EIO. */
int scan_open(struct scan *sc, struct snapshot *s, const struct key *prefix, const struct key *from,
              bool after);
/* Next record or NULL at the end; key view in *key if not NULL. */
const struct record *scan_next(struct scan *sc, struct str *key);
void scan_close(struct scan *sc);
/* How many objects with this prefix there are behind key `after` (NULL: in all), at most max. Walks no more
 * than the ends of the range (counts.h). */
int64_t snapshot_count(struct snapshot *s, const struct key *prefix, const struct key *after, int64_t max);

/* Counts all objects, each to its resource, in pieces: from the first key behind *at (n 0: from the
 * beginning) at most max; *at is the last one. Returns how many were counted; less than max: there are no
 * more. */
int64_t snapshot_tally(struct snapshot *s, struct key *at, int64_t max,
                       void (*add)(void *arg, uint32_t resource), void *arg);

/* A scan of one index value: records of `resource` whose field `slot` equals value, in (namespace, name)
 * order, within a namespace if ns is not empty. */
struct index_scan {
    struct snapshot *snap;
    MDB_cursor *cur;
    struct key prefix;
    uint32_t resource;
    size_t value_at; /* where the value ends in the prefix */
    bool done;
    MDB_val v; /* what the next key in the index points to; no bytes when there is nothing */
};
int index_scan_open(struct index_scan *sc, struct snapshot *s, uint32_t resource, uint16_t slot,
                    struct str value, struct str ns, const struct key *from, bool after);
const struct record *index_scan_next(struct index_scan *sc);
void index_scan_close(struct index_scan *sc);

/* The record of `k` as it was at `revision` (>= compacted): walks the log back. Used by exact lists. NULL:
 * not there at that revision. Cheap when nothing changed since. */
struct history; /* see history.h */

#endif
