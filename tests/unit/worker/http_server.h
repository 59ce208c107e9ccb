/* The real connection code on real sockets, in a thread of its own, with a pipeline of a few fixed answers:
 *   /fixed   "hello\n"             /big    400,000 bytes, length known    /list   the same, streamed
 *   /wait    "a" then, after 20 ms, "b"    /watch  long-running, one line, then silence
 *   /abort   some bytes, then broken off   /echo   the body's length      /early  answers before the body
 *   /who     the certificate's subject     /endless   never ends
 *   /slow    answered after 150 ms                                                                        */
#ifndef TESTS_UNIT_WORKER_HTTP_SERVER_H
#define TESTS_UNIT_WORKER_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "worker/net/accept.h"
#include "worker/pipeline/pipeline.h"

#define BIG_BYTES 400000

struct server {
    struct options options;
    struct context ctx;
    struct net *net;
    pthread_t thread;
    int port, plain_port;
    int order_fd; /* what the thread shall do: see enum order */
    _Atomic int order, reloaded;
    _Atomic int requests, ended, connections;
};

enum order { ORDER_STOP = 1, ORDER_DRAIN, ORDER_RELOAD };

static struct server server;
static char *server_big;

static void server_big_make(void)
{
    uint32_t x = 7;
    server_big = malloc(BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        server_big[i] = (char)('a' + (x >> 27) % 20);
    }
}

/* ---- the pipeline ---- */

struct answer {
    struct request *rq;
    struct event *timer;
    int step;
};

static void answer_end(void *arg)
{
    struct answer *a = arg;
    if (a->timer)
        event_free(a->timer);
}

static void answer_wake(evutil_socket_t fd, short what, void *arg)
{
    struct answer *a = arg;
    a->step++;
    request_wake(a->rq);
}

static void answer_late(evutil_socket_t fd, short what, void *arg)
{
    struct answer *a = arg;
    response_bytes(a->rq, 200, "text/plain", STR("late\n"));
}

static struct answer *answer_new(struct request *rq, void (*fn)(evutil_socket_t, short, void *), int ms)
{
    struct answer *a = arena_alloc(rq->arena, sizeof(*a));
    a->rq = rq;
    if (fn) {
        struct timeval tv = {0, ms * 1000};
        a->timer = event_new(loop_base(rq->ctx->loop), -1, 0, fn, a);
        event_add(a->timer, &tv);
    }
    arena_cleanup(rq->arena, answer_end, a);
    return a;
}

static enum body_result list_more(struct request *rq)
{
    struct answer *a = rq->res.source;
    body_push(rq, server_big + a->step * 20000, 20000);
    return ++a->step == BIG_BYTES / 20000 ? BODY_END : BODY_MORE;
}

static enum body_result endless_more(struct request *rq)
{
    body_push(rq, server_big, 20000);
    return BODY_MORE;
}

static enum body_result wait_more(struct request *rq)
{
    struct answer *a = rq->res.source;
    switch (a->step) {
    case 0:
        body_push(rq, "a", 1);
        a->step = 1;
        return BODY_MORE;
    case 1:
        return BODY_WAIT;
    default:
        body_push(rq, "b", 1);
        return BODY_END;
    }
}

static enum body_result watch_more(struct request *rq)
{
    struct answer *a = rq->res.source;
    if (a->step++ > 0)
        return BODY_WAIT;
    body_push(rq, "event\n", 6);
    return BODY_MORE;
}

static enum body_result abort_more(struct request *rq)
{
    struct answer *a = rq->res.source;
    if (a->step++ > 0)
        return BODY_ABORT;
    body_push(rq, "half", 4);
    return BODY_MORE;
}

struct stream_answer {
    const char *path;
    enum body_result (*refill)(struct request *rq);
    int wake_ms;
    bool long_running;
};

static const struct stream_answer STREAMS[] = {
    {"/list", list_more, 0, false},   {"/endless", endless_more, 0, false}, {"/wait", wait_more, 20, false},
    {"/abort", abort_more, 0, false}, {"/watch", watch_more, 0, true},
};

static void echo(struct request *rq)
{
    if (rq->body_too_large) {
        response_bytes(rq, 413, "text/plain", STR("too large\n"));
        return;
    }
    const char *text = arena_printf(rq->arena, "%.*s %zu %s\n", STR_ARG(rq->method), rq->body.n,
                                    rq->body_complete ? "whole" : "part");
    response_bytes(rq, 200, "text/plain", str_of(text));
}

static void who(struct request *rq)
{
    char subject[200] = "nobody";
    if (rq->peer->cert)
        X509_NAME_oneline(X509_get_subject_name(rq->peer->cert), subject, sizeof(subject));
    const char *text = arena_printf(rq->arena, "%s %s\n", subject, rq->peer->trusted_plain ? "plain" : "tls");
    response_bytes(rq, 200, "text/plain", str_of(text));
}

void pipeline_start(struct request *rq)
{
    server.requests++;
    response_header(rq, "Audit-Id", "an-id");
    for (size_t i = 0; i < sizeof(STREAMS) / sizeof(*STREAMS); i++)
        if (str_is(rq->path, STREAMS[i].path)) {
            rq->long_running = STREAMS[i].long_running;
            struct answer *a = answer_new(rq, STREAMS[i].wake_ms ? answer_wake : NULL, STREAMS[i].wake_ms);
            response_stream(rq, 200, "application/json", -1, STREAMS[i].refill, a);
            return;
        }
    if (str_is(rq->path, "/fixed"))
        response_bytes(rq, 200, "text/plain", STR("hello\n"));
    else if (str_is(rq->path, "/big"))
        response_bytes(rq, 200, "application/json", (struct str){server_big, BIG_BYTES});
    else if (str_is(rq->path, "/who"))
        who(rq);
    else if (str_is(rq->path, "/slow"))
        answer_new(rq, answer_late, 150);
    else if (str_is(rq->path, "/early"))
        echo(rq);
    else if (str_is(rq->path, "/echo") && rq->has_body && !rq->body_complete && !rq->body_too_large)
        rq->transport->want_body(rq);
    else if (str_is(rq->path, "/echo"))
        echo(rq);
    else
        response_bytes(rq, 404, "text/plain", rq->target);
}

