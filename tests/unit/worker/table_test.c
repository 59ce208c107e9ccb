/* Tables: columns, rows, what a row's object is, in get, list and watch. */
#include "tests/unit/worker/rig.h"

#include "worker/read/table.h"

#define TABLE "application/json;as=Table;g=meta.k8s.io;v=v1"

static int setup(void **state)
{
    *state = rig_new(64u << 20);
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static const char *text_at(const json_t *t, const char *key)
{
    const char *s = json_string_value(json_object_get(t, key));
    return s ? s : "";
}

static void one_object(void **state)
{
    struct rig *r = *state;
    rig_put(r, "", "serviceaccounts",
            "{\"kind\":\"ServiceAccount\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"robot\","
            "\"namespace\":\"ns\"}}");
    struct client *c = rig_ask(r, "get", "v1/serviceaccounts", "ns", "robot", "", TABLE);
    json_t *t = client_json(c);
    assert_string_equal(text_at(t, "kind"), "Table");
    assert_string_equal(text_at(t, "apiVersion"), "meta.k8s.io/v1");
    const json_t *columns = json_object_get(t, "columnDefinitions"), *rows = json_object_get(t, "rows");
    assert_string_equal(text_at(json_array_get(columns, 0), "name"), "Name");
    assert_string_equal(text_at(json_array_get(columns, 0), "format"), "name");
    const json_t *row = json_array_get(rows, 0), *cells = json_object_get(row, "cells");
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(json_array_size(cells), json_array_size(columns));
    assert_string_equal(json_string_value(json_array_get(cells, 0)), "robot");
    assert_string_equal(text_at(json_object_get(row, "object"), "kind"), "PartialObjectMetadata");
    assert_string_equal(
        text_at(json_object_get(t, "metadata"), "resourceVersion"),
        text_at(json_object_get(json_object_get(row, "object"), "metadata"), "resourceVersion"));
    json_decref(t);
    client_free(c);
}

static void objects_of_rows(void **state)
{
    static const struct {
        const char *query, *kind;
    } cases[] = {{"includeObject=None", ""},
                 {"includeObject=Object", "ConfigMap"},
                 {"includeObject=Metadata", "PartialObjectMetadata"}};
    struct rig *r = *state;
    rig_put_map(r, "ns", "c0", "a", "0");
    rig_put_map(r, "ns", "c1", "a", "1");
    for (size_t i = 0; i < 3; i++) {
        struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", cases[i].query, TABLE);
        json_t *t = client_json(c);
        const json_t *rows = json_object_get(t, "rows"), *row = json_array_get(rows, 1);
        assert_int_equal(json_array_size(rows), 2);
        assert_string_equal(text_at(json_object_get(row, "object"), "kind"), cases[i].kind);
        json_decref(t);
        client_free(c);
    }
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", "includeObject=Odd", TABLE);
    assert_int_equal(c->rq->res.code, 400);
    client_free(c);
}

static void pages(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof(name), "c%d", i);
        rig_put_map(r, "ns", name, "a", "0");
    }
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", "limit=2", TABLE);
    json_t *t = client_json(c);
    const json_t *meta = json_object_get(t, "metadata");
    assert_int_equal(json_integer_value(json_object_get(meta, "remainingItemCount")), 1);
    assert_true(text_at(meta, "continue")[0] != 0);
    json_decref(t);
    client_free(c);
    c = rig_ask(r, "list", "v1/configmaps", "none", "", "", TABLE);
    t = client_json(c);
    assert_int_equal(json_array_size(json_object_get(t, "rows")), 0);
    assert_true(json_is_array(json_object_get(t, "rows")));
    json_decref(t);
    client_free(c);
}

/* Kinds that tell their creation time alone have null instead of no rows; the others have an empty list. */
static void no_rows(void **state)
{
    struct rig *r = *state;
    struct client *c = rig_ask(r, "list", "v1/limitranges", "none", "", "", TABLE);
    json_t *t = client_json(c);
    assert_true(json_is_null(json_object_get(t, "rows")));
    assert_int_equal(json_array_size(json_object_get(t, "columnDefinitions")), 2);
    json_decref(t);
    client_free(c);
    rig_put(
        r, "", "limitranges",
        "{\"kind\":\"LimitRange\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\"}}");
    c = rig_ask(r, "list", "v1/limitranges", "ns", "", "", TABLE);
    t = client_json(c);
    assert_int_equal(json_array_size(json_object_get(t, "rows")), 1);
    json_decref(t);
    client_free(c);
}

#define SET_HEAD "{\"kind\":\"DaemonSet\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\""
#define GENERATION "\"deprecated.daemonset.template.generation\":\"1\""

