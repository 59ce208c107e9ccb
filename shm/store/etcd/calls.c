/* A call's life: waiting for an attempt, running one, the next one or the end.
 *
 * Whether there is a next attempt: nothing of the request was sent, or the call changes nothing, or etcd
 * says that nothing was done; and there is time left. */
#include "shm/store/etcd/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define TIMEOUT_MS 10000
#define RETRY_MIN_MS 25
#define RETRY_ROUNDS 4 /* doublings: up to 400 ms between rounds */
#define LATE_MS 50     /* as exact as deadlines are */
#define DIAL_MS 300    /* a call waits for a connection, while others have one or may be quicker */
#define REQUEST_MAX                                                                                          \
    (GRPC_HEAD_BYTES + (2u << 20)) /* what etcd's own client sends and its server takes at most */
#define UNSENT_MAX (1u << 20)      /* of a stream */

/* ---- ends ---- */

static void finish(struct etcd_client *c, struct call *call, const struct etcd_status *st, struct str message)
{
    struct etcd_waiter w = call->waiter;
    struct etcd_stream_hooks hooks = call->hooks;
    bool stream = call->stream, probe = call->probe;
    struct transfer *t = call_detach(c, call);
    call_drop(c, call);
    c->callbacks += !probe;
    if (stream)
        hooks.ended(hooks.arg, st);
    else
        w.reply(&w, st, message);
    if (t)
        transfer_put(c, t);
}

static void say(struct etcd_status *st, int error, int code, const char *text)
{
    memset(st, 0, sizeof(*st));
    st->error = error;
    st->code = code;
    snprintf(st->text, sizeof(st->text), "%s", text);
}

static void finish_with(struct etcd_client *c, struct call *call, int error, const char *text)
{
    struct etcd_status st;
    say(&st, error, GRPC_NONE, text);
    if (call->why[0])
        snprintf(st.text, sizeof(st.text), "%s: %s", text, call->why);
    finish(c, call, &st, STR_NONE);
}

void etcd_client_cancel(struct etcd_client *c, uint64_t ticket)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    struct call *call = call_find(c, ticket);
    if (!call)
        return;
    struct transfer *t = call_detach(c, call);
    call_drop(c, call);
    if (t && t != c->held)
        transfer_put(c, t);
}

void calls_free(struct etcd_client *c)
{
    for (int s = 0; s < ETCD_CALLS_MAX; s++)
        if (c->slot[s])
            etcd_client_cancel(c, c->slot[s]->ticket);
    while (c->idle) {
        struct transfer *t = c->idle;
        c->idle = t->next;
        transfer_free(t, &c->config);
    }
}

/* ---- attempts ---- */

static void wait_for_retry(struct etcd_client *c, struct call *call, int64_t now)
{
    int shift = call->round < RETRY_ROUNDS ? call->round : RETRY_ROUNDS;
    call->tried = 0;
    call->round++;
    call->retry_ms = now + ((int64_t)RETRY_MIN_MS << shift);
    if (call->state != CALL_WAITING)
        c->waiting++;
    call->state = CALL_WAITING;
    client_due(c, call->retry_ms);
}

/* The member for the next attempt, -1: wait first. One that is down is no choice while another is up. */
static int choose(struct etcd_client *c, const struct call *call)
{
    if (call->member != ETCD_ANY_MEMBER)
        return call->tried ? -1 : call->member;
    int i = endpoints_pick(&c->endpoints, call->tried);
    if (i >= 0 && !c->endpoints.at[i].up && endpoints_up(&c->endpoints) > 0)
        return -1;
    return i;
}

static void attempt(struct etcd_client *c, struct call *call)
{
    int64_t now = clock_ms(), left = call->deadline_ms - now;
    int i = choose(c, call);
    if (i < 0) {
        wait_for_retry(c, call, now);
        return;
    }
    call->endpoint = i;
    call->tried |= 1u << i;
    call->started_ms = now;
    c->waiting -= call->state == CALL_WAITING;
    call->state = CALL_RUNNING;
    call->t = transfer_get(c);
    call_count(c, call, 1);
    struct transfer_start s = {.conn = &c->conn[i],
                               .method = call->method,
                               .out = &call->out,
                               .open_ended = call->stream,
                               .leader = call->member == ETCD_ANY_MEMBER,
                               .timeout_ms = call->stream ? 0
                                             : left > 0   ? left
                                                          : 1,
                               .owner = call};
    transfer_start(call->t, &s);
    client_dirty(c);
}

/* What the attempt says; *again: another one may be made. */
static void judge(struct call *call, struct etcd_status *st, bool *again)
{
    struct transfer *t = call->t;
    bool told = t->head.code != GRPC_NONE;
    if (t->too_big) {
        say(st, -EMSGSIZE, GRPC_NONE, "the answer is too large");
        *again = false;
    } else if (t->end == TRANSFER_DONE || told) {
        int code = grpc_head_code(&t->head);
        say(st, grpc_errno(code, t->head.text, call->write), code, t->head.text);
        *again = st->error == -EAGAIN;
    } else {
        int error = !t->sent || !call->write ? -EAGAIN : -ETIMEDOUT;
        say(st, error, GRPC_NONE, t->why);
        *again = error == -EAGAIN;
    }
}

