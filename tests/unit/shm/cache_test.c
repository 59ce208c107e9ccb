/* The cache as readers see it: snapshots, scans, the index, the log. */
#include "tests/unit/shm/world.h"

#include "shm/base/hash.h"
#include "shm/cache/history.h"
#include "shm/cache/log.h"

/* Names of a scan, joined by spaces. */
static char *scanned(struct world *w, const char *ns, const struct key *from, bool after)
{
    static char out[4096];
    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix, k;
    struct scan sc;
    struct str key;
    const struct record *r;
    out[0] = 0;
    key_prefix(&prefix, RES, str_of(ns));
    assert_int_equal(scan_open(&sc, s, &prefix, from, after), 0);
    while ((r = scan_next(&sc, &key))) {
        key_make(&k, RES, record_ns(r), record_name(r));
        assert_true(str_eq(key_str(&k), key));
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s/%.*s", out[0] ? " " : "",
                 STR_ARG(record_ns(r)), STR_ARG(record_name(r)));
    }
    assert_null(scan_next(&sc, NULL));
    scan_close(&sc);
    snapshot_unref(s);
    return out;
}

static void scans_in_order(void **state)
{
    struct world *w = *state;
    assert_string_equal(scanned(w, "", NULL, false), "");
    add(w, "b", "x", "t", NULL);
    add(w, "a", "y", "t", NULL);
    add(w, "a", "x", "t", NULL);
    add(w, "ab", "m", "t", NULL);
    add(w, "a", "xx", "t", NULL);
    assert_string_equal(scanned(w, "", NULL, false), "a/x a/xx a/y ab/m b/x");
    assert_string_equal(scanned(w, "a", NULL, false), "a/x a/xx a/y");
    assert_string_equal(scanned(w, "c", NULL, false), "");
    struct key from;
    key_make(&from, RES, STR("a"), STR("xx"));
    assert_string_equal(scanned(w, "", &from, false), "a/xx a/y ab/m b/x");
    assert_string_equal(scanned(w, "", &from, true), "a/y ab/m b/x");
    assert_string_equal(scanned(w, "a", &from, true), "a/y");
    key_make(&from, RES, STR("a"), STR("xa")); /* gone since the last page */
    assert_string_equal(scanned(w, "a", &from, true), "a/xx a/y");
    key_make(&from, RES, STR("0"), STR("z")); /* before the prefix */
    assert_string_equal(scanned(w, "a", &from, true), "a/x a/xx a/y");

    struct snapshot *s = snapshot_get(w->snaps);
    struct key p, k;
    key_prefix(&p, RES, STR_NONE);
    assert_int_equal(snapshot_count(s, &p, NULL, 100), 5);
    assert_int_equal(snapshot_count(s, &p, NULL, 3), 3);
    key_make(&k, RES, STR("a"), STR("y"));
    assert_int_equal(snapshot_count(s, &p, &k, 100), 2);
    assert_name(snapshot_object(s, &k), "y");
    key_make(&k, RES, STR("a"), STR("nope"));
    assert_null(snapshot_object(s, &k));
    snapshot_unref(s);
}

/* Names of one index value. */
static char *selected(struct world *w, const char *node, const char *ns, const struct key *from, bool after)
{
    static char out[4096];
    struct snapshot *s = snapshot_get(w->snaps);
    struct index_scan sc;
    const struct record *r;
    out[0] = 0;
    assert_int_equal(index_scan_open(&sc, s, RES, 2, str_of(node), str_of(ns), from, after), 0);
    while ((r = index_scan_next(&sc)))
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s/%.*s", out[0] ? " " : "",
                 STR_ARG(record_ns(r)), STR_ARG(record_name(r)));
    index_scan_close(&sc);
    snapshot_unref(s);
    return out;
}

static size_t index_entries(struct world *w)
{
    MDB_txn *txn;
    MDB_stat st;
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_stat(txn, w->writer->index, &st), 0);
    mdb_txn_abort(txn);
    return st.ms_entries;
}

