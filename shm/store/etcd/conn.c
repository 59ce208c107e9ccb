/* nghttp2 keeps the protocol; this says what goes onto a stream and notes what comes. Nothing is called back
 * from here: a transfer that ended is put on a list, which the client looks at when all bytes were read.
 *
 * A member ends an exchange that it refuses by trailers and a reset without an error, while our side of a
 * stream is open still: both are its end. */
#include "shm/store/etcd/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define KEEP_BYTES (256u << 10)   /* of an idle in-buffer */
#define WINDOW_BYTES (16u << 20)  /* that a member may send without being told to go on */
#define READ_BYTES (64u << 10)    /* at once */
#define TURN_BYTES (1u << 20)     /* before others have their turn */
#define UNSENT_BYTES (256u << 10) /* nothing is added to what the socket did not take */
#define LOOKUP_MS 10

/* ---- lists ---- */

static void unlink_transfer(struct transfer *t)
{
    if (!t->link)
        return;
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    t->link = NULL;
}

static void link_transfer(struct transfer *t, struct transfer **head)
{
    unlink_transfer(t);
    t->next = *head;
    t->link = head;
    if (t->next)
        t->next->link = &t->next;
    *head = t;
}

static void end(struct transfer *t, enum transfer_end how, const char *why)
{
    t->end = how;
    t->why = why;
    if (how == TRANSFER_REFUSED)
        t->sent = false;
    link_transfer(t, &t->conn->config->ended);
}

/* The member said all that it will: our side of the stream is given up. */
static void end_early(struct transfer *t, uint32_t code)
{
    struct conn *c = t->conn;
    nghttp2_session_set_stream_user_data(c->session, t->stream, NULL);
    nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, t->stream, code);
    t->stream = 0;
    end(t, TRANSFER_DONE, "");
}

/* ---- what nghttp2 calls ---- */

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
    struct transfer *t = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    if (t)
        grpc_head_field(&t->head, (struct str){(const char *)name, name_n},
                        (struct str){(const char *)value, value_n});
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *p, size_t n, void *arg)
{
    struct transfer *t = nghttp2_session_get_stream_user_data(s, stream);
    struct conn *c = arg;
    if (!t)
        return 0;
    if (n > t->in_max - t->in.n || n > c->config->held_max - c->config->held) {
        t->too_big = true;
        end_early(t, NGHTTP2_CANCEL);
        return 0;
    }
    buf_put(&t->in, p, n);
    c->config->held += n;
    return 0;
}

static void goaway(struct conn *c)
{
    c->leaving = true;
    for (struct transfer *t = c->transfers, *next; t; t = next) {
        next = t->next;
        if (t->open_ended && t->stream) /* it would go on for ever */
            end_early(t, NGHTTP2_CANCEL);
    }
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct transfer *t = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    bool last = (f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) &&
                (f->hd.flags & NGHTTP2_FLAG_END_STREAM);
    if (f->hd.type == NGHTTP2_GOAWAY)
        goaway(arg);
    if (t && last && t->open_ended)
        end_early(t, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_close(nghttp2_session *s, int32_t stream, uint32_t code, void *arg)
{
    struct transfer *t = nghttp2_session_get_stream_user_data(s, stream);
    if (!t)
        return 0;
    t->stream = 0;
    if (code == NGHTTP2_REFUSED_STREAM)
        end(t, TRANSFER_REFUSED, "the member refused the stream");
    else
        end(t, code == NGHTTP2_NO_ERROR ? TRANSFER_DONE : TRANSFER_RESET, nghttp2_http2_strerror(code));
    return 0;
}

static ssize_t on_upload(nghttp2_session *s, int32_t stream, uint8_t *to, size_t n, uint32_t *flags,
                         nghttp2_data_source *source, void *arg)
{
    struct transfer *t = nghttp2_session_get_stream_user_data(s, stream);
    if (!t)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t left = t->out->n - t->out_at;
    if (left == 0 && t->open_ended) {
        t->paused = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    n = n < left ? n : left;
    memcpy(to, t->out->p + t->out_at, n);
    t->sent = t->sent || n > 0;
    t->out_at += n;
    if (t->out_at < t->out->n)
        return (ssize_t)n;
    if (!t->open_ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t)n;
    }
    buf_clear(t->out);
    t->out_at = 0;
    return (ssize_t)n;
}

/* ---- the connection ---- */

static void session_new(struct conn *c)
{
    nghttp2_session_callbacks *cb;
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES}};
    must(nghttp2_session_callbacks_new(&cb) == 0);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    must(nghttp2_session_client_new(&c->session, cb, c) == 0);
    nghttp2_session_callbacks_del(cb);
    must(nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, 2) == 0);
    must(nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, (int32_t)WINDOW_BYTES) == 0);
}

