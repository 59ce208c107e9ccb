/* Writes are small (requests) and done at once; a socket that refuses bytes here is waited for with poll: the
 * load tool may block, the server may not. */
#include "tests/bench/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <http_parser.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"

#define READ_BYTES (64 << 10)

struct conn {
    struct pool *pool;
    int fd;
    SSL *ssl;
    bool h2, dead, paused;
    nghttp2_session *ng;
    http_parser parser;
    struct call *current; /* HTTP/1.1 */
    struct buf out;
    struct conn *next;
};

struct pool {
    struct target *target;
    int epoll;
    struct conn *all;
    char read[READ_BYTES];
};

struct pool *pool_new(struct target *t)
{
    struct pool *p = calloc(1, sizeof *p);
    p->target = t;
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    return p;
}

void pool_free(struct pool *p)
{
    while (p->all)
        conn_close(p->all);
    close(p->epoll);
    free(p);
}

static void finish(struct call *call, int status)
{
    call->status = status;
    call->ended_ns = clock_ns();
    call->conn = NULL;
    call->done(call);
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
        if (!again || poll(&pf, 1, 10000) <= 0)
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

/* ---- HTTP/1.1 ---- */

static int h1_body(http_parser *hp, const char *p, size_t n)
{
    struct conn *c = hp->data;
    if (!c->current)
        return 0;
    c->current->bytes += n;
    if (c->current->chunk)
        c->current->chunk(c->current, p, n);
    return 0;
}

static int h1_done(http_parser *hp)
{
    struct conn *c = hp->data;
    struct call *call = c->current;
    c->current = NULL;
    if (call)
        finish(call, (int)hp->status_code);
    return 0;
}

static const http_parser_settings h1_settings = {.on_body = h1_body, .on_message_complete = h1_done};

static int h1_call(struct conn *c, struct call *call)
{
    if (c->current)
        return -EBUSY;
    c->current = call;
    struct target *t = c->pool->target;
    buf_clear(&c->out);
    buf_printf(&c->out,
               "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nUser-Agent: cubed-bench\r\n",
               call->method, call->path, t->host);
    if (t->token)
        buf_printf(&c->out, "Authorization: Bearer %s\r\n", t->token);
    if (call->body.n)
        buf_printf(&c->out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                   call->content_type ? call->content_type : "application/json", call->body.n);
    buf_puts(&c->out, "\r\n");
    buf_str(&c->out, call->body);
    return raw_write(c, c->out.p, c->out.n);
}

/* ---- HTTP/2 ---- */

static ssize_t h2_send(nghttp2_session *s, const uint8_t *p, size_t n, int flags, void *arg)
{
    struct conn *c = arg;
    buf_put(&c->out, p, n);
    return (ssize_t)n;
}

static int h2_flush(struct conn *c)
{
    buf_clear(&c->out);
    if (nghttp2_session_send(c->ng) != 0)
        return -EPROTO;
    return c->out.n ? raw_write(c, c->out.p, c->out.n) : 0;
}

static int h2_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t nn,
                     const uint8_t *v, size_t vn, uint8_t flags, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    if (call && nn == 7 && memcmp(name, ":status", 7) == 0)
        call->status = atoi((const char *)v);
    return 0;
}

static int h2_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(s, id);
    if (!call)
        return 0;
    call->bytes += n;
    if (call->chunk)
        call->chunk(call, (const char *)p, n);
    return 0;
}

static int h2_closed(nghttp2_session *s, int32_t id, uint32_t error, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(s, id);
    if (call)
        finish(call, error == 0 ? call->status : -1);
    return 0;
}

