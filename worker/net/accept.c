/* The room's owner: listeners, certificates, all connections of a worker and the tick that ends the overdue.
 */
#include "worker/net/accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/net/http2.h"
#include "worker/net/net.h"
#include "worker/net/send.h"

#define ACCEPT_BATCH 64
#define ACCEPT_BATCH_SHARED 4 /* leave some to the other workers */
#define LINGER_MS 1000
#define KEEPALIVE_S 15 /* as Go's listener */

static void address_text(const struct sockaddr_storage *ss, char *out, size_t n)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(out, n, "%s:%u", host, ntohs(in->sin_port));
    } else if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)ss;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr);
        snprintf(out, n, mapped ? "%s:%u" : "[%s]:%u", mapped ? host + strlen("::ffff:") : host,
                 ntohs(in->sin6_port));
    } else {
        snprintf(out, n, "@");
    }
}

static void count(struct net *n, enum area_counter c)
{
    area_count(n->ctx->area, n->ctx->index, c, 1);
}

/* Returns false when there is nothing more to accept now. */
static bool accept_one(struct listener *l)
{
    struct net *n = l->net;
    struct sockaddr_storage ss = {0};
    socklen_t len = sizeof(ss);
    int fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == ECONNABORTED || errno == EINTR)
            return true;
        if (errno != EAGAIN && !l->waiting) {
            log_warn("cannot accept connections for now error=\"%s\"", strerror(errno));
            l->waiting = true; /* out of descriptors or memory: the tick tries again */
            event_del(&l->ev);
        }
        return false;
    }
    if (n->nconns >= n->ctx->options->max_connections) {
        count(n, AREA_CONNECTIONS_REFUSED); /* before who was refused can look */
        close(fd);
        return true;
    }
    count(n, AREA_CONNECTIONS);
    char address[64];
    address_text(&ss, address, sizeof(address));
    conn_new(n, fd, l->tls ? n->tls : NULL, address);
    return true;
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;
    for (int i = 0; i < l->batch && accept_one(l); i++)
        ;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct net *n = arg;
    must_be(n, NET_MAGIC);
    deadlines_run(&n->deadlines, loop_now_ms(n->loop));
    for (int i = 0; i < n->nlisteners; i++)
        if (n->listeners[i].waiting) {
            n->listeners[i].waiting = false;
            event_add(&n->listeners[i].ev, NULL);
        }
    struct conn *c;
    if (n->draining)
        LIST_FOREACH(c, &n->conns, link)
    if (!c->dead && c->protocol)
        c->protocol->drain(c);
}

