/* Objects as protobuf: bytes that are known, and random objects of every type there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "tests/unit/registry/dice.h"

#define SEED 20251u
#define ROUNDS rounds(12)

/* ---- known bytes ---- */

static const struct {
    const char *json, *hex;
} vectors[] = {
    {"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"labels\":{\"y\":\"2\","
     "\"b\":\"1\"},"
     "\"creationTimestamp\":\"2026-11-23T22:54:32Z\"},\"spec\":{\"finalizers\":[\"k\"]}}",
     "6b3873000a0f0a02763112094e616d65737061636512340a290a016112001a0022002a0032003800420808a8"
     "8893d80610005a060a01621201315a060a017912013212030a016b1a020a001a002200"},
    /* a negative number has ten bytes; embedded messages; an IntOrString is written whole */
    {"{\"kind\":\"Probe\",\"apiVersion\":\"v1\",\"periodSeconds\":-1,\"tcpSocket\":{\"port\":\"web\"}}",
     "6b3873000a0b0a027631120550726f626512240a0f1a0d0a09080110001a0377656212001000180020ffffff"
     "ffffffffffff01280030001a002200"},
    /* times before 1970; a pointer to zero */
    {"{\"kind\":\"LeaseSpec\",\"apiVersion\":\"coordination.k8s.io/v1\",\"acquireTime\":\"2026-11-23T22:5"
     "4:32.000001Z\",\"renewTime\":\"1969-12-31T23:59:59.500000Z\",\"leaseDurationSeconds\":0}",
     "6b3873000a230a16636f6f7264696e6174696f6e2e6b38732e696f2f763112094c6561736553706563122010"
     "001a0908a88893d80610e807221108ffffffffffffffffff011080cab5ee011a002200"},
    {"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Success\",\"code\":200}",
     "6b3873000a0c0a027631120653746174757312180a060a0012001a001207537563636573731a00220030c801"
     "1a002200"},
};

static void put_hex(struct buf *b, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char two[3] = {hex[0], hex[1], 0};
        buf_putc(b, (char)strtol(two, NULL, 16));
    }
}

static void known_bytes(void **state)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct arena *a = arena_new(0);
        struct buf got = {0}, want = {0};
        const char *err;
        json_t *obj = json_read(a, str_of(vectors[i].json), NULL, &err);
        print_message("%s\n", vectors[i].json);
        put_hex(&want, vectors[i].hex);
        assert_true(protobuf_write_enveloped(&got, a, obj));
        assert_true(str_eq(buf_view(&got), buf_view(&want)));
        json_decref(obj);
        buf_free(&got);
        buf_free(&want);
        arena_free(a);
    }
}

static void unknown_kinds_are_not_written(void **state)
{
    struct arena *a = arena_new(0);
    struct buf out = {0};
    json_t *obj = json_pack("{ssss}", "kind", "Widget", "apiVersion", "example.com/v1");
    assert_false(protobuf_write_enveloped(&out, a, obj));
    assert_int_equal(out.n, 0);
    json_decref(obj);
    arena_free(a);
}

/* ---- random objects ---- */

/* JSON as it is stored, where empty and absent lists are the same. */
static void put_json(struct buf *out, const json_t *obj, const struct schema_type *t)
{
    struct schema_resource r = {.kind = "K", .api_version = "v1", .type = t};
    struct encode_marks marks;
    encode_object(out, obj, &r, &marks);
}

static json_t *read_back(struct arena *a, const struct buf *message, const struct schema_type *t)
{
    struct buf b = {0};
    const char *err = NULL;
    protobuf_head(&b, STR("v1"), STR("K"));
    buf_str(&b, buf_view(message));
    buf_str(&b, PROTOBUF_TAIL);
    json_t *v = protobuf_read(a, buf_view(&b), "K", t, &err);
    if (!v)
        print_message("%s: %s\n", t->name, err);
    assert_non_null(v);
    buf_free(&b);
    return v;
}

static void check_there_and_back(struct dice *d, const struct schema_type *t)
{
    struct buf message = {0}, again = {0}, want = {0}, got = {0};
    json_t *obj = make(d, t);
    protobuf_write(&message, d->arena, obj, t, NULL, NULL);
    json_t *back = read_back(d->arena, &message, t);
    protobuf_write(&again, d->arena, back, t, NULL, NULL);
    put_json(&want, obj, t);
    put_json(&got, back, t);
    size_t same = 0;
    while (same < want.n && same < got.n && want.p[same] == got.p[same])
        same++;
    if (same < want.n || same < got.n)
        print_message("%s differs at %zu: %.*s\nGOT %.*s\n", t->name, same,
                      (int)(want.n - same < 150 ? want.n - same : 150), want.p + same,
                      (int)(got.n - same < 150 ? got.n - same : 150), got.p + same);
    assert_true(str_eq(buf_view(&want), buf_view(&got)));
    if (!str_eq(buf_view(&message), buf_view(&again)))
        print_message("%s: %.*s\n", t->name, (int)want.n, want.p);
    assert_true(str_eq(buf_view(&message), buf_view(&again)));
    json_decref(obj);
    json_decref(back);
    buf_free(&message);
    buf_free(&again);
    buf_free(&want);
    buf_free(&got);
}

static void every_type_there_and_back(void **state)
{
    int n, tested = 0;
    const struct schema_type *const *types = schema_types(&n);
    for (int i = 0; i < n; i++) {
        if (!has_message(types[i]))
            continue;
        tested++;
        for (int round = 0; round < ROUNDS; round++) {
            struct dice d = {.state = SEED * 2654435761u + (uint64_t)i * 977 + (uint64_t)round + 1};
            d.arena = arena_new(0);
            check_there_and_back(&d, types[i]);
            arena_free(d.arena);
        }
    }
    print_message("%d types\n", tested);
    assert_true(tested > 500);
}

/* Every kind that is stored: the revision put where rv_at says, lengths raised, is what is written with it.
 */
static void marks_say_where_the_revision_is(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);
    for (int i = 0; i < n; i++) {
        if (all[i]->flags & RESOURCE_VIRTUAL)
            continue;
        struct dice d = {.state = SEED + (uint64_t)i, .arena = arena_new(0)};
        struct buf draft = {0}, whole = {0};
        uint32_t rv_at;
        json_t *obj = make(&d, all[i]->type), *meta = json_object();
        json_object_set_new(obj, "metadata", meta);
        json_object_set_new(meta, "name", json_string("n"));
        json_object_set_new(meta, "resourceVersion", json_string("7"));
        protobuf_write(&draft, d.arena, obj, all[i]->type, NULL, &rv_at);
        protobuf_write(&whole, d.arena, obj, all[i]->type, NULL, NULL);
        assert_true(rv_at > 6 && rv_at < draft.n);
        assert_int_equal(draft.p[rv_at - 2], 0x32);
        assert_int_equal(draft.p[rv_at - 1], 0);
        size_t rest = draft.n - rv_at;
        assert_memory_equal(draft.p + rv_at, whole.p + whole.n - rest, rest);
        assert_memory_equal(whole.p + whole.n - rest - 3,
                            "\x32\x01"
                            "7",
                            3);
        json_decref(obj);
        buf_free(&draft);
        buf_free(&whole);
        arena_free(d.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_bytes),
        cmocka_unit_test(unknown_kinds_are_not_written),
        cmocka_unit_test(every_type_there_and_back),
        cmocka_unit_test(marks_say_where_the_revision_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
