/* The store on etcd: what store.h promises, leases of values that run out, and the shared round trip of fresh
 * reads. */
#include "tests/unit/shm/etcd_watching.h"

#include "shm/cache/record.h"
#include "shm/store/etcd/backend.h"
#include "shm/store/etcd/fresh.h"

#define RES 7u

/* /registry/<ns>/<name>; a key whose name is "odd" has none in etcd. */
static int key_of(void *arg, const struct store_op *op, struct buf *out)
{
    uint32_t resource;
    struct str ns, name;
    assert_true(key_parse(key_str(&op->key), &resource, &ns, &name));
    if (str_is(name, "odd"))
        return -EINVAL;
    buf_printf(out, "/registry/%.*s/%.*s", STR_ARG(ns), STR_ARG(name));
    return 0;
}

static int value_of(void *arg, struct str etcd_key, const struct record *draft, struct buf *out,
                    int64_t *ttl_s)
{
    buf_str(out, record_json(draft));
    *ttl_s = draft->expires_s;
    return 0;
}

static struct store *open_store(struct etcd_client *c)
{
    struct etcd_backend_hooks h = {.key = key_of, .value = value_of};
    return etcd_backend_open(c, &h, 0);
}

struct result {
    int n;
    struct store_result r;
};

static void keep(void *arg, const struct store_result *r)
{
    struct result *out = arg;
    out->n++;
    out->r = *r;
}

static int submit(struct store *s, enum store_verb verb, const char *name, const char *text, int64_t expect,
                  int64_t ttl_s, struct result *out, uint64_t *ticket)
{
    struct buf b = {0};
    struct record_parts p = {.resource = RES, .json = str_of(text), .expires_s = ttl_s};
    struct store_op op = {.verb = verb, .expect = expect};
    key_make(&op.key, RES, STR("ns"), str_of(name));
    record_draft(&b, &p);
    if (verb == STORE_PUT)
        op.draft = (const struct record *)(void *)b.p;
    out->n = 0;
    int rc = store_submit(s, &op, keep, out, ticket);
    buf_free(&b);
    assert_int_equal(out->n, 0);
    return rc;
}

static struct store_result act(struct etcd_client *c, struct store *s, enum store_verb verb, const char *name,
                               const char *text, int64_t expect, int64_t ttl_s)
{
    struct result out;
    assert_int_equal(submit(s, verb, name, text, expect, ttl_s, &out, NULL), 0);
    assert_true(drive(c, &out.n, START_MS));
    assert_int_equal(out.n, 1);
    return out.r;
}

static void test_promises(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct store *s = open_store(c);
    struct store_result r = act(c, s, STORE_PUT, "a", "{\"a\":1}", STORE_EXPECT_ABSENT, 0);
    assert_int_equal(r.error, 0);
    int64_t first = r.revision;
    assert_true(first > 0);
    assert_int_equal(store_revision(s), first);
    r = act(c, s, STORE_PUT, "a", "{}", STORE_EXPECT_ABSENT, 0);
    assert_int_equal(r.error, -EEXIST);
    assert_int_equal(r.actual, first);
    r = act(c, s, STORE_PUT, "a", "{\"a\":2}", first, 0);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.revision, first + 1);
    r = act(c, s, STORE_PUT, "a", "{}", first, 0);
    assert_int_equal(r.error, -ESTALE);
    assert_int_equal(r.actual, first + 1);
    r = act(c, s, STORE_DELETE, "a", "", first, 0);
    assert_int_equal(r.error, -ESTALE);
    r = act(c, s, STORE_DELETE, "a", "", STORE_EXPECT_ANY, 0);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.revision, first + 2);
    r = act(c, s, STORE_DELETE, "a", "", STORE_EXPECT_ANY, 0);
    assert_int_equal(r.error, -ESTALE);
    assert_int_equal(r.actual, 0);
    r = act(c, s, STORE_PUT, "a", "{}", first + 2, 0);
    assert_int_equal(r.error, -ESTALE);
    assert_int_equal(r.actual, 0);
    struct result out = {0};
    assert_int_equal(submit(s, STORE_PUT, "odd", "{}", STORE_EXPECT_ANY, 0, &out, NULL), -EINVAL);
    char *big = malloc(3u << 20);
    memset(big, 'x', 3u << 20);
    big[(3u << 20) - 1] = 0;
    assert_int_equal(submit(s, STORE_PUT, "big", big, STORE_EXPECT_ANY, 0, &out, NULL), -EFBIG);
    free(big);
    store_free(s);
}

