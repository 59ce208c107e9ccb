/* A batch is applied whole or not at all; killed in between, the successor asks etcd for the same changes
 * again, because the revision in meta is part of the same transaction.
 *
 * Revisions of the log never fall and events of one revision have places 0, 1, 2, ... in it: what a
 * comparison finds may be split over batches, so the last revision and place are carried from one to the
 * next, and read back from the log at the start. */
#include "shm/watcher/sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"
#include "shm/ring/ring.h"
#include "shm/watcher/apply.h"
#include "shm/watcher/trim.h"

#define SINK_MAGIC 0x73696e6bu
#define WINDOW_BYTES_MIN (1 << 20)

struct place {
    int64_t revision; /* of the last event in the log */
    uint32_t next;    /* places taken there */
};

struct sink {
    unsigned magic;
    struct area *area;
    struct cache *cache;
    struct trim trim;
    struct place last;
    struct ring_event *events;
    int nevents, room;
};

/* ---- one batch ---- */

static struct ring_event *next_event(struct sink *s)
{
    if (s->nevents == s->room) {
        s->room = s->room ? s->room * 2 : 256;
        s->events = realloc(s->events, (size_t)s->room * sizeof(*s->events));
        must(s->events != NULL);
    }
    return &s->events[s->nevents];
}

static int apply_loud(struct sink *s, MDB_txn *txn, const struct load_batch *b, int i, struct place *at)
{
    const struct load_change *ch = &b->changes[i];
    int64_t revision = ch->revision > at->revision ? ch->revision : at->revision;
    uint32_t sub = revision == at->revision ? at->next : 0;
    struct apply_change a = {.verb = ch->verb,
                             .key = key_str(&ch->key),
                             .revision = revision,
                             .sub = sub,
                             .more = i + 1 < b->n && b->changes[i + 1].revision <= revision,
                             .create_revision = ch->create_revision,
                             .draft = ch->draft,
                             .wall_ms = clock_wall_us() / 1000};
    int rc = apply_change(s->cache, txn, &a, next_event(s));
    if (rc)
        return rc == -ENOENT ? 0 : rc; /* it was never here */
    s->nevents++;
    *at = (struct place){revision, sub + 1};
    return 0;
}

static int apply_quiet(struct sink *s, MDB_txn *txn, const struct load_change *ch)
{
    struct apply_change a = {.verb = ch->verb,
                             .key = key_str(&ch->key),
                             .revision = ch->revision,
                             .create_revision = ch->create_revision,
                             .draft = ch->draft};
    return apply_quietly(s->cache, txn, &a);
}

static int put_stand(struct sink *s, MDB_txn *txn, const struct load_batch *b)
{
    int rc = 0;
    if (!b->upto)
        return 0;
    rc = cache_meta_put(s->cache, txn, CACHE_META_REVISION, b->upto);
    if (!rc)
        rc = cache_meta_put(s->cache, txn, LOAD_META_CLUSTER, (int64_t)b->cluster_id);
    if (!rc && b->window)
        rc = cache_meta_put(s->cache, txn, CACHE_META_COMPACTED, b->upto);
    return rc;
}

static int fill(struct sink *s, MDB_txn *txn, const struct load_batch *b, struct place *at, int *trimmed)
{
    int rc = 0;
    s->nevents = 0;
    *trimmed = 0;
    for (int i = 0; i < b->n && !rc; i++)
        rc = b->quiet ? apply_quiet(s, txn, &b->changes[i]) : apply_loud(s, txn, b, i, at);
    if (!rc)
        rc = put_stand(s, txn, b);
    if (rc || !s->nevents)
        return rc;
    *trimmed = trim_run(&s->trim, s->cache, txn, clock_wall_us() / 1000);
    return *trimmed < 0 ? *trimmed : 0;
}

static int commit(struct sink *s, MDB_txn *txn, int rc)
{
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    rc = mdb_txn_commit(txn);
    if (rc && cache_errno(rc) != -ENOSPC)
        log_error("cache: commit failed: %s", mdb_strerror(rc));
    return cache_errno(rc);
}

static int try_batch(struct sink *s, const struct load_batch *b)
{
    struct place at = s->last;
    MDB_txn *txn;
    int trimmed;
    int rc = cache_errno(mdb_txn_begin(s->cache->env, NULL, 0, &txn));
    if (rc)
        return rc;
    rc = commit(s, txn, fill(s, txn, b, &at, &trimmed));
    if (rc)
        return rc;
    s->last = at;
    if (b->upto)
        atomic_store_explicit(s->area->revision, b->upto, memory_order_release);
    area_count(s->area, s->area->consumers, AREA_WINDOW_TRIMMED, (uint64_t)trimmed);
    return 0;
}

