/* Keep-alive is a stream in etcd's API; with one request on it and its end, it is a call like the others. */
#include "shm/store/etcd/lease.h"

#include <errno.h>
#include <stdio.h>
#include "shm/base/must.h"

#define POOL_KEYS 1000
#define POOL_EXTRA_S 60

enum { GRANT, REVOKE, KEEP };

static int judge(const struct etcd_waiter *w, const struct etcd_lease_reply *r, struct etcd_status *s)
{
    const char *text = NULL;
    if (r->error.n) {
        s->error = -EIO;
        snprintf(s->text, sizeof(s->text), "%.*s", STR_ARG(r->error));
    } else if (w->tag != REVOKE && r->id == 0) {
        s->error = -EPROTO;
        text = "the answer names no lease";
    } else if (w->tag == KEEP && r->ttl_s <= 0) {
        s->error = -ENOENT;
        text = "the lease is gone";
    }
    if (text)
        snprintf(s->text, sizeof(s->text), "%s", text);
    return s->error;
}

static void on_lease(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_lease_reply r = {0};
    struct etcd_status s = *st;
    if (!etcd_reply_decode(&message_lease_reply, message, &r, &s) || judge(w, &r, &s))
        r.id = r.ttl_s = 0;
    ((etcd_lease_done)w->done)(w->arg, &s, r.id, r.ttl_s);
}

static int call(struct etcd_client *c, const struct etcd_call *o, int kind, etcd_lease_done done, void *arg,
                uint64_t *ticket)
{
    struct etcd_waiter w = {on_lease, (void (*)(void))done, arg, kind};
    return etcd_client_call(c, o, &w, ticket);
}

/* A lease nobody knows of runs out by itself, so that granting twice does no harm, unless the id was chosen.
 */
int etcd_lease_grant(struct etcd_client *c, int64_t id, int64_t ttl_s, int64_t timeout_ms,
                     etcd_lease_done done, void *arg, uint64_t *ticket)
{
    must(ttl_s > 0);
    struct etcd_lease r = {.ttl_s = ttl_s, .id = id};
    struct etcd_call o = {.method = "/etcdserverpb.Lease/LeaseGrant",
                          .type = &message_lease,
                          .request = &r,
                          .write = id != 0,
                          .member = ETCD_ANY_MEMBER,
                          .timeout_ms = timeout_ms};
    return call(c, &o, GRANT, done, arg, ticket);
}

int etcd_lease_revoke(struct etcd_client *c, int64_t id, int64_t timeout_ms, etcd_lease_done done, void *arg,
                      uint64_t *ticket)
{
    struct etcd_lease_id r = {.id = id};
    struct etcd_call o = {.method = "/etcdserverpb.Lease/LeaseRevoke",
                          .type = &message_lease_id,
                          .request = &r,
                          .write = true,
                          .member = ETCD_ANY_MEMBER,
                          .timeout_ms = timeout_ms};
    return call(c, &o, REVOKE, done, arg, ticket);
}

int etcd_lease_keep(struct etcd_client *c, int64_t id, int64_t timeout_ms, etcd_lease_done done, void *arg,
                    uint64_t *ticket)
{
    struct etcd_lease_id r = {.id = id};
    struct etcd_call o = {.method = "/etcdserverpb.Lease/LeaseKeepAlive",
                          .type = &message_lease_id,
                          .request = &r,
                          .member = ETCD_ANY_MEMBER,
                          .timeout_ms = timeout_ms};
    return call(c, &o, KEEP, done, arg, ticket);
}

/* ---- shared leases ---- */

static int64_t extra(int64_t ttl_s)
{
    int64_t s = ttl_s / 20;
    return s > POOL_EXTRA_S ? POOL_EXTRA_S : s;
}

int64_t lease_pool_ttl(int64_t ttl_s)
{
    return ttl_s + extra(ttl_s);
}

int64_t lease_pool_take(struct lease_pool *p, int64_t ttl_s, int64_t now_ms)
{
    bool lasts = now_ms + ttl_s * 1000 < p->expires_ms;
    bool not_too_long = now_ms + lease_pool_ttl(ttl_s) * 1000 >= p->expires_ms;
    if (!p->id || !lasts || !not_too_long || p->keys >= POOL_KEYS)
        return 0;
    p->keys++;
    return p->id;
}

void lease_pool_add(struct lease_pool *p, int64_t id, int64_t ttl_s, int64_t granted_ms)
{
    *p = (struct lease_pool){.id = id, .expires_ms = granted_ms + ttl_s * 1000, .keys = 1};
}
