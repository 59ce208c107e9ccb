#include "shm/store/etcd/once.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define ONCE_MAGIC 0x6f6e6365u
#define ATTEMPTS_MAX 4
#define QUESTIONS_MAX 8
#define LOOK_MS 100
#define OLD_MS 300   /* an attempt is, doubled with each */
#define GRACE_MS 500 /* for the attempts that a conflict may come from */
#define GIVE_UP_MS 2000

struct attempt {
    struct once_write *write;
    uint64_t ticket; /* 0: answered */
    int64_t sent_ms;
};

struct once_write {
    struct once *once;
    struct once_write *next, **link;
    struct etcd_write w;
    int64_t deadline_ms;
    struct attempt attempts[ATTEMPTS_MAX];
    int n, unanswered;
    bool unknown;           /* the fate of an attempt is */
    bool conflict;          /* an attempt found another state */
    int64_t conflict_ms;    /* since when */
    struct etcd_status why; /* of an attempt that failed */
    etcd_write_done done;
    void *arg;
};

struct question {
    struct once *once;
    uint64_t ticket;
    int64_t sent_ms;
};

struct once {
    unsigned magic;
    struct etcd_client *client;
    struct once_write *writes;
    int64_t decided_ms; /* the newest that was sent and has been decided was sent then */
    struct question questions[QUESTIONS_MAX];
    int64_t asked_ms;
    struct etcd_timer timer;
};

/* ---- ends ---- */

void once_cancel(struct once_write *w)
{
    for (int i = 0; i < w->n; i++)
        etcd_client_cancel(w->once->client, w->attempts[i].ticket);
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    free(w);
}

static void finish(struct once_write *w, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    etcd_write_done done = w->done;
    struct etcd_status told = *st; /* it may be the write's own */
    void *arg = w->arg;
    once_cancel(w);
    done(arg, &told, r);
}

static void finish_unknown(struct once_write *w, const char *why)
{
    struct etcd_status st = {.error = -ETIMEDOUT, .code = -1};
    snprintf(st.text, sizeof(st.text), "%s", why);
    finish(w, &st, NULL);
}

/* ---- attempts ---- */

static bool may_repeat(const struct once_write *w, int64_t now_ms)
{
    return w->w.expect > 0 && !w->conflict && w->n < ATTEMPTS_MAX && now_ms < w->deadline_ms;
}

static void on_attempt(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r);

static int attempt(struct once_write *w)
{
    struct attempt *a = &w->attempts[w->n];
    int64_t now = clock_ms(), left = w->deadline_ms - now;
    a->write = w;
    a->sent_ms = now;
    int rc = etcd_write_beside(w->once->client, &w->w, left > 0 ? left : 1, w->n ? a[-1].ticket : 0,
                               on_attempt, a, &a->ticket);
    w->n += rc == 0;
    w->unanswered += rc == 0;
    return rc;
}

static void decided(struct once *o, int64_t sent_ms)
{
    if (sent_ms > o->decided_ms)
        o->decided_ms = sent_ms;
}

static void failed(struct once_write *w, const struct etcd_status *st)
{
    w->why = *st;
    w->unknown = w->unknown || st->error == -ETIMEDOUT || st->error == -EPROTO || st->error == -EMSGSIZE;
    if (w->unanswered > 0)
        return;
    if (w->unknown && may_repeat(w, clock_ms()) && attempt(w) == 0)
        return;
    if (w->unknown || w->conflict)
        finish_unknown(w, st->text);
    else
        finish(w, &w->why, NULL);
}

static void on_attempt(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct attempt *a = arg;
    struct once_write *w = a->write;
    a->ticket = 0;
    w->unanswered--;
    if (!r) {
        failed(w, st);
        return;
    }
    decided(w->once, a->sent_ms);
    if (r->done || (w->unanswered == 0 && !w->unknown)) {
        finish(w, st, r);
        return;
    }
    if (!w->conflict)
        w->conflict_ms = clock_ms();
    w->conflict = true;
    if (w->unanswered == 0)
        finish_unknown(w, "an attempt is lost, and another state is there");
}

/* ---- whether attempts are lost ---- */

static void on_agreed(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct question *q = arg;
    q->ticket = 0;
    if (!st->error)
        decided(q->once, q->sent_ms);
}

static void ask(struct once *o, uint64_t beside, int64_t now_ms)
{
    if (now_ms < o->asked_ms + OLD_MS)
        return;
    for (int i = 0; i < QUESTIONS_MAX; i++) {
        struct question *q = &o->questions[i];
        if (q->ticket)
            continue;
        *q = (struct question){.once = o, .sent_ms = now_ms};
        o->asked_ms = now_ms;
        if (etcd_agreed_revision(o->client, 0, beside, on_agreed, q, &q->ticket))
            q->ticket = 0;
        return;
    }
}

static void look_at(struct once_write *w, int64_t now_ms)
{
    struct once *o = w->once;
    const struct attempt *last = &w->attempts[w->n - 1];
    int64_t age = now_ms - last->sent_ms;
    if (w->conflict && now_ms >= w->conflict_ms + GRACE_MS) {
        finish_unknown(w, "an attempt is lost, and another state is there");
        return;
    }
    if (w->conflict || age < (int64_t)OLD_MS << (w->n - 1))
        return;
    if (o->decided_ms <= last->sent_ms)
        ask(o, last->ticket, now_ms);
    else if (may_repeat(w, now_ms))
        attempt(w);
    else if (now_ms - w->attempts[0].sent_ms >= GIVE_UP_MS && age >= OLD_MS * 2)
        finish_unknown(w, "the members go on without an answer");
}

static void look(struct etcd_timer *timer)
{
    struct once *o = (struct once *)(void *)((char *)timer - offsetof(struct once, timer));
    int64_t now = clock_ms();
    must_be(o, ONCE_MAGIC);
    for (struct once_write *w = o->writes, *next; w; w = next) {
        next = w->next;
        look_at(w, now);
    }
    if (o->writes)
        etcd_client_timer(o->client, &o->timer, LOOK_MS);
}

/* ---- what the caller asks ---- */

int once_write(struct once *o, const struct etcd_write *w, int64_t timeout_ms, etcd_write_done done,
               void *arg, struct once_write **out)
{
    must_be(o, ONCE_MAGIC);
    struct once_write *n = calloc(1, sizeof(*n));
    must(n != NULL);
    n->once = o;
    n->w = *w;
    n->deadline_ms = clock_ms() + timeout_ms;
    n->done = done;
    n->arg = arg;
    int rc = attempt(n);
    if (rc) {
        free(n);
        return rc;
    }
    n->next = o->writes;
    n->link = &o->writes;
    if (n->next)
        n->next->link = &n->next;
    o->writes = n;
    *out = n;
    if (!o->timer.link)
        etcd_client_timer(o->client, &o->timer, LOOK_MS);
    return 0;
}

struct once *once_new(struct etcd_client *c)
{
    struct once *o = calloc(1, sizeof(*o));
    must(o != NULL);
    o->magic = ONCE_MAGIC;
    o->client = c;
    o->timer.fire = look;
    return o;
}

void once_free(struct once *o)
{
    if (!o)
        return;
    must_be(o, ONCE_MAGIC);
    while (o->writes)
        once_cancel(o->writes);
    for (int i = 0; i < QUESTIONS_MAX; i++)
        etcd_client_cancel(o->client, o->questions[i].ticket);
    etcd_timer_off(&o->timer);
    o->magic = 0;
    free(o);
}