static void the_index_follows_the_field(void **state)
{
    struct world *w = *state;
    struct key from;
    add(w, "b", "x", "t", "n1");
    add(w, "a", "y", "t", "n1");
    add(w, "a", "x", "t", "n2");
    add(w, "a", "z", "t", "n1");
    add(w, "a", "u", "t", ""); /* not scheduled yet */
    add(w, "a", "v", "t", NULL);
    assert_string_equal(selected(w, "n1", "", NULL, false), "a/y a/z b/x");
    assert_string_equal(selected(w, "n1", "a", NULL, false), "a/y a/z");
    assert_string_equal(selected(w, "n", "", NULL, false), "");
    assert_string_equal(selected(w, "", "", NULL, false), "a/u");
    key_make(&from, RES, STR("a"), STR("y"));
    assert_string_equal(selected(w, "n1", "", &from, true), "a/z b/x");
    assert_string_equal(selected(w, "n1", "", &from, false), "a/y a/z b/x");
    assert_string_equal(selected(w, "n1", "a", &from, true), "a/z");
    assert_int_equal(index_entries(w), 5);
    add(w, "a", "y", "changed", "n1"); /* same value */
    assert_int_equal(index_entries(w), 5);
    add(w, "a", "y", "t", "n2");
    assert_string_equal(selected(w, "n1", "", NULL, false), "a/z b/x");
    assert_string_equal(selected(w, "n2", "", NULL, false), "a/x a/y");
    drop(w, "a", "y");
    assert_string_equal(selected(w, "n2", "", NULL, false), "a/x");
    add(w, "a", "x", "t", NULL); /* field gone */
    assert_string_equal(selected(w, "n2", "", NULL, false), "");
    assert_int_equal(index_entries(w), 3);
}

static void the_index_takes_long_values_and_names(void **state)
{
    struct world *w = *state;
    char long1[301], long2[301], name1[501], name2[501];
    memset(long1, 'v', 300);
    memset(name1, 'n', 500);
    long1[300] = name1[500] = 0;
    memcpy(long2, long1, sizeof(long1));
    memcpy(name2, name1, sizeof(name1));
    long2[299] = 'w';
    name2[499] = 'o';
    add(w, "ns", name1, "t", long1);
    add(w, "ns", name2, "t", long1);
    add(w, "ns", "short", "t", long2);
    struct snapshot *s = snapshot_get(w->snaps);
    struct index_scan sc;
    assert_int_equal(index_scan_open(&sc, s, RES, 2, str_of(long1), STR("ns"), NULL, false), 0);
    const struct record *a = index_scan_next(&sc), *b = index_scan_next(&sc);
    assert_true(a && b && !index_scan_next(&sc) && !str_eq(record_name(a), record_name(b)));
    struct key k;
    key_make(&k, RES, record_ns(a), record_name(a));
    index_scan_close(&sc);
    assert_int_equal(index_scan_open(&sc, s, RES, 2, str_of(long1), STR_NONE, &k, true), 0);
    assert_ptr_equal(index_scan_next(&sc), b);
    assert_null(index_scan_next(&sc));
    index_scan_close(&sc);
    snapshot_unref(s);
    drop(w, "ns", name1);
    drop(w, "ns", name2);
    assert_string_equal(selected(w, long2, "", NULL, false), "ns/short");
    assert_string_equal(selected(w, long1, "", NULL, false), "");
    assert_int_equal(index_entries(w), 1);
}

