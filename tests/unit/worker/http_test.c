/* Connections over real sockets: both protocols, TLS, limits and time-outs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <zlib.h>
#include "shm/base/clock.h"
#include "tests/unit/worker/http_client.h"

/* ---- HTTP/1.1 ---- */

static void a_request_in_any_pieces(void **state)
{
    const char *text = "GET /fixed?a=1 HTTP/1.1\r\nHost: x\r\nX-Long: some value\r\nEmpty:\r\n\r\n";
    for (size_t cut = 1; cut < strlen(text); cut += 3) {
        struct client c = plain_client();
        say_n(&c, text, cut);
        usleep(1000);
        say(&c, text + cut);
        hear(&c, "\r\n\r\nhello\n");
        assert_non_null(
            strstr(text_of(&c), "HTTP/1.1 200 OK\r\nAudit-Id: an-id\r\nContent-Type: text/plain\r\nDate: "));
        assert_non_null(strstr(text_of(&c), "\r\nContent-Length: 6\r\n"));
        hang_up(&c);
    }
}

static void byte_by_byte(void **state)
{
    struct client c = plain_client();
    for (int round = 0; round < 2; round++) {
        const char *text = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                           "chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n";
        for (const char *p = text; *p; p++)
            say_n(&c, p, 1);
        hear(&c, "POST 3 whole\n");
        forget(&c);
    }
    hang_up(&c);
}

