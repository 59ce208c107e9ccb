/* SSL_write never meets a full socket: its BIO appends to one buffer a worker, which is written when the
 * connection's flush ends. Only what the socket refuses is copied to the connection, and while it has such a
 * backlog nothing more is pulled from its bodies. An idle connection owns no buffer at all. */
#include "worker/net/send.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/must.h"

#define BIO_TYPE (100 | BIO_TYPE_SOURCE_SINK) /* BIO_get_new_index hands out from 128 */
#define RECORD_BYTES 16384u
#define WRITE_BYTES (128u << 10)     /* sealed bytes are written from this on */
#define BACKLOG_BYTES_MAX (1u << 20) /* a client that makes us answer and does not read is cut off */

static void backlog_add(struct conn *c, const char *p, size_t n)
{
    buf_put(&c->backlog, p, n);
    if (c->backlog.n - c->backlog_at > BACKLOG_BYTES_MAX) {
        conn_kill(c);
        return;
    }
    if (!c->armed) {
        c->armed = true;
        event_add(&c->ev_write, NULL);
        conn_deadline(c, DEADLINE_SEND);
    }
}

static void write_out(struct conn *c, const char *p, size_t n)
{
    if (c->dead || n == 0)
        return;
    if (!conn_blocked(c)) {
        ssize_t w;
        do
            w = write(c->fd, p, n);
        while (w < 0 && errno == EINTR);
        if (w < 0 && errno != EAGAIN) {
            conn_kill(c);
            return;
        }
        if (w > 0) {
            p += w;
            n -= (size_t)w;
        }
    }
    if (n > 0)
        backlog_add(c, p, n);
}

void send_sealed(struct conn *c)
{
    struct net *net = c->net;
    write_out(c, net->out, net->out_n);
    net->out_n = 0;
}

static int bio_write(BIO *b, const char *p, size_t n, size_t *written)
{
    struct conn *c = BIO_get_data(b);
    struct net *net = c->net;
    if (net->out_n + n > NET_OUT_BYTES)
        send_sealed(c);
    if (n > NET_OUT_BYTES) {
        write_out(c, p, n);
    } else {
        memcpy(net->out + net->out_n, p, n);
        net->out_n += n;
    }
    *written = n;
    return 1;
}

static int bio_read(BIO *b, char *p, size_t n, size_t *got)
{
    struct conn *c = BIO_get_data(b);
    struct net *net = c->net;
    BIO_clear_retry_flags(b);
    if (net->feed_n == 0) {
        BIO_set_retry_read(b);
        return 0;
    }
    if (n > net->feed_n)
        n = net->feed_n;
    memcpy(p, net->feed, n);
    net->feed += n;
    net->feed_n -= n;
    *got = n;
    return 1;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP;
}

BIO_METHOD *send_bio_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE, "cubed");
    must(m != NULL);
    BIO_meth_set_write_ex(m, bio_write);
    BIO_meth_set_read_ex(m, bio_read);
    BIO_meth_set_ctrl(m, bio_ctrl);
    return m;
}

/* Seals the first n gathered bytes. */
static void seal(struct conn *c, size_t n)
{
    struct net *net = c->net;
    if (n > 0 && !c->dead) {
        size_t written;
        if (!c->ssl) {
            write_out(c, net->plain, n);
        } else if (SSL_write_ex(c->ssl, net->plain, n, &written) <= 0) {
            ERR_clear_error();
            conn_kill(c);
        }
    }
    net->plain_n -= n;
    if (net->plain_n)
        memmove(net->plain, net->plain + n, net->plain_n);
    if (net->out_n >= WRITE_BYTES)
        send_sealed(c);
}

char *send_room(struct conn *c, size_t n)
{
    struct net *net = c->net;
    must(n <= SEND_ROOM_MAX);
    if (NET_PLAIN_BYTES - net->plain_n < n)
        seal(c, net->plain_n - net->plain_n % RECORD_BYTES);
    if (c->dead || conn_blocked(c))
        return NULL;
    return net->plain + net->plain_n;
}

void send_added(struct conn *c, size_t n)
{
    c->net->plain_n += n;
}

void send_put(struct conn *c, const void *p, size_t n)
{
    struct net *net = c->net;
    const char *from = p;
    while (n > 0) {
        size_t room = NET_PLAIN_BYTES - net->plain_n;
        size_t m = n < room ? n : room;
        memcpy(net->plain + net->plain_n, from, m);
        net->plain_n += m;
        from += m;
        n -= m;
        if (net->plain_n == NET_PLAIN_BYTES)
            seal(c, net->plain_n - net->plain_n % RECORD_BYTES);
    }
}

void send_end(struct conn *c)
{
    seal(c, c->net->plain_n);
    send_sealed(c);
}

bool send_backlog(struct conn *c)
{
    struct buf *b = &c->backlog;
    while (c->backlog_at < b->n) {
        ssize_t w = write(c->fd, b->p + c->backlog_at, b->n - c->backlog_at);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0 && errno != EAGAIN) {
            conn_kill(c);
            return false;
        }
        if (w <= 0)
            break;
        c->backlog_at += (size_t)w;
        conn_deadline(c, DEADLINE_SEND);
    }
    if (c->backlog_at < b->n) {
        event_add(&c->ev_write, NULL);
        return false;
    }
    buf_free(b);
    c->backlog_at = 0;
    c->armed = false;
    return true;
}
