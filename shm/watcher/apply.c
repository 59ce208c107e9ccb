/* One change in an open write transaction. LMDB's views end at the next write of the same transaction, so
 * every view is read again after one: the stored record is looked up to learn sizes, and again to copy from.
 * Records are finished straight into reserved pages. */
#include "shm/watcher/apply.h"

#include <errno.h>
#include "shm/base/hash.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"
#include "shm/cache/log.h"

#define INDEX_OPS_MAX (2 * RECORD_FIELDS_MAX)

struct index_op {
    bool add;
    uint16_t slot;
    struct key prefix;
};

struct work {
    struct cache *cache;
    MDB_txn *txn;
    const struct apply_change *ch;
    enum log_type type;
    size_t prev_bytes, record_bytes;
    int64_t prev_revision, create_revision;
    int nindex;
    struct index_op index[INDEX_OPS_MAX];
};

static int failed(int rc, const char *what)
{
    int e = cache_errno(rc);
    if (e == -EIO)
        log_error("cache: %s: %s", what, mdb_strerror(rc));
    return e;
}

/* -ENOENT when there is none. */
static int stored(const struct work *w, const struct record **r)
{
    MDB_val k = str_val(w->ch->key), v;
    int rc = mdb_get(w->txn, w->cache->objects, &k, &v);
    if (rc == MDB_NOTFOUND)
        return -ENOENT;
    if (rc)
        return failed(rc, "get");
    *r = record_view(val_str(v));
    if (*r)
        return 0;
    log_error("cache: a stored record is damaged");
    return -EIO;
}

/* Value of an indexed slot; false: the table has none. */
static bool indexed_value(const struct record *r, int slot, struct str *value)
{
    struct record_table_view t = record_table_view(r);
    struct str key;
    size_t at = 0;
    int s;
    bool indexed;
    while (record_table_next(t, &at, &s, &key, value, &indexed))
        if (indexed && s == slot)
            return true;
    return false;
}

/* Notes every indexed value of r that other does not have, to be added or removed. */
static void index_diff(struct work *w, const struct record *r, const struct record *other, bool add)
{
    struct record_table_view t = record_table_view(r);
    struct str key, value, old;
    size_t at = 0;
    int slot;
    bool indexed;
    while (w->nindex < INDEX_OPS_MAX && record_table_next(t, &at, &slot, &key, &value, &indexed)) {
        if (!indexed || slot < 0)
            continue;
        if (other && indexed_value(other, slot, &old) && str_eq(old, value))
            continue;
        struct index_op *op = &w->index[w->nindex++];
        op->add = add;
        index_prefix(&op->prefix, r->resource, (uint16_t)slot, value);
    }
}

static int index_apply(struct work *w)
{
    for (int i = 0; i < w->nindex; i++) {
        struct index_op *op = &w->index[i];
        bool whole = index_tail(&op->prefix, w->ch->key);
        MDB_val k = str_val(key_str(&op->prefix));
        MDB_val v = str_val(whole ? STR("") : w->ch->key);
        int rc = op->add ? mdb_put(w->txn, w->cache->index, &k, &v, 0)
                         : mdb_del(w->txn, w->cache->index, &k, NULL);
        if (rc && !(rc == MDB_NOTFOUND && !op->add))
            return failed(rc, "index");
    }
    return 0;
}

/* Hash of the first indexed field; 0: none. */
static uint64_t trigger_hash(const struct record *r)
{
    struct record_table_view t = record_table_view(r);
    struct str key, value;
    size_t at = 0;
    int slot;
    bool indexed;
    while (record_table_next(t, &at, &slot, &key, &value, &indexed))
        if (indexed && slot >= 0)
            return hash_str(value);
    return 0;
}

static void tell(const struct work *w, const struct record *prev, const struct record *now,
                 struct ring_event *ev)
{
    *ev = (struct ring_event){.revision = w->ch->revision,
                              .sub = w->ch->sub,
                              .resource = now->resource,
                              .type = w->type,
                              .ns_hash = hash_str(record_ns(now)),
                              .name_hash = hash_str(record_name(now)),
                              .trigger_hash = trigger_hash(now),
                              .trigger_prev_hash = prev ? trigger_hash(prev) : 0};
}

