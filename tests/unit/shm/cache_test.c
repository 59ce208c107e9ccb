/* The cache as readers see it: snapshots, scans, the index, the log, the past. */
#include "tests/unit/shm/util.h"

#include "shm/base/hash.h"
#include "shm/cache/history.h"
#include "shm/cache/log.h"

struct world {
    char *dir;
    struct cache *writer, *reader;
    struct snapshots *snaps;
    int64_t revision;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->dir = scratch_dir();
    w->writer = open_at(w->dir, true, false, 0);
    w->reader = w->writer; /* one environment a process */
    w->snaps = snapshots_new(w->reader);
    w->revision = 1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    snapshots_free(w->snaps);
    cache_close(w->writer);
    scratch_remove(w->dir);
    free(w);
    return 0;
}

static void add(struct world *w, const char *ns, const char *name, const char *text, const char *node)
{
    put(w->writer, ns, name, text, node, ++w->revision);
    snapshots_turn(w->snaps);
}

static void drop(struct world *w, const char *ns, const char *name)
{
    del(w->writer, ns, name, ++w->revision);
    snapshots_turn(w->snaps);
}

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

/* The past as one line: name=text pairs. */
static char *past(struct world *w, int64_t revision, const char *ns, const struct key *after,
                  int64_t *remaining)
{
    static char out[4096];
    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix;
    const struct record *r;
    out[0] = 0;
    key_prefix(&prefix, RES, str_of(ns));
    struct history *h = history_open(s, &prefix, revision);
    assert_non_null(h);
    if (after)
        assert_int_equal(history_seek(h, after), 0);
    if (remaining)
        *remaining = history_remaining(h, 100);
    while ((r = history_next(h, NULL))) {
        struct str text;
        assert_true(r->mod_revision <= revision);
        assert_true(record_table_label(record_table_view(r), STR("app"), &text));
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s=%.*s", out[0] ? " " : "",
                 STR_ARG(record_name(r)), STR_ARG(text));
    }
    assert_int_equal(history_remaining(h, 100), 0);
    history_close(h);
    snapshot_unref(s);
    return out;
}

static void the_past_is_exact(void **state)
{
    struct world *w = *state;
    add(w, "a", "b", "1", NULL); /* 2 */
    add(w, "a", "d", "1", NULL); /* 3 */
    add(w, "z", "d", "1", NULL); /* 4 */
    add(w, "a", "d", "2", NULL); /* 5 */
    add(w, "a", "c", "1", NULL); /* 6 */
    drop(w, "a", "b");           /* 7 */
    add(w, "a", "d", "3", NULL); /* 8 */
    add(w, "a", "b", "9", NULL); /* 9: created anew */
    drop(w, "a", "c");           /* 10 */
    int64_t left;
    assert_string_equal(past(w, 10, "a", NULL, &left), "b=9 d=3");
    assert_int_equal(left, 2);
    assert_string_equal(past(w, 9, "a", NULL, NULL), "b=9 c=1 d=3");
    assert_string_equal(past(w, 8, "a", NULL, NULL), "c=1 d=3");
    assert_string_equal(past(w, 7, "a", NULL, NULL), "c=1 d=2");
    assert_string_equal(past(w, 6, "a", NULL, NULL), "b=1 c=1 d=2");
    assert_string_equal(past(w, 5, "a", NULL, NULL), "b=1 d=2");
    assert_string_equal(past(w, 3, "a", NULL, NULL), "b=1 d=1");
    assert_string_equal(past(w, 2, "a", NULL, NULL), "b=1");
    assert_string_equal(past(w, 1, "a", NULL, NULL), "");
    assert_string_equal(past(w, 6, "", NULL, NULL), "b=1 c=1 d=2 d=1");
    struct key after;
    key_make(&after, RES, STR("a"), STR("b"));
    assert_string_equal(past(w, 6, "a", &after, &left), "c=1 d=2");
    assert_int_equal(left, 2);
    key_make(&after, RES, STR("a"), STR("bb"));
    assert_string_equal(past(w, 6, "", &after, NULL), "c=1 d=2 d=1");

    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix, k;
    key_prefix(&prefix, RES, STR("a"));
    assert_null(history_open(s, &prefix, 11));
    assert_int_equal(errno, EOVERFLOW);
    struct history *h = history_open(s, &prefix, 7);
    key_make(&k, RES, STR("a"), STR("b"));
    assert_null(history_object(h, &k));
    key_make(&k, RES, STR("a"), STR("d"));
    assert_true(json_has(history_object(h, &k), "\"resourceVersion\":\"5\""));
    history_close(h);
    h = history_open(s, &prefix, 6); /* a deleted object has its old resourceVersion then */
    key_make(&k, RES, STR("a"), STR("b"));
    assert_true(json_has(history_object(h, &k), "\"resourceVersion\":\"2\""));
    history_close(h);
    snapshot_unref(s);
}

