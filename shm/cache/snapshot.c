/* Snapshots and what is read through them. A read transaction is renewed at most once a loop turn; when
 * nobody holds it at the turn's end it is reset (its slot in LMDB's reader table stays ours) and used again,
 * so a steady state allocates nothing. A held one simply stays open until its last holder lets go.
 *
 *   current --snapshots_turn, still referenced--> held --last unref--> idle
 *   current --snapshots_turn, unreferenced------------------------------> idle --snapshot_get--> current
 */
#include "shm/cache/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"

#define SNAPSHOTS_MAGIC 0x736e6173u
#define SNAPSHOT_MAGIC 0x736e6170u
#define CURSORS_KEPT 16

struct holder {
    void (*reclaim)(void *arg);
    void *arg;
};

struct snapshot {
    unsigned magic;
    int refs;
    bool current;
    struct snapshots *owner;
    struct snapshot *next; /* in idle or held */
    MDB_txn *txn;
    size_t txn_id;
    int64_t revision, compacted, since_ms;
    struct holder *holders; /* oldest first */
    int nholders, holders_cap;
};

struct snapshots {
    unsigned magic;
    struct cache *cache;
    struct snapshot *current;
    struct snapshot *idle; /* transactions are reset */
    struct snapshot *held; /* of earlier turns */
    int nheld;
    MDB_cursor *cursors[CURSORS_KEPT];
    int ncursors;
    const _Atomic uint64_t *lineage; /* NULL: no fence */
    uint64_t mine;
};

struct snapshots *snapshots_new(struct cache *c)
{
    struct snapshots *s = calloc(1, sizeof(*s));
    must(s != NULL);
    s->magic = SNAPSHOTS_MAGIC;
    s->cache = c;
    return s;
}

void snapshots_fence(struct snapshots *s, const _Atomic uint64_t *lineage, uint64_t mine)
{
    must_be(s, SNAPSHOTS_MAGIC);
    s->lineage = lineage;
    s->mine = mine;
}

static void destroy(struct snapshot *s)
{
    mdb_txn_abort(s->txn);
    free(s->holders);
    s->magic = 0;
    free(s);
}

static void destroy_all(struct snapshot *list)
{
    for (struct snapshot *next; list; list = next) {
        next = list->next;
        destroy(list);
    }
}

void snapshots_free(struct snapshots *s)
{
    if (!s)
        return;
    must_be(s, SNAPSHOTS_MAGIC);
    for (int i = 0; i < s->ncursors; i++)
        mdb_cursor_close(s->cursors[i]);
    if (s->current)
        destroy(s->current);
    destroy_all(s->idle);
    destroy_all(s->held);
    s->magic = 0;
    free(s);
}

/* One more try after the two conditions that can be mended from here. */
static int begin(struct snapshots *o, MDB_txn **txn)
{
    int rc = *txn ? mdb_txn_renew(*txn) : mdb_txn_begin(o->cache->env, NULL, MDB_RDONLY, txn);
    if (rc == MDB_READERS_FULL) {
        int dead;
        mdb_reader_check(o->cache->env, &dead);
    } else if (rc == MDB_MAP_RESIZED && !o->held) {
        mdb_env_set_mapsize(o->cache->env, 0); /* moves the map: only while no view into it is out */
    } else {
        return rc;
    }
    return *txn ? mdb_txn_renew(*txn) : mdb_txn_begin(o->cache->env, NULL, MDB_RDONLY, txn);
}

/* The same transaction id is the same state: meta need not be read again. */
static int read_meta(struct snapshot *s)
{
    size_t id = mdb_txn_id(s->txn);
    if (id == s->txn_id)
        return 0;
    s->revision = s->compacted = 0;
    s->txn_id = 0;
    int rc = cache_meta_get(s->owner->cache, s->txn, CACHE_META_REVISION, &s->revision);
    if (rc && rc != -ENOENT)
        return rc;
    rc = cache_meta_get(s->owner->cache, s->txn, CACHE_META_COMPACTED, &s->compacted);
    if (rc && rc != -ENOENT)
        return rc;
    s->txn_id = id;
    return 0;
}

static struct snapshot *idle_take(struct snapshots *o)
{
    struct snapshot *s = o->idle;
    if (s) {
        o->idle = s->next;
        return s;
    }
    s = calloc(1, sizeof(*s));
    must(s != NULL);
    s->magic = SNAPSHOT_MAGIC;
    s->owner = o;
    return s;
}

static void idle_give(struct snapshot *s)
{
    if (s->txn)
        mdb_txn_reset(s->txn);
    s->nholders = 0;
    s->next = s->owner->idle;
    s->owner->idle = s;
}

/* A new snapshot object never keeps a NULL transaction in the idle list. */
static struct snapshot *refused(struct snapshot *s, int error)
{
    if (s->txn)
        idle_give(s);
    else
        free(s);
    errno = error;
    return NULL;
}

/* To be asked after a transaction has begun: what is committed behind the change of lineage it may show. */
static bool is_fenced_off(const struct snapshots *o)
{
    atomic_thread_fence(memory_order_acquire);
    return o->lineage && atomic_load_explicit(o->lineage, memory_order_relaxed) != o->mine;
}

