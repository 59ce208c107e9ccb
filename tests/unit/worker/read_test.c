/* Gets and lists against a real cache and store. */
#include "tests/unit/worker/rig.h"

#include "worker/read/selector.h"
#include "worker/read/text.h"

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

static void five_maps(struct rig *r)
{
    rig_put_map(r, "ns", "c0", "a", "0");
    rig_put_map(r, "ns", "c1", "b", "1");
    rig_put_map(r, "ns", "c2", "a", "2");
    rig_put_map(r, "ns", "c3", "b", "3");
    rig_put_map(r, "other", "c4", "a", "4");
}

static void get_is_the_record(void **state)
{
    struct rig *r = *state;
    int64_t rv = rig_put_map(r, "ns", "c0", "a", "0");
    struct client *c = rig_ask(r, "get", "v1/configmaps", "ns", "c0", "", NULL);
    char want[512];
    snprintf(
        want, sizeof(want),
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"c0\",\"namespace\":\"ns\","
        "\"resourceVersion\":\"%lld\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"labels\":{\"l\":\"a\"}"
        "},"
        "\"data\":{\"k\":\"0\"}}\n",
        (long long)rv);
    assert_string_equal(client_text(c), want);
    assert_int_equal(c->rq->res.content_length, (int64_t)strlen(want));
    client_free(c);
}

static void get_errors(void **state)
{
    struct rig *r = *state;
    struct client *c = rig_ask(r, "get", "v1/configmaps", "ns", "none", "", NULL);
    assert_int_equal(c->rq->res.code, 404);
    assert_non_null(strstr(client_text(c), "configmaps \\\"none\\\" not found"));
    client_free(c);
    c = rig_ask(r, "get", "v1/configmaps", "ns", "none", "resourceVersion=x", NULL);
    assert_int_equal(c->rq->res.code, 500);
    client_free(c);
    c = rig_ask(r, "get", "v1/configmaps", "ns", "none", "export=true", NULL);
    assert_int_equal(c->rq->res.code, 400);
    client_free(c);
}

static void get_forms(void **state)
{
    struct rig *r = *state;
    rig_put_map(r, "ns", "c0", "a", "0");
    struct client *c = rig_ask(r, "get", "v1/configmaps", "ns", "c0", "", "application/yaml");
    assert_string_equal(c->rq->res.content_type, "application/yaml");
    assert_ptr_equal(strstr(client_text(c), "apiVersion: v1\ndata:\n  k: \"0\"\nkind: ConfigMap\n"),
                     c->got.p);
    client_free(c);
    c = rig_ask(r, "get", "v1/configmaps", "ns", "c0", "pretty=true", NULL);
    assert_ptr_equal(strstr(client_text(c), "{\n  \"kind\": \"ConfigMap\",\n"), c->got.p);
    client_free(c);
    c = rig_ask(r, "get", "v1/configmaps", "ns", "c0", "",
                "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    assert_ptr_equal(strstr(client_text(c),
                            "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
                            "\"metadata\":{\"name\":\"c0\""),
                     c->got.p);
    assert_null(strstr(client_text(c), "data\":{\"k"));
    json_decref(client_json(c));
    client_free(c);
}

static void get_scale(void **state)
{
    struct rig *r = *state;
    rig_put(r, "apps", "deployments",
            "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/"
            "v1\",\"metadata\":{\"name\":\"d\",\"namespace\":\"ns\","
            "\"labels\":{\"x\":\"y\"}},\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"b\":\"2\","
            "\"a\":\"1\"},"
            "\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\",\"values\":[\"z\",\"y\"]}]}},"
            "\"status\":{}}");
    struct client *c = rig_request(r, "get", "apps/v1/deployments", "ns", "d", "", NULL);
    client_free(c);
    c = calloc(1, sizeof(*c));
    struct request *rq = c->rq = request_new(&r->ctx, &rig_transport, c, &r->peer);
    rq->method = STR("GET");
    rq->info = (struct request_info){.verb = STR("get"), .ns = STR("ns"), .name = STR("d")};
    rq->info.schema = schema_resource(STR("apps"), STR("v1"), STR("deployments"));
    rq->info.sub = schema_subresource(rq->info.schema, STR("scale"));
    assert_int_equal(handler_get(rq), STAGE_DONE);
    client_drain(r, c);
    json_t *t = client_json(c);
    assert_string_equal(json_string_value(json_object_get(t, "kind")), "Scale");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(t, "spec"), "replicas")), 2);
    assert_string_equal(json_string_value(json_object_get(json_object_get(t, "status"), "selector")),
                        "a=1,b=2,c in (y,z)");
    assert_null(json_object_get(json_object_get(t, "metadata"), "labels"));
    json_decref(t);
    client_free(c);
}

