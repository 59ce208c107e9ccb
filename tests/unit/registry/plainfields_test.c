/* FieldsV1 that are called plain come out of a tree as they went in; what would not is never called so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "registry/walk/json.h"
#include "registry/walk/plainfields.h"

static const struct {
    const char *text;
    bool plain;
} rows[] = {
    {"{}", true},
    {"{\"f:a\":{}}", true},
    {"{\"f:a\":{},\"f:b\":{\".\":{},\"k:{\\\"type\\\":\\\"Ready\\\"}\":{\"f:x\":{}}},\"v:\\\\\":{}}", true},
    {"{\"\":{}}", true},
    {"", false},
    {"{", false},
    {"}", false},
    {"null", false},
    {"[]", false},
    {"{}x", false},
    {"{}}", false},
    {"{},", false},
    {"{\"a\":{}", false},
    {"{\"a\":{}},", false},
    {"{\"a\"}", false},
    {"{\"a\":}", false},
    {"{\"a\":1}", false},
    {"{\"a\":null}", false},
    {"{\"a\":[]}", false},
    {"{\"a\":{},}", false},
    {"{,\"a\":{}}", false},
    {"{\"a\":{}\"b\":{}}", false},
    {"{\"a\":{},{}}", false},
    {"{\"a\":{}}{}", false},
    {"{ }", false},
    {"{\"a\": {}}", false},
    {" {}", false},
    {"{}\n", false},
    {"{\"a", false},
    {"{\"a\\", false},
    {"{\"a\\\"", false},
    {"{\"a\":", false},
    {"{\"a\\/b\":{}}", false},
    {"{\"\\u0061\":{}}", false},
    {"{\"a\\n\":{}}", false},
    {"{\"<\":{}}", false},
    {"{\"a>b\":{}}", false},
    {"{\"&\":{}}", false},
    {"{\"\t\":{}}", false},
    {"{\"\x7f\":{}}", false},
    {"{\"\xc3\xa4\":{}}", false},
    {"{\"\xff\":{}}", false},
};

static bool stays(struct str text)
{
    struct arena *a = arena_new(0);
    struct buf out = {0};
    const char *err;
    json_t *v = json_read(a, text, NULL, &err);
    if (v)
        json_write(&out, v, 0);
    bool same = v && str_eq(buf_view(&out), text);
    json_decref(v);
    buf_free(&out);
    arena_free(a);
    return same;
}

static void plain_text_stays_as_it_is(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text = str_of(rows[i].text);
        if (plainfields(text) != rows[i].plain)
            fail_msg("%s", rows[i].text);
        if (rows[i].plain)
            assert_true(stays(text));
    }
}

/* Whatever is made of the signs that matter. */
static void nothing_else_is_plain(void **state)
{
    static const char *const parts[] = {"{", "}",          "\"", ":",       ",", "\\",
                                        "a", "\"f:a\":{}", "{}", "\"b\":{", " ", "&"};
    unsigned seed = 1;
    int plain = 0;
    for (int i = 0; i < 100000; i++) {
        struct buf text = {0};
        int n = 1 + i % 9;
        buf_puts(&text, i % 2 ? "{" : "");
        while (n-- > 0) {
            seed = seed * 1103515245u + 12345u;
            buf_puts(&text, parts[(seed >> 16) % (sizeof(parts) / sizeof(parts[0]))]);
        }
        buf_puts(&text, i % 2 ? "}" : "");
        if (plainfields(buf_view(&text))) {
            plain++;
            if (!stays(buf_view(&text)) && !memmem(text.p, text.n, "\"f:a\"", 5) &&
                !memmem(text.p, text.n, "\"b\"", 3))
                fail_msg("%.*s", (int)text.n, text.p);
        }
        buf_free(&text);
    }
    assert_in_range(plain, 100, 50000);
}

static void bounds_hold(void **state)
{
    struct buf deep = {0}, wide = {0};
    for (int i = 0; i < 5000; i++)
        buf_puts(&deep, "{\"a\":");
    buf_puts(&deep, "{}");
    for (int i = 0; i < 5000; i++)
        buf_puts(&deep, "}");
    assert_false(plainfields(buf_view(&deep)));
    buf_puts(&wide, "{\"a\":{}");
    for (int i = 0; i < JSON_COST_MAX / 8; i++)
        buf_puts(&wide, ",\"a\":{}");
    buf_puts(&wide, "}");
    assert_false(plainfields(buf_view(&wide)));
    buf_free(&deep);
    buf_free(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays_as_it_is),
        cmocka_unit_test(nothing_else_is_plain),
        cmocka_unit_test(bounds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
