/* Writes without a connection: records from trees, the optimistic loop against the real store, what a delete
 * does. */
#include "tests/unit/worker/rig.h"

#include "registry/walk/tree.h"
#include "worker/write/deletion.h"
#include "worker/write/world.h"
#include "worker/write/write.h"

struct bench {
    struct rig *rig;
    struct arena *arena;
    const struct schema_resource *maps;
    int steps;       /* how often the step ran */
    bool interferes; /* the first step lets another write go first */
    const char *value;
    bool woken;
};

static int setup(void **state)
{
    struct bench *b = test_calloc(1, sizeof(*b));

    b->rig = rig_new(64u << 20);
    world_init(&b->rig->ctx);
    b->arena = arena_new(0);
    b->maps = schema_resource(STR(""), STR("v1"), STR("configmaps"));
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    arena_free(b->arena);
    rig_free(b->rig);
    test_free(b);
    return 0;
}

static void put_map(struct bench *b, const char *value)
{
    char text[256];

    snprintf(text, sizeof(text),
             "{\"metadata\":{\"name\":\"m\",\"namespace\":\"n\",\"uid\":\"u\"},\"data\":{\"k\":\"%s\"}}",
             value);
    rig_put(b->rig, "", "configmaps", text);
}

/* Sets data.k; the others' keys stay. */
static enum write_verdict set_value(struct write *w, const json_t *old, json_t **out)
{
    struct bench *b = w->arg;

    if (++b->steps == 1 && b->interferes)
        put_map(b, "theirs");
    *out = old ? json_deep_copy(old) : json_pack("{s:{s:s,s:s}}", "metadata", "name", "m", "namespace", "n");
    tree_set_string(*out, "data.mine", b->value);
    return WRITE_PUT;
}

static void wake(struct write *w)
{
    ((struct bench *)w->owner)->woken = true;
}

static void finish(struct bench *b, struct write *w)
{
    for (int i = 0; i < 1000 && !write_run(w); i++) {
        b->woken = false;
        for (int k = 0; k < 1000 && !b->woken; k++) {
            commit_run(b->rig->commit);
            store_poll(b->rig->ctx.store);
        }
        assert_true(b->woken);
    }
}

static struct write *begin(struct bench *b,
                           enum write_verdict (*step)(struct write *, const json_t *, json_t **))
{
    struct write *w = write_new(&b->rig->ctx, b->arena, NULL, b->maps, STR("n"), STR("m"));

    w->step = step;
    w->arg = w->owner = b;
    w->wake = wake;
    return w;
}

static struct write *run(struct bench *b, const char *value)
{
    struct write *w = begin(b, set_value);

    b->steps = 0;
    b->value = value;
    finish(b, w);
    return w;
}

static void test_record_holds_what_selects(void **state)
{
    struct bench *b = *state;
    const struct schema_resource *pods = schema_resource(STR(""), STR("v1"), STR("pods"));
    json_t *pod = json_pack("{s:{s:s,s:s,s:{s:s,s:s}},s:{s:s}}", "metadata", "name", "p", "namespace", "n",
                            "labels", "z", "1", "a", "2", "spec", "nodeName", "node-7");
    struct buf draft = {0};
    const struct record *rec;
    struct record_table_view t;
    struct str v;
    int slot = -1;

    record_make(&draft, b->arena, pod, pods, NULL, 42);
    rec = (const struct record *)(const void *)draft.p;
    assert_true(record_ok(buf_view(&draft)));
    assert_int_equal(rec->expires_s, 42);
    assert_true(str_is(record_name(rec), "p") && str_is(record_ns(rec), "n"));
    t = record_table_view(rec);
    assert_true(record_table_label(t, STR("a"), &v) && str_is(v, "2"));
    for (int i = 0; i < pods->nselectable; i++) {
        if (strcmp(pods->selectable[i].label, "spec.nodeName") == 0)
            slot = i;
    }
    assert_true(slot >= 0);
    assert_true(str_is(record_table_field(t, (uint16_t)slot), "node-7"));
    buf_free(&draft);
    json_decref(pod);
}