static void list_whole(void **state)
{
    struct rig *r = *state;
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", "", NULL);
    assert_non_null(strstr(client_text(c), "\"items\":[]}\n"));
    client_free(c);
    five_maps(r);
    int64_t rv = rig_put_pod(r, "ns", "p", "n1");
    c = rig_ask(r, "list", "v1/configmaps", "ns", "", "", NULL);
    char head[128];
    snprintf(head, sizeof(head),
             "{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%lld\"},"
             "\"items\":["
             "{\"metadata\":{\"name\":\"c0\"",
             (long long)rv);
    assert_ptr_equal(strstr(client_text(c), head), c->got.p);
    client_free(c);
    assert_names(r, "v1/configmaps", "ns", "", "c0 c1 c2 c3");
    assert_names(r, "v1/configmaps", "", "", "c0 c1 c2 c3 c4");
    assert_names(r, "v1/configmaps", "", "resourceVersion=0&limit=1", "c0 c1 c2 c3 c4");
}

static void list_selects(void **state)
{
    struct rig *r = *state;
    five_maps(r);
    assert_names(r, "v1/configmaps", "", "labelSelector=l%3Da", "c0 c2 c4");
    assert_names(r, "v1/configmaps", "ns", "labelSelector=l!%3Da", "c1 c3");
    assert_names(r, "v1/configmaps", "ns", "fieldSelector=metadata.name%3Dc2", "c2");
    assert_names(r, "v1/configmaps", "", "fieldSelector=metadata.name%3Dc4", "c4");
    assert_names(r, "v1/configmaps", "ns", "fieldSelector=metadata.name!%3Dc2", "c0 c1 c3");
    assert_names(r, "v1/configmaps", "", "fieldSelector=metadata.namespace%3Dother", "c4");
    assert_names(r, "v1/configmaps", "ns", "fieldSelector=metadata.namespace%3Dother", "");
    rig_put_pod(r, "ns", "p1", "n1");
    rig_put_pod(r, "ns", "p2", "n2");
    rig_put_pod(r, "other", "p3", "n1");
    assert_names(r, "v1/pods", "", "fieldSelector=spec.nodeName%3Dn1", "p1 p3");
    assert_names(r, "v1/pods", "other", "fieldSelector=spec.nodeName%3Dn1", "p3");
    assert_names(r, "v1/pods", "", "fieldSelector=spec.nodeName!%3Dn1", "p2");
    assert_names(r, "v1/pods", "", "fieldSelector=spec.nodeName%3Dn1,metadata.name%3Dp3", "p3");
}

static struct client *page(struct rig *r, const char *query, const char *names, char **token,
                           char **remaining)
{
    char got[1024];
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", query, NULL);
    assert_int_equal(c->rq->res.code, 200);
    client_names(c, got, sizeof(got));
    assert_string_equal(got, names);
    *token = meta_of(c, "continue");
    *remaining = meta_of(c, "remainingItemCount");
    return c;
}

static void pages_are_one_state(void **state)
{
    struct rig *r = *state;
    char query[512], *token, *left, *again, *left2;
    five_maps(r);
    struct client *first = page(r, "limit=2", "c0 c1", &token, &left);
    assert_string_equal(left, "2");
    char *rv = meta_of(first, "resourceVersion");
    rig_delete(r, "", "configmaps", "ns", "c3");
    rig_put_map(r, "ns", "c9", "a", "9");
    rig_put_map(r, "ns", "c2", "a", "changed");
    snprintf(query, sizeof(query), "limit=9&continue=%s", token);
    struct client *second = page(r, query, "c2 c3", &again, &left2);
    assert_null(again);
    assert_null(left2);
    assert_null(strstr(client_text(second), "changed"));
    char *rv2 = meta_of(second, "resourceVersion");
    assert_string_equal(rv, rv2);
    client_free(first);
    client_free(second);
    free(token), free(left), free(rv), free(rv2);
    assert_names(r, "v1/configmaps", "ns", "", "c0 c1 c2 c9");
}

