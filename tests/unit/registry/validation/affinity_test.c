/* What is said of where pods may run. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','affinity':{'nodeAffinity':{'requiredDuringSchedulin"
     "gIgnoredDuringExecution':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'a','operat"
     "or':'In'},{'key':'b','operator':'Gt','values':['1','2']},{'key':'-','operator':'X','va"
     "lues':['!']}],'matchFields':[{'key':'x','operator':'Exists'}]}]},'preferredDuringSched"
     "ulingIgnoredDuringExecution':[{'weight':0,'preference':{}}]},'podAffinity':{'requiredD"
     "uringSchedulingIgnoredDuringExecution':[{'topologyKey':'','namespaces':['B'],'matchLab"
     "elKeys':['a']}]}}}}",
     "[spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelecto"
     "rTerms[0].matchExpressions[0].values: Required value: must be specified when `operator"
     "` is 'In' or 'NotIn', spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuring"
     "Execution.nodeSelectorTerms[0].matchExpressions[1].values: Required value: must be spe"
     "cified single value when `operator` is 'Lt' or 'Gt', spec.affinity.nodeAffinity.requir"
     "edDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2].oper"
     "ator: Invalid value: \"X\": not a valid selector operator, spec.affinity.nodeAffinity."
     "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2"
     "].key: Invalid value: \"-\": name part must consist of alphanumeric characters, '-', '"
     "_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or '"
     "my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A"
     "-Za-z0-9]'), spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
     ".nodeSelectorTerms[0].matchExpressions[2].values[0]: Invalid value: \"!\": a valid lab"
     "el must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and"
     " must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  o"
     "r '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
     ", spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelect"
     "orTerms[0].matchFields[0].operator: Invalid value: \"Exists\": not a valid selector op"
     "erator, spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.node"
     "SelectorTerms[0].matchFields[0].key: Invalid value: \"x\": not a valid field selector "
     "key, spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].wei"
     "ght: Invalid value: 0: must be in the range 1-100, spec.affinity.podAffinity.requiredD"
     "uringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: \"B\": a lowercase "
     "RFC 1123 label must consist of lower case alphanumeric characters or '-', and must sta"
     "rt and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used f"
     "or validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.affinity.podAffinity.requiredD"
     "uringSchedulingIgnoredDuringExecution[0].matchLabelKeys: Forbidden: must not be specif"
     "ied when labelSelector is not set, spec.affinity.podAffinity.requiredDuringSchedulingI"
     "gnoredDuringExecution[0].topologyKey: Required value: can not be empty, spec.affinity."
     "podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid val"
     "ue: \"\": name part must be non-empty, spec.affinity.podAffinity.requiredDuringSchedul"
     "ingIgnoredDuringExecution[0].topologyKey: Invalid value: \"\": name part must consist "
     "of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumer"
     "ic character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation i"
     "s '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','tolerations':[{'key':'','operator':'Equal'},{'key':"
     "'a','operator':'Exists','value':'x','effect':'Odd','tolerationSeconds':3},{'key':'b','"
     "operator':'Lt','value':'1'}],'topologySpreadConstraints':[{'maxSkew':0,'topologyKey':'"
     "','whenUnsatisfiable':'X'},{'maxSkew':1,'topologyKey':'','whenUnsatisfiable':'X','minD"
     "omains':0,'nodeTaintsPolicy':'Y'}],'schedulingGates':[{'name':'a'},{'name':'a'}],'node"
     "Name':'n','readinessGates':[{'conditionType':'!'}]}}",
     "[spec.readinessGates[0].conditionType: Invalid value: \"!\": name part must consist of"
     " alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
     " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
     "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), spec.schedulingGates[1]: Duplicate value:"
     " \"a\", spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater t"
     "han zero, spec.topologySpreadConstraints[0].topologyKey: Required value: can not be em"
     "pty, spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: \"X\": su"
     "pported values: \"DoNotSchedule\", \"ScheduleAnyway\", spec.topologySpreadConstraints["
     "0].{topologyKey, whenUnsatisfiable}: Duplicate value: \"{, X}\", spec.topologySpreadCo"
     "nstraints[1].topologyKey: Required value: can not be empty, spec.topologySpreadConstra"
     "ints[1].whenUnsatisfiable: Unsupported value: \"X\": supported values: \"DoNotSchedule"
     "\", \"ScheduleAnyway\", spec.topologySpreadConstraints[1].minDomains: Invalid value: 0"
     ": must be greater than zero, spec.topologySpreadConstraints[1].minDomains: Invalid val"
     "ue: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not X, spec.topolog"
     "ySpreadConstraints[1].nodeTaintsPolicy: Unsupported value: \"Y\": supported values: \""
     "Honor\", \"Ignore\", spec.tolerations[0].operator: Invalid value: \"Equal\": operator "
     "must be Exists when `key` is empty, which means \"match all values and all keys\", spe"
     "c.tolerations[1].effect: Invalid value: \"Odd\": effect must be 'NoExecute' when `tole"
     "rationSeconds` is set, spec.tolerations[1].operator: Invalid value: \"x\": value must "
     "be empty when `operator` is 'Exists', spec.tolerations[1].effect: Unsupported value: "
     "\"Odd\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\", spec.t"
     "olerations[2].operator: Unsupported value: \"Lt\": supported values: \"Equal\", \"Exis"
     "ts\", \"Lt\", \"Gt\", spec.nodeName: Forbidden: cannot be set until all schedulingGate"
     "s have been cleared]"},
};

static void affinity_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(affinity_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
