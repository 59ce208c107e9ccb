/* What is said of PriorityClasses. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"scheduling.k8s.io", "v1", "priorityclasses", NULL, NULL, "{'metadata':{'name':'kd-gen0'},'value':5}",
     NULL},
    {"scheduling.k8s.io", "v1", "priorityclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen1'},'value':1000000001,'preemptionPolicy':'X'}",
     "[value: Forbidden: maximum allowed value of a user defined priority is 1000000000, preem"
     "ptionPolicy: Unsupported value: \"X\": supported values: \"PreemptLowerPriority\", \"Nev"
     "er\"]"},
    {"scheduling.k8s.io", "v1", "priorityclasses", NULL, NULL,
     "{'metadata':{'name':'system-x'},'value':5,'preemptionPolicy':''}",
     "[metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for s"
     "ystem use only. error: system-x is not a known system priority class, preemptionPolicy: "
     "Required value]"},
    {"scheduling.k8s.io", "v1", "priorityclasses", NULL, NULL,
     "{'metadata':{'name':'system-node-critical'},'value':5}",
     "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for sy"
     "stem use only. error: value of system-node-critical PriorityClass must be 2000001000"},
    {"scheduling.k8s.io", "v1", "priorityclasses", NULL,
     "{'metadata':{'name':'kd-gen4','resourceVersion':'1'},'value':5}",
     "{'metadata':{'name':'kd-gen4','resourceVersion':'1'},'value':6,'preemptionPolicy':'Never"
     "'}",
     "[value: Forbidden: may not be changed in an update., preemptionPolicy: Invalid value: \""
     "Never\": field is immutable]"},
};

static void test_scheduling(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scheduling)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
