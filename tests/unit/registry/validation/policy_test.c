/* What is said of PodDisruptionBudgets. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"policy", "v1", "poddisruptionbudgets", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'minAvailable':1,'selector':{'match"
     "Labels':{'a':'b'}}}}",
     NULL},
    {"policy", "v1", "poddisruptionbudgets", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{'minAvailable':1,'maxUnavailable':'"
     "50%','selector':{'matchLabels':{'a':'b'}}}}",
     "spec: Invalid value: {\"MinAvailable\":1,\"Selector\":{\"matchLabels\":{\"a\":\"b\"}},\""
     "MaxUnavailable\":\"50%\",\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnava"
     "ilable cannot be both set"},
    {"policy", "v1", "poddisruptionbudgets", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'minAvailable':'x','selector':{'mat"
     "chExpressions':[{'key':'-','operator':'X'}]},'unhealthyPodEvictionPolicy':'X'}}",
     "[spec.minAvailable: Invalid value: \"x\": a valid percent string must be a numeric strin"
     "g followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%"
     "'), spec.selector.matchExpressions[0].operator: Invalid value: \"X\": not a valid select"
     "or operator, spec.selector.matchExpressions[0].key: Invalid value: \"-\": name part must"
     " consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alp"
     "hanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validat"
     "ion is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), spec.unhealthyPodEvictionPolicy: Uns"
     "upported value: \"X\": supported values: \"AlwaysAllow\", \"IfHealthyBudget\"]"},
    {"policy", "v1", "poddisruptionbudgets", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'maxUnavailable':'200%'}}",
     "spec.maxUnavailable: Invalid value: \"200%\": must not be greater than 100%"},
    {"policy", "v1", "poddisruptionbudgets", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'spec':{'maxUnavailable':-1}}",
     "spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0"},
    {"policy", "v1", "poddisruptionbudgets", "status",
     "{'metadata':{'name':'gen5','namespace':'kd','resourceVersion':'1'},'spec':{'minAvailable"
     "':1,'selector':{'matchLabels':{'a':'b'}}}}",
     "{'metadata':{'name':'gen5','namespace':'kd','resourceVersion':'1'},'spec':{'minAvailable"
     "':1,'selector':{'matchLabels':{'a':'b'}}},'status':{'disruptionsAllowed':-1,'currentHeal"
     "thy':-1,'desiredHealthy':-1,'expectedPods':-1,'conditions':[{'type':'-','status':'X','re"
     "ason':'','message':''},{'type':'-','status':'True','reason':'a b','message':'','lastTran"
     "sitionTime':'2026-01-01T00:00:00Z'}]}}",
     "[status.conditions[0].type: Invalid value: \"-\": name part must consist of alphanumeric"
     " characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g"
     ". 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-"
     "Za-z0-9_.]*)?[A-Za-z0-9]'), status.conditions[0].status: Unsupported value: \"X\": suppo"
     "rted values: \"False\", \"True\", \"Unknown\", status.conditions[0].lastTransitionTime: "
     "Required value, status.conditions[0].reason: Required value, status.conditions[1].type: "
     "Duplicate value: \"-\", status.conditions[1].type: Invalid value: \"-\": name part must "
     "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alph"
     "anumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validati"
     "on is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), status.conditions[1].reason: Invalid "
     "value: \"a b\": a condition reason must start with alphabetic character, optionally foll"
     "owed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric "
     "character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  o"
     "r 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])"
     "?'), status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0, s"
     "tatus.currentHealthy: Invalid value: -1: must be greater than or equal to 0, status.desi"
     "redHealthy: Invalid value: -1: must be greater than or equal to 0, status.expectedPods: "
     "Invalid value: -1: must be greater than or equal to 0]"},
};

static void test_policy(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_policy)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
