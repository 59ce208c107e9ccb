/* Objects as protobuf: bytes that are known, and random objects of every type there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "registry/rules/base64.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"

#define SEED 20251u
#define ROUNDS 12
#define DEPTH_MAX 9

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

struct dice {
    uint64_t state;
    int depth;
    struct arena *arena;
};

static uint64_t roll(struct dice *d)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return d->state;
}

static unsigned below(struct dice *d, unsigned n)
{
    return (unsigned)((roll(d) >> 11) % n);
}

#define PICK(d, list) list[below(d, sizeof(list) / sizeof((list)[0]))]

#define TEN "0123456789"
/* its length takes two bytes */
static const char long_text[] = TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN;
static const char *const texts[] = {"",
                                    "a",
                                    "web-0",
                                    "gr\xc3\xbc\xc3\x9f",
                                    "\"quoted\" <b> & \\",
                                    "line\nline\ttab",
                                    "\xf0\x9f\x90\xb3",
                                    long_text};
static const char *const times[] = {"2026-01-02T03:04:05Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                                    "9999-12-31T23:59:59Z", "0001-01-01T00:00:01Z"};
static const char *const microtimes[] = {"2026-01-02T03:04:05.000000Z", "1969-12-31T23:59:59.999999Z",
                                         "2026-01-02T03:04:05.000001Z"};
static const char *const durations[] = {"0s",   "1h0m0s", "1m30.123456789s",
                                        "-5ms", "1ns",    "2562047h47m16.854775807s"};
static const char *const quantities[] = {"0", "100m", "1536Mi", "-3", "1e3", "12345678901234567890"};
static const char *const raws[] = {"{}",   "{\"b\":1,\"a\":[true,null,\"x\"]}", "[1,2.5]", "\"text\"", "0",
                                   "false"};
static const int64_t ints[] = {0, 1, -1, 127, 128, 300, 65536, INT32_MAX, INT32_MIN};
static const int64_t longs[] = {0, -1, 1ll << 35, INT64_MAX, INT64_MIN};
static const double reals[] = {0, 0.5, -1e300, 3};

static json_t *make(struct dice *d, const struct schema_type *t);

/* Inside the unions the JSON encoder takes a tree as it is, so nothing in it may be zero or out of
 * order. */
static json_t *make_schema(struct dice *d)
{
    return json_pack("{sssIs{s{ss}}}", "description", texts[1 + below(d, 6)], "maxLength",
                     (json_int_t)longs[1 + below(d, 4)], "properties", "a", "type", "string");
}

static json_t *make_raw(struct dice *d, const struct schema_type *t)
{
    const char *err;
    if (t->nfields == 0)
        return json_read(d->arena, str_of(PICK(d, raws)), NULL, &err);
    if (below(d, 2))
        return make_schema(d);
    if (strcmp(t->name, "JSONSchemaPropsOrBool") == 0)
        return json_boolean(below(d, 2));
    json_t *list = json_array();
    for (unsigned i = below(d, 3); i && d->depth < DEPTH_MAX; i--)
        json_array_append_new(list, strcmp(t->name, "JSONSchemaPropsOrArray") == 0
                                        ? make_schema(d)
                                        : json_string(PICK(d, texts)));
    return list;
}

static json_t *make_bytes(struct dice *d)
{
    static const char *const bytes[] = {"", "\x01", "abc", "\xff\xfe\x80 binary"};
    struct buf b = {0};
    base64_encode(&b, str_of(PICK(d, bytes)));
    json_t *v = json_stringn(b.n ? b.p : "", b.n);
    buf_free(&b);
    return v;
}

static json_t *make_list(struct dice *d, const struct schema_type *t)
{
    json_t *list = json_array();
    for (unsigned i = d->depth < DEPTH_MAX ? below(d, 3) : 0; i; i--)
        json_array_append_new(list, make(d, t->elem));
    return list;
}

static json_t *make_map(struct dice *d, const struct schema_type *t)
{
    json_t *map = json_object();
    for (unsigned i = d->depth < DEPTH_MAX ? below(d, 4) : 0; i; i--)
        json_object_set_new(map, PICK(d, texts), make(d, t->elem));
    return map;
}

/* Absent, null, or something, which may be zero or empty. */
static json_t *make_struct(struct dice *d, const struct schema_type *t)
{
    json_t *obj = json_object();
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        unsigned what = below(d, 8);
        if (f->number == 0 || what < 3)
            continue;
        json_object_set_new(obj, f->json, what == 3 ? json_null() : make(d, f->type));
    }
    return obj;
}

static json_t *make(struct dice *d, const struct schema_type *t)
{
    json_t *v;
    d->depth++;
    switch (t->kind) {
    case SCHEMA_STRUCT:
        v = d->depth > DEPTH_MAX ? json_object() : make_struct(d, t);
        break;
    case SCHEMA_LIST:
        v = make_list(d, t);
        break;
    case SCHEMA_MAP:
        v = make_map(d, t);
        break;
    case SCHEMA_STRING:
        v = json_string(PICK(d, texts));
        break;
    case SCHEMA_BOOL:
        v = json_boolean(below(d, 2));
        break;
    case SCHEMA_INT32:
        v = json_integer(PICK(d, ints));
        break;
    case SCHEMA_INT64:
        v = json_integer(PICK(d, longs));
        break;
    case SCHEMA_FLOAT64:
        v = json_real(PICK(d, reals));
        break;
    case SCHEMA_BYTES:
        v = make_bytes(d);
        break;
    case SCHEMA_TIME:
        v = json_string(PICK(d, times));
        break;
    case SCHEMA_MICROTIME:
        v = json_string(PICK(d, microtimes));
        break;
    case SCHEMA_DURATION:
        v = json_string(PICK(d, durations));
        break;
    case SCHEMA_QUANTITY:
        v = json_string(PICK(d, quantities));
        break;
    case SCHEMA_INTORSTRING:
        v = below(d, 2) ? json_integer(PICK(d, ints)) : json_string(PICK(d, texts));
        break;
    case SCHEMA_FIELDS:
        v = json_pack("{s{s{}}}", "f:spec", "f:a");
        break;
    default:
        v = make_raw(d, t);
    }
    d->depth--;
    assert_non_null(v);
    return v;
}

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
    protobuf_write(&message, d->arena, obj, t, NULL);
    json_t *back = read_back(d->arena, &message, t);
    protobuf_write(&again, d->arena, back, t, NULL);
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

/* Of kind and apiVersion nothing is in a message, and other fields without a number have none. The few types
 * that carry them as fields (references) are met inside others. */
static bool has_message(const struct schema_type *t)
{
    if (t->kind != SCHEMA_STRUCT || t->nfields == 0)
        return false;
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        bool type_meta = strcmp(f->json, "kind") == 0 || strcmp(f->json, "apiVersion") == 0;
        if (type_meta != (f->number == 0))
            return false;
    }
    return true;
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
        protobuf_write(&draft, d.arena, obj, all[i]->type, &rv_at);
        protobuf_write(&whole, d.arena, obj, all[i]->type, NULL);
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