struct snapshot *snapshot_get(struct snapshots *o)
{
    must_be(o, SNAPSHOTS_MAGIC);
    if (o->current)
        return snapshot_ref(o->current);
    struct snapshot *s = idle_take(o);
    int rc = begin(o, &s->txn);
    if (rc)
        return refused(s, rc > 0 ? rc : EIO);
    rc = is_fenced_off(o) ? -ESTALE : read_meta(s);
    if (rc)
        return refused(s, -rc);
    s->refs = 1;
    s->current = true;
    s->since_ms = clock_ms();
    o->current = s;
    return s;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    must_be(s, SNAPSHOT_MAGIC);
    s->refs++;
    return s;
}

static void held_remove(struct snapshot *s)
{
    struct snapshot **at = &s->owner->held;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->owner->nheld--;
}

void snapshot_unref(struct snapshot *s)
{
    if (!s)
        return;
    must_be(s, SNAPSHOT_MAGIC);
    must(s->refs > 0);
    if (--s->refs || s->current)
        return;
    held_remove(s);
    idle_give(s);
}

void snapshots_turn(struct snapshots *o)
{
    must_be(o, SNAPSHOTS_MAGIC);
    struct snapshot *s = o->current;
    if (!s)
        return;
    o->current = NULL;
    s->current = false;
    if (!s->refs) {
        idle_give(s);
        return;
    }
    s->next = o->held;
    o->held = s;
    o->nheld++;
}

int snapshots_held(const struct snapshots *o)
{
    must_be(o, SNAPSHOTS_MAGIC);
    return o->nheld;
}

int64_t snapshot_revision(const struct snapshot *s)
{
    must_be(s, SNAPSHOT_MAGIC);
    return s->revision;
}

int64_t snapshot_compacted(const struct snapshot *s)
{
    must_be(s, SNAPSHOT_MAGIC);
    return s->compacted;
}

int64_t snapshots_oldest_ms(const struct snapshots *o)
{
    must_be(o, SNAPSHOTS_MAGIC);
    int64_t since = o->current && o->current->refs ? o->current->since_ms : INT64_MAX;
    for (const struct snapshot *s = o->held; s; s = s->next)
        since = s->since_ms < since ? s->since_ms : since;
    return since == INT64_MAX ? 0 : clock_ms() - since;
}

void snapshot_set_reclaim(struct snapshot *s, void (*reclaim)(void *arg), void *arg)
{
    must_be(s, SNAPSHOT_MAGIC);
    if (s->nholders == s->holders_cap) {
        s->holders_cap = s->holders_cap ? s->holders_cap * 2 : 8;
        s->holders = realloc(s->holders, (size_t)s->holders_cap * sizeof(*s->holders));
        must(s->holders != NULL);
    }
    s->holders[s->nholders++] = (struct holder){reclaim, arg};
}

static void holder_remove(struct snapshot *s, int i)
{
    s->nholders--;
    memmove(s->holders + i, s->holders + i + 1, (size_t)(s->nholders - i) * sizeof(*s->holders));
}

void snapshot_clear_reclaim(struct snapshot *s, void *arg)
{
    must_be(s, SNAPSHOT_MAGIC);
    for (int i = 0; i < s->nholders; i++)
        if (s->holders[i].arg == arg) {
            holder_remove(s, i);
            return;
        }
}

/* Each holder that is there now is asked once. It leaves the list first: it may let go of others, too. */
static int reclaim_one(struct snapshot *s)
{
    int asked = 0;
    for (int n = s->nholders; n > 0 && s->nholders > 0; n--, asked++) {
        struct holder h = s->holders[0];
        holder_remove(s, 0);
        h.reclaim(h.arg);
    }
    return asked;
}

int snapshots_reclaim(struct snapshots *o, int64_t max_ms)
{
    must_be(o, SNAPSHOTS_MAGIC);
    int64_t before = clock_ms() - max_ms;
    int asked = 0;
    for (struct snapshot *s = o->held, *next; s; s = next) {
        if (s->since_ms >= before || !s->nholders) {
            next = s->next;
            continue;
        }
        snapshot_ref(s);
        asked += reclaim_one(s);
        next = s->next; /* read after the callbacks: they may have taken others off the list */
        snapshot_unref(s);
    }
    return asked;
}

MDB_txn *snapshot_txn(const struct snapshot *s)
{
    must_be(s, SNAPSHOT_MAGIC);
    return s->txn;
}

struct cache *snapshot_cache(const struct snapshot *s)
{
    return s->owner->cache;
}

MDB_cursor *snapshot_cursor_take(struct snapshot *s, MDB_dbi dbi)
{
    must_be(s, SNAPSHOT_MAGIC);
    struct snapshots *o = s->owner;
    MDB_cursor *cur;
    for (int i = o->ncursors - 1; i >= 0; i--) {
        cur = o->cursors[i];
        if (mdb_cursor_dbi(cur) != dbi)
            continue;
        o->cursors[i] = o->cursors[--o->ncursors];
        if (mdb_cursor_renew(s->txn, cur) == 0)
            return cur;
        mdb_cursor_close(cur);
        break;
    }
    return mdb_cursor_open(s->txn, dbi, &cur) == 0 ? cur : NULL;
}

void snapshot_cursor_give(struct snapshot *s, MDB_cursor *cur)
{
    if (!cur)
        return;
    struct snapshots *o = s->owner;
    if (o->ncursors < CURSORS_KEPT)
        o->cursors[o->ncursors++] = cur;
    else
        mdb_cursor_close(cur);
}
