/* What is said of Namespaces. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "namespaces", NULL, NULL,
     "{'metadata':{'name':'kd-gen0'},'spec':{'finalizers':['a.io/b','c','d/e/f']}}",
     "[spec.finalizers: Invalid value: \"c\": name is neither a standard finalizer name nor is"
     " it fully qualified, spec.finalizers: Invalid value: \"d/e/f\": a valid label key must c"
     "onsist of alphanumeric characters, '-', '_' or '.', and must start and end with an alpha"
     "numeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validatio"
     "n is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix a"
     "nd '/' (e.g. 'example.com/MyName')]"},
};

static void test_namespaces(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_namespaces)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
