/* Trees against the schema: in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "registry/walk/decode.h"
#include "registry/walk/encode.h"

static const struct schema_resource *resource(const char *group, const char *kind)
{
    const struct schema_resource *r = schema_resource_of_kind(str_of(group), STR("v1"), str_of(kind));

    assert_non_null(r);
    return r;
}

static json_t *parse(struct arena *a, const char *text, struct findings *f)
{
    const char *err = NULL;
    json_t *v = json_read(a, str_of(text), f, &err);

    assert_non_null(v);
    return v;
}

/* The text is decoded as the kind; out NULL: it must fail with `message`. */
static void check(const char *group, const char *kind, const char *text, const char *out, const char *message)
{
    const struct schema_resource *r = resource(group, kind);
    struct arena *a = arena_new(0);
    struct findings f = {.arena = a, .by_type = true};
    struct status st = {.arena = a};
    json_t *v = parse(a, text, &f);
    struct buf b = {0};
    bool ok = decode_tree(v, r->type, &f, &st);

    if (out) {
        assert_true(ok);
        encode_object(&b, v, r, NULL);
        buf_putc(&b, '\0');
        assert_string_equal(b.p, out);
        if (message)
            assert_string_equal(findings_text(&f), message);
        else
            assert_int_equal(f.n, 0);
    } else {
        assert_false(ok);
        assert_int_equal(st.code, 400);
        assert_string_equal(st.message, message);
    }
    buf_free(&b);
    json_decref(v);
    arena_free(a);
}

static void test_wrong_types_name_go_fields(void **state)
{
    check(
        "", "Pod", "{\"spec\":{\"containers\":{\"name\":\"c\"}}}", NULL,
        "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container");
    check("", "ConfigMap", "{\"metadata\":[]}", NULL,
          "json: cannot unmarshal array into Go struct field ConfigMap.metadata of type v1.ObjectMeta");
    check("", "ConfigMap", "{\"metadata\":{\"name\":5}}", NULL,
          "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string");
    check("apps", "Deployment", "{\"spec\":{\"replicas\":\"two\"}}", NULL,
          "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32");
    check(
        "apps", "Deployment", "{\"spec\":{\"replicas\":1.5}}", NULL,
        "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32");
    check("apps", "Deployment", "{\"spec\":{\"replicas\":3000000000}}", NULL,
          "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of "
          "type int32");
    check("apps", "Deployment", "{\"spec\":{\"paused\":\"yes\"}}", NULL,
          "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool");
    check("", "Pod", "{\"spec\":{\"containers\":[{\"name\":true}]}}", NULL,
          "json: cannot unmarshal bool into Go struct field Container.spec.containers.name of type string");
    check("", "ConfigMap", "{\"data\":{\"a\":1}}", NULL,
          "json: cannot unmarshal number into Go struct field ConfigMap.data of type string");
    check("", "Pod", "{\"spec\":{\"restartPolicy\":1}}", NULL,
          "json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type "
          "v1.RestartPolicy");
    check(
        "", "Service", "{\"spec\":{\"ipFamilies\":[{}]}}", NULL,
        "json: cannot unmarshal object into Go struct field ServiceSpec.spec.ipFamilies of type v1.IPFamily");
    check("", "Pod", "{\"metadata\":{\"uid\":1}}", NULL,
          "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.uid of type types.UID");
    check("", "Secret", "{\"data\":{\"a\":[1,300]}}", NULL,
          "json: cannot unmarshal number 300 into Go struct field Secret.data of type uint8");
    check("", "Secret", "{\"data\":{\"a\":[97,null,\"x\"]}}", NULL,
          "json: cannot unmarshal string into Go struct field Secret.data of type uint8");
}

