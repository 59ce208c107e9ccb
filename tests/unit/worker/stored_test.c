/* What lies in etcd: its keys, and values of other writers, of older versions and of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <stdlib.h>
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/tree.h"
#include "worker/write/commit.h"
#include "worker/write/etcdkey.h"
#include "worker/write/stored.h"

static const struct {
    const char *key, *plural, *ns, *name;
} keys[] = {
    {"/registry/pods/default/web-0", "pods", "default", "web-0"},
    {"/registry/services/specs/default/web", "services", "default", "web"},
    {"/registry/services/endpoints/default/web", "endpoints", "default", "web"},
    {"/registry/minions/node-1", "nodes", "", "node-1"},
    {"/registry/ingress/default/web", "ingresses", "default", "web"},
    {"/registry/events/default/web.17", "events", "default", "web.17"},
    {"/registry/controllers/default/rc", "replicationcontrollers", "default", "rc"},
    {"/registry/clusterroles/system:node", "clusterroles", "", "system:node"},
    {"/registry/apiregistration.k8s.io/apiservices/v1.apps", "apiservices", "", "v1.apps"},
    {"/registry/apiextensions.k8s.io/customresourcedefinitions/a.b", "customresourcedefinitions", "", "a.b"},
    {"/registry/pods/default", NULL, NULL, NULL},
    {"/registry/pods/default/", NULL, NULL, NULL},
    {"/registry/pods//web", NULL, NULL, NULL},
    {"/registry/pods/default/web/more", NULL, NULL, NULL},
    {"/registry/minions/a/b", NULL, NULL, NULL},
    {"/registry/minions/", NULL, NULL, NULL},
    {"/registry/minions", NULL, NULL, NULL},
    {"/registry/services/specs", NULL, NULL, NULL},
    {"/registry/services/web", NULL, NULL, NULL},
    {"/registry/ranges/servicenodeports", "rangeallocations", "", "servicenodeports"},
    {"/registry/masterleases/10.0.0.1", "masterleases", "", "10.0.0.1"},
    {"/registry/peerserverleases/apiserver-x", NULL, NULL, NULL},
    {"/registry/awesome.bears.com/pandas/a", NULL, NULL, NULL},
    {"/registry/", NULL, NULL, NULL},
    {"/other/pods/default/web-0", NULL, NULL, NULL},
    {"compact_rev_key", NULL, NULL, NULL},
};

static void test_keys(void **state)
{
    struct etcdkey *e = etcdkey_new("registry/");
    assert_true(str_is(etcdkey_prefix(e), "/registry/"));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct schema_resource *r;
        struct str ns, name;
        struct buf out = {0};
        bool ours = etcdkey_read(e, str_of(keys[i].key), &r, &ns, &name);
        if (ours != (keys[i].plural != NULL))
            fail_msg("%s", keys[i].key);
        if (!ours)
            continue;
        assert_string_equal(r->plural, keys[i].plural);
        assert_true(str_is(ns, keys[i].ns) && str_is(name, keys[i].name));
        etcdkey_write(e, r, ns, name, &out);
        assert_true(str_is(buf_view(&out), keys[i].key));
        buf_free(&out);
    }
    etcdkey_free(e);
}

static struct stored *open_stored(const char *media)
{
    char err[256];
    struct options o = {.storage_media_type = media};
    struct stored *s = stored_new(&o, err, sizeof(err));
    assert_non_null(s);
    return s;
}

/* {what is stored, what is served of it} */
static const struct {
    const char *group, *version, *plural, *value, *served;
} versions[] = {
    {"", "v1", "configmaps",
     "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"},\"data\":{\"a\":\"1\"}}",
     "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"},"
     "\"data\":{\"a\":\"1\"}}"},
    /* what is not known is left out */
    {"", "v1", "configmaps",
     "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"},\"future\":1}\n",
     "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"}}"},
    /* defaults of fields that its writer did not know */
    {"", "v1", "secrets", "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"}}",
     "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"},"
     "\"type\":\"Opaque\"}"},
    /* a version that is not served any more */
    {"networking.k8s.io", "v1", "ingressclasses",
     "{\"kind\":\"IngressClass\",\"apiVersion\":\"networking.k8s.io/"
     "v1beta1\",\"metadata\":{\"name\":\"n\"},\"spec\":{\"controller\":\"c\"}}",
     "{\"kind\":\"IngressClass\",\"apiVersion\":\"networking.k8s.io/"
     "v1\",\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"},"
     "\"spec\":{\"controller\":\"c\"}}"},
    /* another served version */
    {"", "v1", "events",
     "{\"kind\":\"Event\",\"apiVersion\":\"events.k8s.io/"
     "v1\",\"metadata\":{\"name\":\"n\"},\"note\":\"x\",\"regarding\":{}}",
     "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"},"
     "\"involvedObject\":{},\"message\":\"x\","
     "\"source\":{},\"firstTimestamp\":null,\"lastTimestamp\":null,\"eventTime\":null,\"reportingComponent\":"
     "\"\","
     "\"reportingInstance\":\"\"}"},
    /* internal ones have no name */
    {NULL, NULL, "/masterleases",
     "{\"kind\":\"Endpoints\",\"apiVersion\":\"v1\",\"metadata\":{},\"subsets\":[{\"addresses\":[{\"ip\":"
     "\"10.0.0.1\"}]}]}",
     "{\"kind\":\"Endpoints\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"\"},\"subsets\":[{"
     "\"addresses\":"
     "[{\"ip\":\"10.0.0.1\"}]}]}"},
    {"", "v1", "configmaps", "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"}}",
     NULL},
    {"", "v1", "configmaps",
     "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"other\"}}", NULL},
    {"", "v1", "configmaps", "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":5}}",
     NULL},
    {"", "v1", "configmaps", "{}", NULL},
    {"", "v1", "configmaps", "[1]", NULL},
    {"", "v1", "configmaps", "", NULL},
    {"", "v1", "configmaps", "k8s", NULL},
};

