/* Requests are laid out on the stack as structs that point at each other and are encoded before the call
 * returns. */
#include "shm/store/etcd/kv.h"

#include <errno.h>
#include <stdio.h>
#include "shm/base/must.h"

/* Sorts before every key of anyone and is never written. */
#define ABSENT_KEY STR("\0")

size_t etcd_prefix_end(struct str prefix, char *end)
{
    for (size_t n = prefix.n; n > 0; n--) {
        if ((unsigned char)prefix.p[n - 1] == 0xff)
            continue;
        memcpy(end, prefix.p, n);
        end[n - 1]++;
        return n;
    }
    return 0;
}

static void on_range(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_range_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_range_reply, message, &r, &s);
    ((etcd_range_done)w->done)(w->arg, &s, ok ? &r : NULL);
}

static int range(struct etcd_client *c, const struct etcd_range *r, int64_t timeout_ms, struct etcd_waiter w,
                 uint64_t *ticket)
{
    struct etcd_call call = {.method = "/etcdserverpb.KV/Range",
                             .type = &message_range,
                             .request = r,
                             .member = ETCD_ANY_MEMBER,
                             .timeout_ms = timeout_ms};
    return etcd_client_call(c, &call, &w, ticket);
}

int etcd_range(struct etcd_client *c, const struct etcd_range *r, int64_t timeout_ms, etcd_range_done done,
               void *arg, uint64_t *ticket)
{
    return range(c, r, timeout_ms, (struct etcd_waiter){on_range, (void (*)(void))done, arg, 0}, ticket);
}

static void on_revision(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_range_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_range_reply, message, &r, &s);
    ((etcd_revision_done)w->done)(w->arg, &s, ok ? r.header.revision : 0, ok ? r.header.cluster_id : 0);
}

int etcd_current_revision(struct etcd_client *c, int64_t timeout_ms, etcd_revision_done done, void *arg,
                          uint64_t *ticket)
{
    struct etcd_range r = {.key = ABSENT_KEY, .keys_only = true, .limit = 1};
    struct etcd_waiter w = {on_revision, (void (*)(void))done, arg, 0};
    return range(c, &r, timeout_ms, w, ticket);
}

/* ---- writes ---- */

static int txn(struct etcd_client *c, const struct etcd_txn *t, struct etcd_call how, struct etcd_waiter w,
               uint64_t *ticket)
{
    how.method = "/etcdserverpb.KV/Txn";
    how.type = &message_txn;
    how.request = t;
    how.member = ETCD_ANY_MEMBER;
    return etcd_client_call(c, &how, &w, ticket);
}

static void on_agreed(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_txn_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_txn_reply, message, &r, &s);
    ((etcd_revision_done)w->done)(w->arg, &s, ok ? r.header.revision : 0, ok ? r.header.cluster_id : 0);
}

/* A transaction that might put something is decided by the members, also when it puts nothing: no key has
 * this version. */
int etcd_agreed_revision(struct etcd_client *c, int64_t timeout_ms, uint64_t beside, etcd_revision_done done,
                         void *arg, uint64_t *ticket)
{
    struct etcd_compare never = {
        .result = ETCD_EQUAL, .target = ETCD_VERSION, .key = ABSENT_KEY, .version = INT64_MAX};
    struct etcd_put put = {.key = ABSENT_KEY};
    struct etcd_op act = {.put = &put};
    struct etcd_txn t = {.compare = {&never, 1}, .success = {&act, 1}};
    struct etcd_waiter w = {on_agreed, (void (*)(void))done, arg, 0};
    return txn(c, &t, (struct etcd_call){.timeout_ms = timeout_ms, .beside = beside}, w, ticket);
}

static void on_txn(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_txn_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_txn_reply, message, &r, &s);
    ((etcd_txn_done)w->done)(w->arg, &s, ok ? &r : NULL);
}