static void dial(struct conn *c)
{
    c->wire = wire_open(c->endpoint->url, &c->config->files);
    c->open = c->leaving = c->more = false;
    c->look_ms = clock_ms();
    c->dial_until_ms = c->look_ms + c->config->dial_ms;
    session_new(c);
}

void conn_init(struct conn *c, struct conn_config *config, struct endpoint *e)
{
    *c = (struct conn){.config = config, .endpoint = e, .told_fd = -1};
}

static void tell(struct conn *c, int fd, int what)
{
    if (!c->config->socket || (fd == c->told_fd && what == c->told_what))
        return;
    if (c->told_fd >= 0 && c->told_fd != fd)
        c->config->socket(c->config->arg, c->told_fd, 0);
    if (fd >= 0)
        c->config->socket(c->config->arg, fd, what);
    c->told_fd = fd;
    c->told_what = what;
}

void conn_break(struct conn *c, const char *why)
{
    if (!c->wire)
        return;
    snprintf(c->why, sizeof(c->why), "%s", why);
    tell(c, -1, 0);
    nghttp2_session_del(c->session);
    wire_close(c->wire);
    c->session = NULL;
    c->wire = NULL;
    c->open = false;
    while (c->transfers) {
        struct transfer *t = c->transfers;
        t->stream = 0;
        end(t, TRANSFER_BROKEN, c->why);
    }
}

static bool opened(struct conn *c, int64_t now_ms)
{
    tell(c, -1, 0); /* another address may get a descriptor of the same number */
    int rc = wire_step(c->wire);
    if (rc < 0)
        conn_break(c, wire_why(c->wire));
    else if (rc == 0 && now_ms >= c->dial_until_ms)
        conn_break(c, "no connection: timed out");
    c->look_ms = now_ms + LOOKUP_MS;
    c->open = rc == 1;
    return c->open;
}

static void receive(struct conn *c, int64_t now_ms)
{
    char bytes[READ_BYTES];
    size_t sum = 0;
    c->more = false;
    while (sum < TURN_BYTES) {
        ssize_t n = wire_read(c->wire, bytes, sizeof(bytes));
        if (n <= 0) {
            if (n < 0)
                conn_break(c, wire_why(c->wire));
            return;
        }
        sum += (size_t)n;
        c->endpoint->heard_ms = now_ms;
        c->endpoint->silent = false;
        ssize_t rc = nghttp2_session_mem_recv(c->session, (const uint8_t *)bytes, (size_t)n);
        if (rc < 0) {
            conn_break(c, rc == NGHTTP2_ERR_BAD_CLIENT_MAGIC || rc == NGHTTP2_ERR_FLOODED
                              ? nghttp2_strerror((int)rc)
                              : "the member does not speak HTTP/2");
            return;
        }
    }
    c->more = true;
}

void conn_work(struct conn *c, int64_t now_ms)
{
    if (!c->wire || (!c->open && !opened(c, now_ms)))
        return;
    receive(c, now_ms);
    if (c->session && !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))
        conn_break(c, "the member ended the connection");
}

static int send_all(struct conn *c)
{
    const uint8_t *p;
    int rc = wire_flush(c->wire);
    while (!rc && wire_unsent(c->wire) < UNSENT_BYTES) {
        ssize_t n = nghttp2_session_mem_send(c->session, &p);
        if (n <= 0)
            return n < 0 ? -EPROTO : 0;
        rc = wire_write(c->wire, (const char *)p, (size_t)n);
    }
    return rc;
}

