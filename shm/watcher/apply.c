/* One change in an open write transaction. LMDB's views end at the next write of the same transaction, so the
 * stored record is copied into the writer's own memory, whole, and the new one is finished behind it; both go
 * from there into reserved pages. */
#include "shm/watcher/apply.h"

#include <endian.h>
#include <errno.h>
#include "shm/base/hash.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/cache/counts.h"
#include "shm/cache/cursor.h"
#include "shm/cache/log.h"

#define INDEX_OPS_MAX (2 * RECORD_FIELDS_MAX)

/* What LMDB makes of a value: a node in a leaf page if two of its size fit in one, else pages of its own. */
#define PAGE_BYTES 4096u
#define PAGE_HEAD_BYTES 16u
#define NODE_HEAD_BYTES 8u
#define NODE_BYTES_MAX ((PAGE_BYTES - PAGE_HEAD_BYTES) / 2 - 2)

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
    const struct record *prev,
        *now; /* both whole; prev NULL: there was none; now of a deletion: as announced */
    bool prev_apart, prev_numbered;
    char number[RECORD_NUMBER_BYTES]; /* of the rest that there was, or will be */
    int64_t create_revision;
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

static int get(const struct work *w, MDB_dbi dbi, struct str key, struct str *value)
{
    MDB_val k = str_val(key), v;
    int rc = mdb_get(w->txn, dbi, &k, &v);
    if (rc == MDB_NOTFOUND)
        return -ENOENT;
    if (rc)
        return failed(rc, "get");
    *value = val_str(v);
    return 0;
}

/* The stored record into w->prev; `more` bytes are free behind it, at *room. 0 also when there is none. */
static int take_stored(struct work *w, size_t more, char **room)
{
    struct buf *b = &w->cache->work;
    struct str value, rest = STR_NONE;
    int rc = get(w, w->cache->objects, w->ch->key, &value);
    buf_clear(b);
    if (rc == -ENOENT) {
        *room = buf_reserve(b, more);
        return 0;
    }
    if (rc)
        return rc;
    const struct record *r = record_view(value);
    w->prev_apart = r && r->flags & RECORD_APART;
    w->prev_numbered = w->prev_apart && r->flags & RECORD_NUMBERED;
    if (w->prev_numbered)
        memcpy(w->number, record_rest_key(r, w->ch->key).p, sizeof(w->number));
    if (w->prev_apart)
        rc = get(w, record_rest_dbi(w->cache, r), record_rest_key(r, w->ch->key), &rest);
    if (r && rc == 0) {
        size_t bytes = (record_whole_bytes(r) + 7) & ~(size_t)7;
        /* a deletion announces this very record at a revision with more digits */
        char *to = buf_reserve(b, bytes + more + record_whole_bytes(r) + 64);
        w->prev = (const struct record *)(void *)to;
        *room = to + bytes;
        if (record_join(to, r, rest))
            return 0;
    }
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

/* Learns what is to be done, and finishes the new record. */
static int plan(struct work *w, struct ring_event *ev)
{
    const struct apply_change *ch = w->ch;
    bool deletion = ch->verb == STORE_DELETE;
    char *room;
    int rc = take_stored(w, ch->draft ? record_finished_bytes(ch->draft, ch->revision) : 0, &room);
    if (rc == 0 && deletion && !w->prev)
        rc = -ENOENT;
    if (rc)
        return rc;
    const struct record *prev = w->prev;
    w->type = deletion ? EVENT_DELETED : prev ? EVENT_MODIFIED : EVENT_ADDED;
    w->create_revision = ch->create_revision ? ch->create_revision : prev ? prev->create_revision : 0;
    record_finish(room, ch->draft ? ch->draft : prev, ch->revision, w->create_revision);
    w->now = (const struct record *)(void *)room;
    if (prev)
        index_diff(w, prev, deletion ? NULL : w->now, false);
    if (!deletion)
        index_diff(w, w->now, prev, true);
    tell(w, prev, w->now, ev);
    return 0;
}

static int log_apply(struct work *w)
{
    const struct record *prev = w->prev, *now = w->now;
    struct log_value h = {.type = (uint16_t)w->type,
                          .flags = w->ch->more ? LOG_MORE : 0,
                          .resource = now->resource,
                          .wall_ms = w->ch->wall_ms,
                          .prev_revision = prev ? prev->mod_revision : 0,
                          .key_off = sizeof(h),
                          .key_bytes = (uint32_t)w->ch->key.n,
                          .prev_off = (uint32_t)(sizeof(h) + w->ch->key.n),
                          .prev_bytes = prev ? prev->bytes : 0,
                          .record_bytes = now->bytes};
    h.record_off = h.prev_off + h.prev_bytes;
    struct log_key lk = log_key_of(w->ch->revision, w->ch->sub);
    MDB_val k = log_key_val(&lk), v = {.mv_size = (size_t)h.record_off + h.record_bytes};
    int rc = mdb_put(w->txn, w->cache->log, &k, &v, MDB_RESERVE | MDB_APPEND);
    if (rc)
        return failed(rc, "log");
    char *to = v.mv_data;
    memcpy(to, &h, sizeof(h));
    memcpy(to + h.key_off, w->ch->key.p, w->ch->key.n);
    if (prev)
        memcpy(to + h.prev_off, prev, prev->bytes);
    memcpy(to + h.record_off, now, now->bytes);
    return 0;
}

static size_t cost(size_t key, size_t value)
{
    size_t node = NODE_HEAD_BYTES + key + value;
    if (node <= NODE_BYTES_MAX)
        return node;
    size_t pages = (PAGE_HEAD_BYTES + value + PAGE_BYTES - 1) / PAGE_BYTES;
    return pages * PAGE_BYTES + NODE_HEAD_BYTES + key + sizeof(size_t); /* the node holds a page's number */
}

/* Where the record is cut, or 0: behind its json, or within the proto where a page is full, if that takes
 * less room than one value. Where the proto is read with every change, it stays whole. */
static size_t cut_at(const struct work *w)
{
    const struct record *r = w->now;
    size_t key = w->ch->key.n, best = 0, room = cost(key, r->bytes);
    size_t full = (r->bytes + PAGE_HEAD_BYTES) / PAGE_BYTES * PAGE_BYTES;
    size_t cuts[] = {r->proto_off, full ? full - PAGE_HEAD_BYTES - RECORD_NUMBER_BYTES : 0};
    if (r->flags & RECORD_KEPT)
        return 0;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        if (cuts[i] < r->proto_off || cuts[i] >= r->bytes)
            continue;
        size_t now = cost(key, cuts[i] + RECORD_NUMBER_BYTES) + cost(RECORD_NUMBER_BYTES, r->bytes - cuts[i]);
        if (now < room) {
            room = now;
            best = cuts[i];
        }
    }
    return best;
}

