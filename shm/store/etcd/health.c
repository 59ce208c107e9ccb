/* Which members are worth calling. A process that is stopped or a host that is cut off still has its
 * connections standing; only silence tells. Silence alone tells nothing either, so a member that is silent
 * while something waits for it is asked for its status, which it answers from memory, without its peers. */
#include "shm/store/etcd/inside.h"

#include <errno.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"

#define LOOK_MS 100  /* while calls are out */
#define QUIET_MS 250 /* a call waits and nothing is heard: others are asked first */
#define SOON_MS 10
#define VERSION_ODD (-1)

static uint32_t random_next(struct etcd_client *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 17;
    c->random ^= c->random << 5;
    return c->random;
}

static void failed(struct etcd_client *c, int i, const char *why)
{
    c->endpoints.at[i].version = 0; /* it may come back as another */
    if (endpoints_failed(&c->endpoints, i, clock_ms(), random_next(c)))
        log_warn("etcd: member is down url=%s reason=\"%s\"", c->endpoints.at[i].url, why);
    client_due(c, c->endpoints.at[i].look_ms);
}

/* A lost connection fails many calls at once: that counts as one failure. */
void health_attempt_failed(struct etcd_client *c, int i, const char *why)
{
    if (c->endpoints.at[i].up)
        failed(c, i, why);
}

void health_attempt_answered(struct etcd_client *c, int i)
{
    if (endpoints_answered(&c->endpoints, i, clock_ms()))
        log_info("etcd: member is up url=%s", c->endpoints.at[i].url);
}

/* ---- probes ---- */

static void noted(struct etcd_client *c, int i, struct str message)
{
    struct etcd_status_reply r;
    int version = 0;
    if (!message_decode(&message_status_reply, message, &r))
        version = endpoint_version(r.version.p, r.version.n);
    if (!version) {
        c->endpoints.at[i].version = VERSION_ODD;
        health_attempt_answered(c, i);
        return;
    }
    if (r.leader == 0 || r.learner)
        failed(c, i, r.learner ? "it is a learner" : "it sees no leader");
    else
        health_attempt_answered(c, i);
    c->endpoints.at[i].version = version;
}

static void probed(const struct etcd_waiter *w, const struct etcd_status *st, struct str message)
{
    struct etcd_client *c = w->arg;
    int i = w->tag;
    struct endpoint *e = &c->endpoints.at[i];
    e->probing = false;
    if (!st->error)
        noted(c, i, message);
    else if (st->code > 0 && st->error != -EAGAIN && st->error != -ETIMEDOUT)
        noted(c, i, STR_NONE); /* it refuses, but it lives */
    else {
        failed(c, i, st->text);
        conn_break(&c->conn[i], "the member is silent");
    }
    client_due(c, health_due(c, clock_ms()));
}

static void probe(struct etcd_client *c, int i)
{
    struct etcd_nothing none = {0};
    struct etcd_call call = {.method = "/etcdserverpb.Maintenance/Status",
                             .type = &message_nothing,
                             .request = &none,
                             .probe = true,
                             .member = i,
                             .timeout_ms = c->o.probe_ms};
    struct etcd_waiter w = {.reply = probed, .arg = c, .tag = i};
    c->endpoints.at[i].probing = etcd_client_call(c, &call, &w, NULL) == 0;
}

/* ---- when ---- */

/* When this member is to be asked, or ETCD_NEVER. */
static int64_t look_at(const struct etcd_client *c, int i, int64_t oldest_ms)
{
    const struct endpoint *e = &c->endpoints.at[i];
    if (e->probing)
        return ETCD_NEVER;
    if (!e->up)
        return e->look_ms;
    if (e->streams > 0 && e->version == 0)
        return 0;
    int64_t at = ETCD_NEVER;
    if (e->streams > 0)
        at = e->heard_ms + c->o.health_ms;
    if (oldest_ms != ETCD_NEVER) {
        int64_t quiet = oldest_ms > e->heard_ms ? oldest_ms : e->heard_ms;
        at = at < quiet + c->o.suspect_ms ? at : quiet + c->o.suspect_ms;
    }
    return at;
}

static void oldest_calls(const struct etcd_client *c, int64_t oldest[ENDPOINTS_MAX])
{
    for (int i = 0; i < ENDPOINTS_MAX; i++)
        oldest[i] = ETCD_NEVER;
    for (int s = 0; s < c->slots; s++) {
        const struct call *call = c->slot[s];
        if (call && call->state == CALL_RUNNING && !call->stream && !call->probe &&
            call->started_ms < oldest[call->endpoint])
            oldest[call->endpoint] = call->started_ms;
    }
}

void health_run(struct etcd_client *c, int64_t now_ms)
{
    int64_t oldest[ENDPOINTS_MAX];
    oldest_calls(c, oldest);
    for (int i = 0; i < c->endpoints.n; i++) {
        struct endpoint *e = &c->endpoints.at[i];
        e->silent = e->silent || (oldest[i] != ETCD_NEVER && oldest[i] + QUIET_MS <= now_ms &&
                                  e->heard_ms + QUIET_MS <= now_ms);
        if (look_at(c, i, oldest[i]) <= now_ms)
            probe(c, i);
    }
}

int64_t health_due(const struct etcd_client *c, int64_t now_ms)
{
    int64_t due = ETCD_NEVER;
    for (int i = 0; i < c->endpoints.n; i++) {
        const struct endpoint *e = &c->endpoints.at[i];
        int64_t at = look_at(c, i, ETCD_NEVER);
        if (e->running > e->streams + e->probing && now_ms + LOOK_MS < at)
            at = now_ms + LOOK_MS;
        due = at < due ? at : due;
    }
    return due > now_ms + SOON_MS ? due : now_ms + SOON_MS; /* a probe that could not be sent must not spin */
}
