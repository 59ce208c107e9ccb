/* Response bodies, driven as a transport drives them, against a real cache's snapshots. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "worker/pipeline/pipeline.h"
#include "worker/request/request.h"

/* The pipeline is not part of this: only its accounting hook is called. */
static int ended;

void pipeline_start(struct request *rq)
{
}

void pipeline_resume(struct request *rq)
{
}

void pipeline_end(struct request *rq)
{
    ended++;
}

static int responded, woken;

static void respond(struct request *rq)
{
    responded++;
}

static void wake(struct request *rq)
{
    woken++;
}

static const struct transport transport = {.respond = respond, .wake = wake};
static struct context ctx;
static struct peer peer;
static char dir[] = "/tmp/cubed-body-XXXXXX";

static int open_cache(void **state)
{
    char err[256];
    if (!mkdtemp(dir))
        return -1;
    struct cache_options o = {.dir = dir, .writer = true, .map_bytes = 16 << 20};
    ctx.cache = cache_open(&o, err, sizeof(err));
    if (!ctx.cache) {
        print_error("%s\n", err);
        return -1;
    }
    ctx.snapshots = snapshots_new(ctx.cache);
    ctx.loop = loop_new();
    ctx.area = area_new(1);
    return 0;
}

static int close_cache(void **state)
{
    char command[64];
    snapshots_free(ctx.snapshots);
    cache_close(ctx.cache);
    loop_free(ctx.loop);
    area_free(ctx.area);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

static struct request *make(const char *method)
{
    struct request *rq = request_new(&ctx, &transport, NULL, &peer);
    rq->method = str_of(method);
    responded = woken = ended = 0;
    return rq;
}

static void accept_encoding(struct request *rq, const char *value)
{
    rq->headers = arena_alloc(rq->arena, sizeof(*rq->headers));
    rq->headers[0] = (struct header){STR("accept-encoding"), str_of(value)};
    rq->nheaders = 1;
}

/* Reads to the end in pieces of `step`. Returns what body_read said last. */
static ssize_t read_all(struct request *rq, struct buf *out, size_t step)
{
    char piece[4096];
    ssize_t n;
    while ((n = body_read(rq, piece, step)) > 0)
        buf_put(out, piece, (size_t)n);
    return n;
}

static void bytes_come_as_they_are(void **state)
{
    for (size_t step = 1; step <= 16; step *= 4) {
        struct request *rq = make("GET");
        struct buf b = {0};
        response_bytes(rq, 200, "text/plain", STR("hello world"));
        assert_int_equal(responded, 1);
        body_begin(rq);
        assert_int_equal(rq->res.content_length, 11);
        assert_false(body_at_end(rq));
        assert_int_equal(read_all(rq, &b, step), -1);
        assert_true(str_eq(buf_view(&b), STR("hello world")));
        assert_true(body_at_end(rq));
        assert_int_equal(rq->res.bytes_sent, 11);
        buf_free(&b);
        request_free(rq);
        assert_int_equal(ended, 1);
    }
}

static void the_end_goes_with_the_last_byte(void **state)
{
    struct request *rq = make("GET");
    char piece[32];
    response_bytes(rq, 200, "text/plain", STR("hello"));
    assert_int_equal(body_read(rq, piece, sizeof(piece)), 5);
    assert_true(body_at_end(rq));
    assert_int_equal(body_read(rq, piece, sizeof(piece)), -1);
    request_free(rq);
}

static void head_has_the_length_and_no_body(void **state)
{
    struct request *rq = make("HEAD");
    char piece[32];
    response_bytes(rq, 200, "text/plain", STR("hello"));
    body_begin(rq);
    assert_int_equal(rq->res.content_length, 5);
    assert_true(body_at_end(rq));
    assert_int_equal(body_read(rq, piece, sizeof(piece)), -1);
    request_free(rq);
}

struct script {
    const char *steps; /* m push and MORE, n MORE without bytes, w WAIT, e push and END, x END, a ABORT */
    const char *chunk;
    size_t chunk_n;
    int at;
};

static enum body_result play(struct request *rq)
{
    struct script *s = rq->res.source;
    switch (s->steps[s->at++]) {
    case 'm':
        body_push(rq, s->chunk, s->chunk_n);
        return BODY_MORE;
    case 'n':
        return BODY_MORE;
    case 'w':
        return BODY_WAIT;
    case 'e':
        body_push(rq, s->chunk, s->chunk_n);
        return BODY_END;
    case 'a':
        return BODY_ABORT;
    default:
        return BODY_END;
    }
}

static void a_stream_waits_goes_on_and_ends(void **state)
{
    struct request *rq = make("GET");
    struct script s = {"mwnme", "abc", 3, 0};
    struct buf b = {0};
    response_stream(rq, 200, "text/plain", -1, play, &s);
    body_begin(rq);
    assert_int_equal(read_all(rq, &b, 64), 0);
    assert_true(str_eq(buf_view(&b), STR("abc")));
    assert_int_equal(read_all(rq, &b, 64), 0); /* not asked again before it said so */
    assert_int_equal(s.at, 2);
    request_wake(rq);
    assert_int_equal(woken, 1);
    assert_int_equal(read_all(rq, &b, 64), -1);
    assert_true(str_eq(buf_view(&b), STR("abcabcabc")));
    buf_free(&b);
    request_free(rq);
}

static void an_abort_is_seen_after_what_was_sent(void **state)
{
    struct request *rq = make("GET");
    struct script s = {"ma", "abc", 3, 0};
    struct buf b = {0};
    response_stream(rq, 200, "text/plain", -1, play, &s);
    assert_int_equal(read_all(rq, &b, 2), -2);
    assert_int_equal(b.n, 3);
    assert_false(body_at_end(rq));
    buf_free(&b);
    request_free(rq);
}

static char *noise(size_t n)
{
    char *p = malloc(n);
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        p[i] = "abcdefgh"[x >> 29];
    }
    return p;
}

