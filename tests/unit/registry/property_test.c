/* What must hold for any object: text and tree there and back, a patch made of a difference gives what it was
 * made of, forms of a kind there and back. */
#include "tests/unit/registry/dice.h"

#include <stdio.h>
#include "registry/strategy/strategy.h"
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/patch.h"
#include "registry/walk/tree.h"

#define ROUNDS rounds(12)

static json_t *text_of(struct dice *d, json_t *obj, const struct schema_type *t, struct buf *text)
{
    const char *err = "";
    json_t *again;

    buf_clear(text);
    encode_value(text, obj, t);
    again = json_read(d->arena, buf_view(text), NULL, &err);
    if (!again)
        fail_msg("%s: %s in %.*s", t->name, err, (int)text->n, text->p);
    return again;
}

/* The tree of the text, decoded, is written as the same text, and nothing in it is unknown. */
static void check_text(struct dice *d, const struct schema_type *t)
{
    struct buf first = {0}, second = {0};
    struct findings found = {.arena = d->arena};
    struct status st = {.arena = d->arena};
    json_t *obj = make(d, t), *again = text_of(d, obj, t, &first);

    if (!decode_tree(again, t, &found, &st))
        fail_msg("%s: %s", t->name, st.message);
    if (found.n)
        fail_msg("%s: %s", t->name, found.text[0]);
    encode_value(&second, again, t);
    if (!str_eq(buf_view(&first), buf_view(&second)))
        fail_msg("%s: %.*s\nGOT %.*s", t->name, (int)first.n, first.p, (int)second.n, second.p);
    json_decref(obj);
    json_decref(again);
    buf_free(&first);
    buf_free(&second);
}

/* ---- a strategic patch of a difference, as kubectl makes it ---- */

static json_t *difference(json_t *from, json_t *to, const struct schema_type *t);

static const struct schema_field *field_of(const struct schema_type *t, const char *name)
{
    return t && t->kind == SCHEMA_STRUCT ? schema_field(t, str_of(name)) : NULL;
}

static const struct schema_type *type_of(const struct schema_type *t, const char *name)
{
    const struct schema_field *f = field_of(t, name);

    return f ? f->type : t && t->kind == SCHEMA_MAP ? t->elem : NULL;
}

static json_t *item_with(json_t *list, const char *key, const json_t *value)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (json_equal(json_object_get(item, key), value))
            return item;
    }
    return NULL;
}

/* Lists whose items have a key, each once. */
static bool is_keyed(json_t *list, const char *key)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const json_t *value = json_object_get(item, key);

        if (!json_is_string(value) && !json_is_integer(value))
            return false;
        if (item_with(list, key, value) != item)
            return false;
    }
    return true;
}

static json_t *keyed_difference(json_t *patch, const struct schema_field *f, json_t *from, json_t *to)
{
    json_t *out = json_array(), *order = json_array(), *item, *was;
    char name[128];
    size_t i;

    json_array_foreach(to, i, item)
    {
        json_t *value = json_object_get(item, f->patch_key), *change;

        json_array_append_new(order, json_pack("{s:O}", f->patch_key, value));
        was = item_with(from, f->patch_key, value);
        if (was && json_equal(was, item))
            continue;
        change = was ? difference(was, item, f->type->elem) : json_deep_copy(item);
        json_object_set(change, f->patch_key, value);
        json_array_append_new(out, change);
    }
    json_array_foreach(from, i, item)
    {
        json_t *value = json_object_get(item, f->patch_key);

        if (!item_with(to, f->patch_key, value))
            json_array_append_new(out, json_pack("{s:s, s:O}", "$patch", "delete", f->patch_key, value));
    }
    snprintf(name, sizeof(name), "$setElementOrder/%s", f->json);
    json_object_set_new(patch, name, order);
    return out;
}

/* Items that are texts: the whole list is taken out and put in anew. */
static json_t *set_difference(json_t *patch, const struct schema_field *f, json_t *from, json_t *to)
{
    json_t *gone = json_array(), *come = json_array(), *v;
    char name[128];
    size_t i;

    json_array_foreach(from, i, v)
    {
        if (!tree_list_has(to, json_string_value(v)))
            json_array_append(gone, v);
    }
    json_array_foreach(to, i, v)
    {
        if (!tree_list_has(from, json_string_value(v)))
            json_array_append(come, v);
    }
    snprintf(name, sizeof(name), "$deleteFromPrimitiveList/%s", f->json);
    json_object_set_new(patch, name, gone);
    snprintf(name, sizeof(name), "$setElementOrder/%s", f->json);
    json_object_set(patch, name, to);
    return come;
}

static void list_difference(json_t *patch, const struct schema_field *f, const char *key, json_t *from,
                            json_t *to)
{
    bool merged = f && (f->patch & PATCH_MERGE);

    if (merged && f->patch_key && *f->patch_key)
        json_object_set_new(patch, key, keyed_difference(patch, f, from, to));
    else if (merged)
        json_object_set_new(patch, key, set_difference(patch, f, from, to));
    else
        json_object_set(patch, key, to);
}

/* Structs, and maps of plain values: no more can a strategic patch look into. */
static bool is_merged(const struct schema_type *t, const struct schema_field *f)
{
    return t && (t->kind == SCHEMA_STRUCT || (t->kind == SCHEMA_MAP && t->elem->kind >= SCHEMA_STRING)) &&
           !(f && (f->patch & PATCH_REPLACE));
}

static json_t *replacement(json_t *now)
{
    json_t *whole = json_pack("{s:s}", "$patch", "replace");

    json_object_update(whole, now);
    return whole;
}