int etcd_txn(struct etcd_client *c, const struct etcd_txn *t, int64_t timeout_ms, etcd_txn_done done,
             void *arg, uint64_t *ticket)
{
    struct etcd_waiter w = {on_txn, (void (*)(void))done, arg, 0};
    return txn(c, t, (struct etcd_call){.timeout_ms = timeout_ms, .write = true}, w, ticket);
}

/* One operation was asked for, one must be answered, and of the right kind. */
static bool read_write(const struct etcd_txn_reply *t, int verb, struct etcd_write_reply *r)
{
    struct etcd_op_reply op;
    size_t at = 0;
    memset(r, 0, sizeof(*r));
    if (t->responses.count != 1 || !message_next(&t->responses, &at, &op) || t->header.revision <= 0)
        return false;
    r->header = t->header;
    r->done = t->succeeded;
    if (t->succeeded) {
        r->deleted = op.del.deleted;
        return verb == ETCD_PUT ? op.has_put : op.has_del;
    }
    at = 0;
    if (!op.has_range || op.range.kvs.count > 1)
        return false;
    r->present = message_next(&op.range.kvs, &at, &r->now);
    return true;
}

static void on_write(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_txn_reply t;
    struct etcd_write_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_txn_reply, message, &t, &s);
    if (ok && !read_write(&t, w->tag, &r)) {
        ok = false;
        s.error = -EPROTO;
        snprintf(s.text, sizeof(s.text), "the answer does not fit the transaction");
    }
    ((etcd_write_done)w->done)(w->arg, &s, ok ? &r : NULL);
}

int etcd_write(struct etcd_client *c, const struct etcd_write *w, int64_t timeout_ms, etcd_write_done done,
               void *arg, uint64_t *ticket)
{
    return etcd_write_beside(c, w, timeout_ms, 0, done, arg, ticket);
}

int etcd_write_beside(struct etcd_client *c, const struct etcd_write *w, int64_t timeout_ms, uint64_t beside,
                      etcd_write_done done, void *arg, uint64_t *ticket)
{
    must(w->key.n > 0 && w->expect >= ETCD_EXPECT_ANY);
    struct etcd_compare compare = {
        .result = ETCD_EQUAL, .target = ETCD_MOD, .key = w->key, .mod_revision = w->expect};
    struct etcd_put put = {.key = w->key, .value = w->value, .lease = w->lease};
    struct etcd_delete del = {.key = w->key};
    struct etcd_range read = {.key = w->key};
    struct etcd_op act = {.put = w->verb == ETCD_PUT ? &put : NULL,
                          .del = w->verb == ETCD_DELETE ? &del : NULL};
    struct etcd_op otherwise = {.range = &read};
    bool any = w->expect == ETCD_EXPECT_ANY;
    struct etcd_txn t = {.compare = {&compare, !any}, .success = {&act, 1}, .failure = {&otherwise, !any}};
    struct etcd_waiter waiter = {on_write, (void (*)(void))done, arg, (int)w->verb};
    struct etcd_call how = {.timeout_ms = timeout_ms, .write = true, .beside = beside};
    return txn(c, &t, how, waiter, ticket);
}

static void on_compact(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_header_reply r;
    struct etcd_status s = *st;
    bool ok = etcd_reply_decode(&message_header_reply, message, &r, &s);
    ((etcd_compact_done)w->done)(w->arg, &s, ok ? r.header.revision : 0);
}

/* Not a write: to compact twice is to be told so. */
int etcd_compact(struct etcd_client *c, int64_t revision, int64_t timeout_ms, etcd_compact_done done,
                 void *arg, uint64_t *ticket)
{
    struct etcd_compact r = {.revision = revision};
    struct etcd_call call = {.method = "/etcdserverpb.KV/Compact",
                             .type = &message_compact,
                             .request = &r,
                             .member = ETCD_ANY_MEMBER,
                             .timeout_ms = timeout_ms};
    struct etcd_waiter w = {on_compact, (void (*)(void))done, arg, 0};
    return etcd_client_call(c, &call, &w, ticket);
}
