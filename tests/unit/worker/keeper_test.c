/* The keeper against a real cache and store, turn by turn in one process. */
#include "tests/unit/worker/rig.h"

#include "registry/walk/tree.h"
#include "worker/keeper/graph.h"
#include "worker/keeper/keeper.h"
#include "worker/keeper/queue.h"
#include "worker/write/world.h"

struct bench {
    struct rig *rig;
    struct context ctx; /* the keeper's own */
    struct keeper *keeper;
};

static void turns(struct bench *b, int n)
{
    for (int i = 0; i < n; i++) {
        keeper_poll(b->keeper);
        commit_run(b->rig->commit);
        store_poll(b->ctx.store);
        snapshots_turn(b->ctx.snapshots);
        rig_turn(b->rig);
    }
}

static int setup(void **state)
{
    struct bench *b = test_calloc(1, sizeof(*b));

    b->rig = rig_new(64u << 20);
    b->rig->options.bind_address = "127.0.0.1";
    b->rig->options.advertise_address = "192.0.2.1";
    b->rig->options.secure_port = 6443;
    b->rig->options.event_ttl = 3600 * 1000;
    b->rig->options.endpoint_reconciler_type = "lease";
    b->ctx = b->rig->ctx;
    b->ctx.index = b->rig->area->consumers - 1;
    b->ctx.snapshots = snapshots_new(b->rig->cache);
    b->ctx.store = embedded_open(b->rig->area, b->ctx.index);
    world_init(&b->ctx);
    b->keeper = keeper_new(&b->ctx, NULL);
    turns(b, 50);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    keeper_free(b->keeper);
    store_free(b->ctx.store);
    snapshots_free(b->ctx.snapshots);
    rig_free(b->rig);
    test_free(b);
    return 0;
}

static json_t *get(struct bench *b, const char *group, const char *plural, const char *ns, const char *name)
{
    return b->ctx.world.get(b->ctx.world.arg, schema_resource(str_of(group), STR("v1"), str_of(plural)),
                            str_of(ns), str_of(name));
}

static bool there(struct bench *b, const char *plural, const char *ns, const char *name)
{
    json_t *obj = get(b, "", plural, ns, name);

    json_decref(obj);
    return obj != NULL;
}

static void put_map(struct bench *b, const char *ns, const char *name, const char *metadata)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"uid-%s\"%s%s}}", name, ns, name,
             *metadata ? "," : "", metadata);
    rig_put(b->rig, "", "configmaps", text);
}

#define OWNED_BY(owner, blocks)                                                                              \
    "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"" owner                   \
    "\",\"uid\":\"uid-" owner "\",\"blockOwnerDeletion\":" blocks "}]"
#define GOING "\"deletionTimestamp\":\"2023-01-01T00:00:00Z\",\"deletionGracePeriodSeconds\":0,"

static void test_cluster_has_its_objects(void **state)
{
    struct bench *b = *state;
    json_t *svc = get(b, "", "services", "default", "kubernetes");
    json_t *slice = get(b, "discovery.k8s.io", "endpointslices", "default", "kubernetes");

    assert_true(there(b, "namespaces", "", "kube-node-lease"));
    assert_non_null(svc);
    assert_string_equal(tree_string(svc, "spec.clusterIP"), "10.0.0.1");
    assert_non_null(slice);
    json_decref(svc);
    json_decref(slice);
}

static void test_missing_ones_come_back(void **state)
{
    struct bench *b = *state;

    rig_delete(b->rig, "", "services", "default", "kubernetes");
    rig_delete(b->rig, "networking.k8s.io", "ipaddresses", "", "10.0.0.1");
    assert_false(there(b, "services", "default", "kubernetes"));
    turns(b, 20);
    assert_true(there(b, "services", "default", "kubernetes"));
}

static const char *told(struct bench *b, const char *name)
{
    static char status[16];
    json_t *schema = get(b, "flowcontrol.apiserver.k8s.io", "flowschemas", "", name);
    const json_t *condition = json_array_get(tree_get(schema, "status.conditions"), 0);

    snprintf(status, sizeof(status), "%s %s", tree_string(condition, "type") ? "Dangling" : "-",
             tree_string(condition, "status") ? tree_string(condition, "status") : "-");
    json_decref(schema);
    return status;
}

