/* What is said of claims of devices, their templates and classes. */
#include "cases.h"

#define OF(plural) "resource.k8s.io", "v1", plural

static const struct validation_case CASES[] = {
    {OF("resourceclaims"), NULL, NULL,
     "{'metadata':{'name':'a','namespace':'dt'},'spec':{'devices':{'requests':[{'name':'r','ex"
     "actly':{'deviceClassName':'c'}}]}}}",
     NULL},
    {OF("resourceclaims"), NULL, NULL,
     "{'metadata':{'name':'a','namespace':'dt'},'spec':{'devices':{'requests':[{'name':'r','ex"
     "actly':{'allocationMode':'Odd','selectors':[{}],'tolerations':[{'operator':'Exists','val"
     "ue':'v'},{'operator':'x'}]}},{'name':'r','firstAvailable':[{'name':'s "
     "s','deviceClassName':'c','allocationMode':'All','count':2}]},{}],'constraints':[{'reques"
     "ts':['r','q','r/s/t'],'matchAttribute':'a'},{}],'config':[{},{'opaque':{'driver':'d','pa"
     "rameters':['x']}}]}}}",
     "[spec.devices.requests[0].exactly.deviceClassName: Required value, "
     "spec.devices.requests[0].exactly.selectors[0].cel: Required value, "
     "spec.devices.requests[0].exactly.allocationMode: Unsupported value: \"Odd\": supported "
     "values: \"All\", \"ExactCount\", spec.devices.requests[0].exactly.tolerations[0].value: "
     "Invalid value: \"v\": must be empty for operator `Exists`, "
     "spec.devices.requests[0].exactly.tolerations[1].operator: Unsupported value: \"x\": "
     "supported values: \"Equal\", \"Exists\", "
     "spec.devices.requests[1].firstAvailable[0].name: Invalid value: \"s s\": a lowercase "
     "RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
     "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
     "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), "
     "spec.devices.requests[1].firstAvailable[0].count: Invalid value: 2: must not be "
     "specified when allocationMode is 'All', spec.devices.requests[2].name: Invalid value: "
     "\"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
     "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
     "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), "
     "spec.devices.requests[2]: Required value: exactly one of `exactly` or `firstAvailable` "
     "is required, spec.devices.requests[1]: Duplicate value: \"r\", "
     "spec.devices.constraints[0].requests[1]: Invalid value: \"q\": must be the name of a "
     "request in the claim or the name of a request and a subrequest separated by '/', "
     "spec.devices.constraints[0].requests[2]: Invalid value: \"r/s/t\": must be the name of "
     "a request in the claim or the name of a request and a subrequest separated by '/', "
     "spec.devices.constraints[0].matchAttribute: Invalid value: \"a\": a fully qualified "
     "name must be a domain and a name separated by a slash, spec.devices.constraints[1]: "
     "Required value: exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, "
     "but multiple fields are set, spec.devices.config[0].opaque: Required value, "
     "spec.devices.config[1].opaque.parameters: Invalid value: \"<value omitted>\": must be a "
     "valid JSON object]"},
    {OF("resourceclaims"), NULL,
     "{'metadata':{'name':'a','namespace':'dt','resourceVersion':'1'},'spec':{'devices':{'requ"
     "ests':[{'name':'r','exactly':{'deviceClassName':'c'}}]}}}",
     "{'metadata':{'name':'a','namespace':'dt','resourceVersion':'1'},'spec':{'devices':{'requ"
     "ests':[{'name':'r','exactly':{'deviceClassName':'d'}}]}}}",
     "spec: Invalid value: {\"Devices\":{\"Requests\":[{\"Name\":\"r\",\"Exactly\":{\"DeviceCl"
     "assName\":\"d\",\"Selectors\":null,\"AllocationMode\":\"ExactCount\",\"Count\":1,\"Admin"
     "Access\":null,\"Tolerations\":null,\"Capacity\":null},\"FirstAvailable\":null}],\"Constr"
     "aints\":null,\"Config\":null}}: field is immutable"},
    {OF("deviceclasses"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'selectors':[{}],'config':[{'opaque':{'driver':'BAD_'}}"
     "],'extendedResourceName':'cpu'}}",
     "[spec.selectors[0].cel: Required value, spec.config[0].opaque.driver: Invalid value: "
     "\"BAD_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
     "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
     "'example.com', regex used for validation is "
     "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), "
     "spec.config[0].opaque.parameters: Required value, spec.extendedResourceName: Invalid "
     "value: \"cpu\": must be a valid extended resource name]"},
    {OF("resourceclaimtemplates"), NULL, NULL,
     "{'metadata':{'name':'a','namespace':'dt'},'spec':{'metadata':{'labels':{'a "
     "b':'c'}},'spec':{'devices':{'requests':[{'name':'r'}]}}}}",
     "[spec.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric "
     "characters, '-', '_' or '.', and must start and end with an alphanumeric character "
     "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
     "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), spec.spec.devices.requests[0]: Required "
     "value: exactly one of `exactly` or `firstAvailable` is required]"},
    {OF("deviceclasses"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'selectors':[{'cel':{'expression':'device.nope =='}},"
     "{'cel':{'expression':'device.attributes[\\'a\\'].b'}},{'cel':{'expression':'device.cap"
     "acity[\\'a\\'].b'}},{'cel':{'expression':'\\'str\\''}},{'cel':{'expression':'cel.bind("
     "x, device.attributes[\\'a\\'], x.b && x.c)'}},{'cel':{'expression':'device.driver == 1"
     "'}},{'cel':{'expression':'dyn(1)'}},{'cel':{'expression':''}}]}}",
     "[spec.selectors[0].cel.expression: Invalid value: \"device.nope ==\": compilation fail"
     "ed: ERROR: <input>:1:15: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '"
     "(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTE"
     "S, IDENTIFIER}\n | device.nope ==\n | ..............^, spec.selectors[2].cel.expressio"
     "n: Invalid value: \"device.capacity[\\\"a\\\"].b\": must evaluate to bool or the unkno"
     "wn type, not kubernetes.Quantity, spec.selectors[3].cel.expression: Invalid value: \""
     "\\\"str\\\"\": must evaluate to bool or the unknown type, not string, spec.selectors[5"
     "].cel.expression: Invalid value: \"device.driver == 1\": compilation failed: ERROR: <i"
     "nput>:1:15: found no matching overload for '_==_' applied to '(string, int)'\n | devic"
     "e.driver == 1\n | ..............^, spec.selectors[6].cel.expression: Invalid value: \""
     "dyn(1)\": must evaluate to bool or the unknown type, not dyn, spec.selectors[7].cel.ex"
     "pression: Invalid value: \"\": compilation failed: ERROR: <input>:1:0: Syntax error: m"
     "ismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'nul"
     "l', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}]"},
    {OF("deviceclasses"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'selectors':[{'cel':{'expression':'device.attributes["
     "\\'a\\'].b.matches(\\'[\\')'}},{'cel':{'expression':'true\\n&& device.x'}}]}}",
     "[spec.selectors[0].cel.expression: Invalid value: \"device.attributes[\\\"a\\\"].b.mat"
     "ches(\\\"[\\\")\": compilation failed: ERROR: <input>:1:34: invalid matches argument\n"
     " | device.attributes[\"a\"].b.matches(\"[\")\n | .................................^, s"
     "pec.selectors[1].cel.expression: Invalid value: \"true\\n&& device.x\": compilation fa"
     "iled: ERROR: <input>:2:10: undefined field 'x'\n | && device.x\n | .........^]"},
    {OF("deviceclasses"), NULL, NULL,
     "{'metadata':{'name':'a'},'spec':{'selectors':[{'cel':{'expression':'device.attributes.all(a, "
     "device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, device.attributes[a].x == "
     "device.attributes[b].y))))'}}]}}",
     "spec.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit"},
};

static void deviceclaims(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(deviceclaims)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
