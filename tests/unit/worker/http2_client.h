/* HTTP/2 tests: nghttp2's client side over TLS. Included by http_test.c. */
#ifndef TESTS_UNIT_WORKER_HTTP2_CLIENT_H
#define TESTS_UNIT_WORKER_HTTP2_CLIENT_H

#include <nghttp2/nghttp2.h>
#include "shm/base/clock.h"
#include "tests/unit/worker/http_client.h"

#define H2_STREAMS 64

struct h2_stream {
    int32_t id;
    int code;
    size_t body_bytes;
    uint32_t sum;
    char text[64];
    bool closed;
    uint32_t error;
    size_t upload; /* bytes to send */
};

struct h2 {
    struct client c;
    SSL_CTX *x;
    nghttp2_session *s;
    struct h2_stream streams[H2_STREAMS];
    int n;
    int goaways;
    uint32_t goaway_error;
};

static struct h2_stream *h2_find(struct h2 *h, int32_t id)
{
    for (int i = 0; i < h->n; i++)
        if (h->streams[i].id == id)
            return &h->streams[i];
    return NULL;
}

static int h2_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t n,
                     const uint8_t *value, size_t vn, uint8_t flags, void *arg)
{
    struct h2_stream *st = h2_find(arg, f->hd.stream_id);
    if (st && n == 7 && memcmp(name, ":status", 7) == 0)
        st->code = atoi((const char *)value);
    return 0;
}

static int h2_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *arg)
{
    struct h2_stream *st = h2_find(arg, id);
    for (size_t i = 0; st && i < n; i++) {
        if (st->body_bytes < sizeof(st->text) - 1)
            st->text[st->body_bytes] = (char)p[i];
        st->body_bytes++;
        st->sum = st->sum * 31 + p[i];
    }
    return 0;
}

static int h2_closed(nghttp2_session *s, int32_t id, uint32_t error, void *arg)
{
    struct h2_stream *st = h2_find(arg, id);
    if (st) {
        st->closed = true;
        st->error = error;
    }
    return 0;
}

static int h2_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct h2 *h = arg;
    if (f->hd.type == NGHTTP2_GOAWAY)
        h->goaway_error = f->goaway.error_code;
    return 0;
}

static void h2_open(struct h2 *h)
{
    *h = (struct h2){.x = client_ctx(NULL, "\x02h2\x08http/1.1")};
    h->c = tls_client(h->x, NULL);
    const unsigned char *p;
    unsigned n;
    SSL_get0_alpn_selected(h->c.ssl, &p, &n);
    assert_int_equal(n, 2);
    assert_memory_equal(p, "h2", 2);
    nghttp2_session_callbacks *cb;
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_on_header_callback(cb, h2_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, h2_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, h2_closed);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, h2_frame);
    nghttp2_option *o;
    nghttp2_option_new(&o);
    nghttp2_option_set_max_send_header_block_length(o, 1 << 20);
    nghttp2_session_client_new2(&h->s, cb, h, o);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(cb);
    nghttp2_submit_settings(h->s, 0, NULL, 0);
}

static void h2_close(struct h2 *h)
{
    nghttp2_session_del(h->s);
    hang_up(&h->c);
    SSL_CTX_free(h->x);
}

