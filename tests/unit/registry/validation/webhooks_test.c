/* What is said of webhook configurations. */
#include "cases.h"

#define OF(plural) "admissionregistration.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("validatingwebhookconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'webhooks':[{'name':'a.b.c','sideEffects':'None','admissionRevi"
     "ewVersions':['v1'],'clientConfig':{'url':'https://x/y'}}]}",
     NULL},
    {OF("validatingwebhookconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'webhooks':[{'name':'short','sideEffects':'Some','admissionRevi"
     "ewVersions':['v2','v2'],'clientConfig':{'url':'https://x/y'},'timeoutSeconds':31,'failur"
     "ePolicy':'x'}]}",
     "[webhooks[0].name: Invalid value: \"short\": should be a domain with at least three "
     "segments separated by dots, webhooks[0].failurePolicy: Unsupported value: \"x\": "
     "supported values: \"Fail\", \"Ignore\", webhooks[0].sideEffects: Unsupported value: "
     "\"Some\": supported values: \"None\", \"NoneOnDryRun\", webhooks[0].timeoutSeconds: "
     "Invalid value: 31: the timeout value must be between 1 and 30 seconds, "
     "webhooks[0].admissionReviewVersions[1]: Invalid value: \"v2\": duplicate version, "
     "webhooks[0].admissionReviewVersions: Invalid value: [\"v2\",\"v2\"]: must include at "
     "least one of v1, v1beta1]"},
    {OF("validatingwebhookconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'webhooks':[{'name':'a.b.c','sideEffects':'None','admissionRevi"
     "ewVersions':['v1'],'clientConfig':{'url':'https://x/y'},'rules':[{'operations':['*','CRE"
     "ATE','ODD'],'apiGroups':[],'apiVersions':['v1',''],'resources':['*/*','pods','pods/*','p"
     "ods/x','']}]}]}",
     "[webhooks[0].rules[0].operations: Invalid value: [\"*\",\"CREATE\",\"ODD\"]: if '*' is "
     "present, must not specify other operations, webhooks[0].rules[0].operations[2]: "
     "Unsupported value: \"ODD\": supported values: \"*\", \"CONNECT\", \"CREATE\", "
     "\"DELETE\", \"UPDATE\", webhooks[0].rules[0].apiGroups: Required value, "
     "webhooks[0].rules[0].apiVersions[1]: Required value, webhooks[0].rules[0].resources[2]: "
     "Invalid value: \"pods/*\": if '*/*' is present, must not specify pods/*, "
     "webhooks[0].rules[0].resources[3]: Invalid value: \"pods/x\": if 'pods/*' is present, "
     "must not specify pods/x, webhooks[0].rules[0].resources[4]: Required value, "
     "webhooks[0].rules[0].resources: Invalid value: "
     "[\"*/*\",\"pods\",\"pods/*\",\"pods/x\",\"\"]: if '*/*' is present, must not specify "
     "other resources]"},
    {OF("validatingwebhookconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'webhooks':[{'name':'a.b.c','sideEffects':'None','admissionRevi"
     "ewVersions':['v1'],'clientConfig':{'url':'http://u:p@h/x?y#z'}},{'name':'a.b.c','sideEff"
     "ects':'None','admissionReviewVersions':['v1'],'clientConfig':{'url':':x'}},{'name':'a.b."
     "c','sideEffects':'None','admissionReviewVersions':['v1'],'clientConfig':{}}]}",
     "[webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL "
     "scheme; desired format: https://host[/path], webhooks[0].clientConfig.url: Invalid "
     "value: \"u:p\": user information is not permitted in the URL, "
     "webhooks[0].clientConfig.url: Invalid value: \"z\": fragments are not permitted in the "
     "URL, webhooks[0].clientConfig.url: Invalid value: \"y\": query parameters are not "
     "permitted in the URL, webhooks[1].clientConfig.url: Required value: url must be a valid "
     "URL: parse \":x\": missing protocol scheme; desired format: https://host[/path], "
     "webhooks[1].name: Duplicate value: \"a.b.c\", webhooks[2].clientConfig: Required value: "
     "exactly one of url or service is required, webhooks[2].name: Duplicate value: \"a.b.c\"]"},
    {OF("mutatingwebhookconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'webhooks':[{'name':'a.b.c','sideEffects':'None','admissionRevi"
     "ewVersions':['v1'],'clientConfig':{'service':{'name':'','namespace':'n','path':'x//y','p"
     "ort':0}},'reinvocationPolicy':'x'}]}",
     "[webhooks[0].reinvocationPolicy: Unsupported value: \"x\": supported values: "
     "\"IfNeeded\", \"Never\", webhooks[0].clientConfig.service.namespace: Required value, "
     "webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be "
     "between 1 and 65535, inclusive, webhooks[0].clientConfig.service.path: Invalid value: "
     "\"x//y\": must start with a '/', webhooks[0].clientConfig.service.path: Invalid value: "
     "\"x//y\": segment[0] may not be empty, webhooks[0].clientConfig.service.path: Invalid "
     "value: \"x//y\": segment[1] may not be empty]"},
    {OF("validatingwebhookconfigurations"), NULL,
     "{'metadata':{'name':'a','resourceVersion':'1'},'webhooks':[{'name':'a.b.c','sideEffects'"
     ":'None','admissionReviewVersions':['v1'],'clientConfig':{'url':'https://x/y'}}]}",
     "{'metadata':{'name':'a','resourceVersion':'1'},'webhooks':[{'name':'a.b.c','sideEffects'"
     ":'None','admissionReviewVersions':['v1'],'clientConfig':{'url':'https://x/y'}},{'name':'"
     "a.b.c','sideEffects':'Unknown','admissionReviewVersions':['v1'],'clientConfig':{'url':'h"
     "ttps://x/y'}}]}",
     "[webhooks[1].sideEffects: Unsupported value: \"Unknown\": supported values: \"None\", "
     "\"NoneOnDryRun\", webhooks[1].name: Duplicate value: \"a.b.c\"]"},
    {OF("validatingwebhookconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'webhooks':[{'name':'h.example.com','clientConfig':{'url':'ht"
     "tps://hook.example.com/x'},'sideEffects':'None','admissionReviewVersions':['v1'],'rule"
     "s':[{'apiGroups':[''],'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods'"
     "]}],'matchConditions':[{'name':'a','expression':'1 +'},{'name':'','expression':'\\'str"
     "\\''},{'name':'c','expression':' object.x && '},{'name':'d','expression':'params.x == "
     "1'},{'name':'e','expression':'authorizer.group(\\'\\').resource(\\'pods\\').check(\\'g"
     "et\\').allowed()'},{'name':'f','expression':'\\n\\ta ==\\n\\t\\tb'}]}]}",
     "[webhooks[0].matchConditions[0].expression: Invalid value: \"1 +\": compilation failed"
     ": ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(',"
     " '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
     "IDENTIFIER}\n | 1 +\n | ...^, webhooks[0].matchConditions[1].expression: Invalid value"
     ": \"\\\"str\\\"\": must evaluate to bool but got string, webhooks[0].matchConditions[1"
     "].name: Required value, webhooks[0].matchConditions[2].expression: Invalid value: \"ob"
     "ject.x &&\": compilation failed: ERROR: <input>:1:12: Syntax error: mismatched input '"
     "<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NU"
     "M_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | object.x &&\n | ...........^, webhooks"
     "[0].matchConditions[3].expression: Invalid value: \"params.x == 1\": compilation faile"
     "d: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x"
     " == 1\n | ^, webhooks[0].matchConditions[5].expression: Invalid value: \"a ==\\n\\t\\t"
     "b\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'a' (in container"
     " '')\n | a ==\n | ^\nERROR: <input>:2:3: undeclared reference to 'b' (in container '')"
     "\n |   b\n | ..^]"},
};

static void webhooks(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(webhooks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
