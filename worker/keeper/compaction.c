/* etcd forgets what is older than an interval or two. Every API server on it tries once an interval, and one
 * of them does it: the version of a key of etcd's is the clock of all, whoever raises it first compacts to
 * the revision it saw an interval ago, and the others learn where the clock stands
 * (apiserver/pkg/storage/etcd3/compact.go). Watches of clients live in the cache's own window and notice
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"
#include "worker/keeper/loops.h"

#define CLOCK_KEY STR("compact_rev_key")

struct compaction {
    struct keeper *k;
    int64_t next_ms;
    int64_t version;  /* the clock as known here */
    int64_t revision; /* seen when it was looked at last; 0: never */
    uint64_t ticket;
    bool runs;
};

struct compaction *compaction_new(struct keeper *k)
{
    struct compaction *c = calloc(1, sizeof(*c));

    must(c != NULL);
    c->k = k;
    c->next_ms = loop_now_ms(k->ctx->loop) + k->ctx->options->etcd_compaction_interval;
    return c;
}

void compaction_free(struct compaction *c)
{
    if (c && c->runs)
        etcd_client_cancel(c->k->etcd, c->ticket);
    free(c);
}

static void on_compacted(void *arg, const struct etcd_status *st, int64_t revision)
{
    struct compaction *c = arg;

    c->runs = false;
    if (st->error)
        log_warn("etcd: cannot compact error=%d reason=\"%s\"", st->error, st->text);
}

static void compact(struct compaction *c, int64_t revision)
{
    log_debug("etcd: compacts revision=%lld", (long long)revision);
    c->runs = etcd_compact(c->k->etcd, revision, 0, on_compacted, c, &c->ticket) == 0;
}

/* The version in the reply to a raise that came too late. */
static int64_t other_version(const struct etcd_txn_reply *r, int64_t known)
{
    struct etcd_op_reply op;
    struct etcd_kv kv;
    size_t at = 0, in = 0;

    if (!message_next(&r->responses, &at, &op) || !op.has_range || !message_next(&op.range.kvs, &in, &kv))
        return known;
    return kv.version;
}

static void on_clock(void *arg, const struct etcd_status *st, const struct etcd_txn_reply *r)
{
    struct compaction *c = arg;
    int64_t before = c->revision;

    c->runs = false;
    if (!r) {
        log_warn("etcd: cannot compact error=%d reason=\"%s\"", st->error, st->text);
        return;
    }
    c->revision = r->header.revision;
    c->version = r->succeeded ? c->version + 1 : other_version(r, c->version);
    if (r->succeeded && before)
        compact(c, before);
}

static void raise_clock(struct compaction *c)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)c->revision);
    struct etcd_compare same = {
        .result = ETCD_EQUAL, .target = ETCD_VERSION, .key = CLOCK_KEY, .version = c->version};
    struct etcd_put put = {.key = CLOCK_KEY, .value = {digits, (size_t)n}};
    struct etcd_range read = {.key = CLOCK_KEY};
    struct etcd_op raise = {.put = &put}, look = {.range = &read};
    struct etcd_txn t = {.compare = {&same, 1}, .success = {&raise, 1}, .failure = {&look, 1}};

    c->runs = etcd_txn(c->k->etcd, &t, 0, on_clock, c, &c->ticket) == 0;
}

void compaction_tick(struct compaction *c)
{
    int64_t interval = c->k->ctx->options->etcd_compaction_interval, now = loop_now_ms(c->k->ctx->loop);

    if (!c->k->etcd || interval == 0 || c->runs || now < c->next_ms)
        return;
    c->next_ms = now + interval;
    raise_clock(c);
}
