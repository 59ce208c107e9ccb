/* Label and field selectors, names, metadata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "registry/rules/names.h"
#include "registry/rules/objectmeta.h"
#include "registry/rules/selectors.h"

static bool get_label(const void *arg, struct str key, struct str *value)
{
    const json_t *v = json_object_getn(arg, key.p, key.n);

    if (!v)
        return false;
    *value = str_of(json_string_value(v));
    return true;
}

static bool matches(const char *selector, const char *key, const char *value)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct label_selector s;
    json_t *labels = json_object();
    bool hit;

    if (key)
        json_object_set_new(labels, key, json_string(value));
    assert_true(label_selector_parse(a, str_of(selector), &s, &st));
    hit = label_selector_matches(&s, get_label, labels);
    json_decref(labels);
    arena_free(a);
    return hit;
}

/* A NUL ends a token; at the start of one, the selector. */
static void test_nul_bytes(void **state)
{
    static const struct {
        struct str selector;
        const char *error;
    } ROWS[] = {
        {STR("a\0b"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
        {STR("a in (\0)"), NULL},
        {STR("a notin (b\0,c)"), NULL},
        {STR("a=\0b"), NULL},
        {STR("a \0b"), NULL},
    };

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct arena *a = arena_new(0);
        struct status st = {.arena = a};
        struct label_selector s;

        assert_int_equal(label_selector_parse(a, ROWS[i].selector, &s, &st), ROWS[i].error == NULL);
        if (ROWS[i].error)
            assert_string_equal(st.message, ROWS[i].error);
        arena_free(a);
    }
}

static void test_label_forms(void **state)
{
    assert_true(matches("", NULL, NULL));
    assert_true(matches("x", "x", ""));
    assert_false(matches("x", NULL, NULL));
    assert_true(matches("!x", NULL, NULL));
    assert_true(matches("x=1", "x", "1"));
    assert_true(matches("x==1", "x", "1"));
    assert_false(matches("x=1", "x", "2"));
    assert_true(matches("x!=1", NULL, NULL));
    assert_true(matches("x in (1,2)", "x", "2"));
    assert_true(matches("x notin (1)", NULL, NULL));
    assert_true(matches("x in ()", "x", ""));
    assert_true(matches("x in (,)", "x", ""));
    assert_true(matches("x=", "x", ""));
    assert_true(matches("n>5", "n", "7"));
    assert_false(matches("n<7", "n", "7"));
    assert_false(matches("n>5", "n", "x"));
    assert_true(matches(" x , x in (1) ", "x", "1"));
    assert_true(matches("in in (in)", "in", "in"));
    assert_true(matches("d.e/f=g", "d.e/f", "g"));
}

static void expect_label_error(const char *selector, const char *message)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct label_selector s;

    assert_false(label_selector_parse(a, str_of(selector), &s, &st));
    assert_int_equal(st.code, 400);
    assert_string_equal(st.message, message);
    arena_free(a);
}

