/* What is said of Ingresses and their classes. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'rules':[{'host':'a.b','http':{'pat"
     "hs':[{'path':'/','pathType':'Prefix','backend':{'service':{'name':'s','port':{'number':8"
     "0}}}}]}}]}}",
     NULL},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{}}",
     "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'rules':[{'host':'a.b','http':{'pat"
     "hs':[]}}]}}",
     "spec.rules[0].http.paths: Required value"},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'rules':[{'host':'a.b','http':{'pat"
     "hs':[{'path':'x','backend':{'service':{'name':'s','port':{'number':80}}}}]}}]}}",
     "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'spec':{'rules':[{'host':'1.2.3.4','http':{"
     "'paths':[{'path':'x//y/./../z%2f/..','pathType':'Exact','backend':{}},{'path':'x','pathT"
     "ype':'ImplementationSpecific','backend':{'service':{'name':'','port':{}}}},{'pathType':'"
     "X','backend':{'service':{'name':'_','port':{'name':'a_','number':1}},'resource':{}}}]}}]"
     "}}",
     "[spec.rules[0].host: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP address, "
     "spec.rules[0].http.paths[0].path: Invalid value: \"x//y/./../z%2f/..\": must be an absol"
     "ute path, spec.rules[0].http.paths[0].path: Invalid value: \"x//y/./../z%2f/..\": must n"
     "ot contain '//', spec.rules[0].http.paths[0].path: Invalid value: \"x//y/./../z%2f/..\":"
     " must not contain '/./', spec.rules[0].http.paths[0].path: Invalid value: \"x//y/./../z%"
     "2f/..\": must not contain '/../', spec.rules[0].http.paths[0].path: Invalid value: \"x//"
     "y/./../z%2f/..\": must not contain '%2f', spec.rules[0].http.paths[0].path: Invalid valu"
     "e: \"x//y/./../z%2f/..\": cannot end with '/..', spec.rules[0].http.paths[0].backend: In"
     "valid value: \"\": resource or service backend is required, spec.rules[0].http.paths[1]."
     "path: Invalid value: \"x\": must be an absolute path, spec.rules[0].http.paths[1].backen"
     "d.service.name: Required value, spec.rules[0].http.paths[1].backend: Required value: por"
     "t name or number is required, spec.rules[0].http.paths[2].pathType: Unsupported value: "
     "\"X\": supported values: \"Exact\", \"ImplementationSpecific\", \"Prefix\", spec.rules[0"
     "].http.paths[2].backend: Invalid value: \"\": cannot set both resource and service backe"
     "nds]"},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen5','namespace':'kd'},'spec':{'rules':[{'host':'*a','http':{'path"
     "s':[{'pathType':'ImplementationSpecific','backend':{'service':{'name':'_','port':{'name'"
     ":'a_'}}}},{'path':'/','pathType':'Prefix','backend':{'service':{'name':'s','port':{'numb"
     "er':70000}}}},{'path':'/','pathType':'Prefix','backend':{'resource':{'apiGroup':'_','kin"
     "d':'a/b','name':''}}}]}}]}}",
     "[spec.rules[0].host: Invalid value: \"*a\": a wildcard DNS-1123 subdomain must start wit"
     "h '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric"
     " characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', re"
     "gex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a"
     "-z0-9])?)*'), spec.rules[0].http.paths[0].backend.service.name: Invalid value: \"_\": a "
     "lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
     "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
     "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.rules[0].http.paths[0].bac"
     "kend.service.port.name: Invalid value: \"a_\": must contain only alpha-numeric character"
     "s (a-z, 0-9), and hyphens (-), spec.rules[0].http.paths[1].backend.service.port.number: "
     "Invalid value: 70000: must be between 1 and 65535, inclusive, spec.rules[0].http.paths[2"
     "].backend.resource.apiGroup: Invalid value: \"_\": a lowercase RFC 1123 subdomain must c"
     "onsist of lower case alphanumeric characters, '-' or '.', and must start and end with an"
     " alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-"
     "z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.rules[0].http.paths[2].backe"
     "nd.resource.kind: Invalid value: \"a/b\": may not contain '/', spec.rules[0].http.paths["
     "2].backend.resource.name: Required value]"},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'name':'gen6','namespace':'kd'},'spec':{'rules':[{'host':'a.b','http':{'pat"
     "hs':[{'path':'/','pathType':'Prefix','backend':{'service':{'name':'s','port':{'number':8"
     "0}}}}]}}],'tls':[{'hosts':['*.a','*','_'],'secretName':'_'}],'ingressClassName':'_'}}",
     "[spec.tls[0].hosts[1]: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start wi"
     "th '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeri"
     "c characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', r"
     "egex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*["
     "a-z0-9])?)*'), spec.tls[0].hosts[2]: Invalid value: \"_\": a lowercase RFC 1123 subdomai"
     "n must consist of lower case alphanumeric characters, '-' or '.', and must start and end"
     " with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0"
     "-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.tls[0].secretName: I"
     "nvalid value: \"_\": a lowercase RFC 1123 subdomain must consist of lower case alphanume"
     "ric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
     "'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9](["
     "-a-z0-9]*[a-z0-9])?)*'), spec.ingressClassName: Invalid value: \"_\": a lowercase RFC 11"
     "23 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must st"
     "art and end with an alphanumeric character (e.g. 'example.com', regex used for validatio"
     "n is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
    {"networking.k8s.io", "v1", "ingresses", NULL, NULL,
     "{'metadata':{'annotations':{'kubernetes.io/ingress.class':'a'},'name':'gen7','namespace'"
     ":'kd'},'spec':{'defaultBackend':{'service':{'name':'s','port':{'number':80}}},'ingressCl"
     "assName':'b'}}",
     "annotations.kubernetes.io/ingress.class: Invalid value: \"a\": must match `ingressClassN"
     "ame` when both are specified"},
    {"networking.k8s.io", "v1", "ingresses", "status",
     "{'metadata':{'name':'gen8','namespace':'kd','resourceVersion':'1'},'spec':{'defaultBacke"
     "nd':{'service':{'name':'s','port':{'number':80}}}}}",
     "{'metadata':{'name':'gen8','namespace':'kd','resourceVersion':'1'},'spec':{'defaultBacke"
     "nd':{'service':{'name':'s','port':{'number':80}}}},'status':{'loadBalancer':{'ingress':["
     "{'ip':'x','hostname':'1.2.3.4'}]}}}",
     "[status.loadBalancer.ingress[0].ip: Invalid value: \"x\": must be a valid IP address, (e"
     ".g. 10.9.8.7 or 2001:db8::ffff), status.loadBalancer.ingress[0].hostname: Invalid value:"
     " \"1.2.3.4\": must be a DNS name, not an IP address]"},
    {"networking.k8s.io", "v1", "ingressclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen9'},'spec':{'controller':'a.b/c'}}", NULL},
    {"networking.k8s.io", "v1", "ingressclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen10'},'spec':{'controller':'x','parameters':{'kind':'','name':"
     "'a/b'}}}",
     "[spec.controller: Invalid value: \"x\": must be a domain-prefixed path (such as \"acme.i"
     "o/foo\"), spec.parameters.kind: Required value, spec.parameters.name: Invalid value: \"a"
     "/b\": may not contain '/']"},
    {"networking.k8s.io", "v1", "ingressclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen11'},'spec':{'controller':'_/a b','parameters':{'apiGroup':'_"
     "','kind':'k','name':'n','scope':'X'}}}",
     "[spec.controller: Invalid value: \"_\": a lowercase RFC 1123 subdomain must consist of l"
     "ower case alphanumeric characters, '-' or '.', and must start and end with an alphanumer"
     "ic character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0"
     "-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.controller: Invalid value: \"a b\": Inv"
     "alid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+'), spec.parame"
     "ters.apiGroup: Invalid value: \"_\": a lowercase RFC 1123 subdomain must consist of lowe"
     "r case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
     "character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9]"
     ")?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.parameters.scope: Unsupported value: \"X\""
     ": supported values: \"Cluster\", \"Namespace\"]"},
    {"networking.k8s.io", "v1", "ingressclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen12'},'spec':{'controller':'a.b/c','parameters':{'kind':'k','n"
     "ame':'n','scope':'Namespace'}}}",
     "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"},
    {"networking.k8s.io", "v1", "ingressclasses", NULL, NULL,
     "{'metadata':{'name':'kd-gen13'},'spec':{'controller':'a.b/c','parameters':{'kind':'k','n"
     "ame':'n','scope':'Cluster','namespace':'x'}}}",
     "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"},
    {"networking.k8s.io", "v1", "ingressclasses", NULL,
     "{'metadata':{'name':'kd-gen14','resourceVersion':'1'},'spec':{'controller':'a.b/c'}}",
     "{'metadata':{'name':'kd-gen14','resourceVersion':'1'},'spec':{'controller':'a.b/d'}}",
     "spec.controller: Invalid value: \"a.b/d\": field is immutable"},
};

static void test_ingress(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ingress)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
