/* What is answered in protobuf says the same as what is answered in JSON: objects, lists, events. */
#include "tests/unit/worker/rig.h"

#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "worker/watch/cursor.h"

#define PROTO "application/vnd.kubernetes.protobuf"
#define META(kind) ";as=" kind ";g=meta.k8s.io;v=v1"

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

/* ---- reading ---- */

static json_t *tree_of(struct arena *a, struct str envelope, const char *gv, const char *kind)
{
    const char *err = "";
    const struct schema_type *t = schema_type(str_of(gv), str_of(kind));
    assert_non_null(t);
    json_t *v = protobuf_read(a, envelope, kind, t, &err);
    if (!v)
        fail_msg("%s", err);
    assert_string_equal(json_string_value(json_object_get(v, "kind")), kind);
    return v;
}

/* What protobuf does not know from absent, JSON may show as empty. */
static bool is_empty(const json_t *v)
{
    return json_is_null(v) || json_is_false(v) || (json_is_string(v) && json_string_length(v) == 0) ||
           (json_is_integer(v) && json_integer_value(v) == 0) ||
           (json_is_array(v) && json_array_size(v) == 0) || (json_is_object(v) && json_object_size(v) == 0);
}

static void prune(json_t *v)
{
    const char *key;
    json_t *member;
    void *next;
    size_t i;
    json_array_foreach(v, i, member) prune(member);
    if (!json_is_object(v))
        return;
    json_object_foreach_safe(v, next, key, member)
    {
        prune(member);
        if (is_empty(member))
            json_object_del(v, key);
    }
}

static void assert_same(json_t *json, json_t *proto)
{
    prune(json);
    prune(proto);
    if (!json_equal(json, proto)) {
        char *a = json_dumps(json, JSON_SORT_KEYS), *b = json_dumps(proto, JSON_SORT_KEYS);
        print_message("json  %s\nproto %s\n", a, b);
        free(a);
        free(b);
    }
    assert_true(json_equal(json, proto));
    json_decref(json);
    json_decref(proto);
}

/* Items that are messages of a list can't say what they are. */
static json_t *without_kinds(json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        json_object_del(item, "kind");
        json_object_del(item, "apiVersion");
    }
    return list;
}

/* The same request in both forms. as: parameters of Accept. */
static void assert_answers(struct rig *r, const char *verb, const char *resource, const char *name,
                           const char *query, const char *as, const char *gv, const char *kind)
{
    char accept[2][128];
    snprintf(accept[0], sizeof(accept[0]), "application/json%s", as);
    snprintf(accept[1], sizeof(accept[1]), PROTO "%s", as);
    struct client *j = rig_ask(r, verb, resource, "ns", name, query, accept[0]),
                  *p = rig_ask(r, verb, resource, "ns", name, query, accept[1]);
    assert_string_equal(p->rq->res.content_type, PROTO);
    assert_int_equal(p->rq->res.code, 200);
    assert_false(p->aborted);
    struct arena *a = arena_new(0);
    assert_same(without_kinds(client_json(j)), tree_of(a, buf_view(&p->got), gv, kind));
    arena_free(a);
    client_free(j);
    client_free(p);
}

static void objects(void **state)
{
    struct rig *r = *state;
    rig_put_map(r, "ns", "c0", "a", "0");
    rig_put_pod(r, "ns", "p", "node-1");
    assert_answers(r, "get", "v1/configmaps", "c0", "", "", "core/v1", "ConfigMap");
    assert_answers(r, "get", "v1/pods", "p", "", "", "core/v1", "Pod");
    assert_answers(r, "get", "v1/pods", "p", "", META("PartialObjectMetadata"), "meta/v1",
                   "PartialObjectMetadata");
    rig_put(r, "apps", "deployments",
            "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/"
            "v1\",\"metadata\":{\"name\":\"d\",\"namespace\":\"ns\"},"
            "\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{}}}");
    assert_answers(r, "get", "apps/v1/deployments", "d", "", "", "apps/v1", "Deployment");
}

