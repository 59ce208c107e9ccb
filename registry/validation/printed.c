/* Only refused writes come here, so tables are searched from the front. */
#include "registry/validation/printed.h"

#include <stdlib.h>
#include "registry/validation/linediff.h"
#include "registry/validation/printedrows.h"
#include "registry/validation/samevalue.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

static void put(struct buf *out, const json_t *v, const struct schema_type *t, const json_t *parent);

/* A member's name as Go spells it. */
static void go_name(const char *json, char out[64])
{
    size_t n = strlen(json);

    for (int i = 0; i < printed_nwords; i++) {
        if (strcmp(printed_words[i].json, json) == 0) {
            json = printed_words[i].go;
            n = strlen(json);
        }
    }
    n = n < 63 ? n : 63;
    memcpy(out, json, n);
    out[n] = '\0';
    if (out[0] >= 'a' && out[0] <= 'z')
        out[0] = (char)(out[0] - 'a' + 'A');
}

static const char *row_of(const struct schema_type *t)
{
    for (int i = 0; i < printed_nrows; i++) {
        if (strcmp(printed_rows[i].type, t->name) == 0 &&
            strcmp(printed_rows[i].group_version, t->group_version) == 0)
            return printed_rows[i].members;
    }
    return NULL;
}

static void put_name(struct buf *out, struct str name)
{
    if (out->p[out->n - 1] != '{')
        buf_putc(out, ',');
    buf_printf(out, "\"%.*s\":", (int)name.n, name.p);
}

/* Metadata is embedded: its members stand among those of the object. */
static void put_embedded(struct buf *out, const json_t *meta, const struct schema_type *t)
{
    struct buf b = {0};

    encode_value(&b, meta, t);
    if (b.n > 2) {
        if (out->p[out->n - 1] != '{')
            buf_putc(out, ',');
        buf_put(out, b.p + 1, b.n - 2);
    }
    buf_free(&b);
}

/* Lists, maps and raw values are nil when absent, whatever holds them. */
static void put_member(struct buf *out, const json_t *v, const struct schema_type *t, bool pointer,
                       const json_t *parent)
{
    if (json_is_null(v))
        v = NULL;
    if (!v && (pointer || t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP || t->kind == SCHEMA_BYTES))
        buf_puts(out, "null");
    else
        put(out, v, t, parent);
}

static bool is_metadata(const struct schema_field *f)
{
    return strcmp(f->json, "metadata") == 0 && strcmp(f->type->name, "ObjectMeta") == 0;
}

static void put_in_order(struct buf *out, const json_t *v, const struct schema_type *t)
{
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        char name[64];

        if (is_metadata(f)) {
            put_embedded(out, json_object_get(v, f->json), f->type);
            continue;
        }
        if (f->number == 0 && (strcmp(f->json, "kind") == 0 || strcmp(f->json, "apiVersion") == 0))
            continue;
        go_name(f->json, name);
        put_name(out, str_of(name));
        put_member(out, json_object_get(v, f->json), f->type, f->flags & FIELD_POINTER, v);
    }
}

static const struct schema_field *field_of(const struct schema_type *t, struct str go, struct str json)
{
    char name[64];

    if (json.p)
        return schema_field(t, json);
    for (int i = 0; i < t->nfields; i++) {
        go_name(t->fields[i].json, name);
        if (str_is(go, name))
            return &t->fields[i];
    }
    return NULL;
}

static void put_word(struct buf *out, struct str word, const json_t *v, const struct schema_type *t,
                     const json_t *parent)
{
    char mark = word.p[0] == '*' || word.p[0] == '!' || word.p[0] == '@' ? word.p[0] : 0;
    struct str go = mark ? (struct str){word.p + 1, word.n - 1} : word, json = STR_NONE;
    ptrdiff_t eq = str_find(go, '=');
    const struct schema_field *f;

    if (mark == '@') {
        f = schema_field(t, STR("metadata"));
        put_embedded(out, json_object_get(v, "metadata"), f->type);
        return;
    }
    if (eq >= 0) {
        json = (struct str){go.p + eq + 1, go.n - (size_t)eq - 1};
        go.n = (size_t)eq;
    }
    put_name(out, go);
    if (json.n && json.p[0] == '^') {
        const json_t *up = json_object_getn(parent, json.p + 1, json.n - 1);

        buf_puts(out, json_is_true(up) ? "true" : mark == '*' && !up ? "null" : "false");
        return;
    }
    f = field_of(t, go, json);
    if (!f)
        buf_puts(out, "null");
    else
        put_member(out, json_object_get(v, f->json), f->type, mark == '*', v);
}

