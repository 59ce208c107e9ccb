/* What is said of questions to the authorizers. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL, "{}",
     "[spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or r"
     "esourceAttributes must be specified, spec.user: Invalid value: \"\": at least one of use"
     "r or group must be specified]"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL, "{'spec':{}}",
     "[spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or r"
     "esourceAttributes must be specified, spec.user: Invalid value: \"\": at least one of use"
     "r or group must be specified]"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL, "{'spec':{'user':'u'}}",
     "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or re"
     "sourceAttributes must be specified"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'spec':{'resourceAttributes':{'verb':'get'}}}",
     "spec.user: Invalid value: \"\": at least one of user or group must be specified"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{},'nonResourceAttributes':{}}}",
     "spec.nonResourceAttributes: Invalid value: {\"Path\":\"\",\"Verb\":\"\"}: cannot be spec"
     "ified in combination with resourceAttributes"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{'fieldSelector':{'rawSelector':'a=b','requirem"
     "ents':[{'key':'','operator':'X'}]}}}}",
     "[spec.resourceAttributes.fieldSelector.rawSelector: Invalid value: \"a=b\": may not spec"
     "ified at the same time as requirements, spec.resourceAttributes.fieldSelector.requiremen"
     "ts[0].key: Required value: must be specified]"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{'labelSelector':{'requirements':[{'key':'a b',"
     "'operator':'In'}]},'fieldSelector':{}}}}",
     "[spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceA"
     "ttributes.fieldSelector is specified, requirements or rawSelector is required, spec.reso"
     "urceAttributes.labelSelector.requirements[0].values: Required value: must be specified w"
     "hen `operator` is 'In' or 'NotIn', spec.resourceAttributes.labelSelector.requirements[0]"
     ".key: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_"
     "' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my."
     "name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z"
     "0-9]')]"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'metadata':{'name':'x'},'spec':{'user':'u','resourceAttributes':{}}}",
     "metadata: Invalid value: {\"name\":\"x\"}: must be empty"},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'spec':{'groups':['g'],'nonResourceAttributes':{'path':'x','verb':'get'}}}", NULL},
    {"authorization.k8s.io", "v1", "subjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{}}}", NULL},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", NULL, NULL, "{}",
     "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or re"
     "sourceAttributes must be specified"},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", NULL, NULL, "{'spec':{}}",
     "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or re"
     "sourceAttributes must be specified"},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", NULL, NULL,
     "{'spec':{'resourceAttributes':{}}}", NULL},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", NULL, NULL,
     "{'spec':{'resourceAttributes':{},'nonResourceAttributes':{'path':'/<x>'}}}",
     "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/\\u003cx\\u003e\",\"Verb\":\"\"}"
     ": cannot be specified in combination with resourceAttributes"},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", NULL, NULL,
     "{'metadata':{'name':'x'},'spec':{'resourceAttributes':{'verb':'get'}}}",
     "metadata: Invalid value: {\"name\":\"x\"}: must be empty"},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", NULL, NULL,
     "{'spec':{'resourceAttributes':{'labelSelector':{'requirements':[{'key':'a','operator':'F"
     "oo'},{'key':'b','operator':'Exists','values':['x']},{'key':'c','operator':'In','values':"
     "['not ok!']}]}}}}",
     "[spec.resourceAttributes.labelSelector.requirements[1].values: Forbidden: may not be spe"
     "cified when `operator` is 'Exists' or 'DoesNotExist', spec.resourceAttributes.labelSelec"
     "tor.requirements[2].values[0]: Invalid value: \"not ok!\": a valid label must be an empt"
     "y string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
     "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
     "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]"},
    {"authorization.k8s.io", "v1", "localsubjectaccessreviews", NULL, NULL, "{'metadata':{'namespace':'dt'}}",
     "[spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or r"
     "esourceAttributes must be specified, spec.user: Invalid value: \"\": at least one of use"
     "r or group must be specified]"},
    {"authorization.k8s.io", "v1", "localsubjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{'namespace':'other'}},'metadata':{'namespace':"
     "'dt'}}",
     "spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespa"
     "ce"},
    {"authorization.k8s.io", "v1", "localsubjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{'namespace':'dt'}},'metadata':{'namespace':'dt"
     "'}}",
     NULL},
    {"authorization.k8s.io", "v1", "localsubjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','resourceAttributes':{'namespace':''}},'metadata':{'namespace':'dt'}"
     "}",
     "spec.resourceAttributes.namespace: Invalid value: \"\": must match metadata.namespace"},
    {"authorization.k8s.io", "v1", "localsubjectaccessreviews", NULL, NULL,
     "{'spec':{'user':'u','nonResourceAttributes':{}},'metadata':{'namespace':'dt'}}",
     "spec.nonResourceAttributes: Invalid value: {\"Path\":\"\",\"Verb\":\"\"}: disallowed on "
     "this kind of request"},
    {"authorization.k8s.io", "v1", "localsubjectaccessreviews", NULL, NULL,
     "{'metadata':{'name':'z','namespace':'dt'},'spec':{'user':'u','resourceAttributes':{'name"
     "space':'dt'}}}",
     "metadata: Invalid value: {\"name\":\"z\",\"namespace\":\"dt\"}: must be empty except for"
     " namespace"},
};

static void test_reviews(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reviews)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
