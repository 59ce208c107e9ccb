/* Keys and records: order, cutting, splicing, and what damage must not get through. */
#include "tests/unit/shm/util.h"

#include "shm/base/hash.h"

static struct key key_of(uint32_t resource, const char *ns, const char *name)
{
    struct key k;
    key_make(&k, resource, str_of(ns), str_of(name));
    return k;
}

static void keys_sort_by_namespace_then_name(void **state)
{
    static const char *const rows[][2] = {{"", "a"},    {"", "b"},   {"a", "z"},   {"a-b", "a"},
                                          {"a.b", "a"}, {"ab", "a"}, {"ab", "aa"}, {"b", "a"}};
    for (size_t i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
        struct key a = key_of(RES, rows[i][0], rows[i][1]), b = key_of(RES, rows[i + 1][0], rows[i + 1][1]);
        assert_true(str_cmp(key_str(&a), key_str(&b)) < 0);
    }
    struct key a = key_of(1, "z", "z"), b = key_of(256, "a", "a");
    assert_true(str_cmp(key_str(&a), key_str(&b)) < 0);
}

static void keys_split(void **state)
{
    struct key k = key_of(0x01020304, "ns", "name"), p;
    uint32_t resource;
    struct str ns, name;
    assert_true(key_parse(key_str(&k), &resource, &ns, &name));
    assert_int_equal(resource, 0x01020304);
    assert_true(str_is(ns, "ns") && str_is(name, "name"));
    k = key_of(5, "", "node");
    assert_true(key_parse(key_str(&k), &resource, &ns, &name));
    assert_true(ns.n == 0 && str_is(name, "node"));
    key_prefix(&p, 5, STR_NONE);
    assert_true(str_starts(key_str(&k), key_str(&p)));
    key_prefix(&p, RES, STR("a"));
    struct key in = key_of(RES, "a", "x"), out = key_of(RES, "ab", "x");
    assert_true(str_starts(key_str(&in), key_str(&p)) && !str_starts(key_str(&out), key_str(&p)));
    assert_false(key_parse(STR("abc"), &resource, &ns, &name));
    assert_false(key_parse(STR("abcdnozero"), &resource, &ns, &name));
}

static void long_keys_end_in_a_hash(void **state)
{
    char a[600], b[600];
    memset(a, 'n', sizeof(a));
    memset(b, 'n', sizeof(b));
    a[599] = b[599] = 0;
    b[590] = 'x';
    struct key ka = key_of(RES, "ns", a), kb = key_of(RES, "ns", b);
    assert_int_equal(ka.n, KEY_MAX);
    assert_memory_equal(ka.b, kb.b, KEY_MAX - 16);
    assert_memory_not_equal(ka.b, kb.b, KEY_MAX);
    a[KEY_MAX - 4 - 3] = 0; /* the longest that fits */
    struct key whole = key_of(RES, "ns", a);
    assert_int_equal(whole.n, KEY_MAX);
    assert_memory_equal(whole.b + 7, a, strlen(a));
    a[0] = 'm';
    assert_true(key_of(RES, "ns", a).n == KEY_MAX);
    memset(a, 'q', 599);
    struct key ns = key_of(RES, a, "x"), ns2 = key_of(RES, a, "y");
    assert_memory_not_equal(ns.b, ns2.b, KEY_MAX);
}

static struct str view(const void *p, size_t n)
{
    return (struct str){p, n};
}

static void finish_splices_the_revision(void **state)
{
    static const int64_t revisions[] = {1, 42, 999999, INT64_MAX};
    struct buf b = {0};
    const struct record *d = make_draft(&b, "ns", "pod-a", "web", "node-1");
    assert_true(record_ok(buf_view(&b)));
    assert_int_equal(d->rv_bytes, 0);
    for (size_t i = 0; i < 4; i++) {
        char want[64], *out = malloc(record_finished_bytes(d, revisions[i]));
        record_finish(out, d, revisions[i], i ? 7 : 0);
        const struct record *r = (const struct record *)out;
        assert_true(record_ok(view(out, record_finished_bytes(d, revisions[i]))));
        assert_int_equal(r->mod_revision, revisions[i]);
        assert_int_equal(r->create_revision, i ? 7 : revisions[i]);
        snprintf(want, sizeof(want), "\"resourceVersion\":\"%ld\",\"namespace\":\"ns\"", (long)revisions[i]);
        assert_true(json_has(r, want));
        assert_name(r, "pod-a");
        assert_true(str_is(record_ns(r), "ns")); /* lies behind the digits */
        assert_true(str_starts(record_body(r), STR("\"metadata\":{")));
        assert_true(str_ends(record_body(r), STR("\"text\":\"web\"}")));
        assert_true(str_is(record_table_field(record_table_view(r), 2), "node-1"));

        /* a finished one takes another revision: shorter, longer, and back to the same bytes */
        char *again = malloc(record_finished_bytes(r, 5)), *back = malloc(r->bytes);
        record_finish(again, r, 5, r->create_revision);
        const struct record *s = (const struct record *)again;
        assert_true(record_ok(view(again, s->bytes)));
        assert_true(json_has(s, "\"resourceVersion\":\"5\"") && str_is(record_ns(s), "ns"));
        assert_int_equal(record_finished_bytes(s, revisions[i]), r->bytes);
        record_finish(back, s, revisions[i], r->create_revision);
        assert_memory_equal(back, out, r->bytes);
        free(out);
        free(again);
        free(back);
    }
    buf_free(&b);
}

