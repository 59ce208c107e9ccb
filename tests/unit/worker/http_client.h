/* HTTP tests: a client on a socket, with or without TLS, that says bytes and hears bytes. */
#ifndef TESTS_UNIT_WORKER_HTTP_CLIENT_H
#define TESTS_UNIT_WORKER_HTTP_CLIENT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include "tests/unit/worker/http_server.h"

struct client {
    int fd;
    SSL *ssl;
    struct buf got;
};

static int connect_to(int port)
{
    struct sockaddr_in sa = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval tv = {5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

static struct client plain_client(void)
{
    return (struct client){.fd = connect_to(server.plain_port)};
}

static SSL_CTX *client_ctx(const char *cert, const char *alpn)
{
    SSL_CTX *x = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_file(x, pki_path("ca.pem"));
    SSL_CTX_set_verify(x, SSL_VERIFY_PEER, NULL);
    if (alpn)
        SSL_CTX_set_alpn_protos(x, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    if (cert) {
        char file[64];
        snprintf(file, sizeof(file), "%s.pem", cert);
        assert_int_equal(SSL_CTX_use_certificate_file(x, pki_path(file), SSL_FILETYPE_PEM), 1);
        snprintf(file, sizeof(file), "%s.key", cert);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(x, pki_path(file), SSL_FILETYPE_PEM), 1);
    }
    return x;
}

static struct client tls_client(SSL_CTX *x, SSL_SESSION *resume)
{
    struct client c = {.fd = connect_to(server.port), .ssl = SSL_new(x)};
    SSL_set_fd(c.ssl, c.fd);
    if (resume)
        SSL_set_session(c.ssl, resume);
    assert_int_equal(SSL_connect(c.ssl), 1);
    return c;
}

static void say_n(struct client *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = c->ssl ? SSL_write(c->ssl, p, (int)n) : send(c->fd, p, n, MSG_NOSIGNAL);
        if (w <= 0)
            return; /* the server may have closed: what it said is checked */
        p += w;
        n -= (size_t)w;
    }
}

static void say(struct client *c, const char *text)
{
    say_n(c, text, strlen(text));
}

/* One read. Returns 0 at the end, -1 on time-out or reset. */
static ssize_t hear_some(struct client *c)
{
    char *p = buf_reserve(&c->got, 65536);
    ssize_t n = c->ssl ? SSL_read(c->ssl, p, 65536) : recv(c->fd, p, 65536, 0);
    if (c->ssl && n <= 0)
        n = SSL_get_error(c->ssl, (int)n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
    if (n > 0)
        c->got.n += (size_t)n;
    return n;
}

static const char *text_of(struct client *c)
{
    buf_putc(&c->got, 0);
    c->got.n--;
    return c->got.p;
}

/* Reads until the text was seen. */
static void hear(struct client *c, const char *until)
{
    while (!c->got.n || !memmem(c->got.p, c->got.n, until, strlen(until)))
        if (hear_some(c) <= 0)
            fail_msg("wanted \"%s\", got \"%s\"", until, text_of(c));
}

static void hear_end(struct client *c)
{
    ssize_t n;
    while ((n = hear_some(c)) > 0)
        ;
    assert_int_equal(n, 0);
}

static void hang_up(struct client *c)
{
    if (c->ssl) /* or the library throws the session away */
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->ssl);
    close(c->fd);
    buf_free(&c->got);
}

static void forget(struct client *c)
{
    buf_clear(&c->got);
}

static int times(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static void wait_until(_Atomic int *v, int want)
{
    for (int i = 0; i < 3000 && *v != want; i++)
        usleep(1000);
    assert_int_equal(*v, want);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

#endif
