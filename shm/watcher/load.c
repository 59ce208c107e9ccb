/* One call or one watch is under way at a time; `state` says which, on_... functions move it on. */
#include "shm/watcher/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/watcher/loadparts.h"

#define LOAD_MAGIC 0x6c6f6164u
#define PAGE 500
#define KEYS_PAGE 10000
#define TIMEOUT_MS 30000
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 2000

#define OTHER "this is another cluster"
#define WENT_BACK "the cluster went back in time"

/* ---- batches ---- */

/* The first n of the changes that are there. */
static void flush_first(struct load *l, int n, bool quiet, int64_t upto, bool window)
{
    struct load_batch b = {
        .quiet = quiet, .upto = upto > l->revision ? upto : 0, .window = window, .cluster_id = l->cluster_id};
    batch_view(&l->batch, n, &b);
    if (!l->failed)
        l->failed = l->hooks.apply(l->hooks.arg, &b);
    if (!l->failed && upto > l->revision)
        l->revision = upto;
    batch_drop_first(&l->batch, n);
}

void load_flush(struct load *l, bool quiet, int64_t upto, bool window)
{
    flush_first(l, l->batch.n, quiet, upto, window);
}

/* More of the last revision may follow: its changes wait for it, so that a revision is never seen in part. */
void load_flush_but_last(struct load *l, int64_t last, int64_t upto)
{
    flush_first(l, batch_before(&l->batch, last), false, upto, false);
}

static void skip(struct load *l, struct str key, const char *why, int rc)
{
    l->skipped++;
    log_warn("etcd: %s, left out key=\"%.*s\" error=%d", why, key.n > 200 ? 200 : (int)key.n, key.p, rc);
}

void load_add_put(struct load *l, const struct key *k, const struct etcd_kv *kv, bool numbered)
{
    size_t at = l->batch.drafts.n;
    int rc = l->hooks.record(l->hooks.arg, kv->key, k, kv->value, &l->batch.drafts);
    if (rc || l->batch.drafts.n == at) {
        l->batch.drafts.n = at;
        skip(l, kv->key, "a value cannot be read", rc);
        return;
    }
    struct load_change ch = {
        .verb = STORE_PUT, .key = *k, .revision = kv->mod_revision, .create_revision = kv->create_revision};
    batch_add(&l->batch, &ch, at, numbered);
}

void load_add_delete(struct load *l, const struct key *k, int64_t revision)
{
    struct load_change ch = {.verb = STORE_DELETE, .key = *k, .revision = revision};
    batch_add(&l->batch, &ch, BATCH_NO_DRAFT, true);
}

/* ---- ways ---- */

static void drop_diff(struct load *l)
{
    diff_free(l->diff);
    diff_free(l->before);
    marks_free(l->marks);
    l->diff = l->before = NULL;
    l->marks = NULL;
    l->rounds = 0;
}

void load_go(struct load *l, enum load_state s)
{
    if (s != LOAD_READ && s != LOAD_MARK && l->state != LOAD_MARK)
        drop_diff(l);
    l->state = s;
    l->busy = false;
    l->retry_ms = 0;
    l->held.there = false;
    batch_clear(&l->batch); /* held back of a watch that will not go on */
    if (s == LOAD_COLD || s == LOAD_KEYS) {
        l->at = 0;
        l->limit = s == LOAD_COLD ? l->page : KEYS_PAGE;
        buf_clear(&l->from);
        buf_str(&l->from, buf_view(&l->prefix));
    }
}

void load_later(struct load *l, const struct etcd_status *st, const char *what)
{
    int shift = l->failures < 6 ? l->failures : 6;
    int64_t wait = (int64_t)RETRY_MIN_MS << shift;
    l->busy = false;
    l->failures++;
    l->retry_ms = clock_ms() + (wait > RETRY_MAX_MS ? RETRY_MAX_MS : wait);
    if (l->failures == 1 || l->failures % 16 == 0)
        log_warn("etcd: %s, trying again error=%d reason=\"%s\"", what, st->error, st->text);
}

/* ---- where the cluster stands ---- */

static void drop_watch(struct load *l)
{
    etcd_watch_free(l->watch);
    l->watch = NULL;
}

static void forget(struct load *l, const char *why)
{
    if (l->revision)
        log_warn("etcd: %s, the cache is loaded anew revision=%lld", why, (long long)l->revision);
    drop_watch(l);
    l->ready = false;
    l->revision = 0;
    batch_restart(&l->batch);
    l->failed = l->hooks.wipe(l->hooks.arg);
    load_go(l, LOAD_COLD);
}