static json_t *difference(json_t *from, json_t *to, const struct schema_type *t)
{
    json_t *patch = json_object(), *now, *was;
    const char *key;

    json_object_foreach(from, key, was)
    {
        if (!json_object_get(to, key))
            json_object_set_new(patch, key, json_null());
    }
    json_object_foreach(to, key, now)
    {
        const struct schema_field *f = field_of(t, key);
        const struct schema_type *inner = type_of(t, key);

        was = json_object_get(from, key);
        if (was && json_equal(was, now))
            continue;
        if (json_is_object(was) && json_is_object(now) && is_merged(inner, f))
            json_object_set_new(patch, key, difference(was, now, inner));
        else if (json_is_object(was) && json_is_object(now))
            json_object_set_new(patch, key, replacement(now));
        else if (json_is_array(was) && json_is_array(now))
            list_difference(patch, f, key, was, now);
        else
            json_object_set(patch, key, now);
    }
    return patch;
}

/* ---- objects that such a patch can speak of ---- */

/* Without nulls, without raw values, and with merged lists whose items are told apart. */
static void make_mergeable(json_t *obj, const struct schema_type *t)
{
    json_t *v;
    const char *key;
    void *next;

    json_object_foreach_safe(obj, next, key, v)
    {
        const struct schema_field *f = field_of(t, key);
        const struct schema_type *inner = type_of(t, key);
        bool merged = f && (f->patch & PATCH_MERGE);
        json_t *item;
        size_t i;

        if (json_is_null(v) || !inner || inner->kind == SCHEMA_RAW || inner->kind == SCHEMA_FIELDS) {
            json_object_del(obj, key);
            continue;
        }
        if (json_is_object(v))
            make_mergeable(v, inner);
        if (!json_is_array(v))
            continue;
        json_array_foreach(v, i, item)
        {
            if (json_is_object(item))
                make_mergeable(item, inner->elem);
            else if (json_is_null(item))
                json_array_set_new(v, i, json_string("x"));
            if (merged && json_is_string(item) && i)
                json_array_remove(v, i--);
        }
        if (merged && f->patch_key && *f->patch_key && !is_keyed(v, f->patch_key))
            json_object_del(obj, key);
    }
}

static void check_merge(struct dice *d, const struct schema_type *t)
{
    struct status st = {.arena = d->arena};
    json_t *from = make(d, t), *to = make(d, t), *patch, *got;
    struct buf want = {0}, is = {0};

    make_mergeable(from, t);
    make_mergeable(to, t);
    patch = difference(from, to, t);
    got = strategicmerge_apply(from, patch, t, &st);
    if (!got)
        fail_msg("%s: %s: %s", t->name, st.message, json_dumps(patch, JSON_COMPACT));
    encode_value(&want, to, t);
    encode_value(&is, got, t);
    if (!str_eq(buf_view(&want), buf_view(&is)))
        fail_msg("%s\nFROM %s\nPATCH %s\nWANT %.*s\nGOT  %.*s", t->name, json_dumps(from, JSON_COMPACT),
                 json_dumps(patch, JSON_COMPACT), (int)want.n, want.p, (int)is.n, is.p);
    json_decref(from);
    json_decref(to);
    json_decref(patch);
    json_decref(got);
    buf_free(&want);
    buf_free(&is);
}

/* ---- all of them ---- */

static void each_type(void (*check)(struct dice *d, const struct schema_type *t))
{
    int n, tested = 0;
    const struct schema_type *const *types = schema_types(&n);

    for (int i = 0; i < n; i++) {
        if (types[i]->kind != SCHEMA_STRUCT || !types[i]->nfields)
            continue;
        tested++;
        for (int round = 0; round < ROUNDS; round++) {
            struct dice d = {.state = seed() + (uint64_t)i * 977 + (uint64_t)round};

            d.arena = arena_new(0);
            check(&d, types[i]);
            arena_free(d.arena);
        }
    }
    assert_true(tested > 500);
}

static void text_and_tree_there_and_back(void **state)
{
    each_type(check_text);
}

static void a_patch_of_a_difference_gives_the_other(void **state)
{
    each_type(check_merge);
}

/* A kind with two forms: the one that is stored says all of the other. */
static void check_forms(const struct schema_resource *one, const struct schema_resource *other)
{
    for (int round = 0; round < 200; round++) {
        struct dice d = {.state = 77 + (uint64_t)round, .arena = arena_new(0)};
        struct status st = {.arena = d.arena};
        struct buf want = {0}, got = {0};
        json_t *obj = make(&d, one->type);

        /* what an autoscaler measured is told in an annotation as well, as the reference tells it */
        tree_delete(obj, "status.currentCPUUtilizationPercentage");
        encode_object(&want, obj, one, NULL);
        obj = strategy_convert(d.arena, obj, one, other, &st);
        assert_non_null(obj);
        obj = strategy_convert(d.arena, obj, other, one, &st);
        assert_non_null(obj);
        encode_object(&got, obj, one, NULL);
        if (!str_eq(buf_view(&want), buf_view(&got)))
            fail_msg("%.*s\nGOT %.*s", (int)want.n, want.p, (int)got.n, got.p);
        json_decref(obj);
        buf_free(&want);
        buf_free(&got);
        arena_free(d.arena);
    }
}

static void forms_there_and_back(void **state)
{
    const struct schema_resource *core = schema_resource(STR(""), STR("v1"), STR("events"));
    const struct schema_resource *events = schema_resource(STR("events.k8s.io"), STR("v1"), STR("events"));

    check_forms(core, events);
    check_forms(events, core);
    check_forms(schema_resource(STR("autoscaling"), STR("v1"), STR("horizontalpodautoscalers")),
                schema_resource(STR("autoscaling"), STR("v2"), STR("horizontalpodautoscalers")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_tree_there_and_back),
        cmocka_unit_test(a_patch_of_a_difference_gives_the_other),
        cmocka_unit_test(forms_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
