/* What a consistent read must wait for: the newest revision that any host had acknowledged when the read
 * came. One round trip is shared by all reads that wait at the moment it starts; reads that come while it is
 * under way share the next one, because its answer may be older than they are.
 *
 * A member asks the leader. One that had asked a leader which died lets everybody wait for seconds, so when
 * no answer comes the members are asked to agree on it (etcd_agreed_revision), one after the other; the first
 * answer counts. */
#ifndef SHM_STORE_ETCD_FRESH_H
#define SHM_STORE_ETCD_FRESH_H

#include "shm/store/etcd/client.h"

struct fresh;

/* Embedded by who waits; zero it before its first use. */
struct fresh_wait {
    /* The cache must reach this revision; on an error revision is 0. From the client's turn, once; w may be
     * used again from within. */
    void (*done)(struct fresh_wait *w, const struct etcd_status *st, int64_t revision);
    uint64_t cluster_id; /* with the revision */
    struct fresh_wait *next, *prev;
    bool waits;
};

/* timeout_ms: of a round trip, 0: 10 s. */
struct fresh *fresh_new(struct etcd_client *c, int64_t timeout_ms);
/* Nobody may wait any more. NULL is allowed. */
void fresh_free(struct fresh *f);
/* Returns 0, or -EAGAIN (too much is outstanding; done is not called). */
int fresh_ask(struct fresh *f, struct fresh_wait *w);
/* Does not wait any more; if it did not, nothing happens. */
void fresh_leave(struct fresh_wait *w);
/* Round trips made, for metrics. */
uint64_t fresh_round_trips(const struct fresh *f);

#endif