static void on_stand(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct load *l = arg;
    bool known = l->cluster_id == cluster_id;
    if (st->error) {
        load_later(l, st, "the cluster does not answer");
        return;
    }
    l->failures = 0;
    l->cluster_id = cluster_id;
    if (l->revision == 0 || !known)
        forget(l, OTHER);
    else if (l->revision > revision)
        forget(l, WENT_BACK);
    else
        load_go(l, LOAD_WATCH);
}

/* While the watch stands, because it may be only the member that lags. */
static void on_doubt(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct load *l = arg;
    bool known = l->cluster_id == cluster_id;
    l->doubt_ticket = 0;
    l->doubt_ms = st->error ? clock_ms() + RETRY_MAX_MS : 0;
    l->doubted = st->error != 0 && l->state == LOAD_WATCH;
    if (st->error || l->state != LOAD_WATCH || (known && revision >= l->doubt_at))
        return;
    l->cluster_id = cluster_id;
    forget(l, known ? WENT_BACK : OTHER);
}

/* Returns ms until it has to be looked at again; -1: when something happens. */
static int64_t see_to_doubt(struct load *l)
{
    int64_t now = clock_ms();
    if (!l->doubted || l->doubt_ticket || l->state != LOAD_WATCH)
        return -1;
    if (l->doubt_ms > now)
        return l->doubt_ms - now;
    l->doubt_at = l->revision;
    l->doubt_ms = now + RETRY_MAX_MS;
    int rc = etcd_current_revision(l->client, l->timeout_ms, on_doubt, l, &l->doubt_ticket);
    return rc ? RETRY_MAX_MS : -1;
}

/* ---- the watch ---- */

static void on_created(void *arg, int64_t revision, uint64_t cluster_id)
{
    struct load *l = arg;
    l->failures = 0;
    if (cluster_id != l->cluster_id) {
        drop_watch(l);
        load_go(l, LOAD_ASK);
        return;
    }
    l->doubted |= revision < l->revision;
    l->ready = true;
}

static void on_batch(void *arg, const struct etcd_batch *b)
{
    struct load *l = arg;
    struct etcd_batch_at at = {0};
    struct etcd_event e;
    struct key k;
    int64_t upto = 0;
    while (etcd_batch_next(b, &at, &e)) {
        upto = e.kv.mod_revision;
        if (l->hooks.key(l->hooks.arg, e.kv.key, &k))
            continue;
        if (e.type == ETCD_EVENT_PUT)
            load_add_put(l, &k, &e.kv, true);
        else
            load_add_delete(l, &k, e.kv.mod_revision);
    }
    if (b->more)
        load_flush_but_last(l, upto, upto - 1);
    else
        load_flush(l, false, upto, false);
}

static void on_progress(void *arg, int64_t revision, bool in_order)
{
    struct load *l = arg;
    if (in_order && revision > l->revision)
        load_flush(l, false, revision, false);
}

static void on_ended(void *arg, const struct etcd_status *st)
{
    struct load *l = arg;
    if (st->error != -ESTALE) {
        load_later(l, st, "the watch ended");
        return;
    }
    log_warn("etcd: the watch fell behind a compaction revision=%lld compacted=%lld", (long long)l->revision,
             (long long)st->compact_revision);
    drop_watch(l);
    load_go(l, LOAD_KEYS);
}

static int ask_watch(struct load *l)
{
    struct etcd_watch_options o = {.key = buf_view(&l->prefix),
                                   .end = buf_view(&l->end),
                                   .start_revision = l->revision + 1,
                                   .progress_notify = true};
    struct etcd_watch_hooks h = {l, on_created, on_batch, on_progress, on_ended};
    if (!l->watch)
        l->watch = etcd_watch_new(l->client, &o, &h);
    return etcd_watch_resume(l->watch);
}

/* ---- what the caller sees ---- */

static int read_stand(struct load *l)
{
    MDB_txn *txn;
    int64_t cluster = 0;
    int rc = cache_errno(mdb_txn_begin(l->cache->env, NULL, MDB_RDONLY, &txn));
    if (rc)
        return rc;
    rc = cache_meta_get(l->cache, txn, CACHE_META_REVISION, &l->revision);
    if (!rc)
        rc = cache_meta_get(l->cache, txn, LOAD_META_CLUSTER, &cluster);
    mdb_txn_abort(txn);
    if (rc == -ENOENT)
        l->revision = cluster = rc = 0;
    l->cluster_id = (uint64_t)cluster;
    return rc;
}