/* ---- a full cache ---- */

/* Half of the window goes. */
static int trim_half(struct sink *s)
{
    struct trim hard;
    MDB_txn *txn;
    int rc = cache_errno(mdb_txn_begin(s->cache->env, NULL, 0, &txn));
    if (rc)
        return rc;
    int n = trim_init(&hard, s->cache, txn, 0, INT64_MAX);
    hard.max_bytes = hard.bytes / 2;
    if (!n)
        n = trim_run(&hard, s->cache, txn, clock_wall_us() / 1000);
    return commit(s, txn, n > 0 ? 0 : n ? n : -ENOSPC);
}

int sink_apply(void *sink, const struct load_batch *b)
{
    struct sink *s = sink;
    must_be(s, SINK_MAGIC);
    if (b->n == 0 && !b->upto)
        return 0;
    int rc = try_batch(s, b);
    while (rc == -ENOSPC) {
        log_error("the cache is full; trimming the watch window");
        cache_reap_readers(s->cache);
        if (trim_half(s)) {
            log_error("the cache is full without its window, too: give it more room with --cache-dir or "
                      "--cache-map-bytes");
            return -ENOSPC;
        }
        rc = try_batch(s, b);
    }
    if (rc)
        return rc;
    if (b->quiet && b->upto)
        ring_start(s->area, b->upto);
    else if (s->nevents || b->upto)
        ring_publish(s->area, s->events, s->nevents);
    return 0;
}

int sink_wipe(void *sink)
{
    struct sink *s = sink;
    MDB_txn *txn;
    must_be(s, SINK_MAGIC);
    int rc = cache_errno(mdb_txn_begin(s->cache->env, NULL, 0, &txn));
    if (rc)
        return rc;
    MDB_dbi all[] = {s->cache->objects, s->cache->rests, s->cache->tails,
                     s->cache->counts,  s->cache->log,   s->cache->index};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++)
        rc = cache_errno(mdb_drop(txn, all[i], 0));
    if (!rc)
        rc = cache_meta_put(s->cache, txn, CACHE_META_REVISION, 0);
    if (!rc)
        rc = cache_meta_put(s->cache, txn, CACHE_META_COMPACTED, 0);
    if (!rc)
        rc = cache_meta_put(s->cache, txn, LOAD_META_CLUSTER, 0);
    rc = commit(s, txn, rc);
    if (rc)
        return rc;
    s->last = (struct place){0};
    atomic_store(s->area->revision, 0);
    return 0;
}

/* ---- start ---- */

static int read_last(struct sink *s, MDB_txn *txn)
{
    MDB_cursor *cur;
    MDB_val k, v;
    int rc = mdb_cursor_open(txn, s->cache->log, &cur);
    if (rc)
        return cache_errno(rc);
    rc = mdb_cursor_get(cur, &k, &v, MDB_LAST);
    if (rc == 0)
        s->last = (struct place){log_key_revision(k), log_key_sub(k) + 1};
    mdb_cursor_close(cur);
    return rc == MDB_NOTFOUND ? 0 : cache_errno(rc);
}

static int resume(struct sink *s, const struct sink_options *o)
{
    int64_t window = o->window_bytes < WINDOW_BYTES_MIN ? WINDOW_BYTES_MIN : o->window_bytes, revision = 0;
    MDB_txn *txn;
    int rc = cache_errno(mdb_txn_begin(s->cache->env, NULL, MDB_RDONLY, &txn));
    if (rc)
        return rc;
    rc = cache_meta_get(s->cache, txn, CACHE_META_REVISION, &revision);
    if (!rc || rc == -ENOENT)
        rc = read_last(s, txn);
    if (!rc)
        rc = trim_init(&s->trim, s->cache, txn, window, o->window_ms);
    mdb_txn_abort(txn);
    if (!rc)
        atomic_store(s->area->revision, revision);
    return rc;
}

struct sink *sink_open(struct area *a, struct cache *c, const struct sink_options *o, char *err,
                       size_t err_bytes)
{
    struct sink *s = calloc(1, sizeof(*s));
    must(s != NULL);
    s->magic = SINK_MAGIC;
    s->area = a;
    s->cache = c;
    int rc = resume(s, o);
    if (rc) {
        snprintf(err, err_bytes, "cannot read the cache: %s", strerror(-rc));
        sink_close(s);
        return NULL;
    }
    ring_start(a, atomic_load(a->revision));
    return s;
}

void sink_close(struct sink *s)
{
    if (!s)
        return;
    must_be(s, SINK_MAGIC);
    free(s->events);
    s->magic = 0;
    free(s);
}
