/* The three classic patches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "registry/walk/patch.h"

enum how { JSON, MERGE, STRATEGIC };

static json_t *parse(struct arena *a, const char *text)
{
    const char *err = NULL;
    json_t *v = json_read(a, str_of(text), NULL, &err);

    assert_non_null(v);
    return v;
}

static json_t *apply(enum how how, const json_t *doc, const json_t *patch, struct status *st)
{
    const struct schema_type *t = schema_resource_of_kind(STR("apps"), STR("v1"), STR("Deployment"))->type;

    if (how == JSON)
        return jsonpatch_apply(doc, patch, st);
    return how == MERGE ? mergepatch_apply(doc, patch, st) : strategicmerge_apply(doc, patch, t, st);
}

/* want NULL: it must fail with this code and (unless NULL) message. */
static void check(enum how how, const char *doc, const char *patch, const char *want, int code,
                  const char *message)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    json_t *d = parse(a, doc), *p = parse(a, patch), *before = json_deep_copy(d),
           *got = apply(how, d, p, &st);

    assert_true(json_equal(d, before));
    if (want) {
        json_t *w = parse(a, want);

        assert_non_null(got);
        if (!json_equal(got, w)) {
            struct buf b = {0};

            json_write(&b, got, 0);
            buf_putc(&b, '\0');
            assert_string_equal(b.p, want);
        }
        json_decref(w);
    } else {
        assert_null(got);
        assert_int_equal(st.code, code);
        if (message)
            assert_string_equal(st.message, message);
    }
    json_decref(d);
    json_decref(p);
    json_decref(before);
    json_decref(got);
    arena_free(a);
}

static void test_json_operations(void **state)
{
    check(JSON, "{\"a\":1}",
          "[{\"op\":\"add\",\"path\":\"/b\",\"value\":{\"c\":2}},{\"op\":\"copy\",\"from\":\"/"
          "b\",\"path\":\"/d\"},"
          "{\"op\":\"replace\",\"path\":\"/b/c\",\"value\":3},{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b/"
          "a\"},"
          "{\"op\":\"test\",\"path\":\"/d\",\"value\":{\"c\":2}},{\"op\":\"remove\",\"path\":\"/d/c\"}]",
          "{\"b\":{\"c\":3,\"a\":1},\"d\":{}}", 0, NULL);
    check(JSON, "{\"a\":[1,2]}",
          "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":9},{\"op\":\"add\",\"path\":\"/a/-\",\"value\":8},"
          "{\"op\":\"remove\",\"path\":\"/a/-1\"},{\"op\":\"replace\",\"path\":\"/a/0\",\"value\":7}]",
          "{\"a\":[7,9,2]}", 0, NULL);
    check(JSON, "{\"x/y\":{\"t~t\":1}}", "[{\"op\":\"replace\",\"path\":\"/x~1y/t~0t\",\"value\":2}]",
          "{\"x/y\":{\"t~t\":2}}", 0, NULL);
    check(JSON, "{}", "[{\"op\":\"add\",\"path\":\"/x\"}]", "{\"x\":null}", 0, NULL);
    check(JSON, "{}", "[{\"op\":\"test\",\"path\":\"/none\",\"value\":null}]", "{}", 0, NULL);
    check(JSON, "{}", "[{\"op\":\"replace\",\"path\":\"/new\",\"value\":1}]", "{\"new\":1}", 0, NULL);
    check(JSON, "{}", "[]", "{}", 0, NULL);
}

static void test_json_failures(void **state)
{
    static const char *const patches[] = {
        "[{\"op\":\"odd\",\"path\":\"/a\"}]",
        "[{\"op\":\"add\"}]",
        "[{\"path\":\"/a\",\"value\":1}]",
        "[{\"op\":\"add\",\"path\":\"/no/deep\",\"value\":1}]",
        "[{\"op\":\"add\",\"path\":\"/l/9\",\"value\":1}]",
        "[{\"op\":\"add\",\"path\":\"/l/x\",\"value\":1}]",
        "[{\"op\":\"remove\",\"path\":\"/none\"}]",
        "[{\"op\":\"remove\",\"path\":\"/l/2\"}]",
        "[{\"op\":\"remove\",\"path\":\"/l/-3\"}]",
        "[{\"op\":\"move\",\"from\":\"/o\",\"path\":\"/o/x\"}]",
        "[{\"op\":\"test\",\"path\":\"/o\",\"value\":1}]",
        "[{\"op\":\"copy\",\"from\":\"/none/x\",\"path\":\"/y\"}]",
        "[null]",
    };

    for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++)
        check(JSON, "{\"l\":[1,2],\"o\":{}}", patches[i], NULL, 422,
              "the server rejected our request due to an error in our request");
}

