/* Objects by key and in key order. A page that was damaged on disk shows as absent records, never as a crash:
 * each view is checked for what its offsets promise before it is handed out. */
#include <errno.h>
#include "shm/base/must.h"
#include "shm/cache/cursor.h"

const struct record *snapshot_object(struct snapshot *s, const struct key *k)
{
    MDB_val key = str_val(key_str(k)), value;
    if (mdb_get(snapshot_txn(s), snapshot_cache(s)->objects, &key, &value))
        return NULL;
    return record_view(val_str(value));
}

bool snapshot_proto(struct snapshot *s, const struct record *r, struct str part[2])
{
    part[0] = record_proto(r);
    part[1] = STR_NONE;
    if (!(r->flags & RECORD_APART))
        return part[0].n > 0;
    struct key k;
    k.n = 0;
    if (!(r->flags & RECORD_NUMBERED))
        key_make(&k, r->resource, record_ns(r), record_name(r));
    MDB_val key = str_val(record_rest_key(r, key_str(&k))), value;
    if (mdb_get(snapshot_txn(s), record_rest_dbi(snapshot_cache(s), r), &key, &value) ||
        record_part_bytes(r) + value.mv_size != record_whole_bytes(r))
        return false;
    part[0] = (struct str){(const char *)r + r->proto_off, record_part_bytes(r) - r->proto_off};
    part[1] = val_str(value);
    return true;
}

/* Where a scan of prefix begins: the later of the two. */
static struct str first_key(const struct key *prefix, const struct key *from)
{
    struct str p = key_str(prefix);
    if (!from || str_cmp(key_str(from), p) < 0)
        return p;
    return key_str(from);
}

int cursor_seek(MDB_cursor *cur, struct str from, bool after, MDB_val *k, MDB_val *v)
{
    *k = str_val(from);
    int rc = mdb_cursor_get(cur, k, v, MDB_SET_RANGE);
    if (rc == 0 && after && str_eq(val_str(*k), from))
        rc = mdb_cursor_get(cur, k, v, MDB_NEXT);
    return rc;
}

int scan_open(struct scan *sc, struct snapshot *s, const struct key *prefix, const struct key *from,
              bool after)
{
    *sc = (struct scan){.snap = snapshot_ref(s), .prefix = *prefix};
    sc->cur = snapshot_cursor_take(s, snapshot_cache(s)->objects);
    int rc = sc->cur ? cursor_seek(sc->cur, first_key(prefix, from), after && from, &sc->k, &sc->v) : EIO;
    sc->done = rc != 0;
    if (rc == 0 || rc == MDB_NOTFOUND)
        return 0;
    scan_close(sc);
    return -EIO;
}

const struct record *scan_next(struct scan *sc, struct str *key)
{
    while (!sc->done) {
        MDB_val k = sc->k, v = sc->v;
        if (!str_starts(val_str(k), key_str(&sc->prefix)))
            break;
        sc->done = mdb_cursor_get(sc->cur, &sc->k, &sc->v, MDB_NEXT) != 0;
        if (!sc->done)
            record_prefetch(sc->v);
        const struct record *r = record_view(val_str(v));
        if (!r)
            continue;
        if (key)
            *key = val_str(k);
        return r;
    }
    sc->done = true;
    return NULL;
}

void scan_close(struct scan *sc)
{
    if (!sc->snap)
        return;
    snapshot_cursor_give(sc->snap, sc->cur);
    snapshot_unref(sc->snap);
    sc->cur = NULL;
    sc->snap = NULL;
    sc->done = true;
}

static uint32_t resource_of(struct str key)
{
    const unsigned char *b = (const unsigned char *)key.p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

int64_t snapshot_tally(struct snapshot *s, struct key *at, int64_t max,
                       void (*add)(void *arg, uint32_t resource), void *arg)
{
    MDB_cursor *cur = snapshot_cursor_take(s, snapshot_cache(s)->objects);
    MDB_val k = {0}, v;
    int64_t n = 0;
    if (!cur)
        return 0;
    int rc = at->n ? cursor_seek(cur, key_str(at), true, &k, &v) : mdb_cursor_get(cur, &k, &v, MDB_FIRST);
    while (rc == 0 && k.mv_size > 4 && k.mv_size <= KEY_MAX) {
        add(arg, resource_of(val_str(k)));
        if (++n == max)
            break;
        rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT);
    }
    if (n == max) {
        at->n = (uint16_t)k.mv_size;
        memcpy(at->b, k.mv_data, k.mv_size);
    }
    snapshot_cursor_give(s, cur);
    return n;
}
