/* What pool.c, conn.c, http1.c and http2.c share; nobody else looks inside. */
#ifndef BENCH_CONN_PARTS_H
#define BENCH_CONN_PARTS_H

#include <http_parser.h>
#include <nghttp2/nghttp2.h>
#include "shm/base/buf.h"
#include "tests/bench/conn.h"

#define READ_BYTES (64 << 10)

enum conn_state { CONN_CONNECTING, CONN_HANDSHAKE, CONN_UP, CONN_DEAD };

/* The two protocols. Functions that fail return negative errno. */
struct proto {
    int (*open)(struct conn *c);                            /* before connecting */
    int (*call)(struct conn *c, struct call *call);         /* takes note of it */
    int (*flush)(struct conn *c);                           /* connection is up: appends to c->out */
    bool (*input)(struct conn *c, const char *p, size_t n); /* false: not the protocol */
    void (*close)(struct conn *c);
};

struct conn {
    struct pool *pool;
    const struct proto *proto;
    enum conn_state state;
    int fd;
    bool paused, dirty, buried;
    SSL *ssl;
    union {
        nghttp2_session *h2;
        http_parser h1;
    };
    struct call *calls; /* under way */
    struct buf out;
    struct conn *prev, *next, *next_dirty, *next_buried;
};

struct pool {
    struct target *target;
    int epoll, sources, next_source, receive_buffer;
    struct conn *all, *dirty, *buried;
    struct pacer *pacers;
    char read[READ_BYTES];
};

extern const struct proto proto_http1, proto_http2;

/* A call has its head, a piece of its body, its end. */
void call_head(struct call *call, int status);
void call_body(struct call *call, const char *p, size_t n);
void call_end(struct call *call, int status);

/* The socket is ready for what the connection waits for. */
void conn_event(struct conn *c);
/* Sends what was handed over, and frees what is closed. */
void conn_bury(struct pool *p);

#endif
