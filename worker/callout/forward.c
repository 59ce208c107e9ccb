/* A write is sent on whole (its body is bounded) and its answer streamed: two buffers, one that the client's
 * socket empties and one that libcurl fills; when the second is full libcurl is told to pause. The client may
 * leave at any time: the request's clean-up ends the transfer.
 *
 * libcurl repeats a request by itself when a reused connection turns out to be dead, which could do a write
 * twice. The body goes through a read function that cannot go back, so it does so only while nothing of the
 * body was taken; what has no body is a DELETE, and that is done once however often it is sent. */
#include "worker/callout/forward.h"

#include <stdlib.h>
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/callout/callout.h"
#include "worker/callout/forwardhead.h"
#include "worker/pipeline/pipeline.h"

#define FORWARD_MAGIC 0x666f7277u
#define CONNECT_MS 5000L
#define IDLE_S 30L        /* an idle connection is not used after this */
#define SILENCE_MIN_S 60L /* nothing at all came for so long: given up */
#define FULL_BYTES (256u << 10)
#define HANDED_ON_TWICE                                                                                      \
    "--write-server names a server that only reads itself (--read-only), give it one that takes writes"
#define NO_CERTIFICATE                                                                                       \
    "this server serves reads only (--read-only), and without --proxy-client-cert-file it hands on writes "  \
    "of "                                                                                                    \
    "users with a bearer token only"
#define NO_LINE "it has characters that it cannot be handed on with, send it to a server that takes writes"

struct forward {
    unsigned magic;
    struct context *ctx;
    struct callout *callout;
    bool away; /* the last call did not reach it */
};

enum state { WAITING, STREAMING, ENDED };

