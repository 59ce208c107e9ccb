/* The worker's side of the embedded store. Drafts are copied once, into a ring of payload bytes that starts
 * over at its beginning whenever nothing is outstanding, so that a mailbox that is used a little touches few
 * pages.
 *
 * A worker that took over a mailbox treats its predecessor's requests as its own without a callback: their
 * slots and bytes stay the watcher's until they are answered. */
#include "shm/store/embedded/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "shm/base/must.h"
#include "shm/store/embedded/shared.h"

#define EMBEDDED_MAGIC 0x656d6265u

struct waiter {
    store_done done; /* NULL: nobody wants the answer */
    void *arg;
};

struct embedded {
    struct store base;
    struct area *area;
    struct mailbox_shared *box;
    int index;
    uint64_t submitted; /* what the shared word says; this process alone writes it */
    uint64_t collected; /* answers handed out */
    uint32_t head;      /* where the next payload goes, if nothing stands there */
    struct waiter waiter[MAILBOX_SLOTS];
};

size_t mailbox_shared_bytes(void)
{
    return sizeof(struct mailbox_shared);
}

struct mailbox_shared *mailbox_at(struct area *a, int index)
{
    must(index >= 0 && index < a->consumers);
    return &a->mailbox[index];
}

static struct embedded *of(struct store *s)
{
    must_be(s, EMBEDDED_MAGIC);
    return (struct embedded *)s;
}

static uint32_t aligned(uint32_t n)
{
    return (n + 7u) & ~7u;
}

static uint32_t payload_bytes(const struct mailbox_request *r)
{
    return aligned(r->key_bytes) + aligned(r->draft_bytes);
}

/* Room for n bytes in one piece, or -EAGAIN. The oldest outstanding payload ends what is free; a payload
 * never ends exactly there, so that head == tail always means empty. */
static int64_t place(const struct embedded *e, uint32_t n)
{
    if (e->submitted == e->collected)
        return 0;
    uint32_t tail = e->box->request[e->collected % MAILBOX_SLOTS].off;
    bool wrapped = e->head < tail;
    if (wrapped ? e->head + n < tail : MAILBOX_BYTES - e->head >= n)
        return (int64_t)e->head;
    return !wrapped && n < tail ? 0 : -EAGAIN;
}

static void fill(struct embedded *e, const struct store_op *op, const struct record *draft, uint32_t at)
{
    struct mailbox_request *r = &e->box->request[e->submitted % MAILBOX_SLOTS];
    *r = (struct mailbox_request){.verb = op->verb,
                                  .key_bytes = op->key.n,
                                  .off = at,
                                  .draft_bytes = draft ? draft->bytes : 0,
                                  .expect = op->expect};
    memcpy(e->box->payload + at, op->key.b, op->key.n);
    if (draft)
        memcpy(e->box->payload + mailbox_draft_at(r), draft, draft->bytes);
    e->head = at + payload_bytes(r);
}

static void ring_bell(struct area *a)
{
    uint64_t one = 1;
    /* pairs with commit_sleep: either the watcher sees the request, or we see it asleep */
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(a->watcher_asleep, memory_order_relaxed) ||
        !atomic_exchange(a->watcher_asleep, 0))
        return;
    ssize_t done = write(a->watcher_fd, &one, sizeof(one));
    (void)done; /* a full counter wakes as well */
}

static int embedded_submit(struct store *s, const struct store_op *op, store_done done, void *arg,
                           uint64_t *ticket)
{
    struct embedded *e = of(s);
    const struct record *draft = op->verb == STORE_DELETE ? op->last : op->draft;
    must(op->key.n > 0 && (op->verb == STORE_DELETE || (op->verb == STORE_PUT && draft != NULL)));
    if (draft && draft->bytes > MAILBOX_REQUEST_MAX)
        return -EFBIG;
    if (e->submitted - e->collected == MAILBOX_SLOTS)
        return -EAGAIN;
    int64_t at = place(e, aligned(op->key.n) + aligned(draft ? draft->bytes : 0));
    if (at < 0)
        return (int)at;
    fill(e, op, draft, (uint32_t)at);
    e->waiter[e->submitted % MAILBOX_SLOTS] = (struct waiter){done, arg};
    if (ticket)
        *ticket = e->submitted;
    e->submitted++;
    atomic_store_explicit(&e->box->submitted, e->submitted, memory_order_release);
    ring_bell(e->area);
    return 0;
}

static void embedded_cancel(struct store *s, uint64_t ticket)
{
    struct embedded *e = of(s);
    if (ticket >= e->collected && ticket < e->submitted)
        e->waiter[ticket % MAILBOX_SLOTS].done = NULL;
}

/* Counted as collected before the callback runs, which may well submit again. */
static void collect_one(struct embedded *e)
{
    uint64_t slot = e->collected % MAILBOX_SLOTS;
    struct mailbox_answer *a = &e->box->answer[slot];
    struct store_result r = {.error = a->error, .revision = a->revision, .actual = a->actual};
    struct waiter w = e->waiter[slot];
    e->waiter[slot] = (struct waiter){0};
    e->collected++;
    if (w.done)
        w.done(w.arg, &r);
}

static void embedded_poll(struct store *s)
{
    struct embedded *e = of(s);
    /* armed before the look: what is answered later writes the eventfd */
    atomic_store(&e->box->armed, 1);
    atomic_thread_fence(memory_order_seq_cst);
    while (e->collected < atomic_load_explicit(&e->box->answered, memory_order_acquire))
        collect_one(e);
}

static int64_t embedded_revision(struct store *s)
{
    return atomic_load_explicit(of(s)->area->revision, memory_order_acquire);
}

static void embedded_free(struct store *s)
{
    struct embedded *e = of(s);
    s->magic = 0;
    free(e);
}

struct store *embedded_open(struct area *a, int index)
{
    static const struct store_ops ops = {.submit = embedded_submit,
                                         .cancel = embedded_cancel,
                                         .poll = embedded_poll,
                                         .revision = embedded_revision,
                                         .free = embedded_free};
    struct embedded *e = calloc(1, sizeof(*e));
    must(e != NULL);
    e->base = (struct store){EMBEDDED_MAGIC, &ops};
    e->area = a;
    e->index = index;
    e->box = mailbox_at(a, index);
    e->submitted = atomic_load(&e->box->submitted);
    e->collected = atomic_load(&e->box->answered);
    if (e->submitted != e->collected) {
        const struct mailbox_request *last = &e->box->request[(e->submitted - 1) % MAILBOX_SLOTS];
        e->head = last->off + payload_bytes(last);
    }
    atomic_store(&e->box->armed, 1);
    return &e->base;
}
