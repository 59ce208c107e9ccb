/* HTTP/2 through nghttp2. A read's frames are all taken in before the first of its requests starts, so that a
 * small body is there when its handler asks; a flush lets nghttp2 write frames of all streams one behind the
 * other, and DATA payload is read straight into the place where it will be sealed.
 *
 * Flow control of request bodies: the connection's window is opened again only for bodies a handler wants, so
 * that a client that sends bodies nobody reads fills one window and no more. Frames that cost work and bring
 * nothing (resets, PINGs, SETTINGS, empty DATA) have a budget. */
#include "worker/net/http2.h"

#include <stdio.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/net/head.h"
#include "worker/net/intake.h"
#include "worker/net/net.h"
#include "worker/net/send.h"
#include "worker/pipeline/pipeline.h"

#define STREAMS_MAX 250           /* as Go's server */
#define STREAM_WINDOW (256 << 10) /* as the reference sets it */
#define CONNECTION_WINDOW (1 << 20)
#define FRAME_HEAD_BYTES 9
#define FRAME_BYTES 16384
#define HEADERS_FIRST 16
#define HEADER_COST 32 /* a field's overhead, RFC 9113, 6.5.2 */
#define RESET_BURST 1000
#define RESET_RATE 200       /* a second */
#define IDLE_FRAMES_MAX 1000 /* in a second */
#define BOMB_COST 100        /* a header list far beyond the bound costs as much work as that many frames */
#define NV_MAX (RESPONSE_HEADERS_MAX + 4)
#define GRACE_MS 1000 /* between the two GOAWAYs */

struct http2;

struct stream {
    struct http2 *h;
    struct request *rq;
    int32_t id;
    int cap;           /* of rq->headers */
    size_t head_bytes; /* header list size */
    size_t held;       /* body bytes whose window was not given back */
    size_t shut_out;   /* the same of a body that is too large, and only the stream's window */
    struct intake intake;
    struct deadline deadline;
    bool too_large, head_done, started, responded, reading, wake_again;
    bool lingering; /* answered, the rest of its body is thrown away */
    bool in_ready, in_unsettled, in_again;
    LIST_ENTRY(stream) all;
    TAILQ_ENTRY(stream) ready;
    LIST_ENTRY(stream) unsettled;
    LIST_ENTRY(stream) again;
};

struct http2 {
    struct conn *c;
    nghttp2_session *s;
    LIST_HEAD(, stream) all;
    TAILQ_HEAD(, stream) ready;    /* complete heads, to be started after the read */
    LIST_HEAD(, stream) unsettled; /* may hold a snapshot at the flush's end */
    LIST_HEAD(, stream) again;     /* woke while they were read */
    int streams;
    bool in_head; /* a header block has begun */
    bool any_request;
    bool goaway;       /* the last one is out */
    bool broken;       /* it ended with an error: nothing is read any more */
    int64_t notice_ms; /* when the first one was */
    int64_t second;    /* of idle_frames */
    int idle_frames;
    size_t flushed; /* bytes this flush */
};

/* ---- requests ---- */

static const struct transport http2_transport;

static void on_stream_deadline(struct deadline *d);

static struct stream *stream_new(struct http2 *h, int32_t id)
{
    struct request *rq = request_new(h->c->net->ctx, &http2_transport, NULL, &h->c->peer);
    struct stream *st = arena_alloc(rq->arena, sizeof(*st));
    st->h = h;
    st->rq = rq;
    st->id = id;
    st->deadline.expired = on_stream_deadline;
    rq->stream = st;
    rq->method = STR("");
    rq->path = rq->target = STR("/");
    rq->query = STR("");
    LIST_INSERT_HEAD(&h->all, st, all);
    h->streams++;
    h->any_request = true;
    return st;
}

static void stream_free(struct stream *st)
{
    struct http2 *h = st->h;
    LIST_REMOVE(st, all);
    if (st->in_ready)
        TAILQ_REMOVE(&h->ready, st, ready);
    if (st->in_unsettled)
        LIST_REMOVE(st, unsettled);
    if (st->in_again)
        LIST_REMOVE(st, again);
    deadline_clear(&h->c->net->deadlines, &st->deadline);
    intake_free(&st->intake);
    h->streams--;
    request_free(st->rq); /* st goes with its arena */
}

static void add_header(struct stream *st, struct str name, struct str value)
{
    struct request *rq = st->rq;
    if (rq->nheaders == st->cap) {
        int cap = st->cap ? st->cap * 2 : HEADERS_FIRST;
        struct header *grown = arena_raw(rq->arena, (size_t)cap * sizeof(*grown));
        if (st->cap)
            memcpy(grown, rq->headers, (size_t)st->cap * sizeof(*grown));
        rq->headers = grown;
        st->cap = cap;
    }
    rq->headers[rq->nheaders++] = (struct header){name, value};
}

