/* What is said of containers. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default'}}",
     NULL},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'Bad','image':'"
     "','ports':[{'containerPort':0,'hostPort':70000,'name':'x--','protocol':'X'},{'containe"
     "rPort':5,'name':'a'},{'containerPort':6,'name':'a'}]}],'serviceAccountName':'default'}"
     "}",
     "[spec.containers[0].name: Invalid value: \"Bad\": a lowercase RFC 1123 label must cons"
     "ist of lower case alphanumeric characters or '-', and must start and end with an alpha"
     "numeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-"
     "9]([-a-z0-9]*[a-z0-9])?'), spec.containers[0].image: Required value, spec.containers[0"
     "].ports[0].name: Invalid value: \"x--\": must not contain consecutive hyphens, spec.co"
     "ntainers[0].ports[0].name: Invalid value: \"x--\": must not begin or end with a hyphen"
     ", spec.containers[0].ports[0].containerPort: Required value, spec.containers[0].ports["
     "0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive, spec.contai"
     "ners[0].ports[0].protocol: Unsupported value: \"X\": supported values: \"SCTP\", \"TCP"
     "\", \"UDP\", spec.containers[0].ports[2].name: Duplicate value: \"a\"]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'imagePullPolicy':'Some','terminationMessagePolicy':'Other','resizePolicy':[{'resourc"
     "eName':'disk','restartPolicy':'x'},{'resourceName':'disk','restartPolicy':'NotRequired"
     "'}]}],'serviceAccountName':'default'}}",
     "[spec.containers[0].terminationMessagePolicy: Unsupported value: \"Other\": supported "
     "values: \"File\", \"FallbackToLogsOnError\", spec.containers[0].imagePullPolicy: Unsup"
     "ported value: \"Some\": supported values: \"Always\", \"IfNotPresent\", \"Never\", spe"
     "c.containers[0].resizePolicy: Unsupported value: \"disk\": supported values: \"cpu\", "
     "\"memory\", spec.containers[0].resizePolicy: Unsupported value: \"x\": supported value"
     "s: \"NotRequired\", \"RestartContainer\", spec.containers[0].resizePolicy[1]: Duplicat"
     "e value: \"disk\"]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'restartPolicyRules':[{'action':'Go','exitCodes':{'operator':'Eq','values':[1]}},{'ac"
     "tion':'Restart'}]}],'serviceAccountName':'default'}}",
     "[spec.containers[0].restartPolicy: Required value: must specify restartPolicy when res"
     "tart rules are used, spec.containers[0].restartPolicyRules[0].action: Unsupported valu"
     "e: \"Go\": supported values: \"Restart\", \"RestartAllContainers\", spec.containers[0]"
     ".restartPolicyRules[0].exitCodes.operator: Unsupported value: \"Eq\": supported values"
     ": \"In\", \"NotIn\", spec.containers[0].restartPolicyRules[1].exitCodes: Required valu"
     "e: must be specified]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','initContainers':[{'name':'c','image':'i','livenessP"
     "robe':{'exec':{'command':['a']}},'resizePolicy':[{'resourceName':'cpu','restartPolicy'"
     ":'RestartContainer'}]}],'restartPolicy':'Sometimes','dnsPolicy':'X'}}",
     "[spec.initContainers[0].name: Duplicate value: \"c\", spec.initContainers[0].livenessP"
     "robe: Forbidden: may not be set for init containers without restartPolicy=Always, spec"
     ".initContainers[0].resizePolicy[0].restartPolicy: Invalid value: \"RestartContainer\":"
     " must not be set to 'RestartContainer' for non-sidecar initContainers, spec.restartPol"
     "icy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \""
     "Never\", spec.dnsPolicy: Unsupported value: \"X\": supported values: \"ClusterFirstWit"
     "hHostNet\", \"ClusterFirst\", \"Default\", \"None\"]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'env':[{'name':'','value':'x'},{'name':'a=b'},{'name':'A','valueFrom':{}},{'name':'B'"
     ",'value':'x','valueFrom':{'fieldRef':{'fieldPath':'spec.restartPolicy'}}},{'name':'C',"
     "'valueFrom':{'resourceFieldRef':{'resource':'limits.gpu','divisor':'3'},'secretKeyRef'"
     ":{'name':'-','key':'..'}}}]}],'serviceAccountName':'default'}}",
     "[spec.containers[0].env[0].name: Required value, spec.containers[0].env[1].name: Inval"
     "id value: \"a=b\": a valid environment variable name must consist only of printable AS"
     "CII characters other than '=', spec.containers[0].env[2].valueFrom: Invalid value: \""
     "\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKey"
     "Ref` or `fileKeyRef`, spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Unsuppor"
     "ted value: \"spec.restartPolicy\": supported values: \"metadata.name\", \"metadata.nam"
     "espace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\", \"status.h"
     "ostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\", spec.containers[0].e"
     "nv[3].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty, "
     "spec.containers[0].env[4].valueFrom.resourceFieldRef.resource: Unsupported value: \"li"
     "mits.gpu\": supported values: \"limits.cpu\", \"limits.ephemeral-storage\", \"limits.m"
     "emory\", \"requests.cpu\", \"requests.ephemeral-storage\", \"requests.memory\", spec.c"
     "ontainers[0].env[4].valueFrom.secretKeyRef.name: Invalid value: \"-\": a lowercase RFC"
     " 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and mu"
     "st start and end with an alphanumeric character (e.g. 'example.com', regex used for va"
     "lidation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec."
     "containers[0].env[4].valueFrom.secretKeyRef.key: Invalid value: \"..\": must not be '."
     ".', spec.containers[0].env[4].valueFrom: Invalid value: \"\": may not have more than o"
     "ne field specified at a time]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'envFrom':[{'prefix':'=','configMapRef':{}},{}]}],'serviceAccountName':'default'}}",
     "[spec.containers[0].envFrom[0].prefix: Invalid value: \"=\": a valid environment varia"
     "ble name must consist only of printable ASCII characters other than '=', spec.containe"
     "rs[0].envFrom[0].configMapRef.name: Required value, spec.containers[0].envFrom: Invali"
     "d value: \"\": must specify one of: `configMapRef` or `secretRef`]"},
};

static void containers_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(containers_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
