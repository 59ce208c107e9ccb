/* Server-side apply and the tracking of other writers, object by object: what becomes of it, who owns what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "registry/apply/config.h"
#include "registry/apply/scalefields.h"
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define HEAD "\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\""
#define CONTAINERS(list)                                                                                     \
    "{" HEAD ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"template\":{\"spec\":{\"containers\":[" list "]}}}" \
    "}"

struct world {
    struct arena *a;
    const struct schema_resource *r;
    json_t *obj; /* as it is stored; NULL: not there */
    struct status st;
    int64_t now_s;
};

static int setup(void **state)
{
    static struct world w;

    w = (struct world){.a = arena_new(0), .now_s = 1600000000};
    w.r = schema_resource_of_kind(STR("apps"), STR("v1"), STR("Deployment"));
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    json_decref(w->obj);
    arena_free(w->a);
    return 0;
}

static void drop(void *arg)
{
    json_decref(arg);
}

static json_t *parse(struct world *w, const char *text)
{
    const char *err = "";
    json_t *v = json_read(w->a, str_of(text), NULL, &err);

    assert_non_null(v);
    arena_cleanup(w->a, drop, json_incref(v)); /* sets borrow from it */
    return v;
}

static struct apply_call call(struct world *w, const char *manager, const char *sub)
{
    w->st = (struct status){.arena = w->a};
    return (struct apply_call){.arena = w->a,
                               .resource = w->r,
                               .type = w->r->type,
                               .group = w->r->group,
                               .version = w->r->version,
                               .kind = w->r->kind,
                               .subresource = sub,
                               .manager = str_of(manager),
                               .now_s = w->now_s++};
}

/* Written to the store and read again. */
static void store(struct world *w, json_t *obj)
{
    struct buf b = {0};

    tree_set_string(obj, "metadata.uid", "u");
    encode_object(&b, obj, w->r, NULL);
    buf_putc(&b, '\0');
    if (w->obj)
        arena_cleanup(w->a, drop, w->obj);
    w->obj = parse(w, b.p);
    json_decref(obj);
    buf_free(&b);
}

static bool apply(struct world *w, const char *manager, bool force, const char *config)
{
    struct apply_call c = call(w, manager, "");
    json_t *v = parse(w, config), *obj;

    c.force = force;
    obj = config_apply(&c, w->obj, v, &w->st);
    json_decref(v);
    if (!obj)
        return false;
    if (w->obj)
        apply_forget_times(w->a, w->r->type, obj, w->obj);
    store(w, obj);
    return true;
}

static void update(struct world *w, const char *manager, const char *sub, const char *text)
{
    struct apply_call c = call(w, manager, sub);
    json_t *obj = parse(w, text);

    assert_true(decode_tree(obj, w->r->type, NULL, &w->st));
    apply_track(&c, w->obj, obj);
    store(w, obj);
}

/* {"manager operation subresource":fields,...} as text. */
static void owners(struct world *w, const char *want)
{
    json_t *list = tree_get(w->obj, "metadata.managedFields"), *entry;
    struct buf b = {0};
    size_t i;

    json_array_foreach(list, i, entry)
    {
        buf_printf(
            &b, "%s%s %s %s", i ? "\n" : "", tree_string(entry, "manager"), tree_string(entry, "operation"),
            tree_get(entry, "subresource") ? arena_printf(w->a, "/%s ", tree_string(entry, "subresource"))
                                           : "");
        json_write(&b, tree_get(entry, "fieldsV1"), 0);
    }
    buf_putc(&b, '\0');
    assert_string_equal(b.p, want);
    buf_free(&b);
}

static void value(struct world *w, const char *path, const char *want)
{
    json_t *v = tree_get(w->obj, path);
    struct buf b = {0};

    if (v)
        json_write(&b, v, 0);
    buf_putc(&b, '\0');
    assert_string_equal(b.p, want);
    buf_free(&b);
}

#define CONTAINERS_PATH "spec.template.spec.containers"