static void test_values(void **state)
{
    struct stored *s = open_stored("application/json");
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        const struct schema_resource *r =
            versions[i].group ? schema_resource(str_of(versions[i].group), str_of(versions[i].version),
                                                str_of(versions[i].plural))
                              : schema_internal(str_of(versions[i].plural));
        char err[256] = "";
        struct buf draft = {0};
        int rc = stored_draft(s, STR("/registry/x"), r, STR(""), STR("n"), str_of(versions[i].value), &draft,
                              err, sizeof(err));
        const struct record *rec = (const struct record *)(const void *)draft.p;
        if (rc != (versions[i].served ? 0 : -EACCES) || (rc && !err[0]))
            fail_msg("%s: %s", versions[i].value, err);
        if (!rc && !str_is(record_json(rec), versions[i].served))
            fail_msg("%s: %.*s", versions[i].value, STR_ARG(record_json(rec)));
        if (rc)
            assert_true(rec->flags & RECORD_UNREADABLE);
        buf_free(&draft);
    }
    stored_free(s);
}

/* {as kube-apiserver stores it, as it is served}: the ways between which it goes */
#define CRD_STORED(spec)                                                                                     \
    "{\"kind\":\"CustomResourceDefinition\",\"apiVersion\":\"apiextensions.k8s.io/v1beta1\",\"metadata\":{"  \
    "\"name\":\"n\",\"uid\":\"u\"},\"spec\":{\"group\":\"g\"," spec "},\"status\":" CRD_STATUS "}\n"
#define CRD_SERVED(spec)                                                                                     \
    "{\"kind\":\"CustomResourceDefinition\",\"apiVersion\":\"apiextensions.k8s.io/v1\",\"metadata\":{"       \
    "\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"\"},\"spec\":{\"group\":\"g\"," spec                 \
    "},\"status\":" CRD_STATUS "}"
#define CRD_NAMES "\"names\":{\"plural\":\"as\",\"singular\":\"a\",\"kind\":\"A\",\"listKind\":\"AList\"}"
#define CRD_STATUS                                                                                           \
    "{\"conditions\":[{\"type\":\"T\",\"status\":\"True\",\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}]" \
    ",\"acceptedNames\":{\"plural\":\"\",\"kind\":\"\"},\"storedVersions\":[\"v1\"]}"
#define CRD_SCHEMA "{\"openAPIV3Schema\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}}"
#define CRD_COLUMN(path) "[{\"name\":\"N\",\"type\":\"integer\",\"priority\":1,\"" path "\":\".spec.n\"}]"

