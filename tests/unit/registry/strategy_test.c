/* What happens to objects between decoding and the store: defaults, preparation, admission, conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "registry/admission/chain.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

struct fixture {
    struct arena *arena;
    struct status st;
    struct findings warnings;
    struct world world;
    json_t *namespace; /* the one namespace of this world */
};

static json_t *world_get(void *arg, const struct schema_resource *r, struct str ns, struct str name)
{
    struct fixture *f = arg;

    return strcmp(r->plural, "namespaces") == 0 && f->namespace ? json_incref(f->namespace) : NULL;
}

static int64_t world_now(void *arg)
{
    return 1700000000;
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    f->arena = arena_new(0);
    f->st.arena = f->arena;
    f->warnings.arena = f->arena;
    f->world = (struct world){.arg = f, .get = world_get, .now_s = world_now};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_decref(f->namespace);
    arena_free(f->arena);
    test_free(f);
    return 0;
}

static json_t *tree(struct fixture *f, const char *text)
{
    const char *err = "";
    json_t *v = json_read(f->arena, str_of(text), NULL, &err);

    if (!v)
        fail_msg("%s", err);
    return v;
}

static struct strategy_call call(struct fixture *f, const char *group, const char *plural, const char *sub)
{
    const struct schema_resource *r = schema_resource(str_of(group), STR("v1"), str_of(plural));

    assert_non_null(r);
    return (struct strategy_call){.arena = f->arena,
                                  .resource = r,
                                  .subresource = sub,
                                  .world = &f->world,
                                  .warnings = &f->warnings,
                                  .user = "jane"};
}

static void assert_str(const json_t *obj, const char *path, const char *want)
{
    const char *is = tree_string(obj, path);

    if (!is || strcmp(is, want) != 0)
        fail_msg("%s is %s, not %s", path, is ? is : "(absent)", want);
}

#define POD_SPEC                                                                                             \
    "{\"containers\":[{\"name\":\"c\",\"image\":\"reg:5000/nginx\"},{\"name\":\"d\",\"image\":\"r/x:1\"}]}"

static void test_template_defaults(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *d = tree(f, "{\"spec\":{\"template\":{\"spec\":" POD_SPEC "}}}"), *spec, *first;

    strategy_defaults(&c, d);
    assert_int_equal(tree_int(d, "spec.replicas", 0), 1);
    assert_int_equal(tree_int(d, "spec.progressDeadlineSeconds", 0), 600);
    assert_str(d, "spec.strategy.type", "RollingUpdate");
    assert_str(d, "spec.strategy.rollingUpdate.maxSurge", "25%");
    spec = tree_get(d, "spec.template.spec");
    assert_str(spec, "restartPolicy", "Always");
    assert_int_equal(tree_int(spec, "terminationGracePeriodSeconds", 0), 30);
    assert_null(tree_get(spec, "enableServiceLinks"));
    first = json_array_get(tree_get(spec, "containers"), 0);
    assert_str(first, "imagePullPolicy", "Always");
    assert_str(json_array_get(tree_get(spec, "containers"), 1), "imagePullPolicy", "IfNotPresent");
    json_decref(d);
}

static void test_said_stays(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *d = tree(f, "{\"spec\":{\"replicas\":0,\"strategy\":{\"type\":\"Recreate\"}}}");

    strategy_defaults(&c, d);
    assert_int_equal(tree_int(d, "spec.replicas", 7), 0);
    assert_null(tree_get(d, "spec.strategy.rollingUpdate"));
    json_decref(d);
}

static void test_service_defaults(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *s = tree(f, "{\"spec\":{\"ports\":[{\"port\":80},{\"port\":81,\"targetPort\":\"web\"}]}}"), *port;

    strategy_defaults(&c, s);
    assert_str(s, "spec.type", "ClusterIP");
    assert_str(s, "spec.internalTrafficPolicy", "Cluster");
    assert_null(tree_get(s, "spec.externalTrafficPolicy"));
    port = json_array_get(tree_get(s, "spec.ports"), 0);
    assert_str(port, "protocol", "TCP");
    assert_int_equal(tree_int(port, "targetPort", 0), 80);
    assert_str(json_array_get(tree_get(s, "spec.ports"), 1), "targetPort", "web");
    json_decref(s);
}

static void test_service_keeps_the_address_it_names(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *s =
        tree(f, "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\"},\"spec\":{\"clusterIP\":\"10.0.0.7\","
                "\"type\":\"ClusterIP\",\"ports\":[{\"port\":80}]}}");

    assert_true(strategy_before_create(&c, s, &f->st));
    assert_str(s, "spec.clusterIP", "10.0.0.7");
    assert_string_equal(json_string_value(json_array_get(tree_get(s, "spec.clusterIPs"), 0)), "10.0.0.7");
    assert_string_equal(json_string_value(json_array_get(tree_get(s, "spec.ipFamilies"), 0)), "IPv4");
    json_decref(s);
}

