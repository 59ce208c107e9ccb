/* Follows a prefix of etcd into the cache: a cold load by pages at one revision, a watch from where the cache
 * stands, and after a compaction a comparison whose differences come as changes like any others, in order of
 * revisions, so that the watches of clients go on.
 *
 *   cold   nothing cached, another cluster, or a cache from the future: wipe, pages, quiet changes. Asked
 * about at the start and whenever a watch is made, since a member may come back as another cluster's, or from
 *          a backup
 *   watch  from the revision after the cache's
 *   diff   the watch's revision is compacted: all keys at one revision, compared with the cache; what differs
 * is read at that revision, oldest change first; what is gone is deleted, at revisions made for it (marks.h)
 * after a first list found how many are wanted; then the watch again
 *
 * It decides what has to change and in which order. How that becomes a transaction of the cache, what a key
 * of etcd is called there and how stored bytes become a record is handed down. */
#ifndef SHM_WATCHER_LOAD_H
#define SHM_WATCHER_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/cache/cache.h"
#include "shm/cache/key.h"
#include "shm/cache/record.h"
#include "shm/store/etcd/client.h"
#include "shm/store/store.h"

/* Kept in the cache's meta by `apply` callers: int64, the cluster the cache is of. */
#define LOAD_META_CLUSTER "etcd cluster"

struct load_change {
    enum store_verb verb;
    struct key key;
    int64_t revision;        /* a deletion that a diff found: as diff_sort says */
    int64_t create_revision; /* PUT */
    uint32_t sub; /* position among the changes of this revision: a transaction, or a lease that ran out,
                     has many */
    const struct record *draft; /* PUT; NULL for a DELETE, which may be of a key that is not cached */
};

struct load_batch {
    const struct load_change *changes;
    int n;
    bool quiet;   /* cold load: no events, and in order of keys, not of revisions */
    int64_t upto; /* with this batch everything up to here is in the cache; 0: not to be said yet */
    bool window;  /* what lies before upto is not in the log: it is the compacted revision too */
    uint64_t cluster_id;
};

struct load_hooks {
    void *arg;
    /* The cache's key of one in etcd. 0; -ENOENT: not ours, left out. */
    int (*key)(void *arg, struct str etcd_key, struct key *out);
    /* Appends a draft of what is stored. 0, or negative errno: left out and logged. */
    int (*record)(void *arg, struct str etcd_key, const struct key *k, struct str value, struct buf *out);
    /* One transaction for the batch, in order. 0, or negative errno, which load_run returns. Views end with
     * it. */
    int (*apply)(void *arg, const struct load_batch *b);
    /* Empties objects, log and index, and the meta of revision and cluster. As above. */
    int (*wipe)(void *arg);
};

struct load_options {
    struct str prefix;  /* --etcd-prefix with the slash behind it; copied */
    struct str mark;    /* a key that may be written to make revisions; empty: none; copied */
    int page;           /* keys in a page of the cold load; 0: 500 */
    int64_t timeout_ms; /* of a call; 0: 30 s */
};

struct load;

/* Reads where the cache stands. NULL with a line in err. */
struct load *load_open(struct cache *c, struct etcd_client *client, const struct load_options *o,
                       const struct load_hooks *hooks, char *err, size_t err_bytes);
void load_close(struct load *l);
/* Starts what is due; between calls etcd_client_wait (or the caller's loop) lets the client work. *wait_ms:
 * call again by then at the latest (-1: when the client did something). Returns 0, or what apply or wipe
 * refused with, after which nothing goes on. */
int load_run(struct load *l, int64_t *wait_ms);
/* The cache is complete up to some revision, and followed. */
bool load_ready(const struct load *l);
/* Everything up to here is applied. */
int64_t load_revision(const struct load *l);
/* For a read that waits for a revision whose events may lie outside the prefix: asks how far the watch is.
 * The answer comes as a batch without changes. false: no watch stands, or its member's answers prove nothing
 * (etcd_watch_progress_in_order); the reader has to read from etcd itself. */
bool load_ask_progress(struct load *l);
/* Somebody saw the cluster at a lower revision than the cache: it is asked where it stands, and when it went
 * back in time the cache is loaded anew. */
void load_doubt(struct load *l);
/* The watch lags behind what others know: goes on at another member. */
void load_move(struct load *l);
/* Keys that could not be made a record of so far. */
uint64_t load_skipped(const struct load *l);

#endif
