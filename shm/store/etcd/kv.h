/* Keys and values: reads of ranges, conditional writes of one key, compaction. All are calls of the client:
 * done is called once, from the client's turn, unless the ticket is cancelled; replies are views that end
 * with it. */
#ifndef SHM_STORE_ETCD_KV_H
#define SHM_STORE_ETCD_KV_H

#include "shm/store/etcd/client.h"

/* r is NULL on an error. A page that would be over 16 MiB ends as -EMSGSIZE: ask with a smaller limit. */
typedef void (*etcd_range_done)(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r);

/* The first key behind all keys with this prefix, into `end` (prefix.n bytes of room): its length; 0: there
 * is none, use "\0", which an empty prefix needs too. */
size_t etcd_prefix_end(struct str prefix, char *end);

/* Reads as etcd's Range does: linearizable unless serializable. timeout_ms 0: 10 s. Returns as
 * etcd_client_call. */
int etcd_range(struct etcd_client *c, const struct etcd_range *r, int64_t timeout_ms, etcd_range_done done,
               void *arg, uint64_t *ticket);

/* The newest revision that any acknowledged write has: the header of a linearizable read of a key that is not
 * there. One round trip, whatever the size of the store. */
typedef void (*etcd_revision_done)(void *arg, const struct etcd_status *st, int64_t revision,
                                   uint64_t cluster_id);
int etcd_current_revision(struct etcd_client *c, int64_t timeout_ms, etcd_revision_done done, void *arg,
                          uint64_t *ticket);

/* The same by a decision of the members, not by what the leader knows: it changes nothing, costs a line in
 * their logs, and does not wait for a leader that is gone, as members (3.4) let reads wait that were under
 * way when one died, and all that come behind. beside: as in struct etcd_call. */
int etcd_agreed_revision(struct etcd_client *c, int64_t timeout_ms, uint64_t beside, etcd_revision_done done,
                         void *arg, uint64_t *ticket);

enum etcd_write_verb { ETCD_PUT = 1, ETCD_DELETE = 2 };
#define ETCD_EXPECT_ABSENT 0
#define ETCD_EXPECT_ANY (-1)

struct etcd_write {
    enum etcd_write_verb verb;
    struct str key, value;
    int64_t expect; /* mod revision that the key must have, ETCD_EXPECT_ABSENT or ETCD_EXPECT_ANY */
    int64_t lease;  /* PUT: 0 none */
};
struct etcd_write_reply {
    struct etcd_header header; /* revision of the write when done */
    bool done;                 /* false: the expectation did not hold, nothing was written */
    bool present;              /* not done: the key exists, as `now` says */
    struct etcd_kv now;
    int64_t deleted; /* done, DELETE: keys removed, 0 or 1 */
};
/* One transaction: compare the mod revision, then put or delete, else read the key, so that a conflict brings
 * the present value in the same round trip. On an error r is NULL; -ETIMEDOUT: it may or may not have
 * happened. */
typedef void (*etcd_write_done)(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r);
int etcd_write(struct etcd_client *c, const struct etcd_write *w, int64_t timeout_ms, etcd_write_done done,
               void *arg, uint64_t *ticket);
/* The same on another member than that of a call. */
int etcd_write_beside(struct etcd_client *c, const struct etcd_write *w, int64_t timeout_ms, uint64_t beside,
                      etcd_write_done done, void *arg, uint64_t *ticket);

/* A transaction as etcd has it. */
typedef void (*etcd_txn_done)(void *arg, const struct etcd_status *st, const struct etcd_txn_reply *r);
int etcd_txn(struct etcd_client *c, const struct etcd_txn *t, int64_t timeout_ms, etcd_txn_done done,
             void *arg, uint64_t *ticket);

/* Forgets states before this revision. -ESTALE: that was done already; -EOVERFLOW: it is in the future. */
typedef void (*etcd_compact_done)(void *arg, const struct etcd_status *st, int64_t revision);
int etcd_compact(struct etcd_client *c, int64_t revision, int64_t timeout_ms, etcd_compact_done done,
                 void *arg, uint64_t *ticket);

#endif
