/* The write path ends here: a tree becomes the bytes that every reader is then served with, so this runs once
 * a write and must not copy what it need not. A struct's members are first put into slots by field, then
 * written in schema order: one lookup per member that is there, none per field that is not. */
#include "registry/walk/encode.h"

#include <stdlib.h>
#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "shm/base/must.h"

#define SLOTS_INLINE 512

struct slot {
    struct str key; /* maps only */
    const json_t *v;
};

struct encoder {
    struct buf *out;
    size_t start;
    struct encode_marks *marks;
    struct slot *slots; /* a stack: each struct or map being written holds a run of it */
    size_t used, cap;
    struct slot first[SLOTS_INLINE];
};

enum place { NESTED, OBJECT, METADATA };

static void put_value(struct encoder *e, const json_t *v, const struct schema_type *t, enum place place);

static size_t slots_push(struct encoder *e, size_t n)
{
    size_t base = e->used;

    if (base + n > e->cap) {
        size_t cap = (base + n) * 2;
        struct slot *more = malloc(cap * sizeof(*more));

        must(more != NULL);
        memcpy(more, e->slots, base * sizeof(*more));
        if (e->slots != e->first)
            free(e->slots);
        e->slots = more;
        e->cap = cap;
    }
    e->used = base + n;
    return base;
}

/* Lists, maps and plain values have a length or a zero in Go's sense of omitempty; structs never do. */
static bool is_empty(const json_t *v, const struct schema_type *t)
{
    switch (t->kind) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        return !v || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0);
    case SCHEMA_BOOL:
        return !json_is_true(v);
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_FLOAT64:
        return !v || json_is_null(v) || (json_is_number(v) && json_number_value(v) == 0);
    case SCHEMA_LIST:
        return json_array_size(v) == 0;
    case SCHEMA_MAP:
        return json_object_size(v) == 0;
    default:
        return false;
    }
}

static bool is_collection(const struct schema_type *t)
{
    return t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP;
}

static bool is_zero(const json_t *v, const struct schema_type *t)
{
    json_t *o = (json_t *)v; /* jansson's iterators take no const */

    if (!v || json_is_null(v))
        return true;
    if (is_collection(t))
        return false;
    if (t->kind != SCHEMA_STRUCT)
        return is_empty(v, t);
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        const struct schema_field *f =
            schema_field(t, (struct str){json_object_iter_key(it), json_object_iter_key_len(it)});

        if (f && ((f->flags & FIELD_POINTER) || !is_zero(json_object_iter_value(it), f->type)))
            return false;
    }
    return true;
}

bool encode_leaves_out(const json_t *v, const struct schema_field *f)
{
    if (f->flags & FIELD_POINTER)
        return !v && (f->flags & (FIELD_OMITEMPTY | FIELD_OMITZERO));
    if ((f->flags & FIELD_OMITZERO) && is_zero(v, f->type))
        return true;
    return (f->flags & FIELD_OMITEMPTY) && is_empty(v, f->type);
}

static void put_key(struct buf *out, const char *name, size_t n, bool first)
{
    char *p = buf_reserve(out, n + 4), *from = p;

    if (!first)
        *p++ = ',';
    *p++ = '"';
    memcpy(p, name, n);
    p += n;
    *p++ = '"';
    *p++ = ':';
    out->n += (size_t)(p - from);
}

static void put_text(struct encoder *e, const json_t *v)
{
    json_write_string(e->out, (struct str){json_string_value(v), json_string_length(v)});
}

/* A field of metadata that the record must find again. Returns false if it is an ordinary one. */
static bool put_marked(struct encoder *e, const json_t *v, const struct schema_field *f, bool first)
{
    struct str name = {f->json, f->json_n};
    uint32_t at;

    if (str_is(name, "resourceVersion")) {
        put_key(e->out, f->json, f->json_n, first);
        buf_puts(e->out, "\"\"");
        e->marks->rv_at = (uint32_t)(e->out->n - 1 - e->start);
        return true;
    }
    if (!json_is_string(v) || json_string_length(v) == 0)
        return false;
    if (!str_is(name, "name") && !str_is(name, "namespace"))
        return false;
    put_key(e->out, f->json, f->json_n, first);
    at = (uint32_t)(e->out->n + 1 - e->start);
    put_text(e, v);
    if (str_is(name, "name")) {
        e->marks->name_at = at;
        e->marks->name_bytes = (uint16_t)json_string_length(v);
    } else {
        e->marks->ns_at = at;
        e->marks->ns_bytes = (uint16_t)json_string_length(v);
    }
    return true;
}

static size_t sort_into_slots(struct encoder *e, const json_t *v, const struct schema_type *t)
{
    size_t base = slots_push(e, (size_t)t->nfields);
    json_t *o = (json_t *)v;

    memset(e->slots + base, 0, (size_t)t->nfields * sizeof(*e->slots));
    if (!json_is_object(v))
        return base;
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        const struct schema_field *f =
            schema_field(t, (struct str){json_object_iter_key(it), json_object_iter_key_len(it)});

        if (f && !json_is_null(json_object_iter_value(it)))
            e->slots[base + (size_t)(f - t->fields)].v = json_object_iter_value(it);
    }
    return base;
}

static bool is_type_meta(const struct schema_field *f)
{
    return strcmp(f->json, "kind") == 0 || strcmp(f->json, "apiVersion") == 0;
}

