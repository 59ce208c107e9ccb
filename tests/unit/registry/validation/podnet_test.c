/* What is said of names and addresses of pods. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'ports':[{'containerPort':1,'hostPort':2}]}],'serviceAccountName':'default','dnsPolic"
     "y':'None','hostAliases':[{'ip':'01.2.3.4','hostnames':['A']}],'hostname':'A.b','subdom"
     "ain':'-','hostnameOverride':'A','hostNetwork':true,'activeDeadlineSeconds':0,'nodeSele"
     "ctor':{'a':'!'}}}",
     "[spec.containers[0].ports[0].hostPort: Invalid value: 2: must match `containerPort` wh"
     "en `hostNetwork` is true, spec.nodeSelector: Invalid value: \"!\": a valid label must "
     "be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must st"
     "art and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345"
     "', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'), spec.d"
     "nsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None, spec.host"
     "nameOverride: Forbidden: may not be specified when hostNetwork is true, spec.hostnameO"
     "verride: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower ca"
     "se alphanumeric characters, '-' or '.', and must start and end with an alphanumeric ch"
     "aracter (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9]"
     ")?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.activeDeadlineSeconds: Invalid value: 0:"
     " must be between 1 and 2147483647, inclusive, spec.hostname: Invalid value: \"A.b\": a"
     " lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', a"
     "nd must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', r"
     "egex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.subdomain: Invalid "
     "value: \"-\": a lowercase RFC 1123 label must consist of lower case alphanumeric chara"
     "cters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  "
     "or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.host"
     "Aliases[0].ip: Invalid value: \"01.2.3.4\": must not have leading 0s, spec.hostAliases"
     "[0].hostnames[0]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of"
     " lower case alphanumeric characters, '-' or '.', and must start and end with an alphan"
     "umeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]"
     "*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     "}],'serviceAccountName':'default','dnsConfig':{'nameservers':['1.2.3.4','1.2.3.5','::f"
     "fff:1.2.3.4','x'],'searches':['_a.b','A'],'options':[{'name':''}]}}}",
     "[spec.dnsConfig.nameservers: Invalid value: [\"1.2.3.4\",\"1.2.3.5\",\"::ffff:1.2.3.4"
     "\",\"x\"]: must not have more than 3 nameservers, spec.dnsConfig.nameservers[2]: Inval"
     "id value: \"::ffff:1.2.3.4\": must not be an IPv4-mapped IPv6 address, spec.dnsConfig."
     "nameservers[3]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 20"
     "01:db8::ffff), spec.dnsConfig.searches[1]: Invalid value: \"A\": a lowercase RFC 1123 "
     "subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and mus"
     "t start and end with an alphanumeric character (e.g. 'example.com', regex used for val"
     "idation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*'), "
     "spec.dnsConfig.options[0]: Required value: must not be empty]"},
};

static void podnet_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(podnet_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
