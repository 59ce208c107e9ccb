/* Writes whose answer may be lost: told once how they ended, repeated only where that is safe. Against real
 * servers that are stopped and killed. */
#include "tests/unit/shm/etcd_watching.h"

#include "shm/store/etcd/once.h"

struct told {
    struct answer a;
    char text[sizeof(((struct etcd_status *)0)->text)];
};

/* The status is the caller's only as long as the call lasts: it is read here. */
static void on_end(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct told *t = arg;
    on_write(&t->a, st, r);
    snprintf(t->text, sizeof(t->text), "%s", st->text);
}

static struct once_write *begin(struct once *o, struct told *t, const char *key, const char *value,
                                int64_t expect, int64_t timeout_ms)
{
    struct etcd_write w = {.verb = ETCD_PUT, .key = str_of(key), .value = str_of(value), .expect = expect};
    struct once_write *out = NULL;
    answer_clear(&t->a);
    assert_int_equal(once_write(o, &w, timeout_ms, on_end, t, &out), 0);
    assert_non_null(out);
    return out;
}

static int end(struct etcd_client *c, struct told *t)
{
    finish(c, &t->a);
    return t->a.st.error;
}

static void holds(struct etcd_client *c, const char *key, const char *value, int64_t mod_revision)
{
    struct answer a = {0};
    struct etcd_range r = {.key = str_of(key)};
    assert_int_equal(read_range(c, &a, &r), 0);
    assert_int_equal(a.kvs, 1);
    assert_true(str_is(buf_view(&a.value), value));
    assert_int_equal(a.mod_revision, mod_revision);
    answer_clear(&a);
}

static void stand_still(const struct servers *s, int i)
{
    int status;
    kill(s->pid[i], SIGSTOP);
    assert_int_equal(waitpid(s->pid[i], &status, WUNTRACED), s->pid[i]);
    assert_true(WIFSTOPPED(status));
}

static void test_ends_as_etcd_says(void **state)
{
    struct world *w = *state;
    struct once *o = once_new(w->client);
    struct told t = {0};
    begin(o, &t, "said", "1", ETCD_EXPECT_ABSENT, 5000);
    assert_int_equal(end(w->client, &t), 0);
    assert_true(t.a.done);
    int64_t first = t.a.revision;
    begin(o, &t, "said", "2", ETCD_EXPECT_ABSENT, 5000);
    assert_int_equal(end(w->client, &t), 0);
    assert_false(t.a.done);
    assert_int_equal(t.a.mod_revision, first);
    begin(o, &t, "said", "2", first, 5000);
    assert_int_equal(end(w->client, &t), 0);
    assert_true(t.a.done);
    holds(w->client, "said", "2", t.a.revision);
    begin(o, &t, "said", "3", first, 5000);
    assert_int_equal(end(w->client, &t), 0);
    assert_false(t.a.done);
    answer_clear(&t.a);
    once_free(o);
}

static void test_dropped_without_a_word(void **state)
{
    struct world *w = *state;
    struct once *o = once_new(w->client);
    struct told t[3] = {0};
    once_cancel(begin(o, &t[0], "dropped", "1", ETCD_EXPECT_ANY, 5000));
    begin(o, &t[1], "dropped", "2", ETCD_EXPECT_ANY, 5000);
    assert_int_equal(end(w->client, &t[1]), 0);
    begin(o, &t[2], "dropped", "3", ETCD_EXPECT_ANY, 5000);
    once_free(o);
    drive_for(w->client, 200);
    assert_int_equal(t[0].a.n, 0);
    assert_int_equal(t[2].a.n, 0);
    assert_int_equal(etcd_client_outstanding(w->client), 0);
    answer_clear(&t[1].a);
}

static void test_no_answer_leaves_it_open(void **state)
{
    struct world *w = *state;
    struct once *o = once_new(w->client);
    struct told any = {0}, expecting = {0};
    int64_t r = put_key(w->client, "open", "1");
    stand_still(&w->servers, 0);
    begin(o, &any, "open-any", "1", ETCD_EXPECT_ANY, 900);
    begin(o, &expecting, "open", "2", r, 900);
    assert_int_equal(end(w->client, &any), -ETIMEDOUT);
    assert_int_equal(end(w->client, &expecting), -ETIMEDOUT);
    assert_true(any.text[0] && expecting.text[0]);
    kill(w->servers.pid[0], SIGCONT);
    client_ready(w->client);
    once_free(o);
}

/* A member's id, by asking it: -1 none has answered. */
static void on_status(void *arg, const struct etcd_status *st, const struct etcd_status_reply *r)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    if (r) {
        a->id = (int64_t)r->header.member_id;
        a->cluster_id = r->leader;
    }
}

static int leader_of(struct world *w)
{
    for (int64_t until = clock_ms() + START_MS; clock_ms() < until; drive_for(w->client, 50))
        for (int i = 0; i < w->servers.n; i++) {
            struct answer a = {0};
            if (etcd_member_status(w->client, i, 1000, on_status, &a, NULL))
                continue;
            finish(w->client, &a);
            if (!a.st.error && a.id && (uint64_t)a.id == a.cluster_id)
                return i;
        }
    fail_msg("no leader");
    return -1;
}

static void test_a_leader_that_stands_still(void **state)
{
    struct world w = {0};
    struct told t = {0}, absent = {0};
    servers_start(&w.servers, 3, false, NULL);
    w.client = client_open(&w.servers, NULL);
    client_ready(w.client);
    struct once *o = once_new(w.client);
    int64_t r = put_key(w.client, "still", "1");
    int leader = leader_of(&w);
    stand_still(&w.servers, leader);
    begin(o, &t, "still", "2", r, 20000);
    begin(o, &absent, "still-absent", "1", ETCD_EXPECT_ABSENT, 20000);
    assert_int_equal(end(w.client, &t), 0); /* asked again of those that have elected another */
    assert_true(t.a.done);
    int rc = end(
        w.client,
        &absent); /* asked once: what became of it nobody can say, or it came to a member that knew better */
    assert_true(rc == -ETIMEDOUT || rc == -EAGAIN || (rc == 0 && absent.a.done));
    kill(w.servers.pid[leader], SIGCONT);
    drive_for(w.client, 500);
    holds(w.client, "still", "2", t.a.revision); /* not once more by the attempt that was taken for lost */
    answer_clear(&t.a);
    answer_clear(&absent.a);
    once_free(o);
    etcd_client_free(w.client);
    servers_stop(&w.servers);
}

/* Last: the server does not come back. */
static void test_nobody_there(void **state)
{
    struct world *w = *state;
    struct once *o = once_new(w->client);
    struct told t = {0};
    server_kill(&w->servers, 0);
    for (int i = 0; i < 3; i++) {
        begin(o, &t, "nobody", "1", i ? 1 : ETCD_EXPECT_ANY, 1500);
        int rc = end(w->client, &t);
        assert_true(rc == -EAGAIN || rc == -ETIMEDOUT);
        assert_true(t.text[0] != 0);
    }
    once_free(o);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_as_etcd_says),
        cmocka_unit_test(test_dropped_without_a_word),
        cmocka_unit_test(test_no_answer_leaves_it_open),
        cmocka_unit_test(test_a_leader_that_stands_still),
        cmocka_unit_test(test_nobody_there),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start_one, stop_one);
}