struct str net_date(struct net *n)
{
    int64_t now = clock_wall_s();
    if (now != n->date_s) {
        time_t t = (time_t)now;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(n->date, sizeof(n->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        n->date_s = now;
    }
    return (struct str){n->date, strlen(n->date)};
}

/* ---- life ---- */

static void listen_on(struct net *n, struct listener *l, const struct worker_listener *w)
{
    int on = 1, idle = KEEPALIVE_S;
    *l = (struct listener){.net = n,
                           .fd = w->fd,
                           .tls = w->tls,
                           .shared = w->shared,
                           .batch = w->shared ? ACCEPT_BATCH_SHARED : ACCEPT_BATCH};
    evutil_make_socket_nonblocking(l->fd);
    if (!l->shared) /* a predecessor that drained has shut it */
        listen(l->fd, SOMAXCONN);
    /* accepted sockets inherit these */
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(l->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(l->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(l->fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle));
    event_assign(&l->ev, loop_base(n->loop), l->fd, EV_READ | EV_PERSIST, on_accept, l);
    event_add(&l->ev, NULL);
}

static void deadlines_set_up(struct net *n, const struct options *o)
{
    n->deadlines.ms[DEADLINE_HEADER] = o->header_timeout;
    n->deadlines.ms[DEADLINE_BODY] = o->header_timeout;
    n->deadlines.ms[DEADLINE_IDLE] = o->idle_timeout;
    n->deadlines.ms[DEADLINE_SEND] = o->idle_timeout;
    n->deadlines.ms[DEADLINE_LINGER] = LINGER_MS;
    int64_t least = o->header_timeout < o->idle_timeout ? o->header_timeout : o->idle_timeout;
    int64_t tick = least / 4;
    tick = tick < 10 ? 10 : tick > 1000 ? 1000 : tick;
    struct timeval tv = {tick / 1000, tick % 1000 * 1000};
    n->tick = event_new(loop_base(n->loop), -1, EV_PERSIST, on_tick, n);
    event_add(n->tick, &tv);
}

static char *must_alloc(size_t n)
{
    char *p = malloc(n);
    must(p != NULL);
    return p;
}

struct net *net_new(struct context *ctx, const struct worker_listener *listeners, int count_listeners,
                    char *err, size_t err_bytes)
{
    bool any_tls = false;
    for (int i = 0; i < count_listeners; i++)
        any_tls |= listeners[i].tls;
    struct tls *tls = any_tls ? tls_new(ctx->options, err, err_bytes) : NULL;
    if (any_tls && !tls)
        return NULL;
    struct net *n = calloc(1, sizeof(*n));
    must(n != NULL);
    n->magic = NET_MAGIC;
    n->ctx = ctx;
    n->loop = ctx->loop;
    n->tls = tls;
    n->bio = send_bio_new();
    http2_set_up(n);
    LIST_INIT(&n->conns);
    n->in = must_alloc(NET_IN_BYTES);
    n->text = must_alloc(NET_TEXT_BYTES);
    n->plain = must_alloc(NET_PLAIN_BYTES);
    n->out = must_alloc(NET_OUT_BYTES);
    deadlines_set_up(n, ctx->options);
    n->listeners = calloc((size_t)count_listeners + 1, sizeof(*n->listeners));
    must(n->listeners != NULL);
    n->nlisteners = count_listeners;
    for (int i = 0; i < count_listeners; i++)
        listen_on(n, &n->listeners[i], &listeners[i]);
    return n;
}

int net_reload(struct net *n, char *err, size_t err_bytes)
{
    must_be(n, NET_MAGIC);
    if (!n->tls)
        return 0;
    struct tls *tls = tls_new(n->ctx->options, err, err_bytes);
    if (!tls)
        return -EINVAL;
    tls_unref(n->tls);
    n->tls = tls;
    return 0;
}

void net_drain(struct net *n, bool for_good)
{
    must_be(n, NET_MAGIC);
    if (n->draining)
        return;
    n->draining = true;
    for (int i = 0; i < n->nlisteners; i++) {
        struct listener *l = &n->listeners[i];
        event_del(&l->ev);
        l->waiting = false;
        /* The master has the descriptor, too: closing it here would leave clients waiting in its queue. Those
         * of a shared one may wait: systemd holds it for who comes next. */
        if (!l->shared && for_good)
            shutdown(l->fd, SHUT_RD);
    }
    struct conn *c;
    LIST_FOREACH(c, &n->conns, link)
    {
        if (c->protocol && !c->dead)
            c->protocol->drain(c);
        else if (c->phase == CONN_HELLO)
            conn_kill(c);
    }
}

int net_connections(const struct net *n)
{
    must_be(n, NET_MAGIC);
    return n->nconns;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    must_be(n, NET_MAGIC);
    for (int i = 0; i < n->nlisteners; i++)
        event_del(&n->listeners[i].ev);
    struct conn *c;
    while ((c = LIST_FIRST(&n->conns)))
        conn_free(c);
    event_free(n->tick);
    http2_tear_down(n);
    tls_unref(n->tls);
    BIO_meth_free(n->bio);
    buf_free(&n->head_in);
    buf_free(&n->head_out);
    free(n->listeners);
    free(n->in);
    free(n->text);
    free(n->plain);
    free(n->out);
    n->magic = 0;
    free(n);
}
