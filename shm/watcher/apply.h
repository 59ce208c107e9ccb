/* One change into one open LMDB transaction: objects, log, index. Shared by both stores. */
#ifndef SHM_WATCHER_APPLY_H
#define SHM_WATCHER_APPLY_H

#include "shm/cache/cache.h"
#include "shm/ring/ring.h"
#include "shm/store/store.h"

struct apply_change {
    enum store_verb verb;
    struct str key;   /* objects key */
    int64_t revision; /* of this change */
    const struct record
        *draft; /* new state, or the last state to announce for a delete (NULL: the stored one) */
    int64_t wall_ms;
    uint32_t sub;            /* its place among the changes of that revision */
    bool more;               /* there may be a next one */
    int64_t create_revision; /* 0: that of the stored state, or this one */
};

/* Fills *ev. Returns 0, -ENOENT (delete of nothing:
 * nothing changed), -ENOSPC, -EIO. On an error the caller aborts the transaction. */
int apply_change(struct cache *c, MDB_txn *txn, const struct apply_change *ch, struct ring_event *ev);
/* The same without an event: of a cold load. */
int apply_quietly(struct cache *c, MDB_txn *txn, const struct apply_change *ch);

#endif