static void test_finished_record_is_the_object_with_its_version(void **state)
{
    struct bench *b = *state;
    struct write *w = run(b, "one");
    json_t *obj;
    char rv[24];

    assert_false(status_failed(&w->st));
    assert_true(w->created);
    assert_non_null(w->record);
    obj = record_tree(b->arena, w->record);
    snprintf(rv, sizeof(rv), "%lld", (long long)w->revision);
    assert_string_equal(tree_string(obj, "metadata.resourceVersion"), rv);
    assert_string_equal(tree_string(obj, "data.mine"), "one");
    json_decref(obj);
}

static void test_lost_race_is_run_again(void **state)
{
    struct bench *b = *state;
    struct write *w;
    json_t *obj;

    put_map(b, "first");
    b->interferes = true;
    w = run(b, "one");
    assert_false(status_failed(&w->st));
    assert_int_equal(b->steps, 2);
    obj = record_tree(b->arena, w->record);
    assert_string_equal(tree_string(obj, "data.k"), "theirs");
    assert_string_equal(tree_string(obj, "data.mine"), "one");
    json_decref(obj);
}

static void test_lost_create_sees_the_winner(void **state)
{
    struct bench *b = *state;
    struct write *w;

    b->interferes = true;
    w = run(b, "one");
    assert_int_equal(b->steps, 2);
    assert_false(w->created);
}

static void test_no_change_is_no_write(void **state)
{
    struct bench *b = *state;
    int64_t first = run(b, "one")->revision, before = store_revision(b->rig->ctx.store);
    struct write *w = run(b, "one");

    assert_int_equal(w->revision, first);
    assert_int_equal(store_revision(b->rig->ctx.store), before);
}

static void test_dry_run_writes_nothing(void **state)
{
    struct bench *b = *state;
    int64_t before = store_revision(b->rig->ctx.store);
    struct write *w = begin(b, set_value);

    b->value = "one";
    w->dry_run = true;
    assert_true(write_run(w));
    assert_string_equal(tree_string(w->tree, "data.mine"), "one");
    assert_null(tree_get(w->tree, "metadata.resourceVersion"));
    assert_int_equal(store_revision(b->rig->ctx.store), before);
}

static void test_abandoned_write_is_not_answered(void **state)
{
    struct bench *b = *state;
    struct arena *mine = arena_new(0);
    struct write *w = write_new(&b->rig->ctx, mine, NULL, b->maps, STR("n"), STR("m"));

    w->step = set_value;
    w->arg = w->owner = b;
    w->wake = wake;
    b->value = "one";
    assert_false(write_run(w));
    arena_free(mine);
    b->woken = false;
    for (int i = 0; i < 100; i++) {
        commit_run(b->rig->commit);
        store_poll(b->rig->ctx.store);
    }
    assert_false(b->woken);
}

/* ---- deletion ---- */

static enum write_verdict deleted(struct bench *b, const char *plural, const char *text,
                                  const struct delete_options *o, json_t **out, struct status *st)
{
    struct strategy_call c = {.arena = b->arena,
                              .resource = schema_resource(STR(""), STR("v1"), str_of(plural)),
                              .subresource = "",
                              .world = &b->rig->ctx.world};
    json_t *old = json_loads(text, 0, NULL);
    enum write_verdict v;

    assert_non_null(old);
    *out = NULL;
    *st = (struct status){.arena = b->arena};
    v = deletion_verdict(&c, o, old, 7, out, st);
    json_decref(old);
    return v;
}

static const struct delete_options PLAIN = {.grace_s = -1, .orphan = -1};

#define POD(spec, more)                                                                                      \
    "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"generation\":1" more "},\"spec\":{" spec "}}"

static void test_pods_wait_for_their_grace(void **state)
{
    struct delete_options now = PLAIN, shorter = PLAIN, longer = PLAIN;
    struct status st;
    json_t *out;

    now.grace_s = 0;
    shorter.grace_s = 5;
    longer.grace_s = 60;
    assert_int_equal(deleted(*state, "pods",
                             POD("\"nodeName\":\"n\",\"terminationGracePeriodSeconds\":30", ""), &PLAIN, &out,
                             &st),
                     WRITE_PUT);
    assert_int_equal(tree_int(out, "metadata.deletionGracePeriodSeconds", -1), 30);
    assert_int_equal(tree_int(out, "metadata.generation", 0), 2);
    json_decref(out);
    assert_int_equal(deleted(*state, "pods", POD("\"nodeName\":\"n\"", ""), &now, &out, &st),
                     WRITE_PUT_REMOVE);
    json_decref(out);
    assert_int_equal(
        deleted(*state, "pods", POD("\"terminationGracePeriodSeconds\":30", ""), &PLAIN, &out, &st),
        WRITE_PUT_REMOVE);
    json_decref(out);
#define GOING ",\"deletionTimestamp\":\"2023-01-01T00:00:30Z\",\"deletionGracePeriodSeconds\":30"
    assert_int_equal(deleted(*state, "pods", POD("\"nodeName\":\"n\"", GOING), &longer, &out, &st),
                     WRITE_KEEP);
    assert_int_equal(deleted(*state, "pods", POD("\"nodeName\":\"n\"", GOING), &shorter, &out, &st),
                     WRITE_PUT);
    assert_string_equal(tree_string(out, "metadata.deletionTimestamp"), "2023-01-01T00:00:05Z");
    json_decref(out);
}

