/* JSON that is stored as its writer sent it: what is stored, what readers are given, what counts as changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/spelled.h"
#include "registry/walk/wire.h"

#define CLAIM(config)                                                                                        \
    "{ \"spec\" : {\"devices\": { \"config\" :[" config "], \"requests\":[{\"name\":\"r\"}] }}}"
#define OPAQUE(text) "{\"opaque\":{\"driver\":\"d\", \"parameters\":" text "}}"

static const struct {
    const char *version, *kind, *sent;
    const char *stored[3]; /* texts in the message, in their order; NULL: that is all */
} rows[] = {
    {"apps/v1", "ControllerRevision", "{\"data\":{\"a\":\"b\"}}", {"{\"a\":\"b\"}"}},
    {"apps/v1", "ControllerRevision", "{\"data\": {\"a\": \"b\"} , \"revision\": 1}", {"{\"a\": \"b\"}"}},
    {"apps/v1",
     "ControllerRevision",
     "{\"metadata\":{\"name\":\"\\\"}{\"},\"data\":{ \"x\\\"]\" : [ 1.0 , 1e2, null,\ttrue ] }}",
     {"{ \"x\\\"]\" : [ 1.0 , 1e2, null,\ttrue ] }"}},
    {"apps/v1", "ControllerRevision", "{\"data\": {\"a\" :1}, \"data\": {\"b\" :2}}", {"{\"b\" :2}"}},
    {"apps/v1", "ControllerRevision", "{\"data\": {\"a\" :1}, \"data\":{\"b\":2}}", {"{\"b\":2}"}},
    {"apps/v1", "ControllerRevision", "{\"data\": null}", {""}},
    {"resource.k8s.io/v1",
     "ResourceClaim",
     CLAIM(OPAQUE("{\"a\": 1}") " , " OPAQUE("{\"b\":2}")),
     {"{\"a\": 1}", "{\"b\":2}"}},
    {"resource.k8s.io/v1",
     "ResourceClaim",
     CLAIM("{\"requests\" : [ \"r\", \"]\" ]}, " OPAQUE("{ }")),
     {"{ }"}},
    {"resource.k8s.io/v1",
     "ResourceClaimTemplate",
     "{\"spec\": {\"spec\": {\"devices\": {\"config\": [" OPAQUE("[ 1]") "]}}}}",
     {"[ 1]"}},
};

/* Every raw text of a message, each ended by a line break. */
static void collect(const struct schema_type *t, uint16_t path, struct str in, struct buf *out)
{
    struct wire_piece p, raw;
    const char *err = NULL;

    while (wire_next(&in, &p, &err)) {
        bool embedded;
        const struct schema_field *f = wire_field(t, path, p.number, &embedded);

        if (embedded) {
            collect(t, wire_path(path, p.number), p.bytes, out);
        } else if (f && spelled_type(f->type)) {
            if (wire_next(&p.bytes, &raw, &err))
                buf_str(out, raw.bytes);
            buf_putc(out, '\n');
        } else if (f && f->type->kind == SCHEMA_STRUCT) {
            collect(f->type, 0, p.bytes, out);
        } else if (f && f->type->kind == SCHEMA_LIST && f->type->elem->kind == SCHEMA_STRUCT) {
            collect(f->type->elem, 0, p.bytes, out);
        }
    }
    assert_null(err);
}

static struct str message(struct buf *b, struct arena *a, const json_t *obj, const struct schema_type *t)
{
    struct wire_piece p;
    const char *err = NULL;
    struct str in;

    buf_clear(b);
    protobuf_write(b, a, obj, t, NULL, NULL);
    in = buf_view(b);
    assert_true(wire_next(&in, &p, &err));
    return p.bytes;
}

static void assert_texts(const struct schema_type *t, struct str bytes, const char *const *texts)
{
    struct buf got = {0}, want = {0};

    for (int i = 0; i < 3 && texts[i]; i++)
        buf_printf(&want, "%s\n", texts[i]);
    collect(t, 0, bytes, &got);
    buf_putc(&got, '\0');
    buf_putc(&want, '\0');
    assert_string_equal(got.p, want.p);
    buf_free(&got);
    buf_free(&want);
}

static json_t *read(struct arena *a, size_t i, const struct schema_type **t)
{
    struct status st = {.arena = a};
    const char *err = "";
    json_t *obj = json_read(a, str_of(rows[i].sent), NULL, &err);

    *t = schema_type(str_of(rows[i].version), str_of(rows[i].kind));
    assert_non_null(*t);
    assert_true(spelled_in(*t));
    assert_true(decode_tree(obj, *t, NULL, &st));
    return obj;
}

static void is_stored_as_sent(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *a = arena_new(0);
        struct buf bytes = {0}, before = {0}, after = {0}, again = {0};
        const struct schema_type *t;
        json_t *obj = read(a, i, &t), *other;

        encode_value(&before, obj, t);
        spelled_from_text(obj, t, str_of(rows[i].sent));
        encode_value(&after, obj, t);
        assert_true(str_eq(buf_view(&before), buf_view(&after))); /* readers see no difference */
        other = json_deep_copy(obj);
        assert_texts(t, message(&bytes, a, other, t), rows[i].stored);
        json_decref(other);
        /* an object that was read from the store is written as it was */
        other = read(a, i, &t);
        spelled_from_message(other, t, message(&bytes, a, obj, t));
        assert_texts(t, message(&again, a, other, t), rows[i].stored);
        assert_true(spelled_same(obj, other, t));
        spelled_forget(other, t);
        assert_int_equal(spelled_same(obj, other, t), json_equal(obj, other));
        json_decref(obj);
        obj = read(a, i, &t);
        assert_true(json_equal(obj, other));
        json_decref(obj);
        json_decref(other);
        buf_free(&bytes);
        buf_free(&before);
        buf_free(&after);
        buf_free(&again);
        arena_free(a);
    }
}

/* What a client sends under the name that spellings have in the tree. */
static void nobody_plants_one(void **state)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct findings found = {.arena = a};
    const struct schema_type *t = schema_type(STR("apps/v1"), STR("ControllerRevision"));
    const char *err = "", *const want[3] = {"{\"a\":1}"};
    struct buf bytes = {0};
    json_t *obj = json_read(a, STR("{\"data\":{\"a\":1},\"\\u0001data\":\"{\\\"b\\\":2}\"}"), NULL, &err);

    assert_true(decode_tree(obj, t, &found, &st));
    assert_int_equal(found.n, 1);
    assert_texts(t, message(&bytes, a, obj, t), want);
    json_decref(obj);
    buf_free(&bytes);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_stored_as_sent),
        cmocka_unit_test(nobody_plants_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
