/* --encryption-provider-config: what is taken, for which resource, and what is refused in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "worker/write/sealing.h"

#define HEAD "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\n"
#define KEY16 "MDEyMzQ1Njc4OWFiY2RlZg=="
#define KEY32 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define CBC(name) "{aescbc: {keys: [{name: " name ", secret: " KEY16 "}]}}"
#define GCM(name) "{aesgcm: {keys: [{name: " name ", secret: " KEY16 "}]}}"
#define BOX(name) "{secretbox: {keys: [{name: " name ", secret: " KEY32 "}]}}"
#define ENTRY(names, providers) "- {resources: [" names "], providers: [" providers "]}\n"
#define CONFIG(entries) HEAD "resources:\n" entries

static struct sealing *read_text(const char *text, char err[1024])
{
    return sealing_read(str_of(text), "/enc.yaml", err, 1024);
}

static const char several[] =
    CONFIG(ENTRY("events", "{identity: {}}") ENTRY("secrets, configmaps", CBC("a"))
               ENTRY("secrets", "{identity: {}}") ENTRY("'*.apps'", GCM("b")) ENTRY("'*.*'", BOX("c")));

static const struct {
    const char *group, *plural, *prefix;
} places[] = {
    {"", "secrets", "k8s:enc:aescbc:v1:a:"},
    {"", "configmaps", "k8s:enc:aescbc:v1:a:"},
    {"", "events", "plain"},
    {"", "pods", "k8s:enc:secretbox:v1:c:"},
    {"apps", "deployments", "k8s:enc:aesgcm:v1:b:"},
    {"batch", "jobs", "k8s:enc:secretbox:v1:c:"},
    {"example.com", "secrets", "k8s:enc:secretbox:v1:c:"},
};

static void which_resource(void **state)
{
    char err[1024] = "";
    struct sealing *s = read_text(several, err);
    assert_string_equal(err, "");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct buf out = {0};
        const struct seal *seal = sealing_of(s, str_of(places[i].group), str_of(places[i].plural));
        assert_int_equal(seal_value(seal, STR("/k"), STR("plain"), &out), 0);
        if (!str_starts(buf_view(&out), str_of(places[i].prefix)))
            fail_msg("%s.%s: %.*s", places[i].plural, places[i].group, STR_ARG(buf_view(&out)));
        buf_free(&out);
    }
    sealing_free(s);
}

/* The two entries of secrets add up: what is not encrypted yet is read. */
static void entries_add_up(void **state)
{
    char err[1024] = "";
    struct sealing *s = read_text(several, err);
    struct buf out = {0};
    struct str plain;
    bool stale;
    assert_true(seal_open(sealing_of(s, STR(""), STR("secrets")), STR("/k"), STR("plain"), &out, &plain,
                          &stale, err, sizeof(err)));
    assert_true(stale);
    assert_false(seal_open(sealing_of(s, STR(""), STR("configmaps")), STR("/k"), STR("plain"), &out, &plain,
                           &stale, err, sizeof(err)));
    assert_string_equal(err, "no matching prefix found");
    assert_null(sealing_of(NULL, STR(""), STR("secrets")));
    sealing_free(s);
}

static void json_too(void **state)
{
    char err[1024] = "";
    struct sealing *s =
        read_text("{\"kind\":\"EncryptionConfiguration\",\"apiVersion\":\"apiserver.config.k8s.io/v1\","
                  "\"resources\":[{\"resources\":[\"secrets\"],\"providers\":[{\"identity\":{}}]}]}",
                  err);
    assert_string_equal(err, "");
    assert_non_null(sealing_of(s, STR(""), STR("secrets")));
    assert_null(sealing_of(s, STR(""), STR("pods")));
    sealing_free(s);
}

#define PARSING "error while parsing file: "
#define DECODING PARSING "error decoding encryption provider configuration file \"/enc.yaml\": "
#define IDENTITY "{identity: {}}"

