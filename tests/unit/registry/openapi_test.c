/* OpenAPI documents: JSON, whole (no reference leads nowhere), and saying what kubectl reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include "registry/walk/openapi.h"

#define POD "io.k8s.api.core.v1.Pod"

static json_t *parse(struct buf *b)
{
    json_error_t e;
    json_t *v = json_loadb(b->p, b->n, JSON_REJECT_DUPLICATES, &e);
    if (!v)
        fail_msg("%s at %d", e.text, e.position);
    buf_free(b);
    return v;
}

/* Follows keys until NULL; fails when one is missing. */
static json_t *at(json_t *v, ...)
{
    va_list ap;
    va_start(ap, v);
    for (const char *key; (key = va_arg(ap, const char *));) {
        v = json_object_get(v, key);
        if (!v)
            fail_msg("no member %s", key);
    }
    va_end(ap);
    return v;
}

/* Every $ref of the document is one of its definitions; returns how many there are. */
static int check_refs(json_t *v, json_t *definitions, const char *prefix)
{
    int n = 0;
    const char *key;
    json_t *member;
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++)
            n += check_refs(json_array_get(v, i), definitions, prefix);
    }
    json_object_foreach(v, key, member)
    {
        n += check_refs(member, definitions, prefix);
        if (strcmp(key, "$ref") || !json_is_string(member))
            continue;
        const char *to = json_string_value(member);
        assert_int_equal(strncmp(to, prefix, strlen(prefix)), 0);
        assert_non_null(json_object_get(definitions, to + strlen(prefix)));
        n++;
    }
    return n;
}

static void v2_is_whole(void **state)
{
    struct buf b = {0};
    openapi_v2(&b);
    json_t *v = parse(&b);
    assert_string_equal(json_string_value(at(v, "swagger", NULL)), "2.0");
    assert_true(check_refs(v, at(v, "definitions", NULL), "#/definitions/") > 2000);
    json_decref(v);
}