static void test_list_items_are_merged_by_key(void **state)
{
    struct world *w = *state;

    assert_true(apply(w, "a", false,
                      CONTAINERS("{\"name\":\"x\",\"image\":\"1\"},{\"name\":\"y\",\"image\":\"1\"}")));
    assert_true(
        apply(w, "b", false, CONTAINERS("{\"name\":\"z\",\"image\":\"2\"},{\"name\":\"y\",\"tty\":true}")));
    value(w, CONTAINERS_PATH,
          "[{\"name\":\"x\",\"image\":\"1\",\"resources\":{}},{\"name\":\"z\",\"image\":\"2\",\"resources\":{"
          "}},"
          "{\"name\":\"y\",\"image\":\"1\",\"resources\":{},\"tty\":true}]");
    assert_true(apply(w, "a", false, CONTAINERS("{\"name\":\"y\",\"image\":\"1\"}")));
    value(
        w, CONTAINERS_PATH,
        "[{\"name\":\"z\",\"image\":\"2\",\"resources\":{}},{\"name\":\"y\",\"image\":\"1\",\"resources\":{},"
        "\"tty\":true}]");
    assert_true(apply(w, "b", false, "{" HEAD ",\"metadata\":{\"name\":\"d\"}}"));
    value(w, CONTAINERS_PATH, "[{\"name\":\"y\",\"image\":\"1\",\"resources\":{}}]");
    owners(
        w,
        "a Apply {\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"y\\\"}\":{"
        "\".\":{},\"f:image\":{},\"f:name\":{}}}}}}}");
}

static void test_keys_have_defaults(void **state)
{
    struct world *w = *state;

    assert_true(apply(w, "a", false, CONTAINERS("{\"name\":\"x\",\"ports\":[{\"containerPort\":80}]}")));
    assert_true(apply(
        w, "b", true,
        CONTAINERS(
            "{\"name\":\"x\",\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\",\"name\":\"p\"}]}")));
    assert_int_equal(json_array_size(tree_get(json_array_get(tree_get(w->obj, CONTAINERS_PATH), 0), "ports")),
                     1);
}

static void test_conflicts(void **state)
{
    struct world *w = *state;

    assert_true(apply(w, "a", false,
                      "{" HEAD
                      ",\"metadata\":{\"name\":\"d\",\"labels\":{\"l\":\"1\"}},\"spec\":{\"replicas\":1}}"));
    assert_true(apply(w, "b", false, "{" HEAD ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":1}}"));
    assert_false(apply(w, "b", false,
                       "{" HEAD
                       ",\"metadata\":{\"name\":\"d\",\"labels\":{\"l\":\"2\"}},\"spec\":{\"replicas\":2}}"));
    assert_int_equal(w->st.code, 409);
    assert_string_equal(w->st.message,
                        "Apply failed with 2 conflicts: conflicts with \"a\":\n- .metadata.labels.l\n- "
                        ".spec.replicas");
    assert_int_equal(w->st.ncauses, 2);
    assert_string_equal(w->st.causes[1].reason, "FieldManagerConflict");
    assert_string_equal(w->st.causes[1].field, ".spec.replicas");
    assert_string_equal(w->st.causes[1].message, "conflict with \"a\"");
    value(w, "spec.replicas", "1");
    assert_true(apply(w, "b", true,
                      "{" HEAD
                      ",\"metadata\":{\"name\":\"d\",\"labels\":{\"l\":\"2\"}},\"spec\":{\"replicas\":2}}"));
    owners(w, "b Apply {\"f:metadata\":{\"f:labels\":{\"f:l\":{}}},\"f:spec\":{\"f:replicas\":{}}}");
}

static void test_updates_take_and_lose(void **state)
{
    struct world *w = *state;

    update(w, "create", "",
           "{\"metadata\":{\"name\":\"d\",\"labels\":{\"l\":\"1\"}},\"spec\":{\"replicas\":1},\"status\":{"
           "\"replicas\":7}}");
    owners(
        w,
        "create Update {\"f:metadata\":{\"f:labels\":{\".\":{},\"f:l\":{}}},\"f:spec\":{\"f:replicas\":{}}}");
    update(w, "edit", "",
           "{\"metadata\":{\"name\":\"d\",\"uid\":\"u\",\"labels\":{\"l\":\"1\"}},\"spec\":{\"replicas\":2},"
           "\"status\":{\"replicas\":7}}");
    update(w, "watch", "status",
           "{\"metadata\":{\"name\":\"d\",\"uid\":\"u\",\"labels\":{\"l\":\"9\"}},\"spec\":{\"replicas\":9},"
           "\"status\":{\"replicas\":8}}");
    owners(w, "create Update {\"f:metadata\":{\"f:labels\":{\".\":{},\"f:l\":{}}}}\n"
              "edit Update {\"f:spec\":{\"f:replicas\":{}}}\n"
              "watch Update /status {\"f:status\":{\"f:replicas\":{}}}");
}