static void test_finalizers_and_policies_hold(void **state)
{
    struct delete_options foreground = PLAIN, orphan = PLAIN, background = PLAIN;
    struct status st;
    json_t *out;

    foreground.propagation = PROPAGATION_FOREGROUND;
    background.propagation = PROPAGATION_BACKGROUND;
    orphan.orphan = 1;
    assert_int_equal(deleted(*state, "configmaps", POD("", ""), &PLAIN, &out, &st), WRITE_REMOVE);
    json_decref(out);
    assert_int_equal(deleted(*state, "configmaps", POD("", ",\"finalizers\":[\"x/y\"]"), &PLAIN, &out, &st),
                     WRITE_PUT);
    assert_int_equal(tree_int(out, "metadata.deletionGracePeriodSeconds", -1), 0);
    json_decref(out);
    assert_int_equal(deleted(*state, "configmaps", POD("", ""), &foreground, &out, &st), WRITE_PUT);
    assert_true(tree_list_has(tree_get(out, "metadata.finalizers"), "foregroundDeletion"));
    json_decref(out);
    assert_int_equal(deleted(*state, "configmaps", POD("", ""), &orphan, &out, &st), WRITE_PUT);
    assert_true(tree_list_has(tree_get(out, "metadata.finalizers"), "orphan"));
    json_decref(out);
    assert_int_equal(
        deleted(*state, "configmaps", POD("", ",\"finalizers\":[\"orphan\"]"), &background, &out, &st),
        WRITE_REMOVE);
    json_decref(out);
    assert_int_equal(deleted(*state, "replicationcontrollers", POD("", ""), &PLAIN, &out, &st), WRITE_PUT);
    assert_true(tree_list_has(tree_get(out, "metadata.finalizers"), "orphan"));
    json_decref(out);
}

static void test_preconditions(void **state)
{
    struct delete_options uid = PLAIN, rv = PLAIN;
    struct status st;
    json_t *out;

    uid.uid = STR("other");
    rv.revision = STR("6");
    assert_int_equal(deleted(*state, "configmaps", POD("", ""), &uid, &out, &st), WRITE_FAIL);
    assert_int_equal(st.code, 409);
    assert_int_equal(deleted(*state, "configmaps", POD("", ""), &rv, &out, &st), WRITE_FAIL);
    rv.revision = STR("7");
    assert_int_equal(deleted(*state, "configmaps", POD("", ""), &rv, &out, &st), WRITE_REMOVE);
    json_decref(out);
}

static void test_namespaces_terminate(void **state)
{
    struct status st;
    json_t *out;

    assert_int_equal(
        deleted(*state, "namespaces", POD("\"finalizers\":[\"kubernetes\"]", ""), &PLAIN, &out, &st),
        WRITE_PUT);
    assert_string_equal(tree_string(out, "status.phase"), "Terminating");
    assert_null(tree_get(out, "metadata.deletionGracePeriodSeconds"));
    json_decref(out);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_record_holds_what_selects),
        TEST(test_finished_record_is_the_object_with_its_version),
        TEST(test_lost_race_is_run_again),
        TEST(test_lost_create_sees_the_winner),
        TEST(test_no_change_is_no_write),
        TEST(test_dry_run_writes_nothing),
        TEST(test_abandoned_write_is_not_answered),
        TEST(test_pods_wait_for_their_grace),
        TEST(test_finalizers_and_policies_hold),
        TEST(test_preconditions),
        TEST(test_namespaces_terminate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