static ssize_t h2_body(nghttp2_session *s, int32_t id, uint8_t *dst, size_t max, uint32_t *flags,
                       nghttp2_data_source *src, void *arg)
{
    struct call *call = src->ptr;
    size_t n = call->body.n - call->body_sent;
    if (n > max)
        n = max;
    memcpy(dst, call->body.p + call->body_sent, n);
    call->body_sent += n;
    if (call->body_sent == call->body.n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static int h2_call(struct conn *c, struct call *call)
{
    struct target *t = c->pool->target;
    char bearer[4200];
    nghttp2_nv h[8];
    size_t n = 0;
    h[n++] = nv(":method", call->method);
    h[n++] = nv(":scheme", t->tls ? "https" : "http");
    h[n++] = nv(":authority", t->host);
    h[n++] = nv(":path", call->path);
    h[n++] = nv("accept", "application/json");
    if (t->token) {
        snprintf(bearer, sizeof bearer, "Bearer %s", t->token);
        h[n++] = nv("authorization", bearer);
    }
    if (call->body.n)
        h[n++] = nv("content-type", call->content_type ? call->content_type : "application/json");
    nghttp2_data_provider body = {.source.ptr = call, .read_callback = h2_body};
    call->stream = nghttp2_submit_request(c->ng, NULL, h, n, call->body.n ? &body : NULL, call);
    return call->stream < 0 ? -EPROTO : 0;
}

static int h2_start(struct conn *c)
{
    nghttp2_session_callbacks *cb;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_send_callback(cb, h2_send);
    nghttp2_session_callbacks_set_on_header_callback(cb, h2_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, h2_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, h2_closed);
    int rc = nghttp2_session_client_new(&c->ng, cb, c);
    nghttp2_session_callbacks_del(cb);
    if (rc != 0)
        return -ENOMEM;
    nghttp2_settings_entry set[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 16 << 20},
                                    {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_submit_settings(c->ng, NGHTTP2_FLAG_NONE, set, 2);
    nghttp2_session_set_local_window_size(c->ng, NGHTTP2_FLAG_NONE, 0, 64 << 20);
    return h2_flush(c);
}

/* ---- connections ---- */

static int connect_tls(struct conn *c)
{
    struct target *t = c->pool->target;
    c->ssl = SSL_new(c->h2 ? t->ctx_h2 : t->ctx_h1);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_tlsext_host_name(c->ssl, t->host);
    return SSL_connect(c->ssl) == 1 ? 0 : -ECONNABORTED;
}

struct conn *conn_open(struct pool *p, bool h2)
{
    struct conn *c = calloc(1, sizeof *c);
    c->pool = p;
    c->h2 = h2;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = c->fd < 0 || connect(c->fd, (struct sockaddr *)&p->target->addr, sizeof p->target->addr) < 0
                 ? -errno
                 : 0;
    if (rc == 0 && p->target->tls)
        rc = connect_tls(c);
    int one = 1;
    if (rc == 0) {
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        rc = h2 ? h2_start(c) : 0;
    }
    if (!h2) {
        http_parser_init(&c->parser, HTTP_RESPONSE);
        c->parser.data = c;
    }
    c->next = p->all;
    p->all = c;
    if (rc < 0) {
        conn_close(c);
        errno = -rc;
        return NULL;
    }
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(p->epoll, EPOLL_CTL_ADD, c->fd, &ev);
    return c;
}

void conn_close(struct conn *c)
{
    for (struct conn **at = &c->pool->all; *at; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    nghttp2_session_del(c->ng);
    SSL_free(c->ssl);
    if (c->fd >= 0)
        close(c->fd);
    buf_free(&c->out);
    free(c);
}

int conn_call(struct conn *c, struct call *call)
{
    if (c->dead)
        return -EPIPE;
    call->conn = c;
    call->status = 0;
    call->bytes = call->body_sent = 0;
    call->started_ns = clock_ns();
    if (!c->h2)
        return h1_call(c, call);
    return h2_call(c, call);
}

void conn_pause(struct conn *c, bool paused)
{
    struct epoll_event ev = {.events = paused ? 0 : EPOLLIN, .data.ptr = c};
    c->paused = paused;
    epoll_ctl(c->pool->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static void conn_broken(struct conn *c)
{
    c->dead = true;
    epoll_ctl(c->pool->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    struct call *call = c->current;
    c->current = NULL;
    if (call)
        finish(call, -1);
    if (c->ng) { /* closes every stream: h2_closed is not called for them, so terminate the session first */
        nghttp2_session_terminate_session(c->ng, NGHTTP2_INTERNAL_ERROR);
    }
}

static void conn_readable(struct conn *c)
{
    while (!c->dead && !c->paused) {
        ssize_t n = raw_read(c, c->pool->read, sizeof c->pool->read);
        if (n == 0)
            break;
        bool ok = n > 0;
        if (ok && c->h2)
            ok = nghttp2_session_mem_recv(c->ng, (uint8_t *)c->pool->read, (size_t)n) == n;
        else if (ok)
            ok = http_parser_execute(&c->parser, &h1_settings, c->pool->read, (size_t)n) == (size_t)n;
        if (!ok) {
            conn_broken(c);
            return;
        }
        if (c->h2 && h2_flush(c) < 0)
            conn_broken(c);
    }
}

void pool_run(struct pool *p, int64_t until_ns, const bool *stop)
{
    struct epoll_event ev[256];
    for (struct conn *c = p->all; c; c = c->next) {
        if (c->h2 && !c->dead && h2_flush(c) < 0)
            conn_broken(c);
    }
    while (!*stop) {
        int64_t left_ms = (until_ns - clock_ns() + 999999) / 1000000;
        if (left_ms <= 0)
            return;
        int n = epoll_wait(p->epoll, ev, 256, left_ms > 1000 ? 1000 : (int)left_ms);
        for (int i = 0; i < n; i++)
            conn_readable(ev[i].data.ptr);
    }
}
