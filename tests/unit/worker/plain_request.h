/* A request without a connection, for stages that only look at it; what would be sent is kept. */
#ifndef TESTS_UNIT_WORKER_PLAIN_REQUEST_H
#define TESTS_UNIT_WORKER_PLAIN_REQUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "worker/request/request.h"

struct plain {
    struct context ctx;
    struct options options;
    struct peer peer;
    struct request *rq;
    struct header headers[16];
};

static void plain_respond(struct request *rq)
{
}

static const struct transport plain_transport = {.respond = plain_respond, .wake = plain_respond};

/* target: path?query */
static inline void plain_begin(struct plain *p, const char *method, const char *target)
{
    p->ctx.options = &p->options;
    p->rq = request_new(&p->ctx, &plain_transport, NULL, &p->peer);
    struct request *rq = p->rq;
    rq->method = str_of(method);
    rq->target = str_of(target);
    rq->path = rq->target;
    const char *q = strchr(target, '?');
    if (q) {
        rq->path.n = (size_t)(q - target);
        rq->query = str_of(q + 1);
    }
    rq->headers = p->headers;
}

static inline void plain_header(struct plain *p, const char *name, const char *value)
{
    p->headers[p->rq->nheaders++] = (struct header){str_of(name), str_of(value)};
}

static inline void plain_end(struct plain *p)
{
    request_free(p->rq);
    p->rq = NULL;
}

/* The body that was answered, as a string in the request's arena. */
static inline const char *plain_body(struct plain *p)
{
    char *out = arena_raw(p->rq->arena, 65536);
    ssize_t n, at = 0;
    while ((n = body_read(p->rq, out + at, 65535 - (size_t)at)) > 0)
        at += n;
    out[at] = 0;
    return out;
}

#define assert_str(s, want)                                                                                  \
    do {                                                                                                     \
        if (!str_is((s), (want)))                                                                            \
            fail_msg("got \"%.*s\", expected \"%s\"", STR_ARG(s), (want));                                   \
    } while (0)

#endif