static void test_json_costs_are_bounded(void **state)
{
    struct buf b = {0};

    buf_putc(&b, '[');
    for (int i = 0; i < JSONPATCH_OPS_MAX + 1; i++)
        buf_printf(&b, "%s{\"op\":\"test\",\"path\":\"/a\",\"value\":1}", i ? "," : "");
    buf_puts(&b, "]");
    buf_putc(&b, '\0');
    check(JSON, "{\"a\":1}", b.p, NULL, 413,
          "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001");
    buf_clear(&b);
    buf_putc(&b, '[');
    for (int i = 0; i < 64; i++) /* doubles every time */
        buf_printf(&b, "%s{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/k%d\"}", i ? "," : "", i);
    buf_puts(&b, "]");
    buf_putc(&b, '\0');
    check(JSON, "{\"a\":{\"x\":\"0123456789\"}}", b.p, NULL, 422, NULL);
    buf_free(&b);
}

static void test_json_check(void **state)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    struct status st = {.arena = a};
    json_t *p = parse(a, "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1,\"extra\":1}]");

    assert_true(jsonpatch_check(p, &f, &st));
    assert_string_equal(findings_text(&f), "json patch unknown field \"[0].extra\"");
    json_decref(p);
    p = parse(a, "{\"op\":\"add\"}");
    assert_false(jsonpatch_check(p, &f, &st));
    assert_string_equal(st.message,
                        "error decoding patch: json: cannot unmarshal object into Go value of type "
                        "[]handlers.jsonPatchOp");
    json_decref(p);
    p = parse(a, "[1]");
    assert_false(mergepatch_check(p, &f, &st));
    assert_string_equal(st.message,
                        "error decoding patch: json: cannot unmarshal array into Go value of type "
                        "map[string]interface {}");
    json_decref(p);
    arena_free(a);
}

/* Only objects that a path leads through, each once however often; what has come stays as it came. */
static void test_json_retold(void **state)
{
    struct arena *a = arena_new(0);
    const char *err;
    json_t *doc = json_read(
        a, STR("{\"z\":{\"y\":1,\"x\":[{\"d\":1,\"c\":2},{\"b\":1,\"a\":2}]},\"k\":{\"n\":1,\"m\":2}}"), NULL,
        &err);
    json_t *patch = json_read(a,
                              STR("[{\"op\":\"add\",\"path\":\"/z/x/0/e\",\"value\":1},{\"op\":\"copy\","
                                  "\"from\":\"/z/x/0/c\",\"path\":\"/no/way\"},{\"op\":\"test\"},7]"),
                              NULL, &err);

    jsonpatch_retell(a, doc, patch);
    char *text = json_dumps(doc, JSON_COMPACT);
    assert_string_equal(
        text, "{\"k\":{\"n\":1,\"m\":2},\"z\":{\"x\":[{\"c\":2,\"d\":1},{\"b\":1,\"a\":2}],\"y\":1}}");
    free(text);
    json_decref(doc);
    json_decref(patch);
    arena_free(a);
}

static void test_merge(void **state)
{
    check(MERGE, "{\"a\":{\"b\":1,\"c\":2},\"d\":[1,2]}",
          "{\"a\":{\"b\":null,\"e\":{\"f\":null,\"g\":1}},\"d\":[3]}",
          "{\"a\":{\"c\":2,\"e\":{\"g\":1}},\"d\":[3]}", 0, NULL);
    check(MERGE, "{\"a\":1}", "{\"a\":{\"b\":null}}", "{\"a\":{}}", 0, NULL);
    check(MERGE, "{\"a\":1}", "{\"n\":null}", "{\"a\":1}", 0, NULL);
    check(MERGE, "{\"a\":1}", "[]", NULL, 400, "Invalid JSON Patch");
}

#define POD(spec) "{\"spec\":{\"template\":{\"spec\":{" spec "}}}}"

static void test_strategic_lists(void **state)
{
    check(STRATEGIC,
          POD("\"containers\":[{\"name\":\"c\",\"image\":\"1\"},{\"name\":\"d\",\"image\":\"2\"}]"),
          POD("\"containers\":[{\"name\":\"d\",\"image\":\"3\"}]"),
          POD("\"containers\":[{\"name\":\"c\",\"image\":\"1\"},{\"name\":\"d\",\"image\":\"3\"}]"), 0, NULL);
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"}]"), POD("\"containers\":[{\"name\":\"new\"}]"),
          POD("\"containers\":[{\"name\":\"new\"},{\"name\":\"c\"}]"), 0, NULL);
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"},{\"name\":\"d\"}]"),
          POD("\"containers\":[{\"name\":\"c\",\"$patch\":\"delete\"}]"),
          POD("\"containers\":[{\"name\":\"d\"}]"), 0, NULL);
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"},{\"name\":\"d\"}]"),
          POD("\"containers\":[{\"$patch\":\"replace\"},{\"name\":\"x\"}]"),
          POD("\"containers\":[{\"name\":\"x\"}]"), 0, NULL);
    check(STRATEGIC, POD("\"tolerations\":[{\"key\":\"a\"}]"), POD("\"tolerations\":[{\"key\":\"b\"}]"),
          POD("\"tolerations\":[{\"key\":\"b\"}]"), 0, NULL);
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]"),
          POD("\"$setElementOrder/containers\":[{\"name\":\"c\"},{\"name\":\"a\"},{\"name\":\"new\"}],"
              "\"containers\":[{\"name\":\"new\"}]"),
          POD("\"containers\":[{\"name\":\"b\"},{\"name\":\"c\"},{\"name\":\"a\"},{\"name\":\"new\"}]"), 0,
          NULL);
}

