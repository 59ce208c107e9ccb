/* A connection's life: hello, handshake, open, linger. Whatever ends one only marks it; it is freed by its
 * own flush at the end of the turn, so that no code between loses the ground under its feet. */
#include "worker/net/conn.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shm/base/must.h"
#include "worker/net/net.h"
#include "worker/net/send.h"

static const char PLAIN_ON_TLS[] =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
static const char H2_PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

bool conn_blocked(const struct conn *c)
{
    return c->backlog.n > 0;
}

void conn_schedule(struct conn *c)
{
    loop_defer(c->net->loop, &c->flush);
}

void conn_kill(struct conn *c)
{
    if (c->dead)
        return;
    c->dead = true;
    event_del(&c->ev_read);
    if (c->armed)
        event_del(&c->ev_write);
    conn_schedule(c);
}

void conn_finish(struct conn *c)
{
    c->finishing = true;
    conn_schedule(c);
}

/* While the client takes nothing, that is what has a time: whatever else would have begun one does so again
 * in the flush that follows. */
void conn_deadline(struct conn *c, enum deadline_kind kind)
{
    if (conn_blocked(c) && c->phase == CONN_OPEN && kind != DEADLINE_SEND)
        return;
    deadline_set(&c->net->deadlines, &c->deadline, kind, loop_now_ms(c->net->loop));
}

void conn_deadline_keep(struct conn *c, enum deadline_kind kind)
{
    if (c->deadline.kind != kind)
        conn_deadline(c, kind);
}

void conn_pause_reading(struct conn *c, bool pause)
{
    if (c->read_paused == pause || c->dead || c->eof)
        return;
    c->read_paused = pause;
    if (pause)
        event_del(&c->ev_read);
    else
        event_add(&c->ev_read, NULL);
}

/* ---- closing ---- */

/* Says goodbye and waits a moment: closing with unread bytes in the socket would take the answer away from a
 * client that has not read it. */
static void linger(struct conn *c)
{
    if (c->ssl) {
        SSL_shutdown(c->ssl);
        ERR_clear_error();
        send_sealed(c);
    }
    if (c->dead)
        return;
    shutdown(c->fd, SHUT_WR);
    c->phase = CONN_LINGER;
    c->finishing = false;
    if (c->protocol) {
        c->protocol->close(c);
        c->protocol = NULL;
    }
    if (c->eof) {
        conn_kill(c);
        return;
    }
    c->read_paused = true;
    conn_pause_reading(c, false);
    conn_deadline(c, DEADLINE_LINGER);
}

void conn_free(struct conn *c)
{
    must_be(c, CONN_MAGIC);
    struct net *net = c->net;
    if (c->protocol)
        c->protocol->close(c);
    loop_undefer(net->loop, &c->flush);
    deadline_clear(&net->deadlines, &c->deadline);
    event_del(&c->ev_read);
    event_del(&c->ev_write);
    if (c->peer.identity && c->peer.identity_free)
        c->peer.identity_free(c->peer.identity);
    SSL_free(c->ssl);
    ERR_clear_error();
    tls_unref(c->tls);
    buf_free(&c->backlog);
    close(c->fd);
    LIST_REMOVE(c, link);
    net->nconns--;
    c->magic = 0;
    free(c);
}

/* ---- at the end of a turn ---- */

static void run_flush(struct deferred *d)
{
    struct conn *c = (struct conn *)((char *)d - offsetof(struct conn, flush));
    must_be(c, CONN_MAGIC);
    if (!c->dead && c->protocol && c->phase == CONN_OPEN) {
        if (!conn_blocked(c) && !c->finishing)
            c->protocol->flush(c);
        send_end(c);
        if (!c->dead)
            c->protocol->settle(c);
    }
    if (c->finishing && !c->dead && !conn_blocked(c))
        linger(c);
    if (c->dead)
        conn_free(c);
}

/* ---- reading ---- */

static void open_protocol(struct conn *c, const struct protocol *p)
{
    c->phase = CONN_OPEN;
    c->peer.http2 = p == &http2_protocol;
    c->protocol = p;
    c->state = p->open(c);
    conn_deadline(c, DEADLINE_HEADER);
    if (c->net->draining)
        p->drain(c);
}

static void at_eof(struct conn *c)
{
    if (c->eof || c->dead)
        return;
    c->eof = true;
    event_del(&c->ev_read);
    if (c->protocol && c->phase == CONN_OPEN)
        c->protocol->eof(c);
    else
        conn_kill(c);
}

static void tls_failed(struct conn *c)
{
    ERR_clear_error();
    if (c->phase == CONN_HANDSHAKE)
        area_count(c->net->ctx->area, c->net->ctx->index, AREA_TLS_ERRORS, 1);
    send_sealed(c); /* the alert */
    conn_kill(c);
}