static void add_pseudo(struct stream *st, struct str name, struct str value)
{
    struct request *rq = st->rq;
    if (str_is(name, ":method")) {
        rq->method = value;
    } else if (str_is(name, ":path")) {
        ptrdiff_t q = str_find(value, '?');
        rq->target = value;
        rq->path = q < 0 ? value : (struct str){value.p, (size_t)q};
        rq->query = q < 0 ? STR("") : (struct str){value.p + q + 1, value.n - (size_t)q - 1};
    } else if (str_is(name, ":authority")) {
        add_header(st, STR("host"), value);
    }
}

static void arm_body(struct stream *st)
{
    struct net *net = st->h->c->net;
    deadline_set(&net->deadlines, &st->deadline, DEADLINE_BODY, loop_now_ms(net->loop));
}

/* There is something to send: a client that never opens its window may not keep the stream for good. */
static void arm_send(struct stream *st)
{
    struct net *net = st->h->c->net;
    deadline_keep(&net->deadlines, &st->deadline, DEADLINE_SEND, loop_now_ms(net->loop));
}

static void disarm(struct stream *st)
{
    deadline_clear(&st->h->c->net->deadlines, &st->deadline);
}

/* Goes on with a handler that waits for the body, once. */
static void resume_if_ready(struct stream *st)
{
    if (!intake_ready(&st->intake, st->rq))
        return;
    disarm(st);
    pipeline_resume(st->rq);
}

static void stream_ready(struct stream *st)
{
    if (st->in_ready)
        return;
    st->in_ready = true;
    TAILQ_INSERT_TAIL(&st->h->ready, st, ready);
}

/* ---- from nghttp2 ---- */

static int on_begin_headers(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct http2 *h = arg;
    h->in_head = true;
    if (f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST)
        nghttp2_session_set_stream_user_data(s, f->hd.stream_id, stream_new(h, f->hd.stream_id));
    return 0;
}

