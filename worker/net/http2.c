/* HTTP/2 through nghttp2: the connection; stream.c is one request on it. A read's frames are all taken in
 * before the first of its requests starts, so that a small body is there when its handler asks; a flush lets
 * nghttp2 write frames of all streams one behind the other.
 *
 * Flow control of request bodies: the connection's window is opened again only for bodies a handler wants, so
 * that a client that sends bodies nobody reads fills one window and no more. Frames that cost work and bring
 * nothing (resets, PINGs, SETTINGS, empty DATA) have a budget. */
#include "worker/net/http2.h"

#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/net/intake.h"
#include "worker/net/net.h"
#include "worker/net/send.h"
#include "worker/net/stream.h"
#include "worker/pipeline/pipeline.h"

#define STREAMS_MAX 250           /* as Go's server */
#define STREAM_WINDOW (256 << 10) /* as the reference sets it */
#define CONNECTION_WINDOW (1 << 20)
#define RESET_BURST 1000
#define RESET_RATE 200       /* a second */
#define IDLE_FRAMES_MAX 1000 /* in a second */
#define BOMB_COST 100        /* a header list far beyond the bound costs as much work as that many frames */
#define GRACE_MS 1000        /* between the two GOAWAYs */

/* ---- from nghttp2 ---- */

static int on_begin_headers(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct http2 *h = arg;
    h->in_head = true;
    if (f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST)
        nghttp2_session_set_stream_user_data(s, f->hd.stream_id, stream_new(h, f->hd.stream_id));
    return 0;
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
                     uint8_t flags, void *arg)
{
    struct stream *st = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    if (!st || st->head_done || st->too_large)
        return 0; /* trailers are nobody's */
    stream_header(st, name, value);
    return 0;
}

static void submit_code(struct stream *st, const char *code)
{
    nghttp2_nv nv = {(uint8_t *)(uintptr_t) ":status", (uint8_t *)(uintptr_t)code, 7, 3,
                     NGHTTP2_NV_FLAG_NONE};
    nghttp2_submit_response(st->h->s, st->id, &nv, 1, NULL);
    st->started = st->responded = true;
    conn_schedule(st->h->c);
}

/* Counts work that brings nothing; who makes too much of it in a second is told to go. */
static void waste(struct http2 *h, int frames)
{
    int64_t second = loop_now_ms(h->c->net->loop) / 1000;
    if (second != h->second) {
        h->second = second;
        h->idle_frames = 0;
    }
    h->idle_frames += frames;
    if (h->idle_frames > IDLE_FRAMES_MAX && !h->goaway) {
        h->goaway = true;
        nghttp2_session_terminate_session(h->s, NGHTTP2_ENHANCE_YOUR_CALM);
    }
}

static void head_done(struct stream *st, bool has_body)
{
    st->head_done = true;
    int64_t length = -1;
    struct str said = request_header(st->rq, "content-length");
    if (said.p && str_to_int64(said, &length) != 0)
        length = -1;
    intake_begin(&st->intake, st->rq, has_body, length);
    if (!st->too_large) {
        stream_ready(st);
        return;
    }
    submit_code(st, "431");
    waste(st->h, BOMB_COST);
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct http2 *h = arg;
    if (f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA)
        return 0;
    h->in_head = false;
    struct stream *st = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    if (!st)
        return 0;
    bool end = f->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (!st->head_done) {
        head_done(st, !end);
        return 0;
    }
    if (end && !st->lingering) {
        intake_end(&st->intake, st->rq);
        stream_ready(st);
    }
    return 0;
}

static int on_invalid_frame(nghttp2_session *s, const nghttp2_frame *f, int error, void *arg)
{
    struct http2 *h = arg;
    h->in_head = false;
    return 0;
}

/* Frames that make work and bring nothing. */
static bool is_idle_frame(const nghttp2_frame_hd *hd)
{
    switch (hd->type) {
    case NGHTTP2_DATA:
        return hd->length == 0 && !(hd->flags & NGHTTP2_FLAG_END_STREAM);
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PRIORITY:
    case NGHTTP2_RST_STREAM:
        return true;
    default:
        return false;
    }
}

