/* What is said of admission policies and their bindings. */
#include "cases.h"

#define OF(plural) "admissionregistration.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("validatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''],"
     "'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},'validations':[{'ex"
     "pression':'true'}]}}",
     NULL},
    {OF("validatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''],"
     "'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},'paramKind':{'apiVe"
     "rsion':'a/b/c','kind':'A b'},'validations':[{'message':'  "
     "','reason':'x'}],'auditAnnotations':[{'key':'k k'}]}}",
     "[spec.paramKind.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: "
     "a/b/c, spec.paramKind.kind: Invalid value: \"A b\": may have mixed case, but should "
     "otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or "
     "'-', start with an alphabetic character, and end with an alphanumeric character (e.g. "
     "'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), "
     "spec.validations[0].expression: Required value: expression is not specified, "
     "spec.validations[0].message: Invalid value: \"  \": must be non-empty if specified, "
     "spec.validations[0].reason: Unsupported value: \"x\": supported values: \"Forbidden\", "
     "\"Invalid\", \"RequestEntityTooLarge\", spec.auditAnnotations[0].key: Invalid value: "
     "\"a/k k\": name part must consist of alphanumeric characters, '-', '_' or '.', and must "
     "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
     "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), "
     "spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not "
     "specified]"},
    {OF("validatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'failurePolicy':'x','variables':[{'name':'for'}]}}",
     "[spec.failurePolicy: Unsupported value: \"x\": supported values: \"Fail\", \"Ignore\", "
     "spec.matchConstraints: Required value, spec.variables[0].name: Invalid value: \"for\": "
     "must be a valid CEL identifier, spec.variables[0].expression: Required value: "
     "expression is not specified, spec.validations: Required value: validations or "
     "auditAnnotations must contain at least one item, spec.auditAnnotations: Required value: "
     "validations or auditAnnotations must contain at least one item]"},
    {OF("mutatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''],"
     "'apiVersions':['v1'],'operations':['DELETE'],'resources':['pods'],'resourceNames':['a','"
     "a']}]},'mutations':[{},{'patchType':'JSONPatch','applyConfiguration':{'expression':'x'}}"
     ",{'patchType':'Odd'}],'reinvocationPolicy':'Never'}}",
     "[spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: \"a\", "
     "spec.matchConstraints.resourceRules.operations: Unsupported value: \"DELETE\": "
     "supported values: \"*\", \"CONNECT\", \"CREATE\", \"UPDATE\", "
     "spec.mutations[0].patchType: Required value, spec.mutations[1].jsonPatch: Required "
     "value: must be specified when patchType is JSONPatch, "
     "spec.mutations[1].applyConfiguration: Invalid value: \"{applyConfiguration}\": must not "
     "be specified when patchType is JSONPatch, spec.mutations[2].patchType: Unsupported "
     "value: \"Odd\": supported values: \"ApplyConfiguration\", \"JSONPatch\"]"},
    {OF("validatingadmissionpolicybindings"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'policyName':'p','validationActions':['Deny','Warn','De"
     "ny'],'paramRef':{'name':'a','selector':{}}}}",
     "[spec.paramRef.name: Forbidden: name and selector are mutually exclusive, "
     "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive, "
     "spec.paramRef.parameterNotFoundAction: Required value, spec.validationActions[2]: "
     "Duplicate value: \"Deny\", spec.validationActions: Invalid value: "
     "[\"Deny\",\"Warn\",\"Deny\"]: must not contain both Deny and Warn (repeating the same "
     "validation failure information in the API response and headers serves no purpose)]"},
    {OF("mutatingadmissionpolicybindings"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchResources':{'matchPolicy':'x','resourceRules':[{'"
     "operations':['DELETE']}]}}}",
     "[spec.policyName: Required value, spec.matchResources.matchPolicy: Unsupported value: "
     "\"x\": supported values: \"Equivalent\", \"Exact\", "
     "spec.matchResources.resourceRules[0].apiGroups: Required value, "
     "spec.matchResources.resourceRules[0].apiVersions: Required value, "
     "spec.matchResources.resourceRules[0].resources: Required value, "
     "spec.matchResources.resourceRules.operations: Unsupported value: \"DELETE\": supported "
     "values: \"*\", \"CONNECT\", \"CREATE\", \"UPDATE\"]"},
};

static void policies(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(policies)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