static const struct {
    const char *text, *err;
} refused[] = {
    {"", DECODING "Object 'Kind' is missing"},
    {"a: [", DECODING "yaml: line 1: did not find expected node content"},
    {"kind: Pod\napiVersion: v1\n", DECODING "no kind \"Pod\" is registered for version \"v1\""},
    {HEAD "resource: []\n", DECODING "strict decoding error: unknown field \"resource\""},
    {HEAD, PARSING "resources: Required value: at least one resources is required"},
    {CONFIG(ENTRY("", IDENTITY)),
     PARSING "resources[0].resources: Required value: at least one resources[0].resources is required"},
    {CONFIG(ENTRY("secrets", "")),
     PARSING "resources[0].providers: Required value: at least one resources[0].providers is required"},
    {CONFIG(ENTRY("secrets", "{}")), PARSING
     "resources[0].providers[0]: Invalid value: \"REDACTED\": provider does not contain any of the expected "
     "providers: KMS, AESGCM, AESCBC, Secretbox, Identity"},
    {CONFIG(ENTRY("secrets", "{identity: {}, aesgcm: {keys: []}}")), PARSING
     "resources[0].providers[0]: Invalid value: \"REDACTED\": more than one provider specified in a single "
     "element, should split into different list elements"},
    {CONFIG(ENTRY("secrets", "{kms: {name: vault, endpoint: 'unix:///x', apiVersion: v2}}")),
     PARSING "resources[0].providers[0].kms: Invalid value: \"vault\": KMS providers are not supported by "
             "this server"},
    {CONFIG(ENTRY("secrets", "{aescbc: {keys: []}}")),
     PARSING "resources[0].providers[0].aescbc.keys: Required value: at least one keys is required"},
    {CONFIG(ENTRY("secrets", "{aescbc: {keys: [{secret: " KEY16 "}]}}")), PARSING
     "resources[0].providers[0].aescbc.keys[0].name: Required value: name is a mandatory field for a key"},
    {CONFIG(ENTRY("secrets", "{aescbc: {keys: [{name: a}]}}")),
     PARSING "resources[0].providers[0].aescbc.keys[0].secret: Required value: secret is a mandatory field "
             "for a key"},
    {CONFIG(ENTRY("secrets", "{aescbc: {keys: [{name: a, secret: 'no base64'}]}}")), PARSING
     "resources[0].providers[0].aescbc.keys[0].secret: Invalid value: \"REDACTED\": secrets must be base64 "
     "encoded"},
    {CONFIG(ENTRY("secrets", "{aesgcm: {keys: [{name: a, secret: c2hvcnQ=}]}}")), PARSING
     "resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: \"REDACTED\": secret is not of the "
     "expected length, got 5, expected one of [16 24 32]"},
    {CONFIG(ENTRY("secrets", "{secretbox: {keys: [{name: a, secret: " KEY16 "}]}}")), PARSING
     "resources[0].providers[0].secretbox.keys[0].secret: Invalid value: \"REDACTED\": secret is not of the "
     "expected length, got 16, expected one of [32]"},
    {CONFIG(ENTRY("secrets, secrets", IDENTITY)),
     PARSING "resources[0].resources: Invalid value: [\"secrets\",\"secrets\"]: the same resource cannot be "
             "specified "
             "multiple times"},
    {CONFIG(ENTRY("secrets, '*.'", IDENTITY)), PARSING
     "resources[0].resources: Invalid value: [\"secrets\",\"*.\"]: using overlapping resources such as "
     "'secrets' and '*.' in the same resource list is not allowed as they will be masked"},
    {CONFIG(ENTRY("Secrets", IDENTITY)),
     PARSING "resources[0].resources[0]: Invalid value: \"Secrets\": resource name "
             "should not contain capital letters"},
    {CONFIG(ENTRY("'*'", IDENTITY)), PARSING
     "resources[0].resources[0]: Invalid value: \"*\": use '*.' to encrypt all the resources from core API "
     "group or *.* to encrypt all resources"},
    {CONFIG(ENTRY("'secrets.*'", IDENTITY)), PARSING
     "resources[0].resources[0]: Invalid value: \"secrets.*\": encrypting the same resource across groups is "
     "not supported"},
    {CONFIG(ENTRY("events.events.k8s.io", IDENTITY)),
     PARSING "resources[0].resources[0]: Invalid value: \"events.events.k8s.io\": '*.events.k8s.io' objects "
             "are stored "
             "using the 'events' API group in etcd. Use 'events' instead in the config file"},
    {CONFIG(ENTRY("ingresses.extensions", IDENTITY)),
     PARSING "resources[0].resources[0]: Invalid value: \"ingresses.extensions\": 'extensions' group has "
             "been removed "
             "and cannot be used for encryption"},
    {CONFIG(ENTRY("serviceipallocations", IDENTITY)), PARSING
     "resources[0].resources[0]: Invalid value: \"serviceipallocations\": resources which do not have REST "
     "API/s cannot be encrypted"},
    {CONFIG(ENTRY("'*.'", IDENTITY) ENTRY("secrets", IDENTITY)),
     "error while building transformers: resource \"secrets\" is masked by earlier rule \"*.\""},
    {CONFIG(ENTRY("'*.*'", IDENTITY) ENTRY("jobs.batch", IDENTITY)),
     "error while building transformers: resource \"jobs.batch\" is masked by earlier rule \"*.*\""},
};

static void refused_configs(void **state)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char err[1024] = "";
        struct sealing *s = read_text(refused[i].text, err);
        if (s || strcmp(err, refused[i].err) != 0)
            fail_msg("%s\nGOT  %s\nWANT %s", refused[i].text, err, refused[i].err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_resource),
        cmocka_unit_test(entries_add_up),
        cmocka_unit_test(json_too),
        cmocka_unit_test(refused_configs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
