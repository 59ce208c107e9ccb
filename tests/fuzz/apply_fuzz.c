/* A Deployment as it is stored, who owns what in it, and a configuration that is applied to it: one JSON
 * object with the members live, managedFields and config. What was applied applies again without a change,
 * sets read back as they were written, and updates keep the books whatever they say. */
#include "registry/apply/config.h"
#include "registry/apply/fieldsettext.h"
#include "registry/apply/managers.h"
#include "registry/walk/decode.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sets_read_back(struct arena *a, const json_t *list)
{
    struct managers ms;
    const char *err;

    if (!managers_read(&ms, a, list, false, &err))
        return;
    for (int i = 0; i < ms.n; i++) {
        const struct fieldset *again;
        struct buf text = {0};
        json_t *v;

        fieldset_write(&text, ms.m[i].set);
        v = json_read(a, buf_view(&text), NULL, &err);
        must(v && fieldset_read(a, v, &again) && fieldset_same(ms.m[i].set, again));
        must(fieldset_difference(a, ms.m[i].set, again) == NULL);
        must(fieldset_same(fieldset_union(a, again, ms.m[i].set), again));
        must(fieldset_same(fieldset_intersection(a, again, ms.m[i].set), again));
        json_decref(v);
        buf_free(&text);
    }
}

static struct buf bytes_of(const json_t *obj, const struct schema_resource *r)
{
    struct buf b = {0};

    encode_object(&b, obj, r, NULL);
    return b;
}

/* Stored and read again, as between two requests. */
static json_t *stored(struct arena *a, json_t *obj, const struct schema_resource *r)
{
    struct buf b = bytes_of(obj, r);
    const char *err;
    json_t *v = json_read(a, buf_view(&b), NULL, &err);

    must(v != NULL);
    json_decref(obj);
    buf_free(&b);
    return v;
}

/* A number that a field of 32 bits cannot hold is stored as another, here as in kube-apiserver; as a key of a
 * list it then is another item when it is applied again. */
static bool has_other_numbers(const json_t *v)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_real(v))
        return json_real_value(v) < INT32_MIN || json_real_value(v) > INT32_MAX;
    if (json_is_integer(v))
        return json_integer_value(v) < INT32_MIN || json_integer_value(v) > INT32_MAX;
    json_object_foreach((json_t *)(uintptr_t)v, key, member) if (has_other_numbers(member)) return true;
    json_array_foreach(v, i, member) if (has_other_numbers(member)) return true;
    return false;
}

static void apply_twice(struct apply_call *c, const json_t *live, const json_t *config)
{
    struct status st = {.arena = c->arena};
    json_t *once = config_apply(c, live, config, &st), *twice;
    struct buf x, y;

    must((once != NULL) == (st.code == 0));
    if (!once)
        return;
    once = stored(c->arena, once, c->resource);
    sets_read_back(c->arena, tree_get(once, "metadata.managedFields"));
    c->force = false;
    c->now_s += 60;
    st = (struct status){.arena = c->arena};
    twice = config_apply(c, once, config, &st);
    must(twice != NULL);
    apply_forget_times(c->arena, c->type, twice, once);
    x = bytes_of(once, c->resource);
    y = bytes_of(twice, c->resource);
    must(has_other_numbers(config) || str_eq(buf_view(&x), buf_view(&y)));
    buf_free(&x);
    buf_free(&y);
    json_decref(once);
    json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schema_resource *r = schema_resource_of_kind(STR("apps"), STR("v1"), STR("Deployment"));
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    struct apply_call c = {.arena = a,
                           .resource = r,
                           .type = r->type,
                           .group = r->group,
                           .version = r->version,
                           .kind = r->kind,
                           .subresource = "",
                           .manager = STR("kubectl"),
                           .now_s = 1000000000,
                           .force = size % 2};
    const char *err = NULL;
    json_t *in = json_read(a, (struct str){(const char *)data, size}, NULL, &err), *live, *config;

    live = json_object_get(in, "live");
    config = json_object_get(in, "config");
    sets_read_back(a, json_object_get(in, "managedFields"));
    if (json_is_object(live) && json_is_object(config) && decode_tree(live, r->type, NULL, &st)) {
        json_t *obj = json_deep_copy(live);

        tree_set_string(live, "metadata.uid", "u");
        if (json_object_get(in, "managedFields"))
            tree_set(live, "metadata.managedFields", json_incref(json_object_get(in, "managedFields")));
        apply_twice(&c, live, config);
        if (json_object_update(obj, config) == 0 && decode_tree(obj, r->type, NULL, &st))
            apply_track(&c, live, obj);
        json_decref(obj);
    }
    json_decref(in);
    arena_free(a);
    return 0;
}