static bool every_address_taken(void *arg, const char *address)
{
    return true;
}

static bool every_address_in_range(void *arg, const char *address)
{
    return true;
}

static void test_service_cannot_have_a_taken_address(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *s =
        tree(f, "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\"},\"spec\":{\"clusterIP\":\"10.0.0.7\","
                "\"type\":\"ClusterIP\",\"ports\":[{\"port\":80}]}}");

    f->world.address_taken = every_address_taken;
    f->world.address_in_range = every_address_in_range;
    assert_false(strategy_before_create(&c, s, &f->st));
    assert_int_equal(f->st.code, 422);
    assert_non_null(strstr(f->st.message, "10.0.0.7: provided IP is already allocated"));
    json_decref(s);
}

static void test_service_keeps_the_node_port_of_a_namesake(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "services", "");
    json_t *old =
        tree(f, "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\",\"resourceVersion\":\"1\"},\"spec\":{"
                "\"type\":\"NodePort\",\"clusterIP\":\"10.0.0.7\",\"clusterIPs\":[\"10.0.0.7\"],"
                "\"ports\":[{\"name\":\"a\",\"port\":80,\"nodePort\":30123}]}}");
    json_t *s = json_deep_copy(old);

    tree_set(s, "spec.ports",
             json_pack("[{s:s,s:i},{s:s,s:i}]", "name", "b", "port", 80, "name", "a", "port", 81));
    assert_true(strategy_before_update(&c, s, old, &f->st));
    assert_int_equal(tree_int(json_array_get(tree_get(s, "spec.ports"), 1), "nodePort", 0), 30123);
    json_decref(s);
    json_decref(old);
}

static void test_warns_of_deprecated_node_labels(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "pods", "");
    json_t *p =
        tree(f, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"},\"spec\":{\"nodeSelector\":{"
                "\"beta.kubernetes.io/os\":\"linux\"},\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");

    c.warnings = &f->warnings;
    assert_true(strategy_before_create(&c, p, &f->st));
    assert_int_equal(f->warnings.n, 1);
    assert_string_equal(f->warnings.text[0],
                        "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; "
                        "use \"kubernetes.io/os\" instead");
    json_decref(p);
}

static void test_resize_changes_resources_alone(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "pods", "resize");
    json_t *old =
        tree(f, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\",\"generation\":1,"
                "\"resourceVersion\":\"1\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
    json_t *p = json_deep_copy(old), *container = json_array_get(tree_get(p, "spec.containers"), 0);

    tree_set_string(container, "image", "other");
    tree_set_string(container, "resources.requests.cpu", "1");
    assert_true(strategy_before_update(&c, p, old, &f->st));
    container = json_array_get(tree_get(p, "spec.containers"), 0);
    assert_str(container, "image", "i");
    assert_str(container, "resources.requests.cpu", "1");
    json_decref(p);
    json_decref(old);
}

static void test_features_that_are_off_are_dropped(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "statefulsets", "");
    json_t *s = tree(
        f, "{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":2,"
           "\"maxUnavailable\":1}}}}");

    strategy_defaults(&c, s);
    assert_null(tree_get(s, "spec.updateStrategy.rollingUpdate.maxUnavailable"));
    assert_int_equal(tree_int(s, "spec.updateStrategy.rollingUpdate.partition", 0), 2);
    json_decref(s);
}

static void test_secret_text(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "secrets", "");
    json_t *s = tree(f, "{\"data\":{\"a\":\"eA==\"},\"stringData\":{\"b\":\"text\",\"a\":\"y\"}}");

    strategy_defaults(&c, s);
    assert_null(tree_get(s, "stringData"));
    assert_str(s, "data.b", "dGV4dA==");
    assert_str(s, "data.a", "eQ==");
    assert_str(s, "type", "Opaque");
    json_decref(s);
}

static void test_create_sets_system_metadata(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *d = tree(f, "{\"metadata\":{\"generateName\":\"web-\",\"namespace\":\"n\",\"uid\":\"mine\","
                        "\"deletionTimestamp\":\"2020-01-01T00:00:00Z\"},\"status\":{\"replicas\":3}}");

    assert_true(strategy_before_create(&c, d, &f->st));
    assert_int_equal(tree_str(d, "metadata.uid").n, 36);
    assert_int_equal(tree_str(d, "metadata.name").n, strlen("web-") + 5);
    assert_str(d, "metadata.creationTimestamp", "2023-11-14T22:13:20Z");
    assert_null(tree_get(d, "metadata.deletionTimestamp"));
    assert_null(tree_get(d, "status"));
    assert_int_equal(tree_int(d, "metadata.generation", 0), 1);
    assert_str(d, "apiVersion", "apps/v1");
    json_decref(d);
}