static void test_flow_schemas_are_told_of_their_level(void **state)
{
    struct bench *b = *state;

    assert_string_equal(told(b, "catch-all"), "Dangling False");
    rig_put(b->rig, "flowcontrol.apiserver.k8s.io", "flowschemas",
            "{\"metadata\":{\"name\":\"mine\"},\"spec\":{\"priorityLevelConfiguration\":{\"name\":\"mine\"}}}");
    turns(b, 20);
    assert_string_equal(told(b, "mine"), "Dangling True");
    rig_put(b->rig, "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations",
            "{\"metadata\":{\"name\":\"mine\"},\"spec\":{\"type\":\"Exempt\"}}");
    turns(b, 20);
    assert_string_equal(told(b, "mine"), "Dangling False");
    rig_delete(b->rig, "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "", "exempt");
    turns(b, 20);
    assert_string_equal(told(b, "exempt"), "Dangling False");
}

static void test_wrong_endpoints_are_put_right(void **state)
{
    struct bench *b = *state;
    json_t *e;

    rig_put(b->rig, "", "endpoints", "{\"metadata\":{\"name\":\"kubernetes\",\"namespace\":\"default\"}}");
    turns(b, 20);
    e = get(b, "", "endpoints", "default", "kubernetes");
    assert_int_equal(tree_size(e, "subsets"), 1);
    json_decref(e);
}

static void put_namespace(struct bench *b)
{
    rig_put(b->rig, "", "namespaces",
            "{\"metadata\":{\"name\":\"x\",\"uid\":\"n\",\"deletionTimestamp\":\"2023-01-01T00:00:00Z\"},"
            "\"spec\":{\"finalizers\":[\"kubernetes\"]},\"status\":{\"phase\":\"Terminating\"}}");
}

static void test_namespace_is_emptied_and_goes(void **state)
{
    struct bench *b = *state;

    put_map(b, "x", "a", "");
    put_map(b, "x", "b", "");
    put_map(b, "other", "a", "");
    rig_put(b->rig, "apps", "deployments", "{\"metadata\":{\"name\":\"d\",\"namespace\":\"x\"}}");
    put_namespace(b);
    turns(b, 50);
    assert_false(there(b, "configmaps", "x", "a"));
    assert_false(there(b, "namespaces", "", "x"));
    assert_true(there(b, "configmaps", "other", "a"));
}

static void test_namespace_waits_for_finalizers(void **state)
{
    struct bench *b = *state;
    json_t *ns;

    put_map(b, "x", "a", "\"finalizers\":[\"x/y\"]");
    put_namespace(b);
    turns(b, 50);
    ns = get(b, "", "namespaces", "", "x");
    assert_non_null(ns);
    assert_int_equal(tree_size(ns, "status.conditions"), 5);
    json_decref(ns);
    rig_delete(b->rig, "", "configmaps", "x", "a");
    turns(b, 50);
    assert_false(there(b, "namespaces", "", "x"));
}

static void test_dependents_follow_their_owner(void **state)
{
    struct bench *b = *state;

    put_map(b, "default", "o", "");
    put_map(b, "default", "a", OWNED_BY("o", "false"));
    put_map(b, "default", "b", OWNED_BY("a", "false"));
    turns(b, 20);
    assert_true(there(b, "configmaps", "default", "b"));
    rig_delete(b->rig, "", "configmaps", "default", "o");
    turns(b, 50);
    assert_false(there(b, "configmaps", "default", "a"));
    assert_false(there(b, "configmaps", "default", "b"));
}

static void test_owner_of_another_uid_is_no_owner(void **state)
{
    struct bench *b = *state;

    put_map(b, "default", "o", "");
    put_map(b, "default", "a",
            "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"o\",\"uid\":"
            "\"gone\"}]");
    turns(b, 30);
    assert_true(there(b, "configmaps", "default", "o"));
    assert_false(there(b, "configmaps", "default", "a"));
}

static void test_foreground_waits(void **state)
{
    struct bench *b = *state;

    put_map(b, "default", "o", "");
    put_map(b, "default", "a", OWNED_BY("o", "true") ",\"finalizers\":[\"x/y\"]");
    put_map(b, "default", "o", GOING "\"finalizers\":[\"foregroundDeletion\"]");
    turns(b, 50);
    assert_true(there(b, "configmaps", "default", "o"));
    rig_delete(b->rig, "", "configmaps", "default", "a");
    turns(b, 50);
    assert_false(there(b, "configmaps", "default", "o"));
}

static void test_orphans_stay(void **state)
{
    struct bench *b = *state;
    json_t *a;

    put_map(b, "default", "o", "");
    put_map(b, "default", "a", OWNED_BY("o", "true"));
    put_map(b, "default", "o", GOING "\"finalizers\":[\"orphan\"]");
    turns(b, 50);
    assert_false(there(b, "configmaps", "default", "o"));
    a = get(b, "", "configmaps", "default", "a");
    assert_non_null(a);
    assert_int_equal(tree_size(a, "metadata.ownerReferences"), 0);
    json_decref(a);
}

static void test_controllers_are_left_alone(void **state)
{
    struct bench *b = *state;
    char now[28], text[512];

    clock_rfc3339_micro(clock_wall_us(), now);
    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"kube-controller-manager\",\"namespace\":\"kube-system\"},\"spec\":"
             "{\"holderIdentity\":\"x\",\"leaseDurationSeconds\":60,\"renewTime\":\"%s\"}}",
             now);
    rig_put(b->rig, "coordination.k8s.io", "leases", text);
    turns(b, 5);
    put_namespace(b);
    turns(b, 50);
    assert_true(there(b, "namespaces", "", "x"));
}

