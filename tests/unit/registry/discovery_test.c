/* Discovery documents: JSON, and saying what clients rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include "registry/walk/discovery.h"

static json_t *parse(struct buf *b)
{
    json_error_t e;
    json_t *v = json_loadb(b->p, b->n, JSON_REJECT_DUPLICATES, &e);
    if (!v)
        fail_msg("%s at %d", e.text, e.position);
    buf_free(b);
    return v;
}

static const char *text(const json_t *v, const char *key)
{
    return json_string_value(json_object_get(v, key));
}

/* The item of a list whose KEY is value. */
static json_t *item(const json_t *list, const char *key, const char *value)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        if (!strcmp(text(v, key), value))
            return v;
    }
    fail_msg("no %s %s", key, value);
    return NULL;
}

static void api_versions(void **state)
{
    struct buf b = {0};
    discovery_api_versions(&b, "192.0.2.1:6443");
    json_t *v = parse(&b);
    assert_string_equal(text(v, "kind"), "APIVersions");
    json_t *cidr = json_array_get(json_object_get(v, "serverAddressByClientCIDRs"), 0);
    assert_string_equal(text(cidr, "serverAddress"), "192.0.2.1:6443");
    json_decref(v);
}

static void groups(void **state)
{
    struct buf b = {0};
    discovery_group_list(&b);
    json_t *v = parse(&b), *list = json_object_get(v, "groups");
    assert_string_equal(text(json_array_get(list, 0), "name"), "apiregistration.k8s.io");
    json_t *g = item(list, "name", "autoscaling");
    assert_string_equal(text(json_object_get(g, "preferredVersion"), "groupVersion"), "autoscaling/v2");
    assert_int_equal(json_array_size(json_object_get(g, "versions")), 2);
    json_decref(v);

    assert_true(discovery_group(&b, STR("apps")));
    v = parse(&b);
    assert_string_equal(text(v, "kind"), "APIGroup");
    assert_string_equal(text(v, "name"), "apps");
    json_decref(v);
    assert_false(discovery_group(&b, STR("nope.example.com")));
    assert_false(discovery_group(&b, STR("")));
    assert_int_equal(b.n, 0);
}

static void resources(void **state)
{
    struct buf b = {0};
    assert_true(discovery_resources(&b, STR(""), STR("v1")));
    json_t *v = parse(&b), *list = json_object_get(v, "resources");
    assert_null(json_object_get(v, "apiVersion"));
    assert_string_equal(text(v, "groupVersion"), "v1");
    json_t *pods = item(list, "name", "pods");
    assert_string_equal(text(pods, "storageVersionHash"), "xPOwRZ+Yhw8=");
    assert_string_equal(text(pods, "singularName"), "pod");
    assert_true(json_is_true(json_object_get(pods, "namespaced")));
    assert_string_equal(json_string_value(json_array_get(json_object_get(pods, "shortNames"), 0)), "po");
    json_t *eviction = item(list, "name", "pods/eviction");
    assert_string_equal(text(eviction, "group"), "policy");
    assert_string_equal(text(eviction, "version"), "v1");
    assert_null(json_object_get(item(list, "name", "bindings"), "storageVersionHash"));
    json_decref(v);

    assert_true(discovery_resources(&b, STR("autoscaling"), STR("v1")));
    v = parse(&b);
    assert_string_equal(text(v, "apiVersion"), "v1");
    list = json_object_get(v, "resources");
    assert_string_equal(text(item(list, "name", "horizontalpodautoscalers"), "storageVersionHash"),
                        "qwQve8ut294=");
    json_decref(v);
    assert_false(discovery_resources(&b, STR("apps"), STR("v9")));
    assert_false(discovery_resources(&b, STR("nope"), STR("v1")));
    assert_int_equal(b.n, 0);
}

static void aggregated(void **state)
{
    struct buf b = {0};
    discovery_aggregated(&b, true, "v2");
    json_t *v = parse(&b);
    assert_string_equal(text(v, "apiVersion"), "apidiscovery.k8s.io/v2");
    assert_int_equal(json_array_size(json_object_get(v, "items")), 1);
    json_t *core = json_array_get(json_object_get(v, "items"), 0);
    assert_int_equal(json_object_size(json_object_get(core, "metadata")), 0);
    json_t *version = json_array_get(json_object_get(core, "versions"), 0);
    assert_string_equal(text(version, "freshness"), "Current");
    json_t *pods = item(json_object_get(version, "resources"), "resource", "pods");
    assert_string_equal(text(pods, "scope"), "Namespaced");
    json_t *eviction = item(json_object_get(pods, "subresources"), "subresource", "eviction");
    assert_string_equal(text(json_object_get(eviction, "responseKind"), "group"), "policy");
    json_decref(v);

    int n;
    schema_groups(&n);
    discovery_aggregated(&b, false, "v2");
    v = parse(&b);
    assert_int_equal(json_array_size(json_object_get(v, "items")), n - 1);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(api_versions),
        cmocka_unit_test(groups),
        cmocka_unit_test(resources),
        cmocka_unit_test(aggregated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
