/* TLS works on memory: what came goes in, what it makes goes out, so that there is one way of reading and
 * writing the socket and no question which direction TLS waits for. */
#include "shm/store/etcd/wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/must.h"
#include "shm/base/str.h"

#define CHUNK 65536
#define HOST_BYTES 256

enum wire_state { WIRE_LOOKUP, WIRE_CONNECT, WIRE_SHAKE, WIRE_OPEN, WIRE_FAILED };

struct wire {
    enum wire_state state;
    int fd, error;
    bool tls;
    char host[HOST_BYTES], port[8];
    struct addrinfo hints;
    struct gaicb lookup;
    bool looking;
    struct addrinfo *next; /* address to try after this one */
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
    struct buf unsent;
    size_t sent; /* of it */
    char why[160];
};

/* ---- failing ---- */

static int refuse(struct wire *w, int error, const char *what, const char *text)
{
    w->state = WIRE_FAILED;
    w->error = error;
    snprintf(w->why, sizeof(w->why), "%s%s%s", what, *text ? ": " : "", text);
    return error;
}

static int refuse_tls(struct wire *w, const char *what)
{
    unsigned long e = ERR_peek_error();
    long verify = w->ssl ? SSL_get_verify_result(w->ssl) : X509_V_OK;
    const char *text =
        verify != X509_V_OK ? X509_verify_cert_error_string(verify) : ERR_reason_error_string(e);
    refuse(w, -EPROTO, what, text ? text : "");
    ERR_clear_error();
    return w->error;
}

/* ---- the name ---- */

/* "http://[::1]:2379": host without brackets, port. */
static void split(struct wire *w, const char *url)
{
    const char *host = strstr(url, "://") + 3, *colon = strrchr(host, ':');
    size_t n = (size_t)(colon - host);
    w->tls = strncmp(url, "https", 5) == 0;
    if (*host == '[') {
        host++;
        n -= 2;
    }
    must(n < sizeof(w->host));
    memcpy(w->host, host, n);
    snprintf(w->port, sizeof(w->port), "%s", colon + 1);
}

static int begin_lookup(struct wire *w)
{
    struct gaicb *list[] = {&w->lookup};
    w->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    if (getaddrinfo(w->host, w->port, &w->hints, &w->lookup.ar_result) == 0)
        return 0;
    w->hints.ai_flags = AI_NUMERICSERV;
    w->lookup.ar_name = w->host;
    w->lookup.ar_service = w->port;
    w->lookup.ar_request = &w->hints;
    int rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    w->looking = rc == 0;
    return rc ? refuse(w, -EAGAIN, "the name cannot be looked up", gai_strerror(rc)) : 0;
}

static int step_lookup(struct wire *w)
{
    int rc = w->looking ? gai_error(&w->lookup) : 0;
    if (rc == EAI_INPROGRESS)
        return 0;
    w->looking = false;
    if (rc)
        return refuse(w, -EHOSTUNREACH, "the name is not known", gai_strerror(rc));
    w->next = w->lookup.ar_result;
    w->state = WIRE_CONNECT;
    return 1;
}

/* The thread that looks up writes into the request until it is done. */
static void end_lookup(struct wire *w)
{
    const struct gaicb *const list[] = {&w->lookup};
    if (w->looking && gai_cancel(&w->lookup) == EAI_NOTCANCELED)
        while (gai_error(&w->lookup) == EAI_INPROGRESS)
            gai_suspend(list, 1, NULL);
    if (w->lookup.ar_result)
        freeaddrinfo(w->lookup.ar_result);
}

/* ---- the socket ---- */

static int connect_next(struct wire *w)
{
    int one = 1, error = w->error ? w->error : -EHOSTUNREACH;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    for (; w->next; w->next = w->next->ai_next) {
        const struct addrinfo *a = w->next;
        w->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        if (w->fd < 0)
            continue;
        setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        setsockopt(w->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
        if (connect(w->fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) {
            w->next = a->ai_next;
            return 0;
        }
        error = -errno;
        close(w->fd);
        w->fd = -1;
    }
    return refuse(w, error, "no connection", strerror(-error));
}

static int step_connect(struct wire *w)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof(w->error), peer_n = sizeof(peer);
    if (w->fd < 0)
        return connect_next(w);
    w->error = 0;
    getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &w->error, &n);
    if (w->error) {
        w->error = -w->error;
        return connect_next(w);
    }
    if (getpeername(w->fd, (struct sockaddr *)&peer, &peer_n))
        return errno == ENOTCONN ? 0 : refuse(w, -errno, "no connection", strerror(errno));
    w->state = w->tls ? WIRE_SHAKE : WIRE_OPEN;
    return 1;
}