static void test_strategic_primitive_lists(void **state)
{
    check(STRATEGIC, "{\"metadata\":{\"finalizers\":[\"a/1\",\"b/2\"]}}",
          "{\"metadata\":{\"finalizers\":[\"c/3\",\"a/1\"]}}",
          "{\"metadata\":{\"finalizers\":[\"c/3\",\"a/1\",\"b/2\"]}}", 0, NULL);
    check(STRATEGIC, "{\"metadata\":{\"finalizers\":[\"a/1\",\"b/2\"]}}",
          "{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"a/1\"]}}",
          "{\"metadata\":{\"finalizers\":[\"b/2\"]}}", 0, NULL);
    check(STRATEGIC, "{\"metadata\":{\"finalizers\":[\"a/1\"]}}",
          "{\"metadata\":{\"$deleteFromPrimitiveList\":[\"a/1\"]}}", NULL, 400,
          "invalid patch format of primitive list");
}

static void test_strategic_maps(void **state)
{
    check(STRATEGIC, POD("\"nodeSelector\":{\"a\":\"1\",\"b\":\"2\"}"),
          POD("\"nodeSelector\":{\"a\":null,\"c\":\"3\"}"), POD("\"nodeSelector\":{\"b\":\"2\",\"c\":\"3\"}"),
          0, NULL);
    check(STRATEGIC, POD("\"nodeSelector\":{\"a\":\"1\"}"),
          POD("\"nodeSelector\":{\"$patch\":\"replace\",\"z\":\"1\"}"), POD("\"nodeSelector\":{\"z\":\"1\"}"),
          0, NULL);
    check(STRATEGIC, POD("\"nodeSelector\":{\"a\":\"1\"}"), POD("\"nodeSelector\":{\"$patch\":\"delete\"}"),
          POD("\"nodeSelector\":{}"), 0, NULL);
    check(STRATEGIC, POD("\"nodeSelector\":{\"a\":\"1\"}"),
          POD("\"nodeSelector\":{\"$patch\":\"merge\",\"z\":\"1\"}"), NULL, 500,
          "unknown patch type: merge in map: map[$patch:merge z:1]");
    check(STRATEGIC,
          "{\"spec\":{\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":1}}}}",
          "{\"spec\":{\"strategy\":{\"$retainKeys\":[\"type\"],\"type\":\"Recreate\"}}}",
          "{\"spec\":{\"strategy\":{\"type\":\"Recreate\"}}}", 0, NULL);
    check(STRATEGIC, "{\"spec\":{\"strategy\":{\"type\":\"x\"}}}",
          "{\"spec\":{\"strategy\":{\"$retainKeys\":[\"other\"],\"type\":\"Recreate\"}}}", NULL, 400,
          "invalid patch format of retainKeys");
}

static void test_strategic_errors(void **state)
{
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"}]"), POD("\"containers\":[{\"image\":\"x\"}]"),
          NULL, 500, "map: map[image:x] does not contain declared merge key: name");
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"}]"), POD("\"containers\":[\"x\"]"), NULL, 500,
          "list element types are not identical: [[map[name:c]] [x]]");
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"}]"),
          POD("\"$setElementOrder/containers\":[{\"name\":\"c\"}],\"containers\":[{\"name\":\"new\"}]"), NULL,
          500, NULL);
    check(STRATEGIC, POD("\"containers\":[{\"name\":\"c\"}]"), POD("\"$setElementOrder/containers\":\"x\""),
          NULL, 500, "expected a []interface {}, but received a string");
}

static void test_long_lists_do_not_take_long(void **state)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct buf b = {0};
    json_t *doc, *patch, *out;

    buf_puts(&b, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[");
    for (int i = 0; i < 50000; i++)
        buf_printf(&b, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
    buf_puts(&b, "]}}}}");
    buf_putc(&b, '\0');
    doc = parse(a, b.p);
    patch = parse(a, b.p);
    out = apply(STRATEGIC, doc, patch, &st);
    assert_true(json_equal(doc, out));
    json_decref(doc);
    json_decref(patch);
    json_decref(out);
    buf_free(&b);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_operations),
        cmocka_unit_test(test_json_failures),
        cmocka_unit_test(test_json_costs_are_bounded),
        cmocka_unit_test(test_json_check),
        cmocka_unit_test(test_json_retold),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_strategic_lists),
        cmocka_unit_test(test_strategic_primitive_lists),
        cmocka_unit_test(test_strategic_maps),
        cmocka_unit_test(test_strategic_errors),
        cmocka_unit_test(test_long_lists_do_not_take_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
