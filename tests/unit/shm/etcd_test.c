/* The etcd client against real etcd servers: writes and conflicts, pages, watches, leases, limits, TLS, and
 * members that are killed or stopped. */
#include "tests/unit/shm/etcd_server.h"

#include <event2/event.h>
#include "shm/store/etcd/endpoints.h"
#include "shm/store/etcd/grpc.h"

struct world {
    struct servers servers;
    struct etcd_client *client;
};

/* ---- without a server ---- */

static void test_endpoints(void **state)
{
    struct endpoints e;
    char err[256];
    assert_int_equal(endpoints_parse(&e, "http://a:1, https://[::1],http://b/", err, sizeof(err)), 0);
    assert_int_equal(e.n, 3);
    assert_string_equal(e.at[1].url, "https://[::1]:2379");
    assert_true(e.at[1].tls);
    assert_string_equal(e.at[2].url, "http://b:2379");
    const char *const bad[] = {"", "a:1", "ftp://a", "http://", "http://a b", "http://a/path", "http://a@b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct endpoints none;
        assert_int_equal(endpoints_parse(&none, bad[i], err, sizeof(err)), -EINVAL);
    }
    assert_int_equal(endpoints_pick(&e, 0), 0);
    assert_int_equal(endpoints_pick(&e, 0), 1);
    assert_true(endpoints_failed(&e, 2, 1000, 0));
    assert_false(endpoints_failed(&e, 2, 1000, 0));
    assert_int_equal(e.at[2].look_ms, 1000 + 2 * ENDPOINT_BACKOFF_MIN_MS);
    assert_int_equal(endpoints_pick(&e, 0), 0);
    assert_int_equal(endpoints_pick(&e, 1u << 0 | 1u << 1), 2);
    assert_int_equal(endpoints_pick(&e, 7), -1);
    for (int i = 0; i < 100; i++)
        endpoints_failed(&e, 2, 0, 0xffffffffu);
    assert_true(e.at[2].look_ms <= ENDPOINT_BACKOFF_MAX_MS * 5 / 4);
    assert_true(endpoints_answered(&e, 2, 0));
    assert_int_equal(endpoints_up(&e), 3);
}