static void note_health(struct etcd_client *c, const struct call *call, const struct etcd_status *st)
{
    const struct transfer *t = call->t;
    if (call->probe)
        return;
    if (t->end == TRANSFER_BROKEN)
        health_attempt_failed(c, call->endpoint, st->text);
    else if (st->code != GRPC_NONE && st->error != -EAGAIN)
        health_attempt_answered(c, call->endpoint);
}

/* A unary answer is one message and nothing behind it. */
static struct str only_message(const struct transfer *t, struct etcd_status *st)
{
    struct str message = STR_NONE;
    size_t at = 0;
    if (st->error)
        return STR_NONE;
    int rc = grpc_next(buf_view(&t->in), &at, &message);
    if (rc == 1 && at == t->in.n)
        return message;
    say(st, rc == -EMSGSIZE ? rc : -EPROTO, st->code, "the answer is no gRPC message");
    return STR_NONE;
}

static bool deliver(struct etcd_client *c, uint64_t ticket);

static void attempt_ended(struct etcd_client *c, struct call *call)
{
    struct etcd_status st;
    bool again;
    int64_t now = clock_ms();
    if (call->stream && !deliver(c, call->ticket))
        return;
    judge(call, &st, &again);
    note_health(c, call, &st);
    bool begun = call->stream && (call->t->sent || call->t->in.n > 0);
    if (again && !begun && !call->probe && now < call->patience_until_ms && now < call->deadline_ms) {
        snprintf(call->why, sizeof(call->why), "%.*s", (int)sizeof(call->why) - 1, st.text);
        transfer_put(c, call_detach(c, call));
        attempt(c, call);
        return;
    }
    if (call->stream && !st.error)
        say(&st, -EAGAIN, st.code, "the member ended the stream");
    struct str message = call->stream ? STR_NONE : only_message(call->t, &st);
    finish(c, call, &st, message);
}

void calls_ended(struct etcd_client *c)
{
    while (c->config.ended)
        attempt_ended(c, c->config.ended->owner);
}

static void run_waiting(struct etcd_client *c, struct call *call, int64_t now_ms)
{
    if (now_ms >= call->deadline_ms || now_ms >= call->patience_until_ms)
        finish_with(c, call, -EAGAIN, "no member of the cluster answers");
    else if (now_ms >= call->retry_ms)
        attempt(c, call);
}

/* The member was told the deadline, too, and says so itself, if it can. */
static void run_late(struct etcd_client *c, struct call *call)
{
    finish_with(c, call, call->t->sent ? -ETIMEDOUT : -EAGAIN, "the member does not answer in time");
}

static int64_t dials_until(const struct etcd_client *c, const struct call *call)
{
    bool dials = call->t && !call->t->sent && !c->conn[call->endpoint].open && c->endpoints.n > 1;
    return dials && call->member == ETCD_ANY_MEMBER ? call->started_ms + DIAL_MS : ETCD_NEVER;
}

/* Nothing was sent yet. Who has no choice waits on. */
static void try_another(struct etcd_client *c, struct call *call, int64_t now_ms)
{
    call->started_ms = now_ms;
    for (int i = 0; i < c->endpoints.n; i++) {
        const struct endpoint *e = &c->endpoints.at[i];
        if (!e->up || e->silent || (call->tried >> i & 1))
            continue;
        transfer_put(c, call_detach(c, call));
        attempt(c, call);
        return;
    }
}

void calls_run(struct etcd_client *c, int64_t now_ms)
{
    for (int s = 0; s < c->slots; s++) {
        struct call *call = c->slot[s];
        if (call && call->state == CALL_WAITING)
            run_waiting(c, call, now_ms);
        else if (call && call->t && now_ms >= call->deadline_ms)
            run_late(c, call);
        else if (call && now_ms >= dials_until(c, call))
            try_another(c, call, now_ms);
    }
}

int64_t calls_due(const struct etcd_client *c)
{
    int64_t due = ETCD_NEVER;
    for (int s = 0; s < c->slots; s++) {
        const struct call *call = c->slot[s];
        if (!call)
            continue;
        int64_t at = call->deadline_ms == ETCD_NEVER ? ETCD_NEVER : call->deadline_ms + LATE_MS;
        int64_t dials = dials_until(c, call);
        at = dials < at ? dials : at;
        if (call->state == CALL_WAITING) {
            at = call->retry_ms < call->deadline_ms ? call->retry_ms : call->deadline_ms;
            at = call->patience_until_ms < at ? call->patience_until_ms : at;
        }
        due = at < due ? at : due;
    }
    return due;
}