static void put_struct(struct buf *out, const json_t *v, const struct schema_type *t, const json_t *parent)
{
    struct str row = str_of(row_of(t)), word;

    buf_putc(out, '{');
    if (!row.n)
        put_in_order(out, v, t);
    else
        while (str_next(&row, ' ', &word))
            put_word(out, word, v, t, parent);
    buf_putc(out, '}');
}

static int cmp_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_map(struct buf *out, const json_t *v, const struct schema_type *t)
{
    size_t n = json_object_size(v), i = 0;
    const char **keys = malloc((n + 1) * sizeof(*keys)), *key;
    json_t *one;

    json_object_foreach((json_t *)(uintptr_t)v, key, one) keys[i++] = key;
    qsort(keys, n, sizeof(*keys), cmp_keys);
    buf_putc(out, '{');
    for (i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ',');
        json_write_string(out, str_of(keys[i]));
        buf_putc(out, ':');
        put(out, json_object_get(v, keys[i]), t->elem, NULL);
    }
    buf_putc(out, '}');
    free(keys);
}

/* What a JSON schema can say in two ways; the reference has a struct with a member for each. */
static const struct either {
    const char *type, *other; /* the member beside Schema */
    bool list;                /* it is one; else a bool, and first */
} EITHER[] = {
    {"JSONSchemaPropsOrArray", "JSONSchemas", true},
    {"JSONSchemaPropsOrBool", "Allows", false},
    {"JSONSchemaPropsOrStringArray", "Property", true},
};

static const struct either *either_of(const struct schema_type *t)
{
    for (size_t i = 0; i < sizeof(EITHER) / sizeof(EITHER[0]); i++) {
        if (t->kind == SCHEMA_RAW && strcmp(t->name, EITHER[i].type) == 0)
            return &EITHER[i];
    }
    return NULL;
}

static void put_schemas(struct buf *out, const json_t *list, const struct schema_type *schema)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < json_array_size(list); i++) {
        buf_puts(out, i ? "," : "");
        if (json_is_object(json_array_get(list, i)))
            put(out, json_array_get(list, i), schema, NULL);
        else
            json_write(out, json_array_get(list, i), 0);
    }
    buf_putc(out, ']');
}

static void put_either(struct buf *out, const json_t *v, const struct either *e)
{
    const struct schema_type *schema = schema_type(STR("apiextensions.k8s.io/v1"), STR("JSONSchemaProps"));

    buf_putc(out, '{');
    if (!e->list) {
        put_name(out, str_of(e->other));
        buf_puts(out, json_is_false(v) ? "false" : "true");
    }
    put_name(out, STR("Schema"));
    if (json_is_object(v))
        put(out, v, schema, NULL);
    else
        buf_puts(out, "null");
    if (e->list) {
        put_name(out, str_of(e->other));
        if (json_is_array(v))
            put_schemas(out, v, schema);
        else
            buf_puts(out, "null");
    }
    buf_putc(out, '}');
}

static void put(struct buf *out, const json_t *v, const struct schema_type *t, const json_t *parent)
{
    bool tagged = t->group_version && strcmp(t->group_version, "meta/v1") == 0;

    if (t->kind == SCHEMA_STRUCT && !tagged && (!v || json_is_object(v))) {
        put_struct(out, v, t, parent);
    } else if (t->kind == SCHEMA_LIST && json_is_array(v)) {
        buf_putc(out, '[');
        for (size_t i = 0; i < json_array_size(v); i++) {
            if (i)
                buf_putc(out, ',');
            put(out, json_array_get(v, i), t->elem, NULL);
        }
        buf_putc(out, ']');
    } else if (t->kind == SCHEMA_MAP && json_is_object(v)) {
        put_map(out, v, t);
    } else if (v && either_of(t)) {
        put_either(out, v, either_of(t));
    } else {
        encode_value(out, v, t);
    }
}