static void test_create_needs_a_name(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "", "configmaps", "");
    json_t *o = tree(f, "{\"metadata\":{\"namespace\":\"n\"}}");

    assert_false(strategy_before_create(&c, o, &f->st));
    assert_int_equal(f->st.code, 422);
    assert_string_equal(f->st.causes[0].field, "metadata.name");
    json_decref(o);
}

static const char *const OLD =
    "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\",\"namespace\":\"n\","
    "\"uid\":\"u\",\"resourceVersion\":\"7\",\"generation\":2,\"creationTimestamp\":\"2023-01-01T00:00:00Z\","
    "\"labels\":{\"a\":\"b\"}},\"spec\":{\"replicas\":1},\"status\":{\"replicas\":1}}";

static json_t *updated(struct fixture *f, const char *sub, const char *path, json_t *value)
{
    struct strategy_call c = call(f, "apps", "deployments", sub);
    json_t *old = tree(f, OLD), *obj = json_deep_copy(old);

    tree_set(obj, path, value);
    if (!strategy_before_update(&c, obj, old, &f->st))
        fail_msg("%s", f->st.message);
    json_decref(old);
    return obj;
}

static void test_update_raises_generation_with_spec(void **state)
{
    json_t *same = updated(*state, "", "metadata.labels", json_pack("{s:s}", "x", "y"));
    json_t *changed = updated(*state, "", "spec.replicas", json_integer(2));
    json_t *annotated = updated(*state, "", "metadata.annotations", json_pack("{s:s}", "x", "y"));

    assert_int_equal(tree_int(same, "metadata.generation", 0), 2);
    assert_int_equal(tree_int(changed, "metadata.generation", 0), 3);
    assert_int_equal(tree_int(annotated, "metadata.generation", 0), 3);
    json_decref(same);
    json_decref(changed);
    json_decref(annotated);
}

static void test_status_and_spec_are_apart(void **state)
{
    json_t *main = updated(*state, "", "status.replicas", json_integer(9));
    json_t *status = updated(*state, "status", "spec.replicas", json_integer(9));
    json_t *labels = updated(*state, "status", "metadata.labels", json_pack("{s:s}", "x", "y"));

    assert_int_equal(tree_int(main, "status.replicas", 0), 1);
    assert_int_equal(tree_int(status, "spec.replicas", 0), 1);
    assert_int_equal(tree_int(status, "metadata.generation", 0), 2);
    assert_str(labels, "metadata.labels.a", "b");
    json_decref(main);
    json_decref(status);
    json_decref(labels);
}

static void test_update_cannot_change_uid(void **state)
{
    struct fixture *f = *state;
    struct strategy_call c = call(f, "apps", "deployments", "");
    json_t *old = tree(f, OLD), *obj = json_deep_copy(old);

    tree_set_string(obj, "metadata.uid", "other");
    assert_false(strategy_before_update(&c, obj, old, &f->st));
    assert_int_equal(f->st.code, 422);
    json_decref(obj);
    json_decref(old);
}

static void test_removal_waits_for_finalizers(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("configmaps"));
    json_t *going = tree(f, "{\"metadata\":{\"deletionTimestamp\":\"2023-01-01T00:00:00Z\"}}");
    json_t *held = tree(f, "{\"metadata\":{\"finalizers\":[\"x/y\"]}}"), *live = tree(f, "{\"metadata\":{}}");

    assert_true(strategy_removes(r, live, going));
    assert_false(strategy_removes(r, held, going));
    assert_false(strategy_removes(r, live, live));
    tree_set_int(going, "metadata.deletionGracePeriodSeconds", 30);
    assert_false(strategy_removes(r, live, going));
    json_decref(going);
    json_decref(held);
    json_decref(live);
}

static void test_events_are_renamed(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *core = schema_resource(STR(""), STR("v1"), STR("events"));
    const struct schema_resource *v1 = schema_resource(STR("events.k8s.io"), STR("v1"), STR("events"));
    json_t *e =
        tree(f, "{\"kind\":\"Event\",\"note\":\"n\",\"regarding\":{\"name\":\"p\"},\"deprecatedCount\":3}");

    e = strategy_convert(f->arena, e, v1, core, &f->st);
    assert_str(e, "message", "n");
    assert_str(e, "involvedObject.name", "p");
    assert_int_equal(tree_int(e, "count", 0), 3);
    assert_str(e, "apiVersion", "v1");
    e = strategy_convert(f->arena, e, core, v1, &f->st);
    assert_str(e, "note", "n");
    assert_null(tree_get(e, "message"));
    json_decref(e);
}