void pipeline_resume(struct request *rq)
{
    echo(rq);
}

void pipeline_end(struct request *rq)
{
    server.ended++;
}

/* ---- certificates, made once ---- */

static char pki_dir[] = "/tmp/cubed-http-XXXXXX";

/* Stays valid; the same for the same name. */
static const char *pki_path(const char *name)
{
    static char paths[16][128];
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", pki_dir, name);
    for (int i = 0; i < 16; i++) {
        if (!paths[i][0])
            memcpy(paths[i], path, sizeof(path));
        if (strcmp(paths[i], path) == 0)
            return paths[i];
    }
    abort();
}

static EVP_PKEY *pki_key(const char *name)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    char file[32];
    snprintf(file, sizeof(file), "%s.key", name);
    FILE *f = fopen(pki_path(file), "w");
    PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    return k;
}

/* Valid from an hour ago for `hours`. ca NULL: signed by itself. */
static X509 *pki_cert(const char *name, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, int hours)
{
    X509 *x = X509_new();
    static int serial;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600 * 48);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600L * hours);
    X509_set_pubkey(x, key);
    X509_NAME *n = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, ca ? X509_get_subject_name(ca) : n);
    if (!ca) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    X509_sign(x, ca_key, EVP_sha256());
    char file[32];
    snprintf(file, sizeof(file), "%s.pem", name);
    FILE *f = fopen(pki_path(file), "w");
    PEM_write_X509(f, x);
    fclose(f);
    return x;
}

static void pki_make(void)
{
    EVP_PKEY *ca_key = pki_key("ca"), *evil_key = pki_key("evil-ca");
    X509 *ca = pki_cert("ca", ca_key, NULL, ca_key, 24),
         *evil = pki_cert("evil-ca", evil_key, NULL, evil_key, 24);
    static const struct {
        const char *name;
        bool evil;
        int hours;
    } rows[] = {{"server", false, 24}, {"alice", false, 24}, {"late", false, -1}, {"mallory", true, 24}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        EVP_PKEY *k = pki_key(rows[i].name);
        X509_free(pki_cert(rows[i].name, k, rows[i].evil ? evil : ca, rows[i].evil ? evil_key : ca_key,
                           rows[i].hours));
        EVP_PKEY_free(k);
    }
    X509_free(ca);
    X509_free(evil);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(evil_key);
}

/* ---- the thread ---- */

static void on_order(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    uint64_t n;
    char err[256];
    if (read(fd, &n, sizeof(n)) < 0)
        return;
    switch (s->order) {
    case ORDER_STOP:
        loop_stop(s->ctx.loop);
        break;
    case ORDER_DRAIN:
        s->ctx.draining = true;
        net_drain(s->net, true);
        break;
    case ORDER_RELOAD:
        s->reloaded = net_reload(s->net, err, sizeof(err)) == 0 ? 1 : -1;
        break;
    }
}

static bool count_connections(void *arg)
{
    struct server *s = arg;
    s->connections = net_connections(s->net);
    return false;
}

static int server_socket(int *port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 128) ||
        getsockname(fd, (struct sockaddr *)&sa, &n))
        abort();
    *port = ntohs(sa.sin_port);
    return fd;
}

struct server_start {
    struct server *s;
    int fd[2];
    _Atomic int ready;
};

static void *server_main(void *arg)
{
    struct server_start *start = arg;
    struct server *s = start->s;
    char err[256];
    s->ctx.loop = loop_new();
    struct worker_listener l[2] = {{.fd = start->fd[0], .tls = true}, {.fd = start->fd[1], .tls = false}};
    s->net = net_new(&s->ctx, l, 2, err, sizeof(err));
    if (!s->net) {
        fprintf(stderr, "%s\n", err);
        abort();
    }
    struct event *e = event_new(loop_base(s->ctx.loop), s->order_fd, EV_READ | EV_PERSIST, on_order, s);
    event_add(e, NULL);
    loop_each_turn(s->ctx.loop, count_connections, s);
    start->ready = 1;
    loop_run(s->ctx.loop);
    net_free(s->net);
    event_free(e);
    loop_free(s->ctx.loop);
    close(l[0].fd);
    close(l[1].fd);
    return NULL;
}

static void server_options(void)
{
    server.options = (struct options){.header_timeout = 10000,
                                      .idle_timeout = 10000,
                                      .max_connections = 1000,
                                      .tls_cert_file = pki_path("server.pem"),
                                      .tls_private_key_file = pki_path("server.key"),
                                      .client_ca_file = pki_path("ca.pem")};
}

static void server_run(void)
{
    static struct server_start start;
    start = (struct server_start){.s = &server};
    server.requests = server.ended = server.connections = 0;
    server.ctx.draining = false;
    server.ctx.options = &server.options;
    start.fd[0] = server_socket(&server.port);
    start.fd[1] = server_socket(&server.plain_port);
    server.order_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_create(&server.thread, NULL, server_main, &start);
    while (!start.ready)
        usleep(1000);
}

static void server_order(enum order o)
{
    uint64_t one = 1;
    server.order = (int)o;
    if (write(server.order_fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

static void server_end(void)
{
    server_order(ORDER_STOP);
    pthread_join(server.thread, NULL);
    close(server.order_fd);
}

#endif
