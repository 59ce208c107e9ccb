/* Client connections: HTTP/1.1 and HTTP/2 over TLS, all on one epoll loop. A connection that breaks fails its
 * calls; it is not reopened. */
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
    void (*chunk)(struct call *c, const char *p, size_t n); /* response body; may be NULL */
    void (*done)(struct call *c);                           /* may start the next call */
    void *arg;
    /* results */
    int status; /* HTTP, or -1: broken off */
    size_t bytes;
    int64_t started_ns, ended_ns;
    /* the connection's */
    struct conn *conn;
    int32_t stream;
    size_t body_sent;
};

struct pool *pool_new(struct target *t);
void pool_free(struct pool *p);
/* Connects and finishes the TLS handshake (blocking). NULL with errno. */
struct conn *conn_open(struct pool *p, bool h2);
/* Sends; HTTP/1.1 takes one call at a time, HTTP/2 as many as the server allows. 0 or negative errno. */
int conn_call(struct conn *c, struct call *call);
/* Stops and resumes reading: a slow client. */
void conn_pause(struct conn *c, bool paused);
void conn_close(struct conn *c);
/* Works until *stop is true or the clock (monotonic ns) has passed until_ns. */
void pool_run(struct pool *p, int64_t until_ns, const bool *stop);

#endif
