/* Elements are made for whole lists at once, so that repetitions are found by sorting. */
#include "registry/apply/typed.h"

#include "registry/apply/compare.h"
#include "registry/apply/values.h"
#include "registry/walk/patch.h"

struct checker {
    struct shaper *s;
    struct buf path, said;
    int n;
};

static void check(struct checker *c, const struct shape *shape, const json_t *v);

static void complain(struct checker *c, const char *text)
{
    if (c->said.n > TYPED_ERROR_BYTES_MAX)
        return;
    if (c->n++)
        buf_putc(&c->said, '\n');
    buf_printf(&c->said, "  %.*s%s%s", (int)c->path.n, c->path.n ? c->path.p : "", c->path.n ? ": " : "",
               text);
}

/* "expected list, got &{x}" */
static void complain_of(struct checker *c, const char *wanted, const json_t *v)
{
    complain(c, arena_printf(c->s->arena, "expected %s, got &{%s}", wanted, patch_text(c->s->arena, v)));
}

static void descend(struct checker *c, const struct element *e, const struct shape *shape, const json_t *v)
{
    size_t before = c->path.n;

    element_put(&c->path, e);
    check(c, shape, v);
    c->path.n = before;
}

static void check_map(struct checker *c, const struct shape *shape, const json_t *v)
{
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */

    if (json_is_null(v))
        return;
    if (!json_is_object(v)) {
        complain_of(c, "map", v);
        return;
    }
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        struct shape_member m = {.key = {json_object_iter_key(it), json_object_iter_key_len(it)}};
        struct element e = {.kind = ELEMENT_FIELD, .name = m.key};
        bool is_struct = shape->type->kind == SCHEMA_STRUCT;
        struct shape inner;

        m.field = is_struct ? schema_field(shape->type, m.key) : NULL;
        if (is_struct && !m.field) {
            size_t before = c->path.n;

            element_put(&c->path, &e);
            complain(c, "field not declared in schema");
            c->path.n = before;
            return;
        }
        inner = shape_member(shape, &m);
        descend(c, &e, &inner, json_object_iter_value(it));
    }
}

/* The elements of a list's items, up to the first item that has none (*err): *n of them. */
static struct list_item *elements(struct checker *c, const struct shape *shape, const json_t *v, size_t *n,
                                  const char **err)
{
    size_t size = json_array_size(v);
    struct list_item *items = arena_raw(c->s->arena, size * sizeof(*items));

    *err = NULL;
    for (*n = 0; *n < size; (*n)++) {
        items[*n] = (struct list_item){.value = json_array_get(v, *n), .index = *n};
        *err = shape_element(c->s, shape, items[*n].value, false, &items[*n].element);
        if (*err)
            break;
    }
    return items;
}

/* Which items have come before. */
static bool *repeated(struct checker *c, const struct list_item *items, size_t n)
{
    struct list_item *sorted = arena_raw(c->s->arena, n * sizeof(*sorted));
    bool *again = arena_alloc(c->s->arena, n);

    if (n)
        memcpy(sorted, items, n * sizeof(*sorted));
    compare_sort(sorted, n);
    for (size_t i = 1; i < n; i++)
        again[sorted[i].index] = element_cmp(&sorted[i - 1].element, &sorted[i].element) == 0;
    return again;
}

static void complain_of_repetition(struct checker *c, const struct element *e)
{
    struct buf b = {0};

    buf_puts(&b, "duplicate entries for key ");
    element_put(&b, e);
    complain(c, arena_cstr(c->s->arena, buf_view(&b)));
    buf_free(&b);
}

static void check_items(struct checker *c, const struct shape *shape, const json_t *v)
{
    struct shape elem = shape_elem(shape);
    const char *err;
    size_t n;
    struct list_item *items = elements(c, shape, v, &n, &err);
    bool *again = repeated(c, items, n);

    for (size_t i = 0; i < n; i++) {
        if (again[i])
            complain_of_repetition(c, &items[i].element);
        descend(c, &items[i].element, &elem, items[i].value);
    }
    if (err)
        complain(c, arena_printf(c->s->arena, "element %zu: %s", n, err));
}

static void check_list(struct checker *c, const struct shape *shape, const json_t *v)
{
    struct shape elem = shape_elem(shape);

    if (json_is_null(v))
        return;
    if (!json_is_array(v)) {
        complain_of(c, "list", v);
        return;
    }
    if (!shape_is_leaf(shape, SHAPE_LIST)) {
        check_items(c, shape, v);
        return;
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct element e = {.kind = ELEMENT_INDEX, .index = (int64_t)i};

        descend(c, &e, &elem, json_array_get(v, i));
    }
}

static const char *go_type(const json_t *v)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "map[string]interface {}",
        [JSON_ARRAY] = "[]interface {}",
        [JSON_STRING] = "string",
        [JSON_INTEGER] = "int64",
        [JSON_REAL] = "float64",
        [JSON_TRUE] = "bool",
        [JSON_FALSE] = "bool",
        [JSON_NULL] = "<nil>",
    };

    return names[json_typeof(v)];
}

static void complain_no_string(struct checker *c, const json_t *v)
{
    struct buf b = {0};

    buf_puts(&b, "expected string, got &value.valueUnstructured{Value:");
    value_put_go(&b, v);
    buf_putc(&b, '}');
    complain(c, arena_cstr(c->s->arena, buf_view(&b)));
    buf_free(&b);
}

static void check_scalar(struct checker *c, const struct schema_type *t, const json_t *v)
{
    if (json_is_null(v))
        return;
    switch (t->kind) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
    case SCHEMA_DURATION:
        if (!json_is_string(v))
            complain_no_string(c, v);
        return;
    case SCHEMA_BOOL:
        if (!json_is_boolean(v))
            complain_of(c, "boolean", v);
        return;
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_FLOAT64:
        if (!json_is_number(v))
            complain(c, arena_printf(c->s->arena, "expected numeric (int or float), got %s", go_type(v)));
        return;
    case SCHEMA_INTORSTRING: /* said without a type: anything goes until it is converted */
        return;
    default:
        if (json_is_object(v) || json_is_array(v))
            complain_of(c, "any scalar", v);
    }
}

/* Recursion as deep as the tree, which its reader bounds. */
static void check(struct checker *c, const struct shape *shape, const json_t *v)
{
    enum shape_kind kind = shape_kind(shape, v);

    if (kind == SHAPE_MAP)
        check_map(c, shape, v);
    else if (kind == SHAPE_LIST)
        check_list(c, shape, v);
    else if (shape->type->kind != SCHEMA_RAW)
        check_scalar(c, shape->type, v);
}

const char *typed_error(struct shaper *s, const struct shape *shape, const json_t *v)
{
    struct checker c = {.s = s};
    const char *text = NULL;

    check(&c, shape, v);
    if (c.n == 1)
        text = arena_cstr(s->arena, (struct str){c.said.p + 2, c.said.n - 2});
    else if (c.n)
        text = arena_printf(s->arena, "errors:\n%.*s", (int)c.said.n, c.said.p);
    buf_free(&c.said);
    buf_free(&c.path);
    return text;
}