/* Names of their own, beginnings of known ones and known ones with more behind, in one piece and in many. */
static void any_token_is_a_method(void **state)
{
    static const char *const methods[] = {"ODD", "get", "POX", "PATCHES", "P", "0-x.~!", "MKCALENDARS"};
    char text[128], want[64];
    struct client c = plain_client();
    for (size_t i = 0; i < 2 * sizeof(methods) / sizeof(*methods); i++) {
        const char *method = methods[i / 2];
        int n = snprintf(text, sizeof(text), "%s /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
                         method);
        for (int at = 0, piece = i % 2 ? 1 : n; at < n; at += piece) {
            say_n(&c, text + at, (size_t)piece);
            usleep(i % 2 ? 500 : 0);
        }
        snprintf(want, sizeof(want), "\r\n\r\n%s 3 whole\n", method);
        hear(&c, want);
        forget(&c);
    }
    say(&c, GET("/fixed"));
    hear(&c, "\r\n\r\nhello\n");
    hang_up(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct client c = plain_client();
    struct buf b = {0};
    for (int i = 0; i < 40; i++)
        buf_printf(&b, "GET /n%02d HTTP/1.1\r\nHost: x\r\n\r\n", i);
    buf_puts(&b, GET("/wait") "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde" GET("/slow")
                     GET("/fixed"));
    say_n(&c, b.p, b.n);
    hear(&c, "hello\n");
    const char *at = text_of(&c);
    for (int i = 0; i < 40; i++) {
        char want[16];
        snprintf(want, sizeof(want), "\r\n\r\n/n%02d", i);
        at = strstr(at, want);
        assert_non_null(at);
    }
    assert_non_null(at = strstr(at, "0001\r\na\r\n0001\r\nb\r\n0\r\n\r\n"));
    assert_non_null(at = strstr(at, "POST 5 whole"));
    assert_non_null(at = strstr(at, "late\n"));
    assert_non_null(strstr(at, "hello\n"));
    assert_int_equal(times(text_of(&c), "HTTP/1.1 "), 44);
    buf_free(&b);
    hang_up(&c);
}

static void a_flood_of_pipelined_requests_is_bounded_and_served(void **state)
{
    struct client c = plain_client();
    struct buf b = {0};
    for (int i = 0; i < 5000; i++)
        buf_puts(&b, GET("/fixed"));
    buf_puts(&b, "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    say_n(&c, b.p, b.n);
    hear_end(&c);
    assert_int_equal(times(text_of(&c), "hello\n"), 5000);
    assert_non_null(strstr(text_of(&c), "/last"));
    buf_free(&b);
    hang_up(&c);
}

static void bodies_are_collected_when_wanted(void **state)
{
    struct client c = plain_client();
    size_t n = 3u << 20;
    char *body = calloc(1, n);
    say(&c, "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n");
    say_n(&c, body, n);
    hear(&c, "PUT 3145728 whole\n");
    free(body);
    hang_up(&c);
}

static void a_client_that_asks_first_is_told_to_continue(void **state)
{
    struct client c = plain_client();
    say(&c, "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    hear(&c, "HTTP/1.1 100 Continue\r\n\r\n");
    say(&c, "abc");
    hear(&c, "PUT 3 whole\n");
    forget(&c);
    say(&c, "PUT /early HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    hear_end(&c); /* answered without it: the body must not be taken for a request */
    assert_null(strstr(text_of(&c), "100 Continue"));
    assert_non_null(strstr(text_of(&c), "Connection: close\r\n"));
    hang_up(&c);
}

static void bodies_over_the_bound_are_refused(void **state)
{
    static const char *const heads[] = {
        "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3145729\r\n\r\n",
        "PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400000\r\n",
    };
    char *body = calloc(1, 4u << 20);
    for (int i = 0; i < 2; i++) {
        struct client c = plain_client();
        say(&c, heads[i]);
        say_n(&c, body, 4u << 20);
        hear(&c, "too large\n");
        assert_non_null(strstr(text_of(&c), "HTTP/1.1 413 Request Entity Too Large\r\n"));
        assert_non_null(strstr(text_of(&c), "Connection: close\r\n"));
        hang_up(&c);
    }
    free(body);
}

static void what_is_no_request_is_refused(void **state)
{
    static const char *const bad[][2] = {
        {"\x01\x02\x03 nonsense\r\n\r\n", "400 Bad Request"},
        {"GET /fixed HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {"G@T /fixed HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"},
        {"ODD\r\nHost: a\r\n\r\n", "400 Bad Request"},
        {" GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"},
        {"A-METHOD-THAT-IS-LONGER-THAN-ANYBODY-WHO-MEANS-WELL-WOULD-EVER-NEED / HTTP/1.1\r\n\r\n",
         "400 Bad Request"},
        {"GET /fixed HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"},
        {"GET /fixed HTTP/1.1\r\nHost: a\r\nBad header: b\r\n\r\n", "400 Bad Request"},
        {"GET /fixed HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         "400 Bad Request"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
         "400 Bad Request"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nContent-Length: 1\r\n\r\n",
         "417 Expectation Failed"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct client c = plain_client();
        say(&c, bad[i][0]);
        hear_end(&c);
        if (!strstr(text_of(&c), bad[i][1]))
            fail_msg("row %zu: %s", i, text_of(&c));
        assert_int_equal(times(text_of(&c), "HTTP/1.1 "), 1);
        hang_up(&c);
    }
}

static void heads_over_the_bound_are_refused(void **state)
{
    struct client c = plain_client();
    say(&c, "GET /fixed HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 1100; i++)
        say(&c, "X-Header: 0123456789012345678901234567890123456789012345678901\r\n");
    hear_end(&c);
    assert_non_null(strstr(text_of(&c), "HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    hang_up(&c);

    c = plain_client();
    struct buf b = {0};
    buf_puts(&b, "GET /fixed HTTP/1.1\r\nHost: x\r\nX: ");
    for (int i = 0; i < 60000; i++)
        buf_putc(&b, 'x');
    buf_puts(&b, "\r\n\r\n");
    say_n(&c, b.p, b.n);
    hear(&c, "hello\n"); /* just below */
    buf_free(&b);
    hang_up(&c);
}

static void head_requests_get_no_body(void **state)
{
    struct client c = plain_client();
    say(&c, "HEAD /big HTTP/1.1\r\nHost: x\r\n\r\nHEAD /list HTTP/1.1\r\nHost: x\r\n\r\n" GET("/fixed"));
    hear(&c, "hello\n");
    assert_non_null(strstr(text_of(&c), "Content-Length: 400000\r\n"));
    assert_in_range(c.got.n, 100, 1000);
    hang_up(&c);
}

static void old_clients_end_with_the_connection(void **state)
{
    struct client c = plain_client();
    say(&c, "GET /list HTTP/1.0\r\n\r\n");
    hear_end(&c);
    const char *body = strstr(text_of(&c), "\r\n\r\n") + 4;
    assert_null(strstr(text_of(&c), "chunked"));
    assert_int_equal(c.got.p + c.got.n - body, BIG_BYTES);
    assert_memory_equal(body, server_big, BIG_BYTES);
    hang_up(&c);
    c = plain_client();
    say(&c, "GET /fixed HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear(&c, "hello\n");
    say(&c, "GET http://x/fixed HTTP/1.0\r\n\r\n");
    hear_end(&c);
    assert_int_equal(times(text_of(&c), "hello\n"), 2);
    hang_up(&c);
}

static void a_stream_that_breaks_is_seen_as_cut(void **state)
{
    struct client c = plain_client();
    say(&c, GET("/abort"));
    hear_end(&c);
    assert_non_null(strstr(text_of(&c), "half"));
    assert_null(strstr(text_of(&c), "0\r\n\r\n"));
    hang_up(&c);
}

static void large_answers_are_gzipped(void **state)
{
    struct client c = plain_client();
    say(&c, "GET /list HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    hear(&c, "\r\n0\r\n\r\n");
    assert_non_null(strstr(text_of(&c), "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"));
    char *in = strstr(c.got.p, "\r\n\r\n") + 4, *out = malloc(BIG_BYTES + 1);
    z_stream z = {.next_out = (Bytef *)out, .avail_out = BIG_BYTES + 1};
    inflateInit2(&z, 31);
    for (unsigned long n; (n = strtoul(in, NULL, 16)) > 0; in += n + 2) {
        in = strstr(in, "\r\n") + 2;
        z.next_in = (Bytef *)in;
        z.avail_in = (unsigned)n;
        assert_in_range(inflate(&z, Z_NO_FLUSH), Z_OK, Z_STREAM_END);
    }
    assert_int_equal(z.total_out, BIG_BYTES);
    assert_memory_equal(out, server_big, BIG_BYTES);
    inflateEnd(&z);
    free(out);
    hang_up(&c);
}

static void a_slow_reader_gets_everything(void **state)
{
    struct client c = plain_client();
    struct buf b = {0};
    for (int i = 0; i < 12; i++)
        buf_puts(&b, GET("/big"));
    int small = 32768;
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    say_n(&c, b.p, b.n);
    usleep(100 * 1000);
    while (c.got.n < 12u * BIG_BYTES)
        assert_true(hear_some(&c) > 0);
    assert_int_equal(times(text_of(&c), "HTTP/1.1 200 OK"), 12);
    buf_free(&b);
    hang_up(&c);
}

static void a_client_that_leaves_ends_its_requests(void **state)
{
    static const char *const texts[] = {GET("/watch"), GET("/endless"), GET("/slow"),
                                        "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"};
    int n = sizeof(texts) / sizeof(*texts);
    for (int i = 0; i < n; i++) {
        struct client c = plain_client();
        say(&c, texts[i]);
        if (i < 2)
            hear(&c, i == 0 ? "event\n" : "200 OK");
        else
            wait_until(&server.requests, i + 1);
        hang_up(&c);
        wait_until(&server.ended, i + 1);
    }
    wait_until(&server.connections, 0);
    assert_int_equal(server.requests, n);
}

static void a_half_closed_client_gets_its_answer(void **state)
{
    struct client c = plain_client();
    say(&c, GET("/slow"));
    shutdown(c.fd, SHUT_WR);
    hear_end(&c);
    assert_non_null(strstr(text_of(&c), "late\n"));
    hang_up(&c);
}

static void an_endless_answer_does_not_starve_others(void **state)
{
    struct client e = plain_client();
    say(&e, GET("/endless"));
    int64_t from = clock_ms();
    struct client c = plain_client();
    for (int i = 0; i < 50; i++) {
        for (int k = 0; k < 4; k++)
            hear_some(&e);
        forget(&e);
        say(&c, GET("/fixed"));
        hear(&c, "hello\n");
        forget(&c);
    }
    assert_in_range(clock_ms() - from, 0, 4000);
    hang_up(&e);
    hang_up(&c);
}

/* ---- time-outs and limits ---- */

static void short_times(void)
{
    server.options.header_timeout = 200;
    server.options.idle_timeout = 400;
}

static void expect_closed_after(struct client *c, int64_t from, int64_t ms)
{
    while (hear_some(c) > 0)
        ;
    assert_in_range(clock_ms() - from, ms - 20, ms + 1500);
    hang_up(c);
}

static void slow_senders_are_dropped(void **state)
{
    int64_t from = clock_ms();
    struct client silent = plain_client(), tls_silent = {.fd = connect_to(server.port)},
                  head = plain_client(), body = plain_client(), idle = plain_client();
    say(&head, "GET /fixed HT");
    say(&body, "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
    say(&idle, GET("/fixed"));
    for (int i = 0; i < 10 && clock_ms() - from < 190; i++) {
        usleep(15 * 1000);
        say(&head, "T"); /* a byte now and then does not help */
        say(&body, "b");
    }
    expect_closed_after(&silent, from, 200);
    expect_closed_after(&tls_silent, from, 200);
    expect_closed_after(&head, from, 200);
    expect_closed_after(&body, from, 200);
    expect_closed_after(&idle, from, 400);
    wait_until(&server.connections, 0);
}

static void a_request_under_way_is_not_timed(void **state)
{
    struct client c = plain_client();
    say(&c, GET("/watch"));
    hear(&c, "event\n");
    usleep(700 * 1000);
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.ended, 0);
    hang_up(&c);
}

static void connections_over_the_limit_are_closed(void **state)
{
    struct client c[5];
    uint64_t before = area_total(server.ctx.area, AREA_CONNECTIONS_REFUSED);
    for (int i = 0; i < 3; i++) {
        c[i] = plain_client();
        say(&c[i], GET("/watch")); /* under way: no time-out makes room */
        hear(&c[i], "event\n");
    }
    for (int i = 3; i < 5; i++) {
        c[i] = plain_client();
        assert_true(hear_some(&c[i]) <= 0);
    }
    assert_int_equal(area_total(server.ctx.area, AREA_CONNECTIONS_REFUSED), before + 2);
    for (int i = 0; i < 5; i++)
        hang_up(&c[i]);
    wait_until(&server.connections, 0);
    c[0] = plain_client();
    say(&c[0], GET("/fixed"));
    hear(&c[0], "hello\n");
    hang_up(&c[0]);
}

/* ---- TLS ---- */

static void plain_http_on_the_tls_port_is_told(void **state)
{
    struct client c = {.fd = connect_to(server.port)};
    say(&c, GET("/fixed"));
    hear_end(&c);
    assert_string_equal(text_of(&c),
                        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    hang_up(&c);
}

static void check_who(const char *cert, int version, const char *want)
{
    SSL_CTX *x = client_ctx(cert, NULL);
    SSL_CTX_set_min_proto_version(x, version);
    SSL_CTX_set_max_proto_version(x, version);
    struct client c = tls_client(x, NULL);
    say(&c, GET("/who"));
    hear(&c, want);
    hang_up(&c);
    SSL_CTX_free(x);
}

static void client_certificates_are_verified_and_never_required(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        check_who("alice", versions[i], "/CN=alice tls\n");
        check_who(NULL, versions[i], "nobody tls\n");
        check_who("mallory", versions[i], "nobody tls\n");
        check_who("late", versions[i], "nobody tls\n");
    }
}

static void old_versions_are_refused(void **state)
{
    SSL_CTX *x = client_ctx(NULL, NULL);
    SSL_CTX_set_security_level(x, 0);
    SSL_CTX_set_min_proto_version(x, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(x, TLS1_1_VERSION);
    struct client c = {.fd = connect_to(server.port), .ssl = SSL_new(x)};
    SSL_set_fd(c.ssl, c.fd);
    assert_int_not_equal(SSL_connect(c.ssl), 1);
    hang_up(&c);
    SSL_CTX_free(x);
    wait_until(&server.connections, 0);
}

static void a_strange_protocol_is_refused(void **state)
{
    SSL_CTX *x = client_ctx(NULL, "\x04smtp");
    struct client c = {.fd = connect_to(server.port), .ssl = SSL_new(x)};
    SSL_set_fd(c.ssl, c.fd);
    assert_int_not_equal(SSL_connect(c.ssl), 1);
    hang_up(&c);
    SSL_CTX_free(x);
}

static SSL_SESSION *visit(SSL_CTX *x, SSL_SESSION *resume, const char *want, bool *reused)
{
    struct client c = tls_client(x, resume);
    say(&c, GET("/who"));
    hear(&c, want);
    *reused = SSL_session_reused(c.ssl);
    SSL_SESSION *s = SSL_get1_session(c.ssl);
    hang_up(&c);
    return s;
}

static void sessions_are_resumed_by_any_worker_of_the_same_key(void **state)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        bool reused;
        SSL_CTX *x = client_ctx("alice", NULL);
        SSL_CTX_set_max_proto_version(x, version);
        SSL_SESSION *s = visit(x, NULL, "/CN=alice", &reused);
        assert_false(reused);
        server_end(); /* another process, the same files */
        server_run();
        SSL_SESSION *t = visit(x, s, "/CN=alice", &reused);
        assert_true(reused);
        SSL_SESSION_free(s);

        server.options.client_ca_file = pki_path("evil-ca.pem");
        server.reloaded = 0;
        server_order(ORDER_RELOAD);
        wait_until(&server.reloaded, 1);
        s = visit(x, t, "nobody", &reused); /* the old verdict is worth nothing */
        assert_false(reused);
        SSL_SESSION_free(s);
        SSL_SESSION_free(t);
        SSL_CTX_free(x);
        server.options.client_ca_file = pki_path("ca.pem");
        server_order(ORDER_RELOAD);
    }
}

static void a_failed_reload_changes_nothing(void **state)
{
    const char *good = server.options.tls_cert_file;
    server.options.tls_cert_file = "/nonexistent.pem";
    server.reloaded = 0;
    server_order(ORDER_RELOAD);
    wait_until(&server.reloaded, -1);
    server.options.tls_cert_file = good;
    check_who("alice", TLS1_3_VERSION, "/CN=alice");
}

static void bad_certificates_are_named(void **state)
{
    struct context ctx = {.options = &server.options, .area = server.ctx.area, .loop = loop_new()};
    struct worker_listener l = {.fd = -1, .tls = true};
    char err[256] = "";
    struct options o = server.options;
    ctx.options = &o;
    o.tls_cert_file = "/nonexistent.pem";
    assert_null(net_new(&ctx, &l, 1, err, sizeof(err)));
    assert_non_null(strstr(err, "--tls-cert-file /nonexistent.pem"));
    o = server.options;
    o.tls_private_key_file = pki_path("alice.key");
    assert_null(net_new(&ctx, &l, 1, err, sizeof(err)));
    assert_non_null(strstr(err, "--tls-private-key-file"));
    o = server.options;
    o.client_ca_file = pki_path("alice.key");
    assert_null(net_new(&ctx, &l, 1, err, sizeof(err)));
    assert_non_null(strstr(err, "--client-ca-file"));
    loop_free(ctx.loop);
}

static void garbage_instead_of_tls_is_dropped(void **state)
{
    uint64_t before = area_total(server.ctx.area, AREA_TLS_ERRORS);
    struct client c = {.fd = connect_to(server.port)};
    say(&c, "\x16\x03\x01\x02\x02zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz not a hello");
    for (int i = 0; i < 40; i++)
        say(&c, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
    while (hear_some(&c) > 0)
        ;
    hang_up(&c);
    wait_until(&server.connections, 0);
    assert_int_equal(area_total(server.ctx.area, AREA_TLS_ERRORS), before + 1);
}

/* ---- draining ---- */

static void draining_closes_what_is_idle_and_lets_the_rest_end(void **state)
{
    struct client idle = plain_client(), busy = plain_client();
    say(&idle, GET("/fixed"));
    hear(&idle, "hello\n");
    say(&busy, GET("/slow"));
    wait_until(&server.requests, 2);
    server_order(ORDER_DRAIN);
    hear_end(&idle);
    hear_end(&busy);
    assert_non_null(strstr(text_of(&busy), "Connection: close\r\n"));
    assert_non_null(strstr(text_of(&busy), "late\n"));
    wait_until(&server.connections, 0);
    hang_up(&idle);
    hang_up(&busy);
}

#include "tests/unit/worker/http2_client.h"

/* ---- the group ---- */

static int start(void **state)
{
    server_options();
    server_run();
    return 0;
}

static int start_short(void **state)
{
    server_options();
    short_times();
    server_run();
    return 0;
}

static int start_small(void **state)
{
    server_options();
    server.options.max_connections = 3;
    server_run();
    return 0;
}

static int stop(void **state)
{
    server_end();
    return server.requests <= server.ended ? 0 : -1; /* every request was freed */
}

static int make_all(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(pki_dir))
        return -1;
    pki_make();
    server_big_make();
    server.ctx.area = area_new(1);
    return server.ctx.area ? 0 : -1;
}

static int drop_all(void **state)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", pki_dir);
    area_free(server.ctx.area);
    free(server_big);
    return system(command);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_request_in_any_pieces),
        T(byte_by_byte),
        T(any_token_is_a_method),
        T(pipelined_requests_are_answered_in_order),
        T(a_flood_of_pipelined_requests_is_bounded_and_served),
        T(bodies_are_collected_when_wanted),
        T(a_client_that_asks_first_is_told_to_continue),
        T(bodies_over_the_bound_are_refused),
        T(what_is_no_request_is_refused),
        T(heads_over_the_bound_are_refused),
        T(head_requests_get_no_body),
        T(old_clients_end_with_the_connection),
        T(a_stream_that_breaks_is_seen_as_cut),
        T(large_answers_are_gzipped),
        T(a_slow_reader_gets_everything),
        T(a_client_that_leaves_ends_its_requests),
        T(a_half_closed_client_gets_its_answer),
        T(an_endless_answer_does_not_starve_others),
        cmocka_unit_test_setup_teardown(slow_senders_are_dropped, start_short, stop),
        cmocka_unit_test_setup_teardown(a_request_under_way_is_not_timed, start_short, stop),
        cmocka_unit_test_setup_teardown(connections_over_the_limit_are_closed, start_small, stop),
        T(plain_http_on_the_tls_port_is_told),
        T(client_certificates_are_verified_and_never_required),
        T(old_versions_are_refused),
        T(a_strange_protocol_is_refused),
        T(sessions_are_resumed_by_any_worker_of_the_same_key),
        T(a_failed_reload_changes_nothing),
        T(bad_certificates_are_named),
        T(garbage_instead_of_tls_is_dropped),
        T(draining_closes_what_is_idle_and_lets_the_rest_end),
        T(h2_sixteen_streams_at_once),
        T(h2_bodies_both_ways),
        T(h2_a_stream_that_breaks_is_reset),
        T(h2_a_reset_frees_its_request),
        T(h2_headers_over_the_bound_are_refused),
        T(h2_draining_says_goaway_and_ends),
        T(h2_floods_end_the_connection),
        cmocka_unit_test_setup_teardown(h2_slow_clients_are_dropped, start_short, stop),
    };
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