static void pages_with_selectors(void **state)
{
    struct rig *r = *state;
    char query[512], *token, *left;
    five_maps(r);
    client_free(page(r, "limit=2&fieldSelector=metadata.name!%3Dc0", "c1 c2", &token, &left));
    assert_null(left);
    snprintf(query, sizeof(query), "limit=2&fieldSelector=metadata.name!%%3Dc0&continue=%s", token);
    free(token);
    client_free(page(r, query, "c3", &token, &left));
    assert_null(token);
    client_free(page(r, "limit=4", "c0 c1 c2 c3", &token, &left));
    assert_null(token);
    client_free(page(r, "limit=1&labelSelector=l%3Dnone", "", &token, &left));
    assert_null(token);
}

static void exact_is_the_past(void **state)
{
    struct rig *r = *state;
    char query[128];
    int64_t rv = rig_put_map(r, "ns", "c0", "a", "old");
    rig_put_map(r, "ns", "c0", "a", "new");
    rig_put_map(r, "ns", "c1", "a", "1");
    snprintf(query, sizeof(query), "resourceVersion=%lld&resourceVersionMatch=Exact", (long long)rv);
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", query, NULL);
    assert_non_null(strstr(client_text(c), "old"));
    assert_null(strstr(client_text(c), "c1"));
    client_free(c);
    snprintf(query, sizeof(query), "resourceVersion=%lld&limit=500", (long long)rv);
    assert_names(r, "v1/configmaps", "ns", query, "c0");
    snprintf(query, sizeof(query),
             "resourceVersion=%lld&resourceVersionMatch=Exact&fieldSelector=metadata.name%%3Dc0",
             (long long)rv);
    c = rig_ask(r, "list", "v1/configmaps", "ns", "", query, NULL);
    assert_non_null(strstr(client_text(c), "old"));
    client_free(c);
    snprintf(query, sizeof(query), "resourceVersion=%lld", (long long)rv);
    assert_names(r, "v1/configmaps", "ns", query, "c0 c1");
}

static void assert_answer(struct rig *r, const char *query, int code, const char *text)
{
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", query, NULL);
    assert_int_equal(c->rq->res.code, code);
    if (!strstr(client_text(c), text))
        fail_msg("%s: %s", query, client_text(c));
    client_free(c);
}

static void list_errors(void **state)
{
    struct rig *r = *state;
    assert_answer(r, "limit=x", 400, "strconv.ParseInt: parsing \\\"x\\\": invalid syntax");
    assert_answer(r, "timeoutSeconds=abc", 400, "strconv.ParseInt");
    assert_answer(r, "resourceVersion=-1", 400,
                  "invalid resource version: resourceVersion: Invalid value: \\\"-1\\\"");
    assert_answer(r, "continue=abc", 400,
                  "invalid continue token: continue key is not valid: invalid character 'i'");
    assert_answer(r, "resourceVersionMatch=Exact", 422, "is forbidden unless resourceVersion is provided");
    assert_answer(r, "resourceVersion=0&resourceVersionMatch=Exact", 422, "is forbidden for resourceVersion");
    assert_answer(
        r, "resourceVersion=5&resourceVersionMatch=Odd", 422,
        "Unsupported value: \\\"Odd\\\": supported values: \\\"Exact\\\", \\\"NotOlderThan\\\", \\\"\\\"");
    assert_answer(r, "sendInitialEvents=true", 422, "sendInitialEvents is forbidden for list");
    assert_answer(r, "fieldSelector=data.k%3Dv", 400, "is not a known field selector");
    assert_answer(r, "limit=-1", 200, "\"items\":[]");
}

static void too_large_waits_then_fails(void **state)
{
    struct rig *r = *state;
    struct client *c = rig_request(r, "list", "v1/configmaps", "ns", "", "resourceVersion=999999", NULL);
    assert_true(c->rq->suspended);
    rig_put_map(r, "ns", "c0", "a", "0");
    rig_turn(r);
    assert_true(c->rq->suspended);
    for (int i = 0; i < 40 && !c->rq->res.begun; i++) {
        usleep(100000);
        rig_turn(r);
    }
    client_drain(r, c);
    assert_int_equal(c->rq->res.code, 504);
    assert_non_null(strstr(client_text(c), "Too large resource version: 999999, current: "));
    assert_non_null(strstr(client_text(c), "ResourceVersionTooLarge"));
    client_free(c);
}

