/* Following a real etcd into a real cache: cold, resumed, compared after a compaction, and from another
 * cluster. */
#include "tests/unit/shm/etcd_watching.h"

#include "shm/cache/cursor.h"
#include "shm/cache/log.h"
#include "shm/cache/snapshot.h"
#include "shm/watcher/apply.h"
#include "shm/watcher/load.h"

#define RES 7u
#define PREFIX "/reg/"

#define PAGE 100 /* keys in a page of a cold load */

struct follower {
    struct etcd_client *client;
    char *dir;
    struct cache *cache;
    struct load *load;
    const char *mark;
    int page;
    int quiet, changes, puts, deletes, wipes;
    uint32_t highest_sub;
    int64_t last, list_at;
    bool disorder;
    int early; /* deletions told before the revision that they had */
};

/* /reg/<ns>/<name> */
static int key_of(void *arg, struct str etcd_key, struct key *out)
{
    struct str rest = etcd_key, piece[3] = {{0}};
    for (int i = 0; i < 2; i++)
        assert_true(str_next(&rest, '/', &piece[i]));
    if (!str_next(&rest, '/', &piece[2]) || rest.p == NULL)
        return -ENOENT;
    key_make(out, RES, piece[2], rest);
    return 0;
}

static int record_of(void *arg, struct str etcd_key, const struct key *k, struct str value, struct buf *out)
{
    struct record_parts p = {.resource = RES, .json = value};
    if (str_is(value, "unreadable"))
        return -EINVAL;
    record_draft(out, &p);
    return 0;
}

static int put_quietly(struct follower *f, MDB_txn *txn, const struct load_change *ch)
{
    MDB_val k = str_val(key_str(&ch->key)), v = {.mv_size = record_finished_bytes(ch->draft, ch->revision)};
    assert_int_equal(mdb_put(txn, f->cache->objects, &k, &v, MDB_RESERVE), 0);
    record_finish(v.mv_data, ch->draft, ch->revision, ch->create_revision);
    return 0;
}

static int put_event(struct follower *f, MDB_txn *txn, const struct load_change *ch)
{
    struct apply_change a = {.verb = ch->verb,
                             .key = key_str(&ch->key),
                             .revision = ch->revision,
                             .sub = ch->sub,
                             .create_revision = ch->create_revision,
                             .draft = ch->draft,
                             .wall_ms = 1};
    struct ring_event ev;
    f->disorder |= ch->revision < f->last;
    f->early += ch->verb == STORE_DELETE && ch->revision < f->list_at;
    f->last = ch->revision;
    f->highest_sub = ch->sub > f->highest_sub ? ch->sub : f->highest_sub;
    int rc = apply_change(f->cache, txn, &a, &ev);
    return rc == -ENOENT ? 0 : rc;
}

static int apply(void *arg, const struct load_batch *b)
{
    struct follower *f = arg;
    MDB_txn *txn;
    int rc = 0;
    assert_int_equal(mdb_txn_begin(f->cache->env, NULL, 0, &txn), 0);
    for (int i = 0; i < b->n && !rc; i++) {
        const struct load_change *ch = &b->changes[i];
        assert_int_equal(ch->draft != NULL, ch->verb == STORE_PUT);
        f->quiet += b->quiet;
        f->changes += !b->quiet;
        f->puts += ch->verb == STORE_PUT;
        f->deletes += ch->verb == STORE_DELETE;
        rc = b->quiet ? put_quietly(f, txn, ch) : put_event(f, txn, ch);
    }
    if (b->upto && !rc)
        rc = cache_meta_put(f->cache, txn, CACHE_META_REVISION, b->upto);
    if (b->upto && !rc)
        rc = cache_meta_put(f->cache, txn, LOAD_META_CLUSTER, (int64_t)b->cluster_id);
    if (b->window && !rc)
        rc = cache_meta_put(f->cache, txn, CACHE_META_COMPACTED, b->upto);
    assert_int_equal(rc, 0);
    return mdb_txn_commit(txn);
}