static void errors(void **state)
{
    struct rig *r = *state;
    assert_non_null(r);
    struct client *p = rig_ask(r, "get", "v1/configmaps", "ns", "none", "", PROTO);
    struct arena *a = arena_new(0);
    assert_int_equal(p->rq->res.code, 404);
    assert_string_equal(p->rq->res.content_type, PROTO);
    json_t *st = tree_of(a, buf_view(&p->got), "meta/v1", "Status");
    assert_string_equal(json_string_value(json_object_get(st, "reason")), "NotFound");
    assert_int_equal(json_integer_value(json_object_get(st, "code")), 404);
    json_decref(st);
    arena_free(a);
    client_free(p);
    /* a Table is JSON or nothing */
    p = rig_ask(r, "list", "v1/configmaps", "ns", "", "", PROTO META("Table"));
    assert_int_equal(p->rq->res.code, 406);
    assert_string_equal(p->rq->res.content_type, "application/json");
    client_free(p);
    p = rig_ask(r, "list", "v1/configmaps", "ns", "", "", PROTO META("Table") ",application/json");
    assert_int_equal(p->rq->res.code, 200);
    assert_string_equal(p->rq->res.content_type, "application/json");
    client_free(p);
}

static void lists(void **state)
{
    struct rig *r = *state;
    char name[16], value[256];
    assert_answers(r, "list", "v1/configmaps", "", "", "", "core/v1", "ConfigMapList"); /* of nothing */
    memset(value, 'v', sizeof(value));
    value[255] = 0;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "c%03d", i);
        rig_put_map(r, "ns", name, i % 3 ? "a" : "b", value + i % 250);
    }
    static const char *const queries[] = {"",
                                          "limit=7",
                                          "labelSelector=l%3Db",
                                          "labelSelector=l%3Db&limit=9",
                                          "fieldSelector=metadata.name%3Dc007",
                                          "resourceVersion=0",
                                          "resourceVersionMatch=Exact&resourceVersion=200"};
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        assert_answers(r, "list", "v1/configmaps", "", queries[i], "", "core/v1", "ConfigMapList");
        assert_answers(r, "list", "v1/configmaps", "", queries[i], META("PartialObjectMetadataList"),
                       "meta/v1", "PartialObjectMetadataList");
    }
}

/* In another version than the stored one every item is built, to be measured and to be sent. */
static void converted_lists(void **state)
{
    struct rig *r = *state;
    char text[512];
    for (int i = 0; i < 40; i++) {
        snprintf(text, sizeof(text),
                 "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"e%02d\",\"namespace\":"
                 "\"ns\"},"
                 "\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p%d\"},\"reason\":\"r\",\"message\":\"m\","
                 "\"source\":{\"component\":\"c\"},\"count\":%d,\"type\":\"Normal\"}",
                 i, i, i + 1);
        rig_put(r, "", "events", text);
    }
    assert_answers(r, "list", "v1/events", "", "", "", "core/v1", "EventList");
    assert_answers(r, "list", "events.k8s.io/v1/events", "", "limit=30", "", "events.k8s.io/v1", "EventList");
    assert_answers(r, "get", "events.k8s.io/v1/events", "e07", "", "", "events.k8s.io/v1", "Event");
}

/* ---- watches ---- */

static uint64_t take_varint(struct str *in)
{
    uint64_t v = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(in->n > 0);
        unsigned char b = (unsigned char)*in->p;
        in->p++, in->n--;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return v;
    }
}

static struct str take_field(struct str *in, uint32_t number)
{
    assert_int_equal(take_varint(in), number << 3 | 2);
    size_t n = take_varint(in);
    assert_true(n <= in->n);
    struct str s = {in->p, n};
    in->p += n, in->n -= n;
    return s;
}

/* The next event off the stream; false at its end. */
static bool take_event(struct str *in, struct str *type, struct str *envelope)
{
    if (in->n == 0)
        return false;
    assert_true(in->n > 4);
    const unsigned char *p = (const unsigned char *)in->p;
    size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    assert_true(n <= in->n - 4);
    struct str event = {in->p + 4, n};
    in->p += 4 + n, in->n -= 4 + n;
    *type = take_field(&event, 1);
    struct str object = take_field(&event, 2);
    *envelope = take_field(&object, 1);
    assert_true(event.n == 0 && object.n == 0);
    return true;
}

