/* What is said of controllers with a pod template. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"apps", "v1", "deployments", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'replicas':-1,'selector':{},'template"
     "':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','image':'i'}],'"
     "restartPolicy':'Never','activeDeadlineSeconds':3}},'strategy':{'type':'Odd'},'progress"
     "DeadlineSeconds':1,'minReadySeconds':1}}",
     "[spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: "
     "Invalid value: {}: empty selector is invalid for deployment, spec.template.spec.restar"
     "tPolicy: Unsupported value: \"Never\": supported values: \"Always\", spec.template.spe"
     "c.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Support"
     "ed, spec.strategy: Unsupported value: {\"Type\":\"Odd\",\"RollingUpdate\":null}: suppo"
     "rted values: \"Recreate\", \"RollingUpdate\", spec.progressDeadlineSeconds: Invalid va"
     "lue: 1: must be greater than minReadySeconds]"},
    {"apps", "v1", "deployments", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'selector':{'matchLabels':{'app':'y'}"
     "},'template':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','ima"
     "ge':'i'}]}},'strategy':{'rollingUpdate':{'maxUnavailable':'x%','maxSurge':'101%'}}}}",
     "[spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not ma"
     "tch template `labels`, spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"x%"
     "\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1"
     "%',  or '93%', regex used for validation is '[0-9]+%')]"},
    {"apps", "v1", "deployments", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'selector':{'matchLabels':{'app':'x'}"
     "},'template':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','ima"
     "ge':'i'}]}}}}",
     NULL},
    {"apps", "v1", "deployments", NULL,
     "{'metadata':{'name':'d','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'sele"
     "ctor':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'spec'"
     ":{'containers':[{'name':'c','image':'i'}]}}}}",
     "{'metadata':{'name':'d','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'sele"
     "ctor':{'matchLabels':{'app':'x','b':'c'}},'template':{'metadata':{'labels':{'app':'x',"
     "'b':'c'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}",
     "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"x\",\"b\":\"c\"}}: field is "
     "immutable"},
    {"apps", "v1", "replicasets", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'replicas':-1,'template':{'metadata':"
     "{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}",
     "[spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: "
     "Required value, spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `select"
     "or` does not match template `labels`]"},
    {"", "v1", "replicationcontrollers", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'replicas':-1,'selector':{'a':'b'},'t"
     "emplate':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','image':"
     "'i'}],'restartPolicy':'Never','activeDeadlineSeconds':3}}}}",
     "[spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.template.m"
     "etadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template `la"
     "bels`, spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported value"
     "s: \"Always\", spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeco"
     "nds in ReplicationController is not Supported]"},
    {"apps", "v1", "daemonsets", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'selector':{'matchLabels':{'app':'!'}"
     "},'template':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','ima"
     "ge':'i'}]}},'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable'"
     ":1,'maxSurge':1}}}}",
     "[spec.selector.matchLabels: Invalid value: \"!\": a valid label must be an empty strin"
     "g or consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
     "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for"
     " validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'), spec.updateStrategy.rol"
     "lingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero]"},
    {"apps", "v1", "controllerrevisions", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'data':[1],'revision':-1}",
     "[revision: Invalid value: -1: must be greater than or equal to 0, data: Required value"
     ": data must be a valid JSON object]"},
    {"apps", "v1", "statefulsets", NULL, NULL,
     "{'metadata':{'name':'d','namespace':'n'},'spec':{'selector':{'matchLabels':{'app':'x'}"
     "},'template':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':'c','ima"
     "ge':'i'}],'restartPolicy':'Never','activeDeadlineSeconds':3}},'serviceName':'A','podMa"
     "nagementPolicy':'X','updateStrategy':{'type':'OnDelete','rollingUpdate':{'partition':1"
     "}},'persistentVolumeClaimRetentionPolicy':{'whenDeleted':'X'},'volumeClaimTemplates':["
     "{'metadata':{'name':'d'},'spec':{}}]}}",
     "[spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel',"
     " spec.updateStrategy.rollingUpdate: Invalid value: {\"Partition\":1,\"MaxUnavailable\""
     ":null}: only allowed for updateStrategy 'RollingUpdate', spec.persistentVolumeClaimRet"
     "entionPolicy.whenDeleted: Unsupported value: \"X\": supported values: \"Retain\", \"De"
     "lete\", spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 acce"
     "ss mode is required, spec.volumeClaimTemplates[0].spec.resources[storage]: Required va"
     "lue, spec.serviceName: Invalid value: \"A\": a lowercase RFC 1123 label must consist o"
     "f lower case alphanumeric characters or '-', and must start and end with an alphanumer"
     "ic character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-"
     "a-z0-9]*[a-z0-9])?'), spec.template.spec.restartPolicy: Unsupported value: \"Never\": "
     "supported values: \"Always\", spec.template.spec.activeDeadlineSeconds: Forbidden: act"
     "iveDeadlineSeconds in StatefulSet is not Supported]"},
    {"apps", "v1", "statefulsets", NULL,
     "{'metadata':{'name':'d','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'sele"
     "ctor':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'spec'"
     ":{'containers':[{'name':'c','image':'i'}]}},'serviceName':'a','replicas':1}}",
     "{'metadata':{'name':'d','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'sele"
     "ctor':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},'spec'"
     ":{'containers':[{'name':'c','image':'i'}]}},'serviceName':'b','replicas':1}}",
     "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordina"
     "ls', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimReten"
     "tionPolicy' and 'minReadySeconds' are forbidden"},
};

static void workloads_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(workloads_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
