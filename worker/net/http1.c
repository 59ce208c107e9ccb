/* HTTP/1.1 through http-parser. One request is under way at a time; what a pipelining client sends ahead
 * waits as bytes (bounded), and the answers to all requests of one read leave in one write because the flush
 * goes on to the next request by itself.
 *
 * A head is gathered in the worker's own buffer, "url NUL name NUL value NUL ...", and copied into the
 * request when it is complete; only a connection whose head stops half-way owns a buffer. */
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/net/head.h"
#include "worker/net/intake.h"
#include "worker/net/net.h"
#include "worker/net/send.h"
#include "worker/pipeline/pipeline.h"

#define AHEAD_BYTES (64u << 10)  /* read-ahead of pipelined requests; reading pauses above it */
#define CHUNK_HEAD_BYTES 6       /* "3ff4\r\n": always four digits */
#define CHUNK_TAIL_BYTES (2 + 5) /* line break, last chunk */
#define READ_BYTES (16u << 10)
#define METHOD_BYTES_MAX 64

enum piece { PIECE_NONE, PIECE_URL, PIECE_NAME, PIECE_VALUE };

struct http1 {
    http_parser parser;
    struct conn *c;
    struct request *rq; /* from the end of its head until it is answered */
    struct buf saved;   /* a head that is not complete yet */
    struct buf method;  /* one that the parser does not know */
    struct buf ahead;   /* bytes behind the request under way */
    size_t ahead_at;
    struct intake intake;
    int64_t left; /* of a body with a length */
    int nheaders;
    int error; /* answer this code and close */
    enum piece piece;
    bool in_method; /* it is not complete yet */
    bool in_head, body_done, started, responded, head_sent;
    bool keep_alive, chunked, http10;
    bool expects, send_continue;
};

/* ---- from the parser ---- */

