/* Stretches are bounded by number, not by what keys look like, so that no choice of names makes one long. A
 * cut walks half a stretch, once in as many additions; joining walks nothing. A count touches the objects of
 * two stretches at most: where the range begins and where it ends. */
#include "shm/cache/counts.h"

#include <errno.h>
#include "shm/cache/cursor.h"

#define FIRST STR("\0")
#define STRETCH_MIN (COUNTS_STRETCH_MAX / 4) /* below it one is joined with the one in front, */
#define JOINED_MAX (COUNTS_STRETCH_MAX / 2)  /* if this is not exceeded */

struct stretch {
    struct key start;
    uint32_t n;
};

static uint32_t number(MDB_val v)
{
    uint32_t n = 0;
    if (v.mv_size == sizeof(n))
        memcpy(&n, v.mv_data, sizeof(n));
    return n;
}

static void key_copy(struct key *to, struct str key)
{
    to->n = (uint16_t)(key.n <= KEY_MAX ? key.n : KEY_MAX);
    memcpy(to->b, key.p, to->n);
}

static int put(struct cache *c, MDB_txn *txn, struct str start, uint32_t n, unsigned flags)
{
    MDB_val k = str_val(start), v = {.mv_size = sizeof(n), .mv_data = &n};
    return mdb_put(txn, c->counts, &k, &v, flags);
}

/* The stretch that the key lies in. */
static int find(MDB_cursor *cur, struct str key, struct stretch *s)
{
    MDB_val k = str_val(key), v;
    int rc = mdb_cursor_get(cur, &k, &v, MDB_SET_RANGE);
    if (rc == 0 && !str_eq(val_str(k), key))
        rc = mdb_cursor_get(cur, &k, &v, MDB_PREV);
    else if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cur, &k, &v, MDB_LAST);
    if (rc && rc != MDB_NOTFOUND)
        return rc;
    key_copy(&s->start, rc ? FIRST : val_str(k));
    s->n = rc ? 0 : number(v);
    return 0;
}

/* Cuts a stretch behind half of its objects. */
static int cut(struct cache *c, MDB_txn *txn, const struct stretch *s)
{
    MDB_cursor *cur;
    MDB_val k;
    uint32_t half = s->n / 2;
    int rc = mdb_cursor_open(txn, c->objects, &cur);
    if (rc)
        return rc;
    k = str_val(key_str(&s->start));
    rc = mdb_cursor_get(cur, &k, NULL, MDB_SET_RANGE);
    for (uint32_t i = 0; i < half && !rc; i++)
        rc = mdb_cursor_get(cur, &k, NULL, MDB_NEXT);
    if (!rc)
        rc = put(c, txn, val_str(k), s->n - half, MDB_NOOVERWRITE);
    if (!rc)
        rc = put(c, txn, key_str(&s->start), half, 0);
    mdb_cursor_close(cur);
    return rc;
}

/* Into the one in front, where both are short. */
static int join(struct cache *c, MDB_txn *txn, MDB_cursor *cur, const struct stretch *s)
{
    MDB_val k, v;
    struct key before;
    int rc = mdb_cursor_get(cur, &k, &v, MDB_PREV);
    if (rc)
        return rc == MDB_NOTFOUND ? 0 : rc;
    uint32_t n = number(v) + s->n;
    if (n > JOINED_MAX)
        return 0;
    key_copy(&before, val_str(k));
    rc = put(c, txn, key_str(&before), n, 0);
    k = str_val(key_str(&s->start));
    return rc ? rc : mdb_del(txn, c->counts, &k, NULL);
}

