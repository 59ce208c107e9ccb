/* The response body: a queue of borrowed segments, asked for more by the transport when the socket has room.
 * A reader that is too slow costs a parked source, not a queue: what it has not taken stays where it is (in
 * the snapshot) for a while, and is copied out when it is small or the snapshot is wanted back.
 *
 * Gzip is decided before the header goes out. Nearly all clients accept it, and a list's length is seldom
 * known, so up to GZIP_BYTES of a streamed body are gathered first; an answer that ends before is sent plain
 * and with its length. */
#include "worker/request/request.h"

#include <stdlib.h>
#include <string.h>
#include "shm/base/must.h"
#include "worker/request/gzip.h"

#define GZIP_BYTES (128u << 10)    /* the reference's threshold */
#define COPY_OUT_BYTES (64u << 10) /* remainders up to this never hold a snapshot */
#define SEGMENTS_FIRST 8

/* ---- beginning ---- */

static void begin(struct request *rq, int code, const char *content_type, int64_t length)
{
    must_be(rq, REQUEST_MAGIC);
    must(!rq->res.begun);
    struct response *res = &rq->res;
    res->code = code;
    res->content_type = content_type;
    res->content_length = length;
    res->begun = true;
    res->head_only = str_is(rq->method, "HEAD");
    if (rq->before_respond)
        rq->before_respond(rq);
}

void response_bytes(struct request *rq, int code, const char *content_type, struct str body)
{
    begin(rq, code, content_type, (int64_t)body.n);
    if (!rq->res.head_only)
        body_push(rq, body.p, body.n);
    rq->transport->respond(rq);
}

void response_views(struct request *rq, int code, const char *content_type, struct snapshot *pin,
                    const struct segment *seg, int n)
{
    size_t length = 0;
    for (int i = 0; i < n; i++)
        length += seg[i].n;
    begin(rq, code, content_type, (int64_t)length);
    body_pin(rq, pin);
    for (int i = 0; i < n && !rq->res.head_only; i++)
        body_push(rq, seg[i].p, seg[i].n);
    rq->transport->respond(rq);
}

void response_stream(struct request *rq, int code, const char *content_type, int64_t length,
                     enum body_result (*refill)(struct request *), void *source)
{
    begin(rq, code, content_type, length);
    rq->res.refill = refill;
    rq->res.source = source;
    rq->transport->respond(rq);
}

/* Some values quote what a client sent: a line break must not begin another header, so it leaves as a blank.
 */
static struct str one_line(struct request *rq, struct str value)
{
    if (str_find(value, '\r') < 0 && str_find(value, '\n') < 0)
        return value;
    char *p = arena_cstr(rq->arena, value);
    for (size_t i = 0; i < value.n; i++)
        if (p[i] == '\r' || p[i] == '\n')
            p[i] = ' ';
    return (struct str){p, value.n};
}

void response_header(struct request *rq, const char *name, const char *value)
{
    must_be(rq, REQUEST_MAGIC);
    must(rq->res.nheaders < RESPONSE_HEADERS_MAX);
    rq->res.headers[rq->res.nheaders++] = (struct header){str_of(name), one_line(rq, str_of(value))};
}

/* ---- the queue ---- */

static void queue_reserve(struct request *rq, int more)
{
    struct response *res = &rq->res;
    if (res->seg_n + more <= res->seg_cap)
        return;
    int cap = res->seg_cap ? res->seg_cap * 2 : SEGMENTS_FIRST;
    while (cap < res->seg_n + more)
        cap *= 2;
    struct segment *seg = arena_raw(rq->arena, (size_t)cap * sizeof(*seg));
    if (res->seg_n)
        memcpy(seg, res->seg, (size_t)res->seg_n * sizeof(*seg));
    res->seg = seg;
    res->seg_cap = cap;
}

void body_push(struct request *rq, const char *p, size_t n)
{
    if (n == 0)
        return;
    queue_reserve(rq, 1);
    rq->res.seg[rq->res.seg_n++] = (struct segment){p, n};
}

static void pin_unpark(struct response *res)
{
    if (!res->pin_parked)
        return;
    res->pin_parked = false;
    snapshot_clear_reclaim(res->pin, res);
}

void body_pin(struct request *rq, struct snapshot *s)
{
    struct response *res = &rq->res;
    if (res->pin) {
        pin_unpark(res);
        snapshot_unref(res->pin);
    }
    res->pin = s;
}

