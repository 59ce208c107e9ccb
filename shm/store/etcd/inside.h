/* What the files of the client share; nobody else includes it. */
#ifndef SHM_STORE_ETCD_INSIDE_H
#define SHM_STORE_ETCD_INSIDE_H

#include "shm/store/etcd/client.h"
#include "shm/store/etcd/conn.h"

#define ETCD_CLIENT_MAGIC 0x65746364u
#define ETCD_NEVER INT64_MAX

enum call_state { CALL_WAITING, CALL_RUNNING };

struct call {
    uint64_t ticket;
    enum call_state state;
    bool stream, write, probe;
    int member;     /* ETCD_ANY_MEMBER, or the only one */
    int endpoint;   /* of the attempt that runs */
    uint32_t tried; /* in this round */
    int round;
    const char *method;
    struct buf out;
    size_t queued;       /* what it counts for in the client's bound */
    int64_t deadline_ms; /* ETCD_NEVER: a stream that stands */
    int64_t patience_until_ms, retry_ms, started_ms;
    char why[96]; /* the last attempt failed */
    struct transfer *t;
    struct etcd_waiter waiter;
    struct etcd_stream_hooks hooks;
};

struct etcd_client {
    unsigned magic;
    struct etcd_options o;
    struct etcd_host host;
    bool hosted, in_turn;
    bool dirty; /* there is something to send */
    struct endpoints endpoints;
    struct conn_config config;
    struct conn conn[ENDPOINTS_MAX];
    struct call *slot[ETCD_CALLS_MAX];
    int slots;                /* in use: those above never were, or are free */
    int outstanding, waiting; /* calls; of them, those that wait for their next attempt */
    uint32_t free_hint, generation;
    size_t queued;                      /* bytes of requests */
    uint64_t streams[ETCD_STREAMS_MAX]; /* tickets, 0: free */
    struct transfer *idle;
    int nidle;
    struct transfer *held; /* its buffer is being read by a callback */
    uint64_t callbacks;
    struct etcd_timer *timers;
    int64_t tick_due_ms, armed_ms;
    uint32_t random;
};

/* slots.c */
/* NULL: it ended. */
struct call *call_find(struct etcd_client *c, uint64_t ticket);
/* Zeroed, with a ticket; NULL: there are too many. */
struct call *call_new(struct etcd_client *c);
/* Ends the attempt; the transfer stays with the caller, for transfer_put. */
struct transfer *call_detach(struct etcd_client *c, struct call *call);
/* Frees everything but the transfer. */
void call_drop(struct etcd_client *c, struct call *call);
/* Of the attempt that begins or ends: its member has one more, or less, under way. */
void call_count(struct etcd_client *c, const struct call *call, int by);
struct transfer *transfer_get(struct etcd_client *c);
void transfer_put(struct etcd_client *c, struct transfer *t);

/* calls.c */
/* Looks at the attempts that ended. */
void calls_ended(struct etcd_client *c);
/* Hands out what streams have received. */
void calls_deliver(struct etcd_client *c);
/* Starts attempts whose time has come, ends calls whose time is over. */
void calls_run(struct etcd_client *c, int64_t now_ms);
/* When that has something to do. */
int64_t calls_due(const struct etcd_client *c);
void calls_free(struct etcd_client *c);

/* health.c */
void health_attempt_failed(struct etcd_client *c, int endpoint, const char *why);
void health_attempt_answered(struct etcd_client *c, int endpoint);
/* Asks members that are silent or down for their status. */
void health_run(struct etcd_client *c, int64_t now_ms);
int64_t health_due(const struct etcd_client *c, int64_t now_ms);

/* client.c: have tick at least as soon as this. */
void client_due(struct etcd_client *c, int64_t at_ms);
/* Something has been handed to a connection. */
void client_dirty(struct etcd_client *c);

#endif
