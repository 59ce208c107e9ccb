/* One hash finds a piece of work again, two lists order it: ready in order of arrival, later by time. */
#include "worker/keeper/queue.h"

#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define BUCKETS_FIRST 256u
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 60000

struct list {
    struct work *first, *last;
};

struct queue {
    struct work **buckets;
    uint32_t nbuckets;
    int n, waiting;
    struct list ready, later;
};

struct queue *queue_new(void)
{
    struct queue *q = calloc(1, sizeof(*q));

    must(q != NULL);
    q->nbuckets = BUCKETS_FIRST;
    q->buckets = calloc(q->nbuckets, sizeof(*q->buckets));
    must(q->buckets != NULL);
    return q;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    for (uint32_t i = 0; i < q->nbuckets; i++) {
        while (q->buckets[i]) {
            struct work *w = q->buckets[i];

            q->buckets[i] = w->chain;
            free(w);
        }
    }
    free(q->buckets);
    free(q);
}

static uint64_t hash_of(enum task task, uint32_t resource, struct str ns, struct str name)
{
    uint64_t h = HASH_SEED ^ ((uint64_t)task << 32 | resource);

    return hash_more(hash_more(hash_more(h, ns), STR("/")), name);
}

static struct work **place(struct queue *q, enum task task, uint32_t resource, struct str ns, struct str name)
{
    struct work **at = &q->buckets[hash_of(task, resource, ns, name) & (q->nbuckets - 1)];

    while (*at && !((*at)->task == task && (*at)->resource == resource && str_eq((*at)->ns, ns) &&
                    str_eq((*at)->name, name)))
        at = &(*at)->chain;
    return at;
}

static void grow(struct queue *q)
{
    uint32_t n = q->nbuckets * 2;
    struct work **old = q->buckets, **buckets = calloc(n, sizeof(*buckets));

    must(buckets != NULL);
    for (uint32_t i = 0; i < q->nbuckets; i++) {
        while (old[i]) {
            struct work *w = old[i];
            uint64_t h = hash_of(w->task, w->resource, w->ns, w->name);

            old[i] = w->chain;
            w->chain = buckets[h & (n - 1)];
            buckets[h & (n - 1)] = w;
        }
    }
    free(old);
    q->buckets = buckets;
    q->nbuckets = n;
}

static void unlink_from(struct list *l, struct work *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        l->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        l->last = w->prev;
    w->next = w->prev = NULL;
}

/* Behind all that are due no later. */
static void link_into(struct queue *q, struct work *w)
{
    struct list *l = w->due_ms ? &q->later : &q->ready;
    struct work *after = l->last;

    while (w->due_ms && after && after->due_ms > w->due_ms)
        after = after->prev;
    w->prev = after;
    w->next = after ? after->next : l->first;
    if (w->next)
        w->next->prev = w;
    else
        l->last = w;
    if (after)
        after->next = w;
    else
        l->first = w;
    q->waiting++;
}

static void take_out(struct queue *q, struct work *w)
{
    unlink_from(w->due_ms ? &q->later : &q->ready, w);
    q->waiting--;
}

static struct work *work_new(enum task task, uint32_t resource, struct str ns, struct str name)
{
    struct work *w = calloc(1, sizeof(*w) + ns.n + name.n + 1);
    char *text = (char *)(w + 1);

    must(w != NULL);
    w->task = task;
    w->resource = resource;
    if (ns.n)
        memcpy(text, ns.p, ns.n);
    if (name.n)
        memcpy(text + ns.n, name.p, name.n);
    w->ns = (struct str){text, ns.n};
    w->name = (struct str){text + ns.n, name.n};
    return w;
}

void queue_add(struct queue *q, enum task task, uint32_t resource, struct str ns, struct str name,
               int64_t due_ms)
{
    struct work **at = place(q, task, resource, ns, name), *w = *at;

    if (w && w->running) {
        w->again = true;
        return;
    }
    if (w) {
        if (w->due_ms == 0 || (due_ms && due_ms >= w->due_ms))
            return;
        take_out(q, w);
    } else {
        *at = w = work_new(task, resource, ns, name);
        q->n++;
    }
    w->due_ms = due_ms;
    link_into(q, w);
    if ((uint32_t)q->n > q->nbuckets)
        grow(q);
}

struct work *queue_take(struct queue *q, int64_t now_ms)
{
    struct work *w = q->ready.first;

    if (q->later.first && q->later.first->due_ms <= now_ms)
        w = q->later.first;
    if (!w)
        return NULL;
    take_out(q, w);
    w->running = true;
    w->again = false;
    return w;
}

void queue_done(struct queue *q, struct work *w, bool ok, int64_t now_ms)
{
    int64_t pause = PAUSE_FIRST_MS;

    w->running = false;
    if (ok && !w->again) {
        struct work **at = place(q, w->task, w->resource, w->ns, w->name);

        *at = w->chain;
        q->n--;
        free(w);
        return;
    }
    w->failures = ok ? 0 : w->failures + 1;
    for (int i = 1; i < w->failures && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    w->due_ms = ok ? 0 : now_ms + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
    link_into(q, w);
}

int64_t queue_due_ms(const struct queue *q)
{
    if (q->ready.first)
        return 0;
    return q->later.first ? q->later.first->due_ms : -1;
}

int queue_waiting(const struct queue *q)
{
    return q->waiting;
}
