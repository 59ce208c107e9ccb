/* The etcd client against real etcd servers: writes and conflicts, pages, watches, leases, limits, TLS, and
 * members that are killed or stopped. */
#include "tests/unit/shm/etcd_watching.h"

#include "shm/store/etcd/endpoints.h"
#include "shm/store/etcd/grpc.h"

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
    static const char *const fields[][2] = {{":status", "200"},
                                            {"content-type", "application/grpc"},
                                            {"Grpc-Status", "8"},
                                            {"grpc-message", "a%20b%0ac%zz"}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        grpc_head_field(&h, str_of(fields[i][0]), str_of(fields[i][1]));
    assert_int_equal(grpc_head_code(&h), GRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(h.text, "a b c%zz");
    grpc_head_init(&h);
    grpc_head_field(&h, STR(":status"), STR("503"));
    assert_int_equal(grpc_head_code(&h), GRPC_UNAVAILABLE);
    grpc_head_init(&h);
    grpc_head_field(&h, STR(":status"), STR("200"));
    grpc_head_field(&h, STR("grpc-status"), STR("0"));
    assert_int_equal(grpc_head_code(&h), GRPC_INTERNAL); /* not gRPC */

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
    for (int i = 0; i < 400 && !rc;
         i++) { /* etcd looks at the size of its file, which follows a little later */
        drive_for(c, 5);
        snprintf(key, sizeof(key), "n/%d", i % 50);
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

int main(int argc, char **argv)
{
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(test_endpoints),  cmocka_unit_test(test_versions),
        cmocka_unit_test(test_grpc),       cmocka_unit_test(test_message),
        cmocka_unit_test(test_lease_pool), cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_no_space),   cmocka_unit_test(test_tls),
    };
    const struct CMUnitTest one[] = {
        cmocka_unit_test(test_write),        cmocka_unit_test(test_range),  cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_many_at_once), cmocka_unit_test(test_cancel), cmocka_unit_test(test_cluster),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    int failed = cmocka_run_group_tests(one, start_one, stop_one);
    return failed + cmocka_run_group_tests(plain, NULL, NULL);
}
