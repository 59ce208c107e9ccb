/* Watches: every event once and in order, whatever the reader does; nobody else pays for it. */
#include "tests/unit/worker/rig.h"

#include "worker/watch/cursor.h"

static int setup(void **state)
{
    *state = rig_new(64u << 20);
    return 0;
}

static int setup_small(void **state)
{
    *state = rig_new(1u << 20);
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static struct client *watch_maps(struct rig *r, const char *ns, const char *query)
{
    return rig_request(r, "watch", "v1/configmaps", ns, "", query, NULL);
}

/* "ADDED c0@7" of the frames so far; every frame is checked to be one JSON object on one line. */
static void events(struct client *c, char *out, size_t n)
{
    struct str rest = buf_view(&c->got), line;
    size_t at = 0;
    out[0] = 0;
    while (str_next(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        json_error_t err;
        json_t *e = json_loadb(line.p, line.n, 0, &err);
        if (!e)
            fail_msg("%s in %.*s", err.text, STR_ARG(line));
        const json_t *meta = json_object_get(json_object_get(e, "object"), "metadata");
        const char *name = json_string_value(json_object_get(meta, "name"));
        const char *rv = json_string_value(json_object_get(meta, "resourceVersion"));
        at +=
            (size_t)snprintf(out + at, n - at, "%s%s %s@%s", at ? ", " : "",
                             json_string_value(json_object_get(e, "type")), name ? name : "-", rv ? rv : "-");
        json_decref(e);
    }
}

static void assert_events(struct rig *r, struct client *c, const char *fmt, ...)
{
    char want[2048], got[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(want, sizeof(want), fmt, ap);
    va_end(ap);
    client_drain(r, c);
    events(c, got, sizeof(got));
    assert_string_equal(got, want);
}

#define LL(v) ((long long)(v))

static void state_then_changes(void **state)
{
    struct rig *r = *state;
    int64_t a = rig_put_map(r, "ns", "a", "x", "1"), b = rig_put_map(r, "ns", "b", "x", "1");
    struct client *c = watch_maps(r, "ns", "");
    assert_events(r, c, "ADDED a@%lld, ADDED b@%lld", LL(a), LL(b));
    int64_t b2 = rig_put_map(r, "ns", "b", "x", "2");
    rig_put_map(r, "other", "z", "x", "1");
    int64_t d = rig_delete(r, "", "configmaps", "ns", "a");
    assert_events(r, c, "ADDED a@%lld, ADDED b@%lld, MODIFIED b@%lld, DELETED a@%lld", LL(a), LL(b), LL(b2),
                  LL(d));
    rig_turn(r);
    usleep(5000);
    assert_int_equal(snapshots_oldest_ms(r->ctx.snapshots), 0); /* an idle watch pins nothing */
    client_free(c);
    assert_int_equal(dispatch_watches(r->ctx.dispatch), 0);
}

static void from_a_revision(void **state)
{
    struct rig *r = *state;
    char query[64];
    int64_t a = rig_put_map(r, "ns", "a", "x", "1"), b = rig_put_map(r, "ns", "b", "x", "1");
    rig_turn(r);
    snprintf(query, sizeof(query), "resourceVersion=%lld", LL(a));
    struct client *c = watch_maps(r, "", query);
    assert_events(r, c, "ADDED b@%lld", LL(b));
    int64_t b2 = rig_put_map(r, "ns", "b", "x", "2");
    assert_events(r, c, "ADDED b@%lld, MODIFIED b@%lld", LL(b), LL(b2));
    client_free(c);
    /* the future waits, and what lies before it is not told */
    snprintf(query, sizeof(query), "resourceVersion=%lld", LL(b2 + 1));
    c = watch_maps(r, "ns", query);
    assert_events(r, c, "%s", "");
    rig_put_map(r, "ns", "b", "x", "3");
    int64_t b4 = rig_put_map(r, "ns", "b", "x", "4");
    assert_events(r, c, "MODIFIED b@%lld", LL(b4));
    client_free(c);
}

static void enters_and_leaves(void **state)
{
    struct rig *r = *state;
    struct client *c = watch_maps(r, "ns", "labelSelector=l%3Din"),
                  *f = watch_maps(r, "ns", "fieldSelector=metadata.name!%3Da");
    client_drain(r, c);
    client_drain(r, f);
    rig_put_map(r, "ns", "a", "out", "1");
    int64_t in = rig_put_map(r, "ns", "a", "in", "2"), in2 = rig_put_map(r, "ns", "a", "in", "3");
    int64_t left = rig_put_map(r, "ns", "a", "out", "4");
    rig_delete(r, "", "configmaps", "ns", "a");
    assert_events(r, c, "ADDED a@%lld, MODIFIED a@%lld, DELETED a@%lld", LL(in), LL(in2), LL(left));
    assert_null(strstr(client_text(c), "\"k\":\"4\"")); /* told as it was */
    assert_events(r, f, "%s", "");
    client_free(c);
    client_free(f);
}

static void names_and_namespaces(void **state)
{
    struct rig *r = *state;
    struct client *one = watch_maps(r, "ns", "fieldSelector=metadata.name%3Db"),
                  *any = watch_maps(r, "", "fieldSelector=metadata.name%3Db"),
                  *by_ns = watch_maps(r, "", "fieldSelector=metadata.namespace%3Dother"),
                  *path = rig_request(r, "watch", "v1/configmaps", "ns", "b", "", NULL);
    struct client *all[] = {one, any, by_ns, path};
    for (int i = 0; i < 4; i++)
        client_drain(r, all[i]);
    rig_put_map(r, "ns", "a", "x", "1");
    int64_t b = rig_put_map(r, "ns", "b", "x", "1"), o = rig_put_map(r, "other", "b", "x", "1");
    int64_t p = rig_put_map(r, "other", "q", "x", "1");
    assert_events(r, one, "ADDED b@%lld", LL(b));
    assert_events(r, path, "ADDED b@%lld", LL(b));
    assert_events(r, any, "ADDED b@%lld, ADDED b@%lld", LL(b), LL(o));
    assert_events(r, by_ns, "ADDED b@%lld, ADDED q@%lld", LL(o), LL(p));
    for (int i = 0; i < 4; i++)
        client_free(all[i]);
}

static void pods_of_a_node(void **state)
{
    struct rig *r = *state;
    struct client *n1 = rig_request(r, "watch", "v1/pods", "", "", "fieldSelector=spec.nodeName%3Dn1", NULL),
                  *n2 = rig_request(r, "watch", "v1/pods", "", "", "fieldSelector=spec.nodeName%3Dn2", NULL),
                  *none = rig_request(r, "watch", "v1/pods", "", "", "fieldSelector=spec.nodeName%3D", NULL);
    client_drain(r, n1), client_drain(r, n2), client_drain(r, none);
    int64_t p0 = rig_put_pod(r, "ns", "p", ""), p1 = rig_put_pod(r, "ns", "p", "n1");
    rig_turn(r);
    assert_false(n2->woken); /* not its node: not even looked at */
    int64_t p2 = rig_put_pod(r, "ns", "p", "n2"), d = rig_delete(r, "", "pods", "ns", "p");
    assert_events(r, n1, "ADDED p@%lld, DELETED p@%lld", LL(p1), LL(p2));
    assert_events(r, n2, "ADDED p@%lld, DELETED p@%lld", LL(p2), LL(d));
    assert_events(r, none, "ADDED p@%lld, DELETED p@%lld", LL(p0), LL(p1));
    client_free(n1), client_free(n2), client_free(none);
}

static void expired(void **state)
{
    struct rig *r = *state;
    char value[60000];
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    int64_t a = rig_put_map(r, "ns", "a", "x", "1");
    struct client *slow = watch_maps(r, "ns", "");
    client_drain(r, slow);
    usleep(5000);
    for (int i = 0; i < 100; i++)
        rig_put_map(r, "ns", "a", "x", value);
    rig_turn(r);
    char query[64];
    snprintf(query, sizeof(query), "resourceVersion=%lld", LL(a));
    struct client *c = watch_maps(r, "ns", query);
    client_drain(r, c);
    assert_int_equal(c->rq->res.code, 200);
    assert_true(c->ended && !c->aborted);
    assert_ptr_equal(
        strstr(client_text(c), "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\""),
        c->got.p);
    assert_non_null(strstr(client_text(c), "\"reason\":\"Expired\",\"code\":410"));
    assert_non_null(strstr(client_text(c), "too old resource version: "));
    client_free(c);
    client_drain(r, slow); /* it read nothing while its events left the window */
    assert_true(slow->ended);
    assert_non_null(strstr(client_text(slow), "\"code\":410"));
    client_free(slow);
}

static void initial_events_end(void **state)
{
    struct rig *r = *state;
    int64_t a = rig_put_map(r, "ns", "a", "x", "1");
    struct client *c = watch_maps(
        r, "ns", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    assert_events(r, c, "ADDED a@%lld, BOOKMARK -@%lld", LL(a), LL(a));
    assert_non_null(strstr(client_text(c), "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}"));
    assert_non_null(strstr(
        client_text(c),
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{"));
    client_free(c);
    c = watch_maps(r, "ns",
                   "sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    assert_events(r, c, "%s", "");
    client_free(c);
    c = watch_maps(r, "ns", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    assert_events(r, c, "ADDED a@%lld", LL(a));
    client_free(c);
}

static void bookmarks_and_end(void **state)
{
    struct rig *r = *state;
    int64_t a = rig_put_map(r, "ns", "a", "x", "1");
    char query[128];
    snprintf(query, sizeof(query), "resourceVersion=%lld&allowWatchBookmarks=true&timeoutSeconds=100", LL(a));
    rig_turn(r);
    struct client *c = watch_maps(r, "ns", query);
    struct watch *w = c->rq->res.source;
    int64_t now = clock_ms(), b = rig_put_map(r, "other", "b", "x", "1");
    assert_events(r, c, "%s", "");
    int64_t next = watch_tick(w, now + 1);
    assert_in_range(next, now + 50000, now + 70000);
    assert_false(c->woken);
    next = watch_tick(w, next);
    assert_true(c->woken);
    assert_events(r, c, "BOOKMARK -@%lld", LL(b));
    assert_in_range(next, now + 97000, now + 98500); /* two seconds before the end */
    next = watch_tick(w, next);
    assert_in_range(next, now + 99000, now + 101000);
    watch_tick(w, next);
    client_drain(r, c);
    assert_true(c->ended && !c->aborted);
    client_free(c);
    c = watch_maps(r, "ns", "");
    w = c->rq->res.source;
    assert_in_range(w->end_ms, now + 1800 * 1000, now + 3601 * 1000);
    client_free(c);
}

static void times_out_by_itself(void **state)
{
    struct rig *r = *state;
    struct client *c = watch_maps(r, "ns", "timeoutSeconds=1");
    client_drain(r, c);
    for (int i = 0; i < 30 && !c->ended; i++) {
        usleep(100000);
        event_base_loop(loop_base(r->ctx.loop), EVLOOP_NONBLOCK);
        client_drain(r, c);
    }
    assert_true(c->ended && !c->aborted);
    client_free(c);
}

static void refused(void **state)
{
    static const struct {
        const char *query;
        int code;
        const char *text;
    } bad[] = {
        {"resourceVersion=abc", 500,
         "resourceVersion: Invalid value: \\\"abc\\\": strconv.ParseUint: parsing \\\"abc\\\": invalid "
         "syntax"},
        {"sendInitialEvents=true", 422,
         "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"},
        {"sendInitialEvents=true&resourceVersionMatch=Exact", 422,
         "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
         "NotOlderThan, "
         "resourceVersionMatch: Unsupported value: \\\"Exact\\\": supported values: \\\"NotOlderThan\\\"]"},
        {"resourceVersionMatch=NotOlderThan", 422,
         "is forbidden for watch unless sendInitialEvents is provided"},
        {"timeoutSeconds=abc", 400, "strconv.ParseInt"},
        {"fieldSelector=data.k%3Dv", 400, "is not a known field selector"},
    };
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct client *c = watch_maps(r, "ns", bad[i].query);
        client_drain(r, c);
        assert_int_equal(c->rq->res.code, bad[i].code);
        if (!strstr(client_text(c), bad[i].text))
            fail_msg("%s", client_text(c));
        client_free(c);
    }
}

/* Counts frames and checks that revisions rise. */
static int count_rising(struct client *c)
{
    struct str rest = buf_view(&c->got), line;
    int64_t last = 0;
    int n = 0;
    while (str_next(&rest, '\n', &line)) {
        const char *at = line.n ? memmem(line.p, line.n, "\"resourceVersion\":\"", 19) : NULL;
        if (!at)
            continue;
        int64_t rv = strtoll(at + 19, NULL, 10);
        assert_true(rv > last);
        last = rv;
        n++;
    }
    return n;
}

/* One reader stops, another goes on; the first gets all of it later. Then the same with little room at a
 * time. */
static void stopped_reader(void **state)
{
    struct rig *r = *state;
    struct client *slow = watch_maps(r, "ns", ""), *quick = watch_maps(r, "ns", "");
    client_drain(r, slow);
    client_drain(r, quick);
    char name[16], value[2000];
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "m%d", i % 50);
        rig_put_map(r, i % 5 ? "ns" : "other", name, "x", value);
        if (i % 10 == 0) {
            client_drain(r, quick);
            if (i == 100)
                client_read(slow, 1000); /* stops in the middle of a frame */
        }
    }
    client_drain(r, quick);
    assert_int_equal(count_rising(quick), 4000);
    struct watch *w = slow->rq->res.source;
    assert_true(w->behind);
    assert_true(arena_bytes(slow->rq->arena) + w->built.cap + (size_t)w->pending_cap * 8 < 200000);
    snapshots_reclaim(r->ctx.snapshots, 0);
    rig_turn(r);
    assert_int_equal(snapshots_oldest_ms(r->ctx.snapshots), 0);
    for (int i = 0; i < 100000 && slow->got.n < quick->got.n; i++) {
        client_read(slow, 5000);
        rig_turn(r);
    }
    assert_int_equal(slow->got.n, quick->got.n);
    assert_memory_equal(slow->got.p, quick->got.p, slow->got.n);
    /* both are current again */
    rig_put_map(r, "ns", "last", "x", "1");
    client_drain(r, slow);
    client_drain(r, quick);
    assert_int_equal(count_rising(slow), 4001);
    assert_false(w->behind);
    client_free(slow);
    client_free(quick);
}

/* Changes while the initial state is still being read. */
static void changes_meet_the_state(void **state)
{
    struct rig *r = *state;
    char name[16], value[3000];
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "m%02d", i);
        rig_put_map(r, "ns", name, "x", value);
    }
    struct client *c = watch_maps(r, "ns", "allowWatchBookmarks=true");
    client_read(c, 20000);
    for (int i = 0; i < 100; i += 2) {
        snprintf(name, sizeof(name), "m%02d", i);
        rig_put_map(r, "ns", name, "x", "new");
        rig_turn(r);
    }
    usleep(3000);
    snapshots_reclaim(r->ctx.snapshots, 1);
    client_drain(r, c);
    char *got = malloc(65536);
    events(c, got, 65536);
    int added = 0, modified = 0, marks = 0;
    for (const char *p = got; p; p = strstr(p, ", ") ? strstr(p, ", ") + 2 : NULL) {
        added += p[0] == 'A';
        marks += p[0] == 'B';
        modified += p[0] == 'M';
    }
    assert_int_equal(added, 100);
    assert_int_equal(marks, 1);
    assert_int_equal(modified, 50);
    assert_true(strstr(got, "BOOKMARK") < strstr(got, "MODIFIED"));
    free(got);
    client_free(c);
}

/* The writer was replaced: slots are worth nothing, the log is read, once. */
static void new_epoch(void **state)
{
    struct rig *r = *state;
    struct client *c = watch_maps(r, "ns", ""),
                  *pod = rig_request(r, "watch", "v1/pods", "", "", "fieldSelector=spec.nodeName%3Dn1", NULL);
    client_drain(r, c);
    client_drain(r, pod);
    int64_t a = rig_put_map(r, "ns", "a", "x", "1"), p = rig_put_pod(r, "ns", "p", "n1");
    commit_close(r->commit);
    char err[256];
    struct commit_options o = {.window_bytes = 64u << 20, .window_ms = 300000, .batch_max = 64};
    r->commit = commit_open(r->area, r->cache, &o, err, sizeof(err));
    assert_non_null(r->commit);
    int64_t a2 = rig_put_map(r, "ns", "a", "x", "2"), p2 = rig_put_pod(r, "ns", "p", "n2");
    assert_events(r, c, "ADDED a@%lld, MODIFIED a@%lld", LL(a), LL(a2));
    assert_events(r, pod, "ADDED p@%lld, DELETED p@%lld", LL(p), LL(p2));
    int64_t d = rig_delete(r, "", "configmaps", "ns", "a");
    assert_events(r, c, "ADDED a@%lld, MODIFIED a@%lld, DELETED a@%lld", LL(a), LL(a2), LL(d));
    client_free(c);
    client_free(pod);
}

static void drains(void **state)
{
    struct rig *r = *state;
    struct client *c[3];
    for (int i = 0; i < 3; i++)
        client_drain(r, c[i] = watch_maps(r, i ? "ns" : "", ""));
    assert_int_equal(dispatch_watches(r->ctx.dispatch), 3);
    dispatch_end_all(r->ctx.dispatch);
    for (int i = 0; i < 3; i++) {
        client_drain(r, c[i]);
        assert_true(c[i]->ended && !c[i]->aborted);
        client_free(c[i]);
    }
}

/* An event costs the same beside 10 and beside 20,000 watches of other nodes. */
static int64_t event_cost_ns(struct rig *r, struct client *c)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 30; i++) {
        rig_put_pod(r, "ns", "p", i % 2 ? "n0" : "elsewhere");
        int64_t t = clock_ns();
        dispatch_poll(r->ctx.dispatch);
        client_read(c, SIZE_MAX);
        t = clock_ns() - t;
        best = t < best ? t : best;
        rig_turn(r);
    }
    return best;
}

static void many_nodes(void **state)
{
    enum { MANY = 20000 };
    struct rig *r = *state;
    struct client **c = calloc(MANY, sizeof(struct client *));
    char query[64];
    int64_t few = 0;
    for (int i = 0; i < MANY; i++) {
        snprintf(query, sizeof(query), "resourceVersion=1&fieldSelector=spec.nodeName%%3Dn%d", i);
        c[i] = rig_request(r, "watch", "v1/pods", "", "", query, NULL);
        client_read(c[i], SIZE_MAX);
        if (i == 9)
            few = event_cost_ns(r, c[0]);
    }
    for (int i = 1; i < MANY; i++)
        client_read(c[i], SIZE_MAX);
    int64_t many = event_cost_ns(r, c[0]);
    for (int i = 10; i < MANY; i++)
        assert_false(c[i]->woken);
    if (many > few * 4 + 20000)
        fail_msg("%lld ns beside 10 watches, %lld ns beside %d", LL(few), LL(many), MANY);
    assert_true(arena_bytes(c[MANY - 1]->rq->arena) < 12 * 1024);
    for (int i = 0; i < MANY; i++)
        client_free(c[i]);
    free(c);
}

int main(void)
{
#define WITH_RIG(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_RIG(state_then_changes),  WITH_RIG(from_a_revision),
        WITH_RIG(enters_and_leaves),   WITH_RIG(names_and_namespaces),
        WITH_RIG(pods_of_a_node),      cmocka_unit_test_setup_teardown(expired, setup_small, teardown),
        WITH_RIG(initial_events_end),  WITH_RIG(bookmarks_and_end),
        WITH_RIG(times_out_by_itself), WITH_RIG(refused),
        WITH_RIG(stopped_reader),      WITH_RIG(changes_meet_the_state),
        WITH_RIG(new_epoch),           WITH_RIG(drains),
        WITH_RIG(many_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