static void test_written_as_said(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct store *s = open_store(c);
    struct answer a = {0};
    act(c, s, STORE_PUT, "said", "{\"b\":1}", STORE_EXPECT_ANY, 0);
    struct etcd_range r = {.key = STR("/registry/ns/said")};
    assert_int_equal(read_range(c, &a, &r), 0);
    assert_true(str_is(buf_view(&a.value), "{\"b\":1}"));
    answer_clear(&a);
    store_free(s);
}

static void test_store_cancel(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct store *s = open_store(c);
    struct result a, b;
    uint64_t ticket;
    assert_int_equal(submit(s, STORE_PUT, "c", "{}", STORE_EXPECT_ANY, 0, &a, &ticket), 0);
    store_cancel(s, ticket);
    assert_int_equal(submit(s, STORE_PUT, "c", "{}", STORE_EXPECT_ANY, 5, &b, &ticket), 0);
    assert_true(drive(c, &b.n, START_MS));
    drive_for(c, 50);
    assert_int_equal(a.n, 0);
    assert_int_equal(submit(s, STORE_PUT, "c", "{}", STORE_EXPECT_ANY, 0, &a, &ticket), 0);
    assert_int_equal(submit(s, STORE_PUT, "c", "{}", STORE_EXPECT_ANY, 9, &b, &ticket), 0);
    store_free(s); /* with calls and a grant under way */
    drive_for(c, 50);
    assert_int_equal(a.n + b.n, 0);
    assert_int_equal(etcd_client_outstanding(c), 0);
}

/* Values of two times to live, many at once: few leases, and they go. */
static void test_running_out(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct store *s = open_store(c);
    enum { N = 40 };
    struct result out[N];
    struct seen seen;
    char name[16];
    struct etcd_watch *w = watch(c, &seen, "/registry/ns/x", 0, false);
    assert_true(drive(c, &seen.created, START_MS));
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof(name), "x%d", i);
        assert_int_equal(submit(s, STORE_PUT, name, "{}", STORE_EXPECT_ABSENT, i % 2 ? 2 : 1, &out[i], NULL),
                         0);
    }
    for (int i = 0; i < N; i++) {
        assert_true(drive(c, &out[i].n, START_MS));
        assert_int_equal(out[i].r.error, 0);
    }
    drive_events(c, &seen, 2 * N);
    assert_int_equal(seen.deletes, N);
    struct store_result r = act(c, s, STORE_PUT, "x0", "{}", STORE_EXPECT_ABSENT, 1); /* its lease is gone */
    assert_int_equal(r.error, 0);
    etcd_watch_free(w);
    store_free(s);
}

/* ---- fresh reads ---- */

struct reader {
    struct fresh_wait wait;
    int n;
    int64_t revision;
    int error;
};

static void told(struct fresh_wait *w, const struct etcd_status *st, int64_t revision)
{
    struct reader *r = (struct reader *)w;
    r->n++;
    r->revision = revision;
    r->error = st->error;
}

static void test_fresh(void **state)
{
    struct etcd_client *c = ((struct world *)*state)->client;
    struct fresh *f = fresh_new(c, 0);
    enum { N = 100 };
    static struct reader r[N];
    int64_t newest = put_key(c, "fresh", "1");
    for (int i = 0; i < N; i++) {
        r[i].wait.done = told;
        assert_int_equal(fresh_ask(f, &r[i].wait), 0);
    }
    fresh_leave(&r[50].wait);
    for (int i = 0; i < N; i++) {
        if (i == 50)
            continue;
        assert_true(drive(c, &r[i].n, START_MS));
        assert_int_equal(r[i].error, 0);
        assert_int_equal(r[i].revision, newest);
    }
    assert_int_equal(r[50].n, 0);
    assert_int_equal(fresh_round_trips(f), 2); /* the first reader's, and one for all others */

    /* who comes while one is under way must not be told what that one learns */
    struct reader early = {.wait.done = told}, late = {.wait.done = told};
    assert_int_equal(fresh_ask(f, &early.wait), 0);
    newest = put_key(c, "fresh", "2");
    assert_int_equal(fresh_ask(f, &late.wait), 0);
    assert_true(drive(c, &late.n, START_MS));
    assert_int_equal(late.revision, newest);
    assert_true(drive(c, &early.n, START_MS));
    assert_int_equal(fresh_ask(f, &early.wait), 0);
    fresh_leave(&early.wait);
    fresh_free(f);
    drive_for(c, 20);
    assert_int_equal(etcd_client_outstanding(c), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest one[] = {
        cmocka_unit_test(test_promises),     cmocka_unit_test(test_written_as_said),
        cmocka_unit_test(test_store_cancel), cmocka_unit_test(test_running_out),
        cmocka_unit_test(test_fresh),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(one, start_one, stop_one);
}
