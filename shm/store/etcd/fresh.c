/* Two rings of waiters: those whom the answer under way is for, and those who came later. */
#include "shm/store/etcd/fresh.h"

#include <stdlib.h>
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"

#define FRESH_MAGIC 0x66726573u

struct fresh {
    unsigned magic;
    struct etcd_client *client;
    int64_t timeout_ms;
    uint64_t ticket;
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

static void hand_out(struct fresh_wait *head, const struct etcd_status *st, int64_t revision)
{
    while (!empty(head)) {
        struct fresh_wait *w = head->next;
        fresh_leave(w);
        w->done(w, st, revision);
    }
}

static int start(struct fresh *f);

static void on_revision(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct fresh *f = arg;
    struct fresh_wait now = {.next = &now, .prev = &now};
    must_be(f, FRESH_MAGIC);
    f->busy = false;
    move_all(&now, &f->asked);
    int rc = empty(&f->later) ? 0 : start(f);
    hand_out(&now, st, revision);
    if (rc) {
        struct etcd_status failed = {.error = rc, .code = -1, .text = "too many calls"};
        hand_out(&f->later, &failed, 0);
    }
}

/* Whoever waits now is asked for. */
static int start(struct fresh *f)
{
    int rc = etcd_current_revision(f->client, f->timeout_ms, on_revision, f, &f->ticket);
    if (rc)
        return rc;
    f->busy = true;
    f->trips++;
    move_all(&f->asked, &f->later);
    return 0;
}

struct fresh *fresh_new(struct etcd_client *c, int64_t timeout_ms)
{
    struct fresh *f = calloc(1, sizeof(*f));
    must(f != NULL);
    f->magic = FRESH_MAGIC;
    f->client = c;
    f->timeout_ms = timeout_ms;
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
        etcd_client_cancel(f->client, f->ticket);
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