static const struct {
    const char *stored, *served;
} definitions[] = {
    /* one version: all of it goes up */
    {CRD_STORED(
         "\"version\":\"v1\"," CRD_NAMES ",\"scope\":\"Cluster\",\"validation\":" CRD_SCHEMA
         ",\"subresources\":{\"status\":{}},\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":"
         "true}],\"additionalPrinterColumns\":" CRD_COLUMN(
             "JSONPath") ",\"selectableFields\":[{\"jsonPath\":\".spec.s\"}],\"conversion\":{"
                         "\"strategy\":\"None\"},\"preserveUnknownFields\":false"),
     CRD_SERVED(CRD_NAMES ",\"scope\":\"Cluster\",\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":"
                          "true,\"schema\":" CRD_SCHEMA
                          ",\"subresources\":{\"status\":{}},\"additionalPrinterColumns\":" CRD_COLUMN(
                              "jsonPath") ",\"selectableFields\":[{\"jsonPath\":\".spec.s\"}]}],"
                                          "\"conversion\":{\"strategy\":\"None\"}")},
    /* two: each field by itself, and a webhook */
    {CRD_STORED("\"version\":\"v1\"," CRD_NAMES ",\"scope\":\"Cluster\",\"validation\":" CRD_SCHEMA
                ",\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,"
                "\"additionalPrinterColumns\":" CRD_COLUMN(
                    "JSONPath") "},{\"name\":\"v2\",\"served\":true,\"storage\":false,\"deprecated\":true,"
                                "\"subresources\":{\"status\":{}}}],\"conversion\":{\"strategy\":\"Webhook\","
                                "\"webhookClientConfig\":{\"url\":\"https://"
                                "h\"},\"conversionReviewVersions\":[\"v1\"]"
                                "},\"preserveUnknownFields\":true"),
     CRD_SERVED(
         CRD_NAMES
         ",\"scope\":\"Cluster\",\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,"
         "\"schema\":" CRD_SCHEMA ",\"additionalPrinterColumns\":" CRD_COLUMN(
             "jsonPath") "},{\"name\":\"v2\",\"served\":true,\"storage\":false,\"deprecated\":true,"
                         "\"schema\":" CRD_SCHEMA
                         ",\"subresources\":{\"status\":{}}}],\"conversion\":{\"strategy\":\"Webhook\","
                         "\"webhook\":{\"clientConfig\":{\"url\":\"https://h\"},"
                         "\"conversionReviewVersions\":[\"v1\"]}},\"preserveUnknownFields\":true")},
};

static void test_definitions(void **state)
{
    const struct schema_resource *r =
        schema_resource(STR("apiextensions.k8s.io"), STR("v1"), STR("customresourcedefinitions"));
    struct stored *s = open_stored("application/vnd.kubernetes.protobuf");
    for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]); i++) {
        char err[256] = "";
        struct buf draft = {0}, value = {0};
        if (stored_draft(s, STR("/registry/x"), r, STR(""), STR("n"), str_of(definitions[i].stored), &draft,
                         err, sizeof(err)))
            fail_msg("%s: %s", definitions[i].stored, err);
        const struct record *rec = (const struct record *)(const void *)draft.p;
        if (!str_is(record_json(rec), definitions[i].served))
            fail_msg("\n%.*s\n%s", STR_ARG(record_json(rec)), definitions[i].served);
        assert_int_equal(stored_value(s, STR("/registry/x"), rec, &value), 0);
        if (!str_is(buf_view(&value), definitions[i].stored))
            fail_msg("\n%.*s\n%s", STR_ARG(buf_view(&value)), definitions[i].stored);
        buf_free(&draft);
        buf_free(&value);
    }
    stored_free(s);
}

