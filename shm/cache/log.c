/* Reading the watch window. Revisions are not dense in it (nothing promises one event a revision), so a scan
 * walks keys; what has left it is known from meta's compacted revision alone. */
#include "shm/cache/log.h"

#include <errno.h>
#include "shm/cache/cursor.h"

static bool part(struct str value, uint32_t off, uint32_t n, struct str *out)
{
    *out = (struct str){value.p + off, n};
    return (uint64_t)off + n <= value.n;
}

bool log_decode(int64_t revision, struct str value, struct event *e, const struct record **before)
{
    const struct log_value *h = (const struct log_value *)value.p;
    struct str key, prev, record;
    if (value.n < sizeof(*h) || h->type < EVENT_ADDED || h->type > EVENT_DELETED)
        return false;
    if (!part(value, h->key_off, h->key_bytes, &key) || !part(value, h->prev_off, h->prev_bytes, &prev) ||
        !part(value, h->record_off, h->record_bytes, &record))
        return false;
    const struct record *old = prev.n ? record_view(prev) : NULL;
    *e = (struct event){.revision = revision,
                        .more = (h->flags & LOG_MORE) != 0,
                        .type = h->type,
                        .resource = h->resource,
                        .wall_ms = h->wall_ms,
                        .key = key,
                        .record = record_view(record),
                        .prev = h->type == EVENT_MODIFIED ? old : NULL};
    if (before)
        *before = old;
    return e->record && (old || h->type == EVENT_ADDED);
}

bool log_get(struct snapshot *s, int64_t revision, uint32_t sub, struct event *e)
{
    struct log_key lk = log_key_of(revision, sub);
    MDB_val k = log_key_val(&lk), v;
    if (mdb_get(snapshot_txn(s), snapshot_cache(s)->log, &k, &v))
        return false;
    bool ok = log_decode(revision, val_str(v), e, NULL);
    e->sub = sub;
    return ok;
}

int log_scan_open(struct log_scan *sc, struct snapshot *s, int64_t after)
{
    *sc = (struct log_scan){.done = true};
    if (after < snapshot_compacted(s))
        return -ESTALE;
    sc->cur = snapshot_cursor_take(s, snapshot_cache(s)->log);
    if (!sc->cur)
        return -EIO;
    sc->snap = snapshot_ref(s);
    sc->after = after;
    sc->done = false; /* events of a load under way lie behind the snapshot's revision */
    return 0;
}

static int step(struct log_scan *sc, MDB_val *k, MDB_val *v)
{
    if (sc->started)
        return mdb_cursor_get(sc->cur, k, v, MDB_NEXT);
    sc->started = true;
    struct log_key lk = log_key_of(sc->after + 1, 0);
    *k = log_key_val(&lk);
    return mdb_cursor_get(sc->cur, k, v, MDB_SET_RANGE);
}

bool log_scan_before(struct log_scan *sc, struct event *e, const struct record **before)
{
    MDB_val k, v;
    while (!sc->done) {
        sc->done = step(sc, &k, &v) != 0;
        if (sc->done || !log_decode(log_key_revision(k), val_str(v), e, before))
            continue;
        e->sub = log_key_sub(k);
        return true;
    }
    return false;
}

bool log_scan_next(struct log_scan *sc, struct event *e)
{
    return log_scan_before(sc, e, NULL);
}

void log_scan_close(struct log_scan *sc)
{
    if (!sc->snap)
        return;
    snapshot_cursor_give(sc->snap, sc->cur);
    snapshot_unref(sc->snap);
    sc->cur = NULL;
    sc->snap = NULL;
    sc->done = true;
}
