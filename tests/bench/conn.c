/* Requests are small and written at once; a socket that refuses bytes is waited for with poll: the load tool
 * may block there, the server may not. */
#include "tests/bench/conn_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "shm/base/clock.h"

#define WRITE_WAIT_MS 10000

/* ---- calls ---- */

void call_head(struct call *call, int status)
{
    call->status = status;
    if (call->head)
        call->head(call);
}

void call_body(struct call *call, const char *p, size_t n)
{
    if (!call->first_ns)
        call->first_ns = clock_ns();
    call->bytes += n;
    if (call->chunk)
        call->chunk(call, p, n);
}

static void call_unlink(struct call *call)
{
    if (call->prev)
        call->prev->next = call->next;
    else
        call->conn->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    call->prev = call->next = NULL;
    call->conn = NULL;
}

void call_end(struct call *call, int status)
{
    call_unlink(call);
    call->status = status;
    call->ended_ns = clock_ns();
    call->done(call);
}

static void mark_dirty(struct conn *c)
{
    if (c->dirty)
        return;
    c->dirty = true;
    c->next_dirty = c->pool->dirty;
    c->pool->dirty = c;
}

int conn_call(struct conn *c, struct call *call)
{
    if (c->state == CONN_DEAD)
        return -EPIPE;
    call->status = 0;
    call->bytes = call->body_sent = 0;
    call->first_ns = call->ended_ns = 0;
    call->started_ns = clock_ns();
    int rc = c->proto->call(c, call);
    if (rc < 0)
        return rc;
    call->conn = c;
    call->prev = NULL;
    call->next = c->calls;
    if (c->calls)
        c->calls->prev = call;
    c->calls = call;
    mark_dirty(c);
    return 0;
}

/* ---- bytes ---- */

static int raw_write(struct conn *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = c->ssl ? SSL_write(c->ssl, p, n > (1 << 20) ? 1 << 20 : (int)n) : write(c->fd, p, n);
        if (w > 0) {
            p += w;
            n -= (size_t)w;
            continue;
        }
        int e = c->ssl ? SSL_get_error(c->ssl, (int)w) : 0;
        bool again = c->ssl ? e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ : errno == EAGAIN;
        struct pollfd pf = {c->fd, e == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, 0};
        ERR_clear_error();
        if (!again || poll(&pf, 1, WRITE_WAIT_MS) <= 0)
            return -EPIPE;
    }
    return 0;
}

