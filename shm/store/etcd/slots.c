/* Where calls are kept, and the transfers that they use one after another. A slot's number and a generation
 * make the ticket, so that a ticket that ended is known as such. */
#include "shm/store/etcd/inside.h"

#include <stdlib.h>
#include "shm/base/must.h"

#define IDLE_MAX 64

struct call *call_find(struct etcd_client *c, uint64_t ticket)
{
    struct call *call = c->slot[ticket % ETCD_CALLS_MAX];
    return ticket && call && call->ticket == ticket ? call : NULL;
}

struct call *call_new(struct etcd_client *c)
{
    if (c->outstanding == ETCD_CALLS_MAX)
        return NULL;
    uint32_t s = c->free_hint;
    while (c->slot[s])
        s = (s + 1) % ETCD_CALLS_MAX;
    struct call *call = calloc(1, sizeof(*call));
    must(call != NULL);
    call->ticket = (uint64_t)++c->generation * ETCD_CALLS_MAX + s;
    c->slot[s] = call;
    c->free_hint = s;
    c->outstanding++;
    if ((int)s >= c->slots)
        c->slots = (int)s + 1;
    return call;
}

static void slot_clear(struct etcd_client *c, struct call *call)
{
    uint32_t s = (uint32_t)(call->ticket % ETCD_CALLS_MAX);
    c->slot[s] = NULL;
    if (s < c->free_hint)
        c->free_hint = s;
    while (c->slots > 0 && !c->slot[c->slots - 1])
        c->slots--;
    c->outstanding--;
    for (int i = 0; i < ETCD_STREAMS_MAX; i++)
        if (c->streams[i] == call->ticket)
            c->streams[i] = 0;
}

/* ---- transfers ---- */

struct transfer *transfer_get(struct etcd_client *c)
{
    struct transfer *t = c->idle;
    if (!t)
        return transfer_new();
    c->idle = t->next;
    c->nidle--;
    return t;
}

void transfer_put(struct etcd_client *c, struct transfer *t)
{
    if (c->nidle == IDLE_MAX) {
        transfer_free(t, &c->config);
        return;
    }
    transfer_reset(t, &c->config);
    t->next = c->idle;
    c->idle = t;
    c->nidle++;
}

void call_count(struct etcd_client *c, const struct call *call, int by)
{
    struct endpoint *e = &c->endpoints.at[call->endpoint];
    e->running += by;
    e->streams += call->stream ? by : 0;
}

/* Ends the attempt; the transfer stays with the caller. */
struct transfer *call_detach(struct etcd_client *c, struct call *call)
{
    struct transfer *t = call->t;
    if (!t)
        return NULL;
    transfer_stop(t);
    call_count(c, call, -1);
    call->t = NULL;
    client_dirty(c);
    return t;
}

/* Everything but the transfer. */
void call_drop(struct etcd_client *c, struct call *call)
{
    c->queued -= call->queued;
    c->waiting -= call->state == CALL_WAITING;
    slot_clear(c, call);
    buf_free(&call->out);
    free(call);
}
