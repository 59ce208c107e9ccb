/* The committing side. One batch is one transaction:
 *
 *   1. take waiting requests, one a mailbox in turn, up to batch_max and batch_bytes;
 *   2. check each against the transaction as it stands (requests of one batch see each other), apply it at
 * the next revision, note its result;
 *   3. write all results of the batch under meta "batch", with the area's instance; trim the window; commit
 * (fsync);
 *   4. raise *area->revision, post the answers, publish to the ring, wake.
 *
 * Why no kill applies a request twice or forgets one: a request is done when its mailbox's `answered` counts
 * it. Killed before the commit of 3, nothing happened, and the successor takes the same requests again.
 * Killed after it, the successor finds the batch record and posts what is not posted yet. Only one batch can
 * be in that state, since a batch begins after all answers of the one before were posted; so one record is
 * enough. A record of another instance belongs to mailboxes that died with their master and is dropped.
 * Events that were not published are found by the consumers in the log, because ring_start begins an epoch.
 */
#include "shm/store/embedded/commit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"
#include "shm/ring/ring.h"
#include "shm/store/embedded/incoming.h"
#include "shm/store/embedded/shared.h"
#include "shm/watcher/apply.h"
#include "shm/watcher/trim.h"

#define COMMIT_MAGIC 0x636f6d6du
#define META_BATCH "batch"
#define META_RESERVE "reserve"
#define RESERVE_BYTES (1u << 20)
#define BATCH_MAX_DEFAULT 256
#define BATCH_BYTES_MAX (16u << 20)
#define WINDOW_BYTES_MIN (1u << 20)
#define BATCHES_A_RUN 16
#define RELIEF_INTERVAL_MS 5000
#define DISK_FULL_BYTES (64u << 20)
#define RESERVE_PART 8 /* of the window, for deletions */
#define DELETE_TRIES 8
#define READERS_LEAVE_US 2000 /* a worker's turn: until then its snapshot keeps what was given up */
/* As in etcd: the empty store is at 1, for a resourceVersion of 0 means something else. */
#define FIRST_REVISION 1

/* One request of a batch, and its line in the batch record. */
struct item {
    uint64_t seq;
    int64_t revision, actual;
    uint32_t mailbox;
    int32_t error;
};
_Static_assert(sizeof(struct item) == 32, "a line of the batch record is 32 bytes");

struct batch_head {
    uint64_t instance;
    uint32_t count, spare;
};

struct commit {
    unsigned magic;
    struct area *area;
    struct cache *cache;
    struct trim trim;
    int batch_max;
    size_t batch_bytes;
    int first_mailbox; /* who is asked first, so that nobody always is */
    int64_t relieved_ms;
    bool reserve; /* the pages kept for deletions are there */
    struct item *items;
    struct ring_event *events;
    int nevents;
};

/* --- answers --- */

static void post(struct commit *c, const struct item *items, int n)
{
    for (int i = 0; i < n; i++) {
        struct mailbox_shared *box = mailbox_at(c->area, (int)items[i].mailbox);
        must(atomic_load_explicit(&box->answered, memory_order_relaxed) == items[i].seq);
        box->answer[items[i].seq % MAILBOX_SLOTS] = (struct mailbox_answer){
            .error = items[i].error, .revision = items[i].revision, .actual = items[i].actual};
        atomic_store_explicit(&box->answered, items[i].seq + 1, memory_order_release);
    }
}

/* Wakes whoever got an answer and was not told since it last looked. */
static void nudge(struct commit *c, const struct item *items, int n)
{
    uint64_t one = 1;
    atomic_thread_fence(memory_order_seq_cst); /* pairs with embedded_poll */
    for (int i = 0; i < n; i++) {
        int m = (int)items[i].mailbox;
        _Atomic uint32_t *armed = &mailbox_at(c->area, m)->armed;
        if (!atomic_load_explicit(armed, memory_order_relaxed) || !atomic_exchange(armed, 0))
            continue;
        ssize_t done = write(c->area->wake_fd[m], &one, sizeof(one));
        (void)done;
    }
}