static int wipe(void *arg)
{
    struct follower *f = arg;
    MDB_txn *txn;
    f->wipes++;
    assert_int_equal(mdb_txn_begin(f->cache->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_drop(txn, f->cache->objects, 0), 0);
    assert_int_equal(mdb_drop(txn, f->cache->log, 0), 0);
    assert_int_equal(mdb_drop(txn, f->cache->index, 0), 0);
    assert_int_equal(cache_meta_put(f->cache, txn, CACHE_META_REVISION, 0), 0);
    return mdb_txn_commit(txn);
}

static void follow(struct follower *f)
{
    char err[256];
    struct load_hooks h = {f, key_of, record_of, apply, wipe};
    struct load_options o = {.prefix = STR(PREFIX), .mark = str_of(f->mark), .page = f->page};
    f->load = load_open(f->cache, f->client, &o, &h, err, sizeof(err));
    assert_non_null(f->load);
    f->quiet = f->changes = f->puts = f->deletes = f->wipes = 0;
    f->highest_sub = 0;
    f->last = 0;
    f->disorder = false;
}

static void stop(struct follower *f)
{
    load_close(f->load);
    f->load = NULL;
}

/* Until the cache has reached the revision. */
static void reach(struct follower *f, int64_t revision)
{
    int64_t end = clock_ms() + START_MS, wait;
    while ((load_revision(f->load) < revision || !load_ready(f->load)) && clock_ms() < end) {
        assert_int_equal(load_run(f->load, &wait), 0);
        assert_true(etcd_client_wait(f->client, NULL, 0, wait < 0 ? 100 : wait) >= 0);
    }
    assert_true(load_revision(f->load) >= revision);
}

static int64_t put_n(struct etcd_client *c, int from, int to, const char *value)
{
    char key[64];
    int64_t revision = 0;
    for (int i = from; i < to; i++) {
        snprintf(key, sizeof(key), PREFIX "ns%d/n%04d", i % 3, i);
        revision = put_key(c, key, value);
    }
    return revision;
}

static int64_t delete_n(struct etcd_client *c, int from, int to)
{
    char key[64];
    struct answer a = {0};
    int64_t revision = 0;
    for (int i = from; i < to; i++) {
        snprintf(key, sizeof(key), PREFIX "ns%d/n%04d", i % 3, i);
        assert_int_equal(write_key(c, &a, ETCD_DELETE, key, STR_NONE, ETCD_EXPECT_ANY, 0), 0);
        assert_int_equal(a.count, 1);
        revision = a.revision;
    }
    answer_clear(&a);
    return revision;
}

static void compare(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct follower *f = ((void **)arg)[0];
    int *n = ((void **)arg)[1];
    MDB_txn *txn;
    MDB_stat stat;
    struct etcd_kv kv;
    size_t ours = 0;
    assert_int_equal(st->error, 0);
    assert_int_equal(mdb_txn_begin(f->cache->env, NULL, MDB_RDONLY, &txn), 0);
    for (size_t at = 0; message_next(&r->kvs, &at, &kv);) {
        struct key k;
        if (key_of(NULL, kv.key, &k) || str_is(kv.value, "unreadable"))
            continue;
        MDB_val mk = str_val(key_str(&k)), v;
        assert_int_equal(mdb_get(txn, f->cache->objects, &mk, &v), 0);
        const struct record *rec = record_view(val_str(v));
        assert_int_equal(rec->mod_revision, kv.mod_revision);
        assert_int_equal(rec->create_revision, kv.create_revision);
        assert_true(str_eq(record_json(rec), kv.value));
        ours++;
    }
    assert_int_equal(mdb_stat(txn, f->cache->objects, &stat), 0);
    assert_int_equal(stat.ms_entries, ours);
    mdb_txn_abort(txn);
    ++*n;
}

/* The cache holds what etcd holds, byte for byte. */
static void same(struct follower *f)
{
    int n = 0;
    void *arg[] = {f, &n};
    struct etcd_range r = {.key = STR(PREFIX), .end = STR("/reg0")};
    assert_int_equal(etcd_range(f->client, &r, 0, compare, arg, NULL), 0);
    assert_true(drive(f->client, &n, START_MS));
}

static int setup(void **state)
{
    struct follower *f = calloc(1, sizeof(*f));
    f->page = PAGE;
    struct world *w;
    char err[256], dir[] = "/tmp/load-test-XXXXXX";
    assert_int_equal(start_one((void **)&w), 0);
    f->client = w->client;
    f->mark = "";
    f->dir = strdup(mkdtemp(dir));
    struct cache_options o = {.dir = f->dir, .writer = true};
    f->cache = cache_open(&o, err, sizeof(err));
    assert_non_null(f->cache);
    void **both = calloc(2, sizeof(*both));
    both[0] = f;
    both[1] = w;
    *state = both;
    return 0;
}

static int teardown(void **state)
{
    void **both = *state;
    struct follower *f = both[0];
    load_close(f->load);
    cache_close(f->cache);
    shell("rm -rf %s", f->dir);
    free(f->dir);
    free(f);
    void *w = both[1];
    free(both);
    return stop_one(&w);
}

static void test_cold_then_watch(void **state)
{
    struct follower *f = ((void **)*state)[0];
    put_key(f->client, PREFIX "not-ours", "x");
    put_key(f->client, PREFIX "ns1/bad", "unreadable");
    int64_t r = put_n(f->client, 0, 1050, "one");
    follow(f);
    reach(f, r);
    assert_int_equal(f->wipes, 1);
    assert_int_equal(f->quiet, 1050);
    assert_int_equal(f->changes, 0);
    assert_int_equal(load_skipped(f->load), 1);
    same(f);

    put_n(f->client, 1040, 1060, "two");
    r = delete_n(f->client, 1055, 1060);
    reach(f, r);
    assert_int_equal(f->changes, 25);
    assert_int_equal(f->deletes, 5);
    assert_false(f->disorder);
    same(f);
    stop(f);
}

/* Pages that are as large as the loader makes them, and one of a single key. */
static void test_cold_in_pages_of_any_size(void **state)
{
    static const int pages[] = {0, 1049, 1050, 1051, 7};
    struct follower *f = ((void **)*state)[0];
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        assert_int_equal(wipe(f), 0);
        f->page = pages[i];
        follow(f);
        reach(f, 1);
        assert_int_equal(f->quiet, 1055);
        assert_int_equal(f->changes, 0);
        same(f);
        stop(f);
    }
    f->page = PAGE;
}

