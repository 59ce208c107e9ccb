/* Updates are compared in the form in which they are written; the type says what in it makes no difference.
 */
#include "registry/validation/samevalue.h"

#include "registry/rules/quantities.h"
#include "registry/walk/spelled.h"

static bool same(const json_t *a, const json_t *b, const struct schema_type *t, bool pointer);

static bool same_lists(const json_t *a, const json_t *b, const struct schema_type *t)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!same(json_array_get(a, i), json_array_get(b, i), t->elem, false))
            return false;
    }
    return true;
}

static bool same_maps(const json_t *a, const json_t *b, const struct schema_type *t)
{
    const char *key;
    json_t *v;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)(uintptr_t)a, key, v)
    {
        const json_t *other = json_object_get(b, key);

        if (!other || !same(v, other, t->elem, false))
            return false;
    }
    return true;
}

bool same_spelling(const json_t *a, const json_t *b, const struct schema_field *f)
{
    struct buf one = {0}, other = {0};
    bool same;

    spelled_put(&one, a, f);
    spelled_put(&other, b, f);
    same = str_eq(buf_view(&one), buf_view(&other));
    buf_free(&one);
    buf_free(&other);
    return same;
}

static bool same_structs(const json_t *a, const json_t *b, const struct schema_type *t)
{
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];

        if (spelled_type(f->type) && !same_spelling(a, b, f))
            return false;
        if (!same(json_object_get(a, f->json), json_object_get(b, f->json), f->type,
                  f->flags & FIELD_POINTER))
            return false;
    }
    return true;
}

static bool same_scalars(const json_t *a, const json_t *b, const struct schema_type *t)
{
    const json_t *v = a ? a : b;

    if (t->kind == SCHEMA_QUANTITY) {
        struct str qa = a ? (struct str){json_string_value(a), json_string_length(a)} : STR("0");
        struct str qb = b ? (struct str){json_string_value(b), json_string_length(b)} : STR("0");

        return quantity_cmp(qa, qb) == 0;
    }
    if (a && b)
        return json_equal(a, b);
    return (json_is_string(v) && json_string_length(v) == 0) || json_is_false(v) ||
           (json_is_number(v) && json_number_value(v) == 0);
}

static bool same(const json_t *a, const json_t *b, const struct schema_type *t, bool pointer)
{
    if (json_is_null(a))
        a = NULL;
    if (json_is_null(b))
        b = NULL;
    if (a == b)
        return true;
    if (pointer && (!a || !b))
        return false;
    switch (t->kind) {
    case SCHEMA_LIST:
        return same_lists(a, b, t);
    case SCHEMA_MAP:
        return same_maps(a, b, t);
    case SCHEMA_STRUCT:
        return same_structs(a, b, t);
    default:
        return same_scalars(a, b, t);
    }
}

bool same_value(const json_t *a, const json_t *b, const struct schema_type *t)
{
    if (t)
        return same(a, b, t, false);
    if (json_is_null(a))
        a = NULL;
    if (json_is_null(b))
        b = NULL;
    return a == b || (a && b && json_equal(a, b));
}