/* The fields behind an opened brace; v may be NULL: an absent struct is written with its zero fields. */
static void put_fields(struct encoder *e, const json_t *v, const struct schema_type *t, enum place place,
                       bool first)
{
    size_t base = sort_into_slots(e, v, t);

    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        const json_t *member = e->slots[base + (size_t)i].v;
        enum place inner = place == OBJECT && strcmp(f->json, "metadata") == 0 ? METADATA : NESTED;

        if (place == OBJECT && is_type_meta(f))
            continue;
        if (place == METADATA && e->marks && put_marked(e, member, f, first)) {
            first = false;
            continue;
        }
        if (encode_leaves_out(member, f))
            continue;
        put_key(e->out, f->json, f->json_n, first);
        /* stored in the reference's form an empty list or map can't be told from none */
        if ((!member && (f->flags & FIELD_POINTER)) ||
            (is_collection(f->type) && !(f->flags & FIELD_POINTER) && is_empty(member, f->type)))
            buf_put(e->out, "null", 4);
        else
            put_value(e, member, f->type, inner);
        first = false;
    }
    e->used = base;
}

static int cmp_slots(const void *a, const void *b)
{
    return str_cmp(((const struct slot *)a)->key, ((const struct slot *)b)->key);
}

static void put_map(struct encoder *e, const json_t *v, const struct schema_type *t)
{
    size_t n = json_object_size(v), base = slots_push(e, n), i = base;
    json_t *o = (json_t *)v;
    bool sorted = true;

    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it), i++) {
        e->slots[i] = (struct slot){{json_object_iter_key(it), json_object_iter_key_len(it)},
                                    json_object_iter_value(it)};
        if (i > base && cmp_slots(&e->slots[i - 1], &e->slots[i]) > 0)
            sorted = false;
    }
    if (!sorted)
        qsort(e->slots + base, n, sizeof(*e->slots), cmp_slots);
    buf_putc(e->out, '{');
    for (i = base; i < base + n; i++) {
        if (i > base)
            buf_putc(e->out, ',');
        json_write_string(e->out, e->slots[i].key);
        buf_putc(e->out, ':');
        put_value(e, e->slots[i].v, t->elem, NESTED);
    }
    buf_putc(e->out, '}');
    e->used = base;
}

static void put_list(struct encoder *e, const json_t *v, const struct schema_type *t)
{
    size_t n = json_array_size(v);

    buf_putc(e->out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(e->out, ',');
        put_value(e, json_array_get(v, i), t->elem, NESTED);
    }
    buf_putc(e->out, ']');
}

static void put_zero(struct encoder *e, const struct schema_type *t)
{
    static const char *const zeros[] = {
        [SCHEMA_STRING] = "\"\"",    [SCHEMA_BOOL] = "false",    [SCHEMA_INT32] = "0",
        [SCHEMA_INT64] = "0",        [SCHEMA_FLOAT64] = "0",     [SCHEMA_DURATION] = "\"0s\"",
        [SCHEMA_QUANTITY] = "\"0\"", [SCHEMA_INTORSTRING] = "0",
    };
    const char *zero = t->kind < sizeof(zeros) / sizeof(zeros[0]) ? zeros[t->kind] : NULL;

    buf_puts(e->out, zero ? zero : "null");
}

/* v NULL or null: Go's zero value. */
static void put_value(struct encoder *e, const json_t *v, const struct schema_type *t, enum place place)
{
    if (v && json_is_null(v))
        v = NULL;
    /* What is stored went through protobuf, which knows no difference between empty and absent. */
    if (v && e->marks && is_collection(t) && is_empty(v, t))
        v = NULL;
    if (t->kind == SCHEMA_STRUCT && (!v || json_is_object(v))) {
        buf_putc(e->out, '{');
        put_fields(e, v, t, place, true);
        buf_putc(e->out, '}');
    } else if (!v) {
        put_zero(e, t);
    } else if (t->kind == SCHEMA_FIELDS && json_is_string(v)) {
        buf_put(e->out, json_string_value(v), json_string_length(v)); /* JSON already */
    } else if (json_is_string(v)) {
        put_text(e, v);
    } else if (t->kind == SCHEMA_MAP && json_is_object(v)) {
        put_map(e, v, t);
    } else if (t->kind == SCHEMA_LIST && json_is_array(v)) {
        put_list(e, v, t);
    } else {
        json_write(e->out, v, 0);
    }
}

static void start(struct encoder *e, struct buf *out, struct encode_marks *marks)
{
    e->out = out;
    e->start = out->n;
    e->marks = marks;
    e->slots = e->first;
    e->used = 0;
    e->cap = SLOTS_INLINE;
}

static void finish(struct encoder *e)
{
    if (e->slots != e->first)
        free(e->slots);
}

void encode_object(struct buf *out, const json_t *obj, const struct schema_resource *r,
                   struct encode_marks *marks)
{
    struct encoder e;
    size_t body;

    start(&e, out, marks);
    if (marks)
        memset(marks, 0, sizeof(*marks));
    buf_puts(out, "{\"kind\":");
    json_write_string(out, str_of(r->kind));
    buf_puts(out, ",\"apiVersion\":");
    json_write_string(out, str_of(r->api_version));
    body = out->n;
    put_fields(&e, obj, r->type, OBJECT, false);
    if (marks) {
        if (out->n > body)
            body++; /* the comma belongs to the head */
        marks->body_at = (uint32_t)(body - e.start);
    }
    buf_putc(out, '}');
    finish(&e);
}

void encode_value(struct buf *out, const json_t *v, const struct schema_type *t)
{
    struct encoder e;

    start(&e, out, NULL);
    put_value(&e, v, t, NESTED);
    finish(&e);
}
