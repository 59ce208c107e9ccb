#include "registry/apply/shape.h"

#include <stdlib.h>
#include "registry/apply/values.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/must.h"

#define FIELDS_INLINE 64 /* built-in structs have fewer */

void shaper_init(struct shaper *s, struct arena *a)
{
    *s = (struct shaper){.arena = a,
                         .empty = tree_keep(a, json_object()),
                         .text = tree_keep(a, json_string("")),
                         .zero = tree_keep(a, json_integer(0)),
                         .none_of_it = tree_keep(a, json_string("0")),
                         .no_time = tree_keep(a, json_string("0s")),
                         .none = json_null()};
}

struct shape shape_of(const struct schema_type *t)
{
    return (struct shape){.type = t, .atomic = t->atomic || t->kind == SCHEMA_LIST};
}

struct shape shape_field(const struct schema_field *f)
{
    struct shape s = shape_of(f->type);

    if (f->list == MAP_ATOMIC || f->list == MAP_GRANULAR)
        s.atomic = f->list == MAP_ATOMIC;
    if (f->type->kind != SCHEMA_LIST)
        return s;
    if (f->list == LIST_PLAIN) {
        s.atomic = !(f->patch & PATCH_MERGE);
        s.key = s.atomic ? NULL : f->patch_key;
    } else {
        s.atomic = f->list == LIST_ATOMIC;
        s.keys = f->list == LIST_MAP ? f->list_keys : NULL;
    }
    return s;
}

struct shape shape_elem(const struct shape *s)
{
    return s->type->elem ? shape_of(s->type->elem) : (struct shape){.type = s->type};
}

enum shape_kind shape_kind(const struct shape *s, const json_t *v)
{
    switch (s->type->kind) {
    case SCHEMA_STRUCT:
    case SCHEMA_MAP:
    case SCHEMA_FIELDS:
        return SHAPE_MAP;
    case SCHEMA_LIST:
        return SHAPE_LIST;
    case SCHEMA_RAW:
        if (json_is_array(v))
            return SHAPE_LIST;
        return !v || json_is_null(v) || json_is_object(v) ? SHAPE_MAP : SHAPE_SCALAR;
    default:
        return SHAPE_SCALAR;
    }
}

/* Objects of any kind have one owner; of other free JSON only lists do. */
bool shape_is_leaf(const struct shape *s, enum shape_kind kind)
{
    if (kind == SHAPE_SCALAR)
        return true;
    if (s->type->kind != SCHEMA_RAW)
        return s->atomic;
    return kind == SHAPE_LIST || (s->type->openapi && strstr(s->type->openapi, ".runtime.RawExtension"));
}

/* What Go has where nothing was said and nothing may be left out. */
static const json_t *zero_of(const struct shaper *s, const struct schema_field *f)
{
    if (f->flags & FIELD_POINTER)
        return s->none;
    switch (f->type->kind) {
    case SCHEMA_STRUCT:
        return s->empty;
    case SCHEMA_STRING:
        return s->text;
    case SCHEMA_BOOL:
        return json_false();
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_FLOAT64:
    case SCHEMA_INTORSTRING:
        return s->zero;
    case SCHEMA_QUANTITY:
        return s->none_of_it;
    case SCHEMA_DURATION:
        return s->no_time;
    default:
        return s->none;
    }
}

/* What a typed struct has in a field: NULL if that is left out. */
static const json_t *typed_value(const struct shaper *s, const struct schema_field *f, const json_t *v)
{
    if (v && json_is_null(v))
        v = NULL;
    if (encode_leaves_out(v, f))
        return NULL;
    return v ? v : zero_of(s, f);
}

