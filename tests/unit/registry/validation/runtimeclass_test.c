/* What is said of RuntimeClasses. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"node.k8s.io", "v1", "runtimeclasses", NULL, NULL, "{'metadata':{'name':'kd-gen0'},'handler':'h'}",
     NULL},
    {"node.k8s.io", "v1", "runtimeclasses", NULL, NULL, "{'metadata':{'name':'kd-gen1'},'handler':''}",
     "handler: Required value"},
    {"node.k8s.io", "v1", "runtimeclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen2'},'handler':'A.b','overhead':{'podFixed':{'cpu':'-1','foo':"
     "'1'}},'scheduling':{'nodeSelector':{'-':'_'},'tolerations':[{'key':'-','operator':'X'},{"
     "'operator':'Equal','effect':'Y'},{'key':'k','operator':'Exists','value':'v','tolerationS"
     "econds':1}]}}",
     "[handler: Invalid value: \"A.b\": a lowercase RFC 1123 label must consist of lower case "
     "alphanumeric characters or '-', and must start and end with an alphanumeric character (e"
     ".g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])"
     "?'), overhead.limits[cpu]: Invalid value: \"-1\": must be greater than or equal to 0, ov"
     "erhead.limits[foo]: Invalid value: \"foo\": must be a standard resource type or fully qu"
     "alified, overhead.limits[foo]: Invalid value: \"foo\": must be a standard resource for c"
     "ontainers, scheduling.nodeSelector: Invalid value: \"-\": name part must consist of alph"
     "anumeric characters, '-', '_' or '.', and must start and end with an alphanumeric charac"
     "ter (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z"
     "0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), scheduling.nodeSelector: Invalid value: \"_\": a val"
     "id label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
     " and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', "
     " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
     ", scheduling.tolerations[0].key: Invalid value: \"-\": name part must consist of alphanu"
     "meric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
     " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9"
     "][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), scheduling.tolerations[0].operator: Unsupported value: "
     "\"X\": supported values: \"Equal\", \"Exists\", scheduling.tolerations[1].operator: Inva"
     "lid value: \"Equal\": operator must be Exists when `key` is empty, which means \"match a"
     "ll values and all keys\", scheduling.tolerations[1].effect: Unsupported value: \"Y\": su"
     "pported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\", scheduling.tolerati"
     "ons[2].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` "
     "is set, scheduling.tolerations[2].operator: Invalid value: \"v\": value must be empty wh"
     "en `operator` is 'Exists']"},
    {"node.k8s.io", "v1", "runtimeclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen3'},'handler':'h','scheduling':{'tolerations':[{'key':'k','op"
     "erator':'Exists'},{'key':'k','operator':'Exists'}]}}",
     "scheduling.tolerations[1]: Duplicate value: {\"Key\":\"k\",\"Operator\":\"Exists\",\"Val"
     "ue\":\"\",\"Effect\":\"\",\"TolerationSeconds\":null}"},
    {"node.k8s.io", "v1", "runtimeclasses", NULL,
     "{'metadata':{'name':'kd-gen4','resourceVersion':'1'},'handler':'h'}",
     "{'metadata':{'name':'kd-gen4','resourceVersion':'1'},'handler':'g'}",
     "handler: Invalid value: \"g\": field is immutable"},
};

static void test_runtimeclass(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runtimeclass)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