/* Both streams tell the same, event by event. */
static void assert_streams(struct rig *r, struct client *j, struct client *p, const char *gv,
                           const char *kind, int count)
{
    int n = 0;
    client_drain(r, j);
    client_drain(r, p);
    struct str lines = buf_view(&j->got), frames = buf_view(&p->got), line, type, envelope;
    struct arena *a = arena_new(0);
    while (take_event(&frames, &type, &envelope)) {
        assert_true(str_next(&lines, '\n', &line));
        json_t *e = json_loadb(line.p, line.n, 0, NULL);
        assert_true(str_is(type, json_string_value(json_object_get(e, "type"))));
        bool error = str_is(type, "ERROR");
        assert_same(json_incref(json_object_get(e, "object")),
                    tree_of(a, envelope, error ? "meta/v1" : gv, error ? "Status" : kind));
        json_decref(e);
        n++;
    }
    assert_true(lines.n == 0);
    assert_int_equal(n, count);
    arena_free(a);
}

static void watch_both(struct rig *r, const char *query, const char *as, struct client *c[2])
{
    char accept[2][128];
    snprintf(accept[0], sizeof(accept[0]), "application/json%s", as);
    snprintf(accept[1], sizeof(accept[1]), PROTO ";stream=watch%s", as);
    for (int i = 0; i < 2; i++)
        c[i] = rig_request(r, "watch", "v1/configmaps", "ns", "", query, accept[i]);
    assert_string_equal(c[1]->rq->res.content_type, PROTO ";stream=watch");
}

static void streams(void **state)
{
    struct rig *r = *state;
    struct client *c[2], *partial[2], *same;
    rig_put_map(r, "ns", "a", "in", "1");
    rig_put_map(r, "ns", "b", "out", "1");
    watch_both(r, "labelSelector=l%3Din", "", c);
    watch_both(r, "", META("PartialObjectMetadata"), partial);
    same = rig_request(r, "watch", "v1/configmaps", "ns", "", "labelSelector=l%3Din", PROTO);
    assert_streams(r, c[0], c[1], "core/v1", "ConfigMap", 1);
    rig_put_map(r, "ns", "a", "in", "2");
    rig_put_map(r, "ns", "b", "in", "2");
    rig_put_map(r, "ns", "a", "out", "3"); /* leaves: told as it was */
    rig_delete(r, "", "configmaps", "ns", "b");
    assert_streams(r, c[0], c[1], "core/v1", "ConfigMap", 5);
    assert_streams(r, partial[0], partial[1], "meta/v1", "PartialObjectMetadata", 6);
    client_drain(r, same);
    assert_true(str_eq(buf_view(&same->got), buf_view(&c[1]->got)));
    for (int i = 0; i < 2; i++) {
        client_free(c[i]);
        client_free(partial[i]);
    }
    client_free(same);
}

static void bookmarks_and_errors(void **state)
{
    struct rig *r = *state;
    struct client *c[2];
    rig_put_map(r, "ns", "a", "x", "1");
    watch_both(r, "allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", "", c);
    assert_streams(r, c[0], c[1], "core/v1", "ConfigMap", 2);
    struct status st = {.code = 410, .reason = "Expired", .message = "too old"};
    for (int i = 0; i < 2; i++) {
        st.arena = c[i]->rq->arena;
        watch_fail(c[i]->rq->res.source, &st);
        request_wake(c[i]->rq);
    }
    assert_streams(r, c[0], c[1], "core/v1", "ConfigMap", 3);
    assert_true(c[0]->ended && c[1]->ended);
    for (int i = 0; i < 2; i++)
        client_free(c[i]);
}

#define WITH_RIG(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(objects),         WITH_RIG(errors),  WITH_RIG(lists),
        WITH_RIG(converted_lists), WITH_RIG(streams), WITH_RIG(bookmarks_and_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