static void a_record_without_revision_stays_as_it_is(void **state)
{
    struct buf b = {0};
    struct record_parts p = {
        .resource = 1, .json = STR("{\"kind\":\"T\",\"x\":1}"), .body_at = 12, .proto = STR("pp")};
    size_t n = record_draft(&b, &p);
    const struct record *d = (const struct record *)b.p;
    assert_true(record_ok(buf_view(&b)));
    assert_int_equal(record_finished_bytes(d, 12345), n);
    char out[256];
    record_finish(out, d, 12345, 0);
    const struct record *r = (const struct record *)out;
    assert_true(record_ok(view(out, n)) && r->mod_revision == 12345);
    assert_true(str_is(record_json(r), "{\"kind\":\"T\",\"x\":1}"));
    assert_memory_equal(out + r->proto_off, "pp", 2);
    buf_free(&b);
}

/* Tag and length of a field that is n bytes long. */
static size_t put_tag(struct buf *b, char tag, size_t n)
{
    size_t at = b->n;
    buf_putc(b, tag);
    for (; n >= 0x80; n >>= 7)
        buf_putc(b, (char)(n | 0x80));
    buf_putc(b, (char)n);
    return b->n - at;
}

/* {1: {1: name, 6: rv, 17: "m"}, 2: text} as field 2; returns where rv is. */
static uint32_t make_proto(struct buf *b, size_t name, const char *rv, size_t text)
{
    struct buf meta = {0}, obj = {0};
    char fill[512];
    memset(fill, 'f', sizeof(fill));
    put_tag(&meta, 0x0a, name);
    buf_put(&meta, fill, name);
    put_tag(&meta, 0x32, strlen(rv));
    size_t at = meta.n;
    buf_puts(&meta, rv);
    put_tag(&meta, 0x5a, 1);
    buf_putc(&meta, 'm');
    at += put_tag(&obj, 0x0a, meta.n);
    buf_str(&obj, buf_view(&meta));
    put_tag(&obj, 0x12, text);
    buf_put(&obj, fill, text);
    at += put_tag(b, 0x12, obj.n);
    buf_str(b, buf_view(&obj));
    buf_free(&meta);
    buf_free(&obj);
    return (uint32_t)at;
}

static void check_proto(const struct record *r, size_t name, size_t text)
{
    struct buf want = {0};
    char rv[24];
    snprintf(rv, sizeof(rv), "%ld", (long)r->mod_revision);
    uint32_t at = make_proto(&want, name, rv, text);
    assert_true(record_ok(view(r, r->bytes)));
    assert_true(str_eq(record_proto(r), buf_view(&want)));
    assert_int_equal(r->proto_rv_off - r->proto_off, at);
    assert_true(json_has(r, rv));
    struct str meta = record_proto_meta(record_proto(r));
    assert_true(meta.p[0] == 0x0a && str_ends(meta, STR("\x5a\x01m")));
    buf_free(&want);
}

/* Lengths that need a second byte once the digits are in, in the metadata, in the message, in both, and not.
 */
static void finish_splices_the_proto(void **state)
{
    static const int64_t revisions[] = {5, 4711, 123456, INT64_MAX, 1};
    for (size_t name = 90; name < 130; name++)
        for (size_t text = 0; text < 300; text += text < 40 ? 1 : 29) {
            struct buf b = {0}, proto = {0};
            struct record_parts p = {
                .resource = 1, .json = STR("{\"rv\":\"\",\"a\":1}"), .body_at = 1, .rv_at = 7};
            p.proto_rv_at = make_proto(&proto, name, "", text);
            p.proto = buf_view(&proto);
            record_draft(&b, &p);
            assert_true(record_ok(buf_view(&b)));
            char *last = b.p;
            for (size_t i = 0; i < 5; i++) {
                const struct record *from = (const struct record *)last;
                size_t n = record_finished_bytes(from, revisions[i]);
                char *to = malloc(n);
                record_finish(to, from, revisions[i], 1);
                assert_int_equal(((struct record *)to)->bytes, n);
                check_proto((struct record *)to, name, text);
                if (last != b.p)
                    free(last);
                last = to;
            }
            free(last);
            buf_free(&b);
            buf_free(&proto);
        }
}

