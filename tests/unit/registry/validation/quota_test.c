/* What is said of ResourceQuotas. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "resourcequotas", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'hard':{'pods':'1','count/x':'2'}}}", NULL},
    {"", "v1", "resourcequotas", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{'hard':{'pods':'1500m','foo':'1','c"
     "pu':'-1','-':'1'}}}",
     "[spec.hard[pods]: Invalid value: \"1500m\": must be an integer, spec.hard[foo]: Invalid "
     "value: \"foo\": must be a standard resource type or fully qualified, spec.hard[foo]: Inv"
     "alid value: \"foo\": must be a standard resource for quota, spec.hard[cpu]: Invalid valu"
     "e: \"-1\": must be greater than or equal to 0, spec.hard[-]: Invalid value: \"-\": name "
     "part must consist of alphanumeric characters, '-', '_' or '.', and must start and end wi"
     "th an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used fo"
     "r validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), spec.hard[-]: Invalid value"
     ": \"-\": must be a standard resource for quota]"},
    {"", "v1", "resourcequotas", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'hard':{'services':'1'},'scopes':['"
     "X','BestEffort','NotBestEffort','Terminating']}}",
     "[spec.scopes: Invalid value: [\"X\",\"BestEffort\",\"NotBestEffort\",\"Terminating\"]: u"
     "nsupported scope, spec.scopes: Invalid value: [\"X\",\"BestEffort\",\"NotBestEffort\",\""
     "Terminating\"]: unsupported scope applied to resource, spec.scopes: Invalid value: [\"X"
     "\",\"BestEffort\",\"NotBestEffort\",\"Terminating\"]: conflicting scopes]"},
    {"", "v1", "resourcequotas", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'hard':{'cpu':'1'},'scopeSelector':"
     "{'matchExpressions':[{'scopeName':'X','operator':'Y'},{'scopeName':'BestEffort','operato"
     "r':'In'},{'scopeName':'PriorityClass','operator':'Exists','values':['a']}]}}}",
     "[spec.scopeSelector.matchExpressions.scopeName: Invalid value: \"X\": unsupported scope,"
     " spec.scopeSelector.matchExpressions.operator: Invalid value: \"Y\": not a valid selecto"
     "r operator, spec.scopeSelector.matchExpressions: Invalid value: {\"MatchExpressions\":[{"
     "\"ScopeName\":\"X\",\"Operator\":\"Y\",\"Values\":null},{\"ScopeName\":\"BestEffort\",\""
     "Operator\":\"In\",\"Values\":null},{\"ScopeName\":\"PriorityClass\",\"Operator\":\"Exist"
     "s\",\"Values\":[\"a\"]}]}: unsupported scope applied to resource, spec.scopeSelector.mat"
     "chExpressions.operator: Invalid value: \"In\": must be 'Exists' when scope is any of Res"
     "ourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffo"
     "rt, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity, spec"
     ".scopeSelector.matchExpressions.values: Required value: must be at least one value when "
     "`operator` is 'In' or 'NotIn' for scope selector, spec.scopeSelector.matchExpressions.va"
     "lues: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExi"
     "st' for scope selector]"},
    {"", "v1", "resourcequotas", NULL,
     "{'metadata':{'name':'gen4','namespace':'kd','resourceVersion':'1'},'spec':{'scopes':['No"
     "tTerminating']}}",
     "{'metadata':{'name':'gen4','namespace':'kd','resourceVersion':'1'},'spec':{'scopes':['Te"
     "rminating']}}",
     "spec.scopes: Invalid value: [\"Terminating\"]: field is immutable"},
    {"", "v1", "resourcequotas", "status",
     "{'metadata':{'name':'gen5','namespace':'kd','resourceVersion':'1'},'spec':{}}",
     "{'metadata':{'name':'gen5','namespace':'kd','resourceVersion':'1'},'spec':{},'status':{'"
     "hard':{'foo':'1'},'used':{'pods':'-1'}}}",
     "[status.hard[foo]: Invalid value: \"foo\": must be a standard resource type or fully qua"
     "lified, status.hard[foo]: Invalid value: \"foo\": must be a standard resource for quota,"
     " status.used[pods]: Invalid value: \"-1\": must be greater than or equal to 0]"},
};

static void test_quota(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quota)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