static struct shape_member *typed_members(struct shaper *s, const struct schema_type *t, const json_t *v,
                                          size_t *n)
{
    struct shape_member *m = malloc(((size_t)t->nfields + 1) * sizeof(*m));
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */
    const json_t *few[FIELDS_INLINE], **slots = few;

    if (t->nfields > FIELDS_INLINE)
        slots = malloc((size_t)t->nfields * sizeof(*slots));
    must(m && slots);
    memset(slots, 0, (size_t)t->nfields * sizeof(*slots));
    *n = 0;
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        const struct schema_field *f =
            schema_field(t, (struct str){json_object_iter_key(it), json_object_iter_key_len(it)});

        if (f)
            slots[f - t->fields] = json_object_iter_value(it);
    }
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[t->by_name[i]];
        const json_t *value = typed_value(s, f, slots[f - t->fields]);

        if (value)
            m[(*n)++] = (struct shape_member){{f->json, f->json_n}, f, value};
    }
    if (slots != few)
        free(slots);
    return m;
}

struct shape_member *shape_members(struct shaper *s, const struct shape *shape, const json_t *v, bool typed,
                                   size_t *n)
{
    struct shape_member *m;
    struct value_member *plain;

    *n = 0;
    if (!json_is_object(v))
        return NULL;
    if (typed && shape->type->kind == SCHEMA_STRUCT)
        return typed_members(s, shape->type, v, n);
    plain = value_members(v, n);
    m = malloc((*n + 1) * sizeof(*m));
    must(m != NULL);
    for (size_t i = 0; i < *n; i++) {
        const struct schema_field *f =
            shape->type->kind == SCHEMA_STRUCT ? schema_field(shape->type, plain[i].key) : NULL;

        m[i] = (struct shape_member){plain[i].key, f, plain[i].value};
    }
    free(plain);
    return m;
}

struct shape shape_member(const struct shape *of, const struct shape_member *m)
{
    return m->field ? shape_field(m->field) : shape_elem(of);
}

/* The default of a key, declared or that of a member that is always written: items that leave it out have it
 * all the same. */
static const json_t *default_of(struct shaper *s, const struct schema_field *f)
{
    const char *err;
    json_t *v;

    if (f && !f->dflt && !(f->flags & (FIELD_OMITEMPTY | FIELD_OMITZERO | FIELD_POINTER)))
        return zero_of(s, f);
    if (!f || !f->dflt)
        return NULL;
    for (int i = 0; i < s->ndflt; i++) {
        if (s->dflt[i].field == f)
            return s->dflt[i].value;
    }
    v = tree_keep(s->arena, json_read(s->arena, str_of(f->dflt), NULL, &err));
    if (s->ndflt < (int)(sizeof(s->dflt) / sizeof(s->dflt[0]))) {
        s->dflt[s->ndflt].field = f;
        s->dflt[s->ndflt++].value = v;
    }
    return v;
}

static const json_t *key_value(struct shaper *s, const struct schema_type *t, const char *key,
                               const json_t *item, bool typed)
{
    const struct schema_field *f = t->kind == SCHEMA_STRUCT ? schema_field(t, str_of(key)) : NULL;
    const json_t *v = json_object_get(item, key);

    if (typed && f)
        v = typed_value(s, f, v);
    return v ? v : default_of(s, f);
}

static const char *key_at(const struct shape *list, int i)
{
    if (list->keys)
        return list->keys[i];
    return i == 0 ? list->key : NULL;
}

static const char *no_keys(struct shaper *s, const struct shape *list)
{
    struct buf b = {0};
    const char *text;

    for (int i = 0; key_at(list, i); i++)
        buf_printf(&b, "%s\"%s\"", i ? " " : "", key_at(list, i));
    text = arena_printf(
        s->arena,
        "associative list with keys has an element that omits all key fields [%.*s] (and doesn't have "
        "default values for any key fields)",
        (int)b.n, b.p);
    buf_free(&b);
    return text;
}

static int cmp_parts(const void *a, const void *b)
{
    return str_cmp(((const struct element_part *)a)->name, ((const struct element_part *)b)->name);
}

static const char *keyed_element(struct shaper *s, const struct shape *list, const json_t *item, bool typed,
                                 struct element *e)
{
    struct element_part *parts;
    int n = 0, max = 0;

