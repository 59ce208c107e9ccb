/* The shared area: one anonymous file, mapped before the first fork, sparse until touched.
 *
 *   child rows       one a process, each on cache lines of its own
 *   words            revision | store_ready | watcher_asleep | bootstrapped | wanted | sealing and resealed |
 *                    lineage | doubted, a cache line each
 *   ring             shm/ring/ring.h
 *   mailboxes        one a consumer, page aligned: what one producer writes no other touches
 *   statistics       AREA_STATS_BYTES a consumer
 *
 * The handle itself is private memory that each child inherits a copy of. */
#include "shm/area.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include "shm/base/must.h"
#include "shm/ring/ring.h"
#include "shm/store/embedded/mailbox.h"

#define AREA_MAGIC 0x61726561u
#define LINE_BYTES 64u
#define PAGE_BYTES 4096u

static size_t pages(size_t n)
{
    return (n + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

static void *map_bytes(size_t bytes)
{
    int fd = memfd_create("cubed-area", MFD_CLOEXEC);
    if (fd < 0)
        return MAP_FAILED;
    void *p = MAP_FAILED;
    if (ftruncate(fd, (off_t)bytes) == 0)
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    int saved = errno;
    close(fd);
    errno = saved;
    return p;
}

static int map_area(struct area *a)
{
    size_t rows = pages((size_t)(a->consumers + 1) * sizeof(*a->child));
    size_t ring = pages(ring_shared_bytes());
    size_t boxes = (size_t)a->consumers * mailbox_shared_bytes();
    a->bytes = rows + PAGE_BYTES + ring + boxes + (size_t)a->consumers * AREA_STATS_BYTES;
    char *p = map_bytes(a->bytes);
    if (p == MAP_FAILED)
        return -1;
    a->child = (struct area_child *)p;
    char *words = p + rows;
    a->revision = (_Atomic int64_t *)words;
    a->store_ready = (_Atomic int32_t *)(words + LINE_BYTES);
    a->watcher_asleep = (_Atomic uint32_t *)(words + 2 * LINE_BYTES);
    a->bootstrapped = (_Atomic int32_t *)(words + 3 * LINE_BYTES);
    a->wanted = (_Atomic int64_t *)(words + 4 * LINE_BYTES);
    a->sealing = (_Atomic int64_t *)(words + 5 * LINE_BYTES);
    a->resealed = a->sealing + 1;
    a->lineage = (_Atomic uint64_t *)(words + 6 * LINE_BYTES);
    a->doubted = (_Atomic int32_t *)(words + 7 * LINE_BYTES);
    a->ring = (struct ring_shared *)(words + PAGE_BYTES);
    a->mailbox = (struct mailbox_shared *)(words + PAGE_BYTES + ring);
    a->stats = words + PAGE_BYTES + ring + boxes;
    return 0;
}

static int open_descriptors(struct area *a)
{
    for (int i = 0; i <= a->consumers; i++) {
        int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (fd < 0)
            return -1;
        *(i < a->consumers ? &a->wake_fd[i] : &a->watcher_fd) = fd;
    }
    return 0;
}

struct area *area_new(int workers)
{
    must(workers >= 1 && workers < AREA_CONSUMERS_MAX);
    struct area *a = calloc(1, sizeof(*a));
    if (!a)
        return NULL;
    a->magic = AREA_MAGIC;
    a->consumers = workers + 1;
    a->watcher_fd = -1;
    for (int i = 0; i < AREA_CONSUMERS_MAX; i++)
        a->wake_fd[i] = -1;
    if (getrandom(&a->instance, sizeof(a->instance), 0) == sizeof(a->instance) && map_area(a) == 0 &&
        open_descriptors(a) == 0)
        return a;
    int saved = errno;
    area_free(a);
    errno = saved;
    return NULL;
}

void area_free(struct area *a)
{
    if (!a)
        return;
    must_be(a, AREA_MAGIC);
    for (int i = 0; i < AREA_CONSUMERS_MAX; i++)
        if (a->wake_fd[i] >= 0)
            close(a->wake_fd[i]);
    if (a->watcher_fd >= 0)
        close(a->watcher_fd);
    if (a->child)
        munmap(a->child, a->bytes);
    a->magic = 0;
    free(a);
}

void area_count(struct area *a, int child, enum area_counter c, uint64_t n)
{
    must_be(a, AREA_MAGIC);
    must(child >= 0 && child <= a->consumers && c < AREA_COUNTERS);
    atomic_fetch_add_explicit(&a->child[child].counters[c], n, memory_order_relaxed);
}

void area_delivered(struct area *a, int child, int bucket, uint64_t n, uint64_t us)
{
    must_be(a, AREA_MAGIC);
    must(child >= 0 && child <= a->consumers && bucket >= 0 && bucket < AREA_DELIVERY_BUCKETS);
    struct area_child *c = &a->child[child];
    atomic_fetch_add_explicit(&c->delivery[bucket], n, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->delivery_us, us, memory_order_relaxed);
}

uint64_t area_total(const struct area *a, enum area_counter c)
{
    must_be(a, AREA_MAGIC);
    must(c < AREA_COUNTERS);
    uint64_t sum = 0;
    for (int i = 0; i <= a->consumers; i++)
        sum += atomic_load_explicit(&a->child[i].counters[c], memory_order_relaxed);
    return sum;
}

void area_note(struct area *a, int child, const char *text)
{
    if (!a || a->magic != AREA_MAGIC || child < 0 || child > a->consumers)
        return; /* called while dying: never a second failure */
    char *to = a->child[child].crash_note;
    size_t i = 0;
    for (; i + 1 < AREA_CRASH_NOTE_BYTES && text[i]; i++)
        to[i] = text[i];
    to[i] = 0;
}
