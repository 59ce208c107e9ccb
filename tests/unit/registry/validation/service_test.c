/* What is said of Services. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'ports':[{'port':80}]}}", NULL},
    {"", "v1", "services", NULL, NULL, "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{}}",
     "spec.ports: Required value"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'type':'X','sessionAffinity':'Y','p"
     "orts':[{'port':0,'protocol':'Z','targetPort':'A_B'},{'name':'a','port':0,'protocol':'Z',"
     "'targetPort':70000,'appProtocol':'-'}]}}",
     "[spec.ports[0].name: Required value, spec.ports[0].port: Invalid value: 0: must be betwe"
     "en 1 and 65535, inclusive, spec.ports[0].protocol: Unsupported value: \"Z\": supported v"
     "alues: \"SCTP\", \"TCP\", \"UDP\", spec.ports[0].targetPort: Invalid value: \"A_B\": mus"
     "t contain only alpha-numeric characters (a-z, 0-9), and hyphens (-), spec.ports[0].targe"
     "tPort: Invalid value: \"A_B\": must contain at least one letter (a-z), spec.ports[1].por"
     "t: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[1].protocol: Uns"
     "upported value: \"Z\": supported values: \"SCTP\", \"TCP\", \"UDP\", spec.ports[1].targe"
     "tPort: Invalid value: 70000: must be between 1 and 65535, inclusive, spec.ports[1].appPr"
     "otocol: Invalid value: \"-\": name part must consist of alphanumeric characters, '-', '_"
     "' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my."
     "name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z"
     "0-9]'), spec.sessionAffinity: Unsupported value: \"Y\": supported values: \"ClientIP\", "
     "\"None\", spec.type: Unsupported value: \"X\": supported values: \"ClusterIP\", \"Extern"
     "alName\", \"LoadBalancer\", \"NodePort\", spec.ports[1]: Duplicate value: {\"Name\":\"\""
     ",\"Protocol\":\"Z\",\"AppProtocol\":null,\"Port\":0,\"TargetPort\":0,\"NodePort\":0}]"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'type':'ExternalName','externalName"
     "':'a_b','ipFamilies':['IPv4'],'ipFamilyPolicy':'SingleStack'}}",
     "[spec.ipFamilies: Forbidden: may not be set for ExternalName services, spec.ipFamilyPoli"
     "cy: Forbidden: may not be set for ExternalName services, spec.externalName: Invalid valu"
     "e: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric chara"
     "cters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example."
     "com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*"
     "[a-z0-9])?)*')]"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'spec':{'type':'ExternalName'}}",
     "spec.externalName: Required value"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen5','namespace':'kd'},'spec':{'type':'ExternalName','externalName"
     "':'a.b.'}}",
     NULL},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen6','namespace':'kd'},'spec':{'type':'NodePort','clusterIP':'None"
     "','clusterIPs':['None'],'ports':[{'port':80}]}}",
     "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort servi"
     "ces"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen7','namespace':'kd'},'spec':{'ports':[{'name':'a','port':80,'nod"
     "ePort':30000},{'name':'a','port':80,'nodePort':30000}]}}",
     "[spec.ports[1].name: Duplicate value: \"a\", spec.ports[0].nodePort: Forbidden: may not "
     "be used when `type` is 'ClusterIP', spec.ports[1].nodePort: Forbidden: may not be used w"
     "hen `type` is 'ClusterIP', spec.ports[1].nodePort: Duplicate value: 30000, spec.ports[1]"
     ": Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,"
     "\"TargetPort\":0,\"NodePort\":0}]"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen8','namespace':'kd'},'spec':{'ports':[{'port':80}],'sessionAffin"
     "ity':'ClientIP','sessionAffinityConfig':{'clientIP':{'timeoutSeconds':90000}}}}",
     "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greate"
     "r than 0 and less than 86400"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen9','namespace':'kd'},'spec':{'ports':[{'port':80}],'sessionAffin"
     "ityConfig':{}}}",
     NULL},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen10','namespace':'kd'},'spec':{'ports':[{'port':80}],'externalIPs"
     "':['x','127.0.0.1','010.0.0.1','::ffff:8.8.8.8']}}",
     "[spec.externalIPs[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 o"
     "r 2001:db8::ffff), spec.externalIPs[1]: Invalid value: \"127.0.0.1\": may not be in the "
     "loopback range (127.0.0.0/8, ::1/128), spec.externalIPs[2]: Invalid value: \"010.0.0.1\""
     ": must not have leading 0s, spec.externalIPs[3]: Invalid value: \"::ffff:8.8.8.8\": must"
     " not be an IPv4-mapped IPv6 address]"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'name':'gen11','namespace':'kd'},'spec':{'ports':[{'port':80}],'loadBalance"
     "rSourceRanges':['10.0.0.1/8',' 10.0.0.0/8 '],'loadBalancerClass':'a','allocateLoadBalanc"
     "erNodePorts':true,'externalTrafficPolicy':'Local','healthCheckNodePort':30001,'internalT"
     "rafficPolicy':'X','trafficDistribution':'Y'}}",
     "[spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer"
     "', spec.LoadBalancerSourceRanges[0]: Invalid value: \"10.0.0.1/8\": must not have bits s"
     "et beyond the prefix length, spec.allocateLoadBalancerNodePorts: Forbidden: may only be "
     "used when `type` is 'LoadBalancer', spec.loadBalancerClass: Forbidden: may only be used "
     "when `type` is 'LoadBalancer', spec.externalTrafficPolicy: Invalid value: \"Local\": may"
     " only be set for externally-accessible services, spec.healthCheckNodePort: Invalid value"
     ": 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'L"
     "ocal', spec.internalTrafficPolicy: Unsupported value: \"X\": supported values: \"Cluster"
     "\", \"Local\", spec.trafficDistribution: Unsupported value: \"Y\": supported values: \"P"
     "referClose\", \"PreferSameZone\", \"PreferSameNode\"]"},
    {"", "v1", "services", NULL, NULL,
     "{'metadata':{'annotations':{'service.beta.kubernetes.io/load-balancer-source-ranges':'10"
     ".0.0.0/8,x','service.kubernetes.io/topology-mode':'Auto','service.kubernetes.io/topology"
     "-aware-hints':'Disabled'},'name':'gen12','namespace':'kd'},'spec':{'type':'LoadBalancer'"
     ",'ports':[{'port':80}],'loadBalancerClass':'-','externalTrafficPolicy':'X'}}",
     "[metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: \"Auto\": mus"
     "t match annotations[service.kubernetes.io/topology-aware-hints] when both are specified,"
     " metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid v"
     "alue: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64), spec.loadB"
     "alancerClass: Invalid value: \"-\": name part must consist of alphanumeric characters, '"
     "-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  o"
     "r 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?["
     "A-Za-z0-9]'), spec.externalTrafficPolicy: Unsupported value: \"X\": supported values: \""
     "Cluster\", \"Local\"]"},
    {"", "v1", "services", "status",
     "{'metadata':{'name':'gen13','namespace':'kd','resourceVersion':'1'},'spec':{'type':'Load"
     "Balancer','ports':[{'port':80}]}}",
     "{'metadata':{'name':'gen13','namespace':'kd','resourceVersion':'1'},'spec':{'type':'Load"
     "Balancer','ports':[{'port':80}]},'status':{'loadBalancer':{'ingress':[{'ip':'x'},{'ip':'"
     "1.2.3.4','ipMode':'X'},{'ipMode':'VIP','hostname':'1.2.3.4'},{'hostname':'a_b'}]}}}",
     "[status.loadBalancer.ingress[0].ip: Invalid value: \"x\": must be a valid IP address, (e"
     ".g. 10.9.8.7 or 2001:db8::ffff), status.loadBalancer.ingress[1].ipMode: Unsupported valu"
     "e: \"X\": supported values: \"Proxy\", \"VIP\", status.loadBalancer.ingress[2].ipMode: F"
     "orbidden: may not be specified when `ip` is not set, status.loadBalancer.ingress[2].host"
     "name: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP address, status.loadBala"
     "ncer.ingress[3].hostname: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must co"
     "nsist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
     "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z"
     "0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
    {"", "v1", "services", "status",
     "{'metadata':{'name':'gen14','namespace':'kd','resourceVersion':'1'},'spec':{'ports':[{'p"
     "ort':80}]}}",
     "{'metadata':{'name':'gen14','namespace':'kd','resourceVersion':'1'},'spec':{'ports':[{'p"
     "ort':80}]},'status':{'loadBalancer':{'ingress':[{'ip':'1.2.3.4'}]}}}",
     "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalanc"
     "er'"},
};

static void test_service(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_service)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
