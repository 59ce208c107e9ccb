/* 150,000 keys are compared, and few differ, so of those that were seen only two hashes each are kept: 128
 * bits, which do not meet by chance. */
#include "shm/watcher/diff.h"

#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"

#define FIRST_SLOTS 1024

struct mark {
    uint64_t a, b; /* a is never 0 in a used slot */
};

struct differs {
    int64_t revision;
    size_t at; /* in names: the cache's key, then the one in etcd */
    uint16_t key_bytes;
    uint32_t etcd_bytes;
};

struct diff {
    struct cache *cache;
    MDB_txn *txn;
    MDB_cursor *cur;
    bool started;
    struct mark *marks;
    size_t slots, used;
    struct differs *list;
    size_t n, room;
    struct buf names;
};

static struct mark mark_of(struct str key)
{
    struct mark m = {hash_more(HASH_SEED, key), hash_more(~HASH_SEED, key)};
    m.a += m.a == 0;
    return m;
}

/* The slot that holds m, or the empty one where it belongs. */
static struct mark *find(struct mark *marks, size_t slots, struct mark m)
{
    for (size_t i = m.b & (slots - 1);; i = (i + 1) & (slots - 1))
        if (!marks[i].a || (marks[i].a == m.a && marks[i].b == m.b))
            return &marks[i];
}

static void grow(struct diff *d)
{
    size_t slots = d->slots ? d->slots * 2 : FIRST_SLOTS;
    struct mark *more = calloc(slots, sizeof(*more));
    must(more != NULL);
    for (size_t i = 0; i < d->slots; i++)
        if (d->marks[i].a)
            *find(more, slots, d->marks[i]) = d->marks[i];
    free(d->marks);
    d->marks = more;
    d->slots = slots;
}

static void remember(struct diff *d, struct str key)
{
    if (d->used * 2 >= d->slots)
        grow(d);
    struct mark m = mark_of(key), *slot = find(d->marks, d->slots, m);
    d->used += slot->a == 0;
    *slot = m;
}

struct diff *diff_new(struct cache *c)
{
    struct diff *d = calloc(1, sizeof(*d));
    must(d != NULL);
    d->cache = c;
    grow(d);
    if (mdb_txn_begin(c->env, NULL, MDB_RDONLY, &d->txn)) {
        d->txn = NULL;
        diff_free(d);
        return NULL;
    }
    if (mdb_cursor_open(d->txn, c->objects, &d->cur)) {
        diff_free(d);
        return NULL;
    }
    return d;
}

void diff_free(struct diff *d)
{
    if (!d)
        return;
    if (d->cur)
        mdb_cursor_close(d->cur);
    if (d->txn)
        mdb_txn_abort(d->txn);
    buf_free(&d->names);
    free(d->marks);
    free(d->list);
    free(d);
}

static int64_t cached_revision(const struct diff *d, const struct key *k)
{
    MDB_val key = str_val(key_str(k)), v;
    if (mdb_get(d->txn, d->cache->objects, &key, &v))
        return 0;
    const struct record *r = record_view(val_str(v));
    return r ? r->mod_revision : 0;
}

void diff_seen(struct diff *d, const struct key *k, struct str etcd_key, int64_t mod_revision)
{
    remember(d, key_str(k));
    if (cached_revision(d, k) == mod_revision)
        return;
    if (d->n == d->room) {
        d->room = d->room ? d->room * 2 : 64;
        d->list = realloc(d->list, d->room * sizeof(*d->list));
        must(d->list != NULL);
    }
    d->list[d->n++] = (struct differs){
        .revision = mod_revision, .at = d->names.n, .key_bytes = k->n, .etcd_bytes = (uint32_t)etcd_key.n};
    buf_str(&d->names, key_str(k));
    buf_str(&d->names, etcd_key);
}

static int by_revision(const void *a, const void *b)
{
    const struct differs *x = a, *y = b;
    if (x->revision != y->revision)
        return x->revision < y->revision ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

size_t diff_sort(struct diff *d)
{
    if (d->n)
        qsort(d->list, d->n, sizeof(*d->list), by_revision);
    return d->n;
}

struct str diff_key(const struct diff *d, size_t i, struct key *k)
{
    must(i < d->n);
    const struct differs *e = &d->list[i];
    k->n = e->key_bytes;
    memcpy(k->b, d->names.p + e->at, e->key_bytes);
    return (struct str){d->names.p + e->at + e->key_bytes, e->etcd_bytes};
}

bool diff_gone(struct diff *d, struct key *k)
{
    MDB_val key, v;
    while (mdb_cursor_get(d->cur, &key, &v, d->started ? MDB_NEXT : MDB_FIRST) == 0) {
        d->started = true;
        if (find(d->marks, d->slots, mark_of(val_str(key)))->a || key.mv_size > KEY_MAX)
            continue;
        k->n = (uint16_t)key.mv_size;
        memcpy(k->b, key.mv_data, key.mv_size);
        return true;
    }
    return false;
}
