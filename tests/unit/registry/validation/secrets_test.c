/* What is said of Secrets and ConfigMaps. */
#include "cases.h"

/* The messages are what the reference says. */
static const struct validation_case CASES[] = {
    {"", "v1", "secrets", NULL, NULL, "{'metadata':{'name':'gen0','namespace':'kd'},'data':{'a':'eA=='}}",
     NULL},
    {"", "v1", "secrets", NULL, NULL, "{'metadata':{'name':'gen1','namespace':'kd'},'data':{'a b':'eA=='}}",
     "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric chara"
     "cters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
     "validation is '[-._a-zA-Z0-9]+')"},
    {"", "v1", "secrets", NULL, NULL, "{'metadata':{'name':'gen2','namespace':'kd'},'data':{'..x':''}}",
     "data[..x]: Invalid value: \"..x\": must not start with '..'"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen3','namespace':'kd'},'type':'kubernetes.io/tls','data':{'tls.crt"
     "':'eA=='}}",
     "data[tls.key]: Required value"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen4','namespace':'kd'},'type':'kubernetes.io/basic-auth'}",
     "[data[username]: Required value, data[password]: Required value]"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen5','namespace':'kd'},'type':'kubernetes.io/ssh-auth','data':{'ss"
     "h-privatekey':''}}",
     "data[ssh-privatekey]: Required value"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen6','namespace':'kd'},'type':'kubernetes.io/service-account-token"
     "'}",
     "metadata.annotations[kubernetes.io/service-account.name]: Required value"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen7','namespace':'kd'},'type':'kubernetes.io/dockercfg','data':{'."
     "dockercfg':'eyJhIjo='}}",
     "data[.dockercfg]: Invalid value: \"<secret contents redacted>\": unexpected end of JSON "
     "input"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen8','namespace':'kd'},'type':'kubernetes.io/dockerconfigjson','da"
     "ta':{'.dockerconfigjson':'W10='}}",
     "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": json: cannot unm"
     "arshal array into Go value of type map[string]interface {}"},
    {"", "v1", "secrets", NULL, NULL,
     "{'metadata':{'name':'gen9','namespace':'kd'},'type':'kubernetes.io/dockerconfigjson'}",
     "data[.dockerconfigjson]: Required value"},
    {"", "v1", "secrets", NULL,
     "{'metadata':{'name':'gen10','namespace':'kd','resourceVersion':'1'},'type':'y','data':{'"
     "a':'eA=='}}",
     "{'metadata':{'name':'gen10','namespace':'kd','resourceVersion':'1'},'type':'x','data':{'"
     "a':'eA=='}}",
     "type: Invalid value: \"x\": field is immutable"},
    {"", "v1", "secrets", NULL,
     "{'metadata':{'name':'gen11','namespace':'kd','resourceVersion':'1'},'immutable':true,'da"
     "ta':{'a':'eA=='}}",
     "{'metadata':{'name':'gen11','namespace':'kd','resourceVersion':'1'},'data':{'a':'eQ=='}}",
     "[immutable: Forbidden: field is immutable when `immutable` is set, data: Forbidden: fiel"
     "d is immutable when `immutable` is set]"},
    {"", "v1", "configmaps", NULL, NULL,
     "{'metadata':{'name':'gen12','namespace':'kd'},'data':{'a':'b'},'binaryData':{'a':'eA=='}"
     "}",
     "data[a]: Invalid value: \"a\": duplicate of key present in binaryData"},
    {"", "v1", "configmaps", NULL, NULL,
     "{'metadata':{'name':'gen13','namespace':'kd'},'binaryData':{'..':''}}",
     "binaryData[..]: Invalid value: \"..\": must not be '..'"},
    {"", "v1", "configmaps", NULL,
     "{'metadata':{'name':'gen14','namespace':'kd','resourceVersion':'1'},'immutable':true,'da"
     "ta':{'a':'b'}}",
     "{'metadata':{'name':'gen14','namespace':'kd','resourceVersion':'1'},'data':{'a':'c'},'bi"
     "naryData':{'b':'eA=='}}",
     "[immutable: Forbidden: field is immutable when `immutable` is set, data: Forbidden: fiel"
     "d is immutable when `immutable` is set, binaryData: Forbidden: field is immutable when `"
     "immutable` is set]"},
    {"", "v1", "configmaps", NULL,
     "{'metadata':{'name':'gen15','namespace':'kd','resourceVersion':'1'},'immutable':true,'da"
     "ta':{'a':'b'}}",
     "{'metadata':{'name':'gen15','namespace':'kd','resourceVersion':'1'},'immutable':true,'da"
     "ta':{'a':'b'}}",
     NULL},
};

static void test_secrets(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_secrets)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