struct load *load_open(struct cache *c, struct etcd_client *client, const struct load_options *o,
                       const struct load_hooks *hooks, char *err, size_t err_bytes)
{
    char end[1024];
    struct load *l = calloc(1, sizeof(*l));
    must(l != NULL && o->prefix.n > 0 && o->prefix.n <= sizeof(end));
    must(hooks->key && hooks->record && hooks->apply && hooks->wipe);
    l->magic = LOAD_MAGIC;
    l->cache = c;
    l->client = client;
    l->hooks = *hooks;
    l->page = o->page > 0 ? o->page : PAGE;
    l->grows = o->page <= 0;
    l->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
    buf_str(&l->prefix, o->prefix);
    buf_str(&l->mark, o->mark);
    buf_put(&l->end, end, etcd_prefix_end(o->prefix, end));
    if (l->end.n == 0)
        buf_putc(&l->end, 0);
    int rc = read_stand(l);
    if (rc) {
        snprintf(err, err_bytes, "cannot read where the cache stands: %s", strerror(-rc));
        load_close(l);
        return NULL;
    }
    return l;
}

void load_close(struct load *l)
{
    if (!l)
        return;
    must_be(l, LOAD_MAGIC);
    etcd_client_cancel(l->client, l->ticket);
    etcd_client_cancel(l->client, l->doubt_ticket);
    etcd_watch_free(l->watch);
    drop_diff(l);
    buf_free(&l->mark);
    buf_free(&l->prefix);
    buf_free(&l->end);
    buf_free(&l->from);
    buf_free(&l->held.bytes);
    batch_free(&l->batch);
    l->magic = 0;
    free(l);
}

static int ask(struct load *l)
{
    switch (l->state) {
    case LOAD_ASK:
        return etcd_current_revision(l->client, l->timeout_ms, on_stand, l, &l->ticket);
    case LOAD_COLD:
    case LOAD_KEYS:
        return load_ask_page(l);
    case LOAD_MARK:
        return load_ask_marks(l);
    case LOAD_READ:
        return load_ask_read(l);
    case LOAD_WATCH:
        return ask_watch(l);
    }
    return -EINVAL;
}

int load_run(struct load *l, int64_t *wait_ms)
{
    must_be(l, LOAD_MAGIC);
    *wait_ms = see_to_doubt(l);
    while (!l->failed && !l->busy) {
        int64_t now = clock_ms();
        if (l->retry_ms > now) {
            int64_t wait = l->retry_ms - now;
            *wait_ms = *wait_ms < 0 || wait < *wait_ms ? wait : *wait_ms;
            break;
        }
        enum load_state before = l->state;
        l->busy = true;
        int rc = ask(l);
        if (rc == -EIO)
            return rc;
        if (rc) {
            struct etcd_status st = {.error = rc, .text = "too many calls"};
            load_later(l, &st, "a call cannot be made");
        } else if (l->state != before)
            l->busy = false;
    }
    if (!l->failed && load_work(l))
        *wait_ms = 0; /* once what was asked has been sent */
    return l->failed;
}

bool load_ready(const struct load *l)
{
    must_be(l, LOAD_MAGIC);
    return l->ready;
}

int64_t load_revision(const struct load *l)
{
    must_be(l, LOAD_MAGIC);
    return l->revision;
}

bool load_ask_progress(struct load *l)
{
    must_be(l, LOAD_MAGIC);
    return l->state == LOAD_WATCH && l->watch && etcd_watch_progress_in_order(l->watch) &&
           etcd_watch_request_progress(l->watch) == 0;
}

void load_doubt(struct load *l)
{
    must_be(l, LOAD_MAGIC);
    l->doubted = true;
}

void load_move(struct load *l)
{
    struct etcd_status st = {.error = -EAGAIN, .text = "too many calls"};
    must_be(l, LOAD_MAGIC);
    if (l->state == LOAD_WATCH && l->watch && etcd_watch_move(l->watch))
        load_later(l, &st, "the watch cannot be moved");
}

uint64_t load_skipped(const struct load *l)
{
    must_be(l, LOAD_MAGIC);
    return l->skipped;
}
