/* Statuses: texts, codes and JSON as clients see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "registry/status.h"

static void expect(struct status *st, const char *json)
{
    struct buf b = {0};

    status_encode(st, &b);
    buf_putc(&b, '\0');
    assert_string_equal(b.p, json);
    buf_free(&b);
    arena_free(st->arena);
}

#define START                                                                                                \
    {                                                                                                        \
        .arena = arena_new(0)                                                                                \
    }
#define HEAD "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","

static void test_not_found(void **state)
{
    struct status core = START, apps = START;

    status_not_found(&core, "", "pods", STR("a\"b"));
    expect(&core,
           HEAD "\"message\":\"pods \\\"a\\\\\\\"b\\\" not found\",\"reason\":\"NotFound\",\"details\":{"
                "\"name\":\"a\\\"b\",\"kind\":\"pods\"},\"code\":404}");
    status_not_found(&apps, "apps", "deployments", STR("d"));
    expect(&apps,
           HEAD "\"message\":\"deployments.apps \\\"d\\\" not found\",\"reason\":\"NotFound\",\"details\":{"
                "\"name\":\"d\",\"group\":\"apps\",\"kind\":\"deployments\"},\"code\":404}");
}

static void test_forbidden_has_three_forms(void **state)
{
    struct status none = START, list = START, one = START;

    status_forbidden(&none, "", "", STR(""), "no");
    assert_string_equal(none.message, "forbidden: no");
    status_forbidden(&list, "", "pods", STR(""), "no");
    assert_string_equal(list.message, "pods is forbidden: no");
    status_forbidden(&one, "", "pods", STR("p"), "no");
    assert_string_equal(one.message, "pods \"p\" is forbidden: no");
    arena_free(none.arena);
    arena_free(list.arena);
    arena_free(one.arena);
}

static void test_invalid_joins_causes(void **state)
{
    struct status st = START;

    field_required(&st, "metadata.name", "name or generateName is required");
    expect(
        status_invalid_done(&st, "", "ConfigMap", STR("")) ? &st : NULL, HEAD
        "\"message\":\"ConfigMap \\\"\\\" is invalid: metadata.name: Required value: name or generateName is "
        "required\",\"reason\":\"Invalid\",\"details\":{\"kind\":\"ConfigMap\",\"causes\":[{\"reason\":"
        "\"FieldValueRequired\",\"message\":\"Required value: name or generateName is required\",\"field\":"
        "\"metadata.name\"}]},\"code\":422}");
}

static void test_invalid_says_nothing_twice(void **state)
{
    struct status st = START;

    field_invalid_str(&st, "metadata.uid", STR("other"), "field is immutable");
    field_invalid_str(&st, "metadata.uid", STR("other"), "field is immutable");
    assert_true(status_invalid_done(&st, "", "ConfigMap", STR("a")));
    assert_string_equal(
        st.message, "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"other\": field is immutable");
    assert_int_equal(st.ncauses, 2);
    arena_free(st.arena);
}

static void test_field_errors(void **state)
{
    static const char *const phases[] = {"Always", "Never"};
    struct status st = START;

    field_not_supported(&st, "p", STR("x"), phases, 2);
    field_forbidden(&st, "p", "may not");
    field_duplicate(&st, "p", "80");
    field_too_long(&st, "p", 1);
    field_too_many(&st, "p", 3, 2);
    field_invalid(&st, "p", "-1", "must be greater than or equal to 0");
    assert_true(status_invalid_done(&st, "apps", "Deployment", STR("d")));
    assert_string_equal(
        st.message,
        "Deployment.apps \"d\" is invalid: [p: Unsupported value: \"x\": supported values: \"Always\", "
        "\"Never\", p: Forbidden: may not, p: Duplicate value: 80, p: Too long: may not be more than 1 "
        "byte, p: Too many: 3: must have at most 2 items, p: Invalid value: -1: must be greater than or "
        "equal to 0]");
    arena_free(st.arena);
}

static void test_no_causes_is_no_error(void **state)
{
    struct status st = START;

    assert_false(status_invalid_done(&st, "", "Pod", STR("p")));
    assert_false(status_failed(&st));
    arena_free(st.arena);
}

static void test_causes_are_bounded(void **state)
{
    struct status st = START;

    for (int i = 0; i < STATUS_CAUSES_MAX + 100; i++)
        field_required(&st, arena_printf(st.arena, "f[%d]", i), "");
    assert_int_equal(st.ncauses, STATUS_CAUSES_MAX);
    arena_free(st.arena);
}

static void test_too_large_rv(void **state)
{
    struct status st = START;

    status_too_large_rv(&st, 100, 7);
    expect(
        &st, HEAD
        "\"message\":\"Timeout: Too large resource version: 100, current: 7\",\"reason\":\"Timeout\","
        "\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":\"Too large resource "
        "version\"}],\"retryAfterSeconds\":1},\"code\":504}");
}

static void test_generic_has_empty_details(void **state)
{
    struct status st = START;

    status_generic(&st, 422);
    expect(&st,
           HEAD "\"message\":\"the server rejected our request due to an error in our request\",\"reason\":"
                "\"Invalid\",\"details\":{},\"code\":422}");
}

static void test_internal(void **state)
{
    struct status st = START;

    status_internal(&st, "boom %d", 1);
    expect(&st,
           HEAD "\"message\":\"Internal error occurred: boom 1\",\"reason\":\"InternalError\",\"details\":{"
                "\"causes\":[{\"message\":\"boom 1\"}]},\"code\":500}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_forbidden_has_three_forms),
        cmocka_unit_test(test_invalid_joins_causes),
        cmocka_unit_test(test_invalid_says_nothing_twice),
        cmocka_unit_test(test_field_errors),
        cmocka_unit_test(test_no_causes_is_no_error),
        cmocka_unit_test(test_causes_are_bounded),
        cmocka_unit_test(test_too_large_rv),
        cmocka_unit_test(test_generic_has_empty_details),
        cmocka_unit_test(test_internal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
