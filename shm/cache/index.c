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
    MDB_val k = str_val(key_str(&first)), v;
    sc->cur = snapshot_cursor_take(s, snapshot_cache(s)->index);
    int rc = sc->cur ? mdb_cursor_get(sc->cur, &k, &v, MDB_SET_RANGE) : EIO;
    if (rc == 0 && after && from && str_eq(val_str(k), key_str(&first)))
        rc = mdb_cursor_get(sc->cur, &k, &v, MDB_NEXT);
    sc->done = rc != 0;
    if (rc == 0 || rc == MDB_NOTFOUND)
        return 0;
    index_scan_close(sc);
    return -EIO;
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

static const struct record *object_of(const struct index_scan *sc, MDB_val k, MDB_val v)
{
    struct key key;
    if (v.mv_size) {
        if (v.mv_size > KEY_MAX)
            return NULL;
        memcpy(key.b, v.mv_data, v.mv_size);
        key.n = (uint16_t)v.mv_size;
    } else {
        size_t tail = k.mv_size - sc->value_at - 1;
        memcpy(key.b, sc->prefix.b, RESOURCE_BYTES);
        memcpy(key.b + RESOURCE_BYTES, (const char *)k.mv_data + sc->value_at + 1, tail);
        key.n = (uint16_t)(RESOURCE_BYTES + tail);
    }
    const struct record *r = snapshot_object(sc->snap, &key);
    return r && value_matches(sc, r) ? r : NULL;
}

const struct record *index_scan_next(struct index_scan *sc)
{
    while (!sc->done) {
        MDB_val k, v;
        sc->done = mdb_cursor_get(sc->cur, &k, &v, sc->started ? MDB_NEXT : MDB_GET_CURRENT) != 0;
        sc->started = true;
        if (sc->done || !str_starts(val_str(k), key_str(&sc->prefix)))
            break;
        const struct record *r = object_of(sc, k, v);
        if (r)
            return r;
    }
    sc->done = true;
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