static void test_autoscalers_keep_what_v1_cannot_say(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *v1 =
        schema_resource(STR("autoscaling"), STR("v1"), STR("horizontalpodautoscalers"));
    const struct schema_resource *v2 =
        schema_resource(STR("autoscaling"), STR("v2"), STR("horizontalpodautoscalers"));
    json_t *h =
        tree(f, "{\"spec\":{\"maxReplicas\":3,\"metrics\":[{\"type\":\"Resource\",\"resource\":{\"name\":"
                "\"memory\"}},{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":{\"type\":"
                "\"Utilization\",\"averageUtilization\":60}}}]}}");

    h = strategy_convert(f->arena, h, v2, v1, &f->st);
    assert_int_equal(tree_int(h, "spec.targetCPUUtilizationPercentage", 0), 60);
    assert_null(tree_get(h, "spec.metrics"));
    h = strategy_convert(f->arena, h, v1, v2, &f->st);
    assert_int_equal(tree_size(h, "spec.metrics"), 2);
    assert_null(tree_get(h, "metadata.annotations"));
    json_decref(h);
}

static bool admitted(struct fixture *f, enum admission_verb verb, const char *plural, const char *ns,
                     const char *name)
{
    struct admission_call c = {.arena = f->arena,
                               .verb = verb,
                               .resource = schema_resource(STR(""), STR("v1"), str_of(plural)),
                               .subresource = "",
                               .ns = str_of(ns),
                               .name = str_of(name),
                               .obj =
                                   verb == ADMISSION_DELETE ? NULL : tree(f, "{\"metadata\":{},\"spec\":{}}"),
                               .world = &f->world};
    bool ok;

    f->st = (struct status){.arena = f->arena};
    ok = admission_admit(&c, &f->st);
    json_decref(c.obj);
    return ok;
}

static void test_autoscalers_drop_annotations_they_cannot_read(void **state)
{
    struct fixture *f = *state;
    const struct schema_resource *v1 =
        schema_resource(STR("autoscaling"), STR("v1"), STR("horizontalpodautoscalers"));
    const struct schema_resource *v2 =
        schema_resource(STR("autoscaling"), STR("v2"), STR("horizontalpodautoscalers"));
    json_t *h =
        tree(f, "{\"metadata\":{\"name\":\"h\",\"annotations\":{\"plain\":\"x\","
                "\"autoscaling.alpha.kubernetes.io/metrics\":"
                "\"[{\\\"type\\\":\\\"Pods\\\",\\\"pods\\\":{\\\"metricName\\\":[1]}}]\"}},\"spec\":{}}");

    h = strategy_convert(f->arena, h, v1, v2, &f->st);
    assert_non_null(h);
    assert_null(tree_get(h, "spec.metrics"));
    assert_int_equal(json_object_size(tree_get(h, "metadata.annotations")), 1);
    json_decref(h);
}

static void test_namespaces_come_first(void **state)
{
    struct fixture *f = *state;

    assert_false(admitted(f, ADMISSION_CREATE, "configmaps", "n", "a"));
    assert_int_equal(f->st.code, 404);
    f->namespace = tree(f, "{\"status\":{\"phase\":\"Active\"}}");
    assert_true(admitted(f, ADMISSION_CREATE, "configmaps", "n", "a"));
    tree_set_string(f->namespace, "status.phase", "Terminating");
    assert_false(admitted(f, ADMISSION_CREATE, "configmaps", "n", "a"));
    assert_int_equal(f->st.code, 403);
    assert_string_equal(f->st.causes[0].reason, "NamespaceTerminating");
    assert_false(admitted(f, ADMISSION_DELETE, "namespaces", "", "kube-system"));
    assert_true(admitted(f, ADMISSION_DELETE, "namespaces", "", "mine"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_template_defaults),
        TEST(test_said_stays),
        TEST(test_service_defaults),
        TEST(test_service_keeps_the_address_it_names),
        TEST(test_service_cannot_have_a_taken_address),
        TEST(test_service_keeps_the_node_port_of_a_namesake),
        TEST(test_warns_of_deprecated_node_labels),
        TEST(test_resize_changes_resources_alone),
        TEST(test_features_that_are_off_are_dropped),
        TEST(test_secret_text),
        TEST(test_create_sets_system_metadata),
        TEST(test_create_needs_a_name),
        TEST(test_update_raises_generation_with_spec),
        TEST(test_status_and_spec_are_apart),
        TEST(test_update_cannot_change_uid),
        TEST(test_removal_waits_for_finalizers),
        TEST(test_events_are_renamed),
        TEST(test_autoscalers_keep_what_v1_cannot_say),
        TEST(test_autoscalers_drop_annotations_they_cannot_read),
        TEST(test_namespaces_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
