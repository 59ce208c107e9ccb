/* A write that needs a lease waits for it with its key and value kept; one grant at a time serves all that
 * wait. A lease that etcd does not know any more (it was revoked, or ran out in a process that was stopped)
 * is asked for anew, once.
 */
#include "shm/store/etcd/backend.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"
#include "shm/store/etcd/lease.h"
#include "shm/store/etcd/once.h"

#define BACKEND_MAGIC 0x65746273u

struct write {
    struct backend *backend;
    struct write *next, *prev;
    uint64_t id;
    struct once_write *sent; /* NULL: waits for a lease */
    enum store_verb verb;
    int64_t expect, ttl_s, lease;
    int64_t deadline_ms, called_ns;
    uint32_t resource;
    bool again; /* had a lease that was gone */
    struct buf key, value;
    store_done done; /* NULL: nobody wants the answer */
    void *arg;
};

struct backend {
    struct store base;
    struct etcd_client *client;
    struct once *once;
    struct etcd_backend_hooks hooks;
    int64_t timeout_ms;
    struct write all; /* head */
    uint64_t ids;
    int64_t revision;
    struct lease_pool pool;
    bool granting;
    uint64_t grant_ticket;
    int64_t grant_started_ms, grant_ttl_s;
};

static struct backend *of(struct store *s)
{
    must_be(s, BACKEND_MAGIC);
    return (struct backend *)s;
}

static void write_free(struct write *w)
{
    w->prev->next = w->next;
    w->next->prev = w->prev;
    buf_free(&w->key);
    buf_free(&w->value);
    free(w);
}

static void answer(struct write *w, const struct store_result *r)
{
    store_done done = w->done;
    void *arg = w->arg;
    write_free(w);
    if (done)
        done(arg, r);
}

static void answer_error(struct write *w, int error)
{
    struct store_result r = {.error = error};
    answer(w, &r);
}

/* ---- the write ---- */

/* Of what etcd may say, what store.h knows; all else is for a person to look at. */
static int known_error(const struct etcd_status *st)
{
    static const int known[] = {-ENOSPC, -EFBIG, -EAGAIN, -ETIMEDOUT};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (st->error == known[i])
            return st->error;
    log_error("etcd: a write failed code=%d reason=\"%s\"", st->code, st->text);
    /* an answer that cannot be read leaves it open; the others were refusals */
    return st->error == -EPROTO || st->error == -EMSGSIZE ? -ETIMEDOUT : -EIO;
}

static void conflict(const struct write *w, const struct etcd_write_reply *r, struct store_result *out)
{
    out->actual = r->present ? r->now.mod_revision : 0;
    out->error = w->expect == STORE_EXPECT_ABSENT ? -EEXIST : -ESTALE;
}

static void send_or_wait(struct write *w);

static void count(const struct write *w, const struct etcd_status *st)
{
    const struct etcd_backend_hooks *h = &w->backend->hooks;
    struct etcd_backend_call call = {.resource = w->resource,
                                     .verb = w->verb,
                                     .creates = w->expect == STORE_EXPECT_ABSENT,
                                     .ns = clock_ns() - w->called_ns,
                                     .failed = st->error != 0};
    if (h->called)
        h->called(h->arg, &call);
}

static void written(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct write *w = arg;
    struct backend *b = w->backend;
    struct store_result out = {0};
    count(w, st);
    w->sent = NULL;
    if (st->error == -ENOENT && w->lease && !w->again) {
        w->again = true;
        if (b->pool.id == w->lease)
            b->pool.id = 0;
        send_or_wait(w);
        return;
    }
    if (!r) {
        answer_error(w, known_error(st));
        return;
    }
    if (r->header.revision > b->revision)
        b->revision = r->header.revision;
    out.revision = r->header.revision;
    if (!r->done)
        conflict(w, r, &out);
    else if (w->verb == STORE_DELETE && r->deleted == 0)
        out.error = -ESTALE; /* whatever was expected, there was nothing */
    else
        out.actual = r->header.revision;
    answer(w, &out);
}

static int transmit(struct write *w)
{
    int64_t left = w->deadline_ms - clock_ms();
    struct etcd_write e = {.verb = w->verb == STORE_PUT ? ETCD_PUT : ETCD_DELETE,
                           .key = buf_view(&w->key),
                           .value = buf_view(&w->value),
                           .expect = w->expect,
                           .lease = w->lease};
    w->called_ns = clock_ns();
    return once_write(w->backend->once, &e, left > 0 ? left : 1, written, w, &w->sent);
}

/* ---- leases ---- */

/* What waits for just this time to live takes the lease as it is, however much etcd made of it; the others
 * ask the pool. */
