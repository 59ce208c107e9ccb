/* What is said of changes of pods. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default'}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'j'}],'serviceAccountName':'default'}}",
     NULL},
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default'}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i','env':[{'name':'A','value':'b'}]}],'serviceAccountNam"
     "e':'default'}}",
     "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].imag"
     "e`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (onl"
     "y additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to"
     " be set to 1 if it was previously negative)\n@@ -10,7 +10,13 @@\n    \"WorkingDir\": "
     "\"\",\n    \"Ports\": null,\n    \"EnvFrom\": null,\n-   \"Env\": null,\n+   \"Env\": "
     "[\n+    {\n+     \"Name\": \"A\",\n+     \"Value\": \"b\",\n+     \"ValueFrom\": null"
     "\n+    }\n+   ],\n    \"Resources\": {\n     \"Limits\": null,\n     \"Requests\": nul"
     "l,\n"},
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default'}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'},{'name':'d','image':'i'}],'serviceAccountName':'defa"
     "ult'}}",
     "spec.containers: Forbidden: pod updates may not add or remove containers"},
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[{'name':'a/b"
     "'}],'nodeSelector':{'x':'y'}}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'b','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[{'name':'a/b"
     "'}],'nodeSelector':{'x':'y'}}}",
     "spec.tolerations: Forbidden: existing toleration can not be modified except its tolera"
     "tionSeconds"},
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[{'name':'a/b"
     "'}],'nodeSelector':{'x':'y'}}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':20,'schedulingGates':[{'name':'a/b"
     "'}],'nodeSelector':{'x':'y'}}}",
     "spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous "
     "value"},
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[{'name':'a/b"
     "'}],'nodeSelector':{'x':'y'}}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[{'name':'c/d"
     "'}],'nodeSelector':{'x':'z'}}}",
     "[spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new sche"
     "duling gate 'c/d', spec.nodeSelector: Invalid value: {\"x\":\"z\"}: only additions to "
     "spec.nodeSelector are allowed (no mutations or deletions)]"},
    {"", "v1", "pods", NULL,
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[{'name':'a/b"
     "'}],'nodeSelector':{'x':'y'}}}",
     "{'metadata':{'name':'p','namespace':'n','resourceVersion':'1','uid':'u'},'spec':{'cont"
     "ainers':[{'name':'c','image':'i'}],'serviceAccountName':'default','tolerations':[{'key"
     "':'a','operator':'Exists'}],'activeDeadlineSeconds':10,'schedulingGates':[],'nodeSelec"
     "tor':{'x':'y','w':'v'}}}",
     NULL},
};

static void podupdate_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(podupdate_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
