/* What goes out is read straight into the place where it will be sealed: read_data leaves room for a frame's
 * head, stream_send_data fills it in. Header fields are copied into the request's arena once, static ones not
 * at all. */
#include "worker/net/stream.h"

#include <stdio.h>
#include "worker/net/head.h"
#include "worker/net/net.h"
#include "worker/net/send.h"
#include "worker/pipeline/pipeline.h"

#define FRAME_HEAD_BYTES 9
#define FRAME_BYTES 16384
#define HEADERS_FIRST 16
#define HEADER_COST 32 /* a field's overhead, RFC 9113, 6.5.2 */
#define NV_MAX (RESPONSE_HEADERS_MAX + 4)

/* ---- requests ---- */

static const struct transport http2_transport;

static void on_stream_deadline(struct deadline *d);

struct stream *stream_new(struct http2 *h, int32_t id)
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

void stream_free(struct stream *st)
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

static struct str take_text(struct arena *a, nghttp2_rcbuf *b)
{
    nghttp2_vec v = nghttp2_rcbuf_get_buf(b);
    struct str s = {(const char *)v.base, v.len};
    return nghttp2_rcbuf_is_static(b) ? s : arena_str(a, s);
}

void stream_header(struct stream *st, nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
    st->head_bytes += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + HEADER_COST;
    if (st->head_bytes > REQUEST_HEADER_BYTES_MAX) {
        st->too_large = true;
        return;
    }
    struct str n = take_text(st->rq->arena, name), v = take_text(st->rq->arena, value);
    if (n.n && n.p[0] == ':')
        add_pseudo(st, n, v);
    else
        add_header(st, n, v);
}

void stream_await_body(struct stream *st)
{
    struct net *net = st->h->c->net;
    deadline_set(&net->deadlines, &st->deadline, DEADLINE_BODY, loop_now_ms(net->loop));
}

/* There is something to send: a client that never opens its window may not keep the stream for good. */
void stream_await_reader(struct stream *st)
{
    struct net *net = st->h->c->net;
    deadline_keep(&net->deadlines, &st->deadline, DEADLINE_SEND, loop_now_ms(net->loop));
}

static void disarm(struct stream *st)
{
    deadline_clear(&st->h->c->net->deadlines, &st->deadline);
}

void stream_resume(struct stream *st)
{
    if (!intake_ready(&st->intake, st->rq))
        return;
    disarm(st);
    pipeline_resume(st->rq);
}

void stream_ready(struct stream *st)
{
    if (st->in_ready)
        return;
    st->in_ready = true;
    TAILQ_INSERT_TAIL(&st->h->ready, st, ready);
}

/* Answered before its body has come. The client need not send the rest (RFC 9113, 8.1), but clients that are
 * told so while they send lose the answer: it has a moment to end by itself. */
void stream_linger(struct stream *st)
{
    struct net *net = st->h->c->net;
    st->lingering = true;
    nghttp2_session_consume(st->h->s, st->id, st->held);
    nghttp2_session_consume_stream(st->h->s, st->id, st->shut_out);
    st->held = st->shut_out = 0;
    deadline_set(&net->deadlines, &st->deadline, DEADLINE_LINGER, loop_now_ms(net->loop));
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

int stream_send_data(nghttp2_session *s, nghttp2_frame *f, const uint8_t *head, size_t n,
                     nghttp2_data_source *source, void *arg)
{
    struct http2 *h = arg;
    struct net *net = h->c->net;
    disarm(source->ptr); /* and once more from now, when there is more */
    stream_await_reader(source->ptr);
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
        stream_await_reader(st);
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
        stream_await_reader(st);
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
    stream_await_body(st);
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