/* What is written is read as the same object, in all forms; and the forms are what others read. */
static void test_round_trip(void **state)
{
    static const char json[] =
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"namespace\":\"d\",\"uid\":"
        "\"u\","
        "\"creationTimestamp\":\"2024-01-02T03:04:05Z\"},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}\n";
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("pods"));
    const char *media[] = {"application/json", "application/vnd.kubernetes.protobuf", "application/yaml"};
    struct buf draft = {0}, value[3] = {{0}}, again = {0};
    char err[256];
    for (int m = 0; m < 3; m++) {
        struct stored *s = open_stored(media[m]);
        buf_clear(&draft);
        assert_int_equal(
            stored_draft(s, STR("k"), r, STR("d"), STR("n"), str_of(json), &draft, err, sizeof(err)), 0);
        assert_int_equal(stored_value(s, STR("k"), (const struct record *)(const void *)draft.p, &value[m]),
                         0);
        buf_clear(&again);
        assert_int_equal(
            stored_draft(s, STR("k"), r, STR("d"), STR("n"), buf_view(&value[m]), &again, err, sizeof(err)),
            0);
        assert_int_equal(again.n, draft.n);
        assert_memory_equal(again.p, draft.p, draft.n);
        stored_free(s);
    }
    assert_memory_equal(value[0].p, "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",",
                        53);
    assert_null(memmem(value[0].p, value[0].n, "resourceVersion", 15));
    assert_int_equal(value[0].p[value[0].n - 1], '\n');
    assert_memory_equal(value[1].p, "k8s\0\n\t\n\002v1\022\003Pod\022", 16);
    assert_memory_equal(value[2].p, "apiVersion: v1\nkind: Pod\n", 25);
    for (int m = 0; m < 3; m++)
        buf_free(&value[m]);
    buf_free(&draft);
    buf_free(&again);
}

/* Fields of a newer writer are in the record, in what is stored again, and not in the JSON. */
static void test_foreign_fields(void **state)
{
    static const char stored[] = "k8s\0\n\017\n\002v1\022\tConfigMap\022\023\n\010\n\001n\240\006\001\062\000"
                                 "\252\006\004more\032\000\"";
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("configmaps"));
    struct stored *s = open_stored("application/vnd.kubernetes.protobuf");
    struct buf draft = {0}, value = {0};
    char err[256];
    assert_int_equal(stored_draft(s, STR("k"), r, STR(""), STR("n"), (struct str){stored, sizeof(stored)},
                                  &draft, err, sizeof(err)),
                     0);
    const struct record *rec = (const struct record *)(const void *)draft.p;
    assert_int_equal(rec->flags, RECORD_KEPT);
    assert_null(memmem(record_json(rec).p, record_json(rec).n, "more", 4));
    assert_int_equal(stored_value(s, STR("k"), rec, &value), 0);
    assert_non_null(memmem(value.p, value.n, "\252\006\004more", 7));
    assert_non_null(memmem(value.p, value.n, "\240\006\001", 3));
    stored_free(s);
    buf_free(&draft);
    buf_free(&value);
}

/* JSON inside an object is stored as its writer spelled it. */
static void test_spelling(void **state)
{
    const struct schema_resource *r = schema_resource(STR("apps"), STR("v1"), STR("controllerrevisions"));
    struct stored *s = open_stored("application/vnd.kubernetes.protobuf");
    struct buf stored = {0}, draft = {0}, value = {0};
    char err[256];
    protobuf_head(&stored, STR("apps/v1"), STR("ControllerRevision"));
    struct str message = STR("\n\000\022\n\n\010{\"a\": 1}\030\007");
    protobuf_tag(&stored, PROTOBUF_RAW, message.n);
    buf_str(&stored, message);
    buf_str(&stored, PROTOBUF_TAIL);
    assert_int_equal(
        stored_draft(s, STR("k"), r, STR(""), STR(""), buf_view(&stored), &draft, err, sizeof(err)), 0);
    const struct record *rec = (const struct record *)(const void *)draft.p;
    assert_non_null(memmem(record_json(rec).p, record_json(rec).n, "{\"a\":1}", 7));
    assert_int_equal(stored_value(s, STR("k"), rec, &value), 0);
    assert_non_null(memmem(value.p, value.n, "{\"a\": 1}", 8));
    stored_free(s);
    buf_free(&stored);
    buf_free(&draft);
    buf_free(&value);
}

static struct stored *open_sealed_for(const char *resource, const char *providers)
{
    char path[] = "/tmp/cubed-stored-XXXXXX", err[256];
    struct options o = {.storage_media_type = "application/json", .encryption_provider_config = path};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd,
            "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n"
            "- {resources: [%s], providers: [%s]}\n",
            resource, providers);
    close(fd);
    struct stored *s = stored_new(&o, err, sizeof(err));
    unlink(path);
    if (!s)
        fail_msg("%s", err);
    return s;
}

static struct stored *open_sealed(const char *providers)
{
    return open_sealed_for("secrets", providers);
}