static void v2_types(void **state)
{
    struct buf b = {0};
    openapi_v2(&b);
    json_t *v = parse(&b), *d = at(v, "definitions", NULL);
    json_t *gvk = json_array_get(at(d, POD, "x-kubernetes-group-version-kind", NULL), 0);
    assert_string_equal(json_string_value(at(gvk, "kind", NULL)), "Pod");
    json_t *containers = at(d, "io.k8s.api.core.v1.PodSpec", "properties", "containers", NULL);
    assert_string_equal(json_string_value(at(containers, "x-kubernetes-patch-merge-key", NULL)), "name");
    assert_string_equal(json_string_value(at(containers, "x-kubernetes-patch-strategy", NULL)), "merge");
    assert_string_equal(json_string_value(at(containers, "x-kubernetes-list-type", NULL)), "map");
    json_t *required = at(d, "io.k8s.api.apps.v1.DeploymentSpec", "required", NULL);
    assert_int_equal(json_array_size(required), 2);
    json_t *protocol = at(d, "io.k8s.api.core.v1.ContainerPort", "properties", "protocol", NULL);
    assert_string_equal(json_string_value(json_array_get(at(protocol, "enum", NULL), 0)), "SCTP");
    assert_null(json_object_get(protocol, "default"));
    json_t *port = at(d, "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "format", NULL);
    assert_string_equal(json_string_value(port), "int-or-string");
    assert_string_equal(
        json_string_value(at(d, "io.k8s.api.core.v1.ObjectReference", "x-kubernetes-map-type", NULL)),
        "atomic");
    json_decref(v);
}

/* kubectl looks for dryRun and fieldValidation among the parameters of a kind's patch. */
static void v2_patch_parameters(void **state)
{
    struct buf b = {0};
    openapi_v2(&b);
    json_t *v = parse(&b);
    json_t *patch = at(v, "paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch", NULL);
    assert_string_equal(json_string_value(at(patch, "x-kubernetes-action", NULL)), "patch");
    assert_string_equal(json_string_value(at(patch, "operationId", NULL)), "patchAppsV1NamespacedDeployment");
    assert_string_equal(json_string_value(at(patch, "x-kubernetes-group-version-kind", "kind", NULL)),
                        "Deployment");
    int found = 0;
    json_t *p;
    size_t i;
    json_array_foreach(at(patch, "parameters", NULL), i, p)
    {
        const char *name = json_string_value(at(p, "name", NULL));
        found += !strcmp(name, "dryRun") || !strcmp(name, "fieldValidation") || !strcmp(name, "force");
    }
    assert_int_equal(found, 3);
    json_decref(v);
}

static void v3_documents_are_whole(void **state)
{
    struct buf b = {0};
    openapi_v3_index(&b);
    json_t *index = parse(&b), *entry;
    const char *path;
    json_object_foreach(at(index, "paths", NULL), path, entry)
    {
        assert_true(openapi_v3(&b, str_of(path)));
        json_t *v = parse(&b);
        assert_string_equal(json_string_value(at(v, "openapi", NULL)), "3.0.0");
        assert_true(json_object_size(at(v, "paths", NULL)) > 0);
        check_refs(v, at(v, "components", "schemas", NULL), "#/components/schemas/");
        json_decref(v);
        const char *url = json_string_value(at(entry, "serverRelativeURL", NULL));
        assert_int_equal(strncmp(url, "/openapi/v3/", 12), 0);
        assert_int_equal(strncmp(url + 12, path, strlen(path)), 0);
        assert_int_equal(strncmp(url + 12 + strlen(path), "?hash=", 6), 0);
    }
    assert_non_null(json_object_get(at(index, "paths", NULL), "api/v1"));
    assert_non_null(json_object_get(at(index, "paths", NULL), "apis/apps/v1"));
    json_decref(index);
}

static void v3_index_is_stable(void **state)
{
    struct buf a = {0}, b = {0};
    openapi_v3_index(&a);
    openapi_v3_index(&b);
    assert_true(str_eq(buf_view(&a), buf_view(&b)));
    buf_free(&a);
    buf_free(&b);
}

static void v3_says_defaults(void **state)
{
    struct buf b = {0};
    assert_true(openapi_v3(&b, STR("api/v1")));
    json_t *v = parse(&b), *s = at(v, "components", "schemas", NULL);
    json_t *port = at(s, "io.k8s.api.core.v1.ContainerPort", "properties", NULL);
    assert_string_equal(json_string_value(at(port, "protocol", "default", NULL)), "TCP");
    assert_int_equal(json_integer_value(at(port, "containerPort", "default", NULL)), 0);
    assert_int_equal(json_object_size(at(s, POD, "properties", "spec", "default", NULL)), 0);
    assert_int_equal(json_array_size(at(s, POD, "properties", "spec", "allOf", NULL)), 1);
    assert_null(json_object_get(s, "io.k8s.api.apps.v1.Deployment"));
    json_decref(v);
}

static void v3_knows_only_what_is_served(void **state)
{
    struct buf b = {0};
    assert_false(openapi_v3(&b, STR("apis/nope/v1")));
    assert_false(openapi_v3(&b, STR("apis/apps/v9")));
    assert_false(openapi_v3(&b, STR("apis/apps/v1/x")));
    assert_false(openapi_v3(&b, STR("apis//v1")));
    assert_false(openapi_v3(&b, STR("apis/")));
    assert_false(openapi_v3(&b, STR("")));
    assert_false(openapi_v3(&b, STR_NONE));
    assert_int_equal(b.n, 0);
}

/* Reads one length-delimited field of a protobuf message; returns its number. */
static int next_field(struct str *s, struct str *value)
{
    uint64_t v[2] = {0};
    for (int i = 0; i < 2; i++) {
        for (int shift = 0;; shift += 7) {
            assert_true(s->n > 0);
            unsigned char c = (unsigned char)*s->p++;
            s->n--;
            v[i] |= (uint64_t)(c & 127) << shift;
            if (!(c & 128))
                break;
        }
    }
    assert_int_equal(v[0] & 7, 2);
    assert_true(v[1] <= s->n);
    *value = (struct str){s->p, v[1]};
    s->p += v[1];
    s->n -= v[1];
    return (int)(v[0] >> 3);
}

/* Definitions have number 9 in gnostic's Document; each is {1: name, 2: schema}. */
static void v2_protobuf_holds_the_same(void **state)
{
    struct buf b = {0}, p = {0};
    openapi_v2(&b);
    json_t *v = parse(&b), *d = at(v, "definitions", NULL);
    openapi_v2_protobuf(&p);
    struct str rest = buf_view(&p), value, name, schema;
    assert_int_equal(next_field(&rest, &value), 1);
    assert_true(str_is(value, "2.0"));
    while (next_field(&rest, &value) != 9)
        ;
    size_t n = 0;
    for (struct str entry; value.n; n++) {
        assert_int_equal(next_field(&value, &entry), 1);
        assert_int_equal(next_field(&entry, &name), 1);
        assert_int_equal(next_field(&entry, &schema), 2);
        assert_int_equal(entry.n, 0);
        assert_non_null(json_object_getn(d, name.p, name.n));
        for (struct str member; schema.n;)
            next_field(&schema, &member);
    }
    assert_int_equal(n, json_object_size(d));
    while (rest.n)
        next_field(&rest, &value);
    json_decref(v);
    buf_free(&p);
}

static void v3_protobuf_is_made_of_the_same_documents(void **state)
{
    struct buf p = {0};
    assert_true(openapi_v3_protobuf(&p, STR("apis/batch/v1")));
    struct str rest = buf_view(&p), value;
    assert_int_equal(next_field(&rest, &value), 1);
    assert_true(str_is(value, "3.0.0"));
    int seen = 0;
    while (rest.n)
        seen |= 1 << next_field(&rest, &value);
    assert_int_equal(seen, 1 << 2 | 1 << 4 | 1 << 5); /* info, paths, components */
    buf_clear(&p);
    assert_false(openapi_v3_protobuf(&p, STR("apis/nope/v1")));
    assert_int_equal(p.n, 0);
    buf_free(&p);
}

/* What kubectl explain shows first. */
static void kinds_are_described(void **state)
{
    int n;
    const struct schema_resource *const *all = schema_resources(&n);
    struct buf b = {0};
    openapi_v2(&b);
    json_t *v = parse(&b), *d = at(v, "definitions", NULL);
    for (int i = 0; i < n; i++)
        assert_true(json_string_length(at(d, all[i]->type->openapi, "description", NULL)) > 0);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v2_is_whole),
        cmocka_unit_test(v2_types),
        cmocka_unit_test(v2_patch_parameters),
        cmocka_unit_test(v3_documents_are_whole),
        cmocka_unit_test(v3_index_is_stable),
        cmocka_unit_test(v3_says_defaults),
        cmocka_unit_test(v3_knows_only_what_is_served),
        cmocka_unit_test(v2_protobuf_holds_the_same),
        cmocka_unit_test(v3_protobuf_is_made_of_the_same_documents),
        cmocka_unit_test(kinds_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
