/* Any number of calls on one connection, by nghttp2. Windows are wide: what is measured is the server, not
 * how it waits for this client. */
#include "tests/bench/conn_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define STREAM_WINDOW (16 << 20)
#define CONN_WINDOW (64 << 20)

static ssize_t on_send(nghttp2_session *s, const uint8_t *p, size_t n, int flags, void *arg)
{
    struct conn *c = arg;
    buf_put(&c->out, p, n);
    return (ssize_t)n;
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t nn,
                     const uint8_t *v, size_t vn, uint8_t flags, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(s, f->hd.stream_id);
    if (call && nn == 7 && memcmp(name, ":status", 7) == 0)
        call_head(call, atoi((const char *)v));
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(s, id);
    if (call)
        call_body(call, (const char *)p, n);
    return 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t error, void *arg)
{
    struct call *call = nghttp2_session_get_stream_user_data(s, id);
    if (call)
        call_end(call, error == 0 ? call->status : -1);
    return 0;
}

static ssize_t read_body(nghttp2_session *s, int32_t id, uint8_t *dst, size_t max, uint32_t *flags,
                         nghttp2_data_source *src, void *arg)
{
    struct call *call = src->ptr;
    size_t n = call->body.n - call->body_sent;
    if (n > max)
        n = max;
    memcpy(dst, call->body.p + call->body_sent, n);
    call->body_sent += n;
    if (call->body_sent == call->body.n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static int http2_open(struct conn *c)
{
    nghttp2_session_callbacks *cb;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_send_callback(cb, on_send);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    int rc = nghttp2_session_client_new(&c->h2, cb, c);
    nghttp2_session_callbacks_del(cb);
    if (rc != 0)
        return -ENOMEM;
    nghttp2_settings_entry set[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
                                    {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, set, 2);
    nghttp2_session_set_local_window_size(c->h2, NGHTTP2_FLAG_NONE, 0, CONN_WINDOW);
    return 0;
}

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static int http2_call(struct conn *c, struct call *call)
{
    struct target *t = c->pool->target;
    char bearer[4200];
    nghttp2_nv h[8];
    size_t n = 0;
    h[n++] = nv(":method", call->method);
    h[n++] = nv(":scheme", t->tls ? "https" : "http");
    h[n++] = nv(":authority", t->host);
    h[n++] = nv(":path", call->path);
    h[n++] = nv("accept", "application/json");
    if (t->token) {
        snprintf(bearer, sizeof bearer, "Bearer %s", t->token);
        h[n++] = nv("authorization", bearer);
    }
    if (call->body.n)
        h[n++] = nv("content-type", call->content_type ? call->content_type : "application/json");
    nghttp2_data_provider body = {.source.ptr = call, .read_callback = read_body};
    call->stream = nghttp2_submit_request(c->h2, NULL, h, n, call->body.n ? &body : NULL, call);
    return call->stream < 0 ? -EPROTO : 0;
}

static int http2_flush(struct conn *c)
{
    return nghttp2_session_send(c->h2) == 0 ? 0 : -EPROTO;
}

static bool http2_input(struct conn *c, const char *p, size_t n)
{
    return nghttp2_session_mem_recv(c->h2, (const uint8_t *)p, n) == (ssize_t)n;
}

static void http2_close(struct conn *c)
{
    nghttp2_session_del(c->h2);
}

const struct proto proto_http2 = {
    .open = http2_open, .call = http2_call, .flush = http2_flush, .input = http2_input, .close = http2_close};