static void waits_for_a_revision(void **state)
{
    struct rig *r = *state;
    char query[64];
    int64_t rv = rig_put_map(r, "ns", "c0", "a", "0");
    snprintf(query, sizeof(query), "resourceVersion=%lld", (long long)rv + 1);
    struct client *c = rig_request(r, "get", "v1/configmaps", "ns", "c1", query, NULL);
    assert_true(c->rq->suspended);
    rig_put_map(r, "ns", "c1", "a", "1");
    rig_turn(r);
    assert_true(c->rq->res.begun);
    client_drain(r, c);
    assert_non_null(strstr(client_text(c), "\"name\":\"c1\""));
    client_free(c);
    /* a client that leaves while parked leaves nothing behind */
    c = rig_request(r, "get", "v1/configmaps", "ns", "c1", "resourceVersion=999999", NULL);
    client_free(c);
    rig_turn(r);
}

/* A reader of a long list that stops: its snapshot goes, what it reads later is still the same state. */
static void slow_reader_keeps_its_state(void **state)
{
    struct rig *r = *state;
    char name[16], value[4096];
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "c%03d", i);
        rig_put_map(r, "ns", name, "a", value);
    }
    struct client *c = rig_request(r, "list", "v1/configmaps", "ns", "", "", NULL);
    client_read(c, 10000);
    rig_turn(r);
    for (int i = 0; i < 200; i += 2) {
        snprintf(name, sizeof(name), "c%03d", i);
        rig_put_map(r, "ns", name, "a", "changed");
    }
    rig_delete(r, "", "configmaps", "ns", "c199");
    usleep(20000);
    assert_true(snapshots_reclaim(r->ctx.snapshots, 1) >= 1);
    rig_turn(r);
    assert_int_equal(snapshots_oldest_ms(r->ctx.snapshots), 0);
    while (!c->ended)
        client_read(c, 30000), rig_turn(r);
    assert_false(c->aborted);
    assert_null(strstr(client_text(c), "changed"));
    json_t *t = client_json(c);
    assert_int_equal(json_array_size(json_object_get(t, "items")), 200);
    json_decref(t);
    client_free(c);
}

static void gone_with_a_way_on(void **state)
{
    struct rig *r = *state;
    char query[512], value[60000], *token, *left;
    five_maps(r);
    client_free(page(r, "limit=2", "c0 c1", &token, &left));
    free(left);
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    usleep(5000);
    for (int i = 0; i < 100; i++)
        rig_put_map(r, "zz", "big", "a", value);
    rig_turn(r);
    snprintf(query, sizeof(query), "limit=2&continue=%s", token);
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", query, NULL);
    assert_int_equal(c->rq->res.code, 410);
    assert_non_null(strstr(client_text(c), "\"reason\":\"Expired\""));
    char *fresh = meta_of(c, "continue");
    assert_non_null(fresh);
    client_free(c);
    snprintf(query, sizeof(query), "continue=%s", fresh);
    assert_names(r, "v1/configmaps", "ns", query, "c2 c3");
    assert_answer(r, "resourceVersion=2&resourceVersionMatch=Exact", 410, "provided list is too old");
    free(token), free(fresh);
}

static int setup_small(void **state)
{
    *state = rig_new(1u << 20);
    return 0;
}