void conn_flush(struct conn *c)
{
    if (!c->wire)
        return;
    if (c->open && send_all(c))
        conn_break(c, *wire_why(c->wire) ? wire_why(c->wire) : "the connection broke");
    else if (c->leaving && !c->transfers)
        conn_break(c, "the member is leaving");
    else
        tell(c, wire_fd(c->wire), wire_wants(c->wire));
}

int64_t conn_due(const struct conn *c, int64_t now_ms)
{
    if (!c->wire)
        return INT64_MAX;
    if (c->more)
        return now_ms;
    if (c->open)
        return INT64_MAX;
    return wire_fd(c->wire) < 0 ? c->look_ms : c->dial_until_ms;
}

/* ---- transfers ---- */

struct transfer *transfer_new(void)
{
    struct transfer *t = calloc(1, sizeof(*t));
    must(t != NULL);
    return t;
}

void transfer_free(struct transfer *t, struct conn_config *config)
{
    transfer_reset(t, config);
    buf_free(&t->in);
    free(t);
}

void transfer_reset(struct transfer *t, struct conn_config *config)
{
    config->held -= t->in.n;
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
    t->conn->config->held -= t->in_at;
    if (rest)
        memmove(t->in.p, t->in.p + t->in_at, rest);
    t->in.n = rest;
    t->in_at = 0;
    if (rest == 0 && t->in.cap > KEEP_BYTES)
        buf_free(&t->in);
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

static int32_t submit(struct transfer *t, const struct transfer_start *s)
{
    const struct endpoint *e = s->conn->endpoint;
    char timeout[32];
    nghttp2_nv h[10];
    size_t n = 0;
    nghttp2_data_provider body = {.read_callback = on_upload};
    int64_t ms = s->timeout_ms > 99999999 ? 99999999 : s->timeout_ms; /* eight digits are allowed */
    snprintf(timeout, sizeof(timeout), "%lldm", (long long)ms);
    h[n++] = field(":method", "POST");
    h[n++] = field(":scheme", e->tls ? "https" : "http");
    h[n++] = field(":path", s->method);
    h[n++] = field(":authority", strstr(e->url, "://") + 3);
    h[n++] = field("content-type", "application/grpc");
    h[n++] = field("te", "trailers");
    h[n++] = field("user-agent", "cubed");
    if (s->leader)
        h[n++] = field("hasleader", "true");
    if (ms > 0)
        h[n++] = field("grpc-timeout", timeout);
    return nghttp2_submit_request(s->conn->session, NULL, h, n, &body, t);
}

void transfer_start(struct transfer *t, const struct transfer_start *s)
{
    struct conn *c = s->conn;
    transfer_reset(t, c->config);
    grpc_head_init(&t->head);
    t->conn = c;
    t->owner = s->owner;
    t->out = s->out;
    t->out_at = 0;
    t->stream = 0;
    t->open_ended = s->open_ended;
    t->paused = t->sent = t->too_big = false;
    /* a stream may hold one whole message and what came with its end */
    t->in_max = GRPC_HEAD_BYTES + GRPC_MESSAGE_MAX + (s->open_ended ? 4u << 20 : 0);
    if (!c->wire)
        dial(c);
    link_transfer(t, &c->transfers);
    t->stream = c->leaving ? -1 : submit(t, s);
    if (t->stream > 0)
        return;
    t->stream = 0;
    end(t, TRANSFER_REFUSED, "the connection takes no more");
    c->leaving = true; /* numbers of streams have an end, too */
}

void transfer_stop(struct transfer *t)
{
    unlink_transfer(t);
    if (t->stream) {
        nghttp2_session_set_stream_user_data(t->conn->session, t->stream, NULL);
        nghttp2_submit_rst_stream(t->conn->session, NGHTTP2_FLAG_NONE, t->stream, NGHTTP2_CANCEL);
    }
    t->stream = 0;
}

void transfer_wake(struct transfer *t)
{
    if (!t->paused || !t->stream)
        return;
    t->paused = false;
    nghttp2_session_resume_data(t->conn->session, t->stream);
}