static int add_piece(struct http1 *h, enum piece piece, const char *p, size_t n)
{
    struct buf *head = &h->c->net->head_in;
    if (h->piece != piece && h->piece != PIECE_NONE)
        buf_putc(head, 0);
    if (piece == PIECE_NAME && h->piece != PIECE_NAME)
        h->nheaders++;
    h->piece = piece;
    if (head->n + n > REQUEST_HEADER_BYTES_MAX) {
        h->error = 431;
        return -1;
    }
    if (piece != PIECE_NAME) {
        buf_put(head, p, n);
        return 0;
    }
    char *to = buf_reserve(head, n);
    for (size_t i = 0; i < n; i++) {
        if (p[i] == ' ') { /* the parser lets it pass; "Content-Length : 1" must not (RFC 9112, 5.1) */
            h->error = 400;
            return -1;
        }
        to[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
    }
    head->n += n;
    return 0;
}

static int on_begin(http_parser *p)
{
    struct http1 *h = p->data;
    h->in_head = true;
    h->nheaders = 0;
    h->piece = PIECE_NONE;
    buf_clear(&h->c->net->head_in);
    return 0;
}

static int on_url(http_parser *p, const char *at, size_t n)
{
    return add_piece(p->data, PIECE_URL, at, n);
}

/* Fields behind a body are trailers: nobody asks for them. */
static int on_name(http_parser *p, const char *at, size_t n)
{
    struct http1 *h = p->data;
    return h->in_head ? add_piece(h, PIECE_NAME, at, n) : 0;
}

static int on_value(http_parser *p, const char *at, size_t n)
{
    struct http1 *h = p->data;
    return h->in_head ? add_piece(h, PIECE_VALUE, at, n) : 0;
}

static struct str next_text(struct str *rest)
{
    struct str s;
    if (!str_next(rest, 0, &s))
        return STR_NONE;
    return s;
}

/* "http://host/path" is "/path" to us (RFC 9112, 3.2.2). */
static struct str origin_form(struct str target)
{
    if (target.n == 0 || target.p[0] == '/' || target.p[0] == '*')
        return target;
    for (size_t i = 0; i + 2 < target.n; i++) {
        if (memcmp(target.p + i, "://", 3) != 0)
            continue;
        struct str host = {target.p + i + 3, target.n - i - 3};
        ptrdiff_t slash = str_find(host, '/');
        return slash < 0 ? STR("/") : (struct str){host.p + slash, host.n - (size_t)slash};
    }
    return target;
}

static void set_target(struct request *rq, struct str target)
{
    rq->target = origin_form(target);
    ptrdiff_t q = str_find(rq->target, '?');
    rq->path = q < 0 ? rq->target : (struct str){rq->target.p, (size_t)q};
    rq->query = q < 0 ? STR("") : (struct str){rq->target.p + q + 1, rq->target.n - (size_t)q - 1};
}

static const struct transport http1_transport;

/* Turns the gathered head into a request. */
static void make_request(struct http1 *h)
{
    struct conn *c = h->c;
    struct buf *head = &c->net->head_in;
    struct request *rq = request_new(c->net->ctx, &http1_transport, h, &c->peer);
    struct str rest = arena_str(rq->arena, buf_view(head));
    rq->method =
        h->method.n ? arena_str(rq->arena, buf_view(&h->method)) : str_of(http_method_str(h->parser.method));
    buf_free(&h->method);
    set_target(rq, next_text(&rest));
    rq->headers = arena_raw(rq->arena, (size_t)h->nheaders * sizeof(*rq->headers));
    for (int i = 0; i < h->nheaders; i++) {
        struct str name = next_text(&rest);
        rq->headers[i] = (struct header){name, str_trim(next_text(&rest))};
    }
    rq->nheaders = h->nheaders;
    h->rq = rq;
}

/* What a head may not say (RFC 9112, 3.2; RFC 9110, 10.1.1). Returns 0 or the code to refuse it with. */
static int check_head(struct http1 *h)
{
    int hosts = 0;
    for (int i = 0; i < h->rq->nheaders; i++) {
        const struct header *f = &h->rq->headers[i];
        if (str_is(f->name, "host"))
            hosts++;
        if (!str_is(f->name, "expect") || h->http10)
            continue;
        if (!str_eq_nocase(f->value, STR("100-continue")))
            return 417;
        h->expects = true;
    }
    if (hosts > 1 || (hosts == 0 && !h->http10))
        return 400;
    if (h->parser.http_major != 1)
        return 505;
    return 0;
}

static int on_head(http_parser *p)
{
    struct http1 *h = p->data;
    h->in_head = false;
    buf_putc(&h->c->net->head_in, 0);
    p->upgrade = 0; /* nobody is upgraded: the request is answered as it is */
    h->keep_alive = http_should_keep_alive(p);
    h->http10 = p->http_major == 1 && p->http_minor == 0;
    make_request(h);
    bool has_body = (p->flags & F_CHUNKED) || (p->content_length > 0 && p->content_length != UINT64_MAX);
    bool no_length = (p->flags & F_CHUNKED) || p->content_length == UINT64_MAX;
    uint64_t length = p->content_length > INT64_MAX ? INT64_MAX : p->content_length;
    intake_begin(&h->intake, h->rq, has_body, no_length ? -1 : (int64_t)length);
    h->error = check_head(h);
    return h->error ? -1 : 0;
}

static int on_body(http_parser *p, const char *at, size_t n)
{
    struct http1 *h = p->data;
    if (intake_take(&h->intake, h->rq, at, n) && h->intake.wanted)
        conn_deadline(h->c, DEADLINE_BODY);
    return 0;
}

static int on_end(http_parser *p)
{
    struct http1 *h = p->data;
    h->body_done = true;
    intake_end(&h->intake, h->rq);
    http_parser_pause(p, 1);
    return 0;
}

static const http_parser_settings SETTINGS = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_end,
};

/* ---- input ---- */

static int error_code(const struct http1 *h)
{
    if (h->error)
        return h->error;
    switch (HTTP_PARSER_ERRNO(&h->parser)) {
    case HPE_HEADER_OVERFLOW:
        return 431;
    case HPE_INVALID_VERSION:
        return 505;
    default:
        return 400;
    }
}

static void parse_failed(struct http1 *h)
{
    if (h->rq && h->started) { /* its body is broken: nothing can be answered in order any more */
        conn_kill(h->c);
        return;
    }
    h->error = error_code(h);
    conn_schedule(h->c);
}

