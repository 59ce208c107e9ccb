/* 150,000 keys are compared, and few differ, so of those that were seen only two hashes each are kept: 128
 * bits, which do not meet by chance. */
#include "shm/watcher/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"
#include "shm/cache/log.h"

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

struct gone {
    int64_t revision, made_again; /* 0: not said yet; not */
    size_t at;                    /* in names */
    uint16_t key_bytes;
};

struct diff {
    struct cache *cache;
    MDB_txn *txn;
    int64_t floor;
    struct mark *marks;
    size_t slots, used;
    struct differs *list;
    size_t n, room;
    struct gone *gone;
    size_t ngone, gone_room, told;
    bool counted;
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

static int read_floor(struct diff *d)
{
    MDB_cursor *cur;
    MDB_val k, v;
    int rc = cache_meta_get(d->cache, d->txn, CACHE_META_REVISION, &d->floor);
    if (rc && rc != -ENOENT)
        return rc;
    if (mdb_cursor_open(d->txn, d->cache->log, &cur))
        return -EIO;
    if (mdb_cursor_get(cur, &k, &v, MDB_LAST) == 0 && log_key_revision(k) > d->floor)
        d->floor = log_key_revision(k);
    mdb_cursor_close(cur);
    return 0;
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
    if (read_floor(d)) {
        diff_free(d);
        return NULL;
    }
    return d;
}

void diff_free(struct diff *d)
{
    if (!d)
        return;
    if (d->txn)
        mdb_txn_abort(d->txn);
    buf_free(&d->names);
    free(d->marks);
    free(d->list);
    free(d->gone);
    free(d);
}

int64_t diff_floor(const struct diff *d)
{
    return d->floor;
}

static void add_gone(struct diff *d, struct str key, int64_t made_again)
{
    if (d->ngone == d->gone_room) {
        d->gone_room = d->gone_room ? d->gone_room * 2 : 64;
        d->gone = realloc(d->gone, d->gone_room * sizeof(*d->gone));
        must(d->gone != NULL);
    }
    d->gone[d->ngone++] =
        (struct gone){.made_again = made_again, .at = d->names.n, .key_bytes = (uint16_t)key.n};
    buf_str(&d->names, key);
}

/* NULL: it is not there. */
static const struct record *cached(const struct diff *d, const struct key *k)
{
    MDB_val key = str_val(key_str(k)), v;
    return mdb_get(d->txn, d->cache->objects, &key, &v) ? NULL : record_view(val_str(v));
}

void diff_seen(struct diff *d, const struct key *k, struct str etcd_key, int64_t create_revision,
               int64_t mod_revision)
{
    const struct record *r = cached(d, k);
    remember(d, key_str(k));
    if (r && r->mod_revision == mod_revision)
        return;
    if (r && r->create_revision < create_revision && create_revision > d->floor + 1)
        add_gone(d, key_str(k), create_revision);
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

static bool was_seen(const struct diff *d, struct str key)
{
    return find(d->marks, d->slots, mark_of(key))->a != 0;
}

static void look_for_gone(struct diff *d)
{
    MDB_cursor *cur;
    MDB_val key, v;
    if (d->counted || mdb_cursor_open(d->txn, d->cache->objects, &cur))
        return;
    d->counted = true;
    while (mdb_cursor_get(cur, &key, &v, MDB_NEXT) == 0)
        if (key.mv_size <= KEY_MAX && !was_seen(d, val_str(key)))
            add_gone(d, val_str(key), 0);
    mdb_cursor_close(cur);
}

size_t diff_gone_count(struct diff *d, const struct diff *before)
{
    size_t n = 0;
    look_for_gone(d);
    for (size_t i = 0; i < d->ngone; i++) {
        const struct gone *g = &d->gone[i];
        n += !g->made_again && (!before || was_seen(before, (struct str){d->names.p + g->at, g->key_bytes}));
    }
    return n;
}

static int gone_by_revision(const void *a, const void *b)
{
    const struct gone *x = a, *y = b;
    if (x->revision != y->revision)
        return x->revision < y->revision ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool is_taken(const struct diff *d, const struct marks *marks, int64_t revision)
{
    size_t from = 0, to = d->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (d->list[mid].revision == revision)
            return true;
        if (d->list[mid].revision < revision)
            from = mid + 1;
        else
            to = mid;
    }
    for (int i = 0; i < marks_count(marks); i++)
        if (marks_at(marks, i) == revision)
            return true;
    return false;
}

static int64_t newest_free(const struct diff *d, const struct marks *marks, int64_t upto)
{
    int64_t r = upto;
    while (r > d->floor && is_taken(d, marks, r))
        r--;
    return r > d->floor ? r : upto;
}

size_t diff_sort(struct diff *d, int64_t at, const struct diff *before, const struct marks *marks)
{
    int next = 0, n = before ? marks_count(marks) : 0;
    look_for_gone(d);
    if (d->n)
        qsort(d->list, d->n, sizeof(*d->list), by_revision);
    int64_t last = d->ngone ? newest_free(d, marks, at) : 0;
    for (size_t i = 0; i < d->ngone; i++) {
        struct gone *g = &d->gone[i];
        g->revision = g->made_again ? newest_free(d, marks, g->made_again - 1) : last;
        if (g->made_again || n == 0 || was_seen(before, (struct str){d->names.p + g->at, g->key_bytes}))
            continue;
        g->revision = marks_at(marks, next);
        next += next < n - 1;
    }
    if (d->ngone)
        qsort(d->gone, d->ngone, sizeof(*d->gone), gone_by_revision);
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

bool diff_gone(struct diff *d, int64_t upto, struct key *k, int64_t *revision)
{
    const struct gone *g = &d->gone[d->told];
    if (d->told == d->ngone || g->revision > upto)
        return false;
    k->n = g->key_bytes;
    memcpy(k->b, d->names.p + g->at, g->key_bytes);
    *revision = g->revision;
    d->told++;
    return true;
}
