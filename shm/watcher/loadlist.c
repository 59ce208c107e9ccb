/* A cold load, and the comparison with what is cached: keys first, then the values that differ.
 *
 * A diff that reads what differs holds a read transaction of the cache while the sink writes to it: it
 * compares with the cache of its start, which nobody else changes. */
#include <errno.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/watcher/loadparts.h"
#include "shm/watcher/marks.h"

#define READ_OPS 64 /* of a transaction; etcd takes 128 */
#define ROUNDS_MAX 4
#define BATCH_BYTES (4u << 20)
/* etcd passes over all keys of the range for every page of it, so pages are made large, but not so that an
 * answer comes near what a message may have. */
#define PAGE_BYTES (6u << 20)
#define PAGE_MAX 2500
#define SLICE_MS 2

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
        load_go(l, l->state == LOAD_COLD ? LOAD_ASK : LOAD_KEYS);
    load_later(l, st, "the cluster cannot be listed");
}

static void page_entry(struct load *l, const struct etcd_kv *kv)
{
    struct key k;
    if (l->hooks.key(l->hooks.arg, kv->key, &k))
        return;
    if (l->state == LOAD_KEYS)
        diff_seen(l->diff, &k, kv->key, kv->create_revision, kv->mod_revision);
    else
        load_add_put(l, &k, kv, false);
}

static void on_marked(void *arg)
{
    struct load *l = arg;
    load_go(l, LOAD_KEYS);
}

static void list_done(struct load *l)
{
    if (l->state == LOAD_COLD) {
        load_flush(l, true, l->at, true);
        load_go(l, LOAD_WATCH);
        return;
    }
    if (l->mark.n && l->rounds < ROUNDS_MAX && diff_gone_count(l->diff, l->before) > 0) {
        diff_free(l->before);
        l->before = l->diff;
        l->diff = NULL;
        load_go(l, LOAD_MARK);
        return;
    }
    l->to_read = diff_sort(l->diff, l->at, l->before, l->marks);
    l->next_read = 0;
    log_info("etcd: compared with the cache at revision=%lld differ=%zu", (long long)l->at, l->to_read);
    load_go(l, LOAD_READ);
}

int load_ask_marks(struct load *l)
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
    load_go(l, LOAD_ASK);
    return true;
}

bool load_work(struct load *l)
{
    struct load_page *p = &l->held;
    int64_t end = clock_ms() + SLICE_MS;
    struct etcd_kv kv;
    if (!p->there)
        return false;
    for (int n = 1; (p->there = message_next(&p->kvs, &p->at, &kv)); n++) {
        page_entry(l, &kv);
        if (l->batch.drafts.n > BATCH_BYTES)
            load_flush(l, true, 0, false);
        if (n % 16 == 0 && clock_ms() >= end)
            return true;
    }
    if (!p->more)
        list_done(l);
    else if (l->state == LOAD_COLD)
        load_flush(l, true, 0, false);
    return true;
}

/* Keeps the page, so that the next one can be asked for first, and where that begins. */
static void hold(struct load *l, const struct etcd_range_reply *r)
{
    struct etcd_kv kv = {0};
    struct load_page *p = &l->held;
    buf_clear(&p->bytes);
    buf_str(&p->bytes, r->kvs.in);
    p->kvs = r->kvs;
    p->kvs.in = buf_view(&p->bytes);
    p->at = 0;
    p->there = true;
    p->more = r->more && r->kvs.count > 0;
    for (size_t at = 0; message_next(&p->kvs, &at, &kv);)
        ;
    buf_clear(&l->from);
    buf_str(&l->from, kv.key);
    buf_putc(&l->from, 0);
}

static void resize(struct load *l, const struct etcd_range_reply *r)
{
    size_t each = r->kvs.count ? r->kvs.in.n / r->kvs.count : 0;
    if (!l->grows || l->state != LOAD_COLD || each == 0)
        return;
    size_t fit = PAGE_BYTES / each, most = (size_t)l->limit * 2;
    fit = fit < most ? fit : most;
    l->limit = fit > PAGE_MAX ? PAGE_MAX : fit > 0 ? (int)fit : 1;
}

static void on_page(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct load *l = arg;
    if (!r) {
        page_failed(l, st);
        return;
    }
    if (is_other(l, &r->header))
        return;
    l->failures = 0;
    if (!l->at)
        l->at = r->header.revision;
    while (load_work(l)) /* the page before */
        ;
    hold(l, r);
    resize(l, r);
    l->busy = !l->held.more;
}

int load_ask_page(struct load *l)
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
        load_add_delete(l, &k, revision);
}

static void apply_gone(struct load *l)
{
    add_gone(l, l->at);
    load_flush(l, false, l->at, false);
    load_go(l, LOAD_WATCH);
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
            load_go(l, LOAD_KEYS);
        load_later(l, st, "what changed cannot be read");
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
        load_add_put(l, &k, &kv, true);
    }
    load_flush_but_last(l, batch_last(&l->batch), 0);
}

int load_ask_read(struct load *l)
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
