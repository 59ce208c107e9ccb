/* Watches and leases on real etcd servers: order, fragments, progress, compaction, somebody else's loop, and
 * members that are killed or stopped. */
#include "tests/unit/shm/etcd_watching.h"

#include <event2/event.h>
#include "shm/store/etcd/grpc.h"

static void test_watch(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0};
    struct seen s;
    put_key(c, "v/0", "before");
    struct etcd_watch *w = watch(c, &s, "v/", 0, false);
    assert_true(drive(c, &s.created, START_MS));
    int64_t one = put_key(c, "v/1", "a");
    put_key(c, "other", "a");
    put_key(c, "v/1", "b");
    assert_int_equal(write_key(c, &a, ETCD_DELETE, "v/1", STR_NONE, ETCD_EXPECT_ANY, 0), 0);
    drive_events(c, &s, 3);
    assert_int_equal(s.deletes, 1);
    assert_int_equal(s.with_prev, 2);
    assert_int_equal(s.last, a.revision);
    assert_int_equal(etcd_watch_revision(w), a.revision);
    etcd_watch_free(w);

    w = watch(c, &s, "v/", one + 1, false); /* the past */
    drive_events(c, &s, 2);
    etcd_watch_free(w);
    w = watch(c, &s, "v/", a.revision + 3, false); /* the future */
    put_key(c, "v/2", "a");
    put_key(c, "v/2", "b");
    int64_t third = put_key(c, "v/2", "c");
    drive_events(c, &s, 1);
    assert_int_equal(s.last, third);
    etcd_watch_free(w);
    drive_for(c, 20);
    assert_int_equal(etcd_client_outstanding(c), 0);
    answer_clear(&a);
}

static void on_txn(void *arg, const struct etcd_status *st, const struct etcd_txn_reply *r)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    a->done = r && r->succeeded;
}

/* 10,000 events by transactions of 100 keys, half of them before the watch, large enough for fragments. */
static void test_watch_many(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    enum { KEYS = 100, TXNS = 100 };
    struct etcd_op ops[KEYS];
    struct etcd_put puts[KEYS];
    char keys[KEYS][16];
    char *value = malloc(1000);
    struct seen s;
    struct etcd_watch *w = NULL;
    memset(value, 'x', 1000);
    for (int k = 0; k < KEYS; k++) {
        snprintf(keys[k], sizeof(keys[k]), "t/%03d", k);
        puts[k] = (struct etcd_put){.key = str_of(keys[k]), .value = {value, 1000}};
        ops[k] = (struct etcd_op){.put = &puts[k]};
    }
    int64_t start = put_key(c, "before", "") + 1;
    for (int i = 0; i < TXNS; i++) {
        struct etcd_txn t = {.success = {ops, KEYS}};
        struct answer a = {0};
        if (i == TXNS / 2)
            w = watch(c, &s, "t/", start, false);
        assert_int_equal(etcd_txn(c, &t, 0, on_txn, &a, NULL), 0);
        finish(c, &a);
        assert_true(a.done);
        answer_clear(&a);
    }
    drive_events(c, &s, KEYS * TXNS);
    assert_false(s.disorder || s.repeated);
    assert_int_equal(s.last, start + TXNS - 1);
    assert_int_equal(s.value_bytes, KEYS * TXNS * 1000);
    assert_int_equal(etcd_watch_revision(w), start + TXNS - 1);
    etcd_watch_free(w);
    free(value);
}

static void test_watch_progress(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct seen s;
    struct etcd_watch *w = watch(c, &s, "p/", 0, false);
    assert_int_equal(etcd_watch_request_progress(w), -ENOENT); /* does not stand yet */
    assert_true(drive(c, &s.created, START_MS));
    int64_t elsewhere = put_key(c, "elsewhere", "");
    assert_int_equal(etcd_watch_request_progress(w), 0);
    assert_true(drive(c, &s.progress, START_MS));
    assert_int_equal(s.progress_revision, elsewhere);
    assert_int_equal(s.in_order, etcd_watch_progress_in_order(w));
    assert_int_equal(etcd_watch_revision(w), s.in_order ? elsewhere : s.created_revision);
    for (int i = 0; i < 50; i++) { /* the upload is paused and continued each time */
        s.progress = 0;
        assert_int_equal(etcd_watch_request_progress(w), 0);
        assert_true(drive(c, &s.progress, START_MS));
    }
    etcd_watch_free(w);

    w = watch(c, &s, "p/", 0, true); /* etcd says it by itself, in order */
    assert_true(drive(c, &s.created, START_MS));
    elsewhere = put_key(c, "elsewhere", "");
    while (s.progress_revision < elsewhere) {
        s.progress = 0;
        assert_true(drive(c, &s.progress, START_MS));
    }
    assert_true(s.in_order);
    assert_int_equal(etcd_watch_revision(w), elsewhere);
    etcd_watch_free(w);
}