static void copied_free(struct response *res)
{
    free(res->copied);
    res->copied = NULL;
}

static bool queue_empty(const struct response *res)
{
    return res->seg_head == res->seg_n;
}

static void queue_clear(struct response *res)
{
    res->seg_head = res->seg_n = 0;
    res->seg_off = 0;
    copied_free(res);
}

static size_t queue_bytes(const struct response *res)
{
    size_t n = 0;
    for (int i = res->seg_head; i < res->seg_n; i++)
        n += res->seg[i].n;
    return n - res->seg_off;
}

/* Asks the source until there are bytes. MORE: there are. */
static enum body_result fill(struct request *rq)
{
    struct response *res = &rq->res;
    while (queue_empty(res)) {
        if (res->aborted)
            return BODY_ABORT;
        if (res->ended || res->head_only || !res->refill)
            return BODY_END;
        if (res->waiting)
            return BODY_WAIT;
        queue_clear(res);
        res->woken = false;
        switch (res->refill(rq)) {
        case BODY_MORE:
            if (!queue_empty(res) || !loop_turn_over(rq->ctx->loop))
                break;
            request_wake(rq); /* it worked and found nothing yet: the rest of the slice belongs to others */
            return BODY_WAIT;
        case BODY_WAIT:
            res->waiting = !res->woken;
            if (queue_empty(res))
                return BODY_WAIT;
            break;
        case BODY_END:
            res->ended = true;
            break;
        case BODY_ABORT:
            res->aborted = true;
            queue_clear(res);
            break;
        }
    }
    return BODY_MORE;
}

static void consume(struct response *res, size_t n)
{
    while (n > 0) {
        size_t left = res->seg[res->seg_head].n - res->seg_off;
        if (n < left) {
            res->seg_off += n;
            return;
        }
        n -= left;
        res->seg_off = 0;
        res->seg_head++;
    }
    if (queue_empty(res) && res->ended)
        queue_clear(res);
}

/* ---- reading ---- */

static size_t read_plain(struct response *res, char *dst, size_t max)
{
    size_t done = 0;
    while (done < max && !queue_empty(res)) {
        const struct segment *seg = &res->seg[res->seg_head];
        size_t n = seg->n - res->seg_off;
        if (n > max - done)
            n = max - done;
        memcpy(dst + done, seg->p + res->seg_off, n);
        done += n;
        res->seg_off += n;
        if (res->seg_off == seg->n) {
            res->seg_off = 0;
            res->seg_head++;
        }
    }
    return done;
}

/* Until dst is full, the source waits or ended. */
static ssize_t read_gzip(struct request *rq, char *dst, size_t max)
{
    struct response *res = &rq->res;
    struct gzip *g = res->gzip_state;
    size_t room = max;
    while (room > 0 && !gzip_done(g)) {
        enum body_result r = fill(rq);
        if (r == BODY_ABORT)
            return -2;
        if (r == BODY_WAIT)
            break;
        const char *p = "";
        size_t n = 0;
        if (r == BODY_MORE) {
            p = res->seg[res->seg_head].p + res->seg_off;
            n = res->seg[res->seg_head].n - res->seg_off;
        }
        size_t before = n;
        gzip_run(g, &p, &n, &dst, &room, r == BODY_END);
        consume(res, before - n);
    }
    size_t done = max - room;
    res->bytes_sent += done;
    if (done > 0)
        return (ssize_t)done;
    return gzip_done(g) ? -1 : 0;
}

ssize_t body_read(struct request *rq, char *dst, size_t max)
{
    struct response *res = &rq->res;
    pin_unpark(res);
    if (res->gzip)
        return read_gzip(rq, dst, max);
    size_t done = 0;
    while (done < max) {
        enum body_result r = fill(rq);
        if (r == BODY_MORE) {
            done += read_plain(res, dst + done, max - done);
            continue;
        }
        if (done > 0)
            break;
        return r == BODY_WAIT ? 0 : r == BODY_END ? -1 : -2;
    }
    res->bytes_sent += done;
    return (ssize_t)done;
}

bool body_at_end(struct request *rq)
{
    struct response *res = &rq->res;
    if (res->head_only)
        return true;
    if (res->gzip)
        return gzip_done(res->gzip_state);
    return queue_empty(res) && !res->aborted && (res->ended || !res->refill);
}