struct transfer {
    struct request *rq;
    struct forward *f;
    CURL *easy;
    struct curl_slist *headers;
    size_t sent; /* of the body */
    struct forward_head head;
    bool head_complete, paused;
    enum state state;
    CURLcode rc;
    struct buf filling, leaving;
    struct deferred tell; /* the client's side, outside of libcurl */
    char error[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls ---- */

static size_t on_upload(char *to, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t left = t->rq->body.n - t->sent;
    n = n * size < left ? n * size : left;
    memcpy(to, t->rq->body.p + t->sent, n);
    t->sent += n;
    return n;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    struct str line = {p, size * n};
    long code = 0;
    if (str_starts(line, STR("HTTP/"))) { /* another head after one of 1xx */
        t->head = (struct forward_head){.n = 0};
        return line.n;
    }
    if (line.n > 2)
        return forward_answer_line(&t->head, t->rq->arena, line) ? line.n : 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
    t->head_complete = code >= 200;
    if (t->head_complete)
        loop_defer(t->f->ctx->loop, &t->tell);
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    n *= size;
    if (t->filling.n >= FULL_BYTES) {
        t->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    buf_put(&t->filling, p, n);
    loop_defer(t->f->ctx->loop, &t->tell);
    return n;
}

/* ---- the client's side ---- */

static void note_reached(struct forward *f, const struct transfer *t)
{
    bool away = !t->head_complete;
    if (away && !f->away)
        log_warn("write server %s: %s", f->ctx->options->write_server, t->error);
    if (!away && f->away)
        log_info("write server %s answers again", f->ctx->options->write_server);
    f->away = away;
}

/* Whether anything of the request can have got there. */
static bool was_sent(const struct transfer *t)
{
    long bytes = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0 || t->sent > 0;
}

static enum stage_result fail(struct request *rq, const struct transfer *t)
{
    const char *url = rq->ctx->options->write_server;
    struct status st = {.arena = rq->arena};
    if (was_sent(t))
        status_set(
            &st, 504, "Timeout",
            "the write server %s took the request and gave no answer, so whether the write was done is "
            "not known: %s",
            url, curl_easy_strerror(t->rc));
    else
        status_set(&st, 503, "ServiceUnavailable",
                   "the write server %s cannot be reached, nothing was written: %s", url,
                   curl_easy_strerror(t->rc));
    status_details(&st, NULL, NULL, NULL);
    response_status(rq, &st);
    return STAGE_DONE;
}

static enum body_result refill(struct request *rq)
{
    struct transfer *t = rq->res.source;
    if (t->filling.n == 0 && t->paused && t->state != ENDED) {
        t->paused = false;
        curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
    if (t->filling.n == 0) {
        if (t->state != ENDED)
            return BODY_WAIT;
        return t->rc == CURLE_OK ? BODY_END : BODY_ABORT;
    }
    struct buf b = t->leaving;
    t->leaving = t->filling;
    t->filling = b;
    buf_clear(&t->filling);
    body_push(rq, t->leaving.p, t->leaving.n);
    return BODY_MORE;
}

static enum stage_result answer(struct request *rq)
{
    struct transfer *t = rq->stage_state;
    long code = 0;
    curl_off_t length = -1;
    note_reached(t->f, t);
    if (!t->head_complete)
        return fail(rq, t);
    if (t->state == WAITING)
        t->state = STREAMING;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    for (int i = 0; i < t->head.n; i++)
        response_header(rq, t->head.headers[i].name.p, t->head.headers[i].value.p);
    response_stream(rq, (int)code, t->head.content_type, length, refill, t);
    return STAGE_DONE;
}

static void tell(struct deferred *d)
{
    struct transfer *t = (struct transfer *)(void *)((char *)d - offsetof(struct transfer, tell));
    if (t->rq->res.begun)
        request_wake(t->rq);
    else
        pipeline_resume(t->rq);
}

static void on_done(void *arg, CURLcode rc)
{
    struct transfer *t = arg;
    t->state = ENDED;
    t->rc = rc;
    if (rc != CURLE_OK && !t->error[0])
        snprintf(t->error, sizeof(t->error), "%s", curl_easy_strerror(rc));
    loop_undefer(t->f->ctx->loop, &t->tell);
    tell(&t->tell);
}

/* ---- the transfer ---- */

static void transfer_end(void *arg)
{
    struct transfer *t = arg;
    loop_undefer(t->f->ctx->loop, &t->tell);
    callout_cancel(t->f->callout, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    buf_free(&t->filling);
    buf_free(&t->leaving);
}

#define SET(option, value) must(curl_easy_setopt(t->easy, option, value) == CURLE_OK)

static void set_way(struct transfer *t, enum forward_identity by)
{
    const struct options *o = t->f->ctx->options;
    long silence_s = (long)(o->request_timeout / 1000);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    SET(CURLOPT_MAXAGE_CONN, IDLE_S);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, silence_s > SILENCE_MIN_S ? silence_s : SILENCE_MIN_S);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (*o->write_server_ca) {
        SET(CURLOPT_CAINFO, o->write_server_ca);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (by != FORWARD_FRONT_PROXY)
        return; /* a certificate would say who we are, and the token would not be looked at */
    SET(CURLOPT_SSLCERT, o->proxy_client_cert_file);
    SET(CURLOPT_SSLKEY, o->proxy_client_key_file);
}

static void set_request(struct transfer *t)
{
    struct request *rq = t->rq;
    SET(CURLOPT_URL, rq->ctx->options->write_server);
    SET(CURLOPT_REQUEST_TARGET, arena_cstr(rq->arena, rq->target));
    if (rq->body.n || str_is(rq->method, "POST")) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
        SET(CURLOPT_READFUNCTION, on_upload);
        SET(CURLOPT_READDATA, t);
    }
    SET(CURLOPT_CUSTOMREQUEST, arena_cstr(rq->arena, rq->method));
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
}

static enum stage_result start(struct request *rq, enum forward_identity by, struct curl_slist *headers)
{
    struct transfer *t = arena_alloc(rq->arena, sizeof(*t));
    t->rq = rq;
    t->f = rq->ctx->forward;
    t->headers = headers;
    t->tell.run = tell;
    t->easy = curl_easy_init();
    must(t->easy != NULL);
    arena_cleanup(rq->arena, transfer_end, t);
    set_way(t, by);
    set_request(t);
    rq->stage_state = t;
    if (callout_start(t->f->callout, t->easy, on_done, t)) {
        t->rc = CURLE_OUT_OF_MEMORY;
        return fail(rq, t);
    }
    rq->resume = answer;
    return STAGE_SUSPEND;
}

static enum stage_result refuse(struct request *rq, const char *why)
{
    const struct schema_resource *r = rq->info.schema;
    struct status st = {.arena = rq->arena};
    status_forbidden(&st, r->group, r->plural, rq->info.name, why);
    response_status(rq, &st);
    return STAGE_DONE;
}

/* What goes into the first line as it stands. */
static bool is_plain(struct str target)
{
    for (size_t i = 0; i < target.n; i++)
        if ((unsigned char)target.p[i] <= ' ' || target.p[i] == 127)
            return false;
    return target.n > 0 && target.p[0] == '/';
}

static const char *refusal(const struct request *rq, enum forward_identity by)
{
    if (forward_seen_before(rq))
        return HANDED_ON_TWICE;
    if (by == FORWARD_FRONT_PROXY && !*rq->ctx->options->proxy_client_cert_file)
        return NO_CERTIFICATE;
    return is_plain(rq->target) ? NULL : NO_LINE;
}

enum stage_result forward_write(struct request *rq)
{
    enum forward_identity by = forward_identity(rq);
    const char *why = refusal(rq, by);
    struct status st = {.arena = rq->arena};
    if (why)
        return refuse(rq, why);
    if (rq->body_too_large) {
        status_too_large(&st, REQUEST_BODY_BYTES_MAX);
        response_status(rq, &st);
        return STAGE_DONE;
    }
    if (rq->has_body && !rq->body_complete) {
        rq->resume = forward_write;
        rq->transport->want_body(rq);
        return STAGE_SUSPEND;
    }
    struct curl_slist *headers = forward_headers(rq, by);
    return headers ? start(rq, by, headers) : refuse(rq, NO_LINE);
}

/* ---- life ---- */

struct forward *forward_new(struct context *ctx)
{
    struct forward *f = calloc(1, sizeof(*f));
    must(f != NULL);
    f->magic = FORWARD_MAGIC;
    f->ctx = ctx;
    f->callout = callout_new(ctx->loop);
    return f;
}

void forward_free(struct forward *f)
{
    if (!f)
        return;
    must_be(f, FORWARD_MAGIC);
    callout_free(f->callout);
    f->magic = 0;
    free(f);
}