static struct str take_text(struct arena *a, nghttp2_rcbuf *b)
{
    nghttp2_vec v = nghttp2_rcbuf_get_buf(b);
    struct str s = {(const char *)v.base, v.len};
    return nghttp2_rcbuf_is_static(b) ? s : arena_str(a, s);
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
                     uint8_t flags, void *arg)
{
    struct stream *st = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    if (!st || st->head_done || st->too_large)
        return 0; /* trailers are nobody's */
    st->head_bytes += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + HEADER_COST;
    if (st->head_bytes > REQUEST_HEADER_BYTES_MAX) {
        st->too_large = true;
        return 0;
    }
    struct str n = take_text(st->rq->arena, name), v = take_text(st->rq->arena, value);
    if (n.n && n.p[0] == ':')
        add_pseudo(st, n, v);
    else
        add_header(st, n, v);
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
        arm_body(st);
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

/* Answered before its body has come. The client need not send the rest (RFC 9113, 8.1), but clients that are
 * told so while they send lose the answer: it has a moment to end by itself. */
static void linger(struct stream *st)
{
    struct net *net = st->h->c->net;
    st->lingering = true;
    nghttp2_session_consume(st->h->s, st->id, st->held);
    nghttp2_session_consume_stream(st->h->s, st->id, st->shut_out);
    st->held = st->shut_out = 0;
    deadline_set(&net->deadlines, &st->deadline, DEADLINE_LINGER, loop_now_ms(net->loop));
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
        linger(st);
    return 0;
}

/* ---- DATA ---- */

static void mark_unsettled(struct stream *st)
{
    if (st->in_unsettled || !st->rq->res.pin)
        return;
    st->in_unsettled = true;
    LIST_INSERT_HEAD(&st->h->unsettled, st, unsettled);
}

static ssize_t wait_for_more(struct stream *st)
{
    disarm(st);
    if (st->wake_again && !st->in_again) {
        st->in_again = true;
        LIST_INSERT_HEAD(&st->h->again, st, again);
        conn_schedule(st->h->c);
    }
    return NGHTTP2_ERR_DEFERRED;
}

/* Reads the payload to where send_data below will find it: right behind the place of the frame's head. */
static ssize_t read_data(nghttp2_session *s, int32_t id, uint8_t *buf, size_t max, uint32_t *flags,
                         nghttp2_data_source *source, void *arg)
{
    struct stream *st = source->ptr;
    struct http2 *h = st->h;
    if (h->flushed > SEND_ROOM_MAX && loop_turn_over(h->c->net->loop)) {
        conn_schedule(h->c);
        return NGHTTP2_ERR_PAUSE;
    }
    if (max > FRAME_BYTES)
        max = FRAME_BYTES;
    char *room = send_room(h->c, FRAME_HEAD_BYTES + max);
    if (!room)
        return NGHTTP2_ERR_PAUSE;
    st->reading = true;
    st->wake_again = false;
    ssize_t n = body_read(st->rq, room + FRAME_HEAD_BYTES, max);
    st->reading = false;
    mark_unsettled(st);
    if (n == 0)
        return wait_for_more(st);
    if (n == -2)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (n == -1 || body_at_end(st->rq))
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return n == -1 ? 0 : n;
}

static int send_data(nghttp2_session *s, nghttp2_frame *f, const uint8_t *head, size_t n,
                     nghttp2_data_source *source, void *arg)
{
    struct http2 *h = arg;
    struct net *net = h->c->net;
    disarm(source->ptr); /* and once more from now, when there is more */
    arm_send(source->ptr);
    memcpy(net->plain + net->plain_n, head, FRAME_HEAD_BYTES);
    send_added(h->c, FRAME_HEAD_BYTES + n);
    h->flushed += FRAME_HEAD_BYTES + n;
    return 0;
}

/* ---- for the handler ---- */

static void set_nv(nghttp2_nv *nv, struct str name, struct str value, uint8_t flags)
{
    *nv = (nghttp2_nv){(uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n, value.n,
                       NGHTTP2_NV_FLAG_NO_COPY_VALUE | flags};
}

static struct str number(struct arena *a, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%lld", (long long)v);
    return arena_str(a, (struct str){text, (size_t)n});
}

/* Values outlive the frame: they are the request's or static. Names of ours are in lower case already; those
 * of handlers are copied and lowered by nghttp2. */
static size_t fill_headers(struct stream *st, nghttp2_nv *nv)
{
    struct request *rq = st->rq;
    struct response *res = &rq->res;
    size_t n = 0;
    struct str status = res->code == 200 ? STR("200") : number(rq->arena, res->code);
    set_nv(&nv[n++], STR(":status"), status, NGHTTP2_NV_FLAG_NO_COPY_NAME);
    for (int i = 0; i < res->nheaders; i++) {
        /* never the same twice: it would only push useful entries out of the compression table */
        uint8_t once = str_is(res->headers[i].name, "Audit-Id") ? NGHTTP2_NV_FLAG_NO_INDEX : 0;
        set_nv(&nv[n++], res->headers[i].name, res->headers[i].value, once);
    }
    if (res->content_type)
        set_nv(&nv[n++], STR("content-type"), str_of(res->content_type), NGHTTP2_NV_FLAG_NO_COPY_NAME);
    set_nv(&nv[n++], STR("date"), net_date(st->h->c->net), NGHTTP2_NV_FLAG_NO_COPY_NAME);
    if (res->content_length >= 0 && res->code != 204 && res->code != 304)
        set_nv(&nv[n++], STR("content-length"), number(rq->arena, res->content_length),
               NGHTTP2_NV_FLAG_NO_COPY_NAME);
    return n;
}

static void respond(struct request *rq)
{
    struct stream *st = rq->stream;
    struct http2 *h = st->h;
    nghttp2_nv nv[NV_MAX];
    body_begin(rq);
    size_t n = fill_headers(st, nv);
    nghttp2_data_provider data = {.source.ptr = st, .read_callback = read_data};
    bool body = head_has_body(&rq->res) && rq->res.content_length != 0;
    st->responded = true;
    disarm(st);
    if (body)
        arm_send(st);
    if (nghttp2_submit_response(h->s, st->id, nv, n, body ? &data : NULL) != 0)
        nghttp2_submit_rst_stream(h->s, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_INTERNAL_ERROR);
    mark_unsettled(st);
    conn_schedule(h->c);
}

static void wake(struct request *rq)
{
    struct stream *st = rq->stream;
    if (st->reading) { /* nghttp2 has not put it aside yet */
        st->wake_again = true;
        return;
    }
    if (st->responded)
        arm_send(st);
    nghttp2_session_resume_data(st->h->s, st->id);
    conn_schedule(st->h->c);
}

static void want_body(struct request *rq)
{
    struct stream *st = rq->stream;
    struct http2 *h = st->h;
    if (rq->body_complete)
        return;
    st->intake.wanted = true;
    if (rq->body_too_large) {
        stream_ready(st);
        conn_schedule(h->c);
        return;
    }
    if (st->held)
        nghttp2_session_consume(h->s, st->id, st->held);
    st->held = 0;
    arm_body(st);
    if (st->intake.buf.n == 0 && str_eq_nocase(request_header(rq, "expect"), STR("100-continue"))) {
        nghttp2_nv nv = {(uint8_t *)(uintptr_t) ":status", (uint8_t *)(uintptr_t) "100", 7, 3,
                         NGHTTP2_NV_FLAG_NONE};
        nghttp2_submit_headers(h->s, NGHTTP2_FLAG_NONE, st->id, NULL, &nv, 1, NULL);
    }
    conn_schedule(h->c);
}

static const struct transport http2_transport = {respond, wake, want_body};

static void on_stream_deadline(struct deadline *d)
{
    struct stream *st = (struct stream *)((char *)d - offsetof(struct stream, deadline));
    nghttp2_submit_rst_stream(st->h->s, NGHTTP2_FLAG_NONE, st->id,
                              st->lingering ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    conn_schedule(st->h->c);
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
            resume_if_ready(st);
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
        arm_send(st);
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
    nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
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
