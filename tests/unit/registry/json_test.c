/* JSON text to trees and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "registry/walk/json.h"

static void expect_error(struct str text, const char *message)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;

    assert_null(json_read(a, text, NULL, &err));
    assert_string_equal(err, message);
    arena_free(a);
}

static void expect_text(struct str text, const char *again)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;
    json_t *v = json_read(a, text, NULL, &err);
    struct buf b = {0};

    assert_non_null(v);
    json_write(&b, v, 0);
    buf_putc(&b, '\0');
    assert_string_equal(b.p, again);
    buf_free(&b);
    json_decref(v);
    arena_free(a);
}

static void test_errors_are_gos(void **state)
{
    expect_error(STR(""), "unexpected end of JSON input");
    expect_error(STR("{"), "unexpected end of JSON input");
    expect_error(STR("\"abc"), "unexpected end of JSON input");
    expect_error(STR("nonsense"), "invalid character 'o' in literal null (expecting 'u')");
    expect_error(STR("tru"), "invalid character ' ' in literal true (expecting 'e')");
    expect_error(STR("{\"a\":1,}"), "invalid character '}' looking for beginning of object key string");
    expect_error(STR("[1,]"), "invalid character ']' looking for beginning of value");
    expect_error(STR("{\"a\" 1}"), "invalid character '1' after object key");
    expect_error(STR("{\"a\":1 \"b\"}"), "invalid character '\"' after object key:value pair");
    expect_error(STR("[1 2]"), "invalid character '2' after array element");
    expect_error(STR("1 2"), "invalid character '2' after top-level value");
    expect_error(STR("'"), "invalid character '\\'' looking for beginning of value");
    expect_error(STR("\x9e"), "invalid character '\\u009e' looking for beginning of value");
    expect_error(STR("\"a\nb\""), "invalid character '\\n' in string literal");
    expect_error(STR("\"a\0b\""), "invalid character '\\x00' in string literal");
    expect_error(STR("\"\\q\""), "invalid character 'q' in string escape code");
    expect_error(STR("\"\\u12g4\""), "invalid character 'g' in \\u hexadecimal character escape");
    expect_error(STR("-"), "invalid character ' ' in numeric literal");
    expect_error(STR("1.x"), "invalid character 'x' after decimal point in numeric literal");
    expect_error(STR("1e"), "invalid character ' ' in exponent of numeric literal");
    expect_error(STR("01"), "invalid character '1' after top-level value");
    expect_error(STR("1e400"), "json: cannot unmarshal number 1e400 into Go value of type float64");
}

static void test_numbers(void **state)
{
    expect_text(STR("[0,-0,9223372036854775807,-9223372036854775808]"),
                "[0,0,9223372036854775807,-9223372036854775808]");
    expect_text(STR("[1.5,1e3,1E+21,1e-7,0.000001,123456789.125]"),
                "[1.5,1000,1e+21,1e-7,0.000001,123456789.125]");
    expect_text(STR("[9223372036854775808]"), "[9223372036854776000]");
    expect_text(STR("[0.1,0.30000000000000004,5e-324]"), "[0.1,0.30000000000000004,5e-324]");
}

static void test_strings(void **state)
{
    expect_text(STR("\"<a&b>\\u0041\\u00e9\""), "\"\\u003ca\\u0026b\\u003eA\xc3\xa9\"");
    expect_text(STR("\"\\ud83d\\ude00\""), "\"\xf0\x9f\x98\x80\"");
    expect_text(STR("\"\\ud83dx\\ude00\""), "\"\xef\xbf\xbdx\xef\xbf\xbd\"");
    expect_text(STR("\"a\xff"
                    "b\xc3\""),
                "\"a\xef\xbf\xbd"
                "b\xef\xbf\xbd\"");
    expect_text(STR("\"\\u2028\\b\\f\\n\\r\\t\\u0001\\/\""), "\"\\u2028\\b\\f\\n\\r\\t\\u0001/\"");
}

static void test_nul_survives(void **state)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;
    json_t *v = json_read(a, STR("{\"k\\u0000x\":\"a\\u0000b\"}"), NULL, &err);
    const json_t *s = json_object_getn(v, "k\0x", 3);

    assert_int_equal(json_string_length(s), 3);
    assert_memory_equal(json_string_value(s), "a\0b", 3);
    json_decref(v);
    arena_free(a);
    expect_text(STR("{\"k\\u0000x\":\"a\\u0000b\"}"), "{\"k\\u0000x\":\"a\\u0000b\"}");
}

static void test_duplicates_are_found_with_their_path(void **state)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};
    const char *err = NULL;
    json_t *v = json_read(a,
                          STR("{\"spec\":{\"replicas\":1,\"replicas\":2,\"c\":[{},{\"name\":1,\"name\":2}]},"
                              "\"a.b\":0,\"a.b\":1}"),
                          &f, &err);

    assert_int_equal(json_integer_value(json_object_get(json_object_get(v, "spec"), "replicas")), 2);
    assert_string_equal(findings_text(&f),
                        "duplicate field \"spec.replicas\", duplicate field \"spec.c[1].name\", "
                        "duplicate field \"a.b\"");
    json_decref(v);
    arena_free(a);
}

static void test_depth_is_bounded_without_recursion(void **state)
{
    size_t n = 4000000;
    char *deep = malloc(n);

    memset(deep, '[', n);
    expect_error((struct str){deep, n}, "invalid character '[' exceeded max depth");
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 10000);
    expect_error((struct str){deep, 10000}, "unexpected end of JSON input");
    free(deep);
}

static void test_values_are_bounded(void **state)
{
    struct buf b = {0};

    buf_putc(&b, '[');
    for (int i = 0; i < 600000; i++)
        buf_puts(&b, "{},");
    buf_puts(&b, "0]");
    expect_error(buf_view(&b), "the document holds too many values");
    buf_free(&b);
}

static void test_findings_are_bounded(void **state)
{
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a};

    findings_add(&f, "same");
    findings_add(&f, "same");
    assert_int_equal(f.n, 1);
    for (int i = 0; i < 1000; i++)
        findings_add(&f, arena_printf(a, "%d", i));
    assert_int_equal(f.n, FINDINGS_MAX);
    arena_free(a);
}

static void test_indent(void **state)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;
    json_t *v = json_read(a, STR("{\"a\":[1,{}],\"b\":[],\"c\":{\"d\":null}}"), NULL, &err);
    struct buf b = {0};

    json_write(&b, v, 2);
    buf_putc(&b, '\0');
    assert_string_equal(
        b.p, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n  \"c\": {\n    \"d\": null\n  }\n}");
    buf_free(&b);
    json_decref(v);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_are_gos),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_nul_survives),
        cmocka_unit_test(test_duplicates_are_found_with_their_path),
        cmocka_unit_test(test_depth_is_bounded_without_recursion),
        cmocka_unit_test(test_values_are_bounded),
        cmocka_unit_test(test_findings_are_bounded),
        cmocka_unit_test(test_indent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
