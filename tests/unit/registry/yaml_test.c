/* YAML text to trees and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "registry/walk/json.h"

static void expect_error(struct str text, const char *message)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;

    assert_null(yaml_read(a, text, NULL, &err));
    assert_string_equal(err, message);
    arena_free(a);
}

static void expect_json(struct str text, const char *json)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;
    json_t *v = yaml_read(a, text, NULL, &err);
    struct buf b = {0};

    assert_non_null(v);
    json_write(&b, v, 0);
    buf_putc(&b, '\0');
    assert_string_equal(b.p, json);
    buf_free(&b);
    json_decref(v);
    arena_free(a);
}

static void test_scalars_are_yaml_1_1(void **state)
{
    expect_json(STR("[y, No, on, TRUE, ~, null, '', \"y\"]"), "[true,false,true,true,null,null,\"\",\"y\"]");
    expect_json(STR("[0755, 0x1F, 0b11, 1_000, +1, 08, -7]"), "[493,31,3,1000,1,8,-7]");
    expect_json(STR("[1.0, 1.5, .5, 1e3, -0.0]"), "[1,1.5,0.5,1000,0]");
    expect_json(STR("[2020-01-01, 1:30, 1.2.3, '0755', !!str 5, !!float 5]"),
                "[\"2020-01-01\",\"1:30\",\"1.2.3\",\"0755\",\"5\",5]");
    expect_json(STR("{1: a, 1.5: b, true: c}"), "{\"1\":\"a\",\"1.5\":\"b\",\"true\":\"c\"}");
    expect_json(STR(""), "null");
    expect_json(STR("a: b\n---\nc: d\n"), "{\"a\":\"b\"}");
}

static void test_anchors_and_merges(void **state)
{
    expect_json(STR("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\nc: *x\n"),
                "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"p\":1,\"q\":3},\"c\":{\"p\":1,\"q\":2}}");
    expect_json(STR("a: &x 5\n*x : z\n"), "{\"5\":\"z\",\"a\":5}");
    expect_error(STR("a: &x [*x]\n"), "yaml: anchor 'x' value contains itself");
    expect_error(STR("a: *nope\n"), "yaml: unknown anchor 'nope' referenced");
    expect_error(STR("a: {<<: 5}\n"), "yaml: map merge requires map or sequence of maps as the value");
}

/* JSON is read by its own reader where it means the same; a blank in front has it read as YAML. */
static void test_json_means_what_it_means_as_yaml(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"b\":{\"z\":1,\"a\":[true,false,null,-7,0]},\"a\":\"x\"}",
        "{ \"a\" : [ 1 , 2 ],\n \"b\" : \"q\\\"\\\\\\/\\b\\f\\n\\r\\t\" }",
        "{\"a\":1.0,\"b\":1.5,\"c\":1e3}",
        "{\"a\":9223372036854775807,\"b\":9223372036854775808,\"c\":123456789012345678901234567890}",
        "{\"a\":\"\\u00fc\",\"b\":\"\\ud83d\\ude00\"}",
        "{\"a\":\"\xc3\xbc\",\"b\":\"\xc2\x80\"}",
        "{\"a\":\"\x7f\"}",
        "{\"a\":\t1}",
        "{\"<<\":{\"b\":1},\"a\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"yes\",\"yes\":\"0755\",\"1\":\"~\"}",
        "{\"a\":1}x",
        "{\"a\":",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena *a = arena_new(0);
        struct findings one = {.arena = a}, two = {.arena = a};
        const char *err = "", *as_yaml_err = "";
        json_t *v = yaml_read(a, str_of(texts[i]), &one, &err);
        json_t *as_yaml = yaml_read(a, str_of(arena_printf(a, " %s", texts[i])), &two, &as_yaml_err);

        print_message("%s\n", texts[i]);
        assert_int_equal(v != NULL, as_yaml != NULL);
        assert_true(!v || json_equal(v, as_yaml));
        assert_int_equal(one.n, two.n);
        assert_string_equal(err, as_yaml_err);
        json_decref(v);
        json_decref(as_yaml);
        arena_free(a);
    }
}

static void test_errors_are_go_yamls(void **state)
{
    expect_error(STR("apiVersion: v1\n  kind: bad\n"),
                 "yaml: line 2: mapping values are not allowed in this context");
    expect_error(STR("a: ["), "yaml: line 1: did not find expected node content");
    expect_error(STR("a: .nan"), "json: unsupported value: NaN");
    expect_error(STR("? [1]\n: b\n"), "yaml: invalid map key");
    expect_error(STR("a: \x01"), "yaml: control characters are not allowed");
}

static void test_duplicates(void **state)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    const char *err = NULL;
    json_t *v = yaml_read(a, STR("a: 1\nb: 2\na: 3\nc:\n  5: x\n  5: y\n"), &f, &err);

    assert_int_equal(json_integer_value(json_object_get(v, "a")), 3);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.text[0], "line 3: key \"a\" already set in map");
    assert_string_equal(findings_text(&f), "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map\n"
                                           "  line 6: key 5 already set in map");
    json_decref(v);
    arena_free(a);
}

static void test_alias_bomb(void **state)
{
    struct buf b = {0};

    buf_puts(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 12; i++) {
        buf_printf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_printf(&b, "%s*a%d", k ? "," : "", i - 1);
        buf_puts(&b, "]\n");
    }
    expect_error(buf_view(&b), "yaml: document contains excessive aliasing");
    buf_free(&b);
}

static void test_write(void **state)
{
    static const char json[] =
        "{\"kind\":\"X\",\"t\":\"2020-01-01T00:00:00Z\",\"text\":\"two\\nlines\\n\",\"e\":\"true\",\"n\":"
        "\"12\","
        "\"q\":\"x: "
        "y\",\"l\":[],\"m\":{},\"list\":[1,[2],{\"b\":1,\"a\":null}],\"item10\":1,\"item9\":2.5,\"s\":\"\"}";
    static const char yaml[] =
        "e: \"true\"\nitem9: 2.5\nitem10: 1\nkind: X\nl: []\nlist:\n- 1\n- - 2\n- a: null\n  b: 1\n"
        "m: {}\n\"n\": \"12\"\nq: 'x: y'\ns: \"\"\nt: \"2020-01-01T00:00:00Z\"\ntext: |\n  two\n"
        "  lines\n";
    struct arena *a = arena_new(0);
    const char *err = NULL;
    json_t *v = json_read(a, str_of(json), NULL, &err), *again;
    struct buf b = {0};

    assert_true(yaml_write(&b, v));
    again = yaml_read(a, buf_view(&b), NULL, &err);
    assert_true(json_equal(v, again));
    buf_putc(&b, '\0');
    assert_string_equal(b.p, yaml);
    buf_free(&b);
    json_decref(v);
    json_decref(again);
    arena_free(a);
}

static void test_deep_and_wide_is_bounded(void **state)
{
    json_t *v = json_array(), *deep;
    struct buf b = {0};

    for (int i = 0; i < 100000; i++)
        json_array_append_new(v, json_integer(0));
    for (int i = 0; i < 1000; i++, v = deep) {
        deep = json_object();
        json_object_set_new(deep, "a", v);
    }
    assert_false(yaml_write(&b, v));
    assert_true(b.n <= YAML_WRITE_MAX);
    buf_free(&b);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars_are_yaml_1_1),
        cmocka_unit_test(test_anchors_and_merges),
        cmocka_unit_test(test_json_means_what_it_means_as_yaml),
        cmocka_unit_test(test_errors_are_go_yamls),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_alias_bomb),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_deep_and_wide_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