static void the_past_of_many_keys(void **state)
{
    struct world *w = *state;
    char name[32];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "k%03d", (i * 7) % 300);
        add(w, "a", name, "old", NULL);
    }
    int64_t then = w->revision;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "k%03d", i);
        if (i % 3 == 0)
            drop(w, "a", name);
        else
            add(w, "a", name, "new", NULL);
        snprintf(name, sizeof(name), "k%03da", i);
        add(w, "a", name, "new", NULL);
    }
    struct snapshot *s = snapshot_get(w->snaps);
    struct key prefix;
    key_prefix(&prefix, RES, STR_NONE);
    struct history *h = history_open(s, &prefix, then);
    assert_int_equal(history_remaining(h, 1000), 300);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "k%03d", i);
        const struct record *r = history_next(h, NULL);
        assert_name(r, name);
        assert_true(json_has(r, "\"text\":\"old\""));
        if (i == 100)
            assert_int_equal(history_remaining(h, 1000), 199);
    }
    assert_null(history_next(h, NULL));
    history_close(h);
    snapshot_unref(s);
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

/* An object of namespace ns with so many bytes of json and of proto, the latter filled with `fill`. */
static void add_object(struct world *w, const char *name, size_t json_bytes, size_t proto_bytes, char fill)
{
    struct buf json = {0}, proto = {0}, draft = {0};
    struct record_parts p = {
        .resource = RES, .ns_at = 8, .ns_bytes = 2, .name_bytes = (uint16_t)strlen(name), .body_at = 1};
    MDB_txn *txn;
    struct key k;
    struct ring_event ev;
    buf_puts(&json, "{\"ns\": \"ns\",\"name\": \"");
    p.name_at = (uint32_t)json.n;
    buf_printf(&json, "%s\",\"rv\":\"", name);
    p.rv_at = (uint32_t)json.n;
    buf_puts(&json, "\"}");
    memset(buf_reserve(&json, json_bytes), ' ', json_bytes);
    json.n += json_bytes;
    memset(buf_reserve(&proto, proto_bytes), fill, proto_bytes);
    proto.n = proto_bytes;
    p.json = buf_view(&json);
    p.proto = buf_view(&proto);
    record_draft(&draft, &p);
    key_make(&k, RES, STR("ns"), str_of(name));
    struct apply_change ch = {.verb = STORE_PUT,
                              .key = key_str(&k),
                              .revision = ++w->revision,
                              .draft = (const struct record *)draft.p};
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
    assert_int_equal(apply_change(w->writer, txn, &ch, &ev), 0);
    assert_int_equal(cache_meta_put(w->writer, txn, CACHE_META_REVISION, w->revision), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    snapshots_turn(w->snaps);
    buf_free(&json);
    buf_free(&proto);
    buf_free(&draft);
}

static void add_sized(struct world *w, size_t json_bytes, size_t proto_bytes, char fill)
{
    add_object(w, "big", json_bytes, proto_bytes, fill);
}

static void assert_filled(struct str proto, size_t n, char fill)
{
    assert_int_equal(proto.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(proto.p[i], fill);
}

static size_t entries(struct world *w, MDB_dbi dbi)
{
    MDB_txn *txn;
    MDB_stat st;
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, dbi, &st), 0);
    mdb_txn_abort(txn);
    return st.ms_entries;
}