/* What is an annotation in one version only is no part of metadata that is told alone. */
static void hidden_annotation(void **state)
{
    static const struct {
        const char *name, *annotations, *left;
    } cases[] = {
        {"d0", "{" GENERATION "}", ""},
        {"d1", "{\"a\":\"b\"," GENERATION "}", "b"},
        {"d2", "{" GENERATION ",\"a\":\"c\"}", "c"},
        {"d3",
         "{\"a\":\"\\\""
         "\"}",
         "\""},
    };
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char obj[512];
        snprintf(obj, sizeof(obj), SET_HEAD "%s\",\"namespace\":\"ns\",\"annotations\":%s},\"spec\":{}}",
                 cases[i].name, cases[i].annotations);
        rig_put(r, "apps", "daemonsets", obj);
    }
    struct client *c = rig_ask(r, "list", "apps/v1/daemonsets", "ns", "", "", TABLE);
    json_t *t = client_json(c);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *row = json_array_get(json_object_get(t, "rows"), i);
        const json_t *meta = json_object_get(json_object_get(row, "object"), "metadata");
        const json_t *annotations = json_object_get(meta, "annotations");
        assert_string_equal(text_at(meta, "name"), cases[i].name);
        assert_string_equal(text_at(annotations, "a"), cases[i].left);
        assert_int_equal(json_object_size(annotations), cases[i].left[0] != 0);
    }
    json_decref(t);
    client_free(c);
    c = rig_ask(r, "list", "apps/v1/daemonsets", "ns", "", "includeObject=Object", TABLE);
    t = client_json(c);
    const json_t *object = json_object_get(json_array_get(json_object_get(t, "rows"), 0), "object");
    assert_int_equal(json_object_size(json_object_get(json_object_get(object, "metadata"), "annotations")),
                     1);
    json_decref(t);
    client_free(c);
}

/* Rows of flow schemas stand in the order in which they are tried. */
static void ranked(void **state)
{
    static const struct {
        const char *name;
        int precedence;
    } given[] = {{"a", 900}, {"b", 7}, {"c", 900}, {"d", 30}};
    static const char *const order[] = {"b", "d", "a", "c"};
    struct rig *r = *state;
    for (int i = 0; i < 4; i++) {
        char obj[256];
        snprintf(obj, sizeof(obj),
                 "{\"kind\":\"FlowSchema\",\"apiVersion\":\"flowcontrol.apiserver.k8s.io/v1\",\"metadata\":{"
                 "\"name\":\"%s\"},\"spec\":{\"matchingPrecedence\":%d}}",
                 given[i].name, given[i].precedence);
        rig_put(r, "flowcontrol.apiserver.k8s.io", "flowschemas", obj);
    }
    struct client *c = rig_ask(r, "list", "flowcontrol.apiserver.k8s.io/v1/flowschemas", "", "", "", TABLE);
    json_t *t = client_json(c);
    const json_t *rows = json_object_get(t, "rows");
    assert_int_equal(json_array_size(rows), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *cells = json_object_get(json_array_get(rows, i), "cells");
        assert_string_equal(json_string_value(json_array_get(cells, 0)), order[i]);
    }
    json_decref(t);
    client_free(c);
}

/* Columns come with the first event only, whatever kind of event that is. */
static void watched(void **state)
{
    struct rig *r = *state;
    rig_put_map(r, "ns", "c0", "a", "0");
    struct client *c = rig_request(r, "watch", "v1/configmaps", "ns", "", "allowWatchBookmarks=true", TABLE);
    client_drain(r, c);
    rig_put_map(r, "ns", "c0", "a", "1");
    client_drain(r, c);
    struct str rest = buf_view(&c->got), line;
    static const char *const types[] = {"ADDED", "BOOKMARK", "MODIFIED"};
    for (int i = 0; i < 3; i++) {
        assert_true(str_next(&rest, '\n', &line));
        json_t *e = json_loadb(line.p, line.n, 0, NULL);
        assert_non_null(e);
        const json_t *t = json_object_get(e, "object"), *columns = json_object_get(t, "columnDefinitions");
        assert_string_equal(text_at(e, "type"), types[i]);
        assert_string_equal(text_at(t, "kind"), "Table");
        assert_true(i == 0 ? json_is_array(columns) : json_is_null(columns));
        assert_int_equal(json_array_size(json_object_get(t, "rows")), 1);
        json_decref(e);
    }
    client_free(c);
}

int main(void)
{
#define WITH_RIG(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_RIG(one_object),        WITH_RIG(objects_of_rows), WITH_RIG(pages),   WITH_RIG(no_rows),
        WITH_RIG(hidden_annotation), WITH_RIG(ranked),          WITH_RIG(watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