static void test_versions(void **state)
{
    static const struct {
        const char *text;
        bool in_order;
    } rows[] = {{"3.4.23", false},    {"3.4.31", true}, {"3.5.12", false}, {"3.5.13", true},
                {"3.6.0-rc.1", true}, {"", false},      {"3.x", false},    {"999999.1.1", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(endpoint_progress_in_order(endpoint_version(rows[i].text, strlen(rows[i].text))),
                         rows[i].in_order);
}

static void test_grpc(void **state)
{
    struct grpc_head h;
    grpc_head_init(&h);
    static const char *const lines[] = {"HTTP/2 200 \r\n", "content-type: application/grpc\r\n", "\r\n",
                                        "Grpc-Status: 8\r\n", "grpc-message: a%20b%0ac%zz\r\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        grpc_head_line(&h, str_of(lines[i]));
    assert_int_equal(grpc_head_code(&h), GRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(h.text, "a b c%zz");
    grpc_head_init(&h);
    grpc_head_line(&h, STR("HTTP/2 503"));
    assert_int_equal(grpc_head_code(&h), GRPC_UNAVAILABLE);
    grpc_head_init(&h);
    grpc_head_line(&h, STR("HTTP/1.1 200 OK"));
    grpc_head_line(&h, STR("grpc-status: 0"));
    assert_int_equal(grpc_head_code(&h), GRPC_INTERNAL);

    static const char timed_out[] = "etcdserver: request timed out";
    assert_int_equal(grpc_errno(GRPC_UNAVAILABLE, timed_out, true), -ETIMEDOUT);
    assert_int_equal(grpc_errno(GRPC_UNAVAILABLE, timed_out, false), -EAGAIN);
    assert_int_equal(grpc_errno(GRPC_UNAVAILABLE, "etcdserver: no leader", true), -EAGAIN);
    assert_int_equal(
        grpc_errno(GRPC_OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted", false),
        -ESTALE);

    struct str m;
    size_t at = 0;
    assert_int_equal(grpc_next(STR("\0\0\0\0\2ab\0\0\0"), &at, &m), 1);
    assert_true(str_is(m, "ab"));
    assert_int_equal(grpc_next(STR("\0\0\0\0\2ab\0\0\0"), &at, &m), 0);
    at = 0;
    assert_int_equal(grpc_next(STR("\1"), &at, &m), -EPROTO);
    assert_int_equal(grpc_next(STR("\0\1\0\0\1"), &at, &m), -EMSGSIZE);
}

static void test_message(void **state)
{
    static const struct {
        struct str bytes;
        int rc;
    } rows[] = {
        {STR(""), 0},
        {STR("\x12\x05\x0a\x03"
             "abc\x20\x01"),
         0},
        {STR("\xfa\x07\x01x"), 0},                                      /* field 127, unknown */
        {STR("\x12\x05\x0a"), -EPROTO},                                 /* cut */
        {STR("\x12\x02\x0a\x05"), -EPROTO},                             /* cut inside a list element */
        {STR("\x10\x01"), -EPROTO},                                     /* kvs as a number */
        {STR("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), -EPROTO}, /* over 64 bits */
        {STR("\x02\x01"), -EPROTO},                                     /* field 0 */
        {STR("\x0b"), -EPROTO},                                         /* a group */
    };
    struct etcd_range_reply r;
    struct etcd_kv kv;
    size_t at = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(message_decode(&message_range_reply, rows[i].bytes, &r), rows[i].rc);
    assert_int_equal(message_decode(&message_range_reply, rows[1].bytes, &r), 0);
    assert_int_equal(r.kvs.count, 1);
    assert_int_equal(r.count, 1);
    assert_true(message_next(&r.kvs, &at, &kv));
    assert_true(str_is(kv.key, "abc"));
    assert_false(message_next(&r.kvs, &at, &kv));

    char end[4];
    assert_int_equal(etcd_prefix_end(STR("/a/"), end), 3);
    assert_memory_equal(end, "/a0", 3);
    assert_int_equal(etcd_prefix_end(STR("a\xff"), end), 1);
    assert_int_equal(end[0], 'b');
    assert_int_equal(etcd_prefix_end(STR("\xff\xff"), end), 0);
}

static void test_lease_pool(void **state)
{
    struct lease_pool p = {0};
    assert_int_equal(lease_pool_take(&p, 3600, 0), 0);
    assert_int_equal(lease_pool_ttl(3600), 3660);
    assert_int_equal(lease_pool_ttl(100), 105);
    lease_pool_add(&p, 7, 3660, 0);
    assert_int_equal(lease_pool_take(&p, 3600, 30000), 7);
    assert_int_equal(lease_pool_take(&p, 3600, 61000), 0); /* would go too early */
    assert_int_equal(lease_pool_take(&p, 60, 1000), 0);    /* would stay too long */
    for (int i = 2; i < 1000; i++)
        assert_int_equal(lease_pool_take(&p, 3600, 1000), 7);
    assert_int_equal(lease_pool_take(&p, 3600, 1000), 0);
}

static void test_nobody_there(void **state)
{
    struct servers none = {.n = 0};
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d,http://127.0.0.1:%d", free_port(), free_port());
    struct etcd_options o = {.servers = url, .patience_ms = 200};
    struct etcd_client *c = client_open(&none, &o);
    struct answer a = {0};
    assert_int_equal(write_key(c, &a, ETCD_PUT, "k", STR("v"), ETCD_EXPECT_ANY, 0),
                     -EAGAIN); /* surely not written */
    assert_int_equal(etcd_client_members_up(c), 0);
    assert_int_equal(etcd_client_outstanding(c), 0);
    answer_clear(&a);
    etcd_client_free(c);
}

/* ---- one server ---- */

static int start_one(void **state)
{
    static const char *const flags[] = {"--experimental-watch-progress-notify-interval", "100ms", NULL};
    struct world *w = calloc(1, sizeof(*w));
    servers_start(&w->servers, 1, false, flags);
    w->client = client_open(&w->servers, NULL);
    client_ready(w->client);
    *state = w;
    return 0;
}

static int stop_one(void **state)
{
    struct world *w = *state;
    etcd_client_free(w->client);
    servers_stop(&w->servers);
    free(w);
    return 0;
}

static void test_write(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0};
    assert_int_equal(write_key(c, &a, ETCD_PUT, "w/1", STR("one"), ETCD_EXPECT_ABSENT, 0), 0);
    assert_true(a.done);
    int64_t first = a.revision;

    assert_int_equal(write_key(c, &a, ETCD_PUT, "w/1", STR("two"), ETCD_EXPECT_ABSENT, 0), 0);
    assert_false(a.done);
    assert_true(a.present);
    assert_int_equal(a.mod_revision, first);
    assert_true(str_is(buf_view(&a.value), "one"));

    assert_int_equal(write_key(c, &a, ETCD_PUT, "w/1", STR("two"), first, 0), 0);
    assert_true(a.done);
    int64_t second = a.revision;
    assert_int_equal(second, first + 1);

    assert_int_equal(write_key(c, &a, ETCD_DELETE, "w/1", STR_NONE, first, 0), 0);
    assert_false(a.done);
    assert_int_equal(a.mod_revision, second);
    assert_int_equal(write_key(c, &a, ETCD_DELETE, "w/1", STR_NONE, second, 0), 0);
    assert_true(a.done);
    assert_int_equal(a.count, 1);
    assert_int_equal(write_key(c, &a, ETCD_PUT, "w/1", STR("x"), second, 0), 0);
    assert_false(a.done || a.present);
    assert_int_equal(write_key(c, &a, ETCD_DELETE, "w/1", STR_NONE, ETCD_EXPECT_ANY, 0), 0);
    assert_true(a.done);
    assert_int_equal(a.count, 0);

    struct answer r = {0};
    assert_int_equal(etcd_current_revision(c, 0, on_revision, &r, NULL), 0);
    finish(c, &r);
    assert_int_equal(r.revision, second + 1);
    assert_true(r.cluster_id != 0);
    answer_clear(&a);
}

static void test_range(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0};
    char key[32], end[2];
    int64_t at = 0;
    for (int i = 0; i < 25; i++) {
        snprintf(key, sizeof(key), "r/%02d", i);
        at = put_key(c, key, key);
    }
    put_key(c, "r/99", "later");
    struct etcd_range r = {.key = STR("r/"), .limit = 10, .revision = at};
    r.end = (struct str){end, etcd_prefix_end(r.key, end)};
    char from[64];
    int total = 0, pages = 0;
    do {
        assert_int_equal(read_range(c, &a, &r), 0);
        assert_int_equal(a.count, 25 - total);
        total += a.kvs;
        pages++;
        size_t n = (size_t)snprintf(from, sizeof(from), "%.*s", (int)a.last_key.n, a.last_key.p);
        r.key = (struct str){from, n + 1}; /* with the NUL: the next possible key */
    } while (a.more);
    assert_int_equal(total, 25);
    assert_int_equal(pages, 3);
    assert_true(str_is(buf_view(&a.value), "r/24"));

    r = (struct etcd_range){.key = STR("r/"), .end = r.end, .count_only = true};
    assert_int_equal(read_range(c, &a, &r), 0);
    assert_int_equal(a.count, 26);
    assert_int_equal(a.kvs, 0);
    r = (struct etcd_range){.key = STR("r/99"), .keys_only = true, .serializable = true};
    assert_int_equal(read_range(c, &a, &r), 0);
    assert_int_equal(a.kvs, 1);
    assert_int_equal(a.value.n, 0);
    r = (struct etcd_range){.key = STR("r/99"), .revision = at + 1000000};
    assert_int_equal(read_range(c, &a, &r), -EOVERFLOW);
    assert_int_equal(a.st.code, GRPC_OUT_OF_RANGE);
    answer_clear(&a);
}

static void test_sizes(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0};
    size_t n = 1400000;
    char *big = malloc(17u << 20);
    memset(big, 'b', 17u << 20);
    assert_int_equal(write_key(c, &a, ETCD_PUT, "big", (struct str){big, n}, ETCD_EXPECT_ANY, 0), 0);
    struct etcd_range r = {.key = STR("big")};
    assert_int_equal(read_range(c, &a, &r), 0);
    assert_int_equal(a.value.n, n);
    assert_memory_equal(a.value.p, big, n);
    /* over etcd's limit, over what gRPC takes there, over ours */
    assert_int_equal(write_key(c, &a, ETCD_PUT, "big", (struct str){big, 1600000}, ETCD_EXPECT_ANY, 0),
                     -EFBIG);
    assert_int_equal(write_key(c, &a, ETCD_PUT, "big", (struct str){big, 4u << 20}, ETCD_EXPECT_ANY, 0),
                     -EFBIG);
    assert_int_equal(write_key(c, &a, ETCD_PUT, "big", (struct str){big, 17u << 20}, ETCD_EXPECT_ANY, 0),
                     -EFBIG);
    /* and an answer over ours */
    char key[16];
    for (int i = 0; i < 12; i++) {
        snprintf(key, sizeof(key), "big/%02d", i);
        assert_int_equal(write_key(c, &a, ETCD_PUT, key, (struct str){big, n}, ETCD_EXPECT_ANY, 0), 0);
    }
    r = (struct etcd_range){.key = STR("big/"), .end = STR("big0")};
    assert_int_equal(read_range(c, &a, &r), -EMSGSIZE);
    r.limit = 5;
    assert_int_equal(read_range(c, &a, &r), 0);
    assert_int_equal(a.kvs, 5);
    assert_int_equal(etcd_client_outstanding(c), 0);
    answer_clear(&a);
    free(big);
}

static void test_many_at_once(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    enum { N = 500 };
    static struct answer a[N];
    int ok = 0;
    for (int i = 0; i < N; i++) {
        char key[32];
        snprintf(key, sizeof(key), "m/%03d", i % 50);
        struct etcd_write w = {
            .verb = ETCD_PUT, .key = str_of(key), .value = STR("v"), .expect = ETCD_EXPECT_ANY};
        memset(&a[i], 0, sizeof(a[i]));
        assert_int_equal(etcd_write(c, &w, 0, on_write, &a[i], NULL), 0);
        assert_int_equal(a[i].n, 0); /* never from within */
    }
    for (int i = 0; i < N; i++) {
        finish(c, &a[i]);
        ok += a[i].done;
        answer_clear(&a[i]);
    }
    assert_int_equal(ok, N);
}

static void test_cancel(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct answer a = {0}, b = {0};
    uint64_t ticket;
    struct etcd_write w = {.verb = ETCD_PUT, .key = STR("c"), .value = STR("v"), .expect = ETCD_EXPECT_ANY};
    assert_int_equal(etcd_write(c, &w, 0, on_write, &a, &ticket), 0);
    etcd_client_cancel(c, ticket);
    etcd_client_cancel(c, ticket);
    assert_int_equal(etcd_write(c, &w, 0, on_write, &a, &ticket), 0);
    etcd_client_wait(c, NULL, 0, 0);
    etcd_client_cancel(c, ticket);
    assert_int_equal(etcd_write(c, &w, 0, on_write, &b, NULL), 0);
    finish(c, &b);
    drive_for(c, 50);
    assert_int_equal(a.n, 0);
    assert_int_equal(etcd_client_outstanding(c), 0);
    answer_clear(&b);
}

/* ---- watches ---- */

struct seen {
    int created, batches, ended, fragments, progress;
    int64_t events, deletes, with_prev, last, progress_revision, created_revision, value_bytes;
    bool in_order, disorder, repeated;
    char key[64];
    struct etcd_status st;
};

static void saw_created(void *arg, int64_t revision, uint64_t cluster_id)
{
    struct seen *s = arg;
    s->created++;
    s->created_revision = revision;
    assert_true(cluster_id != 0);
}

static void saw_batch(void *arg, const struct etcd_batch *b)
{
    struct seen *s = arg;
    struct etcd_batch_at at = {0};
    struct etcd_event e;
    int n = 0;
    s->batches++;
    s->fragments += b->more;
    for (; etcd_batch_next(b, &at, &e); n++) {
        s->disorder |= e.kv.mod_revision < s->last;
        s->repeated |= e.kv.mod_revision == s->last && str_is(e.kv.key, s->key);
        s->last = e.kv.mod_revision;
        s->deletes += e.type == ETCD_EVENT_DELETE;
        s->with_prev += e.has_prev;
        s->value_bytes += (int64_t)e.kv.value.n;
        snprintf(s->key, sizeof(s->key), "%.*s", STR_ARG(e.kv.key));
    }
    assert_int_equal(n, b->count);
    s->events += n;
}

static void saw_progress(void *arg, int64_t revision, bool in_order)
{
    struct seen *s = arg;
    s->progress++;
    s->progress_revision = revision;
    s->in_order = in_order;
}

static void saw_end(void *arg, const struct etcd_status *st)
{
    struct seen *s = arg;
    s->ended++;
    s->st = *st;
}

static struct etcd_watch *watch(struct etcd_client *c, struct seen *s, const char *prefix, int64_t start,
                                bool notify)
{
    char end[64];
    struct etcd_watch_options o = {
        .key = str_of(prefix), .start_revision = start, .prev_kv = true, .progress_notify = notify};
    struct etcd_watch_hooks h = {s, saw_created, saw_batch, saw_progress, saw_end};
    o.end = (struct str){end, etcd_prefix_end(o.key, end)};
    memset(s, 0, sizeof(*s));
    struct etcd_watch *w = etcd_watch_new(c, &o, &h);
    assert_int_equal(etcd_watch_resume(w), 0);
    return w;
}

static void drive_events(struct etcd_client *c, const struct seen *s, int64_t n)
{
    int64_t end = clock_ms() + START_MS;
    while (s->events < n && !s->ended && clock_ms() < end)
        assert_true(etcd_client_wait(c, NULL, 0, 1000) >= 0);
    assert_int_equal(s->events, n);
}

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

/* ---- what a cluster says ---- */

static void saw_status(void *arg, const struct etcd_status *st, const struct etcd_status_reply *r)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    if (!r)
        return;
    a->id = (int64_t)r->leader;
    a->count = r->db_bytes;
    buf_str(&a->value, r->version);
}

static void saw_members(void *arg, const struct etcd_status *st, const struct etcd_members_reply *r)
{
    struct answer *a = arg;
    struct etcd_member m;
    struct str url;
    a->n++;
    a->st = *st;
    for (size_t at = 0; r && message_next(&r->members, &at, &m); a->kvs++)
        for (size_t in = 0; message_next(&m.client_urls, &in, &url);)
            buf_str(&a->value, url);
}

static void test_cluster(void **state)
{
    struct world *w = *state;
    struct answer a = {0};
    assert_int_equal(etcd_member_status(w->client, 0, 0, saw_status, &a, NULL), 0);
    finish(w->client, &a);
    assert_true(a.id != 0 && a.count > 0);
    assert_true(endpoint_version(a.value.p, a.value.n) >= (3 << 16 | 4 << 8));
    answer_clear(&a);
    assert_int_equal(etcd_member_list(w->client, 0, saw_members, &a, NULL), 0);
    finish(w->client, &a);
    assert_int_equal(a.kvs, 1);
    assert_true(str_is(buf_view(&a.value), w->servers.url[0]));
    answer_clear(&a);
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

/* ---- full ---- */

static void test_no_space(void **state)
{
    static const char *const flags[] = {"--quota-backend-bytes", "4194304", NULL};
    struct servers s;
    struct answer a = {0};
    servers_start(&s, 1, false, flags);
    struct etcd_client *c = client_open(&s, NULL);
    client_ready(c);
    char *value = calloc(1, 500000), key[16];
    int rc = 0;
    for (int i = 0; i < 50 && !rc; i++) {
        snprintf(key, sizeof(key), "n/%d", i);
        rc = write_key(c, &a, ETCD_PUT, key, (struct str){value, 500000}, ETCD_EXPECT_ANY, 0);
    }
    assert_int_equal(rc, -ENOSPC);
    assert_int_equal(a.st.code, GRPC_RESOURCE_EXHAUSTED);
    struct etcd_range r = {.key = STR("n/0")};
    assert_int_equal(read_range(c, &a, &r), 0); /* can still be read, and deleted from */
    assert_int_equal(a.value.n, 500000);
    assert_int_equal(write_key(c, &a, ETCD_DELETE, "n/0", STR_NONE, ETCD_EXPECT_ANY, 0), 0);
    answer_clear(&a);
    free(value);
    etcd_client_free(c);
    servers_stop(&s);
}

/* ---- TLS ---- */

static void test_tls(void **state)
{
    struct servers s;
    struct answer a = {0};
    char ca[256], cert[256], key[256];
    servers_start(&s, 1, true, NULL);
    snprintf(ca, sizeof(ca), "%s/ca.crt", s.dir);
    snprintf(cert, sizeof(cert), "%s/client.crt", s.dir);
    snprintf(key, sizeof(key), "%s/client.key", s.dir);
    struct etcd_options o = {.cafile = ca, .certfile = cert, .keyfile = key, .patience_ms = 300};
    struct etcd_client *c = client_open(&s, &o);
    client_ready(c);
    put_key(c, "tls", "v");
    struct seen seen;
    struct etcd_watch *w = watch(c, &seen, "tls", 0, false);
    assert_true(drive(c, &seen.created, START_MS));
    put_key(c, "tls", "w");
    drive_events(c, &seen, 1);
    etcd_watch_free(w);
    etcd_client_free(c);

    o.certfile = o.keyfile = NULL; /* no certificate */
    c = client_open(&s, &o);
    int rc = write_key(c, &a, ETCD_PUT, "tls", STR("x"), ETCD_EXPECT_ANY, 0);
    assert_true(rc == -EAGAIN || rc == -ETIMEDOUT);
    etcd_client_free(c);
    o = (struct etcd_options){
        .certfile = cert, .keyfile = key, .patience_ms = 300}; /* a CA that is not ours */
    c = client_open(&s, &o);
    assert_int_equal(write_key(c, &a, ETCD_PUT, "tls", STR("x"), ETCD_EXPECT_ANY, 0), -EAGAIN);
    assert_true(strstr(a.st.text, "certificate") || strstr(a.st.text, "member"));
    etcd_client_free(c);
    answer_clear(&a);
    servers_stop(&s);
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
    assert_int_equal(etcd_client_members_up(c), 2);
    server_start(&s, 0);
    for (int64_t end = clock_ms() + START_MS; etcd_client_members_up(c) < 3 && clock_ms() < end;)
        drive_for(c, 50);
    assert_int_equal(etcd_client_members_up(c), 3);

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
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(test_endpoints),  cmocka_unit_test(test_versions),
        cmocka_unit_test(test_grpc),       cmocka_unit_test(test_message),
        cmocka_unit_test(test_lease_pool), cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_no_space),   cmocka_unit_test(test_tls),
        cmocka_unit_test(test_failover),
    };
    const struct CMUnitTest one[] = {
        cmocka_unit_test(test_write),        cmocka_unit_test(test_range),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_many_at_once), cmocka_unit_test(test_watch),
        cmocka_unit_test(test_watch_many),   cmocka_unit_test(test_watch_progress),
        cmocka_unit_test(test_compaction),   cmocka_unit_test(test_lease),
        cmocka_unit_test(test_cluster),      cmocka_unit_test(test_hosted),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    int failed = cmocka_run_group_tests(one, start_one, stop_one);
    return failed + cmocka_run_group_tests(plain, NULL, NULL);
}