static void assert_proto(struct snapshot *s, const struct record *r, size_t n, char fill)
{
    struct str part[2];
    assert_int_equal(snapshot_proto(s, r, part), n > 0);
    assert_filled(part[0], n - part[1].n, fill);
    assert_filled(part[1], part[1].n, fill);
}

/* In how many values an object lies is nobody's business but the pages'. Each row comes after the one before.
 */
static void a_record_may_lie_in_two_values(void **state)
{
    static const struct {
        size_t json, proto;
        bool apart;
    } rows[] = {{100, 50, false},    {3000, 1800, true}, {3000, 2250, true}, {1200, 700, true},
                {3000, 0, false},    {2600, 900, false}, {3700, 2200, true}, {7000, 1500, true},
                {3700, 4000, false}, {4200, 5000, true}, {900, 3000, false}, {100, 100, false}};
    struct world *w = *state;
    struct key k;
    struct event e;
    const struct record *before;
    key_make(&k, RES, STR("ns"), STR("big"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t was = i ? rows[i - 1].proto : 0;
        add_sized(w, rows[i].json, rows[i].proto, (char)('a' + i));
        struct snapshot *s = snapshot_get(w->snaps);
        const struct record *r = snapshot_object(s, &k);
        assert_name(r, "big");
        assert_proto(s, r, rows[i].proto, (char)('a' + i));
        assert_int_equal(entries(w, w->writer->tails), rows[i].apart);
        struct log_scan sc;
        assert_int_equal(log_scan_open(&sc, s, w->revision - 1), 0);
        assert_true(log_scan_before(&sc, &e, &before));
        assert_filled(record_proto(e.record), rows[i].proto, (char)('a' + i));
        if (i)
            assert_filled(record_proto(before), was, (char)('a' + i - 1));
        log_scan_close(&sc);
        snapshot_unref(s);
    }
    add_sized(w, 3000, 1800, 'z');
    assert_int_equal(entries(w, w->writer->tails), 1);
    drop(w, "ns", "big");
    assert_int_equal(entries(w, w->writer->tails), 0);
    struct snapshot *s = snapshot_get(w->snaps);
    assert_null(snapshot_object(s, &k));
    assert_true(log_get(s, w->revision, 0, &e));
    assert_int_equal(e.type, EVENT_DELETED);
    assert_filled(record_proto(e.record), 1800, 'z');
    snapshot_unref(s);
}

/* 5.5 KB of pod in 6 KiB of pages: a full one, and half a leaf; in whatever order they come. */
static void two_values_take_less_room(void **state)
{
    struct world *w = *state;
    MDB_txn *txn;
    MDB_stat objects, tails;
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof(name), "pod-%03d", i < 100 ? i : i * 7919 % 100 + 100);
        add_object(w, name, 3100, 2250, 'p');
    }
    for (int i = 0; i < 200; i += 3) {
        char name[16];
        snprintf(name, sizeof(name), "pod-%03d", i);
        add_object(w, name, 3120, 2260, 'p');
    }
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, w->writer->objects, &objects), 0);
    assert_int_equal(mdb_stat(txn, w->writer->tails, &tails), 0);
    mdb_txn_abort(txn);
    assert_int_equal(objects.ms_overflow_pages, 200);
    assert_int_equal(tails.ms_overflow_pages, 0);
    assert_int_equal(tails.ms_entries, 200);
    assert_in_range(tails.ms_leaf_pages, 100, 102); /* in one value they would be 200 */
}

