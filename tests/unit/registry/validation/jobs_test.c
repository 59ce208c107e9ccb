/* What is said of Jobs, as CronJobs make them. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{'labels':{'app':'x'}},'spec':{'containers':[{'name':"
     "'c','image':'i'}]}},'parallelism':-1,'completionMode':'Odd','backoffLimitPerIndex':1,'"
     "maxFailedIndexes':2,'managedBy':'x'}}}}",
     "[spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal t"
     "o 0, spec.jobTemplate.spec.managedBy: Invalid value: \"x\": must be a domain-prefixed "
     "path (such as \"acme.io/foo\"), spec.jobTemplate.spec.completionMode: Unsupported valu"
     "e: \"Odd\": supported values: \"NonIndexed\", \"Indexed\", spec.jobTemplate.spec.templ"
     "ate.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"]"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}},'completionMode':'Indexed','completions':200000,'parallelism':"
     "200000,'backoffLimitPerIndex':1,'podFailurePolicy':{'rules':[{'action':'','onExitCodes"
     "':{'containerName':'z','operator':'In','values':[2,0,0]}},{'action':'FailIndex'},{'act"
     "ion':'X','onPodConditions':[{'type':'!','status':''}]}]},'podReplacementPolicy':'Termi"
     "natingOrFailed'}}}}",
     "[spec.jobTemplate.spec.parallelism: Invalid value: 200000: must be less than or equal "
     "to 100000 when completion mode is Indexed, spec.jobTemplate.spec.maxFailedIndexes: Req"
     "uired value: must be specified when completions is above 100000, spec.jobTemplate.spec"
     ".parallelism: Invalid value: 200000: must be less than or equal to 10000 when completi"
     "ons are above 100000 and used with backoff limit per index, spec.jobTemplate.spec.podF"
     "ailurePolicy.rules[0].action: Required value: valid values: [\"Count\" \"FailIndex\" "
     "\"FailJob\" \"Ignore\"], spec.jobTemplate.spec.podFailurePolicy.rules[0].onExitCodes.c"
     "ontainerName: Invalid value: \"z\": must be one of the container or initContainer name"
     "s in the pod template, spec.jobTemplate.spec.podFailurePolicy.rules[0].onExitCodes.val"
     "ues[1]: Invalid value: 0: must not be 0 for the In operator, spec.jobTemplate.spec.pod"
     "FailurePolicy.rules[0].onExitCodes.values[2]: Invalid value: 0: must not be 0 for the "
     "In operator, spec.jobTemplate.spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Du"
     "plicate value: 0, spec.jobTemplate.spec.podFailurePolicy.rules[0].onExitCodes.values: "
     "Invalid value: [2,0,0]: must be ordered, spec.jobTemplate.spec.podFailurePolicy.rules["
     "1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required, spec"
     ".jobTemplate.spec.podFailurePolicy.rules[2].action: Unsupported value: \"X\": supporte"
     "d values: \"Count\", \"FailIndex\", \"FailJob\", \"Ignore\", spec.jobTemplate.spec.pod"
     "FailurePolicy.rules[2].onPodConditions[0].type: Invalid value: \"!\": name part must c"
     "onsist of alphanumeric characters, '-', '_' or '.', and must start and end with an alp"
     "hanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for valid"
     "ation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), spec.jobTemplate.spec.podReplace"
     "mentPolicy: Unsupported value: \"TerminatingOrFailed\": supported values: \"Failed\"]"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}},'completionMode':'Indexed','completions':5,'successPolicy':{'r"
     "ules':[{},{'succeededIndexes':'1-2,2'},{'succeededIndexes':'1,7'},{'succeededIndexes':"
     "'1-2-3','succeededCount':9}]}}}}}",
     "[spec.jobTemplate.spec.successPolicy.rules[0]: Required value: at least one of succeed"
     "edCount or succeededIndexes must be specified, spec.jobTemplate.spec.successPolicy.rul"
     "es[1].succeededIndexes: Invalid value: \"1-2,2\": error parsing succeededIndexes: non-"
     "increasing order, previous: 2, current: 2, spec.jobTemplate.spec.successPolicy.rules[2"
     "].succeededIndexes: Invalid value: \"1,7\": error parsing succeededIndexes: too large "
     "index: \"7\", spec.jobTemplate.spec.successPolicy.rules[3].succeededIndexes: Invalid v"
     "alue: \"1-2-3\": error parsing succeededIndexes: the fragment \"1-2-3\" violates the r"
     "equirement that an index interval can have at most two parts separated by '-', spec.jo"
     "bTemplate.spec.successPolicy.rules[3].succeededCount: Invalid value: 9: must be less t"
     "han or equal to 5 (the number of specified completions), spec.jobTemplate.spec.success"
     "Policy.rules[3].succeededCount: Invalid value: 9: must be less than or equal to 0 (the"
     " number of indexes in the specified succeededIndexes field)]"},
    {"batch", "v1", "cronjobs", NULL, NULL,
     "{'metadata':{'name':'cj','namespace':'n'},'spec':{'schedule':'* * * * *','jobTemplate'"
     ":{'spec':{'template':{'metadata':{},'spec':{'restartPolicy':'Never','containers':[{'na"
     "me':'c','image':'i'}]}},'successPolicy':{'rules':[]},'manualSelector':true,'selector':"
     "{'matchLabels':{'a':'b'}}}}}}",
     "[spec.jobTemplate.spec.successPolicy: Invalid value: {\"Rules\":[]}: requires indexed "
     "completion mode, spec.jobTemplate.spec.selector: Invalid value: {\"matchLabels\":{\"a"
     "\":\"b\"}}: `selector` will be auto-generated, spec.jobTemplate.spec.manualSelector: U"
     "nsupported value: true: supported values: \"nil\", \"false\"]"},
};

static void jobs_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(jobs_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
