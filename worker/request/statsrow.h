/* How request statistics lie in shared memory: what stats.c counts and statstext.c tells. Theirs alone. */
#ifndef WORKER_REQUEST_STATSROW_H
#define WORKER_REQUEST_STATSROW_H

#include <stdatomic.h>
#include "worker/request/stats.h"

#define STATS_MAGIC 0x73746174u
#define ROWS 2048u
#define CODES 12
#define MEMO 1024u /* 64 - 54 bits of a hash */

/* Buckets of histograms, without the one for all beyond. */
#define BUCKETS DURATIONS
#define SIZES 7
#define EVENT_SIZES 8
#define LIFETIMES 14

/* Upper bounds: bytes of an answer and of an event, seconds that a certificate lasts. */
extern const uint64_t stats_sizes[SIZES], stats_event_sizes[EVENT_SIZES], stats_lifetimes[LIFETIMES];

enum label { L_VERB, L_DRY_RUN, L_GROUP, L_VERSION, L_RESOURCE, L_SUBRESOURCE, L_SCOPE, LABELS };
struct stats_label {
    const char *name;
    uint16_t at, bytes;
};
extern const struct stats_label stats_labels[LABELS];
#define LABEL_BYTES 228

struct stats_row {
    _Atomic uint32_t used;
    uint32_t hash;
    char label[LABEL_BYTES];
    _Atomic uint32_t code[CODES]; /* 0: free; the last one takes what finds no place */
    _Atomic uint64_t code_count[CODES];
    _Atomic uint64_t bucket[BUCKETS + 1];
    _Atomic uint64_t size_bucket[SIZES + 1];
    _Atomic uint64_t sum_ns, sum_bytes;
    _Atomic uint64_t event_bucket[EVENT_SIZES + 1]; /* of watches: what they sent */
    _Atomic uint64_t event_bytes, initial_events;
    _Atomic int64_t running;
};

struct stats_part {
    _Atomic int64_t inflight[STATS_CLASSES];
    _Atomic int64_t connections, watches, snapshot_age_ms;
    _Atomic uint64_t results[STATS_RESULTS];
    _Atomic uint64_t checks[STATS_CHECKS][2];
    _Atomic uint64_t lifetime_bucket[LIFETIMES + 1], lifetime_s;
    char pad[128];
    struct stats_row row[ROWS];
    struct storestats store;
};
_Static_assert(sizeof(struct stats_part) <= AREA_STATS_BYTES, "a worker's statistics fit their place");

struct stats_memo {
    const void *schema, *sub;
    const char *verb, *dry_run, *scope; /* constants: the addresses tell them apart */
    struct stats_row *row;
};

struct stats {
    unsigned magic;
    int parts;
    char *base;
    bool owned;
    struct stats_part *own;
    struct stats_memo memo[MEMO];
};

static inline struct stats_part *stats_part(const struct stats *s, int i)
{
    return (struct stats_part *)(void *)(s->base + (size_t)i * AREA_STATS_BYTES);
}

static inline uint64_t stats_get(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

#endif
