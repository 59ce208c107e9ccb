/* No clock is read for a delivery: what a turn sends is counted by event, and has gone out when the turn is
 * over. */
#include "worker/watch/delivery.h"

#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

static const int bounds_us[AREA_DELIVERY_BUCKETS - 1] = {100,     250,     500,     1000,    2500,   5000,
                                                         10000,   25000,   50000,   100000,  250000, 500000,
                                                         1000000, 2500000, 5000000, 10000000};

struct published {
    int64_t revision, at_us;
    uint32_t sent; /* in this turn */
};

struct delivery {
    struct area *area;
    int index;
    struct published events[DELIVERY_EVENTS]; /* by the revision's low bits */
    uint16_t of_turn[DELIVERY_EVENTS];        /* which of them were sent in this turn */
    int n;
    int64_t now_us; /* when the turn first asked; 0: not yet */
};

struct delivery *delivery_new(struct area *area, int index)
{
    struct delivery *d = calloc(1, sizeof(*d));
    must(d);
    d->area = area;
    d->index = index;
    return d;
}

void delivery_free(struct delivery *d)
{
    free(d);
}

static struct published *event_at(struct delivery *d, int64_t revision)
{
    return &d->events[revision & (DELIVERY_EVENTS - 1)];
}

void delivery_published(struct delivery *d, int64_t revision, uint32_t at_us)
{
    struct published *p = event_at(d, revision);
    if (p->sent)
        delivery_turn_over(d); /* its place is needed */
    if (!d->now_us)
        d->now_us = clock_ns() / 1000;
    /* may be a little later than the turn's now */
    int32_t age = (int32_t)((uint32_t)d->now_us - at_us);
    *p = (struct published){.revision = revision, .at_us = d->now_us - age};
}

void delivery_sent(struct delivery *d, int64_t revision)
{
    struct published *p = event_at(d, revision);
    if (p->revision != revision)
        return;
    if (p->sent++ == 0)
        d->of_turn[d->n++] = (uint16_t)(p - d->events);
}

static int bucket_of(int64_t us)
{
    int b = 0;
    while (b < AREA_DELIVERY_BUCKETS - 1 && us > bounds_us[b])
        b++;
    return b;
}

void delivery_turn_over(struct delivery *d)
{
    d->now_us = 0;
    if (d->n == 0)
        return;
    int64_t now_us = clock_ns() / 1000;
    for (int i = 0; i < d->n; i++) {
        struct published *p = &d->events[d->of_turn[i]];
        int64_t us = now_us > p->at_us ? now_us - p->at_us : 0;
        area_delivered(d->area, d->index, bucket_of(us), p->sent, (uint64_t)us * p->sent);
        p->sent = 0;
    }
    d->n = 0;
}

void delivery_put(const struct area *area, struct buf *out, const char *name)
{
    uint64_t sum = 0, us = 0;
    for (int b = 0; b < AREA_DELIVERY_BUCKETS; b++) {
        for (int i = 0; i < area->consumers; i++)
            sum += atomic_load_explicit(&area->child[i].delivery[b], memory_order_relaxed);
        if (b < AREA_DELIVERY_BUCKETS - 1)
            buf_printf(out, "%s_bucket{le=\"%g\"} %llu\n", name, bounds_us[b] / 1e6, (unsigned long long)sum);
        else
            buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)sum);
    }
    for (int i = 0; i < area->consumers; i++)
        us += atomic_load_explicit(&area->child[i].delivery_us, memory_order_relaxed);
    buf_printf(out, "%s_sum %.9g\n%s_count %llu\n", name, (double)us / 1e6, name, (unsigned long long)sum);
}