/* Learns what is to be done. On return no view is kept. */
static int plan(struct work *w, struct ring_event *ev)
{
    const struct record *prev = NULL, *now = w->ch->draft;
    bool deletion = w->ch->verb == STORE_DELETE;
    int rc = stored(w, &prev);
    if (rc && (rc != -ENOENT || deletion))
        return rc;
    if (!now)
        now = prev;
    must(now != NULL);
    w->type = deletion ? EVENT_DELETED : prev ? EVENT_MODIFIED : EVENT_ADDED;
    w->prev_bytes = prev ? prev->bytes : 0;
    w->prev_revision = prev ? prev->mod_revision : 0;
    w->create_revision = w->ch->create_revision ? w->ch->create_revision : prev ? prev->create_revision : 0;
    w->record_bytes = record_finished_bytes(now, w->ch->revision);
    if (prev)
        index_diff(w, prev, deletion ? NULL : now, false);
    if (!deletion)
        index_diff(w, now, prev, true);
    tell(w, prev, now, ev);
    return 0;
}

static int log_apply(struct work *w)
{
    struct log_value h = {.type = (uint16_t)w->type,
                          .flags = w->ch->more ? LOG_MORE : 0,
                          .wall_ms = w->ch->wall_ms,
                          .prev_revision = w->prev_revision,
                          .key_off = sizeof(h),
                          .key_bytes = (uint32_t)w->ch->key.n,
                          .prev_off = (uint32_t)(sizeof(h) + w->ch->key.n),
                          .prev_bytes = (uint32_t)w->prev_bytes,
                          .record_bytes = (uint32_t)w->record_bytes};
    h.record_off = h.prev_off + h.prev_bytes;
    struct log_key lk = log_key_of(w->ch->revision, w->ch->sub);
    MDB_val k = log_key_val(&lk), v = {.mv_size = h.record_off + w->record_bytes};
    int rc = mdb_put(w->txn, w->cache->log, &k, &v, MDB_RESERVE | MDB_APPEND);
    if (rc)
        return failed(rc, "log");
    const struct record *prev = NULL;
    if (w->prev_bytes && stored(w, &prev))
        return -EIO;
    const struct record *now = w->ch->draft ? w->ch->draft : prev;
    char *to = v.mv_data;
    h.resource = now->resource;
    memcpy(to, &h, sizeof(h));
    memcpy(to + h.key_off, w->ch->key.p, w->ch->key.n);
    if (prev)
        memcpy(to + h.prev_off, prev, w->prev_bytes);
    record_finish(to + h.record_off, now, w->ch->revision, w->create_revision);
    return 0;
}

static int objects_apply(struct work *w)
{
    MDB_val k = str_val(w->ch->key), v = {.mv_size = w->record_bytes};
    if (w->ch->verb == STORE_DELETE)
        return failed(mdb_del(w->txn, w->cache->objects, &k, NULL), "delete");
    int rc = mdb_put(w->txn, w->cache->objects, &k, &v, MDB_RESERVE);
    if (rc)
        return failed(rc, "put");
    record_finish(v.mv_data, w->ch->draft, w->ch->revision, w->create_revision);
    return 0;
}

static int apply(struct cache *c, MDB_txn *txn, const struct apply_change *ch, struct ring_event *ev,
                 bool logs)
{
    struct work w;
    w.cache = c;
    w.txn = txn;
    w.ch = ch;
    w.nindex = 0;
    must(ch->verb == STORE_DELETE || ch->draft != NULL);
    int rc = plan(&w, ev);
    if (rc)
        return rc;
    if ((logs && (rc = log_apply(&w))) || (rc = objects_apply(&w)))
        return rc;
    return index_apply(&w);
}

int apply_change(struct cache *c, MDB_txn *txn, const struct apply_change *ch, struct ring_event *ev)
{
    return apply(c, txn, ch, ev, true);
}

int apply_quietly(struct cache *c, MDB_txn *txn, const struct apply_change *ch)
{
    struct ring_event ev;
    return apply(c, txn, ch, &ev, false);
}
