/* One call or one watch is under way at a time; `state` says which, on_... functions move it on.
 *
 * A diff that reads what differs holds a read transaction of the cache while the sink writes to it: it
 * compares with the cache of its start, which nobody else changes. */
#include "shm/watcher/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"
#include "shm/store/etcd/watch.h"
#include "shm/watcher/diff.h"

#define LOAD_MAGIC 0x6c6f6164u
#define PAGE 500
#define KEYS_PAGE 10000
#define READ_OPS 64 /* of a transaction; etcd takes 128 */
#define TIMEOUT_MS 30000
#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 2000
#define ROUNDS_MAX 4
#define BATCH_BYTES (4u << 20)

#define OTHER "this is another cluster"
#define WENT_BACK "the cluster went back in time"

enum load_state {
    LOAD_ASK,   /* where does the cluster stand? */
    LOAD_COLD,  /* pages of values */
    LOAD_KEYS,  /* pages of keys, to compare */
    LOAD_MARK,  /* revisions for what is gone; then the keys again */
    LOAD_READ,  /* what differs */
    LOAD_WATCH, /* the watch is asked for or stands */
};

struct load {
    unsigned magic;
    struct cache *cache;
    struct etcd_client *client;
    struct load_hooks hooks;
    struct buf prefix, end, mark;
    int page, limit;
    int64_t timeout_ms;
    enum load_state state;
    bool busy; /* a call or the watch is under way */
    bool ready;
    int failed;   /* what the sink refused with */
    int failures; /* in a row, of etcd */
    int64_t retry_ms;
    uint64_t ticket;
    uint64_t cluster_id;
    int64_t revision;           /* applied */
    int64_t at;                 /* of the list under way; 0: the first page says */
    struct buf from;            /* next key of the list */
    struct diff *diff, *before; /* of the list before the marks were made */
    struct marks *marks;
    int rounds; /* of marks: more is gone meanwhile */
    size_t to_read, next_read;
    struct etcd_watch *watch;
    bool doubted;     /* the cluster may have gone back in time */
    int64_t doubt_at; /* what it was seen to have reached */
    int64_t doubt_ms; /* when to ask */
    uint64_t doubt_ticket;
    int64_t last; /* revision of the last change, and its position */
    uint32_t last_sub;
    uint64_t skipped;
    struct load_change *changes; /* of the batch being made */
    size_t *draft_at;            /* 1 + where its draft is in drafts; 0: none */
    int n, room;
    struct buf drafts;
};

/* ---- batches ---- */

static struct load_change *add(struct load *l)
{
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 64;
        l->changes = realloc(l->changes, (size_t)l->room * sizeof(*l->changes));
        l->draft_at = realloc(l->draft_at, (size_t)l->room * sizeof(*l->draft_at));
        must(l->changes != NULL && l->draft_at != NULL);
    }
    l->draft_at[l->n] = 0;
    l->changes[l->n] = (struct load_change){0};
    return &l->changes[l->n++];
}

static void number(struct load *l, struct load_change *ch)
{
    l->last_sub = ch->revision == l->last ? l->last_sub + 1 : 0;
    l->last = ch->revision;
    ch->sub = l->last_sub;
}

static void drop_batch(struct load *l)
{
    l->n = 0;
    buf_clear(&l->drafts);
}

static void drop_first(struct load *l, int n)
{
    size_t at = l->drafts.n;
    for (int i = l->n - 1; i >= n; i--)
        at = l->draft_at[i] ? l->draft_at[i] - 1 : at;
    if (n == l->n) {
        drop_batch(l);
        return;
    }
    memmove(l->drafts.p, l->drafts.p + at, l->drafts.n - at);
    l->drafts.n -= at;
    l->n -= n;
    memmove(l->changes, l->changes + n, (size_t)l->n * sizeof(*l->changes));
    memmove(l->draft_at, l->draft_at + n, (size_t)l->n * sizeof(*l->draft_at));
    for (int i = 0; i < l->n; i++)
        l->draft_at[i] -= l->draft_at[i] ? at : 0;
}