static void test_managers_are_cleared_and_begun_anew(void **state)
{
    struct world *w = *state;

    update(w, "create", "", "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":1}}");
    update(w, "edit", "",
           "{\"metadata\":{\"name\":\"d\",\"uid\":\"u\",\"managedFields\":[]},\"spec\":{\"replicas\":2}}");
    owners(w, "");
    update(w, "edit", "", "{\"metadata\":{\"name\":\"d\",\"uid\":\"u\"},\"spec\":{\"replicas\":3}}");
    owners(w, "");
    assert_false(apply(w, "a", false, "{" HEAD ",\"spec\":{\"replicas\":4}}"));
    assert_string_equal(w->st.message,
                        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: "
                        ".spec.replicas");
}

static void test_old_updaters_are_put_together(void **state)
{
    struct world *w = *state;

    update(w, "m00", "", "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":1}}");
    for (int i = 1; i < 14; i++) {
        struct buf b = {0};

        buf_puts(&b, "{\"metadata\":{\"name\":\"d\",\"uid\":\"u\",\"annotations\":{\"x\":\"y\"");
        for (int j = 1; j <= i; j++)
            buf_printf(&b, ",\"a%d\":\"1\"", j);
        buf_puts(&b, "}},\"spec\":{\"replicas\":1}}");
        buf_putc(&b, '\0');
        update(w, arena_printf(w->a, "m%02d", i), "", b.p);
        buf_free(&b);
    }
    assert_int_equal(json_array_size(tree_get(w->obj, "metadata.managedFields")), 10);
    assert_string_equal(tree_string(json_array_get(tree_get(w->obj, "metadata.managedFields"), 0), "manager"),
                        "ancient-changes");
}

static void test_kubectl_takes_over_what_it_applied_before(void **state)
{
    struct world *w = *state;

    update(
        w, "kubectl-client-side-apply", "",
        "{\"metadata\":{\"name\":\"d\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
        "\"{\\\"apiVersion\\\":\\\"apps/"
        "v1\\\",\\\"kind\\\":\\\"Deployment\\\",\\\"spec\\\":{\\\"replicas\\\":1}}\"}},"
        "\"spec\":{\"replicas\":1,\"paused\":true}}");
    assert_false(apply(w, "kubectl", false,
                       "{" HEAD
                       ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":2,\"paused\":false}}"));
    assert_int_equal(w->st.ncauses, 1);
    assert_string_equal(w->st.causes[0].field, ".spec.paused");
    assert_true(
        apply(w, "kubectl", false, "{" HEAD ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":2}}"));
    value(w, "metadata.annotations",
          "{\"kubectl.kubernetes.io/last-applied-configuration\":\"{\\\"apiVersion\\\":\\\"apps/"
          "v1\\\",\\\"kind\\\":"
          "\\\"Deployment\\\",\\\"metadata\\\":{\\\"name\\\":\\\"d\\\"},\\\"spec\\\":{\\\"replicas\\\":2}}"
          "\\n\"}");
}