static int on_begin_frame(nghttp2_session *s, const nghttp2_frame_hd *hd, void *arg)
{
    struct http2 *h = arg;
    if (hd->type != NGHTTP2_CONTINUATION)
        h->in_head = false;
    if (is_idle_frame(hd))
        waste(h, 1);
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
    struct stream *st = nghttp2_session_get_stream_user_data(s, id);
    if (!st) {
        nghttp2_session_consume_connection(s, n);
        return 0;
    }
    if (st->lingering) {
        nghttp2_session_consume(s, id, n);
        return 0;
    }
    bool progress = intake_take(&st->intake, st->rq, (const char *)p, n);
    if (st->rq->body_too_large) { /* the stream's window stays shut */
        nghttp2_session_consume_connection(s, n + st->held);
        st->shut_out += n + st->held;
        st->held = 0;
        stream_ready(st);
        return 0;
    }
    if (!st->intake.wanted) {
        st->held += n;
        return 0;
    }
    nghttp2_session_consume(s, id, n);
    if (progress)
        stream_await_body(st);
    return 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
    struct http2 *h = arg;
    struct stream *st = nghttp2_session_get_stream_user_data(s, id);
    if (!st)
        return 0;
    nghttp2_session_set_stream_user_data(s, id, NULL);
    if (st->held)
        nghttp2_session_consume_connection(s, st->held);
    stream_free(st);
    if (h->streams == 0)
        conn_schedule(h->c); /* idle from now on */
    return 0;
}

static int on_frame_sent(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct http2 *h = arg;
    if (f->hd.type == NGHTTP2_GOAWAY && f->goaway.error_code != NGHTTP2_NO_ERROR)
        h->broken = true;
    bool ends = (f->hd.type == NGHTTP2_DATA || f->hd.type == NGHTTP2_HEADERS) &&
                (f->hd.flags & NGHTTP2_FLAG_END_STREAM);
    struct stream *st = ends ? nghttp2_session_get_stream_user_data(s, f->hd.stream_id) : NULL;
    if (!st || nghttp2_session_get_stream_remote_close(s, f->hd.stream_id) != 0)
        return 0;
    if (st->too_large) /* nothing is kept for who sends header bombs */
        nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, f->hd.stream_id, NGHTTP2_NO_ERROR);
    else
        stream_linger(st);
    return 0;
}

/* ---- the connection ---- */

static void run_ready(struct http2 *h)
{
    struct stream *st;
    while ((st = TAILQ_FIRST(&h->ready))) {
        TAILQ_REMOVE(&h->ready, st, ready);
        st->in_ready = false;
        if (!st->started) {
            st->started = true;
            pipeline_start(st->rq);
        } else {
            stream_resume(st);
        }
    }
}

static void set_deadline(struct http2 *h)
{
    struct conn *c = h->c;
    if (conn_blocked(c))
        return;
    if (h->in_head || !h->any_request)
        conn_deadline_keep(c, DEADLINE_HEADER);
    else if (h->streams == 0)
        conn_deadline_keep(c, DEADLINE_IDLE);
    else
        conn_deadline(c, DEADLINE_NONE);
}

static void input(struct conn *c, const char *p, size_t n)
{
    struct http2 *h = c->state;
    ssize_t used = nghttp2_session_mem_recv(h->s, (const uint8_t *)p, n);
    run_ready(h);
    conn_schedule(c);
    if (used < 0) { /* flooded, or not HTTP/2 at all */
        h->goaway = true;
        nghttp2_session_terminate_session(h->s, NGHTTP2_PROTOCOL_ERROR);
    }
    set_deadline(h);
}

static void read_again(struct http2 *h)
{
    struct stream *st;
    while ((st = LIST_FIRST(&h->again))) {
        LIST_REMOVE(st, again);
        st->in_again = false;
        stream_await_reader(st);
        nghttp2_session_resume_data(h->s, st->id);
    }
}

