/* What is said of HorizontalPodAutoscalers. */
#include "cases.h"

#define OF "autoscaling", "v2", "horizontalpodautoscalers"
#define META "'metadata':{'name':'a','namespace':'n','resourceVersion':'1'}"
#define REF "'scaleTargetRef':{'kind':'Deployment','name':'d','apiVersion':'apps/v1'}"

static const struct validation_case CASES[] = {
    {OF, NULL, NULL, "{" META ",'spec':{" REF ",'maxReplicas':3}}", NULL},
    {OF, NULL, NULL, "{" META ",'spec':{'scaleTargetRef':{},'minReplicas':-1}}",
     "[spec.minReplicas: Invalid value: -1: must be greater than or equal to 1, spec.maxReplicas: Required "
     "value: must be set and greater than 0, spec.scaleTargetRef.kind: Required value, "
     "spec.scaleTargetRef.name: Required value, spec.scaleTargetRef.apiVersion: Invalid value: \"\": "
     "apiVersion must specify API group]"},
    {OF, NULL, NULL,
     "{" META ",'spec':{" REF ",'maxReplicas':3,'metrics':[{'type':'Resource','resource':{'name':'cpu',"
     "'target':{'type':'Utilization','averageUtilization':0}}},{'type':'Pods','object':{'metric':{'name':'m'}"
     ","
     "'describedObject':{'kind':'K','name':'n'},'target':{'type':'Value','value':'-1'}}}]}}",
     "[spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0, "
     "spec.metrics[1].object.target.value: Invalid value: \"-1\": must be positive, "
     "spec.metrics[1].pods: Required value: must populate information for the given metric source]"},
    {OF, NULL, NULL,
     "{" META ",'spec':{" REF ",'maxReplicas':3,'behavior':{'scaleDown':{'stabilizationWindowSeconds':3601,"
     "'selectPolicy':'x','policies':[{'type':'x','value':0,'periodSeconds':1801}]}}}}",
     "[spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal "
     "to 3600, spec.behavior.scaleDown.selectPolicy: Unsupported value: \"x\": supported values: "
     "\"Disabled\", \"Max\", \"Min\", spec.behavior.scaleDown.policies[0].type: Unsupported value: \"x\": "
     "supported values: \"Percent\", \"Pods\", spec.behavior.scaleDown.policies[0].value: Invalid value: 0: "
     "must be greater than zero, spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: "
     "must be less than or equal to 1800]"},
    /* a reference that was stored may stay as it is */
    {OF, NULL, "{" META ",'spec':{'scaleTargetRef':{'kind':'K','name':'d'},'maxReplicas':3}}",
     "{" META ",'spec':{'scaleTargetRef':{'kind':'K','name':'e'},'maxReplicas':4}}", NULL},
    {OF, "status", "{" META ",'spec':{" REF ",'maxReplicas':3}}",
     "{" META ",'spec':{" REF ",'maxReplicas':3},'status':{'desiredReplicas':-1}}",
     "status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0"},
};

static void autoscaling(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(autoscaling)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