static void pause_if_full(struct http1 *h)
{
    bool full = h->ahead.n - h->ahead_at > AHEAD_BYTES;
    bool unwanted = h->rq && h->rq->has_body && !h->rq->body_complete && !h->rq->body_too_large &&
                    !h->intake.wanted && h->intake.buf.n > 0;
    conn_pause_reading(h->c, full || unwanted);
}

static void after_feed(struct http1 *h)
{
    struct request *rq = h->rq;
    if (!rq) {
        if (h->in_head)
            conn_deadline_keep(h->c, DEADLINE_HEADER);
        return;
    }
    if (!h->started) {
        h->started = true;
        conn_deadline(h->c, DEADLINE_NONE);
        pipeline_start(rq);
    } else if (intake_ready(&h->intake, rq)) {
        conn_deadline(h->c, DEADLINE_NONE);
        pipeline_resume(rq);
    }
}

/* Any token is a method (RFC 9110, 9.1); the parser stops at those it has no number for. What it had matched
 * of another one's name until then may have come with earlier reads. */
static bool is_odd_method(struct http1 *h)
{
    if (HTTP_PARSER_ERRNO(&h->parser) != HPE_INVALID_METHOD || h->rq)
        return false;
    if (h->in_head)
        buf_put(&h->method, http_method_str(h->parser.method), h->parser.index);
    h->in_method = h->in_head = true;
    buf_clear(&h->c->net->head_in);
    return true;
}

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Takes an odd method up to its blank; the parser gets one that it knows in its place. Returns how many bytes
 * were used. */
static size_t take_method(struct http1 *h, const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && is_token_char(p[i]))
        i++;
    if (h->method.n + i > METHOD_BYTES_MAX) {
        h->in_method = false;
        return 0;
    }
    buf_put(&h->method, p, i);
    if (i == n)
        return n;
    h->in_method = false;
    if (p[i] != ' ' || h->method.n == 0)
        return 0;
    http_parser_init(&h->parser, HTTP_REQUEST);
    http_parser_execute(&h->parser, &SETTINGS, "POST", 4);
    return i;
}

static size_t parse(struct http1 *h, const char *p, size_t n)
{
    size_t used = 0;
    if (!h->in_method) {
        used = http_parser_execute(&h->parser, &SETTINGS, p, n);
        if (!is_odd_method(h))
            return used;
    }
    used += take_method(h, p + used, n - used);
    if (h->in_method || HTTP_PARSER_ERRNO(&h->parser) != HPE_OK)
        return used;
    return used + http_parser_execute(&h->parser, &SETTINGS, p + used, n - used);
}

/* Parses up to the end of one request. Returns how many bytes were used. */
static size_t feed(struct http1 *h, const char *p, size_t n)
{
    struct buf *head = &h->c->net->head_in;
    if (h->in_head) {
        buf_clear(head);
        buf_str(head, buf_view(&h->saved));
        buf_free(&h->saved);
    }
    size_t used = parse(h, p, n);
    enum http_errno e = h->in_method ? HPE_OK : HTTP_PARSER_ERRNO(&h->parser);
    if (e == HPE_PAUSED) {
        http_parser_pause(&h->parser, 0);
    } else if (e != HPE_OK) {
        parse_failed(h);
        return n;
    }
    if (h->in_head)
        buf_str(&h->saved, buf_view(head));
    after_feed(h);
    return used;
}

static bool takes_input(const struct http1 *h)
{
    return !h->error && h->ahead.n == 0 && !(h->rq && h->body_done);
}

/* A client that always keeps something ahead must not make the buffer grow. */
static void ahead_compact(struct http1 *h)
{
    struct buf *b = &h->ahead;
    if (h->ahead_at < AHEAD_BYTES)
        return;
    b->n -= h->ahead_at;
    memmove(b->p, b->p + h->ahead_at, b->n);
    h->ahead_at = 0;
}

static void input(struct conn *c, const char *p, size_t n)
{
    struct http1 *h = c->state;
    if (h->error)
        return;
    if (takes_input(h)) {
        size_t used = feed(h, p, n);
        p += used;
        n -= used;
    }
    if (n > 0 && !h->error && !c->dead) {
        ahead_compact(h);
        buf_put(&h->ahead, p, n);
        conn_schedule(c);
    }
    pause_if_full(h);
}

