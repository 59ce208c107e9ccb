/* What is said of resources of pods. */
#include "cases.h"

static const struct validation_case CASES[] = {
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'resources':{'limits':{'cpu':'1','memory':'1Gi','odd':'1','hugepages-2Mi':'3Mi','exam"
     "ple.com/gpu':'1500m'},'requests':{'cpu':'2','memory':'-1','example.com/gpu':'1','x.io/"
     "y':'1'},'claims':[{'name':'a'},{'name':'a'},{'name':''}]}}],'serviceAccountName':'defa"
     "ult'}}",
     "[spec.containers[0].resources.limits[odd]: Invalid value: \"odd\": must be a standard "
     "resource type or fully qualified, spec.containers[0].resources.limits[odd]: Invalid va"
     "lue: \"odd\": must be a standard resource for containers, spec.containers[0].resources"
     ".limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple o"
     "f hugepages-2Mi, spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "
     "\"1500m\": must be an integer, spec.containers[0].resources.requests: Invalid value: "
     "\"2\": must be less than or equal to cpu limit of 1, spec.containers[0].resources.requ"
     "ests[memory]: Invalid value: \"-1\": must be greater than or equal to 0, spec.containe"
     "rs[0].resources.requests: Invalid value: \"1\": must be equal to example.com/gpu limit"
     " of 1500m, spec.containers[0].resources.limits: Required value: Limit must be set for "
     "non overcommitable resources, spec.containers[0].resources.requests[odd]: Invalid valu"
     "e: \"odd\": must be a standard resource type or fully qualified, spec.containers[0].re"
     "sources.requests[odd]: Invalid value: \"odd\": must be a standard resource for contain"
     "ers, spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi"
     " is not positive integer multiple of hugepages-2Mi, spec.containers[0].resources.claim"
     "s[0]: Not found: \"a\": must be one of the names in pod.spec.resourceClaims which is e"
     "mpty, spec.containers[0].resources.claims[1]: Duplicate value: \"a\", spec.containers["
     "0].resources.claims[1]: Not found: \"a\": must be one of the names in pod.spec.resourc"
     "eClaims which is empty, spec.containers[0].resources.claims[2]: Required value]"},
    {"", "v1", "pods", NULL, NULL,
     "{'metadata':{'name':'p','namespace':'n'},'spec':{'containers':[{'name':'c','image':'i'"
     ",'resources':{'requests':{'cpu':'3'},'limits':{'cpu':'4'}}}],'serviceAccountName':'def"
     "ault','resourceClaims':[{'name':'A'},{'name':'b','resourceClaimName':'x','resourceClai"
     "mTemplateName':'y'}],'resources':{'requests':{'cpu':'1','storage':'1'},'limits':{'cpu'"
     ":'2'},'claims':[{'name':'b'}]}}}",
     "[spec.resourceClaims[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must co"
     "nsist of lower case alphanumeric characters or '-', and must start and end with an alp"
     "hanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z"
     "0-9]([-a-z0-9]*[a-z0-9])?'), spec.resourceClaims[0]: Invalid value: {\"Name\":\"A\",\""
     "ResourceClaimName\":null,\"ResourceClaimTemplateName\":null}: must specify one of: `re"
     "sourceClaimName`, `resourceClaimTemplateName`, spec.resourceClaims[1]: Invalid value: "
     "{\"Name\":\"b\",\"ResourceClaimName\":\"x\",\"ResourceClaimTemplateName\":\"y\"}: at m"
     "ost one of `resourceClaimName` or `resourceClaimTemplateName` may be specified, spec.r"
     "esources.claims: Forbidden: claims may not be set for Resources at pod-level, spec.res"
     "ources.requests[storage]: Unsupported value: \"storage\": supported values: \"cpu\", "
     "\"hugepages-\", \"memory\", spec.resources.requests[cpu]: Invalid value: \"1\": must b"
     "e greater than or equal to aggregate container requests of 3, spec.resources.container"
     "s[0][cpu].limits: Invalid value: \"4\": must be less than or equal to pod limits of 2]"},
};

static void podresources_cases(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(podresources_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