static void test_label_errors(void **state)
{
    expect_label_error("a b",
                       "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
    expect_label_error("x=1,", "found '', expected: identifier after ','");
    expect_label_error(",", "found ',', expected: !, identifier, or 'end of string'");
    expect_label_error("x in 1", "unable to parse requirement: found '1' expected: '('");
    expect_label_error("x in (1", "unable to parse requirement: found '', expected: ',' or ')'");
    expect_label_error("x=1 y", "found 'y', expected: ',' or 'end of string'");
    expect_label_error("x==)", "unable to parse requirement: found ')', expected: identifier");
    expect_label_error(
        "n>q", "unable to parse requirement: values[0]: Invalid value: \"q\": for 'Gt', 'Lt' operators, "
               "the value must be an integer");
    expect_label_error("!", "unable to parse requirement: found '', expected: identifier");
    expect_label_error(
        "x=$", "unable to parse requirement: values[0][x]: Invalid value: \"$\": a valid label must be an "
               "empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
               "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
               "used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
    expect_label_error(
        "example.com/=x",
        "unable to parse requirement: <nil>: Invalid value: \"example.com/\": name part must be non-empty; "
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
}

static const struct schema_resource *kind(const char *group, const char *name)
{
    const struct schema_resource *r = schema_resource_of_kind(str_of(group), STR("v1"), str_of(name));

    assert_non_null(r);
    return r;
}

static void test_field_selectors(void **state)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct field_selector s;
    const struct schema_resource *pod = kind("", "Pod");

    assert_true(field_selector_parse(a, STR("spec.nodeName=n1,metadata.name!=a\\,b,,metadata.namespace==x"),
                                     pod, &s, &st));
    assert_int_equal(s.n, 3);
    assert_true(s.req[0].where == FIELD_NAME && s.req[0].not_equal && str_is(s.req[0].value, "a,b"));
    assert_true(s.req[1].where == FIELD_NAMESPACE && !s.req[1].not_equal);
    assert_true(s.req[2].where == FIELD_SLOT && str_is(s.req[2].value, "n1"));
    assert_string_equal(pod->selectable[s.req[2].slot].label, "spec.nodeName");
    assert_true(field_selector_parse(a, STR(""), pod, &s, &st));
    assert_int_equal(s.n, 0);
    arena_free(a);
}

static void expect_field_error(const char *group, const char *name, const char *selector, const char *message)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct field_selector s;

    assert_false(field_selector_parse(a, str_of(selector), kind(group, name), &s, &st));
    assert_int_equal(st.code, 400);
    assert_string_equal(st.message, message);
    arena_free(a);
}

static void test_field_errors(void **state)
{
    expect_field_error("", "Pod", "metadata.uid=x", "field label not supported: metadata.uid");
    expect_field_error(
        "", "ConfigMap", "data.k=v",
        "\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    expect_field_error(
        "apps", "ReplicaSet", "status.replicas=0",
        "\"status.replicas\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    expect_field_error("batch", "Job", "status.succeeded=0",
                       "field label \"status.succeeded\" not supported for Job");
    expect_field_error("", "Pod", "nonsense", "invalid selector: 'nonsense'; can't understand 'nonsense'");
    expect_field_error("", "Pod", "metadata.name=a=b",
                       "invalid field selector: unescaped character in value: 61");
    expect_field_error("", "Pod", "metadata.name=a\\b",
                       "invalid field selector: invalid escape sequence: \\b");
    expect_field_error("", "Pod", "metadata.name=a\\", "invalid field selector: invalid escape sequence: \\");
}

static void expect_selectable(const char *group, const char *name, const char *label, const char *json,
                              const char *want)
{
    struct arena *a = arena_new(0);
    const struct schema_resource *r = kind(group, name);
    json_t *v = json_loads(json, 0, NULL);
    struct str got = STR_NONE;

    assert_non_null(v);
    for (int i = 0; i < r->nselectable; i++) {
        if (strcmp(r->selectable[i].label, label) == 0)
            got = selectable_value(a, v, &r->selectable[i]);
    }
    assert_non_null(got.p);
    assert_true(str_is(got, want));
    json_decref(v);
    arena_free(a);
}

static void test_selectable_values(void **state)
{
    expect_selectable("", "Pod", "spec.nodeName", "{\"spec\":{\"nodeName\":\"n\"}}", "n");
    expect_selectable("", "Pod", "spec.nodeName", "{}", "");
    expect_selectable("", "Pod", "spec.hostNetwork", "{}", "false");
    expect_selectable("", "Pod", "spec.hostNetwork", "{\"spec\":{\"hostNetwork\":true}}", "true");
    expect_selectable("", "Pod", "spec.host", "{\"spec\":{\"nodeName\":\"n\"}}", "n");
    expect_selectable("", "ReplicationController", "status.replicas", "{\"status\":{\"replicas\":3}}", "3");
    expect_selectable("", "ReplicationController", "status.replicas", "{}", "0");
    expect_selectable("", "Event", "source", "{\"reportingComponent\":\"r\"}", "r");
    expect_selectable("", "Event", "source",
                      "{\"source\":{\"component\":\"s\"},\"reportingComponent\":\"r\"}", "s");
    expect_selectable("batch", "Job", "status.successful", "{\"status\":{\"succeeded\":2}}", "2");
}

static void test_names(void **state)
{
    struct arena *a = arena_new(0);
    struct name_errors e;

    assert_null(name_dns_subdomain(STR("a.b-c"), false));
    assert_null(name_dns_subdomain(STR("a-"), true));
    assert_non_null(name_dns_subdomain(STR("a-"), false));
    assert_non_null(name_dns_subdomain(STR("a..b"), false));
    assert_string_equal(name_dns_label(STR("a.b"), false), "must not contain dots");
    assert_non_null(name_dns1035_label(STR("1a"), false));
    assert_null(name_dns1035_label(STR("a1"), false));
    assert_string_equal(name_path_segment(STR(".."), false), "may not be '..'");
    assert_string_equal(name_path_segment(STR("a%b"), false), "may not contain '%'");
    assert_null(name_path_segment(STR("system:node"), false));
    assert_null(name_check("any", STR("x:y"), false));
    name_errors(a, "ip", STR("10.0.0.256"), false, &e);
    assert_string_equal(e.text[0], "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    name_errors(a, "ip", STR("010.0.0.1"), false, &e);
    assert_string_equal(e.text[0], "must not have leading 0s");
    name_errors(a, "ip", STR("2001:DB8::1"), false, &e);
    assert_string_equal(e.text[0], "must be in canonical form (\"2001:db8::1\")");
    assert_null(name_qualified(a, STR("example.com/My_Name")));
    assert_non_null(name_qualified(a, STR("a/b/c")));
    assert_null(name_label_value(STR("")));
    assert_string_equal(
        name_label_value(STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
        "must be no more than 63 bytes");
    arena_free(a);
}

static void meta_errors(const char *json, const char *old, const char *message)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    json_t *v = json_loads(json, 0, NULL), *o = old ? json_loads(old, 0, NULL) : NULL;

    assert_non_null(v);
    if (o)
        objectmeta_validate_update(v, o, kind("", "ConfigMap"), &st);
    else
        objectmeta_validate(v, kind("", "ConfigMap"), &st);
    if (!o)
        objectmeta_validate_finalizers(v, &st);
    if (message) {
        assert_true(st.ncauses > 0);
        assert_string_equal(status_aggregate(&st), message);
    } else {
        assert_int_equal(st.ncauses, 0);
    }
    json_decref(v);
    json_decref(o);
    arena_free(a);
}

static void test_metadata(void **state)
{
    meta_errors("{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"labels\":{\"a\":\"b\"},\"annotations\":{"
                "\"X.y/Z\":\"\"}}}",
                NULL, NULL);
    meta_errors("{\"metadata\":{\"namespace\":\"n\"}}", NULL,
                "metadata.name: Required value: name or generateName is required");
    meta_errors("{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"finalizers\":[\"short\"]}}", NULL,
                "metadata.finalizers[0]: Invalid value: \"short\": name is neither a standard finalizer name "
                "nor is it "
                "fully qualified");
    meta_errors(
        "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"ownerReferences\":[{\"uid\":\"u\",\"kind\":"
        "\"K\",\"name\":\"n\","
        "\"apiVersion\":\"x/v1\",\"controller\":true},{\"apiVersion\":\"x/"
        "v1\",\"kind\":\"K\",\"name\":\"m\",\"uid\":\"v\","
        "\"controller\":true}]}}",
        NULL,
        "metadata.ownerReferences: Invalid value: "
        "[{\"apiVersion\":\"x/v1\",\"kind\":\"K\",\"name\":\"n\",\"uid\":\"u\","
        "\"controller\":true},{\"apiVersion\":\"x/"
        "v1\",\"kind\":\"K\",\"name\":\"m\",\"uid\":\"v\",\"controller\":true}]: Only "
        "one reference can have Controller set to true. Found \"true\" in references for K/n and K/m");
}

static void test_metadata_updates(void **state)
{
    meta_errors("{\"metadata\":{\"name\":\"a\",\"uid\":\"x\",\"resourceVersion\":\"1\"}}",
                "{\"metadata\":{\"name\":\"a\",\"uid\":\"y\",\"resourceVersion\":\"1\"}}",
                "metadata.uid: Invalid value: \"x\": field is immutable");
    meta_errors("{\"metadata\":{\"name\":\"a\",\"generation\":1}}",
                "{\"metadata\":{\"name\":\"a\",\"generation\":2}}",
                "[metadata.resourceVersion: Invalid value: \"\": must be specified for an update, "
                "metadata.generation: Invalid "
                "value: 1: must not be decremented]");
    meta_errors("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\",\"deletionTimestamp\":\"2020-01-"
                "01T00:00:00Z\",\"finalizers\":["
                "\"z/z\",\"b/b\",\"a/a\"]}}",
                "{\"metadata\":{\"name\":\"a\",\"deletionTimestamp\":\"2020-01-01T00:00:00Z\",\"finalizers\":"
                "[\"b/b\"]}}",
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
                "deleted, found new "
                "finalizers []string{\"a/a\", \"z/z\"}");
}

static void test_generated(void **state)
{
    char name[64], other[64], uid[37];

    generate_name(STR("abc-"), name);
    generate_name(STR("abc-"), other);
    assert_int_equal(strlen(name), 9);
    assert_memory_equal(name, "abc-", 4);
    assert_int_equal(strspn(name + 4, "bcdfghjklmnpqrstvwxz2456789"), 5);
    assert_string_not_equal(name, other);
    generate_name(STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), name);
    assert_int_equal(strlen(name), 63);
    generate_uid(uid);
    assert_int_equal(strlen(uid), 36);
    assert_int_equal(uid[14], '4');
    assert_non_null(strchr("89ab", uid[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_forms),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_label_errors),
        cmocka_unit_test(test_field_selectors),
        cmocka_unit_test(test_field_errors),
        cmocka_unit_test(test_selectable_values),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_metadata_updates),
        cmocka_unit_test(test_generated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