/* Goes on with what was read ahead. Returns true when that made a request or an error. */
static bool next_ahead(struct http1 *h)
{
    struct buf *b = &h->ahead;
    if (b->n == 0 || h->c->dead)
        return false;
    h->ahead_at += feed(h, b->p + h->ahead_at, b->n - h->ahead_at);
    if (h->ahead_at == b->n) {
        buf_free(b);
        h->ahead_at = 0;
    }
    pause_if_full(h);
    return h->rq || h->error;
}

/* ---- for the handler ---- */

static void respond(struct request *rq)
{
    struct http1 *h = rq->stream;
    h->responded = true;
    conn_schedule(h->c);
}

static void wake(struct request *rq)
{
    struct http1 *h = rq->stream;
    conn_schedule(h->c);
}

static void want_body(struct request *rq)
{
    struct http1 *h = rq->stream;
    if (rq->body_complete)
        return;
    h->intake.wanted = true;
    h->send_continue = h->expects && h->intake.buf.n == 0 && !rq->body_too_large;
    if (h->send_continue || rq->body_too_large)
        conn_schedule(h->c);
    pause_if_full(h);
    conn_deadline(h->c, DEADLINE_BODY);
}

static const struct transport http1_transport = {respond, wake, want_body};

/* ---- output ---- */

enum progress { STOP, DONE };

/* Go's words for requests that never become one. */
static void refuse(struct http1 *h)
{
    char text[256];
    const char *reason = head_reason(h->error);
    int n = snprintf(
        text, sizeof(text),
        "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n%d %s",
        h->error, reason, h->error, reason);
    send_put(h->c, text, (size_t)n);
    conn_finish(h->c);
}

static void send_head(struct http1 *h)
{
    struct request *rq = h->rq;
    struct net *net = h->c->net;
    body_begin(rq);
    /* an unread body would be taken for the next request */
    if (!h->body_done || h->c->draining || h->c->eof || rq->ctx->draining)
        h->keep_alive = false;
    bool body = head_has_body(&rq->res);
    h->chunked = body && rq->res.content_length < 0 && !h->http10;
    if (body && rq->res.content_length < 0 && h->http10)
        h->keep_alive = false;
    h->left = rq->res.content_length;
    buf_clear(&net->head_out);
    head_write(&net->head_out, &rq->res, net_date(net), h->chunked, h->keep_alive);
    send_put(h->c, net->head_out.p, net->head_out.n);
    h->head_sent = true;
}

static enum progress broken_off(struct http1 *h)
{
    send_end(h->c);
    conn_kill(h->c);
    return STOP;
}

/* One piece of a body whose length is known, or that ends with the connection. */
static enum progress plain_piece(struct http1 *h, char *room, ssize_t *n)
{
    size_t max = h->left >= 0 && h->left < (int64_t)READ_BYTES ? (size_t)h->left : READ_BYTES;
    if (max == 0)
        return DONE;
    *n = body_read(h->rq, room, max);
    if (*n == -2 || (*n == -1 && h->left > 0))
        return broken_off(h);
    if (*n == -1)
        return DONE;
    send_added(h->c, (size_t)*n);
    if (h->left < 0)
        return body_at_end(h->rq) ? DONE : STOP;
    h->left -= *n;
    return h->left == 0 ? DONE : STOP;
}

static enum progress chunk_piece(struct http1 *h, char *room, ssize_t *n)
{
    static const char hex[] = "0123456789abcdef";
    char *p = room + CHUNK_HEAD_BYTES;
    *n = body_read(h->rq, p, READ_BYTES);
    if (*n == -2)
        return broken_off(h);
    if (*n == 0)
        return STOP;
    if (*n == -1) {
        send_put(h->c, "0\r\n\r\n", 5);
        return DONE;
    }
    for (int i = 0; i < 4; i++)
        room[i] = hex[*n >> (12 - 4 * i) & 15];
    memcpy(room + 4, "\r\n", 2);
    p += *n;
    memcpy(p, "\r\n", 2);
    send_added(h->c, CHUNK_HEAD_BYTES + (size_t)*n + 2);
    if (!body_at_end(h->rq))
        return STOP;
    send_put(h->c, "0\r\n\r\n", 5);
    return DONE;
}