static bool handshake(struct conn *c)
{
    int rc = SSL_do_handshake(c->ssl);
    if (rc != 1) {
        if (SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ)
            tls_failed(c);
        return false;
    }
    c->peer.cert = tls_peer_cert(c->ssl);
    c->peer.cert_refused = !c->peer.cert && SSL_get0_peer_certificate(c->ssl);
    open_protocol(c, tls_is_http2(c->ssl) ? &http2_protocol : &http1_protocol);
    return true;
}

/* Opens all records that are there; OpenSSL keeps a piece of one itself. */
static void tls_input(struct conn *c)
{
    struct net *net = c->net;
    if (c->phase == CONN_HANDSHAKE && !handshake(c))
        return;
    while (!c->dead && c->phase == CONN_OPEN && (net->feed_n > 0 || SSL_pending(c->ssl) > 0)) {
        size_t n;
        int rc = SSL_read_ex(c->ssl, net->text, NET_TEXT_BYTES, &n);
        if (rc == 1) {
            c->protocol->input(c, net->text, n);
            continue;
        }
        int why = SSL_get_error(c->ssl, rc);
        if (why == SSL_ERROR_ZERO_RETURN)
            at_eof(c);
        else if (why != SSL_ERROR_WANT_READ)
            tls_failed(c);
        return;
    }
}

/* As the reference's TLS server tells: a record's header that reads like a request line. */
static bool looks_like_http(const char *p, size_t n)
{
    static const char *const starts[] = {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"};
    for (size_t i = 0; n >= 5 && i < sizeof(starts) / sizeof(*starts); i++)
        if (memcmp(p, starts[i], 5) == 0)
            return true;
    return false;
}

static void hello(struct conn *c, const char *p, size_t n)
{
    if (!c->tls) {
        bool h2 =
            n >= 4 && memcmp(p, H2_PREFACE, n < sizeof(H2_PREFACE) - 1 ? n : sizeof(H2_PREFACE) - 1) == 0;
        open_protocol(c, h2 ? &http2_protocol : &http1_protocol);
        return;
    }
    if (looks_like_http(p, n)) {
        send_put(c, PLAIN_ON_TLS, sizeof(PLAIN_ON_TLS) - 1);
        send_end(c);
        conn_finish(c);
        return;
    }
    c->phase = CONN_HANDSHAKE;
    c->ssl = tls_session(c->tls, c);
    BIO *b = BIO_new(c->net->bio);
    must(b != NULL);
    BIO_set_data(b, c);
    BIO_set_init(b, 1);
    SSL_set_bio(c->ssl, b, b);
}

static void input(struct conn *c, const char *p, size_t n)
{
    struct net *net = c->net;
    if (c->phase == CONN_HELLO)
        hello(c, p, n);
    if (c->finishing || c->dead || c->phase == CONN_LINGER)
        return;
    if (!c->ssl) {
        c->protocol->input(c, p, n);
        return;
    }
    net->feed = p;
    net->feed_n = n;
    tls_input(c);
    net->feed_n = 0;
    send_sealed(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    must_be(c, CONN_MAGIC);
    if (c->dead || loop_turn_over(c->net->loop))
        return; /* still readable in the next turn */
    ssize_t n = recv(fd, c->net->in, NET_IN_BYTES, 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            conn_kill(c);
        return;
    }
    if (n == 0)
        at_eof(c);
    else
        input(c, c->net->in, (size_t)n);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    must_be(c, CONN_MAGIC);
    if (c->dead || !send_backlog(c))
        return;
    if (c->phase == CONN_OPEN)
        conn_deadline(c, DEADLINE_NONE);
    conn_schedule(c);
}

/* ---- beginning ---- */

static void on_deadline(struct deadline *d)
{
    struct conn *c = (struct conn *)((char *)d - offsetof(struct conn, deadline));
    must_be(c, CONN_MAGIC);
    conn_kill(c);
}

struct conn *conn_new(struct net *n, int fd, struct tls *tls, const char *address)
{
    struct conn *c = calloc(1, sizeof(*c));
    must(c != NULL);
    c->magic = CONN_MAGIC;
    c->fd = fd;
    c->net = n;
    c->tls = tls ? tls_ref(tls) : NULL;
    c->flush.run = run_flush;
    c->deadline.expired = on_deadline;
    c->peer.tls = tls != NULL;
    c->peer.trusted_plain = tls == NULL;
    snprintf(c->peer.address, sizeof(c->peer.address), "%s", address);
    event_assign(&c->ev_read, loop_base(n->loop), fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->ev_write, loop_base(n->loop), fd, EV_WRITE, on_writable, c);
    event_add(&c->ev_read, NULL);
    LIST_INSERT_HEAD(&n->conns, c, link);
    n->nconns++;
    conn_deadline(c, DEADLINE_HEADER);
    return c;
}