/* A store that was written before records could lie in two values goes on being used. */
static void the_layout_before_is_taken_over(void **state)
{
    struct world *w = *state;
    MDB_txn *txn;
    struct key k;
    char err[512];
    struct cache_options o = {.dir = w->dir, .writer = true};
    add(w, "a", "x", "t", NULL);
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_drop(txn, w->writer->rests, 1), 0);
    assert_int_equal(mdb_drop(txn, w->writer->tails, 1), 0);
    assert_int_equal(cache_meta_put(w->writer, txn, "layout", 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    snapshots_free(w->snaps);
    cache_close(w->writer);
    w->reader = w->writer = cache_open(&o, err, sizeof(err));
    assert_non_null(w->writer);
    w->snaps = snapshots_new(w->reader);
    add_sized(w, 3000, 1800, 'p');
    struct snapshot *s = snapshot_get(w->snaps);
    key_make(&k, RES, STR("a"), STR("x"));
    assert_name(snapshot_object(s, &k), "x");
    key_make(&k, RES, STR("ns"), STR("big"));
    assert_proto(s, snapshot_object(s, &k), 1800, 'p');
    snapshot_unref(s);
}

/* As it lay in layout 3: without a number, and its rest under its own key. */
static void unnumber(struct world *w, const struct key *key)
{
    MDB_txn *txn;
    MDB_val k = {key->n, (void *)(uintptr_t)key->b}, v, rest, number;
    char bytes[8192], rest_bytes[8192];
    struct record *r = (struct record *)(void *)bytes;
    assert_int_equal(mdb_txn_begin(w->writer->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_get(txn, w->writer->objects, &k, &v), 0);
    memcpy(bytes, v.mv_data, v.mv_size);
    assert_true(r->flags & RECORD_NUMBERED);
    number = (MDB_val){RECORD_NUMBER_BYTES, bytes + record_part_bytes(r)};
    assert_int_equal(mdb_get(txn, w->writer->tails, &number, &rest), 0);
    memcpy(rest_bytes, rest.mv_data, rest.mv_size);
    rest.mv_data = rest_bytes;
    assert_int_equal(mdb_del(txn, w->writer->tails, &number, NULL), 0);
    assert_int_equal(mdb_put(txn, w->writer->rests, &k, &rest, 0), 0);
    r->bytes = (uint32_t)record_part_bytes(r);
    r->flags &= ~RECORD_NUMBERED;
    v = (MDB_val){r->bytes, bytes};
    assert_int_equal(mdb_put(txn, w->writer->objects, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    snapshots_turn(w->snaps);
}

static void rests_without_numbers_are_found_and_replaced(void **state)
{
    struct world *w = *state;
    struct key k;
    key_make(&k, RES, STR("ns"), STR("big"));
    for (int way = 0; way < 3; way++) {
        add_object(w, "other", 3000, 1800, 'o');
        add_sized(w, 3000, 1800, 'p');
        unnumber(w, &k);
        struct snapshot *s = snapshot_get(w->snaps);
        assert_proto(s, snapshot_object(s, &k), 1800, 'p');
        snapshot_unref(s);
        if (way == 0)
            add_sized(w, 3000, 1810, 'q'); /* apart again */
        else if (way == 1)
            add_sized(w, 100, 50, 'q'); /* whole */
        if (way < 2) {
            s = snapshot_get(w->snaps);
            assert_proto(s, snapshot_object(s, &k), way == 0 ? 1810 : 50, 'q');
            snapshot_unref(s);
        }
        assert_int_equal(entries(w, w->writer->tails), way == 0 ? 2 : 1);
        assert_int_equal(entries(w, w->writer->rests), way == 2);
        drop(w, "ns", "big");
        assert_int_equal(entries(w, w->writer->tails), 1);
        assert_int_equal(entries(w, w->writer->rests), 0);
    }
    struct snapshot *s = snapshot_get(w->snaps);
    key_make(&k, RES, STR("ns"), STR("other"));
    assert_proto(s, snapshot_object(s, &k), 1800, 'o');
    snapshot_unref(s);
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
        T(the_past_is_exact),
        T(the_past_of_many_keys),
        T(old_events_leave_the_window),
        T(churn_does_not_fill_the_map),
        T(a_record_may_lie_in_two_values),
        T(two_values_take_less_room),
        T(the_layout_before_is_taken_over),
        T(rests_without_numbers_are_found_and_replaced),
        cmocka_unit_test(a_reader_needs_a_writer_first_and_only_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
