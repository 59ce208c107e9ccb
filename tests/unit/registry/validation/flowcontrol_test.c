/* What is said of flow schemas and priority levels. */
#include "cases.h"

#define OF(plural) "flowcontrol.apiserver.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("flowschemas"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchingPrecedence':1,'priorityLevelConfiguration':{},"
     "'distinguisherMethod':{'type':'ByLuck'},'rules':[{'subjects':[{'kind':'User','group':{'name':'g'}}],"
     "'nonResourceRules':[{'verbs':['look'],'nonResourceURLs':['x','/a//b']}]}]}}",
     "[spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have "
     "matchingPrecedence 1, spec.distinguisherMethod.type: Unsupported value: {\"Type\":\"ByLuck\"}: "
     "supported values: \"ByNamespace\", \"ByUser\", spec.priorityLevelConfiguration.name: Required value: "
     "must reference a priority level, spec.rules[0].subjects[0].user: Required value: user is required "
     "when subject kind is 'User', spec.rules[0].subjects[0].group: Forbidden: group is forbidden when "
     "subject kind is not 'Group', spec.rules[0].nonResourceRules[0].verbs: Unsupported value: [\"look\"]: "
     "supported values: \"create\", \"delete\", \"deletecollection\", \"get\", \"list\", \"patch\", "
     "\"proxy\", \"update\", \"watch\", spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid "
     "value: \"x\": must start with slash, spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid "
     "value: \"/a//b\": must not contain double slash]"},
    {OF("prioritylevelconfigurations"), NULL, NULL,
     "{'metadata':{'name':'catch-all'},'spec':{'type':'Limited','limited':{'nominalConcurrencyShares':5,"
     "'limitResponse':{'type':'Reject'},'lendablePercent':0}}}",
     NULL},
    {OF("prioritylevelconfigurations"), NULL, NULL,
     "{'metadata':{'name':'catch-all'},'spec':{'type':'Limited','limited':{'nominalConcurrencyShares':6,"
     "'limitResponse':{'type':'Reject'},'lendablePercent':0}}}",
     "spec: Invalid value: {\"Type\":\"Limited\",\"Limited\":{\"NominalConcurrencyShares\":6,"
     "\"LimitResponse\":{\"Type\":\"Reject\",\"Queuing\":null},\"LendablePercent\":0,"
     "\"BorrowingLimitPercent\":null},\"Exempt\":null}: spec of 'catch-all' must equal the fixed value"},
    {OF("prioritylevelconfigurations"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'type':'Limited','limited':{'limitResponse':{'type':'Queue',"
     "'queuing':{'queues':1024,'handSize':7,'queueLengthLimit':-1}}}}}",
     "[spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive, "
     "spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 "
     "and handSize 7 should not be greater than 60]"},
};

static void flowcontrol(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(flowcontrol)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
