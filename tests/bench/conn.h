/* Client connections: HTTP/1.1 and HTTP/2 over TLS, all on one epoll loop. Connecting does not block either,
 * so thousands may do it at once. A connection that breaks fails its calls; it is not reopened. */
#ifndef BENCH_CONN_H
#define BENCH_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shm/base/str.h"
#include "tests/bench/target.h"

struct pool;
struct conn;

/* One request. Owned by the caller, kept until done is called. */
struct call {
    const char *method, *path;
    struct str body;                                        /* JSON, or empty */
    const char *content_type;                               /* of the body; NULL: application/json */
    void (*head)(struct call *c);                           /* status is known; may be NULL */
    void (*chunk)(struct call *c, const char *p, size_t n); /* response body; may be NULL */
    void (*done)(struct call *c);                           /* may start the next call, close connections */
    void *arg;
    int64_t due_ns; /* when it was meant to start; 0: when it is handed over */
    /* results */
    int status; /* HTTP, or -1: broken off */
    size_t bytes;
    int64_t started_ns, first_ns, ended_ns; /* first_ns: of the body; all from clock_ns */
    /* the connection's */
    struct conn *conn;
    struct call *prev, *next;
    int32_t stream;
    size_t body_sent;
};

/* A tick every interval from due_ns on, however late the loop is: tick gets the moment it was meant for. */
struct pacer {
    double due_ns, interval_ns;
    void (*tick)(struct pacer *p, int64_t due_ns);
    void *arg;
    bool stopped;
    struct pacer *next; /* the pool's */
};

struct pool *pool_new(struct target *t);
void pool_free(struct pool *p);
/* Connections come from 127.0.0.1 ... 127.0.0.N in turn: one address has no more than some 28,000 ports. */
void pool_sources(struct pool *p, int n);
/* Receive buffer of connections opened from now on; 0: the system's. */
void pool_receive_buffer(struct pool *p, int bytes);
/* Owned by the caller; the pool forgets one that is stopped, at the latest when told. */
void pool_pace(struct pool *p, struct pacer *pacer);
void pool_unpace(struct pool *p, struct pacer *pacer);
/* Works until *stop is true or the clock (monotonic ns) has passed until_ns. */
void pool_run(struct pool *p, int64_t until_ns, const bool *stop);

/* Starts connecting; calls may be made at once. NULL with errno. */
struct conn *conn_open(struct pool *p, bool h2);
/* Sends when the connection is up; HTTP/1.1 takes one call at a time, HTTP/2 as many as the server allows.
 * 0 or negative errno. */
int conn_call(struct conn *c, struct call *call);
/* Stops and resumes reading: a slow client. */
void conn_pause(struct conn *c, bool paused);
/* Fails what is under way without calling done. abruptly: with a reset. */
void conn_close(struct conn *c, bool abruptly);
bool conn_is_up(const struct conn *c);

#endif