/* Between the two GOAWAYs nghttp2 thinks it is, but requests may still be on their way. */
static bool is_over(const struct http2 *h)
{
    if (nghttp2_session_want_write(h->s))
        return false;
    if (h->broken)
        return true;
    if (h->goaway)
        return h->streams == 0;
    return !nghttp2_session_want_read(h->s) && !h->c->draining;
}

static void flush(struct conn *c)
{
    struct http2 *h = c->state;
    run_ready(h);
    read_again(h);
    h->flushed = 0;
    while (!c->dead && send_room(c, SEND_ROOM_MAX)) {
        const uint8_t *p;
        ssize_t n = nghttp2_session_mem_send(h->s, &p);
        if (n < 0) {
            conn_kill(c);
            return;
        }
        if (n == 0)
            break;
        send_put(c, p, (size_t)n);
        h->flushed += (size_t)n;
    }
    if (is_over(h))
        conn_finish(c);
    set_deadline(h);
}

static void settle(struct conn *c)
{
    struct http2 *h = c->state;
    struct stream *st;
    while ((st = LIST_FIRST(&h->unsettled))) {
        LIST_REMOVE(st, unsettled);
        st->in_unsettled = false;
        body_settle(st->rq);
    }
}

static void eof(struct conn *c)
{
    conn_kill(c);
}

/* Twice, so that requests on their way when the first leaves are still served (RFC 9113, 6.8). */
static void drain(struct conn *c)
{
    struct http2 *h = c->state;
    int64_t now = loop_now_ms(c->net->loop);
    if (h->goaway)
        return;
    if (!c->draining) {
        c->draining = true;
        if (h->streams > 0) {
            h->notice_ms = now;
            nghttp2_submit_shutdown_notice(h->s);
            conn_schedule(c);
            return;
        }
    }
    if (h->notice_ms && now - h->notice_ms < GRACE_MS)
        return;
    h->goaway = true;
    nghttp2_submit_goaway(h->s, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->s),
                          NGHTTP2_NO_ERROR, NULL, 0);
    conn_schedule(c);
}

static void *open_http2(struct conn *c)
{
    struct http2 *h = calloc(1, sizeof(*h));
    must(h != NULL);
    h->c = c;
    LIST_INIT(&h->all);
    TAILQ_INIT(&h->ready);
    LIST_INIT(&h->unsettled);
    LIST_INIT(&h->again);
    must(nghttp2_session_server_new2(&h->s, c->net->h2_callbacks, h, c->net->h2_option) == 0);
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, REQUEST_HEADER_BYTES_MAX},
    };
    nghttp2_submit_settings(h->s, NGHTTP2_FLAG_NONE, settings, sizeof(settings) / sizeof(*settings));
    nghttp2_session_set_local_window_size(h->s, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    conn_schedule(c);
    return h;
}

static void close_http2(struct conn *c)
{
    struct http2 *h = c->state;
    struct stream *st;
    while ((st = LIST_FIRST(&h->all)))
        stream_free(st);
    nghttp2_session_del(h->s);
    free(h);
    c->state = NULL;
}

const struct protocol http2_protocol = {open_http2, input, flush, settle, eof, drain, close_http2};

void http2_set_up(struct net *n)
{
    must(nghttp2_session_callbacks_new(&n->h2_callbacks) == 0);
    nghttp2_session_callbacks *cb = n->h2_callbacks;
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
    nghttp2_session_callbacks_set_send_data_callback(cb, stream_send_data);
    must(nghttp2_option_new(&n->h2_option) == 0);
    nghttp2_option_set_no_auto_window_update(n->h2_option, 1);
    nghttp2_option_set_no_closed_streams(n->h2_option, 1);
    nghttp2_option_set_stream_reset_rate_limit(n->h2_option, RESET_BURST, RESET_RATE);
}

void http2_tear_down(struct net *n)
{
    nghttp2_session_callbacks_del(n->h2_callbacks);
    nghttp2_option_del(n->h2_option);
}