static ssize_t h2_upload(nghttp2_session *s, int32_t id, uint8_t *buf, size_t max, uint32_t *flags,
                         nghttp2_data_source *source, void *arg)
{
    struct h2_stream *st = source->ptr;
    size_t n = st->upload < max ? st->upload : max;
    memset(buf, 'u', n);
    st->upload -= n;
    if (st->upload == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

#define H2_NV(n, v)                                                                                          \
    {                                                                                                        \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0                        \
    }

static struct h2_stream *h2_ask(struct h2 *h, const char *path, size_t upload)
{
    struct h2_stream *st = &h->streams[h->n++];
    nghttp2_nv nv[] = {H2_NV(":method", upload ? "POST" : "GET"), H2_NV(":scheme", "https"),
                       H2_NV(":authority", "x"), H2_NV(":path", path)};
    nghttp2_data_provider data = {.source.ptr = st, .read_callback = h2_upload};
    st->upload = upload;
    st->id = nghttp2_submit_request(h->s, NULL, nv, 4, upload ? &data : NULL, NULL);
    assert_true(st->id > 0);
    return st;
}

static void h2_send(struct h2 *h)
{
    const uint8_t *p;
    struct buf b = {0};
    ssize_t n;
    while ((n = nghttp2_session_mem_send(h->s, &p)) > 0)
        buf_put(&b, p, (size_t)n);
    say_n(&h->c, b.p, b.n);
    buf_free(&b);
}

/* Sends what is there and takes in one read. Returns false when the connection is gone. */
static bool h2_step(struct h2 *h)
{
    h2_send(h);
    forget(&h->c);
    if (hear_some(&h->c) <= 0)
        return false;
    /* counted here: nghttp2 tells of one only. A flush begins a frame and a record. */
    for (size_t at = 0; at + 9 <= h->c.got.n;) {
        const unsigned char *f = (const unsigned char *)h->c.got.p + at;
        h->goaways += f[3] == NGHTTP2_GOAWAY;
        at += 9 + ((size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2]);
    }
    assert_true(nghttp2_session_mem_recv(h->s, (uint8_t *)h->c.got.p, h->c.got.n) >= 0);
    h2_send(h);
    return true;
}

static void h2_until_closed(struct h2 *h, struct h2_stream *st)
{
    while (!st->closed)
        assert_true(h2_step(h));
}

static void h2_sixteen_streams_at_once(void **state)
{
    struct h2 h;
    h2_open(&h);
    for (int i = 0; i < 16; i++)
        h2_ask(&h, i % 4 == 3 ? "/wait" : i % 4 == 2 ? "/slow" : "/fixed", 0);
    for (int i = 0; i < 16; i++) {
        h2_until_closed(&h, &h.streams[i]);
        assert_int_equal(h.streams[i].code, 200);
        assert_string_equal(h.streams[i].text, i % 4 == 3 ? "ab" : i % 4 == 2 ? "late\n" : "hello\n");
        assert_int_equal(h.streams[i].error, 0);
    }
    h2_close(&h);
}

static void h2_bodies_both_ways(void **state)
{
    struct h2 h;
    h2_open(&h);
    struct h2_stream *small = h2_ask(&h, "/echo", 5), *full = h2_ask(&h, "/echo", 3u << 20),
                     *list = h2_ask(&h, "/list", 0), *big = h2_ask(&h, "/big", 0),
                     *over = h2_ask(&h, "/echo", (3u << 20) + 1), *early = h2_ask(&h, "/early", 2u << 20);
    uint32_t sum = 0;
    for (size_t i = 0; i < BIG_BYTES; i++)
        sum = sum * 31 + (uint8_t)server_big[i];
    for (int i = 0; i < h.n; i++)
        h2_until_closed(&h, &h.streams[i]);
    assert_string_equal(small->text, "POST 5 whole\n");
    assert_string_equal(full->text, "POST 3145728 whole\n");
    assert_int_equal(over->code, 413);
    assert_int_equal(early->code, 200);
    assert_int_equal(list->body_bytes, BIG_BYTES);
    assert_int_equal(list->sum, sum);
    assert_int_equal(big->sum, sum);
    h2_close(&h);
}

static void h2_a_stream_that_breaks_is_reset(void **state)
{
    struct h2 h;
    h2_open(&h);
    struct h2_stream *st = h2_ask(&h, "/abort", 0);
    h2_until_closed(&h, st);
    assert_int_not_equal(st->error, 0);
    struct h2_stream *after = h2_ask(&h, "/fixed", 0);
    h2_until_closed(&h, after);
    assert_string_equal(after->text, "hello\n");
    h2_close(&h);
}

static void h2_a_reset_frees_its_request(void **state)
{
    struct h2 h;
    h2_open(&h);
    struct h2_stream *watch = h2_ask(&h, "/watch", 0), *endless = h2_ask(&h, "/endless", 0);
    while (watch->body_bytes == 0 || endless->body_bytes == 0)
        assert_true(h2_step(&h));
    nghttp2_submit_rst_stream(h.s, 0, watch->id, NGHTTP2_CANCEL);
    nghttp2_submit_rst_stream(h.s, 0, endless->id, NGHTTP2_CANCEL);
    struct h2_stream *st = h2_ask(&h, "/fixed", 0);
    h2_until_closed(&h, st);
    wait_until(&server.ended, 3);
    h2_ask(&h, "/watch", 0);
    h2_step(&h);
    wait_until(&server.requests, 4);
    h2_close(&h);
    wait_until(&server.ended, 4);
}

static void h2_headers_over_the_bound_are_refused(void **state)
{
    struct h2 h;
    char value[2901];
    h2_open(&h);
    memset(value, 'v', 2900);
    value[2900] = 0;
    nghttp2_nv nv[28] = {H2_NV(":method", "GET"), H2_NV(":scheme", "https"), H2_NV(":authority", "x"),
                         H2_NV(":path", "/fixed")};
    for (int i = 4; i < 28; i++) /* references to one entry of the table: few bytes, 70 KiB of headers */
        nv[i] = (nghttp2_nv)H2_NV("x-long", value);
    struct h2_stream *st = &h.streams[h.n++];
    st->id = nghttp2_submit_request(h.s, NULL, nv, 28, NULL, NULL);
    h2_until_closed(&h, st);
    assert_int_equal(st->code, 431);
    assert_int_equal(server.requests, 0);
    server.requests++; /* it was made and freed, and never reached the pipeline */
    h2_close(&h);
}

static void h2_draining_says_goaway_and_ends(void **state)
{
    struct h2 h;
    h2_open(&h);
    struct h2_stream *slow = h2_ask(&h, "/slow", 0);
    h2_send(&h);
    wait_until(&server.requests, 1);
    server_order(ORDER_DRAIN);
    h2_until_closed(&h, slow);
    assert_string_equal(slow->text, "late\n");
    assert_true(h.goaways >= 1);
    while (h2_step(&h))
        ;
    wait_until(&server.connections, 0);
    assert_int_equal(h.goaways, 2);
    assert_int_equal(h.goaway_error, 0);
    h2_close(&h);
}

static void h2_flood(void (*more)(struct h2 *h))
{
    struct h2 h;
    h2_open(&h);
    for (int i = 0; i < 60 && server.connections >= 0; i++) {
        for (int k = 0; k < 100; k++)
            more(&h);
        h2_send(&h);
    }
    while (h2_step(&h))
        ;
    wait_until(&server.connections, 0);
    h2_close(&h);
}

static void more_pings(struct h2 *h)
{
    nghttp2_submit_ping(h->s, 0, NULL);
}

static void more_resets(struct h2 *h)
{
    h->n = 0;
    struct h2_stream *st = h2_ask(h, "/watch", 0);
    h2_send(h);
    nghttp2_submit_rst_stream(h->s, 0, st->id, NGHTTP2_CANCEL);
}

static void h2_floods_end_the_connection(void **state)
{
    h2_flood(more_pings);
    h2_flood(more_resets);
}

static void h2_slow_clients_are_dropped(void **state)
{
    struct h2 silent, head, body, idle;
    int64_t from = clock_ms();
    h2_open(&silent);
    h2_open(&head);
    h2_open(&body);
    h2_open(&idle);
    h2_until_closed(&idle, h2_ask(&idle, "/fixed", 0));
    h2_send(&head);
    say_n(&head.c, "\x00\x00\x02\x01\x00\x00\x00\x00\x01\x82\x87", 11); /* a header block that does not end */
    struct h2_stream *st = h2_ask(&body, "/echo", 1000000);
    h2_send(&body); /* one window, and then nothing */
    nghttp2_submit_rst_stream(body.s, 0, st->id + 100, 0);
    for (struct h2 *all[] = {&silent, &head, &idle}, **h = all; h < all + 3; h++) {
        while (h2_step(*h))
            ;
        assert_in_range(clock_ms() - from, 150, 3000);
        h2_close(*h);
    }
    wait_until(&server.ended, 3); /* the half head was a request, too */
    server.requests = 3;
    h2_close(&body);
    wait_until(&server.connections, 0);
}

#endif