static void a_value_cannot_pose_as_another(void **state)
{
    struct world *w = *state;
    struct buf b = {0};
    struct record_field f = {2, true, STR("n1\0ns\0x")};
    struct record_parts p = {.resource = RES,
                             .fields = &f,
                             .nfields = 1,
                             .json = STR("{\"name\":\"x\"}"),
                             .body_at = 1,
                             .name_at = 9,
                             .name_bytes = 1};
    record_draft(&b, &p);
    struct key k;
    struct ring_event ev;
    MDB_txn *txn;
    key_make(&k, RES, STR("other"), STR("x"));
    struct apply_change ch = {
        .verb = STORE_PUT, .key = key_str(&k), .revision = 2, .draft = (const struct record *)b.p};
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
    assert_int_equal(apply_change(w->writer, txn, &ch, &ev), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    assert_string_equal(selected(w, "n1", "", NULL, false), "");
    buf_free(&b);
}

static void snapshots_stand_still(void **state)
{
    struct world *w = *state;
    add(w, "a", "x", "one", NULL);
    struct snapshot *s = snapshot_get(w->snaps), *same = snapshot_get(w->snaps);
    assert_ptr_equal(s, same);
    struct key k;
    key_make(&k, RES, STR("a"), STR("x"));
    const struct record *r = snapshot_object(s, &k);
    add(w, "a", "x", "two", NULL);
    assert_true(json_has(r, "one"));
    struct snapshot *next = snapshot_get(w->snaps);
    assert_ptr_not_equal(next, s);
    assert_true(json_has(snapshot_object(next, &k), "two"));
    assert_true(json_has(snapshot_object(s, &k), "one"));
    assert_int_equal(snapshot_revision(s) + 1, snapshot_revision(next));
    snapshot_unref(s);
    snapshot_unref(same);
    snapshot_unref(next);
    snapshots_turn(w->snaps);
    struct snapshot *again = snapshot_get(w->snaps); /* reused */
    assert_true(again == s || again == next);
    assert_int_equal(snapshots_oldest_ms(w->snaps) < 1000, 1);
    snapshot_unref(again);
    assert_int_equal(snapshots_oldest_ms(w->snaps), 0);
}

struct holder {
    struct snapshot *s;
    int asked;
    struct holder *also; /* lets go of this one, too */
};

static void let_go(void *arg)
{
    struct holder *h = arg;
    h->asked++;
    snapshot_unref(h->s);
    h->s = NULL;
    if (h->also && h->also->s) {
        snapshot_clear_reclaim(h->also->s, h->also);
        snapshot_unref(h->also->s);
        h->also->s = NULL;
    }
}

static void old_snapshots_are_reclaimed(void **state)
{
    struct world *w = *state;
    struct holder a = {0}, b = {0}, c = {0}, d = {0};
    a.also = &b;
    struct holder *all[] = {&a, &b, &c};
    for (int i = 0; i < 3; i++) {
        all[i]->s = snapshot_get(w->snaps);
        snapshot_set_reclaim(all[i]->s, let_go, all[i]);
    }
    add(w, "a", "x", "one", NULL);
    d.s = snapshot_get(w->snaps);
    snapshot_set_reclaim(d.s, let_go, &d);
    add(w, "a", "x", "two", NULL);
    usleep(30000);
    assert_true(snapshots_oldest_ms(w->snaps) >= 30);
    assert_int_equal(snapshots_held(w->snaps), 2);
    assert_int_equal(snapshots_reclaim(w->snaps, 10000), 0);
    assert_int_equal(snapshots_reclaim(w->snaps, 10), 3); /* a and with it b, c, d */
    assert_int_equal(a.asked + c.asked + d.asked, 3);
    assert_int_equal(b.asked, 0);
    assert_int_equal(snapshots_held(w->snaps), 0);
    assert_int_equal(snapshots_oldest_ms(w->snaps), 0);
    assert_int_equal(snapshots_reclaim(w->snaps, 0), 0);
}

static void the_log_is_read_in_order(void **state)
{
    struct world *w = *state;
    add(w, "a", "x", "one", "n1");
    add(w, "a", "x", "two", "n1");
    drop(w, "a", "x");
    struct snapshot *s = snapshot_get(w->snaps);
    struct log_scan sc;
    struct event e;
    assert_int_equal(log_scan_open(&sc, s, 1), 0);
    assert_true(log_scan_next(&sc, &e));
    assert_true(e.revision == 2 && e.type == EVENT_ADDED && !e.prev && json_has(e.record, "one"));
    assert_true(log_scan_next(&sc, &e));
    assert_true(e.revision == 3 && e.type == EVENT_MODIFIED && json_has(e.record, "two") &&
                json_has(e.prev, "one"));
    assert_true(json_has(e.prev, "\"resourceVersion\":\"2\"") && e.record->create_revision == 2);
    assert_true(log_scan_next(&sc, &e));
    assert_true(e.revision == 4 && e.type == EVENT_DELETED && !e.prev);
    assert_true(json_has(e.record, "two") && json_has(e.record, "\"resourceVersion\":\"4\""));
    assert_false(log_scan_next(&sc, &e));
    assert_false(log_scan_next(&sc, &e));
    log_scan_close(&sc);
    assert_int_equal(log_scan_open(&sc, s, 4), 0);
    assert_false(log_scan_next(&sc, &e));
    log_scan_close(&sc);
    assert_true(log_get(s, 3, 0, &e) && e.resource == RES);
    assert_false(log_get(s, 5, 0, &e));
    snapshot_unref(s);
    assert_int_equal(apply_one(w->writer, STORE_DELETE, "a", "x", NULL, NULL, 9, NULL), -ENOENT);
}

static void old_events_leave_the_window(void **state)
{
    struct world *w = *state;
    char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    struct trim t = {.max_bytes = 1 << 20, .max_age_ms = 3600000};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(apply_one(w->writer, STORE_PUT, "a", "x", text, NULL, ++w->revision, &t), 0);
    snapshots_turn(w->snaps);
    struct snapshot *s = snapshot_get(w->snaps);
    int64_t compacted = snapshot_compacted(s);
    assert_true(compacted > 500 && compacted < w->revision - 50);
    struct log_scan sc;
    struct event e;
    assert_int_equal(log_scan_open(&sc, s, compacted - 1), -ESTALE);
    log_scan_close(&sc); /* closing what did not open is fine */
    assert_int_equal(log_scan_open(&sc, s, compacted), 0);
    for (int64_t rev = compacted + 1; rev <= w->revision; rev++) {
        assert_true(log_scan_next(&sc, &e));
        assert_int_equal(e.revision, rev);
    }
    log_scan_close(&sc);
    struct key prefix;
    key_prefix(&prefix, RES, STR_NONE);
    assert_null(history_open(s, &prefix, compacted - 1));
    assert_int_equal(errno, ESTALE);
    struct history *h = history_open(s, &prefix, compacted);
    assert_int_equal(history_next(h, NULL)->mod_revision, compacted);
    history_close(h);
    snapshot_unref(s);

    /* between half the bound and the bound, age decides */
    MDB_txn *txn;
    struct trim young = {.max_bytes = t.bytes + (64 << 10), .max_age_ms = 3600000}, old = young;
    old.max_age_ms = -1;
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
    int64_t now = clock_wall_us() / 1000;
    assert_int_equal(trim_run(&young, w->writer, txn, now), 0);
    assert_true(trim_run(&old, w->writer, txn, now) > 10);
    assert_true(old.bytes <= old.max_bytes / 2 && old.bytes > old.max_bytes / 3);
    mdb_txn_abort(txn);
}

/* 100,000 updates of 100 keys in a map that could hold 6,000 of them. */
static void churn_does_not_fill_the_map(void **state)
{
    struct world *w = *state;
    cache_close(w->writer);
    snapshots_free(w->snaps);
    w->writer = open_at(w->dir, true, false, 32u << 20);
    w->snaps = snapshots_new(w->writer);
    struct trim t = {.max_bytes = 4 << 20, .max_age_ms = 0};
    char text[2500], name[16];
    struct buf b = {0};
    struct key k;
    struct ring_event ev;
    int64_t rev = 1;
    memset(text, 'x', sizeof(text));
    for (int batch = 0; batch < 2000; batch++) {
        MDB_txn *txn;
        assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
        for (int i = 0; i < 50; i++) {
            snprintf(name, sizeof(name), "k%d", (batch * 50 + i) % 100);
            text[500 + (batch * 37 + i * 101) % 1999] = 0; /* sizes differ */
            key_make(&k, RES, STR("ns"), str_of(name));
            struct apply_change ch = {.verb = STORE_PUT,
                                      .key = key_str(&k),
                                      .revision = ++rev,
                                      .draft = make_draft(&b, "ns", name, text, name)};
            text[500 + (batch * 37 + i * 101) % 1999] = 'x';
            assert_int_equal(apply_change(w->writer, txn, &ch, &ev), 0);
        }
        assert_true(trim_run(&t, w->writer, txn, clock_wall_us() / 1000) >= 0);
        assert_int_equal(cache_meta_put(w->writer, txn, CACHE_META_REVISION, rev), 0);
        assert_int_equal(mdb_txn_commit(txn), 0);
        if (batch % 10 == 0) { /* a reader comes and goes */
            snapshots_turn(w->snaps);
            snapshot_unref(snapshot_get(w->snaps));
            snapshots_turn(w->snaps);
        }
    }
    MDB_envinfo info;
    mdb_env_info(w->writer->env, &info);
    print_message("file pages after the churn: %zu (%zu KiB)\n", info.me_last_pgno, info.me_last_pgno * 4);
    assert_true(info.me_last_pgno * 4096 < 20u << 20);
    buf_free(&b);
}

static void a_reader_needs_a_writer_first_and_only_one(void **state)
{
    char *dir = scratch_dir(), err[512] = "";
    struct cache_options r = {.dir = dir}, wr = {.dir = dir, .writer = true};
    assert_null(cache_open(&r, err, sizeof(err)));
    assert_non_null(strstr(err, dir));
    struct cache *w = cache_open(&wr, err, sizeof(err));
    assert_non_null(w);
    assert_null(cache_open(&wr, err, sizeof(err)));
    assert_non_null(strstr(err, "in use by another server"));
    cache_close(w);
    w = cache_open(&wr, err, sizeof(err));
    assert_non_null(w);
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(w->env, NULL, 0, &txn), 0);
    assert_int_equal(cache_meta_put(w, txn, "layout", 99), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    cache_close(w);
    assert_null(cache_open(&wr, err, sizeof(err)));
    assert_non_null(strstr(err, "another version"));
    struct cache_options bad = {.dir = "/dev/null/x", .writer = true};
    assert_null(cache_open(&bad, err, sizeof(err)));
    scratch_remove(dir);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(scans_in_order),
        T(the_index_follows_the_field),
        T(the_index_takes_long_values_and_names),
        T(a_value_cannot_pose_as_another),
        T(snapshots_stand_still),
        T(old_snapshots_are_reclaimed),
        T(the_log_is_read_in_order),
        T(old_events_leave_the_window),
        T(churn_does_not_fill_the_map),
        cmocka_unit_test(a_reader_needs_a_writer_first_and_only_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