#define SECRET                                                                                               \
    "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"},\"data\":{\"a\":\"aGlkZGVu\"}" \
    "}"
#define OLD "{aesgcm: {keys: [{name: old, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}}"
#define NEW "{aescbc: {keys: [{name: new, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}}"

static int draft_of(struct stored *s, struct str value, struct buf *draft, char err[256])
{
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("secrets"));
    buf_clear(draft);
    return stored_draft(s, STR("/registry/secrets/n"), r, STR(""), STR("n"), value, draft, err, 256);
}

/* What is encrypted is read with the key it was written with, is stale under another first one, and without
 * it is a record that says why. */
static void test_sealed(void **state)
{
    struct stored *plain = open_stored("application/json"), *old = open_sealed(OLD),
                  *rotated = open_sealed(NEW ", " OLD);
    struct buf draft = {0}, value = {0};
    char err[256];
    const struct record *rec;
    assert_int_equal(draft_of(plain, STR(SECRET), &draft, err), 0);
    rec = (const struct record *)(const void *)draft.p;
    assert_int_equal(stored_value(old, STR("/registry/secrets/n"), rec, &value), 0);
    assert_true(str_starts(buf_view(&value), STR("k8s:enc:aesgcm:v1:old:")));
    assert_null(memmem(value.p, value.n, "aGlkZGVu", 8));
    assert_int_equal(draft_of(old, buf_view(&value), &draft, err), 0);
    rec = (const struct record *)(const void *)draft.p;
    assert_int_equal(rec->flags, 0);
    assert_non_null(memmem(record_json(rec).p, record_json(rec).n, "aGlkZGVu", 8));
    assert_int_equal(draft_of(rotated, buf_view(&value), &draft, err), 0);
    rec = (const struct record *)(const void *)draft.p;
    assert_int_equal(rec->flags, RECORD_STALE);
    assert_int_equal(draft_of(plain, buf_view(&value), &draft, err), -EACCES);
    rec = (const struct record *)(const void *)draft.p;
    assert_int_equal(rec->flags, RECORD_UNREADABLE);
    assert_string_equal(err, "identity transformer tried to read encrypted data");
    assert_true(str_is(record_table_field(record_table_view(rec), RECORD_SLOT_WHY), err));
    assert_true(str_is(record_name(rec), "n"));
    assert_true(stored_way(old) != stored_way(plain) && stored_way(old) != stored_way(rotated));
    stored_free(plain);
    stored_free(old);
    stored_free(rotated);
    buf_free(&draft);
    buf_free(&value);
}

/* Internal ones are meant by wildcards alone. */
static void test_sealed_names(void **state)
{
    static const struct {
        const char *resource, *plural, *key, *value;
        bool sealed;
    } rows[] = {
        {"rangeallocations", "/rangeallocations", "/registry/ranges/serviceips", "RangeAllocation", false},
        {"'*.'", "/rangeallocations", "/registry/ranges/serviceips", "RangeAllocation", true},
        {"masterleases", "/masterleases", "/registry/masterleases/10.0.0.1", "Endpoints", false},
        {"'*.'", "/masterleases", "/registry/masterleases/10.0.0.1", "Endpoints", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stored *s = open_sealed_for(rows[i].resource, OLD ", {identity: {}}");
        const struct schema_resource *r = schema_internal(str_of(rows[i].plural));
        struct buf draft = {0}, value = {0};
        char text[128], err[256];
        snprintf(text, sizeof(text), "{\"kind\":\"%s\",\"apiVersion\":\"v1\",\"metadata\":{}}",
                 rows[i].value);
        assert_int_equal(stored_draft(s, str_of(rows[i].key), r, STR(""), STR("n"), str_of(text), &draft, err,
                                      sizeof(err)),
                         0);
        assert_int_equal(
            stored_value(s, str_of(rows[i].key), (const struct record *)(const void *)draft.p, &value), 0);
        if (str_starts(buf_view(&value), STR("k8s:enc:")) != rows[i].sealed)
            fail_msg("%s %s", rows[i].resource, rows[i].key);
        buf_free(&draft);
        buf_free(&value);
        stored_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),        cmocka_unit_test(test_values),
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_foreign_fields),
        cmocka_unit_test(test_spelling),    cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_definitions), cmocka_unit_test(test_sealed_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