/* The first n of the changes that are there. */
static void flush_first(struct load *l, int n, bool quiet, int64_t upto, bool window)
{
    for (int i = 0; i < n; i++)
        l->changes[i].draft =
            l->draft_at[i] ? (const struct record *)(const void *)(l->drafts.p + l->draft_at[i] - 1) : NULL;
    struct load_batch b = {.changes = l->changes,
                           .n = n,
                           .quiet = quiet,
                           .upto = upto > l->revision ? upto : 0,
                           .window = window,
                           .cluster_id = l->cluster_id};
    if (!l->failed)
        l->failed = l->hooks.apply(l->hooks.arg, &b);
    if (!l->failed && upto > l->revision)
        l->revision = upto;
    drop_first(l, n);
}

static void flush(struct load *l, bool quiet, int64_t upto, bool window)
{
    flush_first(l, l->n, quiet, upto, window);
}

/* More of the last revision may follow: its changes wait for it, so that a revision is never seen in part. */
static void flush_but_last(struct load *l, int64_t last, int64_t upto)
{
    int whole = l->n;
    while (whole > 0 && l->changes[whole - 1].revision == last)
        whole--;
    flush_first(l, whole, false, upto, false);
}

static void skip(struct load *l, struct str key, const char *why, int rc)
{
    l->skipped++;
    log_warn("etcd: %s, left out key=\"%.*s\" error=%d", why, key.n > 200 ? 200 : (int)key.n, key.p, rc);
}

static void add_put(struct load *l, const struct key *k, const struct etcd_kv *kv, bool numbered)
{
    size_t at = l->drafts.n;
    int rc = l->hooks.record(l->hooks.arg, kv->key, k, kv->value, &l->drafts);
    if (rc || l->drafts.n == at) {
        l->drafts.n = at;
        skip(l, kv->key, "a value cannot be read", rc);
        return;
    }
    struct load_change *ch = add(l);
    l->draft_at[l->n - 1] = at + 1;
    ch->verb = STORE_PUT;
    ch->key = *k;
    ch->revision = kv->mod_revision;
    ch->create_revision = kv->create_revision;
    if (numbered)
        number(l, ch);
}

static void add_delete(struct load *l, const struct key *k, int64_t revision)
{
    struct load_change *ch = add(l);
    ch->verb = STORE_DELETE;
    ch->key = *k;
    ch->revision = revision;
    number(l, ch);
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

static void go(struct load *l, enum load_state s)
{
    if (s != LOAD_READ && s != LOAD_MARK && l->state != LOAD_MARK)
        drop_diff(l);
    l->state = s;
    l->busy = false;
    l->retry_ms = 0;
    drop_batch(l); /* held back of a watch that will not go on */
    if (s == LOAD_COLD || s == LOAD_KEYS) {
        l->at = 0;
        l->limit = s == LOAD_COLD ? l->page : KEYS_PAGE;
        buf_clear(&l->from);
        buf_str(&l->from, buf_view(&l->prefix));
    }
}

static void later(struct load *l, const struct etcd_status *st, const char *what)
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
    l->revision = l->last = 0;
    l->failed = l->hooks.wipe(l->hooks.arg);
    go(l, LOAD_COLD);
}

