/* Two rings of waiters: those whom the answer under way is for, and those who came later. */
#include "shm/store/etcd/fresh.h"

#include <stddef.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"

#define FRESH_MAGIC 0x66726573u
#define ASKS_MAX 8
#define TIMEOUT_MS 10000
#define PATIENCE_MS 400 /* until somebody else is asked, too */

/* One question of a round. */
struct ask {
    struct fresh *fresh;
    uint64_t ticket; /* 0: answered */
};

struct fresh {
    unsigned magic;
    struct etcd_client *client;
    int64_t timeout_ms;
    struct ask asks[ASKS_MAX];
    int nasks, unanswered;
    int64_t until_ms;
    struct etcd_timer timer;
    bool busy;                      /* a round trip is under way */
    struct fresh_wait asked, later; /* heads */
    uint64_t trips;
};

static void put(struct fresh_wait *head, struct fresh_wait *w)
{
    w->next = head;
    w->prev = head->prev;
    head->prev->next = w;
    head->prev = w;
    w->waits = true;
}

void fresh_leave(struct fresh_wait *w)
{
    if (!w->waits)
        return;
    w->prev->next = w->next;
    w->next->prev = w->prev;
    w->waits = false;
}

static bool empty(const struct fresh_wait *head)
{
    return head->next == head;
}

static void move_all(struct fresh_wait *to, struct fresh_wait *from)
{
    while (!empty(from)) {
        struct fresh_wait *w = from->next;
        fresh_leave(w);
        put(to, w);
    }
}

static int start(struct fresh *f);

static void hand_out(struct fresh_wait *head, const struct etcd_status *st, int64_t revision,
                     uint64_t cluster_id)
{
    while (!empty(head)) {
        struct fresh_wait *w = head->next;
        fresh_leave(w);
        w->cluster_id = cluster_id;
        w->done(w, st, revision);
    }
}

static int start(struct fresh *f);

static void end_round(struct fresh *f)
{
    for (int i = 0; i < f->nasks; i++)
        etcd_client_cancel(f->client, f->asks[i].ticket);
    etcd_timer_off(&f->timer);
    f->busy = false;
}

static void on_revision(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct ask *a = arg;
    struct fresh *f = a->fresh;
    struct fresh_wait now = {.next = &now, .prev = &now};
    must_be(f, FRESH_MAGIC);
    a->ticket = 0;
    if (--f->unanswered > 0 && st->error)
        return;
    end_round(f);
    move_all(&now, &f->asked);
    int rc = empty(&f->later) ? 0 : start(f);
    hand_out(&now, st, revision, cluster_id);
    if (rc) {
        struct etcd_status failed = {.error = rc, .code = -1, .text = "too many calls"};
        hand_out(&f->later, &failed, 0, 0);
    }
}

static void ask_another(struct etcd_timer *timer)
{
    struct fresh *f = (struct fresh *)(void *)((char *)timer - offsetof(struct fresh, timer));
    struct ask *a = &f->asks[f->nasks];
    int64_t left = f->until_ms - clock_ms();
    must_be(f, FRESH_MAGIC);
    if (f->nasks == ASKS_MAX || left <= 0)
        return;
    if (etcd_agreed_revision(f->client, left, a[-1].ticket, on_revision, a, &a->ticket) == 0) {
        f->nasks++;
        f->unanswered++;
    }
    etcd_client_timer(f->client, &f->timer, PATIENCE_MS);
}

/* Whoever waits now is asked for. */
static int start(struct fresh *f)
{
    int rc = etcd_current_revision(f->client, f->timeout_ms, on_revision, &f->asks[0], &f->asks[0].ticket);
    if (rc)
        return rc;
    f->busy = true;
    f->nasks = f->unanswered = 1;
    f->until_ms = clock_ms() + f->timeout_ms;
    f->trips++;
    move_all(&f->asked, &f->later);
    etcd_client_timer(f->client, &f->timer, PATIENCE_MS);
    return 0;
}

struct fresh *fresh_new(struct etcd_client *c, int64_t timeout_ms)
{
    struct fresh *f = calloc(1, sizeof(*f));
    must(f != NULL);
    f->magic = FRESH_MAGIC;
    f->client = c;
    f->timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS;
    f->timer.fire = ask_another;
    for (int i = 0; i < ASKS_MAX; i++)
        f->asks[i].fresh = f;
    f->asked.next = f->asked.prev = &f->asked;
    f->later.next = f->later.prev = &f->later;
    return f;
}

void fresh_free(struct fresh *f)
{
    if (!f)
        return;
    must_be(f, FRESH_MAGIC);
    must(empty(&f->asked) && empty(&f->later));
    if (f->busy)
        end_round(f);
    f->magic = 0;
    free(f);
}

int fresh_ask(struct fresh *f, struct fresh_wait *w)
{
    must_be(f, FRESH_MAGIC);
    must(!w->waits && w->done != NULL);
    put(&f->later, w);
    int rc = f->busy ? 0 : start(f);
    if (rc)
        fresh_leave(w);
    return rc;
}

uint64_t fresh_round_trips(const struct fresh *f)
{
    must_be(f, FRESH_MAGIC);
    return f->trips;
}