void printed_put(struct buf *out, const json_t *v, const struct schema_type *t)
{
    put(out, v, t, NULL);
}

const char *printed(struct check *c, const json_t *v, const struct schema_type *t)
{
    struct buf b = {0};
    const char *text;

    if (!v || json_is_null(v))
        return "null";
    if (!t)
        return check_value_text(c, v);
    put(&b, v, t, NULL);
    text = arena_cstr(c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static void new_line(struct buf *out, int depth)
{
    buf_putc(out, '\n');
    for (int i = 0; i < depth; i++)
        buf_putc(out, ' ');
}

/* json.Indent with one blank a level. */
static void put_indented(struct buf *out, struct str s)
{
    bool quoted = false;
    int depth = 0;

    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];

        if (quoted) {
            buf_putc(out, ch);
            if (ch == '\\' && i + 1 < s.n)
                buf_putc(out, s.p[++i]);
            else if (ch == '"')
                quoted = false;
            continue;
        }
        if ((ch == '}' || ch == ']') && i && s.p[i - 1] != '{' && s.p[i - 1] != '[')
            new_line(out, depth - 1);
        buf_putc(out, ch);
        if (ch == '"') {
            quoted = true;
        } else if (ch == '{' || ch == '[') {
            depth++;
            if (i + 1 < s.n && s.p[i + 1] != '}' && s.p[i + 1] != ']')
                new_line(out, depth);
        } else if (ch == '}' || ch == ']') {
            depth--;
        } else if (ch == ',') {
            new_line(out, depth);
        } else if (ch == ':') {
            buf_putc(out, ' ');
        }
    }
}

static void indented(struct buf *out, const json_t *v, const struct schema_type *t)
{
    struct buf b = {0};

    put(&b, v, t, NULL);
    put_indented(out, buf_view(&b));
    buf_free(&b);
}

const char *printed_diff(struct check *c, const json_t *a, const json_t *b, const struct schema_type *t)
{
    struct buf ta = {0}, tb = {0}, out = {0};
    const char *text;

    indented(&ta, a, t);
    indented(&tb, b, t);
    linediff(&out, buf_view(&ta), buf_view(&tb));
    text = arena_cstr(c->arena, buf_view(&out));
    buf_free(&ta);
    buf_free(&tb);
    buf_free(&out);
    return text;
}

const struct schema_type *printed_type(const struct schema_type *t, const char *path)
{
    struct str rest = str_of(path), step;

    while (t && str_next(&rest, '.', &step)) {
        const struct schema_field *f = schema_field(t, step);

        t = f ? f->type : NULL;
    }
    return t;
}

void check_invalid_of(struct check *c, const struct at *at, const json_t *v, const struct schema_type *t,
                      const char *detail)
{
    if (!check_full(c))
        check_invalid_text(c, at, printed(c, v, t), detail);
}

void check_immutable_of(struct check *c, const struct at *at, const json_t *now, const json_t *old,
                        const struct schema_type *t)
{
    if (!same_value(now, old, t))
        check_invalid_of(c, at, now, t, "field is immutable");
}

/* A pointer that is not there prints as null, all else as its zero value. */
static const char *member_text(struct check *c, const json_t *v, const struct schema_type *t, bool pointer)
{
    struct buf b = {0};
    const char *text;

    if (v || pointer || t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP)
        return printed(c, v, t);
    printed_put(&b, NULL, t);
    text = arena_cstr(c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

void check_fixed(struct check *c, const struct at *at, const json_t *obj, const json_t *old, const char *path,
                 const char *detail)
{
    const struct schema_type *t = c->resource->type;
    const struct schema_field *f = NULL;
    struct str rest = str_of(path), step;
    const json_t *now = tree_get(obj, path);

    while (t && str_next(&rest, '.', &step)) {
        f = schema_field(t, step);
        t = f ? f->type : NULL;
    }
    if (t && !check_full(c) && !same_value(now, tree_get(old, path), t))
        check_invalid_text(c, at, member_text(c, now, t, f->flags & FIELD_POINTER), detail);
}
