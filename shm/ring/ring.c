/* The producer. It never waits for a consumer: whoever is too slow finds its slot overwritten and reads the
 * log. Positions go on over a restart of the producer, so that an old slot never looks like a new one. */
#include "shm/ring/ring.h"

#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/ring/shared.h"

_Static_assert((RING_SLOTS & (RING_SLOTS - 1)) == 0, "positions wrap by mask");

size_t ring_shared_bytes(void)
{
    return sizeof(struct ring_shared);
}

static void wake_sleepers(struct area *a)
{
    uint64_t one = 1, woken = 0;
    /* pairs with the announcement in consumer_sleep: either it sees the slots, or we see it asleep */
    atomic_thread_fence(memory_order_seq_cst);
    for (int i = 0; i < a->consumers; i++) {
        _Atomic uint32_t *asleep = &a->ring->sleeper[i].asleep;
        if (!atomic_load_explicit(asleep, memory_order_relaxed))
            continue;
        if (!atomic_exchange(asleep, 0))
            continue;
        woken += write(a->wake_fd[i], &one, sizeof(one)) == sizeof(one);
    }
    if (woken)
        area_count(a, a->consumers, AREA_RING_WAKEUPS, woken);
}

void ring_start(struct area *a, int64_t revision)
{
    struct ring_shared *r = a->ring;
    uint64_t position = atomic_load(&r->head);
    /* slots that a predecessor filled without counting them belong to nobody: step over them */
    while (atomic_load(&ring_slot_at(r, position)->seq) == position + 1)
        position++;
    atomic_store(&r->head, position);
    atomic_fetch_add(&r->epoch, 1);
    wake_sleepers(a);
}

static void fill(struct ring_slot *s, uint64_t position, const struct ring_event *e, bool more,
                 uint32_t at_us)
{
    atomic_store_explicit(&s->seq, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* no field may change before seq says so */
    __atomic_store_n(&s->revision, e->revision, __ATOMIC_RELAXED);
    __atomic_store_n(&s->resource, e->resource, __ATOMIC_RELAXED);
    __atomic_store_n(&s->type, (uint16_t)e->type, __ATOMIC_RELAXED);
    __atomic_store_n(&s->ns_hash, e->ns_hash, __ATOMIC_RELAXED);
    __atomic_store_n(&s->name_hash, e->name_hash, __ATOMIC_RELAXED);
    __atomic_store_n(&s->trigger_hash, e->trigger_hash, __ATOMIC_RELAXED);
    __atomic_store_n(&s->trigger_prev_hash, e->trigger_prev_hash, __ATOMIC_RELAXED);
    __atomic_store_n(&s->sub, e->sub, __ATOMIC_RELAXED);
    __atomic_store_n(&s->more, more, __ATOMIC_RELAXED);
    __atomic_store_n(&s->at_us, at_us, __ATOMIC_RELAXED);
    atomic_store_explicit(&s->seq, position + 1, memory_order_release);
}

void ring_publish(struct area *a, const struct ring_event *events, int n)
{
    struct ring_shared *r = a->ring;
    uint64_t position = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint32_t now_us = (uint32_t)(clock_ns() / 1000);
    for (int i = 0; i < n; i++, position++)
        fill(ring_slot_at(r, position), position, &events[i],
             i + 1 < n && events[i + 1].revision == events[i].revision, now_us);
    atomic_store_explicit(&r->head, position, memory_order_release);
    area_count(a, a->consumers, AREA_RING_EVENTS, (uint64_t)n);
    wake_sleepers(a);
}