static enum progress send_body(struct http1 *h)
{
    if (!head_has_body(&h->rq->res))
        return DONE;
    for (;;) {
        char *room = send_room(h->c, CHUNK_HEAD_BYTES + READ_BYTES + CHUNK_TAIL_BYTES);
        if (!room)
            return STOP;
        ssize_t n = 0;
        enum progress r = h->chunked ? chunk_piece(h, room, &n) : plain_piece(h, room, &n);
        if (r == DONE || n <= 0 || h->c->dead)
            return r;
        if (loop_turn_over(h->c->net->loop)) {
            conn_schedule(h->c);
            return STOP;
        }
    }
}

static void request_done(struct http1 *h)
{
    struct conn *c = h->c;
    request_free(h->rq);
    h->rq = NULL;
    intake_free(&h->intake);
    h->intake = (struct intake){0};
    h->body_done = h->started = h->responded = h->head_sent = h->expects = h->send_continue = false;
    if (h->keep_alive) {
        conn_deadline(c, DEADLINE_IDLE);
        pause_if_full(h);
    } else {
        conn_finish(c);
    }
}

/* The request under way, as far as it can go now. */
static enum progress advance(struct http1 *h)
{
    struct conn *c = h->c;
    if (h->intake.wanted && intake_ready(&h->intake, h->rq))
        pipeline_resume(h->rq); /* it asked for a body that is too large from the start */
    if (h->send_continue && !h->responded)
        send_put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    h->send_continue = false;
    if (!h->responded)
        return STOP;
    if (!h->head_sent)
        send_head(h);
    if (send_body(h) == STOP)
        return STOP;
    request_done(h);
    return DONE;
}

/* What was not begun while the socket was full. */
static void set_deadline(struct http1 *h)
{
    struct conn *c = h->c;
    if (c->finishing || c->deadline.kind != DEADLINE_NONE)
        return;
    if (h->in_head)
        conn_deadline(c, DEADLINE_HEADER);
    else if (!h->rq)
        conn_deadline(c, DEADLINE_IDLE);
    else if (h->intake.wanted && !h->intake.resumed)
        conn_deadline(c, DEADLINE_BODY);
}

static void flush(struct conn *c)
{
    struct http1 *h = c->state;
    while (!c->dead && !c->finishing) {
        if (!h->rq && !h->error && !next_ahead(h))
            break;
        if (h->error) {
            refuse(h);
            break;
        }
        if (c->dead || !h->started || advance(h) == STOP)
            break;
        if (loop_turn_over(c->net->loop)) {
            conn_schedule(c);
            break;
        }
    }
    if (!h->rq && !c->finishing && (c->eof || (c->draining && h->ahead.n == 0 && !h->in_head)))
        conn_finish(c);
    set_deadline(h);
}

static void settle(struct conn *c)
{
    struct http1 *h = c->state;
    if (h->rq && h->responded)
        body_settle(h->rq);
}

/* ---- life ---- */

static void *open_http1(struct conn *c)
{
    struct http1 *h = calloc(1, sizeof(*h));
    must(h != NULL);
    http_parser_init(&h->parser, HTTP_REQUEST);
    h->parser.data = h;
    h->c = c;
    return h;
}

/* A client may close its side and still read the answer to what it asked; a watch has no end to wait for. */
static void eof(struct conn *c)
{
    struct http1 *h = c->state;
    bool waits = h->rq && h->started && !h->rq->long_running && h->body_done;
    if (!waits && h->ahead.n == 0 && !h->error)
        conn_kill(c);
    else
        conn_schedule(c);
}

static void drain(struct conn *c)
{
    struct http1 *h = c->state;
    c->draining = true;
    if (!h->rq)
        conn_schedule(c);
}

static void close_http1(struct conn *c)
{
    struct http1 *h = c->state;
    if (h->rq)
        request_free(h->rq);
    intake_free(&h->intake);
    buf_free(&h->saved);
    buf_free(&h->method);
    buf_free(&h->ahead);
    free(h);
    c->state = NULL;
}

const struct protocol http1_protocol = {open_http1, input, flush, settle, eof, drain, close_http1};
