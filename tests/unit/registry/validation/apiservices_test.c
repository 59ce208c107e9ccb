/* What is said of APIServices. */
#include "cases.h"

#define OF(plural) "apiregistration.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("apiservices"), NULL, NULL,
     "{'metadata':{'name':'v1.x.io'},'spec':{'group':'x.io','version':'v1','groupPriorityMinim"
     "um':100,'versionPriority':100,'insecureSkipTLSVerify':true,'service':{'name':'s','namesp"
     "ace':'n'}}}",
     NULL},
    {OF("apiservices"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'group':'x.io','version':'1','groupPriorityMinimum':200"
     "01,'versionPriority':0,'caBundle':'YQ==','insecureSkipTLSVerify':true}}",
     "[metadata.name: Invalid value: \"a\": must be `spec.version+\".\"+spec.group`: "
     "\"1.x.io\", spec.version: Invalid value: \"1\": a DNS-1035 label must consist of lower "
     "case alphanumeric characters or '-', start with an alphabetic character, and end with "
     "an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
     "'[a-z]([-a-z0-9]*[a-z0-9])?'), spec.groupPriorityMinimum: Invalid value: 20001: must be "
     "positive and less than 20000, spec.versionPriority: Invalid value: 0: must be positive "
     "and less than 1000, spec.caBundle: Invalid value: \"1 bytes\": local APIServices may "
     "not have a caBundle, spec.insecureSkipTLSVerify: Invalid value: true: local APIServices "
     "may not have insecureSkipTLSVerify]"},
    {OF("apiservices"), NULL, NULL,
     "{'metadata':{'name':'v2.'},'spec':{'version':'v2','groupPriorityMinimum':1,'versionPrior"
     "ity':1,'service':{'port':70000}}}",
     "[spec.group: Required value: only v1 may have an empty group and it better be legacy "
     "kube, spec.service.namespace: Required value, spec.service.name: Required value, "
     "spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and "
     "65535, inclusive]"},
    {OF("apiservices"), NULL, NULL,
     "{'metadata':{'generateName':'v1.','name':'v1.x.io'},'spec':{'group':'x.io','version':'v1','"
     "groupPriorityMinimum"
     "':1,'versionPriority':1}}",
     "metadata.generateName: Invalid value: \"v1.\": must be `spec.version+\".\"+spec.group`: \"v1.x.io\""},
};

static void apiservices(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(apiservices)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