static void test_first_error_is_told_but_a_parsers_own_wins(void **state)
{
    check("", "Pod", "{\"spec\":{\"nodeName\":1,\"hostNetwork\":\"x\"}}", NULL,
          "json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string");
    check("", "Pod",
          "{\"spec\":{\"nodeName\":1,\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"x\"}}}]}}", NULL,
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    check("", "Secret", "{\"data\":{\"a\":\"not base64!\"}}", NULL, "illegal base64 data at input byte 3");
    check("", "ConfigMap", "{\"metadata\":{\"creationTimestamp\":5}}", NULL,
          "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type "
          "string");
    check("", "Service", "{\"spec\":{\"ports\":[{\"targetPort\":true}]}}", NULL,
          "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32");
}

static void test_unknown_fields_are_removed_and_found(void **state)
{
    check("apps", "Deployment",
          "{\"spec\":{\"replicas\":1,\"replicas\":2,\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\","
          "\"imagePulPolicy\":\"Always\"}],\"restartpolicy\":\"Always\"}},\"nope\":{\"a\":1,\"a\":2}}}",
          "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/"
          "v1\",\"metadata\":{},\"spec\":{\"replicas\":2,\"selector\":null,"
          "\"template\":{\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{}}]}},"
          "\"strategy\":{}},"
          "\"status\":{}}",
          "duplicate field \"spec.replicas\", unknown field "
          "\"spec.template.spec.containers[0].imagePulPolicy\", unknown field "
          "\"spec.template.spec.restartpolicy\", "
          "unknown field \"spec.nope\"");
    check("", "ConfigMap", "{\"Data\":{},\"metadata\":{\"Name\":\"x\"}}",
          "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{}}",
          "unknown field \"Data\", unknown field \"metadata.Name\"");
}

#define CONFIG(rest) "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"," rest "}"
#define POD(spec)                                                                                            \
    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{},\"spec\":{\"containers\":" spec ",\"status\":{" \
    "}}"

/* Go's decoder decodes the second value over the first. */
static void test_members_given_twice(void **state)
{
    check("", "ConfigMap",
          "{\"metadata\":{\"unk\":1,\"labels\":{\"a\":\"b\",\"a\":\"c\"}},\"foo\":1,\"data\":{\"x\":\"1\","
          "\"x\":\"2\"},"
          "\"bar\":2}",
          CONFIG("\"metadata\":{\"labels\":{\"a\":\"c\"}},\"data\":{\"x\":\"2\"}"),
          "unknown field \"metadata.unk\", duplicate field \"metadata.labels.a\", unknown field \"foo\", "
          "duplicate field \"data.x\", unknown field \"bar\"");
    check(
        "", "ConfigMap",
        "{\"data\":{\"x\":\"1\",\"z\":\"0\"},\"u\":{\"a\":1,\"a\":2},\"data\":{\"y\":\"2\",\"z\":\"3\"},"
        "\"v\":1,"
        "\"immutable\":true,\"immutable\":null}",
        CONFIG("\"metadata\":{},\"data\":{\"x\":\"1\",\"y\":\"2\",\"z\":\"3\"}"),
        "unknown field \"u\", duplicate field \"data\", unknown field \"v\", duplicate field \"immutable\"");
    check("", "Pod",
          "{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"x\":1},{\"name\":\"e\"}],"
          "\"containers\":[{\"name\":\"d\",\"y\":1}]},\"spec\":{\"nodeName\":\"n\",\"z\":1}}",
          POD("[{\"name\":\"d\",\"image\":\"i\",\"resources\":{}}],\"nodeName\":\"n\"}"),
          "unknown field \"spec.containers[0].x\", duplicate field \"spec.containers\", unknown field "
          "\"spec.containers[0].y\", duplicate field \"spec\", unknown field \"spec.z\"");
    check("", "Pod",
          "{\"metadata\":{},\"metadata\":null,\"spec\":{\"containers\":null,\"securityContext\":{"
          "\"runAsUser\":1},"
          "\"securityContext\":{\"runAsGroup\":2},\"securityContext\":{\"runAsUser\":3},"
          "\"hostAliases\":[{\"ip\":\"1.2.3.4\"}],\"hostAliases\":null}}",
          POD("null,\"securityContext\":{\"runAsUser\":3,\"runAsGroup\":2}}"),
          "duplicate field \"metadata\", duplicate field \"spec.securityContext\", duplicate field "
          "\"spec.hostAliases\"");
    check("", "Pod", "{\"spec\":{\"nodeName\":1,\"nodeName\":\"n\"}}", NULL,
          "json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string");
}

#define SCHEMA(text) "{\"spec\":{\"versions\":[{\"name\":\"v1\",\"schema\":{\"openAPIV3Schema\":" text "}}]}}"

/* They have decoders of their own, which find nothing and forget where they are. */
static void test_schemas_in_schemas(void **state)
{
    check(
        "apiextensions.k8s.io", "CustomResourceDefinition",
        SCHEMA("{\"items\":{\"x\":1,\"type\":\"string\"},\"additionalProperties\":{\"y\":1,\"items\":[{\"z\":"
               "1}]}}"),
        "{\"kind\":\"CustomResourceDefinition\",\"apiVersion\":\"apiextensions.k8s.io/v1\",\"metadata\":{},"
        "\"spec\":{\"group\":\"\",\"names\":{\"plural\":\"\",\"kind\":\"\"},\"scope\":\"\",\"versions\":[{"
        "\"name\":\"v1\","
        "\"served\":false,\"storage\":false,\"schema\":{\"openAPIV3Schema\":{\"items\":{\"type\":\"string\"},"
        "\"additionalProperties\":{\"items\":[{}]}}}}]},"
        "\"status\":{\"conditions\":null,\"acceptedNames\":{\"plural\":\"\",\"kind\":\"\"},"
        "\"storedVersions\":null}}",
        NULL);
    check("apiextensions.k8s.io", "CustomResourceDefinition", SCHEMA("{\"additionalItems\":[1]}"), NULL,
          "boolean or JSON schema expected");
    check("apiextensions.k8s.io", "CustomResourceDefinition", SCHEMA("{\"items\":{\"type\":1}}"), NULL,
          "json: cannot unmarshal number into Go struct field JSONSchemaProps.type of type string");
    check("apiextensions.k8s.io", "CustomResourceDefinition", SCHEMA("{\"dependencies\":{\"a\":[1]}}"), NULL,
          "json: cannot unmarshal number into Go value of type string");
}

static void test_nulls(void **state)
{
    check(
        "", "ConfigMap",
        "{\"data\":{\"a\":null,\"b\":\"c\"},\"immutable\":null,\"metadata\":{\"labels\":null,\"name\":null}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{},\"data\":{\"a\":\"\",\"b\":\"c\"}}",
        NULL);
    check("", "Pod", "{\"spec\":{\"containers\":[null]}}",
          "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"\","
          "\"resources\":{}"
          "}]},\"status\":{}}",
          NULL);
}

static void test_values_are_normalised(void **state)
{
    check("", "Secret", "{\"data\":{\"a\":[97,98],\"b\":[]}}",
          "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{},\"data\":{\"a\":\"YWI=\",\"b\":\"\"}}",
          NULL);
    check("", "Pod",
          "{\"metadata\":{\"creationTimestamp\":\"2020-01-02T05:04:05+02:00\"},\"spec\":{\"containers\":[{"
          "\"resources\":{"
          "\"limits\":{\"memory\":\"1024Mi\",\"cpu\":0.5}},\"name\":\"c\"}],\"volumes\":[{\"name\":\"v\"}]}}",
          "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"creationTimestamp\":\"2020-01-02T03:04:"
          "05Z\"},\"spec\":{"
          "\"volumes\":[{\"name\":\"v\"}],\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{\"cpu\":"
          "\"500m\","
          "\"memory\":\"1Gi\"}}}]},\"status\":{}}",
          NULL);
}

static void test_marks(void **state)
{
    const struct schema_resource *r = resource("", "ConfigMap");
    struct arena *a = arena_new(0);
    json_t *v =
        parse(a,
              "{\"data\":{\"b\":\"1\",\"a\":\"<\"},\"metadata\":{\"name\":\"nm\",\"namespace\":\"ns\","
              "\"resourceVersion\":\"17\"}}",
              NULL);
    struct encode_marks m;
    struct buf b = {0};

    buf_puts(&b, "before");
    encode_object(&b, v, r, &m);
    assert_memory_equal(b.p + 6 + m.body_at, "\"metadata\"", 10);
    assert_memory_equal(b.p + 6 + m.rv_at - 1, "\"\"", 2);
    assert_memory_equal(b.p + 6 + m.name_at, "nm\"", 3);
    assert_memory_equal(b.p + 6 + m.ns_at, "ns\"", 3);
    assert_int_equal(m.name_bytes, 2);
    assert_int_equal(m.ns_bytes, 2);
    buf_putc(&b, '\0');
    assert_string_equal(
        b.p + 6, "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"nm\","
                 "\"namespace\":\"ns\",\"resourceVersion\":\"\"},\"data\":{\"a\":\"\\u003c\",\"b\":\"1\"}}");
    buf_free(&b);
    json_decref(v);
    arena_free(a);
}

static void test_kind_of_a_body(void **state)
{
    struct arena *a = arena_new(0);
    struct str gv, kind;
    const char *err = NULL;
    json_t *v = parse(a, "{\"ApiVersion\":\"v1\",\"kind\":\"Pod\"}", NULL);

    assert_true(decode_gvk(a, v, &gv, &kind, &err));
    assert_true(str_is(gv, "v1") && str_is(kind, "Pod"));
    json_decref(v);
    v = parse(a, "{\"apiVersion\":1}", NULL);
    assert_false(decode_gvk(a, v, &gv, &kind, &err));
    assert_string_equal(
        err, "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct "
             "field .apiVersion of type string");
    json_decref(v);
    v = parse(a, "[]", NULL);
    assert_false(decode_gvk(a, v, &gv, &kind, &err));
    assert_string_equal(
        err, "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of "
             "type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
             "\"json:\\\"kind,omitempty\\\"\" }");
    json_decref(v);
    arena_free(a);
}

static void test_merged_trees_have_other_messages(void **state)
{
    static const char *const cases[][2] = {
        {"{\"spec\":\"text\"}", "cannot restore struct from: string"},
        {"{\"spec\":{\"template\":[]}}", "cannot restore struct from: slice"},
        {"{\"spec\":{\"template\":{\"spec\":{\"containers\":{\"a\":1}}}}}", "cannot restore slice from map"},
        {"{\"spec\":{\"replicas\":\"three\"}}", "unrecognized type: int32"},
        {"{\"spec\":{\"replicas\":1.5}}", "cannot convert float64 to int32"},
        {"{\"metadata\":{\"name\":1}}", "cannot convert int64 to string"},
    };
    static const char *const fits[][2] = {
        {"{\"spec\":{\"replicas\":2.0}}", "{\"spec\":{\"replicas\":2}}"},
        {"{\"spec\":{\"replicas\":4294967297}}", "{\"spec\":{\"replicas\":1}}"},
        {"{\"spec\":{\"replicas\":2147483648.0}}", "{\"spec\":{\"replicas\":-2147483648}}"},
        {"{\"spec\":{\"replicas\":1e30}}", "{\"spec\":{\"replicas\":0}}"},
        {"{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":1.0}}}}",
         "{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":1}}}}"},
    };
    struct arena *a = arena_new(0);

    for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
        struct status st = {.arena = a};
        json_t *v = parse(a, fits[i][0], NULL);
        struct buf b = {0};

        assert_true(decode_merged(v, resource("apps", "Deployment")->type, NULL, &st));
        json_write(&b, v, 0);
        buf_putc(&b, '\0');
        assert_string_equal(b.p, fits[i][1]);
        buf_free(&b);
        json_decref(v);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct status st = {.arena = a};
        json_t *v = parse(a, cases[i][0], NULL);

        assert_false(decode_merged(v, resource("apps", "Deployment")->type, NULL, &st));
        assert_string_equal(st.message, cases[i][1]);
        json_decref(v);
    }
    arena_free(a);
}

