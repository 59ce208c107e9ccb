/* What is said of ResourceSlices. */
#include "cases.h"

#define OF(plural) "resource.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("resourceslices"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'driver':'d.io','pool':{'name':'p','resourceSliceCount'"
     ":1,'generation':1},'nodeName':'n','devices':[{'name':'a'}]}}",
     NULL},
    {OF("resourceslices"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'driver':'','pool':{'name':'p//q','resourceSliceCount':"
     "0,'generation':-1},'nodeName':'n','allNodes':true,'perDeviceNodeSelection':false}}",
     "[spec.driver: Required value, spec.pool.name: Invalid value: \"\": a lowercase RFC 1123 "
     "subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
     "start and end with an alphanumeric character (e.g. 'example.com', regex used for "
     "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), "
     "spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero, "
     "spec.pool.generation: Invalid value: -1: must be greater than or equal to zero, "
     "spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true, "
     "spec: Invalid value: \"{`nodeName`, `allNodes`}\": exactly one of `nodeName`, "
     "`nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields "
     "are set]"},
    {OF("resourceslices"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'driver':'d.io','pool':{'name':'p','resourceSliceCount'"
     ":1,'generation':1},'allNodes':true,'devices':[{'name':'a','attributes':{'a "
     "b':{'version':'1.0'}},'capacity':{'x/y/z':{'value':'1'}},'nodeName':'n'},{'name':'a','at"
     "tributes':{'m':{'int':1,'string':'x'}},'taints':[{'key':'k','effect':'Odd'}],'consumesCo"
     "unters':[{}],'bindingConditions':['a','a']}]}}",
     "[spec.devices[0].attributes: Invalid value: \"a b\": a valid C identifier must start "
     "with alphabetic character or '_', followed by a string of alphanumeric characters or "
     "'_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is "
     "'[A-Za-z_][A-Za-z0-9_]*'), spec.devices[0].attributes[a b].version: Invalid value: "
     "\"1.0\": must be a string compatible with semver.org spec 2.0.0, spec.devices[0]: "
     "Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if "
     "`perDeviceNodeSelection` is set to true in the ResourceSlice spec, "
     "spec.devices[1].attributes[m]: Invalid value: "
     "{\"IntValue\":1,\"BoolValue\":null,\"StringValue\":\"x\",\"VersionValue\":null,\"IntValu"
     "es\":null,\"BoolValues\":null,\"StringValues\":null,\"VersionValues\":null}: exactly "
     "one value must be specified, spec.devices[1].taints[0].effect: Unsupported value: "
     "\"Odd\": supported values: \"NoExecute\", \"NoSchedule\", \"None\", "
     "spec.devices[1].consumesCounters[0].counterSet: Required value, "
     "spec.devices[1].consumesCounters[0].counters: Required value, "
     "spec.devices[1].bindingConditions[1]: Duplicate value: \"a\", "
     "spec.devices[1].bindingFailureConditions: Invalid value: null: bindingFailureConditions "
     "are required to use bindingConditions, spec.devices[1]: Duplicate value: \"a\"]"},
    {OF("resourceslices"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'driver':'d.io','pool':{'name':'p','resourceSliceCount'"
     ":1,'generation':1},'allNodes':true,'devices':[{'name':'a','allowMultipleAllocations':tru"
     "e,'capacity':{'m':{'value':'10','requestPolicy':{'default':'3','validRange':{'min':'4','"
     "max':'11','step':'2'}}}}},{'name':'b','allowMultipleAllocations':true,'capacity':{'m':{'"
     "value':'10','requestPolicy':{'default':'3','validValues':['4','2','20']}}}},{'name':'c',"
     "'capacity':{'m':{'value':'10','requestPolicy':{}}}}]}}",
     "[spec.devices[0].capacity[m].requestPolicy.validRange.min: Invalid value: \"3\": "
     "default is less than min: 4, spec.devices[0].capacity[m].requestPolicy.validRange.max: "
     "Invalid value: \"11\": max is larger than capacity value: 10, "
     "spec.devices[0].capacity[m].requestPolicy.validRange.step: Invalid value: \"3\": value "
     "is not a multiple of a given step (2) from (4), "
     "spec.devices[0].capacity[m].requestPolicy.validRange.step: Invalid value: \"11\": value "
     "is not a multiple of a given step (2) from (4), "
     "spec.devices[1].capacity[m].requestPolicy.validValues[1]: Invalid value: \"2\": values "
     "must be sorted in ascending order, "
     "spec.devices[1].capacity[m].requestPolicy.validValues[2]: Invalid value: \"20\": option "
     "is larger than capacity value: 10, "
     "spec.devices[1].capacity[m].requestPolicy.validValues: Invalid value: \"3\": default "
     "value is not valid according to the requestPolicy, "
     "spec.devices[2].capacity[m].requestPolicy: Forbidden: allowMultipleAllocations must be "
     "true]"},
    {OF("resourceslices"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'driver':'d.io','pool':{'name':'p','resourceSliceCount'"
     ":1,'generation':1},'allNodes':true,'sharedCounters':[{'name':'c','counters':{}},{'name':"
     "'c','counters':{'A b':{'value':'1'}}}]}}",
     "[spec.sharedCounters[0].counters: Required value, spec.sharedCounters[1].counters: "
     "Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case "
     "alphanumeric characters or '-', and must start and end with an alphanumeric character "
     "(e.g. 'my-name',  or '123-abc', regex used for validation is "
     "'[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.sharedCounters[1]: Duplicate value: \"c\"]"},
};

static void slices(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