/* ---- the header's facts ---- */

static bool accepts_gzip(const struct request *rq)
{
    struct str rest = request_header(rq, "accept-encoding"), token;
    while (str_next(&rest, ',', &token))
        if (str_is(str_trim(token), "gzip"))
            return true;
    return false;
}

static bool has_encoding(const struct response *res)
{
    for (int i = 0; i < res->nheaders; i++)
        if (str_eq_nocase(res->headers[i].name, STR("content-encoding")))
            return true;
    return false;
}

static void queue_append_to(struct response *res, struct buf *b)
{
    for (int i = res->seg_head; i < res->seg_n; i++) {
        size_t skip = i == res->seg_head ? res->seg_off : 0;
        buf_put(b, res->seg[i].p + skip, res->seg[i].n - skip);
    }
}

/* Puts copied bytes in front of what is queued; takes them over. */
static void queue_front(struct request *rq, char *p, size_t n)
{
    struct response *res = &rq->res;
    if (n == 0) {
        free(p);
        return;
    }
    queue_reserve(rq, 1);
    memmove(res->seg + 1, res->seg, (size_t)res->seg_n * sizeof(*res->seg));
    res->seg[0] = (struct segment){p, n};
    res->seg_n++;
    res->copied = p;
}

/* Looks up to GZIP_BYTES into a streamed body. Returns the bytes there are. What one refill pushed dies with
 * the next, so it is copied meanwhile. */
static size_t gather(struct request *rq)
{
    struct response *res = &rq->res;
    struct buf held = {0};
    size_t n = 0;
    while (fill(rq) == BODY_MORE) {
        n = held.n + queue_bytes(res);
        if (n > GZIP_BYTES || res->ended)
            break;
        queue_append_to(res, &held);
        queue_clear(res);
    }
    queue_front(rq, held.p, held.n);
    return n;
}

void body_begin(struct request *rq)
{
    struct response *res = &rq->res;
    if (!res->gzip_allowed || res->head_only || rq->long_running || has_encoding(res) || !accepts_gzip(rq))
        return;
    size_t n = res->content_length >= 0 ? (size_t)res->content_length : gather(rq);
    if (n <= GZIP_BYTES) {
        if (res->content_length < 0 && res->ended)
            res->content_length = (int64_t)n;
        return;
    }
    if (res->nheaders + 2 > RESPONSE_HEADERS_MAX)
        return;
    res->gzip = true;
    res->gzip_state = gzip_new();
    res->content_length = -1;
    response_header(rq, "Content-Encoding", "gzip");
    response_header(rq, "Vary", "Accept-Encoding");
}

/* ---- letting go ---- */

static void copy_out(struct request *rq)
{
    struct response *res = &rq->res;
    struct buf b = {0};
    queue_append_to(res, &b);
    queue_clear(res);
    queue_front(rq, b.p, b.n);
    body_pin(rq, NULL);
}

static void reclaim(void *arg)
{
    struct response *res = arg;
    struct request *rq = (struct request *)((char *)res - offsetof(struct request, res));
    must_be(rq, REQUEST_MAGIC);
    res->pin_parked = false; /* taken off the list before the call */
    copy_out(rq);
    area_count(rq->ctx->area, rq->ctx->index, AREA_SNAPSHOT_COPYOUTS, 1);
}

void body_settle(struct request *rq)
{
    struct response *res = &rq->res;
    if (!res->pin || res->pin_parked)
        return;
    if (queue_empty(res)) {
        body_pin(rq, NULL);
        return;
    }
    if (queue_bytes(res) <= COPY_OUT_BYTES) {
        copy_out(rq);
        return;
    }
    res->pin_parked = true;
    snapshot_set_reclaim(res->pin, reclaim, res);
}

void body_drop(struct request *rq)
{
    struct response *res = &rq->res;
    if (res->pin)
        body_pin(rq, NULL);
    copied_free(res);
    gzip_free(res->gzip_state);
    res->gzip_state = NULL;
    res->gzip = false;
    res->ended = true;
    res->seg_head = res->seg_n = 0;
    res->seg_off = 0;
}

void request_wake(struct request *rq)
{
    must_be(rq, REQUEST_MAGIC);
    rq->res.waiting = false;
    rq->res.woken = true;
    if (rq->res.begun)
        rq->transport->wake(rq);
}