static void check_gunzips_to(const struct buf *b, const char *want, size_t n)
{
    char *out = malloc(n + 1);
    z_stream z = {.next_in = (Bytef *)b->p,
                  .avail_in = (unsigned)b->n,
                  .next_out = (Bytef *)out,
                  .avail_out = (unsigned)n + 1};
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, n);
    assert_memory_equal(out, want, n);
    inflateEnd(&z);
    free(out);
}

static void large_answers_are_compressed_when_accepted(void **state)
{
    size_t n = 400000;
    char *p = noise(n);
    for (size_t step = 7; step <= 4096; step += 4089) {
        struct request *rq = make("GET");
        struct buf b = {0};
        accept_encoding(rq, "br, gzip");
        response_bytes(rq, 200, "application/json", (struct str){p, n});
        body_begin(rq);
        assert_true(rq->res.gzip);
        assert_int_equal(rq->res.content_length, -1);
        assert_int_equal(rq->res.nheaders, 2);
        assert_int_equal(read_all(rq, &b, step), -1);
        assert_true(body_at_end(rq));
        assert_in_range(b.n, 1000, n - 1000);
        check_gunzips_to(&b, p, n);
        buf_free(&b);
        request_free(rq);
    }
    free(p);
}

static void small_answers_streams_and_watches_are_not(void **state)
{
    size_t n = 128 << 10;
    char *p = noise(n);
    struct request *rq = make("GET");
    accept_encoding(rq, "gzip");
    response_bytes(rq, 200, "application/json", (struct str){p, n}); /* the threshold itself */
    body_begin(rq);
    assert_false(rq->res.gzip);
    request_free(rq);

    rq = make("GET");
    accept_encoding(rq, "identity");
    response_bytes(rq, 200, "application/json", (struct str){p, n});
    body_begin(rq);
    assert_false(rq->res.gzip);
    request_free(rq);

    rq = make("GET");
    accept_encoding(rq, "gzip");
    rq->long_running = true;
    struct script s = {"mmmmmmmmmmmmme", p, n, 0};
    response_stream(rq, 200, "application/json", -1, play, &s);
    body_begin(rq);
    assert_false(rq->res.gzip);
    assert_int_equal(s.at, 0);
    request_free(rq);
    free(p);
}

static void a_stream_is_looked_into_up_to_the_threshold(void **state)
{
    size_t n = 50000;
    char *p = noise(n);
    struct request *rq = make("GET");
    struct buf b = {0};
    accept_encoding(rq, "gzip");
    struct script large = {"mmmme", p, n, 0};
    response_stream(rq, 200, "application/json", -1, play, &large);
    body_begin(rq);
    assert_true(rq->res.gzip);
    assert_int_equal(large.at, 3);
    assert_int_equal(read_all(rq, &b, 4096), -1);
    char *want = malloc(5 * n);
    for (int i = 0; i < 5; i++)
        memcpy(want + (size_t)i * n, p, n);
    check_gunzips_to(&b, want, 5 * n);
    free(want);
    request_free(rq);

    rq = make("GET");
    buf_clear(&b);
    accept_encoding(rq, "gzip");
    struct script small = {"me", p, n, 0};
    response_stream(rq, 200, "application/json", -1, play, &small);
    body_begin(rq);
    assert_false(rq->res.gzip);
    assert_int_equal(rq->res.content_length, 2 * (int64_t)n); /* and so the length is known */
    assert_int_equal(read_all(rq, &b, 4096), -1);
    assert_int_equal(b.n, 2 * n);
    buf_free(&b);
    request_free(rq);
    free(p);
}

static void a_compressed_stream_that_breaks_is_broken(void **state)
{
    size_t n = 200000;
    char *p = noise(n);
    struct request *rq = make("GET");
    struct buf b = {0};
    accept_encoding(rq, "gzip");
    struct script s = {"mwa", p, n, 0};
    response_stream(rq, 200, "application/json", -1, play, &s);
    body_begin(rq);
    assert_true(rq->res.gzip);
    assert_int_equal(read_all(rq, &b, 4096), 0);
    request_wake(rq);
    assert_int_equal(read_all(rq, &b, 4096), -2);
    buf_free(&b);
    request_free(rq);
    free(p);
}

