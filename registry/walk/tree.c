/* Strategies speak about a handful of fields each; paths keep them readable. */
#include "registry/walk/tree.h"

#include <stdlib.h>

#include "registry/walk/encode.h"
#include "registry/walk/spelled.h"
#include "shm/base/buf.h"
#include "shm/base/must.h"

json_t *tree_get(const json_t *obj, const char *path)
{
    const json_t *at = obj;

    while (at && *path) {
        size_t n = strcspn(path, ".");

        at = json_is_object(at) ? json_object_getn(at, path, n) : NULL;
        path += n + (path[n] == '.');
    }
    return at && !json_is_null(at) ? (json_t *)(uintptr_t)at : NULL;
}

const char *tree_string(const json_t *obj, const char *path)
{
    return json_string_value(tree_get(obj, path));
}

struct str tree_str(const json_t *obj, const char *path)
{
    const json_t *v = tree_get(obj, path);

    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR_NONE;
}

int64_t tree_int(const json_t *obj, const char *path, int64_t otherwise)
{
    const json_t *v = tree_get(obj, path);

    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool tree_bool(const json_t *obj, const char *path, bool otherwise)
{
    const json_t *v = tree_get(obj, path);

    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

size_t tree_size(const json_t *obj, const char *path)
{
    return json_array_size(tree_get(obj, path));
}

/* The object that holds the last key of path, made on the way; *key is that last key. */
static json_t *holder(json_t *obj, const char *path, const char **key)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        size_t n = (size_t)(dot - path);
        json_t *next = json_object_getn(obj, path, n);

        if (!json_is_object(next)) {
            next = json_object();
            must(json_object_setn_new(obj, path, n, next) == 0);
        }
        obj = next;
        path = dot + 1;
    }
    *key = path;
    return obj;
}

void tree_set(json_t *obj, const char *path, json_t *value)
{
    const char *key;
    json_t *in = holder(obj, path, &key);

    must(json_object_set_new(in, key, value) == 0);
}

void tree_set_string(json_t *obj, const char *path, const char *value)
{
    tree_set(obj, path, json_string(value));
}

void tree_set_int(json_t *obj, const char *path, int64_t value)
{
    tree_set(obj, path, json_integer(value));
}

void tree_default(json_t *obj, const char *path, json_t *value)
{
    if (tree_get(obj, path))
        json_decref(value);
    else
        tree_set(obj, path, value);
}

void tree_delete(json_t *obj, const char *path)
{
    const char *dot = strrchr(path, '.');
    json_t *in = obj;

    if (dot) {
        while (in && path < dot) {
            size_t n = strcspn(path, ".");

            in = json_object_getn(in, path, n);
            path += n + 1;
        }
    }
    if (json_is_object(in))
        json_object_del(in, dot ? dot + 1 : path);
}

void tree_copy(json_t *to, const json_t *from, const char *path)
{
    json_t *v = tree_get(from, path);

    if (v)
        tree_set(to, path, json_deep_copy(v));
    else
        tree_delete(to, path);
}

static const struct schema_type *type_at(const struct schema_type *t, const char *path)
{
    while (t && *path) {
        size_t n = strcspn(path, ".");
        const struct schema_field *f = schema_field(t, (struct str){path, n});

        t = f ? f->type : NULL;
        path += n + (path[n] == '.');
    }
    return t;
}

bool tree_same(const json_t *a, const json_t *b, const char *path, const struct schema_type *type)
{
    const json_t *va = tree_get(a, path), *vb = tree_get(b, path);
    const struct schema_type *t = type_at(type, path);
    struct buf ta = {0}, tb = {0};
    json_t *empty;
    bool same;

    if (va == vb)
        return true;
    if (va && vb && json_equal(va, vb))
        return true;
    if (!t)
        return false;
    empty = t->kind == SCHEMA_LIST ? json_array() : json_object();
    encode_value(&ta, va ? va : empty, t);
    encode_value(&tb, vb ? vb : empty, t);
    same = str_eq(buf_view(&ta), buf_view(&tb)) && (!spelled_in(type) || spelled_same(va, vb, t));
    json_decref(empty);
    buf_free(&ta);
    buf_free(&tb);
    return same;
}

bool tree_list_has(const json_t *list, const char *s)
{
    size_t i;
    json_t *v;

    json_array_foreach(list, i, v)
    {
        if (json_is_string(v) && strcmp(json_string_value(v), s) == 0)
            return true;
    }
    return false;
}

static void drop(void *arg)
{
    json_decref(arg);
}

json_t *tree_keep(struct arena *a, json_t *v)
{
    if (v)
        arena_cleanup(a, drop, v);
    return v;
}

struct member {
    const char *key;
    size_t n;
    json_t *value;
};

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return str_cmp((struct str){x->key, x->n}, (struct str){y->key, y->n});
}

static bool is_sorted(json_t *obj)
{
    struct member last = {0}, m;

    for (void *it = json_object_iter(obj); it; it = json_object_iter_next(obj, it), last = m) {
        m = (struct member){json_object_iter_key(it), json_object_iter_key_len(it), NULL};
        if (last.key && by_key(&last, &m) > 0)
            return false;
    }
    return true;
}

void tree_sort_keys(json_t *obj)
{
    struct member *all;
    json_t *copy;
    size_t n = 0;

    if (is_sorted(obj))
        return;
    all = calloc(json_object_size(obj) + 1, sizeof(*all));
    copy = json_copy(obj);
    must(all != NULL);
    for (void *it = json_object_iter(copy); it; it = json_object_iter_next(copy, it))
        all[n++] = (struct member){json_object_iter_key(it), json_object_iter_key_len(it),
                                   json_object_iter_value(it)};
    qsort(all, n, sizeof(*all), by_key);
    json_object_clear(obj);
    for (size_t i = 0; i < n; i++)
        json_object_setn_nocheck(obj, all[i].key, all[i].n, all[i].value);
    json_decref(copy);
    free(all);
}

void tree_sort_all_keys(json_t *v)
{
    if (json_is_object(v))
        tree_sort_keys(v);
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it))
        tree_sort_all_keys(json_object_iter_value(it));
    for (size_t i = 0; i < json_array_size(v); i++)
        tree_sort_all_keys(json_array_get(v, i));
}