static int del(const struct work *w, MDB_dbi dbi, struct str key)
{
    MDB_val k = str_val(key);
    return failed(mdb_del(w->txn, dbi, &k, NULL), "delete");
}

/* The one behind the highest, so that tails are put at the end, where LMDB fills its pages: within, each new
 * one would leave a half empty page behind, because two of them fill one. */
static int new_number(struct work *w)
{
    MDB_cursor *cur;
    MDB_val k, v;
    uint64_t n = 0;
    int rc = mdb_cursor_open(w->txn, w->cache->tails, &cur);
    if (rc)
        return failed(rc, "cursor");
    rc = mdb_cursor_get(cur, &k, &v, MDB_LAST);
    if (rc == 0 && k.mv_size == sizeof(n))
        memcpy(&n, k.mv_data, sizeof(n));
    mdb_cursor_close(cur);
    n = htobe64(be64toh(n) + 1);
    memcpy(w->number, &n, sizeof(n));
    return rc == MDB_NOTFOUND ? 0 : failed(rc, "last");
}

static int put_object(struct work *w, size_t cut)
{
    const struct record *now = w->now;
    size_t bytes = cut ? cut + RECORD_NUMBER_BYTES : now->bytes;
    MDB_val k = str_val(w->ch->key), v = {.mv_size = bytes};
    int rc = cut && !w->prev_numbered ? new_number(w) : 0;
    if (!rc)
        rc = failed(mdb_put(w->txn, w->cache->objects, &k, &v, MDB_RESERVE), "put");
    if (rc)
        return rc;
    if (!cut) {
        memcpy(v.mv_data, now, now->bytes);
        return 0;
    }
    record_split(v.mv_data, now, cut, w->number);
    k = (MDB_val){sizeof(w->number), w->number};
    v = str_val((struct str){(const char *)now + cut, now->bytes - cut});
    return failed(mdb_put(w->txn, w->cache->tails, &k, &v, w->prev_numbered ? 0 : MDB_APPEND), "put");
}

static int objects_apply(struct work *w)
{
    bool deletion = w->ch->verb == STORE_DELETE;
    size_t cut = deletion ? 0 : cut_at(w);
    int rc = 0;
    if (w->prev_numbered && !cut)
        rc = del(w, w->cache->tails, (struct str){w->number, sizeof(w->number)});
    else if (w->prev_apart && !w->prev_numbered)
        rc = del(w, w->cache->rests, w->ch->key);
    if (!rc)
        rc = deletion ? del(w, w->cache->objects, w->ch->key) : put_object(w, cut);
    if (rc || (w->prev && !deletion))
        return rc;
    return deletion ? counts_removed(w->cache, w->txn, w->ch->key)
                    : counts_added(w->cache, w->txn, w->ch->key);
}

static int apply(struct cache *c, MDB_txn *txn, const struct apply_change *ch, struct ring_event *ev,
                 bool logs)
{
    struct work w; /* large: set where it is read */
    w.cache = c;
    w.txn = txn;
    w.ch = ch;
    w.prev = NULL;
    w.prev_apart = w.prev_numbered = false;
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
