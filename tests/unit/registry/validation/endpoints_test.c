/* What is said of Endpoints and EndpointSlices. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "endpoints", NULL, NULL,
     "{'metadata':{'name':'gen0','namespace':'kd'},'subsets':[{'addresses':[{'ip':'10.1.2.3'}]"
     ",'ports':[{'port':80}]}]}",
     NULL},
    {"", "v1", "endpoints", NULL, NULL, "{'metadata':{'name':'gen1','namespace':'kd'},'subsets':[{}]}",
     "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"},
    {"", "v1", "endpoints", NULL, NULL,
     "{'metadata':{'name':'gen2','namespace':'kd'},'subsets':[{'addresses':[{'ip':'x','hostnam"
     "e':'A','nodeName':'_'},{'ip':'169.254.1.1'},{'ip':'224.0.0.1'},{'ip':'0.0.0.0'}],'notRea"
     "dyAddresses':[{'ip':'::1'}],'ports':[{'port':0,'protocol':'X'},{'name':'A','port':1,'app"
     "Protocol':'-'}]}]}",
     "[subsets[0].addresses[0].ip: Invalid value: \"x\": must be a valid IP address, (e.g. 10."
     "9.8.7 or 2001:db8::ffff), subsets[0].addresses[0].hostname: Invalid value: \"A\": a lowe"
     "rcase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must"
     " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used"
     " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), subsets[0].addresses[0].nodeName: I"
     "nvalid value: \"_\": a lowercase RFC 1123 subdomain must consist of lower case alphanume"
     "ric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
     "'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9](["
     "-a-z0-9]*[a-z0-9])?)*'), subsets[0].addresses[0].ip: Invalid value: \"x\": must be a val"
     "id IP address, subsets[0].addresses[1].ip: Invalid value: \"169.254.1.1\": may not be in"
     " the link-local range (169.254.0.0/16, fe80::/10), subsets[0].addresses[2].ip: Invalid v"
     "alue: \"224.0.0.1\": may not be in the link-local multicast range (224.0.0.0/24, ff02::/"
     "10), subsets[0].addresses[3].ip: Invalid value: \"0.0.0.0\": may not be unspecified (0.0"
     ".0.0), subsets[0].notReadyAddresses[0].ip: Invalid value: \"::1\": may not be in the loo"
     "pback range (127.0.0.0/8, ::1/128), subsets[0].ports[0].name: Required value, subsets[0]"
     ".ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, subsets[0].por"
     "ts[0].protocol: Unsupported value: \"X\": supported values: \"SCTP\", \"TCP\", \"UDP\", "
     "subsets[0].ports[1].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist "
     "of lower case alphanumeric characters or '-', and must start and end with an alphanumeri"
     "c character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z"
     "0-9]*[a-z0-9])?'), subsets[0].ports[1].appProtocol: Invalid value: \"-\": name part must"
     " consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alp"
     "hanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validat"
     "ion is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')]"},
    {"discovery.k8s.io", "v1", "endpointslices", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'addressType':'IPv4','endpoints':[{'address"
     "es':['10.1.2.3']}],'ports':[{'port':80}]}",
     NULL},
    {"discovery.k8s.io", "v1", "endpointslices", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'endpoints':[]}", "addressType: Required value"},
    {"discovery.k8s.io", "v1", "endpointslices", NULL, NULL,
     "{'metadata':{'name':'gen5','namespace':'kd'},'addressType':'X','endpoints':[{'addresses'"
     ":[]}]}",
     "[addressType: Unsupported value: \"X\": supported values: \"FQDN\", \"IPv4\", \"IPv6\", "
     "endpoints[0].addresses: Required value: must contain at least 1 address]"},
    {"discovery.k8s.io", "v1", "endpointslices", NULL, NULL,
     "{'metadata':{'name':'gen6','namespace':'kd'},'addressType':'IPv4','endpoints':[{'address"
     "es':['::2','x','127.0.0.1'],'nodeName':'_','hostname':'A','hints':{'forZones':[{'name':'"
     "a'},{'name':'a'},{'name':'-'}],'forNodes':[{'name':'_'}]}}],'ports':[{'name':'A','port':"
     "1,'protocol':'X'},{'name':'A','appProtocol':'-'}]}",
     "[ports[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower c"
     "ase alphanumeric characters or '-', and must start and end with an alphanumeric characte"
     "r (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0"
     "-9])?'), ports[0].protocol: Unsupported value: \"X\": supported values: \"SCTP\", \"TCP"
     "\", \"UDP\", ports[1].name: Invalid value: \"A\": a lowercase RFC 1123 label must consis"
     "t of lower case alphanumeric characters or '-', and must start and end with an alphanume"
     "ric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a"
     "-z0-9]*[a-z0-9])?'), ports[1].name: Duplicate value: \"A\", ports[1].appProtocol: Invali"
     "d value: \"-\": name part must consist of alphanumeric characters, '-', '_' or '.', and "
     "must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '12"
     "3-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), endpoi"
     "nts[0].addresses: Invalid value: \"::2\": must be an IPv4 address, endpoints[0].addresse"
     "s[1]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff"
     "), endpoints[0].addresses[2]: Invalid value: \"127.0.0.1\": may not be in the loopback r"
     "ange (127.0.0.0/8, ::1/128), endpoints[0].nodeName: Invalid value: \"_\": a lowercase RF"
     "C 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and mus"
     "t start and end with an alphanumeric character (e.g. 'example.com', regex used for valid"
     "ation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), endpoints["
     "0].hostname: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case"
     " alphanumeric characters or '-', and must start and end with an alphanumeric character ("
     "e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9]"
     ")?'), endpoints[0].hints.forZones[1].name: Duplicate value: \"a\", endpoints[0].hints.fo"
     "rZones[2].name: Invalid value: \"-\": a valid label must be an empty string or consist o"
     "f alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
     "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(("
     "[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'), endpoints[0].hints.forNodes[0].name: Invali"
     "d value: \"_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric c"
     "haracters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'exam"
     "ple.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0"
     "-9]*[a-z0-9])?)*')]"},
    {"discovery.k8s.io", "v1", "endpointslices", NULL, NULL,
     "{'metadata':{'name':'gen7','namespace':'kd'},'addressType':'IPv6','endpoints':[{'address"
     "es':['1.2.3.4','2001:DB8::1']}]}",
     "[endpoints[0].addresses: Invalid value: \"1.2.3.4\": must be an IPv6 address, endpoints["
     "0].addresses[1]: Invalid value: \"2001:DB8::1\": must be in canonical form (\"2001:db8::"
     "1\")]"},
    {"discovery.k8s.io", "v1", "endpointslices", NULL, NULL,
     "{'metadata':{'name':'gen8','namespace':'kd'},'addressType':'FQDN','endpoints':[{'address"
     "es':['a','a_b.c','','a.b.']}]}",
     "[endpoints[0].addresses[0]: Invalid value: \"a\": should be a domain with at least two s"
     "egments separated by dots, endpoints[0].addresses[1]: Invalid value: \"a_b.c\": a lowerc"
     "ase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', a"
     "nd must start and end with an alphanumeric character (e.g. 'example.com', regex used for"
     " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), endp"
     "oints[0].addresses[2]: Required value]"},
    {"discovery.k8s.io", "v1", "endpointslices", NULL,
     "{'metadata':{'name':'gen9','namespace':'kd','resourceVersion':'1'},'addressType':'IPv4',"
     "'endpoints':[{'addresses':['10.1.2.3']}]}",
     "{'metadata':{'name':'gen9','namespace':'kd','resourceVersion':'1'},'addressType':'IPv6',"
     "'endpoints':[{'addresses':['2001:db8::1']}]}",
     "addressType: Invalid value: \"IPv6\": field is immutable"},
};

static void test_endpoints(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_endpoints)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
