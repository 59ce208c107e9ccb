/* A consumer's cursor over the ring. Its rule for never losing an event: before it trusts slots again it
 * takes the producer's head, then the newest committed revision. Every slot below that head holds a revision
 * at or below that one, so a log scan up to it covers what is skipped. */
#include "shm/ring/ring.h"

#include <unistd.h>
#include "shm/base/must.h"
#include "shm/ring/shared.h"

#define CONSUMER_MAGIC 0x636f6e73u

static void to_head(struct consumer *c)
{
    struct ring_shared *r = c->area->ring;
    c->epoch = atomic_load(&r->epoch);
    c->position = atomic_load(&r->head);
    c->need = atomic_load(c->area->revision);
    c->lapped = true;
}

void consumer_init(struct consumer *c, struct area *a, int index, int64_t revision)
{
    must(index >= 0 && index < a->consumers);
    *c = (struct consumer){.magic = CONSUMER_MAGIC, .area = a, .index = index, .revision = revision};
    to_head(c);
    c->lapped = revision < c->need;
}

static enum consumer_result lapped(struct consumer *c)
{
    if (!c->lapped)
        area_count(c->area, c->index, AREA_RING_LAPS, 1);
    to_head(c);
    return CONSUMER_LAPPED;
}

/* false: the slot changed while it was read. */
static bool copy(struct ring_slot *s, uint64_t seq, struct ring_slot *out)
{
    *out = (struct ring_slot){.seq = seq};
    out->revision = __atomic_load_n(&s->revision, __ATOMIC_RELAXED);
    out->resource = __atomic_load_n(&s->resource, __ATOMIC_RELAXED);
    out->type = __atomic_load_n(&s->type, __ATOMIC_RELAXED);
    out->ns_hash = __atomic_load_n(&s->ns_hash, __ATOMIC_RELAXED);
    out->name_hash = __atomic_load_n(&s->name_hash, __ATOMIC_RELAXED);
    out->trigger_hash = __atomic_load_n(&s->trigger_hash, __ATOMIC_RELAXED);
    out->trigger_prev_hash = __atomic_load_n(&s->trigger_prev_hash, __ATOMIC_RELAXED);
    out->sub = __atomic_load_n(&s->sub, __ATOMIC_RELAXED);
    out->more = __atomic_load_n(&s->more, __ATOMIC_RELAXED);
    out->at_us = __atomic_load_n(&s->at_us, __ATOMIC_RELAXED);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&s->seq, memory_order_relaxed) == seq;
}

enum consumer_result consumer_next(struct consumer *c, struct ring_slot *out)
{
    must_be(c, CONSUMER_MAGIC);
    struct ring_shared *r = c->area->ring;
    for (;;) {
        if (c->lapped || atomic_load_explicit(&r->epoch, memory_order_acquire) != c->epoch)
            return lapped(c);
        struct ring_slot *s = ring_slot_at(r, c->position);
        uint64_t seq = atomic_load_explicit(&s->seq, memory_order_acquire);
        if (seq < c->position + 1)
            return CONSUMER_EMPTY;
        if (seq > c->position + 1 || !copy(s, seq, out))
            return lapped(c);
        /* the slot may be a new producer's, whose predecessor committed events that it never published */
        if (atomic_load_explicit(&r->epoch, memory_order_acquire) != c->epoch)
            return lapped(c);
        c->position++;
        if (out->revision <= c->revision)
            continue;
        c->revision = out->revision - (out->more != 0);
        return CONSUMER_SLOT;
    }
}

void consumer_caught_up(struct consumer *c, int64_t revision)
{
    must_be(c, CONSUMER_MAGIC);
    if (revision > c->revision)
        c->revision = revision;
    c->lapped = c->revision < c->need;
}

static bool has_news(const struct consumer *c)
{
    struct ring_shared *r = c->area->ring;
    /* head may be behind: slots are readable before they are counted */
    return c->lapped || atomic_load(&r->epoch) != c->epoch || atomic_load(&r->head) > c->position;
}

bool consumer_sleep(struct consumer *c)
{
    must_be(c, CONSUMER_MAGIC);
    _Atomic uint32_t *asleep = &c->area->ring->sleeper[c->index].asleep;
    if (has_news(c))
        return false;
    atomic_store(asleep, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (!has_news(c))
        return true;
    atomic_store(asleep, 0);
    return false;
}

void consumer_awake(struct consumer *c)
{
    must_be(c, CONSUMER_MAGIC);
    uint64_t n;
    atomic_store(&c->area->ring->sleeper[c->index].asleep, 0);
    ssize_t got = read(c->area->wake_fd[c->index], &n, sizeof(n));
    (void)got; /* nothing to read is fine: woken by something else */
}
