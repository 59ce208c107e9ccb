/* Counts of ranges are those that walking gives, whatever came and went before. */
#include "tests/unit/shm/util.h"

#include "shm/cache/counts.h"
#include "shm/cache/history.h"

#define KEYS 6000
#define NAMESPACES 5

struct world {
    char *dir;
    struct cache *cache;
    struct snapshots *snaps;
    struct buf draft;
    int64_t revision;
    unsigned seed;
    bool there[KEYS];
};

static void open_again(struct world *w)
{
    w->cache = open_at(w->dir, true, false, 0);
    assert_non_null(w->cache);
    w->snaps = snapshots_new(w->cache);
}

static void shut(struct world *w)
{
    snapshots_free(w->snaps);
    cache_close(w->cache);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->dir = scratch_dir();
    w->seed = 1;
    open_again(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    shut(w);
    buf_free(&w->draft);
    scratch_remove(w->dir);
    free(w);
    return 0;
}

static unsigned any(struct world *w, unsigned below)
{
    w->seed = w->seed * 1103515245u + 12345u;
    return (w->seed >> 8) % below;
}

/* Namespaces of very different sizes; names are spread over their order. */
static void names_of(int i, char ns[16], char name[32])
{
    int n = i % 100 < 80 ? 0 : i % 100 < 90 ? 1 : i % 100 < 98 ? 2 : 3;
    snprintf(ns, 16, "ns%d", n);
    snprintf(name, 32, "%06u-%d", (unsigned)i * 7919u % 1000003u, i);
}

/* Puts or deletes one in this transaction; with an event if `loud`. */
static void set(struct world *w, MDB_txn *txn, int i, bool there, bool loud)
{
    char ns[16], name[32];
    struct key k;
    struct ring_event ev;
    names_of(i, ns, name);
    key_make(&k, RES, str_of(ns), str_of(name));
    struct apply_change ch = {
        .verb = there ? STORE_PUT : STORE_DELETE, .key = key_str(&k), .revision = ++w->revision};
    if (there)
        ch.draft = make_draft(&w->draft, ns, name, "t", NULL);
    assert_int_equal(loud ? apply_change(w->cache, txn, &ch, &ev) : apply_quietly(w->cache, txn, &ch), 0);
    w->there[i] = there;
}

static MDB_txn *begin(struct world *w)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(w->cache->env, NULL, 0, &txn), 0);
    return txn;
}

