/* Quantities, times, durations, base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "registry/rules/base64.h"
#include "registry/rules/quantities.h"
#include "registry/rules/times.h"

static void test_canonical(void **state)
{
    static const char *const cases[][2] = {
        {"0", "0"},
        {"100m", "100m"},
        {"1000m", "1"},
        {"0.5", "500m"},
        {"1.5Gi", "1536Mi"},
        {"1024Mi", "1Gi"},
        {"1Gi", "1Gi"},
        {"8Gi", "8Gi"},
        {"1024", "1024"},
        {"1500Mi", "1500Mi"},
        {"1e3", "1e3"},
        {"1E3", "1E3"},
        {"1000", "1k"},
        {"1000000", "1M"},
        {"0.1n", "1n"},
        {"1.1n", "2n"},
        {"-0.1n", "-1n"},
        {"512Ki", "512Ki"},
        {"0.5Ki", "512"},
        {"0.0005Ki", "512m"},
        {" 5 ", "5"},
        {"+5", "+5"},
        {"-5", "-5"},
        {"005", "005"},
        {"1.0", "1"},
        {"100Ei", "9223372036854775807"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"1e21", "1e21"},
        {"12e2", "1200"},
        {"1.25e3", "1250"},
        {"0.001", "1m"},
        {"2000Ki", "2000Ki"},
        {"1Ti", "1Ti"},
        {"9223372036854775807", "9223372036854775807"},
        {"10e5", "1e6"},
    };
    struct arena *a = arena_new(0);
    const char *err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = quantity_canonical(a, str_of(cases[i][0]), &err);

        assert_non_null(got);
        assert_string_equal(got, cases[i][1]);
    }
    arena_free(a);
}

static void test_malformed(void **state)
{
    static const char *const shape[] = {"", "x", "1.2.3", "1 Gi", "0x10", "1m1m"};
    struct arena *a = arena_new(0);
    const char *err;

    for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
        assert_null(quantity_canonical(a, str_of(shape[i]), &err));
        assert_string_equal(err, "quantities must match the regular expression "
                                 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    }
    assert_null(quantity_canonical(a, STR("1KK"), &err));
    assert_string_equal(err, "unable to parse quantity's suffix");
    assert_null(quantity_canonical(a, STR("1e"), &err));
    assert_string_equal(err, "unable to parse quantity's suffix");
    arena_free(a);
}

static void test_compare_and_values(void **state)
{
    assert_int_equal(quantity_cmp(STR("1"), STR("1000m")), 0);
    assert_true(quantity_cmp(STR("1Gi"), STR("1G")) > 0);
    assert_true(quantity_cmp(STR("-1"), STR("0")) < 0);
    assert_true(quantity_cmp(STR("-2"), STR("-1")) < 0);
    assert_int_equal(quantity_value(STR("1.5Gi")), 1610612736);
    assert_int_equal(quantity_value(STR("100m")), 1);
    assert_int_equal(quantity_milli(STR("0.25")), 250);
    assert_int_equal(quantity_milli(STR("2")), 2000);
    assert_true(quantity_value(STR("1e30")) == INT64_MAX);
}

static void test_times(void **state)
{
    struct arena *a = arena_new(0);
    const char *err = NULL;

    assert_string_equal(time_normalize(a, STR("2020-01-02T05:04:05.9+02:00"), false, &err),
                        "2020-01-02T03:04:05Z");
    assert_string_equal(time_normalize(a, STR("2020-01-02T03:04:05.000001Z"), true, &err),
                        "2020-01-02T03:04:05.000001Z");
    assert_string_equal(time_normalize(a, STR("0001-01-01T00:00:00Z"), false, &err), "");
    assert_null(time_normalize(a, STR("2020-13-02T03:04:05Z"), false, &err));
    assert_string_equal(err, "parsing time \"2020-13-02T03:04:05Z\": month out of range");
    assert_null(time_normalize(a, STR("2021-02-29T03:04:05Z"), false, &err));
    assert_string_equal(err, "parsing time \"2021-02-29T03:04:05Z\": day out of range");
    assert_null(time_normalize(a, STR("2020-01-02"), false, &err));
    assert_string_equal(
        err, "parsing time \"2020-01-02\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"");
    assert_null(time_normalize(a, STR("2020-01-02T03:04:05.123456789Z"), true, &err));
    assert_string_equal(
        err, "parsing time \"2020-01-02T03:04:05.123456789Z\" as \"2006-01-02T15:04:05.000000Z07:00\": "
             "cannot parse \"789Z\" as \"Z07:00\"");
    assert_null(time_normalize(a, STR("2020-01-02T03:04:05Zx"), false, &err));
    assert_string_equal(err, "parsing time \"2020-01-02T03:04:05Zx\": extra text: \"x\"");
    arena_free(a);
}

static void test_durations(void **state)
{
    static const char *const cases[][2] = {
        {"90m", "1h30m0s"},    {"0", "0s"},        {"1.5s", "1.5s"},         {"100ms", "100ms"},
        {"1us", "1\xc2\xb5s"}, {"-1h", "-1h0m0s"}, {"1h2m3.5s", "1h2m3.5s"},
    };
    struct arena *a = arena_new(0);
    const char *err = NULL;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(duration_normalize(a, str_of(cases[i][0]), &err), cases[i][1]);
    assert_null(duration_normalize(a, STR("5"), &err));
    assert_string_equal(err, "time: missing unit in duration \"5\"");
    assert_null(duration_normalize(a, STR("5x"), &err));
    assert_string_equal(err, "time: unknown unit \"x\" in duration \"5x\"");
    assert_null(duration_normalize(a, STR("x"), &err));
    assert_string_equal(err, "time: invalid duration \"x\"");
    arena_free(a);
}

static void test_base64(void **state)
{
    static const struct {
        const char *text;
        size_t bad_at;
    } bad[] = {{"!", 0}, {"not base64!", 3}, {"YQ", 0}, {"YQ=", 3}, {"YQ==x", 4}, {"=", 0}, {"YWJjZA", 4}};
    struct arena *a = arena_new(0);
    struct str out;
    size_t at;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(base64_decode(a, str_of(bad[i].text), &out, &at));
        assert_int_equal(at, bad[i].bad_at);
    }
    for (size_t n = 0; n < 20; n++) {
        struct buf b = {0};

        base64_encode(&b, (struct str){"\0\1\2abcdefghijklmnopqr", n});
        assert_true(base64_decode(a, buf_view(&b), &out, &at));
        assert_int_equal(out.n, n);
        assert_memory_equal(out.p, "\0\1\2abcdefghijklmnopqr", n);
        buf_free(&b);
    }
    assert_true(base64_decode(a, STR("YWJj\r\nZGVm\n"), &out, &at));
    assert_true(str_is(out, "abcdef"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),          cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_compare_and_values), cmocka_unit_test(test_times),
        cmocka_unit_test(test_durations),          cmocka_unit_test(test_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