static void on_stand(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct load *l = arg;
    bool known = l->cluster_id == cluster_id;
    if (st->error) {
        later(l, st, "the cluster does not answer");
        return;
    }
    l->failures = 0;
    l->cluster_id = cluster_id;
    if (l->revision == 0 || !known)
        forget(l, OTHER);
    else if (l->revision > revision)
        forget(l, WENT_BACK);
    else
        go(l, LOAD_WATCH);
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

/* ---- lists ---- */

/* What an error of a page means; the list starts over when its revision has been compacted meanwhile. */
static void page_failed(struct load *l, const struct etcd_status *st)
{
    if (st->error == -EMSGSIZE && l->limit > 1) {
        l->limit = l->limit > 8 ? l->limit / 4 : 1;
        l->busy = false;
        return;
    }
    if (st->error == -ESTALE)
        go(l, l->state == LOAD_COLD ? LOAD_ASK : LOAD_KEYS);
    later(l, st, "the cluster cannot be listed");
}

static void page_entry(struct load *l, const struct etcd_kv *kv)
{
    struct key k;
    if (l->hooks.key(l->hooks.arg, kv->key, &k))
        return;
    if (l->state == LOAD_KEYS)
        diff_seen(l->diff, &k, kv->key, kv->create_revision, kv->mod_revision);
    else
        add_put(l, &k, kv, false);
}

static void on_marked(void *arg)
{
    struct load *l = arg;
    go(l, LOAD_KEYS);
}

static void list_done(struct load *l)
{
    if (l->state == LOAD_COLD) {
        flush(l, true, l->at, true);
        go(l, LOAD_WATCH);
        return;
    }
    if (l->mark.n && l->rounds < ROUNDS_MAX && diff_gone_count(l->diff, l->before) > 0) {
        diff_free(l->before);
        l->before = l->diff;
        l->diff = NULL;
        go(l, LOAD_MARK);
        return;
    }
    l->to_read = diff_sort(l->diff, l->at, l->before, l->marks);
    l->next_read = 0;
    log_info("etcd: compared with the cache at revision=%lld differ=%zu", (long long)l->at, l->to_read);
    go(l, LOAD_READ);
}

static int ask_marks(struct load *l)
{
    size_t n = diff_gone_count(l->before, NULL);
    l->rounds++;
    marks_free(l->marks);
    l->marks = marks_new(l->client, buf_view(&l->mark), n < MARKS_MAX ? (int)n : MARKS_MAX, on_marked, l);
    return 0;
}

/* Another cluster, or an earlier state of this one, has taken the place of what was asked before: compared
 * with it the cache would seem to have changed by events that never were. */
static bool is_other(struct load *l, const struct etcd_header *h)
{
    if (h->cluster_id == l->cluster_id && h->revision >= (l->at ? l->at : l->revision))
        return false;
    go(l, LOAD_ASK);
    return true;
}

static void on_page(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct load *l = arg;
    struct etcd_kv kv = {0};
    if (!r) {
        page_failed(l, st);
        return;
    }
    if (is_other(l, &r->header))
        return;
    l->busy = false;
    l->failures = 0;
    if (!l->at)
        l->at = r->header.revision;
    for (size_t at = 0; message_next(&r->kvs, &at, &kv);) {
        page_entry(l, &kv);
        if (l->drafts.n > BATCH_BYTES)
            flush(l, true, 0, false);
    }
    if (!r->more || r->kvs.count == 0) {
        list_done(l);
        return;
    }
    buf_clear(&l->from);
    buf_str(&l->from, kv.key);
    buf_putc(&l->from, 0);
    if (l->state == LOAD_COLD)
        flush(l, true, 0, false);
}

static int ask_page(struct load *l)
{
    struct etcd_range r = {.key = buf_view(&l->from),
                           .end = buf_view(&l->end),
                           .revision = l->at,
                           .limit = l->limit,
                           .keys_only = l->state == LOAD_KEYS};
    if (l->state == LOAD_KEYS && !l->diff && !(l->diff = diff_new(l->cache)))
        return -EIO;
    return etcd_range(l->client, &r, l->timeout_ms, on_page, l, &l->ticket);
}

/* ---- reading what differs ---- */

/* Deletions that come before what follows. */
static void add_gone(struct load *l, int64_t upto)
{
    struct key k;
    int64_t revision;
    while (diff_gone(l->diff, upto, &k, &revision))
        add_delete(l, &k, revision);
}

static void apply_gone(struct load *l)
{
    add_gone(l, l->at);
    flush(l, false, l->at, false);
    go(l, LOAD_WATCH);
}

static void on_read(void *arg, const struct etcd_status *st, const struct etcd_txn_reply *r)
{
    struct load *l = arg;
    struct etcd_op_reply op;
    struct etcd_kv kv;
    struct key k;
    if (!r) {
        if (st->error == -EMSGSIZE && l->limit > 1) {
            l->limit = l->limit > 8 ? l->limit / 4 : 1;
            l->busy = false;
            return;
        }
        if (st->error == -ESTALE)
            go(l, LOAD_KEYS);
        later(l, st, "what changed cannot be read");
        return;
    }
    if (is_other(l, &r->header))
        return;
    l->busy = false;
    l->failures = 0;
    for (size_t at = 0; message_next(&r->responses, &at, &op) && l->next_read < l->to_read; l->next_read++) {
        size_t in = 0;
        diff_key(l->diff, l->next_read, &k);
        if (!op.has_range || !message_next(&op.range.kvs, &in, &kv))
            continue;
        add_gone(l, kv.mod_revision);
        add_put(l, &k, &kv, true);
    }
    flush_but_last(l, l->n ? l->changes[l->n - 1].revision : 0, 0);
}

static int ask_read(struct load *l)
{
    struct etcd_range ranges[READ_OPS];
    struct etcd_op ops[READ_OPS];
    struct key k;
    size_t n = 0;
    if (l->next_read == l->to_read) {
        apply_gone(l);
        return 0;
    }
    if (l->limit > READ_OPS)
        l->limit = READ_OPS;
    for (; n < (size_t)l->limit && l->next_read + n < l->to_read; n++) {
        ranges[n] = (struct etcd_range){.key = diff_key(l->diff, l->next_read + n, &k), .revision = l->at};
        ops[n] = (struct etcd_op){.range = &ranges[n]};
    }
    struct etcd_txn t = {.success = {ops, n}};
    int rc = etcd_txn(l->client, &t, l->timeout_ms, on_read, l, &l->ticket);
    l->busy = rc == 0;
    return rc;
}

/* ---- the watch ---- */

static void on_created(void *arg, int64_t revision, uint64_t cluster_id)
{
    struct load *l = arg;
    l->failures = 0;
    if (cluster_id != l->cluster_id) {
        drop_watch(l);
        go(l, LOAD_ASK);
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
            add_put(l, &k, &e.kv, true);
        else
            add_delete(l, &k, e.kv.mod_revision);
    }
    if (b->more)
        flush_but_last(l, upto, upto - 1);
    else
        flush(l, false, upto, false);
}

static void on_progress(void *arg, int64_t revision, bool in_order)
{
    struct load *l = arg;
    if (in_order && revision > l->revision)
        flush(l, false, revision, false);
}

static void on_ended(void *arg, const struct etcd_status *st)
{
    struct load *l = arg;
    if (st->error != -ESTALE) {
        later(l, st, "the watch ended");
        return;
    }
    log_warn("etcd: the watch fell behind a compaction revision=%lld compacted=%lld", (long long)l->revision,
             (long long)st->compact_revision);
    drop_watch(l);
    go(l, LOAD_KEYS);
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
    buf_free(&l->drafts);
    free(l->changes);
    free(l->draft_at);
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
        return ask_page(l);
    case LOAD_MARK:
        return ask_marks(l);
    case LOAD_READ:
        return ask_read(l);
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
            return 0;
        }
        enum load_state before = l->state;
        l->busy = true;
        int rc = ask(l);
        if (rc == -EIO)
            return rc;
        if (rc) {
            struct etcd_status st = {.error = rc, .text = "too many calls"};
            later(l, &st, "a call cannot be made");
        } else if (l->state != before)
            l->busy = false;
    }
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
        later(l, &st, "the watch cannot be moved");
}

uint64_t load_skipped(const struct load *l)
{
    must_be(l, LOAD_MAGIC);
    return l->skipped;
}