static void go_on(struct write *w, const struct etcd_status *st, int64_t id, int64_t ttl_s)
{
    struct backend *b = w->backend;
    if (st->error) {
        answer_error(w, st->error == -ETIMEDOUT ? -EAGAIN : known_error(st)); /* nothing was written */
        return;
    }
    if (w->ttl_s != ttl_s) {
        if (!b->granting)
            send_or_wait(w);
        return;
    }
    b->pool.keys += b->pool.id == id;
    w->lease = id;
    int rc = transmit(w);
    if (rc)
        answer_error(w, rc);
}

static void granted(void *arg, const struct etcd_status *st, int64_t id, int64_t ttl_s)
{
    struct backend *b = arg;
    struct write *next;
    b->granting = false;
    if (!st->error) {
        lease_pool_add(&b->pool, id, ttl_s, b->grant_started_ms);
        b->pool.keys = 0;
    }
    /* those that are there now: an answer may well bring new ones, behind them */
    uint64_t last = b->ids;
    int64_t asked_s = b->grant_ttl_s;
    for (struct write *w = b->all.next; w != &b->all && w->id <= last; w = next) {
        next = w->next;
        if (!w->sent)
            go_on(w, st, id, asked_s);
    }
}

static int grant(struct backend *b, const struct write *w)
{
    if (b->granting)
        return 0;
    b->grant_started_ms = clock_ms();
    b->grant_ttl_s = w->ttl_s;
    int rc =
        etcd_lease_grant(b->client, 0, lease_pool_ttl(w->ttl_s), b->timeout_ms, granted, b, &b->grant_ticket);
    b->granting = rc == 0;
    return rc;
}

/* Returns 0, or what the client says: then the write stands as it did. */
static int try_send(struct write *w)
{
    struct backend *b = w->backend;
    w->lease = 0;
    if (w->ttl_s > 0) {
        w->lease = lease_pool_take(&b->pool, w->ttl_s, clock_ms());
        if (!w->lease)
            return grant(b, w);
    }
    return transmit(w);
}

static void send_or_wait(struct write *w)
{
    int rc = try_send(w);
    if (rc)
        answer_error(w, rc);
}

/* ---- store.h ---- */

static int fill(struct backend *b, struct write *w, const struct store_op *op)
{
    int rc = b->hooks.key(b->hooks.arg, op, &w->key);
    if (!rc && op->verb == STORE_PUT)
        rc = b->hooks.value(b->hooks.arg, buf_view(&w->key), op->draft, &w->value, &w->ttl_s);
    return rc;
}

static int backend_submit(struct store *s, const struct store_op *op, store_done done, void *arg,
                          uint64_t *ticket)
{
    struct backend *b = of(s);
    must(op->key.n > 0 && (op->verb == STORE_DELETE || (op->verb == STORE_PUT && op->draft != NULL)));
    struct write *w = calloc(1, sizeof(*w));
    must(w != NULL);
    w->backend = b;
    w->id = ++b->ids;
    w->verb = op->verb;
    w->expect = op->expect;
    struct str ns, name;
    if (!key_parse(key_str(&op->key), &w->resource, &ns, &name))
        w->resource = 0;
    w->deadline_ms = clock_ms() + b->timeout_ms;
    w->next = &b->all;
    w->prev = b->all.prev;
    b->all.prev->next = w;
    b->all.prev = w;
    int rc = fill(b, w, op);
    if (!rc)
        rc = try_send(w);
    if (rc) {
        write_free(w);
        return rc;
    }
    w->done = done;
    w->arg = arg;
    if (ticket)
        *ticket = w->id;
    return 0;
}

static void backend_cancel(struct store *s, uint64_t ticket)
{
    struct backend *b = of(s);
    for (struct write *w = b->all.next; w != &b->all; w = w->next)
        if (w->id == ticket) {
            w->done = NULL;
            return;
        }
}

static void backend_poll(struct store *s)
{
    of(s);
}

static int64_t backend_revision(struct store *s)
{
    return of(s)->revision;
}

static void backend_free(struct store *s)
{
    struct backend *b = of(s);
    while (b->all.next != &b->all) {
        if (b->all.next->sent)
            once_cancel(b->all.next->sent);
        write_free(b->all.next);
    }
    if (b->granting)
        etcd_client_cancel(b->client, b->grant_ticket);
    once_free(b->once);
    s->magic = 0;
    free(b);
}

struct store *etcd_backend_open(struct etcd_client *c, const struct etcd_backend_hooks *hooks,
                                int64_t timeout_ms)
{
    static const struct store_ops ops = {.submit = backend_submit,
                                         .cancel = backend_cancel,
                                         .poll = backend_poll,
                                         .revision = backend_revision,
                                         .free = backend_free};
    struct backend *b = calloc(1, sizeof(*b));
    must(b != NULL && hooks->key && hooks->value);
    b->base = (struct store){BACKEND_MAGIC, &ops};
    b->client = c;
    b->once = once_new(c);
    b->hooks = *hooks;
    b->timeout_ms = timeout_ms > 0 ? timeout_ms : 10000;
    b->all.next = b->all.prev = &b->all;
    return &b->base;
}