static void test_old_events_go(void **state)
{
    struct bench *b = *state;
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("events"));
    json_t *obj = json_pack("{s:{s:s,s:s}}", "metadata", "name", "e", "namespace", "default");
    struct store_op op = {.verb = STORE_PUT, .expect = STORE_EXPECT_ANY};
    struct arena *a = arena_new(0);
    struct buf draft = {0};

    record_make(&draft, a, obj, r, NULL, clock_wall_s() - 1);
    op.draft = (const struct record *)(const void *)draft.p;
    key_make(&op.key, r->id, STR("default"), STR("e"));
    rig_submit(b->rig, &op);
    turns(b, 5);
    assert_true(there(b, "events", "default", "e"));
    keeper_tick(b->keeper);
    turns(b, 20);
    assert_false(there(b, "events", "default", "e"));
    buf_free(&draft);
    arena_free(a);
    json_decref(obj);
}

static void test_queue_keeps_each_once(void **state)
{
    struct queue *q = queue_new();
    struct work *w;

    queue_add(q, TASK_DEPENDENT, 1, STR("n"), STR("a"), 0);
    queue_add(q, TASK_DEPENDENT, 1, STR("n"), STR("a"), 0);
    queue_add(q, TASK_ORPHAN, 1, STR("n"), STR("a"), 500);
    assert_int_equal(queue_waiting(q), 2);
    w = queue_take(q, 100);
    assert_non_null(w);
    assert_null(queue_take(q, 100));
    queue_add(q, TASK_DEPENDENT, 1, STR("n"), STR("a"), 0);
    queue_done(q, w, true, 100);
    w = queue_take(q, 100);
    assert_non_null(w);
    queue_done(q, w, false, 100);
    assert_null(queue_take(q, 150));
    w = queue_take(q, 1000);
    assert_non_null(w);
    queue_done(q, w, true, 1000);
    queue_free(q);
}

static void count(void *arg, struct str key)
{
    ++*(int *)arg;
}

static void test_graph_forgets(void **state)
{
    struct graph *g = graph_new();
    char key[32];
    int n = 0;

    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        graph_add(g, STR("u"), str_of(key));
        graph_add(g, STR("u"), str_of(key));
    }
    graph_each(g, STR("u"), count, &n);
    assert_int_equal(n, 5000);
    for (int i = 0; i < 5000; i += 2) {
        snprintf(key, sizeof(key), "k%d", i);
        graph_remove(g, STR("u"), str_of(key));
    }
    n = 0;
    graph_each(g, STR("u"), count, &n);
    assert_int_equal(n, 2500);
    assert_int_equal(graph_edges(g), 2500);
    graph_free(g);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cluster_has_its_objects),
        TEST(test_missing_ones_come_back),
        TEST(test_flow_schemas_are_told_of_their_level),
        TEST(test_wrong_endpoints_are_put_right),
        TEST(test_namespace_is_emptied_and_goes),
        TEST(test_namespace_waits_for_finalizers),
        TEST(test_dependents_follow_their_owner),
        TEST(test_owner_of_another_uid_is_no_owner),
        TEST(test_foreground_waits),
        TEST(test_orphans_stay),
        TEST(test_controllers_are_left_alone),
        TEST(test_old_events_go),
        cmocka_unit_test(test_queue_keeps_each_once),
        cmocka_unit_test(test_graph_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
