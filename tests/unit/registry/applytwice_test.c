/* What is applied twice is applied once: for random configurations of every kind, the second time changes
 * nothing, not even who owns what. */
#include "tests/unit/registry/dice.h"

#include <stdio.h>
#include "registry/apply/apply.h"
#include "registry/apply/config.h"
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/tree.h"

#define ROUNDS rounds(60)

static const struct schema_field *field_of(const struct schema_type *t, const char *key)
{
    for (int i = 0; t->kind == SCHEMA_STRUCT && i < t->nfields; i++) {
        if (strcmp(t->fields[i].json, key) == 0)
            return &t->fields[i];
    }
    return NULL;
}

static void make_appliable(json_t *obj, const struct schema_type *t);

/* A key that is empty may not be stored, and what is read again cannot be told apart: validation refuses such
 * items. */
static bool has_keys(const json_t *item, const struct schema_field *f)
{
    for (int i = 0; f->list_keys && f->list_keys[i]; i++) {
        const json_t *key = json_object_get(item, f->list_keys[i]);
        const struct schema_field *of = field_of(f->type->elem, f->list_keys[i]);

        if (!key || json_is_null(key) || json_is_object(key) || !of || encode_leaves_out(key, of))
            return false;
    }
    return true;
}

static void make_list_appliable(json_t *list, const struct schema_field *f, const struct schema_type *t)
{
    bool told_apart = f && (f->list == LIST_MAP || f->list == LIST_SET);
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        if (json_is_object(item))
            make_appliable(item, t->elem);
        if (json_is_null(item) || (told_apart && i) ||
            (told_apart && f->list == LIST_MAP && !has_keys(item, f)))
            json_array_remove(list, i--);
    }
}

/* Without nulls, and with lists whose items are told apart. */
static void make_appliable(json_t *obj, const struct schema_type *t)
{
    const char *key;
    json_t *v;
    void *next;

    json_object_foreach_safe(obj, next, key, v)
    {
        const struct schema_field *f = field_of(t, key);
        const struct schema_type *inner = f ? f->type : t->elem;

        if (json_is_null(v) || !inner || inner->kind == SCHEMA_FIELDS)
            json_object_del(obj, key);
        else if (json_is_object(v) && inner->kind != SCHEMA_RAW)
            make_appliable(v, inner);
        else if (json_is_array(v) && inner->kind == SCHEMA_LIST)
            make_list_appliable(v, f, inner);
    }
}

static json_t *configuration(struct dice *d, const struct schema_resource *r)
{
    static const char *const SYSTEM[] = {"managedFields", "uid", "resourceVersion", "creationTimestamp",
                                         "generation"};
    json_t *config = make(d, r->type);

    make_appliable(config, r->type);
    for (int i = 0; i < 5; i++)
        json_object_del(tree_get(config, "metadata"), SYSTEM[i]);
    tree_set_string(config, "apiVersion", r->api_version);
    tree_set_string(config, "kind", r->kind);
    tree_set_string(config, "metadata.name", "x");
    return config;
}

/* Written to the store and read again; takes obj. */
static json_t *stored(struct dice *d, const struct schema_resource *r, json_t *obj, struct buf *text)
{
    struct status st = {.arena = d->arena};
    const char *err = "";
    json_t *again;

    tree_set_string(obj, "metadata.uid", "u");
    encode_object(text, obj, r, NULL);
    buf_putc(text, '\0');
    text->n--;
    json_decref(obj);
    again = json_read(d->arena, buf_view(text), NULL, &err);
    if (!again || !decode_tree(again, r->type, NULL, &st))
        fail_msg("%s: %s %s in %.*s", r->kind, err, st.message, (int)text->n, text->p);
    return again;
}

/* Shows what there is around the first difference. */
static void check_same(const struct schema_resource *r, struct str first, struct str second)
{
    size_t at = 0, from;

    if (str_eq(first, second))
        return;
    while (at < first.n && at < second.n && first.p[at] == second.p[at])
        at++;
    from = at > 150 ? at - 150 : 0;
    fail_msg("%s: ...%.300s\nAGAIN ...%.300s", r->kind, first.p + from, second.p + from);
}

/* False: the configuration is refused. */
static bool check(struct dice *d, const struct schema_resource *r)
{
    struct status st = {.arena = d->arena};
    struct apply_call call = {.arena = d->arena,
                              .resource = r,
                              .type = r->type,
                              .group = r->group,
                              .version = r->version,
                              .kind = r->kind,
                              .subresource = "",
                              .manager = STR("somebody"),
                              .now_s = 1000};
    json_t *config = configuration(d, r), *obj = config_apply(&call, NULL, config, &st), *live;
    struct buf first = {0}, second = {0};

    if (!obj) {
        json_decref(config);
        return false;
    }
    live = stored(d, r, obj, &first);
    call.now_s++;
    obj = config_apply(&call, live, config, &st);
    if (!obj)
        fail_msg("%s: %s", r->kind, st.message);
    apply_forget_times(d->arena, r->type, obj, live);
    json_decref(stored(d, r, obj, &second));
    check_same(r, buf_view(&first), buf_view(&second));
    json_decref(live);
    json_decref(config);
    buf_free(&first);
    buf_free(&second);
    return true;
}

static void applied_twice_is_applied_once(void **state)
{
    int n, tried = 0, taken = 0, kinds = 0;
    const struct schema_resource *const *all = schema_resources(&n);

    for (int i = 0; i < n; i++) {
        bool one = false;

        if (all[i]->flags & (RESOURCE_VIRTUAL | RESOURCE_INTERNAL))
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            struct dice d = {.state = seed() + (uint64_t)i * 977 + (uint64_t)round, .arena = arena_new(0)};

            tried++;
            if (check(&d, all[i])) {
                taken++;
                one = true;
            }
            arena_free(d.arena);
        }
        kinds += one;
        if (!one)
            fail_msg("no configuration of %s could be applied", all[i]->kind);
    }
    assert_true(kinds > 50);
    assert_true(taken > tried / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(applied_twice_is_applied_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
