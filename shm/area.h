/* The memory all processes share besides the cache: made by the master before it forks, inherited by every
 * child, at the same address. Ring, mailboxes of the embedded store, counters, wake-up descriptors, crash
 * notes. Anonymous (memfd), sized once, sparse until touched. */
#ifndef SHM_AREA_H
#define SHM_AREA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Consumers of the ring: the workers 0..n-1, then the keeper (index n). */
#define AREA_CONSUMERS_MAX 129
#define AREA_CRASH_NOTE_BYTES 512
#define AREA_STATS_BYTES (2u << 20)

/* One row a counter shared by all processes (name of the metric, help); see shm/base/metrics.def.
 * A counter is an array with one slot a process, so that no two processes write one cache line. */
enum area_counter {
#define AREA_COUNTER(id, metric, help) AREA_##id,
#include "shm/base/metrics.def"
#undef AREA_COUNTER
    AREA_COUNTERS
};

/* How long events were under way, from the ring to the sockets of those who watch: buckets (the bounds are
 * worker/watch/delivery.c's), and their sum in microseconds. */
#define AREA_DELIVERY_BUCKETS 17

struct area_child {
    _Atomic uint64_t counters[AREA_COUNTERS];
    _Atomic uint64_t delivery[AREA_DELIVERY_BUCKETS], delivery_us;
    _Atomic int32_t pid;
    _Atomic uint32_t restarts;
    char crash_note[AREA_CRASH_NOTE_BYTES]; /* what a dying child was doing; the master logs it */
} __attribute__((aligned(64)));

struct ring_shared;    /* shm/ring/ring.h */
struct mailbox_shared; /* shm/store/embedded/mailbox.h */

struct area {
    unsigned magic;
    int consumers;                   /* workers + keeper */
    int wake_fd[AREA_CONSUMERS_MAX]; /* eventfd of consumer i: ring has news (ring), or its mailbox has
                                        answers */
    int watcher_fd;                  /* eventfd of the watcher: a mailbox has requests */
    struct area_child *child;        /* [consumers + 1]; the last row is the watcher's */
    struct ring_shared *ring;
    struct mailbox_shared *mailbox; /* [consumers] */
    /* Newest revision that is committed and readable in the cache. 0 until the store is open. */
    _Atomic int64_t *revision;
    /* 1 once the watcher has opened (or loaded) the cache and serves; readiness. */
    _Atomic int32_t *store_ready;
    size_t bytes;
    uint64_t instance;                /* random: tells this run's mailboxes from an earlier run's */
    _Atomic uint32_t *watcher_asleep; /* 1: a new request must write watcher_fd */
    char *stats; /* [consumers] of AREA_STATS_BYTES each, zeroed, sparse: request statistics, laid out by the
                    worker */
    /* The highest revision that a read waits for and no event may bring (etcd): who raises it rings
     * watcher_fd. */
    _Atomic int64_t *wanted;
    /* 1 once the keeper has seen the namespaces that every cluster has: with store_ready, what /readyz waits
     * for. */
    _Atomic int32_t *bootstrapped;
    /* Which lineage of the store the cache is of. The watcher raises it before it empties a cache that others
     * may read, because the store was replaced or went back in time: who finds another number than when it
     * opened the cache begins anew. */
    _Atomic uint64_t *lineage;
    /* 1: somebody saw the store at a lower revision than the cache; rings watcher_fd. The watcher looks. */
    _Atomic int32_t *doubted;
    /* Stands for the encryption that the watcher opens values with, 0: it never changes; and the revision up
     * to which values may be sealed in an older way. */
    _Atomic int64_t *sealing, *resealed;
};

/* Called by the master once, before any fork. workers 1..128. NULL with errno set on failure. */
struct area *area_new(int workers);
void area_free(struct area *a);
/* Adds to a counter of child i (0..consumers; consumers is the watcher). Relaxed; any process. */
void area_count(struct area *a, int child, enum area_counter c, uint64_t n);
/* n events reached who watches them, us microseconds in all after they were published; child i counts them in
 * a bucket. Relaxed. */
void area_delivered(struct area *a, int child, int bucket, uint64_t n, uint64_t us);
/* Sum over children. */
uint64_t area_total(const struct area *a, enum area_counter c);
/* Leaves a note in this child's row; cut to AREA_CRASH_NOTE_BYTES. Async-signal-safe. */
void area_note(struct area *a, int child, const char *text);

#endif