static int change(struct cache *c, MDB_txn *txn, struct str key, bool added)
{
    MDB_cursor *cur;
    struct stretch s;
    int rc = mdb_cursor_open(txn, c->counts, &cur);
    if (rc)
        return cache_errno(rc);
    rc = find(cur, key, &s);
    if (!rc) {
        s.n += added ? 1 : s.n ? -1u : 0;
        rc = put(c, txn, key_str(&s.start), s.n, 0);
    }
    if (!rc && added && s.n > COUNTS_STRETCH_MAX)
        rc = cut(c, txn, &s);
    if (rc == MDB_NOTFOUND || rc == MDB_KEYEXIST) { /* it has not so many: the database was damaged */
        mdb_cursor_close(cur);
        return counts_rebuild(c, txn);
    }
    if (!rc && !added && s.n < STRETCH_MIN)
        rc = join(c, txn, cur, &s);
    mdb_cursor_close(cur);
    return cache_errno(rc);
}

int counts_added(struct cache *c, MDB_txn *txn, struct str key)
{
    return change(c, txn, key, true);
}

int counts_removed(struct cache *c, MDB_txn *txn, struct str key)
{
    return change(c, txn, key, false);
}

static int count_all(struct cache *c, MDB_txn *txn, MDB_cursor *cur)
{
    struct stretch s = {.n = 0};
    MDB_val k;
    key_copy(&s.start, FIRST);
    int rc = mdb_cursor_get(cur, &k, NULL, MDB_FIRST);
    for (; rc == 0; rc = mdb_cursor_get(cur, &k, NULL, MDB_NEXT)) {
        if (s.n == COUNTS_STRETCH_MAX / 2) {
            if ((rc = put(c, txn, key_str(&s.start), s.n, MDB_APPEND)))
                return rc;
            key_copy(&s.start, val_str(k));
            s.n = 0;
        }
        s.n++;
    }
    return rc == MDB_NOTFOUND ? put(c, txn, key_str(&s.start), s.n, MDB_APPEND) : rc;
}

int counts_rebuild(struct cache *c, MDB_txn *txn)
{
    MDB_cursor *cur;
    int rc = mdb_drop(txn, c->counts, 0);
    if (!rc)
        rc = mdb_cursor_open(txn, c->objects, &cur);
    if (rc)
        return cache_errno(rc);
    rc = count_all(c, txn, cur);
    mdb_cursor_close(cur);
    return cache_errno(rc);
}

/* ---- reading ---- */

struct range {
    MDB_cursor *objects, *counts;
    struct str prefix;
};

/* Objects of the range from a key on (after: behind it), in front of another (empty: to the end). */
static int64_t walk(const struct range *r, struct str from, bool after, struct str before)
{
    MDB_val k;
    int64_t n = 0;
    int rc = cursor_seek(r->objects, from, after, &k, NULL);
    for (; rc == 0; rc = mdb_cursor_get(r->objects, &k, NULL, MDB_NEXT)) {
        struct str key = val_str(k);
        if (before.n ? str_cmp(key, before) >= 0 : !str_starts(key, r->prefix))
            break;
        n++;
    }
    return n;
}

static int64_t count(const struct range *r, struct str from, bool after, int64_t max)
{
    MDB_val k, v;
    int64_t n = 0;
    bool inside = cursor_seek(r->counts, from, true, &k, &v) == 0 && str_starts(val_str(k), r->prefix);
    if (!inside)
        return walk(r, from, after, STR_NONE);
    n = walk(r, from, after, val_str(k));
    while (n < max) {
        struct str start = val_str(k);
        uint32_t whole = number(v);
        if (mdb_cursor_get(r->counts, &k, &v, MDB_NEXT) || !str_starts(val_str(k), r->prefix))
            return n + walk(r, start, false, STR_NONE);
        n += whole;
    }
    return n;
}

int64_t snapshot_count(struct snapshot *s, const struct key *prefix, const struct key *after, int64_t max)
{
    struct str p = key_str(prefix), from = after && str_cmp(key_str(after), p) > 0 ? key_str(after) : p;
    struct range r = {.objects = snapshot_cursor_take(s, snapshot_cache(s)->objects),
                      .counts = snapshot_cursor_take(s, snapshot_cache(s)->counts),
                      .prefix = p};
    int64_t n = r.objects && r.counts ? count(&r, from, after != NULL, max) : 0;
    snapshot_cursor_give(s, r.objects);
    snapshot_cursor_give(s, r.counts);
    return n < max ? n : max;
}
