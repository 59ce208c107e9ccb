#include "worker/follow/follow.h"

#include <unistd.h>
#include "shm/ring/ring.h"

static uint64_t restarts(const struct area *a)
{
    uint64_t sum = 0;
    for (int i = 0; i <= a->consumers; i++)
        sum += atomic_load_explicit(&a->child[i].restarts, memory_order_relaxed);
    return sum;
}

void follow_reap(struct follow *f, bool due)
{
    uint64_t now = restarts(f->area);
    if (!due && now == f->restarts)
        return;
    f->restarts = now;
    cache_reap_readers(f->cache);
}

void follow_new_lineage(struct follow *f)
{
    struct area *a = f->area;
    atomic_store(a->store_ready, 0);
    atomic_store(a->bootstrapped, 0);
    atomic_store(a->wanted, 0);
    atomic_store(a->resealed, 0);
    atomic_store(a->doubted, 0);
    atomic_fetch_add(a->lineage, 1);
    ring_start(a, 0); /* wakes those who sleep */
}

void follow_awake(struct follow *f)
{
    uint64_t bell;
    ssize_t got = read(f->area->watcher_fd, &bell, sizeof(bell));
    (void)got;
}