static int send_some(struct wire *w, const char *p, size_t n, size_t *taken)
{
    *taken = 0;
    while (*taken < n) {
        ssize_t k = send(w->fd, p + *taken, n - *taken, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0 && errno == EAGAIN)
            return 0;
        if (k < 0)
            return refuse(w, -errno, "the connection broke", strerror(errno));
        *taken += (size_t)k;
    }
    return 0;
}

int wire_flush(struct wire *w)
{
    size_t taken = 0;
    int rc = w->state == WIRE_FAILED ? w->error : 0;
    if (rc || w->sent == w->unsent.n)
        return rc;
    rc = send_some(w, w->unsent.p + w->sent, w->unsent.n - w->sent, &taken);
    w->sent += taken;
    if (w->sent == w->unsent.n) {
        buf_clear(&w->unsent);
        w->sent = 0;
    }
    return rc;
}

static int put(struct wire *w, const char *p, size_t n)
{
    size_t taken = 0;
    int rc = w->sent == w->unsent.n ? send_some(w, p, n, &taken) : 0;
    if (!rc && taken < n)
        buf_put(&w->unsent, p + taken, n - taken);
    return rc;
}

/* ---- TLS ---- */

static bool files_ok(SSL_CTX *ctx, const struct wire_files *f)
{
    if (f->ca ? SSL_CTX_load_verify_file(ctx, f->ca) != 1 : SSL_CTX_set_default_verify_paths(ctx) != 1)
        return false;
    if (f->cert && SSL_CTX_use_certificate_chain_file(ctx, f->cert) != 1)
        return false;
    return !f->key || SSL_CTX_use_PrivateKey_file(ctx, f->key, SSL_FILETYPE_PEM) == 1;
}

static bool name_checked(struct wire *w)
{
    X509_VERIFY_PARAM *p = SSL_get0_param(w->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(p, w->host) == 1)
        return true;
    ERR_clear_error();
    return SSL_set1_host(w->ssl, w->host) == 1 && SSL_set_tlsext_host_name(w->ssl, w->host) == 1;
}

static int begin_tls(struct wire *w, const struct wire_files *files)
{
    static const unsigned char alpn[] = "\2h2";
    w->ctx = SSL_CTX_new(TLS_client_method());
    must(w->ctx != NULL);
    SSL_CTX_set_min_proto_version(w->ctx, TLS1_2_VERSION);
    SSL_CTX_set_verify(w->ctx, SSL_VERIFY_PEER, NULL);
    if (!files_ok(w->ctx, files))
        return refuse_tls(w, "a certificate or key cannot be used");
    w->ssl = SSL_new(w->ctx);
    w->in = BIO_new(BIO_s_mem());
    w->out = BIO_new(BIO_s_mem());
    must(w->ssl && w->in && w->out);
    SSL_set_bio(w->ssl, w->in, w->out);
    SSL_set_connect_state(w->ssl);
    SSL_set_alpn_protos(w->ssl, alpn, sizeof(alpn) - 1);
    return name_checked(w) ? 0 : refuse_tls(w, "the member's name cannot be checked");
}

/* What TLS made goes out. */
static int send_made(struct wire *w)
{
    char *p;
    long n = BIO_get_mem_data(w->out, &p);
    int rc = n > 0 ? put(w, p, (size_t)n) : 0;
    if (n > 0)
        (void)BIO_reset(w->out);
    return rc;
}

