/* What is said of NetworkPolicies. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"networking.k8s.io", "v1", "networkpolicies", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'spec':{'podSelector':{}}}", NULL},
    {"networking.k8s.io", "v1", "networkpolicies", NULL, NULL,
     "{'metadata':{'name':'gen1','namespace':'kd'},'spec':{'podSelector':{'matchLabels':{'-':'"
     "_'},'matchExpressions':[{'key':'k','operator':'In'}]},'policyTypes':['X']}}",
     "[spec.podSelector.matchLabels: Invalid value: \"-\": name part must consist of alphanume"
     "ric characters, '-', '_' or '.', and must start and end with an alphanumeric character ("
     "e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9]["
     "-A-Za-z0-9_.]*)?[A-Za-z0-9]'), spec.podSelector.matchLabels: Invalid value: \"_\": a val"
     "id label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
     " and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', "
     " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
     ", spec.podSelector.matchExpressions[0].values: Required value: must be specified when `o"
     "perator` is 'In' or 'NotIn', spec.policyTypes[0]: Unsupported value: \"X\": supported va"
     "lues: \"Ingress\", \"Egress\"]"},
    {"networking.k8s.io", "v1", "networkpolicies", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'spec':{'podSelector':{},'policyTypes':['In"
     "gress','Egress','Ingress']}}",
     "spec.policyTypes: Invalid value: [\"Ingress\",\"Egress\",\"Ingress\"]: may not specify m"
     "ore than two policyTypes"},
    {"networking.k8s.io", "v1", "networkpolicies", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'spec':{'podSelector':{},'ingress':[{'ports"
     "':[{'protocol':'X','port':0,'endPort':-1},{'port':'a_','endPort':1},{'endPort':2}],'from"
     "':[{},{'podSelector':{},'ipBlock':{'cidr':''}},{'ipBlock':{'cidr':'x'}},{'ipBlock':{'cid"
     "r':'10.0.0.0/16','except':['10.0.0.0/16','10.1.0.0/24','x','10.0.1.0/24']}}]}],'egress':"
     "[{'to':[{'ipBlock':{'cidr':'10.0.0.1/16'}}]}]}}",
     "[spec.ingress[0].ports[0].protocol: Unsupported value: \"X\": supported values: \"TCP\","
     " \"UDP\", \"SCTP\", spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 a"
     "nd 65535, inclusive, spec.ingress[0].ports[0].endPort: Invalid value: 0: must be greater"
     " than or equal to `port`, spec.ingress[0].ports[0].endPort: Invalid value: -1: must be b"
     "etween 1 and 65535, inclusive, spec.ingress[0].ports[1].endPort: Invalid value: 1: may n"
     "ot be specified when `port` is non-numeric, spec.ingress[0].ports[1].port: Invalid value"
     ": \"a_\": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-), spec.i"
     "ngress[0].ports[2].endPort: Invalid value: 2: may not be specified when `port` is not sp"
     "ecified, spec.ingress[0].from[0]: Required value: must specify a peer, spec.ingress[0].f"
     "rom[1].ipBlock.cidr: Required value, spec.ingress[0].from[1]: Forbidden: may not specify"
     " both ipBlock and another peer, spec.ingress[0].from[2].ipBlock.cidr: Invalid value: \"x"
     "\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64), spec.ingress[0].fro"
     "m[3].ipBlock.except[0]: Invalid value: \"10.0.0.0/16\": must be a strict subset of `cidr"
     "`, spec.ingress[0].from[3].ipBlock.except[1]: Invalid value: \"10.1.0.0/24\": must be a "
     "strict subset of `cidr`, spec.ingress[0].from[3].ipBlock.except[2]: Invalid value: \"x\""
     ": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64), spec.egress[0].to[0]."
     "ipBlock.cidr: Invalid value: \"10.0.0.1/16\": must not have bits set beyond the prefix l"
     "ength]"},
    {"networking.k8s.io", "v1", "networkpolicies", NULL,
     "{'metadata':{'name':'gen4','namespace':'kd','resourceVersion':'1'},'spec':{'podSelector'"
     ":{}}}",
     "{'metadata':{'name':'gen4','namespace':'kd','resourceVersion':'1'},'spec':{'podSelector'"
     ":{},'egress':[{'to':[{'ipBlock':{'cidr':'::/0','except':['10.0.0.0/8']}}]}]}}",
     "spec.egress[0].to[0].ipBlock.except[0]: Invalid value: \"10.0.0.0/8\": must be a strict "
     "subset of `cidr`"},
};

static void test_networkpolicy(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_networkpolicy)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