/* >0 bytes, 0 nothing now, -1 end or error. */
static ssize_t raw_read(struct conn *c, char *p, size_t n)
{
    ssize_t r = c->ssl ? SSL_read(c->ssl, p, (int)n) : read(c->fd, p, n);
    if (r > 0)
        return r;
    if (!c->ssl)
        return r < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    int e = SSL_get_error(c->ssl, (int)r);
    ERR_clear_error();
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void want(struct conn *c, uint32_t events)
{
    struct epoll_event ev = {.events = c->paused && c->state == CONN_UP ? 0 : events, .data.ptr = c};
    epoll_ctl(c->pool->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

/* ---- connections ---- */

static void conn_broken(struct conn *c)
{
    if (c->state == CONN_DEAD)
        return;
    c->state = CONN_DEAD;
    epoll_ctl(c->pool->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    while (c->calls)
        call_end(c->calls, -1);
}

static void flush(struct conn *c)
{
    if (c->state != CONN_UP)
        return;
    buf_clear(&c->out);
    int rc = c->proto->flush(c);
    if (rc == 0 && c->out.n)
        rc = raw_write(c, c->out.p, c->out.n);
    if (rc < 0)
        conn_broken(c);
}

static void flush_dirty(struct pool *p)
{
    while (p->dirty) {
        struct conn *c = p->dirty;
        p->dirty = c->next_dirty;
        c->dirty = false;
        flush(c);
    }
}

static int source_bind(struct pool *p, int fd)
{
    int one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr =
                                htonl(INADDR_LOOPBACK + (uint32_t)(p->next_source++ % p->sources))};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    return bind(fd, (struct sockaddr *)&a, sizeof a) == 0 ? 0 : -errno;
}

static int start_connecting(struct conn *c)
{
    struct pool *p = c->pool;
    int one = 1, rc = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return -errno;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (p->receive_buffer)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &p->receive_buffer, sizeof p->receive_buffer);
    if (p->sources > 1)
        rc = source_bind(p, c->fd);
    if (rc == 0 && connect(c->fd, (struct sockaddr *)&p->target->addr, sizeof p->target->addr) < 0 &&
        errno != EINPROGRESS)
        rc = -errno;
    struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = c};
    if (rc == 0 && epoll_ctl(p->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
        rc = -errno;
    return rc;
}

struct conn *conn_open(struct pool *p, bool h2)
{
    struct conn *c = calloc(1, sizeof *c);
    c->pool = p;
    c->proto = h2 ? &proto_http2 : &proto_http1;
    c->fd = -1;
    c->next = p->all;
    if (p->all)
        p->all->prev = c;
    p->all = c;
    int rc = c->proto->open(c);
    if (rc == 0)
        rc = start_connecting(c);
    if (rc == 0 && p->target->tls) {
        c->ssl = SSL_new(h2 ? p->target->ctx_h2 : p->target->ctx_h1);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_tlsext_host_name(c->ssl, p->target->host);
    }
    if (rc == 0)
        return c;
    conn_close(c, false);
    errno = -rc;
    return NULL;
}

static void conn_free(struct conn *c)
{
    c->proto->close(c);
    SSL_free(c->ssl);
    if (c->fd >= 0)
        close(c->fd);
    buf_free(&c->out);
    free(c);
}

void conn_bury(struct pool *p)
{
    flush_dirty(p);
    while (p->buried) {
        struct conn *c = p->buried;
        p->buried = c->next_buried;
        conn_free(c);
    }
}

void conn_close(struct conn *c, bool abruptly)
{
    if (c->buried)
        return;
    struct linger reset = {.l_onoff = 1};
    if (abruptly)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (c->state != CONN_DEAD && c->fd >= 0)
        epoll_ctl(c->pool->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    c->state = CONN_DEAD;
    while (c->calls)
        call_unlink(c->calls);
    if (c->prev)
        c->prev->next = c->next;
    else
        c->pool->all = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->buried = true;
    c->next_buried = c->pool->buried;
    c->pool->buried = c;
}

bool conn_is_up(const struct conn *c)
{
    return c->state == CONN_UP;
}

void conn_pause(struct conn *c, bool paused)
{
    c->paused = paused;
    if (c->state == CONN_UP)
        want(c, EPOLLIN);
}

/* ---- the loop ---- */

static void conn_up(struct conn *c)
{
    c->state = CONN_UP;
    want(c, EPOLLIN);
    flush(c);
}

static void conn_handshake(struct conn *c)
{
    int rc = SSL_connect(c->ssl);
    if (rc == 1) {
        conn_up(c);
        return;
    }
    int e = SSL_get_error(c->ssl, rc);
    ERR_clear_error();
    if (e == SSL_ERROR_WANT_READ)
        want(c, EPOLLIN);
    else if (e == SSL_ERROR_WANT_WRITE)
        want(c, EPOLLOUT);
    else
        conn_broken(c);
}

static void conn_connected(struct conn *c)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error) {
        conn_broken(c);
        return;
    }
    c->state = CONN_HANDSHAKE;
    if (c->ssl)
        conn_handshake(c);
    else
        conn_up(c);
}

static void conn_readable(struct conn *c)
{
    while (c->state == CONN_UP && !c->paused) {
        ssize_t n = raw_read(c, c->pool->read, READ_BYTES);
        if (n == 0)
            break;
        if (n < 0 || !c->proto->input(c, c->pool->read, (size_t)n)) {
            conn_broken(c);
            return;
        }
    }
    flush(c); /* window updates, acknowledgements, the next calls */
}

void conn_event(struct conn *c)
{
    if (c->state == CONN_CONNECTING)
        conn_connected(c);
    else if (c->state == CONN_HANDSHAKE)
        conn_handshake(c);
    else if (c->state == CONN_UP)
        conn_readable(c);
}