static void list_forms(void **state)
{
    struct rig *r = *state;
    rig_put_map(r, "ns", "c0", "a", "0");
    rig_put_map(r, "ns", "c1", "a", "1");
    struct client *c = rig_ask(r, "list", "v1/configmaps", "ns", "", "", "application/yaml");
    const char *err = NULL;
    json_t *t = yaml_read(c->rq->arena, buf_view(&c->got), NULL, &err);
    if (!t)
        fail_msg("%s in %s", err, client_text(c));
    assert_int_equal(json_array_size(json_object_get(t, "items")), 2);
    assert_string_equal(json_string_value(json_object_get(t, "kind")), "ConfigMapList");
    assert_ptr_equal(strstr(client_text(c), "apiVersion: v1\nitems:\n- "), c->got.p);
    json_decref(t);
    client_free(c);
    c = rig_ask(r, "list", "v1/configmaps", "none", "", "", "application/yaml");
    assert_ptr_equal(strstr(client_text(c), "apiVersion: v1\nitems: []\nkind: ConfigMapList\n"), c->got.p);
    client_free(c);
    c = rig_ask(r, "list", "v1/configmaps", "ns", "", "pretty=1", NULL);
    json_decref(client_json(c));
    assert_non_null(
        strstr(client_text(c), "\"items\": [\n    {\n      \"metadata\": {\n        \"name\": \"c0\""));
    assert_non_null(strstr(client_text(c), "\n    }\n  ]\n}"));
    client_free(c);
    c = rig_ask(r, "list", "v1/configmaps", "ns", "", "",
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    t = client_json(c);
    assert_string_equal(json_string_value(json_object_get(t, "kind")), "PartialObjectMetadataList");
    const json_t *item = json_array_get(json_object_get(t, "items"), 1);
    assert_string_equal(json_string_value(json_object_get(item, "kind")), "PartialObjectMetadata");
    assert_null(json_object_get(item, "data"));
    json_decref(t);
    client_free(c);
}

/* The metadata of one object and that of a list are two forms, and nothing has both. */
static void metadata_of_what_is_there(void **state)
{
    static const struct {
        const char *verb, *resource, *name, *kind;
        int code;
        const char *text;
    } rows[] = {
        {"get", "v1/configmaps", "c0", "PartialObjectMetadata", 200, "\"kind\":\"PartialObjectMetadata\""},
        {"get", "v1/configmaps", "c0", "PartialObjectMetadataList", 406,
         "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)"},
        {"get", "v1/configmaps", "none", "PartialObjectMetadataList", 404, "not found"},
        {"list", "v1/configmaps", "", "PartialObjectMetadataList", 200, "\"items\":[{\"kind\""},
        {"list", "v1/secrets", "", "PartialObjectMetadataList", 200, "\"items\":null}"},
        {"list", "v1/configmaps", "", "PartialObjectMetadata", 406,
         "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)"},
        {"list", "apps/v1/deployments", "", "PartialObjectMetadata", 406, "(*apps.DeploymentList)"},
        {"list", "events.k8s.io/v1/events", "", "PartialObjectMetadata", 406, "(*core.EventList)"},
    };
    struct rig *r = *state;
    rig_put_map(r, "ns", "c0", "a", "0");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char accept[128];
        snprintf(accept, sizeof(accept), "application/json;as=%s;g=meta.k8s.io;v=v1", rows[i].kind);
        struct client *c = rig_ask(r, rows[i].verb, rows[i].resource, "ns", rows[i].name, "", accept);
        assert_int_equal(c->rq->res.code, rows[i].code);
        if (!strstr(client_text(c), rows[i].text))
            fail_msg("row %zu: %s", i, client_text(c));
        client_free(c);
    }
}

static void text_members(void **state)
{
    struct str o = STR("{\"a\":{\"x\":\"}\\\"]\"},\"b\":[1,{\"c\":2}],\"c\":\"q\",\"n\":null}"), v;
    assert_true(text_member(o, STR("b"), &v) && str_is(v, "[1,{\"c\":2}]"));
    assert_true(text_member(o, STR("n"), &v) && str_is(v, "null"));
    assert_true(str_is(text_string(o, STR("c")), "q"));
    assert_false(text_member(o, STR("x"), &v));
    for (size_t n = 0; n < o.n; n++) /* cut anywhere: no crash */
        text_member((struct str){o.p, n}, STR("zz"), &v);
}

int main(void)
{
#define WITH_RIG(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_RIG(get_is_the_record),
        WITH_RIG(get_errors),
        WITH_RIG(get_forms),
        WITH_RIG(get_scale),
        WITH_RIG(list_whole),
        WITH_RIG(list_selects),
        WITH_RIG(pages_are_one_state),
        WITH_RIG(pages_with_selectors),
        WITH_RIG(exact_is_the_past),
        WITH_RIG(list_errors),
        WITH_RIG(too_large_waits_then_fails),
        WITH_RIG(waits_for_a_revision),
        WITH_RIG(slow_reader_keeps_its_state),
        cmocka_unit_test_setup_teardown(gone_with_a_way_on, setup_small, teardown),
        WITH_RIG(list_forms),
        WITH_RIG(metadata_of_what_is_there),
        cmocka_unit_test(text_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