static void test_compaction(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0};
    struct seen s;
    int64_t old = put_key(c, "z/1", "a");
    put_key(c, "z/1", "b");
    int64_t now = put_key(c, "z/1", "c");
    assert_int_equal(etcd_compact(c, now, 0, on_compact, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, 0);
    answer_clear(&a);
    assert_int_equal(etcd_compact(c, now, 0, on_compact, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, -ESTALE);
    struct etcd_range r = {.key = STR("z/1"), .revision = old};
    assert_int_equal(read_range(c, &a, &r), -ESTALE);
    assert_int_equal(a.st.code, GRPC_OUT_OF_RANGE);

    struct etcd_watch *w = watch(c, &s, "z/", old, false);
    assert_true(drive(c, &s.ended, START_MS));
    assert_int_equal(s.st.error, -ESTALE);
    assert_int_equal(s.st.compact_revision, now);
    s.ended = 0;
    assert_int_equal(etcd_watch_restart(w, now), 0);
    drive_events(c, &s, 1);
    etcd_watch_free(w);
    answer_clear(&a);
}

static void test_lease(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0}, b = {0};
    struct seen s;
    assert_int_equal(etcd_lease_grant(c, 0, 2, 0, on_lease, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, 0);
    int64_t id = a.id;
    assert_true(id != 0 && a.ttl_s >= 2);
    struct etcd_watch *w = watch(c, &s, "l/", 0, false);
    assert_true(drive(c, &s.created, START_MS));
    assert_int_equal(write_key(c, &b, ETCD_PUT, "l/1", STR("v"), ETCD_EXPECT_ABSENT, id), 0);
    assert_true(b.done);
    answer_clear(&a);
    assert_int_equal(etcd_lease_keep(c, id, 0, on_lease, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, 0);
    assert_int_equal(a.id, id);
    assert_true(a.ttl_s > 0);
    drive_events(c, &s, 2); /* it expires */
    assert_int_equal(s.deletes, 1);
    answer_clear(&a);
    assert_int_equal(etcd_lease_keep(c, id, 0, on_lease, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, -ENOENT);
    assert_int_equal(write_key(c, &b, ETCD_PUT, "l/1", STR("v"), ETCD_EXPECT_ABSENT, id), -ENOENT);

    answer_clear(&a);
    assert_int_equal(etcd_lease_grant(c, 4711, 60, 0, on_lease, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.id, 4711);
    answer_clear(&a);
    assert_int_equal(etcd_lease_grant(c, 4711, 60, 0, on_lease, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, -EEXIST);
    assert_int_equal(write_key(c, &b, ETCD_PUT, "l/2", STR("v"), ETCD_EXPECT_ABSENT, 4711), 0);
    answer_clear(&a);
    assert_int_equal(etcd_lease_revoke(c, 4711, 0, on_lease, &a, NULL), 0);
    finish(c, &a);
    assert_int_equal(a.st.error, 0);
    drive_events(c, &s, 4);
    etcd_watch_free(w);
    answer_clear(&b);
}

/* ---- driven by somebody else's loop ---- */

struct hosted {
    struct event_base *base;
    struct etcd_client *client;
    struct event *fd[64], *timer;
};

static void fd_ready(evutil_socket_t fd, short what, void *arg)
{
    struct hosted *h = arg;
    etcd_client_ready(h->client, fd, (what & EV_READ ? ETCD_IN : 0) | (what & EV_WRITE ? ETCD_OUT : 0));
}

static void time_came(evutil_socket_t fd, short what, void *arg)
{
    etcd_client_timeout(((struct hosted *)arg)->client);
}

static void host_socket(void *arg, int fd, int what)
{
    struct hosted *h = arg;
    assert_in_range(fd, 0, 63);
    if (h->fd[fd])
        event_free(h->fd[fd]);
    h->fd[fd] = NULL;
    if (!what)
        return;
    short events = EV_PERSIST | (what & ETCD_IN ? EV_READ : 0) | (what & ETCD_OUT ? EV_WRITE : 0);
    h->fd[fd] = event_new(h->base, fd, events, fd_ready, h);
    event_add(h->fd[fd], NULL);
}

static void host_timer(void *arg, int64_t after_ms)
{
    struct hosted *h = arg;
    struct timeval t = {after_ms / 1000, after_ms % 1000 * 1000};
    if (after_ms < 0)
        event_del(h->timer);
    else
        event_add(h->timer, &t);
}

static void host_until(struct hosted *h, const int *n)
{
    for (int64_t end = clock_ms() + START_MS; *n == 0 && clock_ms() < end;)
        event_base_loop(h->base, EVLOOP_ONCE);
    assert_true(*n > 0);
}

static void test_hosted(void **state)
{
    struct world *w = *state;
    struct hosted h = {.base = event_base_new()};
    struct etcd_host host = {&h, host_socket, host_timer};
    struct etcd_options o = {.host = &host};
    h.timer = event_new(h.base, -1, 0, time_came, &h);
    h.client = client_open(&w->servers, &o);
    struct seen s;
    struct etcd_watch *watching = watch(h.client, &s, "h/", 0, false);
    host_until(&h, &s.created);
    for (int i = 0; i < 20; i++) {
        struct answer a = {0};
        struct etcd_write put = {
            .verb = ETCD_PUT, .key = STR("h/1"), .value = STR("v"), .expect = ETCD_EXPECT_ANY};
        s.batches = s.progress = 0;
        assert_int_equal(etcd_write(h.client, &put, 0, on_write, &a, NULL), 0);
        host_until(&h, &a.n);
        assert_true(a.done);
        host_until(&h, &s.batches);
        assert_int_equal(s.last, a.revision);
        assert_int_equal(etcd_watch_request_progress(watching), 0);
        host_until(&h, &s.progress);
        answer_clear(&a);
    }
    etcd_watch_free(watching);
    etcd_client_free(h.client);
    for (int i = 0; i < 64; i++)
        assert_null(h.fd[i]);
    event_free(h.timer);
    event_base_free(h.base);
}

/* ---- three members ---- */

/* Writes until one succeeds; counts those that left it open. Returns its revision. */
static int64_t write_through(struct etcd_client *c, const char *key, const char *value, int *open)
{
    struct answer a = {0};
    int64_t end = clock_ms() + START_MS, revision;
    int rc;
    while ((rc = write_key(c, &a, ETCD_PUT, key, str_of(value), ETCD_EXPECT_ANY, 0)) != 0 &&
           clock_ms() < end) {
        assert_true(rc == -EAGAIN || rc == -ETIMEDOUT);
        *open += rc == -ETIMEDOUT;
    }
    assert_int_equal(rc, 0);
    revision = a.revision;
    answer_clear(&a);
    return revision;
}

static void resume_while(struct etcd_client *c, struct etcd_watch *w, struct seen *s, int64_t revision)
{
    int64_t end = clock_ms() + START_MS;
    while (s->last < revision && clock_ms() < end) {
        etcd_client_wait(c, NULL, 0, 100);
        if (!s->ended)
            continue;
        assert_true(s->st.error == -EAGAIN || s->st.error == -ETIMEDOUT);
        s->ended = 0;
        assert_int_equal(etcd_watch_resume(w), 0);
    }
    assert_int_equal(s->last, revision);
}

/* A member is killed, then another one stopped, each time with the watch on it or not: writes and the watch
 * go on elsewhere, no event is lost or doubled. */
static void drive_until_up(struct etcd_client *c, int members)
{
    for (int64_t end = clock_ms() + START_MS; etcd_client_members_up(c) != members && clock_ms() < end;)
        drive_for(c, 50);
    assert_int_equal(etcd_client_members_up(c), members);
}

static void test_failover(void **state)
{
    struct servers s;
    struct seen seen;
    int open = 0;
    servers_start(&s, 3, false, NULL);
    struct etcd_options o = {.suspect_ms = 400, .probe_ms = 400, .health_ms = 600, .dial_ms = 1000};
    struct etcd_client *c = client_open(&s, &o);
    client_ready(c);
    struct etcd_watch *w = watch(c, &seen, "f/", 0, false);
    assert_true(drive(c, &seen.created, START_MS));
    int64_t r = 0;
    char key[16];
    int n = 0;
    for (; n < 9; n++) {
        snprintf(key, sizeof(key), "f/%d", n);
        r = write_through(c, key, "v", &open);
    }
    assert_int_equal(open, 0);
    resume_while(c, w, &seen, r);

    server_kill(&s, 0);
    for (; n < 18; n++) {
        snprintf(key, sizeof(key), "f/%d", n);
        r = write_through(c, key, "v", &open);
    }
    resume_while(c, w, &seen, r);
    /* an election may have made another one look down for a moment */
    drive_until_up(c, 2);
    server_start(&s, 0);
    drive_until_up(c, 3);

    open = 0;
    kill(s.pid[1], SIGSTOP);
    for (; n < 27; n++) {
        snprintf(key, sizeof(key), "f/%d", n);
        r = write_through(c, key, "v", &open);
    }
    assert_in_range(open, 0, 5); /* a stopped leader costs an election */
    resume_while(c, w, &seen, r);
    assert_int_equal(etcd_client_members_up(c), 2);
    struct answer a = {0};
    struct etcd_range range = {.key = STR("f/"), .end = STR("f0"), .count_only = true};
    assert_int_equal(read_range(c, &a, &range), 0);
    assert_int_equal(a.count, 27);
    kill(s.pid[1], SIGCONT);
    for (int64_t end = clock_ms() + START_MS; etcd_client_members_up(c) < 3 && clock_ms() < end;)
        drive_for(c, 50);
    assert_int_equal(etcd_client_members_up(c), 3);
    assert_true(seen.events >= 27 && !seen.disorder && !seen.repeated);
    etcd_watch_free(w);
    etcd_client_free(c);
    servers_stop(&s);
    answer_clear(&a);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest one[] = {
        cmocka_unit_test(test_watch),          cmocka_unit_test(test_watch_many),
        cmocka_unit_test(test_watch_progress), cmocka_unit_test(test_compaction),
        cmocka_unit_test(test_lease),          cmocka_unit_test(test_hosted),
    };
    const struct CMUnitTest three[] = {cmocka_unit_test(test_failover)};
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    int failed = cmocka_run_group_tests(one, start_one, stop_one);
    return failed + cmocka_run_group_tests(three, NULL, NULL);
}