static void tables_are_looked_up(void **state)
{
    struct record_label labels[] = {
        {STR("a"), STR("1")}, {STR("app"), STR("")}, {STR("tier/x"), STR("long value")}};
    struct record_field fields[] = {{0, false, STR("n")}, {3, true, STR("node")}, {9, false, STR("")}};
    struct record_parts p = {.resource = 1,
                             .labels = labels,
                             .nlabels = 3,
                             .fields = fields,
                             .nfields = 3,
                             .json = STR("{\"a\":1}"),
                             .body_at = 1};
    struct buf b = {0};
    record_draft(&b, &p);
    struct record_table_view t = record_table_view((const struct record *)b.p);
    struct str v, k;
    assert_true(record_table_label(t, STR("a"), &v) && str_is(v, "1"));
    assert_true(record_table_label(t, STR("app"), &v) && v.n == 0);
    assert_true(record_table_label(t, STR("tier/x"), &v) && str_is(v, "long value"));
    assert_false(record_table_label(t, STR("aa"), &v));
    assert_false(record_table_label(t, STR("zzz"), &v));
    assert_false(record_table_label(t, STR(""), &v));
    assert_true(str_is(record_table_field(t, 0), "n") && str_is(record_table_field(t, 3), "node"));
    assert_true(record_table_field(t, 9).n == 0 && record_table_field(t, 1).n == 0);
    size_t at = 0;
    int slot, n = 0, nindexed = 0;
    bool indexed;
    while (record_table_next(t, &at, &slot, &k, &v, &indexed)) {
        assert_int_equal(slot, n < 3 ? -1 : fields[n - 3].slot);
        nindexed += indexed;
        n++;
    }
    assert_int_equal(n, 6);
    assert_int_equal(nindexed, 1);
    buf_free(&b);
}

/* Every single-bit change of the header, the table's beginning and the proto: either refused, or all views
 * stay inside. */
static void damage_is_seen(void **state)
{
    struct buf b = {0}, proto = {0};
    struct record_label label = {STR("app"), STR("web")};
    struct record_field field = {2, true, STR("node")};
    struct record_parts p = {.resource = RES, .labels = &label, .nlabels = 1, .fields = &field, .nfields = 1};
    p.json = STR("{\"x\":1,\"rv\":\"\",\"ns\":\"ab\",\"name\":\"cd\"}");
    p.body_at = 1, p.rv_at = 13, p.ns_at = 21, p.ns_bytes = 2, p.name_at = 33, p.name_bytes = 2;
    p.proto_rv_at = make_proto(&proto, 120, "", 150);
    p.proto = buf_view(&proto);
    record_draft(&b, &p);
    assert_true(record_ok(buf_view(&b)));
    size_t n = b.n, proto_at = n - proto.n;
    char *copy = malloc(n);
    unsigned refused = 0;
    for (size_t i = 0; i < n; i = i == sizeof(struct record) + 8 ? proto_at : i + 1)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(copy, b.p, n);
            copy[i] = (char)(copy[i] ^ (1 << bit));
            if (!record_ok(view(copy, n))) {
                refused++;
                continue;
            }
            const struct record *r = (const struct record *)copy;
            struct str views[] = {record_json(r), record_body(r),  record_ns(r),
                                  record_name(r), record_table(r), record_proto(r)};
            for (size_t v = 0; v < 6; v++)
                assert_true(views[v].p >= copy && views[v].p + views[v].n <= copy + n);
            char *out = malloc(record_finished_bytes(r, INT64_MAX));
            record_finish(out, r, INT64_MAX, 0);
            assert_true(record_header_ok(view(out, record_finished_bytes(r, INT64_MAX))));
            free(out);
        }
    assert_true(refused > 300);
    for (size_t cut = 0; cut < n; cut++) {
        char *part = malloc(cut ? cut : 1);
        memcpy(part, b.p, cut);
        assert_false(record_ok(view(part, cut)));
        free(part);
    }
    free(copy);
    buf_free(&b);
    buf_free(&proto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_sort_by_namespace_then_name),
        cmocka_unit_test(keys_split),
        cmocka_unit_test(long_keys_end_in_a_hash),
        cmocka_unit_test(finish_splices_the_revision),
        cmocka_unit_test(finish_splices_the_proto),
        cmocka_unit_test(a_record_without_revision_stays_as_it_is),
        cmocka_unit_test(tables_are_looked_up),
        cmocka_unit_test(damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
