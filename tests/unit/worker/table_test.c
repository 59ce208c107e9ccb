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
        WITH_RIG(one_object),
        WITH_RIG(objects_of_rows),
        WITH_RIG(pages),
        WITH_RIG(watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
