/* What is said of Nodes. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "nodes", NULL, NULL, "{'metadata':{'name':'kd-gen0'}}", NULL},
    {"", "v1", "nodes", NULL, NULL,
     "{'metadata':{'name':'kd-gen1'},'spec':{'taints':[{'key':'k','effect':'NoSchedule'},{'key"
     "':'k','effect':'NoSchedule'},{'key':'-','value':'_','effect':'X'},{'key':'l'}]}}",
     "[metadata.taints[1]: Duplicate value: {\"Key\":\"k\",\"Value\":\"\",\"Effect\":\"NoSched"
     "ule\",\"TimeAdded\":null}: taints must be unique by key and effect pair, metadata.taints"
     "[2].key: Invalid value: \"-\": name part must consist of alphanumeric characters, '-', '"
     "_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my"
     ".name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-"
     "z0-9]'), metadata.taints[2].value: Invalid value: \"_\": a valid label must be an empty "
     "string or consist of alphanumeric characters, '-', '_' or '.', and must start and end wi"
     "th an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used fo"
     "r validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'), metadata.taints[2].effec"
     "t: Unsupported value: \"X\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"N"
     "oExecute\", metadata.taints[3].effect: Required value]"},
    {"", "v1", "nodes", NULL, NULL,
     "{'metadata':{'name':'kd-gen2'},'spec':{'podCIDRs':['10.0.0.0/24','10.1.0.1/24']}}",
     "[spec.podCIDRs[1]: Invalid value: \"10.1.0.1/24\": must not have bits set beyond the pre"
     "fix length, spec.podCIDRs: Invalid value: [\"10.0.0.0/24\",\"10.1.0.1/24\"]: may specify"
     " no more than one CIDR for each IP family]"},
    {"", "v1", "nodes", NULL, NULL,
     "{'metadata':{'name':'kd-gen3'},'status':{'capacity':{'cpu':'-1'},'allocatable':{'pods':'"
     "1500m'},'declaredFeatures':['B','A','a','A']}}",
     "[status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0, status."
     "allocatable.pods: Invalid value: \"1500m\": must be an integer, status.declaredFeatures["
     "1]: Invalid value: \"A\": list must be sorted alphabetically, status.declaredFeatures[2]"
     ": Invalid value: \"a\": invalid feature name \"a\": must start with an UpperCamelCase se"
     "gment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeat"
     "ure), and contain only alphanumeric characters and slashes, status.declaredFeatures[3]: "
     "Invalid value: \"A\": list must be sorted alphabetically]"},
    {"", "v1", "nodes", NULL, NULL,
     "{'metadata':{'annotations':{'scheduler.alpha.kubernetes.io/preferAvoidPods':'x'},'name':"
     "'kd-gen4'}}",
     "metadata.annotations.AvoidPods: Invalid value: \"scheduler.alpha.kubernetes.io/preferAvo"
     "idPods\": invalid character 'x' looking for beginning of value"},
    {"", "v1", "nodes", NULL, NULL,
     "{'metadata':{'annotations':{'scheduler.alpha.kubernetes.io/preferAvoidPods':'{\\'preferA"
     "voidPods\\':[{\\'podSignature\\':{}}]}'},'name':'kd-gen5'}}",
     "metadata.annotations.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature: Requ"
     "ired value"},
    {"", "v1", "nodes", NULL,
     "{'metadata':{'name':'kd-gen6','resourceVersion':'1'},'spec':{'podCIDR':'10.8.0.0/24','po"
     "dCIDRs':['10.8.0.0/24'],'providerID':'a'}}",
     "{'metadata':{'name':'kd-gen6','resourceVersion':'1'},'spec':{'podCIDR':'10.9.0.0/24','po"
     "dCIDRs':['10.9.0.0/24'],'providerID':'b'}}",
     "[spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"
     ", spec.providerID: Forbidden: node updates may not change providerID except from \"\" to"
     " valid]"},
    {"", "v1", "nodes", "status", "{'metadata':{'name':'kd-gen7','resourceVersion':'1'}}",
     "{'metadata':{'name':'kd-gen7','resourceVersion':'1'},'status':{'addresses':[{'type':'Int"
     "ernalIP','address':'1.2.3.4'},{'type':'InternalIP','address':'1.2.3.4'}]}}",
     "status.addresses[1]: Duplicate value: {\"Type\":\"InternalIP\",\"Address\":\"1.2.3.4\"}"},
};

static void test_node(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_node)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
