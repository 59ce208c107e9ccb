/* Layout of the ring in shared memory, for ring.c and consumer.c.
 *
 *   line 0        epoch, head: written by the producer only
 *   lines         one a consumer: whether it sleeps
 *   lines         RING_SLOTS slots
 *
 * A slot is a seqlock of one: the producer sets seq to 0, fills it, sets seq to position + 1 (release). A
 * reader takes seq (acquire), copies, and takes seq again behind an acquire fence: equal means the copy is
 * whole. The fields are read and written by relaxed atomic builtins, since a copy may race and is then thrown
 * away. */
#ifndef SHM_RING_SHARED_H
#define SHM_RING_SHARED_H

#include "shm/ring/ring.h"

struct ring_sleeper {
    _Atomic uint32_t asleep;
} __attribute__((aligned(64)));

struct ring_shared {
    _Atomic uint64_t epoch; /* 0: no producer yet */
    _Atomic uint64_t head;  /* positions below are written */
    struct ring_sleeper sleeper[AREA_CONSUMERS_MAX];
    struct ring_slot slot[RING_SLOTS] __attribute__((aligned(64)));
} __attribute__((aligned(64)));

static inline struct ring_slot *ring_slot_at(struct ring_shared *r, uint64_t position)
{
    return &r->slot[position & (RING_SLOTS - 1)];
}

#endif