static void test_resume(void **state)
{
    struct follower *f = ((void **)*state)[0];
    int64_t r = put_n(f->client, 0, 10, "three");
    follow(f);
    reach(f, r);
    assert_int_equal(f->wipes + f->quiet, 0);
    assert_int_equal(f->changes, 10);
    same(f);
    stop(f);
}

static void compact(struct follower *f, int64_t revision)
{
    struct answer a = {0};
    assert_int_equal(etcd_compact(f->client, revision, 0, on_compact, &a, NULL), 0);
    finish(f->client, &a);
    assert_int_equal(a.st.error, 0);
    answer_clear(&a);
}

static void test_compacted(void **state)
{
    struct follower *f = ((void **)*state)[0];
    put_n(f->client, 5, 15, "four");
    put_n(f->client, 10, 20, "five");
    int64_t gone = delete_n(f->client, 100, 105);
    int64_t r = put_n(f->client, 2000, 2003, "new");
    compact(f, r);
    f->mark = PREFIX "mark";
    follow(f);
    f->list_at = gone;
    reach(f, r);
    assert_int_equal(f->wipes + f->quiet, 0);
    assert_int_equal(f->puts, 15 + 3);
    assert_int_equal(f->deletes, 5);
    assert_int_equal(f->highest_sub, 0); /* each event has a revision of its own */
    assert_int_equal(f->early, 0);
    assert_false(f->disorder);
    same(f);
    stop(f);
}

/* Who may write nothing tells deletions together, behind all that may have been before them. */
static void test_compacted_without_marks(void **state)
{
    struct follower *f = ((void **)*state)[0];
    int64_t gone = delete_n(f->client, 105, 108);
    int64_t r = put_n(f->client, 3000, 3001, "last");
    compact(f, r);
    f->mark = "";
    follow(f);
    f->list_at = gone;
    reach(f, r);
    assert_int_equal(f->deletes, 3);
    assert_int_equal(f->highest_sub, 2); /* not that of the last write */
    assert_int_equal(f->early, 0);
    assert_false(f->disorder);
    stop(f);
}