/* --- taking requests --- */

static uint64_t waiting(const struct commit *c, int mailbox)
{
    struct mailbox_shared *box = mailbox_at(c->area, mailbox);
    return atomic_load_explicit(&box->submitted, memory_order_acquire) -
           atomic_load_explicit(&box->answered, memory_order_relaxed);
}

/* Fills c->items, one request of each mailbox in turn. How many wait is looked at once: a request that came
 * between two rounds would be taken before its elders. */
static int gather(struct commit *c)
{
    uint64_t left[AREA_CONSUMERS_MAX], next[AREA_CONSUMERS_MAX], more = 0;
    for (int i = 0; i < c->area->consumers; i++) {
        more += left[i] = waiting(c, i);
        next[i] = atomic_load_explicit(&mailbox_at(c->area, i)->answered, memory_order_relaxed);
    }
    c->first_mailbox = (c->first_mailbox + 1) % c->area->consumers;
    int n = 0;
    size_t bytes = 0;
    for (int i = c->first_mailbox; more; i = (i + 1) % c->area->consumers) {
        if (!left[i])
            continue;
        if (n == c->batch_max || bytes > c->batch_bytes)
            break;
        struct item it = {.mailbox = (uint32_t)i, .seq = next[i]++};
        bytes += incoming_slot(c->area, i, it.seq)->draft_bytes;
        c->items[n++] = it;
        left[i]--;
        more--;
    }
    return n;
}

/* --- one request --- */

/* Returns what dooms the transaction; what is wrong with the request alone goes into it->error. */
static int apply_item(struct commit *c, MDB_txn *txn, struct item *it, int64_t *revision)
{
    struct incoming rq;
    it->error = 0;
    it->revision = it->actual = 0;
    if (!incoming_decode(c->area, (int)it->mailbox, it->seq, &rq)) {
        log_error("store: a request cannot be read mailbox=%u", it->mailbox);
        it->error = -EIO;
        return 0;
    }
    int rc = incoming_actual(c->cache, txn, &rq, &it->actual);
    if (rc)
        return rc;
    it->error = incoming_conflict(&rq, it->actual);
    if (it->error)
        return 0;
    struct apply_change ch = {.verb = rq.verb,
                              .key = rq.key,
                              .revision = *revision + 1,
                              .draft = rq.draft,
                              .wall_ms = clock_wall_us() / 1000};
    rc = apply_change(c->cache, txn, &ch, &c->events[c->nevents]);
    if (rc)
        return rc;
    *revision = it->revision = ch.revision;
    it->actual = ch.revision;
    c->nevents++;
    return 0;
}

/* --- one batch --- */

static int write_batch_record(struct commit *c, MDB_txn *txn, const struct item *items, int n)
{
    struct batch_head h = {.instance = c->area->instance, .count = (uint32_t)n};
    MDB_val k = str_val(STR(META_BATCH));
    MDB_val v = {.mv_size = sizeof(h) + (size_t)n * sizeof(*items)};
    int rc = mdb_put(txn, c->cache->meta, &k, &v, MDB_RESERVE);
    if (rc)
        return cache_errno(rc);
    memcpy(v.mv_data, &h, sizeof(h));
    memcpy((char *)v.mv_data + sizeof(h), items, (size_t)n * sizeof(*items));
    return 0;
}

static int fill_txn(struct commit *c, MDB_txn *txn, struct item *items, int n, int64_t *revision,
                    int *trimmed)
{
    int rc = cache_meta_get(c->cache, txn, CACHE_META_REVISION, revision);
    c->nevents = 0;
    *trimmed = 0;
    for (int i = 0; i < n && !rc; i++)
        rc = apply_item(c, txn, &items[i], revision);
    if (rc || !c->nevents)
        return rc;
    if ((rc = cache_meta_put(c->cache, txn, CACHE_META_REVISION, *revision)) ||
        (rc = write_batch_record(c, txn, items, n)))
        return rc;
    *trimmed = trim_run(&c->trim, c->cache, txn, clock_wall_us() / 1000);
    return *trimmed < 0 ? *trimmed : 0;
}

