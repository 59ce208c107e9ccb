/* What is said of Leases. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"coordination.k8s.io", "v1", "leases", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'leaseDurationSeconds':0,'leaseTran"
     "sitions':-1}}",
     "[spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0, spec.leaseTransiti"
     "ons: Invalid value: -1: must be greater than or equal to 0]"},
    {"coordination.k8s.io", "v1", "leases", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{'leaseDurationSeconds':1}}", NULL},
    {"coordination.k8s.io", "v1", "leases", NULL,
     "{'metadata':{'name':'gen2','namespace':'kd','resourceVersion':'1'},'spec':{'leaseDuratio"
     "nSeconds':1}}",
     "{'metadata':{'name':'gen2','namespace':'kd','resourceVersion':'1'},'spec':{'leaseDuratio"
     "nSeconds':-1}}",
     "spec.leaseDurationSeconds: Invalid value: -1: must be greater than 0"},
};

static void test_coordination(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_coordination)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
