/* libcurl repeats a request by itself when a reused connection turns out to be dead. For a write that would
 * mean sending it twice, the first one's fate unknown. So the body always goes through the read function,
 * which says whether any of it was taken, and a rewind is refused from then on.
 *
 * Up to 7.88 it also starts the HTTP/2 session anew on each use of a plain-text connection that was told to
 * be HTTP/2 by prior knowledge, which spoils it (mended in 8.0: "http2: fix for http2-prior-knowledge when
 * reusing connections"). There the one call that opens the connection says so, and those that follow ask for
 * HTTP/2 by upgrade, which libcurl does not do where HTTP/2 is spoken already. These may open no connection:
 * libcurl may find the one that they came for dead, and would speak HTTP/1.1 on the next. */
#include "shm/store/etcd/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define KEEP_BYTES (256u << 10) /* of an idle in-buffer */
#define TIMEOUT_HEADER "grpc-timeout: "
#define TIMEOUT_DIGITS 8 /* the most that gRPC allows */

/* ---- what libcurl calls ---- */

static void heard(struct transfer *t)
{
    t->heard = true;
    t->endpoint->heard_ms = clock_ms();
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    heard(t);
    grpc_head_line(&t->head, (struct str){p, size * n});
    return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    heard(t);
    n *= size;
    if (n > t->in_max - t->in.n || n > t->config->held_max - t->config->held) {
        t->too_big = true;
        return 0;
    }
    buf_put(&t->in, p, n);
    t->config->held += n;
    return n;
}

static size_t on_upload(char *to, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t left = t->out->n - t->out_at;
    n *= size;
    t->asked = true;
    if (left == 0 && t->open_ended) {
        t->paused = true;
        return CURL_READFUNC_PAUSE;
    }
    if (n > left)
        n = left;
    if (n > 0) {
        t->sent = true;
        memcpy(to, t->out->p + t->out_at, n);
        t->out_at += n;
    }
    if (t->open_ended && t->out_at == t->out->n) {
        buf_clear(t->out);
        t->out_at = 0;
    }
    return n;
}

static int on_rewind(void *arg, curl_off_t offset, int origin)
{
    const struct transfer *t = arg;
    return t->sent ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

/* Connections are noted with their member, so that they can be cut from under libcurl. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    const struct transfer *t = arg;
    struct endpoint *e = t->endpoint;
    if (t->reuse || e->nfds == ENDPOINT_FDS)
        return CURL_SOCKET_BAD;
    int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    if (fd >= 0)
        e->fds[e->nfds++] = fd;
    return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    struct endpoint *e = arg;
    for (int i = 0; i < e->nfds; i++)
        if (e->fds[i] == fd) {
            e->fds[i] = e->fds[--e->nfds];
            break;
        }
    if (e->nfds == 0)
        e->cut = false;
    return close(fd);
}

bool transfer_one_opener(void)
{
    return curl_version_info(CURLVERSION_NOW)->version_num < 0x080000;
}

/* While something runs on it, libcurl looks after it. */
bool transfer_connected(const struct endpoint *e)
{
    char c;
    if (e->nfds == 0 || e->cut || e->running > 0)
        return e->nfds > 0 && !e->cut;
    for (int i = 0; i < e->nfds; i++) {
        ssize_t n = recv(e->fds[i], &c, 1, MSG_PEEK | MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
    }
    return true;
}

void transfer_cut(struct endpoint *e)
{
    for (int i = 0; i < e->nfds; i++)
        shutdown(e->fds[i], SHUT_RDWR);
    e->cut = e->nfds > 0;
}

/* ---- the handle ---- */

static void must_set(CURLcode rc)
{
    must(rc == CURLE_OK);
}

#define SET(option, value) must_set(curl_easy_setopt(t->easy, option, value))

static void set_tls(struct transfer *t)
{
    const struct transfer_config *c = t->config;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (c->cafile) {
        SET(CURLOPT_CAINFO, c->cafile);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (c->certfile)
        SET(CURLOPT_SSLCERT, c->certfile);
    if (c->keyfile)
        SET(CURLOPT_SSLKEY, c->keyfile);
}

static void set_once(struct transfer *t)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)t->config->dial_ms);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_READFUNCTION, on_upload);
    SET(CURLOPT_READDATA, t);
    SET(CURLOPT_SEEKFUNCTION, on_rewind);
    SET(CURLOPT_SEEKDATA, t);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    set_tls(t);
}

static struct curl_slist *line(struct curl_slist *list, const char *text)
{
    struct curl_slist *l = curl_slist_append(list, text);
    must(l != NULL);
    return l;
}

