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
    {OF("validatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''"
     "],'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},'validations':["
     "{'expression':'object.x'},{'expression':'request.name'},{'expression':'1 +'},{'express"
     "ion':'variables.x'},{'expression':'params.x == 1'},{'expression':' true ','messageExpr"
     "ession':'1'},{'expression':'true','messageExpression':'authorizer'},{'expression':'tru"
     "e','messageExpression':'\\'a\\' +'}]}}",
     "[spec.validations[0].expression: Invalid value: \"object.x\": must evaluate to bool bu"
     "t got dyn, spec.validations[1].expression: Invalid value: \"request.name\": must evalu"
     "ate to bool but got string, spec.validations[2].expression: Invalid value: \"1 +\": co"
     "mpilation failed: ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting"
     " {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT,"
     " STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^, spec.validations[3].expression: Invalid "
     "value: \"variables.x\": compilation failed: ERROR: <input>:1:1: undeclared reference t"
     "o 'variables' (in container '')\n | variables.x\n | ^, spec.validations[4].expression:"
     " Invalid value: \"params.x == 1\": compilation failed: ERROR: <input>:1:1: undeclared "
     "reference to 'params' (in container '')\n | params.x == 1\n | ^, spec.validations[5].m"
     "essageExpression: Invalid value: \"1\": must evaluate to string but got int, spec.vali"
     "dations[6].messageExpression: Invalid value: \"authorizer\": compilation failed: ERROR"
     ": <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer\n"
     " | ^, spec.validations[7].messageExpression: Invalid value: \"\\\"a\\\" +\": compilati"
     "on failed: ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', "
     "'{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING"
     ", BYTES, IDENTIFIER}\n | \"a\" +\n | .....^]"},
    {OF("validatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''"
     "],'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},'paramKind':{'a"
     "piVersion':'v1','kind':'X'},'validations':[{'expression':'params.x == 1','messageExpre"
     "ssion':'params.y + object.z'}],'matchConditions':[{'name':'a','expression':' params.x "
     "'},{'name':'b','expression':'variables.x'}]}}",
     "[spec.matchConditions[0].expression: Invalid value: \"params.x\": must evaluate to boo"
     "l but got dyn, spec.matchConditions[1].expression: Invalid value: \"variables.x\": com"
     "pilation failed: ERROR: <input>:1:1: undeclared reference to 'variables' (in container"
     " '')\n | variables.x\n | ^, spec.validations[0].messageExpression: Invalid value: \"pa"
     "rams.y + object.z\": must evaluate to string but got dyn]"},
    {OF("validatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''"
     "],'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},'variables':[{'"
     "name':'a','expression':'1'},{'name':'b','expression':'variables.a + \\'x\\''},{'name':"
     "'c','expression':'variables.b + variables.nope'},{'name':'l','expression':'[request.na"
     "me]'},{'name':'o','expression':'request.userInfo'},{'name':'opt','expression':'optiona"
     "l.of(1)'},{'name':'m','expression':'{\\'a\\': [1]}'}],'validations':[{'expression':'va"
     "riables.a == \\'x\\''},{'expression':'variables.b == \\'x\\''},{'expression':'variable"
     "s.zz'},{'expression':'variables.l == 1'},{'expression':'variables.o.nope'},{'expressio"
     "n':'variables.opt.x == 1'},{'expression':'variables.m == 1'},{'expression':'variables'"
     "}],'auditAnnotations':[{'key':'k','valueExpression':'variables.a'},{'key':'l','valueEx"
     "pression':' \\'x\\' + variables.a '},{'key':'n','valueExpression':'null'},{'key':'n2',"
     "'valueExpression':'request.foo'}]}}",
     "[spec.variables[1].expression: Invalid value: \"variables.a + \\\"x\\\"\": compilation"
     " failed: ERROR: <input>:1:13: found no matching overload for '_+_' applied to '(int, s"
     "tring)'\n | variables.a + \"x\"\n | ............^, spec.variables[2].expression: Inval"
     "id value: \"variables.b + variables.nope\": compilation failed: ERROR: <input>:1:24: u"
     "ndefined field 'nope'\n | variables.b + variables.nope\n | .......................^, s"
     "pec.validations[0].expression: Invalid value: \"variables.a == \\\"x\\\"\": compilatio"
     "n failed: ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(int,"
     " string)'\n | variables.a == \"x\"\n | ............^, spec.validations[2].expression: "
     "Invalid value: \"variables.zz\": compilation failed: ERROR: <input>:1:10: undefined fi"
     "eld 'zz'\n | variables.zz\n | .........^, spec.validations[3].expression: Invalid valu"
     "e: \"variables.l == 1\": compilation failed: ERROR: <input>:1:13: found no matching ov"
     "erload for '_==_' applied to '(list(string), int)'\n | variables.l == 1\n | .........."
     "..^, spec.validations[4].expression: Invalid value: \"variables.o.nope\": must evaluat"
     "e to bool but got dyn, spec.validations[6].expression: Invalid value: \"variables.m =="
     " 1\": compilation failed: ERROR: <input>:1:13: found no matching overload for '_==_' a"
     "pplied to '(map(string, list(int)), int)'\n | variables.m == 1\n | ............^, spec"
     ".validations[7].expression: Invalid value: \"variables\": must evaluate to bool but go"
     "t kubernetes.variables, spec.auditAnnotations[0].valueExpression: Invalid value: \"var"
     "iables.a\": must evaluate to one of [string null_type] but got int, spec.auditAnnotati"
     "ons[1].valueExpression: Invalid value: \" \\\"x\\\" + variables.a \": compilation fail"
     "ed: ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)"
     "'\n | \"x\" + variables.a\n | ....^, spec.auditAnnotations[3].valueExpression: Invalid"
     " value: \"request.foo\": compilation failed: ERROR: <input>:1:8: undefined field 'foo'"
     "\n | request.foo\n | .......^]"},
    {OF("mutatingadmissionpolicies"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''"
     "],'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},'reinvocationPo"
     "licy':'Never','mutations':[{'patchType':'ApplyConfiguration','applyConfiguration':{'ex"
     "pression':'nope('}},{'patchType':'ApplyConfiguration','applyConfiguration':{'expressio"
     "n':' Object{spec: Object.spec{a: 1}} '}},{'patchType':'ApplyConfiguration','applyConfi"
     "guration':{'expression':'Object.spec{}'}},{'patchType':'JSONPatch','jsonPatch':{'expre"
     "ssion':'JSONPatch{op: \\'add\\'}'}},{'patchType':'JSONPatch','jsonPatch':{'expression'"
     ":'[JSONPatch{op: \\'add\\', path: \\'/\\' + jsonpatch.escapeKey(\\'a\\'), value: 1}]'}"
     "},{'patchType':'JSONPatch','jsonPatch':{'expression':'[JSONPatch{op: 1}]'}},{'patchTyp"
     "e':'JSONPatch','jsonPatch':{'expression':'variables.x'}},{'patchType':'JSONPatch','jso"
     "nPatch':{'expression':'[]'}},{'patchType':'JSONPatch','jsonPatch':{'expression':'objec"
     "t'}}]}}",
     "[spec.mutations[0].applyConfiguration.expression: Invalid value: \"nope(\": compilatio"
     "n failed: ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '"
     "{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, ST"
     "RING, BYTES, IDENTIFIER}\n | nope(\n | .....^, spec.mutations[2].applyConfiguration.ex"
     "pression: Invalid value: \"Object.spec{}\": must evaluate to Object but got Object.spe"
     "c, spec.mutations[3].jsonPatch.expression: Invalid value: \"JSONPatch{op: \\\"add\\\"}"
     "\": must evaluate to list(JSONPatch) but got JSONPatch, spec.mutations[5].jsonPatch.ex"
     "pression: Invalid value: \"[JSONPatch{op: 1}]\": compilation failed: ERROR: <input>:1:"
     "14: expected type of field 'op' is 'string' but provided type is 'int'\n | [JSONPatch{"
     "op: 1}]\n | .............^, spec.mutations[6].jsonPatch.expression: Invalid value: \"v"
     "ariables.x\": compilation failed: ERROR: <input>:1:10: undefined field 'x'\n | variabl"
     "es.x\n | .........^, spec.mutations[7].jsonPatch.expression: Invalid value: \"[]\": mu"
     "st evaluate to list(JSONPatch) but got list(dyn), spec.mutations[8].jsonPatch.expressi"
     "on: Invalid value: \"object\": must evaluate to list(JSONPatch) but got dyn]"},
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
