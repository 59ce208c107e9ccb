/* Records whose protobuf goes on in a value of its own. */
#include "tests/unit/shm/world.h"

#include "shm/cache/log.h"

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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_record_may_lie_in_two_values),
        T(two_values_take_less_room),
        T(the_layout_before_is_taken_over),
        T(rests_without_numbers_are_found_and_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