static void test_configurations_must_fit(void **state)
{
    static const char *const cases[][2] = {
        {"{" HEAD ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":\"x\"}}",
         ".spec.replicas: expected numeric (int or float), got string"},
        {"{" HEAD ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"paused\":3}}",
         ".spec.paused: expected boolean, got &{3}"},
        {"{" HEAD ",\"metadata\":{\"name\":\"d\",\"labels\":[1]}}",
         ".metadata.labels: expected map, got &{[1]}"},
        {"{" HEAD ",\"metadata\":{\"name\":\"d\",\"finalizers\":[\"a\",\"a\"]}}",
         ".metadata.finalizers: duplicate entries for key [=\"a\"]"},
        {CONTAINERS("{\"image\":\"i\"},{\"image\":\"j\"}"),
         ".spec.template.spec.containers: duplicate entries for key [name=\"\"]"},
        {CONTAINERS("{\"name\":\"a\",\"tty\":1},{\"name\":\"b\",\"nope\":1}"),
         "errors:\n  .spec.template.spec.containers[name=\"a\"].tty: expected boolean, got &{1}\n"
         "  .spec.template.spec.containers[name=\"b\"].nope: field not declared in schema"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(apply(w, "a", false, cases[i][0]));
        assert_string_equal(w->st.message, arena_printf(w->a,
                                                        "failed to create typed patch object (/d; apps/v1, "
                                                        "Kind=Deployment): %s",
                                                        cases[i][1]));
    }
}

/* Whatever is applied, applied again it changes nothing. */
static void test_twice_is_once(void **state)
{
    static const char *const cases[] = {
        "{" HEAD ",\"metadata\":{\"name\":\"d\",\"labels\":{\"a\":\"b\"},\"annotations\":{}},\"spec\":{"
        "\"replicas\":0}}",
        "{" HEAD ",\"metadata\":{\"name\":\"d\",\"finalizers\":[\"x/a\",\"x/"
        "b\"],\"ownerReferences\":[{\"uid\":\"1\",\"name\":\"n\","
        "\"kind\":\"K\",\"apiVersion\":\"v1\"}]}}",
        CONTAINERS("{\"name\":\"x\",\"resources\":{\"requests\":{\"cpu\":\"1000m\"}},\"args\":[],\"env\":[{"
                   "\"name\":\"A\"}]}"),
        CONTAINERS("{\"name\":\"x\",\"command\":null,\"livenessProbe\":{\"tcpSocket\":{\"port\":\"http\"}}}"),
        "{" HEAD ",\"metadata\":{\"name\":\"d\"},\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":"
        "\"25%\"}},\"selector\":{}}}",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *before;

        assert_true(apply(w, "a", true, cases[i]));
        before = json_incref(w->obj);
        assert_true(apply(w, "a", false, cases[i]));
        assert_true(json_equal(before, w->obj));
        json_decref(before);
    }
}

static void test_scale_moves_ownership(void **state)
{
    struct world *w = *state;
    json_t *scale = json_object(), *entry;

    assert_true(apply(w, "a", false,
                      "{" HEAD
                      ",\"metadata\":{\"name\":\"d\",\"labels\":{\"l\":\"1\"}},\"spec\":{\"replicas\":1}}"));
    scalefields_from_parent(w->a, w->r, w->obj, scale);
    entry = json_array_get(tree_get(scale, "metadata.managedFields"), 0);
    assert_string_equal(tree_string(entry, "apiVersion"), "autoscaling/v1");
    assert_string_equal(tree_string(entry, "fieldsV1"), "{\"f:spec\":{\"f:replicas\":{}}}");
    tree_set_string(entry, "manager", "b");
    scalefields_to_parent(w->a, w->r, w->obj, scale);
    json_decref(scale);
    store(w, json_incref(w->obj));
    owners(w,
           "b Apply {\"f:spec\":{\"f:replicas\":{}}}\na Apply {\"f:metadata\":{\"f:labels\":{\"f:l\":{}}}}");
}

static void test_name_of_an_agent(void **state)
{
    struct world *w = *state;
    struct str s = apply_manager_of_agent(w->a, STR("kube\x01"
                                                    "ctl/v1.36 (linux)"));

    assert_true(str_is(s, "kubectl"));
    assert_true(str_is(apply_manager_of_agent(w->a, STR("")), "unknown"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list_items_are_merged_by_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_have_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflicts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_updates_take_and_lose, setup, teardown),
        cmocka_unit_test_setup_teardown(test_managers_are_cleared_and_begun_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_updaters_are_put_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kubectl_takes_over_what_it_applied_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_configurations_must_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_twice_is_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scale_moves_ownership, setup, teardown),
        cmocka_unit_test_setup_teardown(test_name_of_an_agent, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
