/* Two hashes over the same edges: by owner, to find all dependents, and by (owner, dependent), so that an
 * owner with many thousand dependents costs no more per change than one with two. */
#include "worker/keeper/graph.h"

#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define BUCKETS_FIRST 1024u

struct edge {
    uint64_t owner, pair;
    struct edge *pair_next;
    struct edge *owner_next, *owner_prev;
    uint32_t key_bytes;
    char key[];
};

struct graph {
    struct edge **by_owner, **by_pair;
    uint32_t nbuckets;
    int64_t n;
};

static void alloc_buckets(struct graph *g, uint32_t n)
{
    g->by_owner = calloc(n, sizeof(*g->by_owner));
    g->by_pair = calloc(n, sizeof(*g->by_pair));
    must(g->by_owner && g->by_pair);
    g->nbuckets = n;
}

struct graph *graph_new(void)
{
    struct graph *g = calloc(1, sizeof(*g));

    must(g != NULL);
    alloc_buckets(g, BUCKETS_FIRST);
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    for (uint32_t i = 0; i < g->nbuckets; i++) {
        while (g->by_pair[i]) {
            struct edge *e = g->by_pair[i];

            g->by_pair[i] = e->pair_next;
            free(e);
        }
    }
    free(g->by_owner);
    free(g->by_pair);
    free(g);
}

static void link_edge(struct graph *g, struct edge *e)
{
    struct edge **o = &g->by_owner[e->owner & (g->nbuckets - 1)];
    struct edge **p = &g->by_pair[e->pair & (g->nbuckets - 1)];

    e->owner_prev = NULL;
    e->owner_next = *o;
    if (*o)
        (*o)->owner_prev = e;
    *o = e;
    e->pair_next = *p;
    *p = e;
}

static void grow(struct graph *g)
{
    struct edge **owners = g->by_owner, **pairs = g->by_pair;
    uint32_t n = g->nbuckets;

    alloc_buckets(g, n * 2);
    for (uint32_t i = 0; i < n; i++) {
        while (pairs[i]) {
            struct edge *e = pairs[i];

            pairs[i] = e->pair_next;
            link_edge(g, e);
        }
    }
    free(owners);
    free(pairs);
}

static struct edge **find(struct graph *g, uint64_t owner, struct str key, uint64_t *pair)
{
    struct edge **at;

    *pair = hash_more(owner, key);
    at = &g->by_pair[*pair & (g->nbuckets - 1)];
    while (*at && !((*at)->pair == *pair && (*at)->owner == owner &&
                    str_eq((struct str){(*at)->key, (*at)->key_bytes}, key)))
        at = &(*at)->pair_next;
    return at;
}

void graph_add(struct graph *g, struct str owner_uid, struct str key)
{
    uint64_t owner = hash_str(owner_uid), pair;
    struct edge *e;

    if (*find(g, owner, key, &pair))
        return;
    if (g->n >= g->nbuckets)
        grow(g);
    e = malloc(sizeof(*e) + key.n);
    must(e != NULL);
    *e = (struct edge){.owner = owner, .pair = pair, .key_bytes = (uint32_t)key.n};
    memcpy(e->key, key.p, key.n);
    link_edge(g, e);
    g->n++;
}

void graph_remove(struct graph *g, struct str owner_uid, struct str key)
{
    uint64_t owner = hash_str(owner_uid), pair;
    struct edge **at = find(g, owner, key, &pair), *e = *at;

    if (!e)
        return;
    *at = e->pair_next;
    if (e->owner_prev)
        e->owner_prev->owner_next = e->owner_next;
    else
        g->by_owner[owner & (g->nbuckets - 1)] = e->owner_next;
    if (e->owner_next)
        e->owner_next->owner_prev = e->owner_prev;
    free(e);
    g->n--;
}

void graph_each(const struct graph *g, struct str owner_uid, void (*fn)(void *arg, struct str key), void *arg)
{
    uint64_t owner = hash_str(owner_uid);

    for (const struct edge *e = g->by_owner[owner & (g->nbuckets - 1)]; e; e = e->owner_next) {
        if (e->owner == owner)
            fn(arg, (struct str){e->key, e->key_bytes});
    }
}

int64_t graph_edges(const struct graph *g)
{
    return g->n;
}
