/* One connection: socket, TLS, time-outs; the protocol on it is behind a table. */
#ifndef WORKER_NET_CONN_H
#define WORKER_NET_CONN_H

#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <sys/queue.h>
#include "shm/base/buf.h"
#include "worker/net/deadline.h"
#include "worker/request/request.h"

#define CONN_MAGIC 0x636f6e6eu

struct net;
struct tls;
struct conn;

enum conn_state {
    CONN_HELLO,     /* nothing came yet */
    CONN_HANDSHAKE, /* TLS */
    CONN_OPEN,
    CONN_LINGER, /* our side is closed; what comes is thrown away */
};

/* A protocol. Nothing here may free the connection: conn_kill and conn_finish mark it. */
struct protocol {
    void *(*open)(struct conn *c);
    /* Bytes from the client; all are consumed or kept. */
    void (*input)(struct conn *c, const char *p, size_t n);
    /* At the end of a turn, with the socket free: hands to send.h what there is. */
    void (*flush)(struct conn *c);
    /* After each flush: give back snapshots of what could not be sent. */
    void (*settle)(struct conn *c);
    /* The client has sent its last byte. */
    void (*eof)(struct conn *c);
    /* No new requests; finish when the last is answered. Called again at each tick. */
    void (*drain)(struct conn *c);
    /* Frees all requests. */
    void (*close)(struct conn *c);
};

struct conn {
    unsigned magic;
    int fd;
    struct net *net;
    struct tls *tls; /* NULL: plain */
    SSL *ssl;
    const struct protocol *protocol; /* NULL until it is known */
    void *state;                     /* the protocol's */
    enum conn_state phase;
    bool eof, dead;
    bool finishing;   /* close when everything is written */
    bool read_paused; /* the protocol has enough */
    bool armed;       /* ev_write waits */
    bool draining;
    struct event ev_read, ev_write;
    struct deferred flush;
    struct deadline deadline;
    struct buf backlog; /* what the socket did not take */
    size_t backlog_at;
    struct peer peer;
    LIST_ENTRY(conn) link;
};

/* Takes over the (non-blocking, connected) socket. tls NULL: plain HTTP. address is copied. */
struct conn *conn_new(struct net *n, int fd, struct tls *tls, const char *address);
/* At once; frees all its requests. Not from inside a protocol's functions. */
void conn_free(struct conn *c);
/* Closes at the end of the turn, whatever is under way. */
void conn_kill(struct conn *c);
/* Closes once all that was handed to send.h is written; waits a moment for the client to read it. */
void conn_finish(struct conn *c);
/* Flush at the end of this turn. */
void conn_schedule(struct conn *c);
void conn_pause_reading(struct conn *c, bool pause);
/* Ignored while the socket is full, when only DEADLINE_SEND counts: protocols set theirs again at each flush.
 */
void conn_deadline(struct conn *c, enum deadline_kind kind);
/* As conn_deadline, but one that runs with this kind goes on. */
void conn_deadline_keep(struct conn *c, enum deadline_kind kind);
bool conn_blocked(const struct conn *c);

extern const struct protocol http1_protocol;
extern const struct protocol http2_protocol;

#endif
