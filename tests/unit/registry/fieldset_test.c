/* Sets of field paths: FieldsV1 both ways, and their algebra. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "registry/apply/fieldsettext.h"
#include "registry/walk/json.h"

struct world {
    struct arena *a;
    json_t *trees; /* live as long as the sets */
};

static int setup(void **state)
{
    static struct world w;

    w = (struct world){arena_new(0), json_array()};
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    arena_free(w->a);
    json_decref(w->trees);
    return 0;
}

static bool read_into(struct world *w, const char *text, const struct fieldset **s)
{
    const char *err;
    json_t *v = json_read(w->a, str_of(text), NULL, &err);

    assert_non_null(v);
    json_array_append_new(w->trees, v);
    return fieldset_read(w->a, v, s);
}

static const struct fieldset *set(struct world *w, const char *text)
{
    const struct fieldset *s = NULL;

    assert_true(read_into(w, text, &s));
    return s;
}

static void is(const struct fieldset *s, const char *want)
{
    struct buf b = {0};

    fieldset_write(&b, s);
    buf_putc(&b, '\0');
    assert_string_equal(b.p, want);
    buf_free(&b);
}

static void test_reads_and_writes_in_order(void **state)
{
    static const char *const cases[][2] = {
        {"{}", "{}"},
        {"{\"f:b\":{},\"f:a\":{}}", "{\"f:a\":{},\"f:b\":{}}"},
        {"{\"f:a\":{\".\":{},\"f:b\":{}}}", "{\"f:a\":{\".\":{},\"f:b\":{}}}"},
        {"{\"f:a\":{\".\":{}}}", "{\"f:a\":{}}"},
        {"{\"f:a\":null}", "{\"f:a\":{}}"},
        {"{\"x:later\":{},\"f:a\":{}}", "{\"f:a\":{}}"},
        {"{\"i:10\":{},\"i:9\":{},\"v:2\":{},\"v:\\\"a\\\"\":{},\"v:true\":{},\"k:{\\\"n\\\":1}\":{}}",
         "{\"k:{\\\"n\\\":1}\":{},\"v:2\":{},\"v:\\\"a\\\"\":{},\"v:true\":{},\"i:9\":{},\"i:10\":{}}"},
        {"{\"k:{\\\"b\\\":1,\\\"a\\\":\\\"<\\\"}\":{\"f:x\":{}}}",
         "{\"k:{\\\"a\\\":\\\"\\\\u003c\\\",\\\"b\\\":1}\":{\"f:x\":{}}}"},
        {"{\"k:{\\\"n\\\":1}\":{},\"k:{\\\"n\\\":1.0}\":{\"f:a\":{}}}",
         "{\"k:{\\\"n\\\":1}\":{\".\":{},\"f:a\":{}}}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        is(set(*state, cases[i][0]), cases[i][1]);
}

static void test_refuses_what_is_no_set(void **state)
{
    static const char *const cases[] = {"[]",          "\"f:a\"",      "{\"f:a\":1}",         "{\"f\":{}}",
                                        "{\"fa\":{}}", "{\"k:1\":{}}", "{\"v:nonsense\":{}}", "{\"i:x\":{}}"};
    const struct fieldset *s;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_false(read_into(*state, cases[i], &s));
}

static void test_algebra(void **state)
{
    struct world *w = *state;
    const struct fieldset *x = set(w, "{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{}}");
    const struct fieldset *y = set(w, "{\"f:a\":{\"f:b\":{}},\"f:d\":{\"f:e\":{}},\"f:z\":{}}");
    const struct fieldset *a = set(w, "{\"f:a\":{}}");

    is(fieldset_union(w->a, x, y),
       "{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{\".\":{},\"f:e\":{}},\"f:z\":{}}");
    is(fieldset_intersection(w->a, x, y), "{\"f:a\":{\"f:b\":{}}}");
    is(fieldset_difference(w->a, x, y), "{\"f:a\":{\".\":{},\"f:c\":{}},\"f:d\":{}}");
    is(fieldset_difference(w->a, x, a), "{\"f:a\":{\"f:b\":{},\"f:c\":{}},\"f:d\":{}}");
    is(fieldset_difference_deep(w->a, x, a), "{\"f:d\":{}}");
    is(fieldset_difference(w->a, x, x), "{}");
    is(fieldset_path(w->a, "a.b.c"), "{\"f:a\":{\"f:b\":{\"f:c\":{}}}}");
    assert_true(fieldset_same(x, fieldset_union(w->a, x, NULL)));
    assert_false(fieldset_same(x, y));
}

static void collect(void *arg, struct str path)
{
    struct buf *out = arg;

    buf_printf(out, "%.*s ", STR_ARG(path));
}

static void test_paths_as_they_are_printed(void **state)
{
    struct buf b = {0};

    fieldset_each(set(*state, "{\"f:a\":{\".\":{},\"k:{\\\"n\\\":\\\"c\\\",\\\"p\\\":80}\":{\"f:x\":{}}},"
                              "\"f:f\":{\"v:\\\"z\\\"\":{}},\"f:z\":{}}"),
                  collect, &b);
    buf_putc(&b, '\0');
    assert_string_equal(b.p, ".a .z .a[n=\"c\",p=80].x .f[=\"z\"] ");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_and_writes_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_algebra, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths_as_they_are_printed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