/* A write that the disk took only a part of is EIO to LMDB; a full disk explains it. */
static int commit_txn(struct commit *c, MDB_txn *txn)
{
    struct statvfs fs;
    int fd, rc = mdb_txn_commit(txn);
    if (rc == EIO && mdb_env_get_fd(c->cache->env, &fd) == 0 && fstatvfs(fd, &fs) == 0 &&
        (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BYTES)
        return -ENOSPC;
    if (rc && cache_errno(rc) != -ENOSPC)
        log_error("store: commit failed: %s", mdb_strerror(rc));
    return cache_errno(rc);
}

static int end_txn(struct commit *c, MDB_txn *txn, bool changed)
{
    if (changed)
        return commit_txn(c, txn);
    mdb_txn_abort(txn);
    return 0;
}

static void count(struct commit *c, const struct item *items, int n, int trimmed)
{
    uint64_t conflicts = 0;
    for (int i = 0; i < n; i++)
        conflicts += items[i].error == -EEXIST || items[i].error == -ESTALE;
    area_count(c->area, c->area->consumers, AREA_STORE_BATCHES, c->nevents > 0);
    area_count(c->area, c->area->consumers, AREA_STORE_WRITES, (uint64_t)c->nevents);
    area_count(c->area, c->area->consumers, AREA_STORE_CONFLICTS, conflicts);
    area_count(c->area, c->area->consumers, AREA_WINDOW_TRIMMED, (uint64_t)trimmed);
}

/* All or nothing: 0, and the requests are answered; or -ENOSPC / -EIO, and nothing happened. */
static int try_batch(struct commit *c, struct item *items, int n)
{
    MDB_txn *txn;
    int64_t revision;
    int trimmed;
    int rc = mdb_txn_begin(c->cache->env, NULL, 0, &txn);
    if (rc) {
        log_error("store: cannot begin a transaction: %s", mdb_strerror(rc));
        return cache_errno(rc);
    }
    rc = fill_txn(c, txn, items, n, &revision, &trimmed);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    rc = end_txn(c, txn, c->nevents > 0);
    if (rc)
        return rc;
    if (c->nevents)
        atomic_store_explicit(c->area->revision, revision, memory_order_release);
    post(c, items, n);
    if (c->nevents)
        ring_publish(c->area, c->events, c->nevents);
    nudge(c, items, n);
    count(c, items, n, trimmed);
    return 0;
}

/* ---- room for deletions ----
 *
 * A deletion needs room for its event before it makes any, and in one piece if the object is large; the pages
 * of a window that small events were trimmed from are scattered. So a record of no meaning is kept in meta,
 * to be given up when a deletion finds the disk or the map full. Until it can be put back, nothing else is
 * written. */

static int reserve_give(struct commit *c, MDB_txn *txn)
{
    MDB_val k = str_val(STR(META_RESERVE));
    int rc = mdb_del(txn, c->cache->meta, &k, NULL);
    return rc == MDB_NOTFOUND ? 0 : cache_errno(rc);
}

/* Whether it is there, or is again. */
static bool reserve_take(struct commit *c)
{
    MDB_txn *txn;
    MDB_val k = str_val(STR(META_RESERVE)), v;
    if (c->reserve)
        return true;
    if (mdb_txn_begin(c->cache->env, NULL, 0, &txn))
        return false;
    c->reserve = mdb_get(txn, c->cache->meta, &k, &v) == 0 && v.mv_size == RESERVE_BYTES;
    v = (MDB_val){.mv_size = RESERVE_BYTES};
    if (c->reserve || mdb_put(txn, c->cache->meta, &k, &v, MDB_RESERVE)) {
        mdb_txn_abort(txn);
        return c->reserve;
    }
    memset(v.mv_data, 0, RESERVE_BYTES);
    return c->reserve = commit_txn(c, txn) == 0;
}

/* Half of the window goes, unless less than keep_bytes would be left. */
static int trim_half(struct commit *c, bool deletes)
{
    int64_t keep_bytes = deletes ? 0 : c->trim.max_bytes / RESERVE_PART;
    MDB_txn *txn;
    int rc = cache_errno(mdb_txn_begin(c->cache->env, NULL, 0, &txn));
    if (rc)
        return rc;
    struct trim hard;
    int n = trim_init(&hard, c->cache, txn, 0, INT64_MAX);
    hard.max_bytes = hard.bytes / 2;
    if (!n && hard.max_bytes < keep_bytes)
        n = -ENOSPC;
    if (!n)
        n = trim_run(&hard, c->cache, txn, clock_wall_us() / 1000);
    bool gives = n >= 0 && deletes && c->reserve;
    if (gives)
        n = reserve_give(c, txn) == 0 ? n + 1 : -EIO;
    if (n <= 0) {
        mdb_txn_abort(txn);
        return n ? n : -ENOSPC;
    }
    rc = commit_txn(c, txn);
    if (!rc)
        c->trim.bytes = hard.bytes;
    if (!rc && gives)
        c->reserve = false;
    return rc;
}

/* LMDB reuses what a transaction freed only in the next but one; aborted ones do not count. */
static int pass_one_txn(struct commit *c)
{
    MDB_txn *txn;
    int64_t revision;
    int rc = cache_errno(mdb_txn_begin(c->cache->env, NULL, 0, &txn));
    if (rc)
        return rc;
    rc = cache_meta_get(c->cache, txn, CACHE_META_REVISION, &revision);
    if (!rc)
        rc = cache_meta_put(c->cache, txn, CACHE_META_REVISION, revision);
    if (!rc)
        return commit_txn(c, txn);
    mdb_txn_abort(txn);
    return rc;
}

/* The disk or the map is full: gives up half of the window, and what dead readers pin. An eighth of the
 * window's bound is kept for deletions, which need room for their event before they make any. */
static bool relieve(struct commit *c, bool deletes)
{
    int64_t now = clock_ms();
    bool due = !c->relieved_ms || now - c->relieved_ms >= RELIEF_INTERVAL_MS;
    if (due) {
        log_error("store: disk or cache map is full; trimming the watch window");
        cache_reap_readers(c->cache);
        c->relieved_ms = now;
    }
    if (deletes)
        usleep(READERS_LEAVE_US);
    int rc = trim_half(c, deletes);
    if (rc)
        return due || deletes;
    return pass_one_txn(c) == 0 || deletes;
}

static int refuse(struct commit *c, struct item *it)
{
    it->error = -ENOSPC;
    it->revision = it->actual = 0;
    post(c, it, 1);
    nudge(c, it, 1);
    area_count(c->area, c->area->consumers, AREA_STORE_ERRORS, 1);
    return 0;
}

static int run_single(struct commit *c, struct item *it)
{
    bool deletes = incoming_slot(c->area, (int)it->mailbox, it->seq)->verb == STORE_DELETE;
    if (!deletes && !reserve_take(c))
        return refuse(c, it);
    int rc = try_batch(c, it, 1);
    for (int i = 0; i < (deletes ? DELETE_TRIES : 1) && rc == -ENOSPC && relieve(c, deletes); i++)
        rc = try_batch(c, it, 1);
    return rc == -ENOSPC ? refuse(c, it) : rc;
}

static int run_batch(struct commit *c, int n)
{
    bool together = n > 1 && reserve_take(c);
    int rc = together ? try_batch(c, c->items, n) : n > 1 ? -ENOSPC : run_single(c, &c->items[0]);
    if (rc != -ENOSPC)
        return rc;
    /* one of them is too much: find out which */
    rc = 0;
    for (int i = 0; i < n && !rc; i++)
        rc = run_single(c, &c->items[i]);
    return rc;
}

int commit_run(struct commit *c)
{
    must_be(c, COMMIT_MAGIC);
    int total = 0;
    for (int i = 0; i < BATCHES_A_RUN; i++) {
        int n = gather(c);
        if (!n)
            break;
        int rc = run_batch(c, n);
        if (rc)
            return rc;
        total += n;
    }
    return total;
}

bool commit_sleep(struct commit *c)
{
    must_be(c, COMMIT_MAGIC);
    atomic_store(c->area->watcher_asleep, 1);
    atomic_thread_fence(memory_order_seq_cst);
    for (int i = 0; i < c->area->consumers; i++)
        if (waiting(c, i)) {
            atomic_store(c->area->watcher_asleep, 0);
            return false;
        }
    return true;
}

/* --- start --- */

/* Posts what a killed predecessor had committed and not answered. */
static void answer_last_batch(struct commit *c, MDB_txn *txn)
{
    MDB_val k = str_val(STR(META_BATCH)), v;
    struct batch_head h;
    if (mdb_get(txn, c->cache->meta, &k, &v) || v.mv_size < sizeof(h))
        return;
    memcpy(&h, v.mv_data, sizeof(h));
    if (h.instance != c->area->instance || v.mv_size != sizeof(h) + h.count * sizeof(struct item))
        return;
    for (uint32_t i = 0; i < h.count; i++) {
        struct item it;
        memcpy(&it, (const char *)v.mv_data + sizeof(h) + i * sizeof(it), sizeof(it));
        must(it.mailbox < (uint32_t)c->area->consumers);
        uint64_t answered = atomic_load(&mailbox_at(c->area, (int)it.mailbox)->answered);
        if (it.seq >= answered)
            post(c, &it, 1);
    }
}

/* Reads where the store stands; a fresh one is given its first revision. */
static int resume(struct commit *c, const struct commit_options *o)
{
    MDB_txn *txn;
    int64_t revision;
    size_t window = o->window_bytes < WINDOW_BYTES_MIN ? WINDOW_BYTES_MIN : o->window_bytes;
    int rc = cache_errno(mdb_txn_begin(c->cache->env, NULL, 0, &txn));
    if (rc)
        return rc;
    rc = cache_meta_get(c->cache, txn, CACHE_META_REVISION, &revision);
    if (rc == -ENOENT) {
        revision = FIRST_REVISION;
        rc = cache_meta_put(c->cache, txn, CACHE_META_REVISION, revision);
    }
    if (!rc)
        rc = trim_init(&c->trim, c->cache, txn, (int64_t)window, o->window_ms);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    atomic_store(c->area->revision, revision);
    answer_last_batch(c, txn);
    return cache_errno(mdb_txn_commit(txn)); /* writes nothing unless the store is fresh */
}

struct commit *commit_open(struct area *a, struct cache *cache, const struct commit_options *o, char *err,
                           size_t err_bytes)
{
    struct commit *c = calloc(1, sizeof(*c));
    must(c != NULL);
    c->magic = COMMIT_MAGIC;
    c->area = a;
    c->cache = cache;
    c->batch_max = o->batch_max > 0 ? o->batch_max : BATCH_MAX_DEFAULT;
    c->items = calloc((size_t)c->batch_max, sizeof(*c->items));
    c->events = calloc((size_t)c->batch_max, sizeof(*c->events));
    must(c->items != NULL && c->events != NULL);
    int rc = resume(c, o);
    if (rc) {
        snprintf(err, err_bytes, "cannot read the store: %s", strerror(-rc));
        commit_close(c);
        return NULL;
    }
    reserve_take(c);
    c->batch_bytes = (size_t)c->trim.max_bytes / 4;
    if (c->batch_bytes > BATCH_BYTES_MAX)
        c->batch_bytes = BATCH_BYTES_MAX;
    ring_start(a, atomic_load(a->revision));
    uint64_t one = 1;
    for (int i = 0; i < a->consumers; i++) {
        ssize_t done = write(a->wake_fd[i], &one, sizeof(one)); /* some may have waited for their answers */
        (void)done;
    }
    atomic_store(a->store_ready, 1);
    return c;
}

void commit_close(struct commit *c)
{
    if (!c)
        return;
    must_be(c, COMMIT_MAGIC);
    c->magic = 0;
    free(c->items);
    free(c->events);
    free(c);
}