/* Deleted and made again, unseen: told as both, before what came later. */
static void test_made_again(void **state)
{
    struct follower *f = ((void **)*state)[0];
    int64_t gone = delete_n(f->client, 30, 31);
    put_n(f->client, 40, 41, "between");
    put_n(f->client, 30, 31, "again");
    int64_t r = put_n(f->client, 41, 42, "last");
    compact(f, r);
    f->mark = PREFIX "mark";
    follow(f);
    f->list_at = gone;
    reach(f, r);
    assert_int_equal(f->deletes, 1);
    assert_int_equal(f->puts, 3);
    assert_int_equal(f->early, 0);
    assert_false(f->disorder);
    same(f);
    stop(f);
}

static void on_txn(void *arg, const struct etcd_status *st, const struct etcd_txn_reply *r)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    a->revision = r ? r->header.revision : 0;
}

static void test_many_in_a_revision(void **state)
{
    struct follower *f = ((void **)*state)[0];
    struct answer a = {0};
    struct etcd_put puts[3] = {{.key = STR(PREFIX "ns1/x"), .value = STR("1")},
                               {.key = STR(PREFIX "ns1/y"), .value = STR("1")},
                               {.key = STR(PREFIX "ns1/z"), .value = STR("1")}};
    struct etcd_op ops[3] = {{.put = &puts[0]}, {.put = &puts[1]}, {.put = &puts[2]}};
    struct etcd_txn t = {.success = {ops, 3}};
    follow(f);
    assert_int_equal(etcd_txn(f->client, &t, 0, on_txn, &a, NULL), 0);
    finish(f->client, &a);
    reach(f, a.revision);
    assert_int_equal(f->changes, 3);
    assert_int_equal(f->highest_sub, 2);
    int64_t elsewhere = put_key(f->client, "elsewhere", "");
    reach(f, elsewhere); /* by what etcd says of its progress */
    stop(f);
}

static void test_another_cluster(void **state)
{
    struct follower *f = ((void **)*state)[0];
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(f->cache->env, NULL, 0, &txn), 0);
    assert_int_equal(cache_meta_put(f->cache, txn, LOAD_META_CLUSTER, 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    int64_t r = put_n(f->client, 0, 1, "six");
    follow(f);
    reach(f, r);
    assert_int_equal(f->wipes, 1);
    assert_int_equal(f->changes, 0);
    same(f);
    stop(f);

    assert_int_equal(mdb_txn_begin(f->cache->env, NULL, 0, &txn), 0);
    assert_int_equal(cache_meta_put(f->cache, txn, CACHE_META_REVISION, r + 1000), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    follow(f); /* from the future */
    reach(f, r);
    assert_int_equal(f->wipes, 1);
    same(f);
    stop(f);
}

/* The member comes back with less than it had, under a follower that goes on: by itself, and because somebody
 * else saw it first. */
static void test_back_in_time(void **state)
{
    struct follower *f = ((void **)*state)[0];
    struct world *w = ((void **)*state)[1];
    int64_t r = put_n(f->client, 0, 20, "seven");
    follow(f);
    reach(f, r);
    server_kill(&w->servers, 0);
    assert_int_equal(shell("rm -rf %s/data0", w->servers.dir), 0);
    server_start(&w->servers, 0);
    client_ready(f->client);
    put_n(f->client, 0, 3, "eight");
    int64_t end = clock_ms() + START_MS, wait;
    while (!(f->wipes && load_ready(f->load)) && clock_ms() < end) {
        assert_int_equal(load_run(f->load, &wait), 0);
        assert_true(etcd_client_wait(f->client, NULL, 0, wait < 0 ? 100 : wait) >= 0);
    }
    assert_int_equal(f->wipes, 1);
    reach(f, put_n(f->client, 3, 4, "nine"));
    same(f);

    load_doubt(f->load); /* without reason */
    reach(f, put_n(f->client, 4, 5, "ten"));
    drive_for(f->client, 100);
    assert_int_equal(load_run(f->load, &wait), 0);
    assert_int_equal(f->wipes, 1);
    same(f);
    stop(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cold_then_watch),
        cmocka_unit_test(test_cold_in_pages_of_any_size),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_compacted),
        cmocka_unit_test(test_compacted_without_marks),
        cmocka_unit_test(test_made_again),
        cmocka_unit_test(test_many_in_a_revision),
        cmocka_unit_test(test_another_cluster),
        cmocka_unit_test(test_back_in_time),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
