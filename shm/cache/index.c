/* The index: one key an object and indexed field. Because keys can be cut to hashes, and because a value is
 * the user's text, a hit is believed only after the record's own field was compared. */
#include <errno.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"

#define SLOT_AT 4
#define VALUE_AT 6
#define HASH_DIGITS 16
#define RESOURCE_BYTES 4

static void put_digits(unsigned char *to, uint64_t h)
{
    for (int i = HASH_DIGITS - 1; i >= 0; i--, h >>= 4)
        to[i] = (unsigned char)"0123456789abcdef"[h & 15];
}

/* Adds s to k in at most max bytes. false: it was cut. */
static bool put_cut(struct key *k, struct str s, size_t max)
{
    bool whole = s.n <= max;
    size_t n = whole ? s.n : max - HASH_DIGITS;
    if (n)
        memcpy(k->b + k->n, s.p, n);
    k->n = (uint16_t)(k->n + n);
    if (whole)
        return true;
    put_digits(k->b + k->n, hash_str(s));
    k->n += HASH_DIGITS;
    return false;
}

void index_prefix(struct key *k, uint32_t resource, uint16_t slot, struct str value)
{
    for (int i = 0; i < SLOT_AT; i++)
        k->b[i] = (unsigned char)(resource >> (24 - 8 * i));
    k->b[SLOT_AT] = (unsigned char)(slot >> 8);
    k->b[SLOT_AT + 1] = (unsigned char)slot;
    k->n = VALUE_AT;
    put_cut(k, value, INDEX_VALUE_MAX);
    k->b[k->n++] = 0;
}

bool index_tail(struct key *k, struct str objects_key)
{
    must(objects_key.n >= RESOURCE_BYTES);
    struct str tail = {objects_key.p + RESOURCE_BYTES, objects_key.n - RESOURCE_BYTES};
    return put_cut(k, tail, (size_t)KEY_MAX - k->n);
}

/* The first index key of the range, considering where an earlier page ended. */
static void first_key(const struct index_scan *sc, const struct key *from, struct key *out)
{
    *out = sc->prefix;
    if (!from || from->n < RESOURCE_BYTES)
        return;
    struct key k = sc->prefix;
    k.n = (uint16_t)(sc->value_at + 1);
    index_tail(&k, key_str(from));
    if (str_cmp(key_str(&k), key_str(out)) > 0)
        *out = k;
}

/* Whether the record's field really has the value of this scan. */
static bool value_matches(const struct index_scan *sc, const struct record *r)
{
    uint16_t slot = (uint16_t)(sc->prefix.b[SLOT_AT] << 8 | sc->prefix.b[SLOT_AT + 1]);
    struct str want = {(const char *)sc->prefix.b + VALUE_AT, sc->value_at - VALUE_AT};
    struct str have = record_table_field(record_table_view(r), slot);
    if (have.n <= INDEX_VALUE_MAX)
        return str_eq(have, want);
    struct key k;
    index_prefix(&k, sc->resource, slot, have);
    return str_eq((struct str){(const char *)k.b + VALUE_AT, (size_t)k.n - 1 - VALUE_AT}, want);
}

/* The objects key that an entry of the index stands for. false: it is damaged. */
static bool objects_key(const struct index_scan *sc, MDB_val k, MDB_val v, struct key *out)
{
    if (v.mv_size) {
        if (v.mv_size > KEY_MAX)
            return false;
        memcpy(out->b, v.mv_data, v.mv_size);
        out->n = (uint16_t)v.mv_size;
        return true;
    }
    size_t tail = k.mv_size - sc->value_at - 1;
    memcpy(out->b, sc->prefix.b, RESOURCE_BYTES);
    memcpy(out->b + RESOURCE_BYTES, (const char *)k.mv_data + sc->value_at + 1, tail);
    out->n = (uint16_t)(RESOURCE_BYTES + tail);
    return true;
}

/* Puts what the cursor's entry points to in sc->v, or ends the scan. */
static void look_up(struct index_scan *sc, int rc, MDB_val k, MDB_val v)
{
    struct key key;
    sc->v = (MDB_val){0};
    sc->done = rc != 0 || !str_starts(val_str(k), key_str(&sc->prefix));
    if (sc->done || !objects_key(sc, k, v, &key))
        return;
    MDB_val object = str_val(key_str(&key));
    if (mdb_get(snapshot_txn(sc->snap), snapshot_cache(sc->snap)->objects, &object, &sc->v) == 0)
        record_prefetch(sc->v);
    else
        sc->v = (MDB_val){0};
}

int index_scan_open(struct index_scan *sc, struct snapshot *s, uint32_t resource, uint16_t slot,
                    struct str value, struct str ns, const struct key *from, bool after)
{
    *sc = (struct index_scan){.snap = snapshot_ref(s), .resource = resource};
    index_prefix(&sc->prefix, resource, slot, value);
    sc->value_at = (size_t)sc->prefix.n - 1;
    if (ns.n) {
        put_cut(&sc->prefix, ns, (size_t)KEY_MAX - 1 - sc->prefix.n);
        sc->prefix.b[sc->prefix.n++] = 0;
    }
    struct key first;
    first_key(sc, from, &first);
    MDB_val k = str_val(key_str(&first)), v = {0};
    sc->cur = snapshot_cursor_take(s, snapshot_cache(s)->index);
    int rc = sc->cur ? cursor_seek(sc->cur, key_str(&first), after && from, &k, &v) : EIO;
    look_up(sc, rc, k, v);
    if (rc == 0 || rc == MDB_NOTFOUND)
        return 0;
    index_scan_close(sc);
    return -EIO;
}

const struct record *index_scan_next(struct index_scan *sc)
{
    while (!sc->done) {
        MDB_val k, v, this = sc->v;
        int rc = mdb_cursor_get(sc->cur, &k, &v, MDB_NEXT);
        look_up(sc, rc, k, v);
        const struct record *r = record_view(val_str(this));
        if (r && value_matches(sc, r))
            return r;
    }
    return NULL;
}

void index_scan_close(struct index_scan *sc)
{
    if (!sc->snap)
        return;
    snapshot_cursor_give(sc->snap, sc->cur);
    snapshot_unref(sc->snap);
    sc->cur = NULL;
    sc->snap = NULL;
    sc->done = true;
}
