/* What is said of IPAddresses and ServiceCIDRs. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"networking.k8s.io", "v1", "ipaddresses", NULL, NULL,
     "{'metadata':{'name':'172.30.9.1'},'spec':{'parentRef':{'resource':'r','name':'n'}}}", NULL},
    {"networking.k8s.io", "v1", "ipaddresses", NULL, NULL, "{'metadata':{'name':'172.30.9.2'},'spec':{}}",
     "spec.parentRef: Required value"},
    {"networking.k8s.io", "v1", "ipaddresses", NULL, NULL,
     "{'metadata':{'name':'172.30.9.3'},'spec':{'parentRef':{'group':'_','resource':'','name':"
     "'a/b','namespace':'a%'}}}",
     "[spec.parentRef.group: Invalid value: \"_\": a lowercase RFC 1123 subdomain must consist"
     " of lower case alphanumeric characters, '-' or '.', and must start and end with an alpha"
     "numeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*"
     "[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), spec.parentRef.resource: Required value"
     ", spec.parentRef.name: Invalid value: \"a/b\": may not contain '/', spec.parentRef.names"
     "pace: Invalid value: \"a%\": may not contain '%']"},
    {"networking.k8s.io", "v1", "ipaddresses", NULL,
     "{'metadata':{'name':'172.30.9.4','resourceVersion':'1'},'spec':{'parentRef':{'resource':"
     "'r','name':'n'}}}",
     "{'metadata':{'name':'172.30.9.4','resourceVersion':'1'},'spec':{'parentRef':{'resource':"
     "'r','name':'m'}}}",
     "spec.parentRef: Invalid value: {\"Group\":\"\",\"Resource\":\"r\",\"Namespace\":\"\",\"N"
     "ame\":\"m\"}: field is immutable"},
    {"networking.k8s.io", "v1", "servicecidrs", NULL, NULL,
     "{'metadata':{'name':'kd-gen4'},'spec':{'cidrs':['172.16.0.0/16']}}", NULL},
    {"networking.k8s.io", "v1", "servicecidrs", NULL, NULL, "{'metadata':{'name':'kd-gen5'},'spec':{}}",
     "spec.cidrs: Required value: at least one CIDR required"},
    {"networking.k8s.io", "v1", "servicecidrs", NULL, NULL,
     "{'metadata':{'name':'kd-gen6'},'spec':{'cidrs':['a','b','c']}}",
     "spec.cidrs: Invalid value: {\"CIDRs\":[\"a\",\"b\",\"c\"]}: may only hold up to 2 values"},
    {"networking.k8s.io", "v1", "servicecidrs", NULL, NULL,
     "{'metadata':{'name':'kd-gen7'},'spec':{'cidrs':['172.16.0.1/16','2001:DB8::/64']}}",
     "[spec.cidrs[0]: Invalid value: \"172.16.0.1/16\": must not have bits set beyond the pref"
     "ix length, spec.cidrs[1]: Invalid value: \"2001:DB8::/64\": must be in canonical form ("
     "\"2001:db8::/64\")]"},
    {"networking.k8s.io", "v1", "servicecidrs", NULL, NULL,
     "{'metadata':{'name':'kd-gen8'},'spec':{'cidrs':['172.16.0.0/16','172.17.0.0/16']}}",
     "spec.cidrs: Invalid value: [\"172.16.0.0/16\",\"172.17.0.0/16\"]: may specify no more th"
     "an one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"},
    {"networking.k8s.io", "v1", "servicecidrs", NULL,
     "{'metadata':{'name':'kd-gen9','resourceVersion':'1'},'spec':{'cidrs':['172.16.0.0/16']}}",
     "{'metadata':{'name':'kd-gen9','resourceVersion':'1'},'spec':{'cidrs':['172.17.0.0/16']}}",
     "spec.cidrs[0]: Invalid value: \"172.17.0.0/16\": field is immutable"},
    {"networking.k8s.io", "v1", "servicecidrs", NULL,
     "{'metadata':{'name':'kd-gen10','resourceVersion':'1'},'spec':{'cidrs':['172.16.0.0/16']}"
     "}",
     "{'metadata':{'name':'kd-gen10','resourceVersion':'1'},'spec':{'cidrs':['172.16.0.0/16','"
     "2001:db8::/64']}}",
     NULL},
    {"networking.k8s.io", "v1", "servicecidrs", NULL,
     "{'metadata':{'name':'kd-gen11','resourceVersion':'1'},'spec':{'cidrs':['172.16.0.0/16','"
     "2001:db8::/64']}}",
     "{'metadata':{'name':'kd-gen11','resourceVersion':'1'},'spec':{'cidrs':['172.16.0.0/16']}"
     "}",
     "spec.cidrs: Invalid value: [\"172.16.0.0/16\"]: field is immutable"},
};

static void test_serviceranges(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_serviceranges)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