static void make_headers(struct transfer *t)
{
    t->timeout = line(NULL, TIMEOUT_HEADER "00000000m");
    t->leader = line(NULL, "hasleader: true");
    t->rest = line(NULL, "content-type: application/grpc");
    line(t->rest, "te: trailers");
    line(t->rest, "user-agent: cubed");
    line(t->rest, "expect:");
    line(t->rest, "accept:");
}

/* Nothing is allocated for a call: the digits are changed in place (leading zeros are allowed), the list is
 * put together of what is wanted. */
static void set_headers(struct transfer *t, const struct transfer_start *s)
{
    struct curl_slist *l = t->rest;
    char digits[32];
    t->leader->next = t->rest;
    if (s->leader)
        l = t->leader;
    t->timeout->next = l;
    if (s->timeout_ms > 0) {
        int64_t ms = s->timeout_ms > 99999999 ? 99999999 : s->timeout_ms;
        snprintf(digits, sizeof(digits), "%0*lldm", TIMEOUT_DIGITS, (long long)ms);
        memcpy(t->timeout->data + sizeof(TIMEOUT_HEADER) - 1, digits, TIMEOUT_DIGITS + 1);
        l = t->timeout;
    }
    SET(CURLOPT_HTTPHEADER, l);
}

static void free_headers(struct transfer *t)
{
    t->timeout->next = t->leader;
    t->leader->next = t->rest;
    curl_slist_free_all(t->timeout);
}

struct transfer *transfer_new(struct transfer_config *config)
{
    struct transfer *t = calloc(1, sizeof(*t));
    must(t != NULL);
    t->config = config;
    t->easy = curl_easy_init();
    must(t->easy != NULL);
    make_headers(t);
    set_once(t);
    return t;
}

void transfer_free(struct transfer *t)
{
    transfer_reset(t);
    curl_easy_cleanup(t->easy);
    free_headers(t);
    buf_free(&t->in);
    free(t);
}

void transfer_reset(struct transfer *t)
{
    t->config->held -= t->in.n;
    t->in_at = 0;
    if (t->in.cap > KEEP_BYTES)
        buf_free(&t->in);
    else
        buf_clear(&t->in);
}

void transfer_consumed(struct transfer *t)
{
    size_t rest = t->in.n - t->in_at;
    if (t->in_at == 0 || (rest > 0 && t->in_at < t->in.n / 2))
        return;
    t->config->held -= t->in_at;
    if (rest)
        memmove(t->in.p, t->in.p + t->in_at, rest);
    t->in.n = rest;
    t->in_at = 0;
    if (rest == 0 && t->in.cap > KEEP_BYTES)
        buf_free(&t->in);
}

int transfer_start(struct transfer *t, const struct transfer_start *s)
{
    char url[ENDPOINT_URL_BYTES + 128];
    int n = snprintf(url, sizeof(url), "%s%s", s->endpoint->url, s->method);
    must(n > 0 && n < (int)sizeof(url));
    transfer_reset(t);
    grpc_head_init(&t->head);
    t->endpoint = s->endpoint;
    t->out = s->out;
    t->out_at = 0;
    t->open_ended = s->open_ended;
    t->reuse = s->reuse;
    t->paused = t->asked = t->sent = t->heard = t->too_big = false;
    /* a stream may hold one whole message and what came with its end */
    t->in_max = GRPC_HEAD_BYTES + GRPC_MESSAGE_MAX + (s->open_ended ? 4u << 20 : 0);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PRIVATE, s->owner);
    SET(CURLOPT_HTTP_VERSION, (long)(s->endpoint->tls ? CURL_HTTP_VERSION_2TLS
                                     : s->reuse       ? CURL_HTTP_VERSION_2_0
                                                      : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    SET(CURLOPT_POSTFIELDSIZE_LARGE, s->open_ended ? (curl_off_t)-1 : (curl_off_t)s->out->n);
    SET(CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    SET(CURLOPT_CLOSESOCKETDATA, s->endpoint);
    set_headers(t, s);
    return curl_multi_add_handle(s->multi, t->easy) == CURLM_OK ? 0 : -ENOMEM;
}

void transfer_stop(struct transfer *t, CURLM *multi)
{
    curl_multi_remove_handle(multi, t->easy);
}

void transfer_wake(struct transfer *t)
{
    if (!t->paused)
        return;
    t->paused = false;
    curl_easy_pause(t->easy, CURLPAUSE_CONT);
}
