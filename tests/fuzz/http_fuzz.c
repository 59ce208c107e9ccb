/* The bytes of one client through the real connection code and a small handler. The first byte chooses how
 * the rest is cut into reads; a connection that begins with the HTTP/2 preface is HTTP/2. Every request must
 * be freed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shm/base/must.h"
#include "worker/net/net.h"
#include "worker/pipeline/pipeline.h"

static int begun, ended;

static enum body_result more(struct request *rq)
{
    int *left = rq->res.source;
    static const char text[5000] = {'x'};
    if (*left <= 0)
        return BODY_ABORT;
    body_push(rq, text, sizeof(text));
    return --*left == 1 ? BODY_END : BODY_MORE;
}

static void answer(struct request *rq)
{
    struct str v;
    if (request_param(rq, "n", &v) && v.n > 0) {
        int *left = arena_alloc(rq->arena, sizeof(*left));
        *left = v.p[0] % 40;
        response_stream(rq, 200, "text/plain", -1, more, left);
        return;
    }
    response_header(rq, "Audit-Id", "x");
    response_bytes(rq, rq->body_too_large ? 413 : 200, "text/plain", rq->body_complete ? rq->body : rq->path);
}

void pipeline_start(struct request *rq)
{
    begun++;
    if (rq->has_body && !rq->body_complete && !rq->body_too_large && rq->path.n % 3)
        rq->transport->want_body(rq);
    else
        answer(rq);
}

void pipeline_resume(struct request *rq)
{
    answer(rq);
}

void pipeline_end(struct request *rq)
{
    ended++;
}

struct feeder {
    struct loop *l;
    struct net *net;
    int fd;
    const uint8_t *p;
    size_t n, step;
    bool shut;
    int turns;
};

/* A turn: throw away what the server wrote, write the next piece; at the end close our side. */
static bool feed(void *arg)
{
    struct feeder *f = arg;
    char sink[65536];
    while (read(f->fd, sink, sizeof(sink)) > 0)
        ;
    if (net_connections(f->net) == 0 || ++f->turns > 4000) {
        loop_stop(f->l);
        return true;
    }
    size_t n = f->n < f->step ? f->n : f->step;
    ssize_t w = n ? send(f->fd, f->p, n, MSG_NOSIGNAL) : 0;
    if (w < 0 && errno != EAGAIN)
        f->n = 0;
    if (w > 0) {
        f->p += w;
        f->n -= (size_t)w;
    }
    if (f->n == 0 && !f->shut) {
        f->shut = true;
        shutdown(f->fd, SHUT_WR);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct area *area;
    static const struct options options = {
        .header_timeout = 10000, .idle_timeout = 10000, .max_connections = 10, .tls_cert_file = ""};
    if (size < 2 || size > 100000)
        return 0;
    if (!area)
        area = area_new(1);
    struct context ctx = {.options = &options, .area = area, .loop = loop_new()};
    char err[64];
    int pair[2];
    begun = ended = 0;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    struct net *net = net_new(&ctx, NULL, 0, err, sizeof(err));
    must(net != NULL);
    conn_new(net, pair[0], NULL, "fuzz");
    struct feeder f = {.l = ctx.loop,
                       .net = net,
                       .fd = pair[1],
                       .p = data + 1,
                       .n = size - 1,
                       .step = data[0] ? data[0] * 7u : 65536};
    loop_each_turn(ctx.loop, feed, &f);
    loop_run(ctx.loop);
    net_free(net);
    loop_free(ctx.loop);
    close(pair[1]);
    must(begun <= ended);
    return 0;
}