/* An object of each built-in kind with nothing in it survives its own encoding. */
static void test_every_kind_round_trips(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);

    assert_true(n > 60);
    for (int i = 0; i < n; i++) {
        struct arena *a = arena_new(0);
        struct status st = {.arena = a};
        struct findings f = {.arena = a};
        struct buf once = {0}, twice = {0};
        const char *err = NULL;
        json_t *v = json_object(), *again;

        encode_object(&once, v, all[i], NULL);
        again = json_read(a, buf_view(&once), &f, &err);
        assert_non_null(again);
        assert_true(decode_tree(again, all[i]->type, &f, &st));
        assert_int_equal(f.n, 0);
        encode_object(&twice, again, all[i], NULL);
        assert_true(str_eq(buf_view(&once), buf_view(&twice)));
        buf_free(&once);
        buf_free(&twice);
        json_decref(v);
        json_decref(again);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_types_name_go_fields),
        cmocka_unit_test(test_first_error_is_told_but_a_parsers_own_wins),
        cmocka_unit_test(test_unknown_fields_are_removed_and_found),
        cmocka_unit_test(test_members_given_twice),
        cmocka_unit_test(test_schemas_in_schemas),
        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_values_are_normalised),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_kind_of_a_body),
        cmocka_unit_test(test_merged_trees_have_other_messages),
        cmocka_unit_test(test_every_kind_round_trips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
