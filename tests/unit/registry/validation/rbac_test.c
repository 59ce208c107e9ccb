/* What is said of roles and bindings. */
#include "cases.h"

#define OF(plural) "rbac.authorization.k8s.io", "v1", plural
#define META "'metadata':{'name':'a','namespace':'n','resourceVersion':'1'}"

static const struct validation_case CASES[] = {
    {OF("roles"), NULL, NULL, "{" META ",'rules':[{'apiGroups':[''],'resources':['pods'],'verbs':['get']}]}",
     NULL},
    {OF("roles"), NULL, NULL, "{" META ",'rules':[{'verbs':['get'],'nonResourceURLs':['/x']},{}]}",
     "[rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource "
     "URLs, rules[1].verbs: Required value: verbs must contain at least one value, rules[1].apiGroups: "
     "Required value: resource rules must supply at least one api group, rules[1].resources: Required "
     "value: resource rules must supply at least one resource]"},
    {OF("clusterroles"), NULL, NULL, "{'metadata':{'name':'a'},'aggregationRule':{}}",
     "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if "
     "aggregationRule is non-nil"},
    {OF("rolebindings"), NULL, NULL,
     "{" META ",'roleRef':{'kind':'Odd','apiGroup':'x'},'subjects':[{'kind':'User','name':'u'},"
     "{'kind':'Odd','name':'u'},{'kind':'ServiceAccount','name':'-'}]}",
     "[roleRef.apiGroup: Unsupported value: \"x\": supported values: \"rbac.authorization.k8s.io\", "
     "roleRef.kind: Unsupported value: \"Odd\": supported values: \"Role\", \"ClusterRole\", "
     "roleRef.name: Required value, subjects[1].kind: Unsupported value: \"Odd\": supported values: "
     "\"ServiceAccount\", \"User\", \"Group\", subjects[2].name: Invalid value: \"-\": a lowercase RFC 1123 "
     "subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
     "an alphanumeric character (e.g. 'example.com', regex used for validation is "
     "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]"},
    {OF("clusterrolebindings"), NULL,
     "{'metadata':{'name':'a','resourceVersion':'1'},'roleRef':{'kind':'ClusterRole','name':'view',"
     "'apiGroup':'rbac.authorization.k8s.io'}}",
     "{'metadata':{'name':'a','resourceVersion':'1'},'roleRef':{'kind':'ClusterRole','name':'edit',"
     "'apiGroup':'rbac.authorization.k8s.io'},'subjects':[{'kind':'ServiceAccount','name':'d'}]}",
     "[subjects[0].namespace: Required value, roleRef: Invalid value: "
     "{\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"ClusterRole\",\"Name\":\"edit\"}: cannot change "
     "roleRef]"},
};

static void rbac(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rbac)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