static struct request *with_views(const char *p, size_t n)
{
    struct request *rq = make("GET");
    struct segment seg[3] = {{"<", 1}, {p, n}, {">", 1}};
    struct snapshot *s = snapshot_ref(snapshot_get(ctx.snapshots));
    snapshot_unref(s);
    response_views(rq, 200, "application/json", s, seg, 3);
    snapshots_turn(ctx.snapshots);
    return rq;
}

static void check_rest(struct request *rq, const char *p, size_t n)
{
    struct buf b = {0};
    char first;
    assert_int_equal(body_read(rq, &first, 1), 1);
    assert_int_equal(first, '<');
    assert_int_equal(read_all(rq, &b, 4096), -1);
    assert_int_equal(b.n, n + 1);
    assert_memory_equal(b.p, p, n);
    buf_free(&b);
}

static void a_small_rest_does_not_hold_its_snapshot(void **state)
{
    char *p = noise(60000);
    struct request *rq = with_views(p, 60000);
    assert_non_null(rq->res.pin);
    body_settle(rq);
    assert_null(rq->res.pin);
    char *kept = noise(60000);
    memset(p, 0, 60000); /* the page is gone */
    check_rest(rq, kept, 60000);
    request_free(rq);
    free(p);
    free(kept);
}

static void a_large_rest_is_copied_out_when_asked(void **state)
{
    char *p = noise(300000);
    struct request *rq = with_views(p, 300000);
    uint64_t before = area_total(ctx.area, AREA_SNAPSHOT_COPYOUTS);
    body_settle(rq);
    body_settle(rq);
    assert_non_null(rq->res.pin);
    usleep(2000);
    assert_int_equal(snapshots_reclaim(ctx.snapshots, 0), 1);
    assert_null(rq->res.pin);
    assert_int_equal(area_total(ctx.area, AREA_SNAPSHOT_COPYOUTS), before + 1);
    char *kept = noise(300000);
    memset(p, 0, 300000);
    check_rest(rq, kept, 300000);
    request_free(rq);
    free(p);
    free(kept);
}

static void a_reader_that_goes_on_is_not_asked(void **state)
{
    char *p = noise(300000);
    struct request *rq = with_views(p, 300000);
    body_settle(rq);
    check_rest(rq, p, 300000);
    usleep(2000);
    assert_int_equal(snapshots_reclaim(ctx.snapshots, 0), 0);
    request_free(rq);
    rq = with_views(p, 300000);
    body_settle(rq);
    request_free(rq); /* gone in the middle */
    assert_int_equal(snapshots_reclaim(ctx.snapshots, 0), 0);
    assert_int_equal(snapshots_oldest_ms(ctx.snapshots), 0);
    free(p);
}

static void parameters_are_decoded(void **state)
{
    struct request *rq = make("GET");
    struct str v;
    rq->query = STR("labelSelector=app%3Dx%2Cy+z&watch=1&limit=&bad=%zz&half=%4&fieldManager=a&fieldManager="
                    "b&%77=k&x;y=1");
    assert_true(request_param(rq, "labelSelector", &v) && str_is(v, "app=x,y z"));
    assert_true(request_param(rq, "limit", &v) && v.n == 0);
    assert_true(request_param(rq, "fieldManager", &v) && str_is(v, "a"));
    assert_true(request_param(rq, "w", &v) && str_is(v, "k"));
    assert_false(request_param(rq, "bad", &v));
    assert_false(request_param(rq, "half", &v));
    assert_false(request_param(rq, "y", &v));
    assert_false(request_param(rq, "absent", &v));
    assert_true(request_param_bool(rq, "watch"));
    rq->query = STR("watch=False&a=0&b&c=yes");
    assert_false(request_param_bool(rq, "watch"));
    assert_false(request_param_bool(rq, "a"));
    assert_true(request_param_bool(rq, "b"));
    assert_true(request_param_bool(rq, "c"));
    assert_false(request_param_bool(rq, "d"));
    request_free(rq);
}

static void a_header_value_cannot_begin_another_header(void **state)
{
    struct request *rq = make("GET");
    response_header(rq, "Warning", "299 - \"a\r\nSet-Cookie: x\"");
    assert_true(str_is(rq->res.headers[0].value, "299 - \"a  Set-Cookie: x\""));
    request_free(rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_as_they_are),
        cmocka_unit_test(the_end_goes_with_the_last_byte),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(a_stream_waits_goes_on_and_ends),
        cmocka_unit_test(an_abort_is_seen_after_what_was_sent),
        cmocka_unit_test(large_answers_are_compressed_when_accepted),
        cmocka_unit_test(small_answers_streams_and_watches_are_not),
        cmocka_unit_test(a_stream_is_looked_into_up_to_the_threshold),
        cmocka_unit_test(a_compressed_stream_that_breaks_is_broken),
        cmocka_unit_test(a_small_rest_does_not_hold_its_snapshot),
        cmocka_unit_test(a_large_rest_is_copied_out_when_asked),
        cmocka_unit_test(a_reader_that_goes_on_is_not_asked),
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(a_header_value_cannot_begin_another_header),
    };
    return cmocka_run_group_tests(tests, open_cache, close_cache);
}