    if (!item || json_is_null(item))
        return "associative list with keys may not have a null element";
    if (!json_is_object(item))
        return "associative list with keys may not have non-map elements";
    while (key_at(list, max))
        max++;
    parts = arena_raw(s->arena, (size_t)max * sizeof(*parts));
    for (int i = 0; i < max; i++) {
        const json_t *v = key_value(s, list->type->elem, key_at(list, i), item, typed);

        if (v)
            parts[n++] = (struct element_part){str_of(key_at(list, i)), v};
    }
    if (n == 0)
        return no_keys(s, list);
    if (n > 1)
        qsort(parts, (size_t)n, sizeof(*parts), cmp_parts);
    *e = (struct element){.kind = ELEMENT_KEY, .nparts = n, .parts = parts};
    return NULL;
}

const char *shape_element(struct shaper *s, const struct shape *list, const json_t *item, bool typed,
                          struct element *e)
{
    if (key_at(list, 0))
        return keyed_element(s, list, item, typed, e);
    if (json_is_object(item))
        return "associative list without keys has an element that's a map type";
    if (json_is_array(item))
        return "not supported: associative list with lists as elements";
    if (!item || json_is_null(item))
        return "associative list without keys has an element that's an explicit null";
    *e = (struct element){.kind = ELEMENT_VALUE, .value = item};
    return NULL;
}

static bool same_members(struct shaper *s, const struct shape *shape, const json_t *l, bool l_typed,
                         const json_t *r, bool r_typed)
{
    size_t n, m;
    struct shape_member *x = shape_members(s, shape, l, l_typed, &n),
                        *y = shape_members(s, shape, r, r_typed, &m);
    bool same = n == m;

    for (size_t i = 0; same && i < n; i++) {
        struct shape inner = shape_member(shape, &x[i]);

        same = str_eq(x[i].key, y[i].key) && shape_same(s, &inner, x[i].value, l_typed, y[i].value, r_typed);
    }
    free(x);
    free(y);
    return same;
}

/* The store does not tell a list or map without items from none, nor bytes from no bytes; a struct it does.
 */
static bool is_empty(const struct shape *shape, const json_t *v)
{
    if (json_is_array(v) || shape->type->kind == SCHEMA_MAP)
        return json_is_null(v) || json_array_size(v) + json_object_size(v) == 0;
    return json_is_null(v) || (shape->type->kind == SCHEMA_BYTES && json_string_length(v) == 0);
}

bool shape_same(struct shaper *s, const struct shape *shape, const json_t *l, bool l_typed, const json_t *r,
                bool r_typed)
{
    struct shape elem;

    if ((l == r && l_typed == r_typed) || (s->stored && is_empty(shape, l) && is_empty(shape, r)))
        return true;
    if (json_is_object(l) && json_is_object(r))
        return same_members(s, shape, l, l_typed, r, r_typed);
    if (!json_is_array(l) || !json_is_array(r))
        return value_cmp(l, r) == 0;
    if (json_array_size(l) != json_array_size(r))
        return false;
    elem = shape_elem(shape);
    for (size_t i = 0; i < json_array_size(l); i++) {
        if (!shape_same(s, &elem, json_array_get(l, i), l_typed, json_array_get(r, i), r_typed))
            return false;
    }
    return true;
}

json_t *shape_plain(struct shaper *s, const struct shape *shape, const json_t *v)
{
    struct shape_member *m;
    json_t *out;
    size_t n;

    if (json_is_array(v)) {
        struct shape elem = shape_elem(shape);

        out = json_array();
        for (size_t i = 0; i < json_array_size(v); i++)
            json_array_append_new(out, shape_plain(s, &elem, json_array_get(v, i)));
        return out;
    }
    if (!json_is_object(v) || shape->type->kind == SCHEMA_RAW || shape->type->kind == SCHEMA_FIELDS)
        return json_incref((json_t *)(uintptr_t)v);
    out = json_object();
    m = shape_members(s, shape, v, true, &n);
    for (size_t i = 0; i < n; i++) {
        struct shape inner = shape_member(shape, &m[i]);

        json_object_setn_new_nocheck(out, m[i].key.p, m[i].key.n, shape_plain(s, &inner, m[i].value));
    }
    free(m);
    return out;
}