/* Returns bytes taken in, 0: none now, or negative errno. */
static ssize_t take(struct wire *w, char *to, size_t n)
{
    for (;;) {
        ssize_t k = recv(w->fd, to, n, 0);
        if (k > 0)
            return k;
        if (k == 0)
            return refuse(w, -ECONNRESET, "the connection was ended", "");
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR)
            return refuse(w, -errno, "the connection broke", strerror(errno));
    }
}

static ssize_t take_for_tls(struct wire *w)
{
    char bytes[CHUNK];
    ssize_t k = take(w, bytes, sizeof(bytes));
    if (k > 0)
        must(BIO_write(w->in, bytes, (int)k) == k);
    return k;
}

static int shaken(struct wire *w)
{
    const unsigned char *alpn;
    unsigned n;
    SSL_get0_alpn_selected(w->ssl, &alpn, &n);
    if (n != 2 || memcmp(alpn, "h2", 2) != 0)
        return refuse(w, -EPROTO, "the member does not speak HTTP/2", "");
    w->state = WIRE_OPEN;
    return 1;
}

static int step_shake(struct wire *w)
{
    for (;;) {
        ERR_clear_error();
        int rc = SSL_do_handshake(w->ssl), why = SSL_get_error(w->ssl, rc);
        int sent = send_made(w);
        if (sent)
            return sent;
        if (rc == 1)
            return shaken(w);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            return refuse_tls(w, "TLS");
        ssize_t k = take_for_tls(w);
        if (k <= 0)
            return (int)k;
    }
}

static ssize_t read_tls(struct wire *w, char *to, size_t n)
{
    for (;;) {
        ERR_clear_error();
        int rc = SSL_read(w->ssl, to, (int)n), why = SSL_get_error(w->ssl, rc);
        int sent = send_made(w);
        if (rc > 0)
            return rc;
        if (sent)
            return sent;
        if (why == SSL_ERROR_ZERO_RETURN)
            return refuse(w, -ECONNRESET, "the connection was ended", "");
        if (why != SSL_ERROR_WANT_READ)
            return refuse_tls(w, "TLS");
        ssize_t k = take_for_tls(w);
        if (k <= 0)
            return k;
    }
}

/* ---- both ---- */

struct wire *wire_open(const char *url, const struct wire_files *files)
{
    struct wire *w = calloc(1, sizeof(*w));
    must(w != NULL);
    w->fd = -1;
    split(w, url);
    if (!w->tls || begin_tls(w, files) == 0)
        begin_lookup(w);
    return w;
}

void wire_close(struct wire *w)
{
    if (!w)
        return;
    end_lookup(w);
    if (w->fd >= 0)
        close(w->fd);
    SSL_free(w->ssl); /* and its BIOs */
    SSL_CTX_free(w->ctx);
    buf_free(&w->unsent);
    free(w);
}

int wire_step(struct wire *w)
{
    static int (*const steps[])(struct wire *) = {step_lookup, step_connect, step_shake};
    int rc = 1;
    while (rc > 0 && w->state < WIRE_OPEN)
        rc = steps[w->state](w);
    return w->state == WIRE_FAILED ? w->error : w->state == WIRE_OPEN;
}

int wire_fd(const struct wire *w)
{
    return w->fd;
}

int wire_wants(const struct wire *w)
{
    if (w->fd < 0)
        return 0;
    if (w->state == WIRE_CONNECT)
        return WIRE_OUT;
    return WIRE_IN | (wire_unsent(w) ? WIRE_OUT : 0);
}

ssize_t wire_read(struct wire *w, char *to, size_t n)
{
    if (w->state != WIRE_OPEN)
        return w->state == WIRE_FAILED ? w->error : 0;
    return w->ssl ? read_tls(w, to, n) : take(w, to, n);
}

int wire_write(struct wire *w, const char *p, size_t n)
{
    if (w->state == WIRE_FAILED)
        return w->error;
    must(w->state == WIRE_OPEN);
    if (!w->ssl)
        return put(w, p, n);
    ERR_clear_error();
    if (n > 0 && SSL_write(w->ssl, p, (int)n) != (int)n)
        return refuse_tls(w, "TLS");
    return send_made(w);
}

size_t wire_unsent(const struct wire *w)
{
    return w->unsent.n - w->sent;
}

const char *wire_why(const struct wire *w)
{
    return w->why;
}