bool etcd_reply_decode(const struct message *type, struct str message, void *to, struct etcd_status *st)
{
    if (st->error)
        return false;
    if (message_decode(type, message, to) == 0)
        return true;
    say(st, -EPROTO, st->code, "the answer is damaged");
    return false;
}

/* ---- begins ---- */

static struct call *begin(struct etcd_client *c, const struct etcd_call *o)
{
    struct call *call = call_new(c);
    if (!call)
        return NULL;
    int64_t now = clock_ms();
    int64_t timeout = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
    must(o->member >= ETCD_ANY_MEMBER && o->member < c->endpoints.n);
    call->state = CALL_RUNNING; /* no attempt yet: neither counted as waiting nor looked at before start */
    call->member = o->member;
    call->method = o->method;
    call->write = o->write;
    call->deadline_ms = now + timeout;
    call->patience_until_ms = now + c->o.patience_ms;
    size_t at = grpc_begin(&call->out);
    message_encode(&call->out, o->type, o->request);
    grpc_end(&call->out, at);
    call->queued = call->out.n;
    c->queued += call->queued;
    return call;
}

static int refused(struct etcd_client *c, struct call *call)
{
    int rc = 0;
    if (!call)
        return -EAGAIN;
    if (call->out.n > REQUEST_MAX)
        rc = -EFBIG;
    else if (c->queued > ETCD_QUEUED_MAX)
        rc = -EAGAIN;
    if (rc)
        call_drop(c, call);
    return rc;
}

int etcd_client_call(struct etcd_client *c, const struct etcd_call *o, const struct etcd_waiter *w,
                     uint64_t *ticket)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    struct call *call = begin(c, o);
    int rc = refused(c, call);
    if (rc)
        return rc;
    const struct call *beside = call_find(c, o->beside);
    call->waiter = *w;
    call->probe = o->probe;
    call->tried = beside && beside->t ? 1u << beside->endpoint : 0;
    if (ticket)
        *ticket = call->ticket;
    attempt(c, call);
    return 0;
}

/* ---- streams ---- */

int etcd_client_stream(struct etcd_client *c, const struct etcd_call *first,
                       const struct etcd_stream_hooks *hooks, uint64_t *ticket)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    int free_at = 0;
    while (free_at < ETCD_STREAMS_MAX && c->streams[free_at])
        free_at++;
    if (free_at == ETCD_STREAMS_MAX)
        return -EAGAIN;
    struct call *call = begin(c, first);
    int rc = refused(c, call);
    if (rc)
        return rc;
    const struct call *beside = call_find(c, first->beside);
    call->stream = true;
    call->tried = beside && beside->t ? 1u << beside->endpoint : 0;
    call->deadline_ms = ETCD_NEVER;
    call->hooks = *hooks;
    c->streams[free_at] = *ticket = call->ticket;
    attempt(c, call);
    return 0;
}

int etcd_client_send(struct etcd_client *c, uint64_t ticket, const struct message *type, const void *request)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    struct call *call = call_find(c, ticket);
    if (!call || !call->stream)
        return -ENOENT;
    if (call->out.n > UNSENT_MAX)
        return -EAGAIN;
    size_t at = grpc_begin(&call->out);
    message_encode(&call->out, type, request);
    grpc_end(&call->out, at);
    if (call->t)
        transfer_wake(call->t);
    client_dirty(c);
    return 0;
}

bool etcd_client_progress_in_order(struct etcd_client *c, uint64_t ticket)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    const struct call *call = call_find(c, ticket);
    return call && call->t && endpoint_progress_in_order(c->endpoints.at[call->endpoint].version);
}

static void hand_out(struct etcd_client *c, struct call *call, struct str message)
{
    struct transfer *t = call->t;
    uint64_t ticket = call->ticket;
    struct etcd_stream_hooks hooks = call->hooks;
    c->held = t;
    c->callbacks++;
    hooks.message(hooks.arg, message);
    c->held = NULL;
    if (!call_find(c, ticket))
        transfer_put(c, t); /* cancelled meanwhile: the view had to stay until now */
}

/* Hands out the whole messages of a stream. Returns false when it is gone after that. */
static bool deliver(struct etcd_client *c, uint64_t ticket)
{
    struct call *call;
    struct str message;
    while ((call = call_find(c, ticket)) != NULL && call->t) {
        int rc = grpc_next(buf_view(&call->t->in), &call->t->in_at, &message);
        if (rc == 1) {
            hand_out(c, call, message);
            continue;
        }
        transfer_consumed(call->t);
        if (rc == 0)
            return true;
        finish_with(c, call, rc, "the stream carries no gRPC messages");
        return false;
    }
    return call != NULL;
}

void calls_deliver(struct etcd_client *c)
{
    for (int i = 0; i < ETCD_STREAMS_MAX; i++)
        if (c->streams[i])
            deliver(c, c->streams[i]);
}