static void commit(struct world *w, MDB_txn *txn)
{
    assert_int_equal(cache_meta_put(w->cache, txn, CACHE_META_REVISION, w->revision), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    snapshots_turn(w->snaps);
}

/* Random additions, changes and deletions; more of those that `adding` (of ten) says. */
static void change_many(struct world *w, int n, unsigned adding, bool loud)
{
    MDB_txn *txn = begin(w);
    while (n-- > 0) {
        int i = (int)any(w, KEYS);
        bool add = any(w, 10) < adding;
        if (add || w->there[i])
            set(w, txn, i, add, loud);
    }
    commit(w, txn);
}

static int64_t walked(struct snapshot *s, const struct key *prefix, const struct key *after)
{
    struct scan sc;
    int64_t n = 0;
    assert_int_equal(scan_open(&sc, s, prefix, after, after != NULL), 0);
    while (scan_next(&sc, NULL))
        n++;
    scan_close(&sc);
    return n;
}

static void assert_counted(struct world *w)
{
    struct snapshot *s = snapshot_get(w->snaps);
    char ns[16], name[32];
    struct key prefix, after;
    for (int of = -1; of < NAMESPACES; of++) {
        snprintf(ns, sizeof(ns), "ns%d", of);
        key_prefix(&prefix, RES, of < 0 ? STR_NONE : str_of(ns));
        assert_int_equal(snapshot_count(s, &prefix, NULL, INT64_MAX), walked(s, &prefix, NULL));
        for (int i = 0; i < 20;
             i++) { /* keys that are there, and that are not; of this range, and of others */
            char other[16];
            names_of((int)any(w, KEYS), other, name);
            key_make(&after, RES, i % 4 ? str_of(other) : str_of(ns), str_of(name));
            int64_t want = walked(s, &prefix, &after);
            assert_int_equal(snapshot_count(s, &prefix, &after, INT64_MAX), want);
            assert_int_equal(snapshot_count(s, &prefix, &after, 700), want < 700 ? want : 700);
        }
    }
    snapshot_unref(s);
}

static size_t stretches(struct world *w)
{
    MDB_txn *txn;
    MDB_stat st;
    assert_int_equal(mdb_txn_begin(w->cache->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, w->cache->counts, &st), 0);
    mdb_txn_abort(txn);
    return st.ms_entries;
}

static void counts_follow_changes(void **state)
{
    struct world *w = *state;
    assert_counted(w);
    for (unsigned adding = 10; adding-- > 0;) {
        change_many(w, 4000, adding, false);
        assert_counted(w);
    }
    change_many(w, 100, 10, false);
    assert_counted(w);
}

/* Neither many objects nor few make counting long. */
static void stretches_stay_few_and_short(void **state)
{
    struct world *w = *state;
    MDB_txn *txn = begin(w);
    for (int i = 0; i < KEYS; i++)
        set(w, txn, i, true, false);
    commit(w, txn);
    assert_in_range(stretches(w), KEYS / COUNTS_STRETCH_MAX, 4 * KEYS / COUNTS_STRETCH_MAX);
    assert_counted(w);
    txn = begin(w);
    for (int i = 0; i < KEYS; i++)
        if (i % 50)
            set(w, txn, i, false, false);
    commit(w, txn);
    assert_in_range(stretches(w), 1, 3);
    assert_counted(w);
}

static void an_aborted_change_counts_nothing(void **state)
{
    struct world *w = *state;
    change_many(w, 2000, 8, false);
    MDB_txn *txn = begin(w);
    for (int i = 0; i < KEYS; i++)
        set(w, txn, i, true, false);
    mdb_txn_abort(txn);
    snapshots_turn(w->snaps);
    assert_counted(w);
}

/* As sink_wipe and a cold load do it, in one transaction and in two. */
static void counts_begin_anew_after_a_wipe(void **state)
{
    struct world *w = *state;
    change_many(w, 3000, 8, false);
    MDB_txn *txn = begin(w);
    assert_int_equal(mdb_drop(txn, w->cache->objects, 0), 0);
    assert_int_equal(mdb_drop(txn, w->cache->counts, 0), 0);
    memset(w->there, 0, sizeof(w->there));
    for (int i = 0; i < 1000; i++)
        set(w, txn, i, true, false);
    commit(w, txn);
    assert_counted(w);
    txn = begin(w);
    assert_int_equal(mdb_drop(txn, w->cache->objects, 0), 0);
    assert_int_equal(mdb_drop(txn, w->cache->counts, 0), 0);
    memset(w->there, 0, sizeof(w->there));
    commit(w, txn);
    assert_counted(w);
    change_many(w, 3000, 7, false);
    assert_counted(w);
}

static void wrong_counts_are_made_anew(void **state)
{
    struct world *w = *state;
    uint32_t lie = COUNTS_STRETCH_MAX;
    char first = 0;
    MDB_val k = {1, &first}, v = {sizeof(lie), &lie};
    int i = 0;
    change_many(w, 100, 10, false);
    while (w->there[i])
        i++;
    MDB_txn *txn = begin(w);
    assert_int_equal(mdb_put(txn, w->cache->counts, &k, &v, 0), 0);
    set(w, txn, i, true, false);
    commit(w, txn);
    assert_counted(w);
}

static void a_cache_without_counts_is_counted_when_opened(void **state)
{
    struct world *w = *state;
    for (int64_t layout = 1; layout < 3; layout++) {
        change_many(w, 3000, 8, false);
        MDB_txn *txn = begin(w);
        assert_int_equal(mdb_drop(txn, w->cache->counts, 1), 0);
        assert_int_equal(cache_meta_put(w->cache, txn, "layout", layout), 0);
        commit(w, txn);
        shut(w);
        open_again(w);
        assert_counted(w);
        change_many(w, 3000, 5, false);
        assert_counted(w);
    }
}

/* Also of a state that is past: what came since is left out, what went is counted. */
static void the_past_is_counted(void **state)
{
    struct world *w = *state;
    char ns[16], name[32];
    struct key prefix, after;
    change_many(w, 5000, 7, true);
    int64_t then = w->revision;
    struct snapshot *s = snapshot_get(w->snaps);
    for (int rounds = 0; rounds < 3; rounds++) {
        change_many(w, 2000, 5, true);
        struct snapshot *now = snapshot_get(w->snaps);
        for (int of = 0; of < NAMESPACES; of++) {
            snprintf(ns, sizeof(ns), "ns%d", of);
            key_prefix(&prefix, RES, of ? str_of(ns) : STR_NONE);
            struct history *h = history_open(now, &prefix, then);
            assert_non_null(h);
            assert_int_equal(history_remaining(h, INT64_MAX), walked(s, &prefix, NULL));
            for (int i = 0; i < 20; i++) {
                names_of((int)any(w, KEYS), ns, name);
                key_make(&after, RES, str_of(ns), str_of(name));
                assert_int_equal(history_seek(h, &after), 0);
                int64_t want = walked(s, &prefix, &after);
                assert_int_equal(history_remaining(h, INT64_MAX), want);
                if (history_next(h, NULL))
                    assert_int_equal(history_remaining(h, INT64_MAX), want - 1);
            }
            history_close(h);
        }
        snapshot_unref(now);
    }
    snapshot_unref(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(counts_follow_changes),
        T(stretches_stay_few_and_short),
        T(an_aborted_change_counts_nothing),
        T(counts_begin_anew_after_a_wipe),
        T(wrong_counts_are_made_anew),
        T(a_cache_without_counts_is_counted_when_opened),
        T(the_past_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
