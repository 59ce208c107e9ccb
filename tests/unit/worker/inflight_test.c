#include "plain_request.h"
#include "worker/flow/inflight.h"
#include "worker/request/stats.h"

/* Two workers of one server: they share the area's statistics and nothing else. */
struct pair {
    struct area area;
    struct options options;
    struct plain p[2];
};

static void pair_open(struct pair *s, int64_t read_only, int64_t mutating)
{
    s->area.consumers = 3; /* and the keeper */
    s->area.stats = calloc(3, AREA_STATS_BYTES);
    s->options.max_requests_inflight = read_only;
    s->options.max_mutating_requests_inflight = mutating;
    for (int i = 0; i < 2; i++) {
        struct context *c = &s->p[i].ctx;
        s->p[i].options = s->options;
        c->options = &s->p[i].options;
        c->area = &s->area;
        c->index = i;
        c->stats = stats_new(&s->area, i, 3);
        c->inflight = inflight_new(c);
    }
}

static void pair_close(struct pair *s)
{
    for (int i = 0; i < 2; i++) {
        inflight_free(s->p[i].ctx.inflight);
        stats_free(s->p[i].ctx.stats);
    }
    free(s->area.stats);
}

/* A request of this verb enters at worker i; NULL: it was refused. */
static struct request *enter(struct pair *s, int i, const char *verb, struct str group, bool long_running)
{
    struct plain *p = &s->p[i];
    plain_begin(p, "GET", "/x");
    struct request *rq = p->rq;
    rq->headers = NULL;
    rq->info.verb = str_of(verb);
    rq->user.groups = arena_alloc(rq->arena, sizeof(struct str));
    rq->user.groups[0] = group;
    rq->user.ngroups = 1;
    rq->long_running = long_running;
    if (inflight_stage(rq) == STAGE_NEXT)
        return rq;
    assert_int_equal(rq->res.code, 429);
    bool retry = false;
    for (int h = 0; h < rq->res.nheaders; h++)
        retry |= str_is(rq->res.headers[h].name, "Retry-After") && str_is(rq->res.headers[h].value, "1");
    assert_true(retry);
    request_free(rq);
    return NULL;
}

static void leave(struct request *rq)
{
    inflight_end(rq);
    inflight_end(rq); /* harmless */
    request_free(rq);
}

static void bounds_the_whole_server(void **state)
{
    struct pair s = {0};
    struct request *rq[8] = {0};
    struct str user = STR("users");
    pair_open(&s, 4, 1);
    for (int i = 0; i < 4; i++) /* one worker takes what the other leaves free */
        assert_non_null(rq[i] = enter(&s, 0, "get", user, false));
    assert_null(enter(&s, 0, "list", user, false));
    assert_int_equal(inflight_now(s.p[0].ctx.inflight, STATS_READ_ONLY), 4);
    assert_int_equal(stats_inflight_total(s.p[1].ctx.stats, STATS_READ_ONLY), 4);
    assert_non_null(rq[4] = enter(&s, 0, "watch", user, true));                 /* not counted */
    assert_non_null(rq[5] = enter(&s, 0, "get", STR("system:masters"), false)); /* never refused */
    assert_non_null(rq[6] = enter(&s, 1, "create", user, false));               /* the other class */
    assert_null(enter(&s, 0, "delete", user, false));
    for (int i = 0; i < 7; i++)
        leave(rq[i]);
    assert_int_equal(stats_inflight_total(s.p[0].ctx.stats, STATS_READ_ONLY), 0);
    assert_int_equal(stats_inflight_total(s.p[0].ctx.stats, STATS_MUTATING), 0);
    assert_non_null(rq[0] = enter(&s, 0, "get", user, false));
    leave(rq[0]);
    pair_close(&s);
}

static void zero_is_no_bound(void **state)
{
    struct pair s = {0};
    struct request *rq[64];
    pair_open(&s, 0, 0);
    for (int i = 0; i < 64; i++)
        assert_non_null(rq[i] = enter(&s, i & 1, i & 2 ? "get" : "create", STR("users"), false));
    for (int i = 0; i < 64; i++)
        leave(rq[i]);
    pair_close(&s);
}

/* A worker that died leaves its numbers; its successor keeps the counters and begins with nothing under way.
 */
static void successor_starts_empty(void **state)
{
    struct pair s = {0};
    struct buf out = {0};
    pair_open(&s, 4, 4);
    struct request *rq = enter(&s, 0, "get", STR("users"), false);
    struct stats_row *row = stats_row(s.p[0].ctx.stats, rq);
    stats_running(row, 1);
    stats_done(row, 200, 30 * 1000000, 1500);
    struct stats *next = stats_new(&s.area, 0, 3);
    assert_int_equal(stats_inflight_total(next, STATS_READ_ONLY), 0);
    stats_write(next, &out);
    buf_putc(&out, 0);
    assert_non_null(strstr(out.p, ",code=\"200\",system_client=\"\"} 1\n"));
    assert_non_null(strstr(out.p, "le=\"0.025\"} 0\n"));
    assert_non_null(strstr(out.p, "le=\"0.05\"} 1\n"));
    assert_null(strstr(out.p, "apiserver_longrunning_requests{"));
    buf_free(&out);
    stats_free(next);
    request_free(rq);
    pair_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_the_whole_server),
        cmocka_unit_test(zero_is_no_bound),
        cmocka_unit_test(successor_starts_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
