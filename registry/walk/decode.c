/* The reference decodes into Go structs; here a tree is checked in place. What a client sees must be the
 * same: which error is the first one, how it names the field (struct fields only, without list positions),
 * how a finding names it (with them), and what null means. Hence two kinds of failure, as in Go's decoder: a
 * value of the wrong type is remembered and the walk goes on, a value that its own parser refuses ends the
 * walk and wins. */
#include "registry/walk/decode.h"

#include <math.h>
#include "registry/rules/base64.h"
#include "registry/rules/quantities.h"
#include "registry/rules/text.h"
#include "registry/rules/times.h"
#include "registry/walk/spelled.h"
#include "registry/walk/tree.h"
#include "registry/walk/twice.h"

#define PATH_MAX_BYTES FINDINGS_PATH_MAX

/* Where the walk is: a chain on the C stack, as deep as the tree. */
struct spot {
    const struct spot *up;
    const struct schema_type *owner; /* a struct's field: that struct; NULL: a map's key or a list's item */
    struct str key;                  /* p NULL: a list's item */
    size_t index;
};

struct decoder {
    struct arena *arena;
    struct findings *strict;
    const char *soft; /* the first value of the wrong type */
    const char *hard;
    bool merged; /* decode_merged */
};

/* What becomes of a value. */
enum verdict { KEEP, DROP, REPLACE, STOP };

static enum verdict walk(struct decoder *d, json_t *v, const struct schema_type *t, const struct spot *at,
                         json_t **replacement);

static void put_key(struct buf *out, struct str key)
{
    if (out->n)
        buf_putc(out, '.');
    buf_str(out, key.n > PATH_MAX_BYTES ? (struct str){key.p, PATH_MAX_BYTES} : key);
}

static void put_strict_path(struct buf *out, const struct spot *at)
{
    if (!at || out->n > PATH_MAX_BYTES)
        return;
    put_strict_path(out, at->up);
    if (!at->key.p) {
        buf_printf(out, "[%zu]", at->index);
        return;
    }
    put_key(out, at->key);
}

static void put_struct_path(struct buf *out, const struct spot *at)
{
    const struct schema_field *f;

    if (!at || out->n > PATH_MAX_BYTES)
        return;
    put_struct_path(out, at->up);
    if (!at->owner)
        return;
    f = schema_field(at->owner, at->key);
    if (f && f->embedded)
        put_key(out, str_of(f->embedded));
    put_key(out, at->key);
}

static void report(struct decoder *d, const char *what, const struct spot *at)
{
    struct buf path = {0};

    if (!d->strict || findings_full(d->strict))
        return;
    put_strict_path(&path, at);
    findings_add(d->strict,
                 arena_printf(d->arena, "%s field %s", what, text_quoted(d->arena, buf_view(&path))));
    buf_free(&path);
}

/* The type as Go prints it: v1.Container, []v1.Container, map[string]string, int32. */
static void put_go_type(struct buf *out, const struct schema_type *t)
{
    static const char *const simple[] = {
        [SCHEMA_STRING] = "string",     [SCHEMA_BOOL] = "bool",
        [SCHEMA_INT32] = "int32",       [SCHEMA_INT64] = "int64",
        [SCHEMA_FLOAT64] = "float64",   [SCHEMA_BYTES] = "[]uint8",
        [SCHEMA_TIME] = "v1.Time",      [SCHEMA_MICROTIME] = "v1.MicroTime",
        [SCHEMA_DURATION] = "string",   [SCHEMA_QUANTITY] = "string",
        [SCHEMA_INTORSTRING] = "int32",
    };

    if (t->group_version && (t->kind <= SCHEMA_STRING)) {
        const char *slash = strrchr(t->group_version, '/');

        buf_printf(out, "%s.%s", slash ? slash + 1 : t->group_version, t->name);
    } else if (t->kind == SCHEMA_LIST) {
        buf_puts(out, "[]");
        put_go_type(out, t->elem);
    } else if (t->kind == SCHEMA_MAP && t->elem->kind == SCHEMA_QUANTITY) {
        buf_puts(out, "v1.ResourceList");
    } else if (t->kind == SCHEMA_MAP) {
        buf_puts(out, "map[string]");
        put_go_type(out, t->elem);
    } else if (t->kind < sizeof(simple) / sizeof(simple[0]) && simple[t->kind]) {
        buf_puts(out, simple[t->kind]);
    } else {
        buf_puts(out, "interface {}");
    }
}

/* "number 1.5": where a number is of the right kind but does not fit. */
static const char *number_word(struct decoder *d, const json_t *v)
{
    struct buf b = {0};
    const char *text;

    buf_puts(&b, "number ");
    if (json_is_integer(v)) {
        buf_put_int(&b, json_integer_value(v));
    } else {
        text_put_double(&b, json_real_value(v));
        if (!d->merged && !memchr(b.p, '.', b.n) && !memchr(b.p + 7, 'e', b.n - 7))
            buf_puts(&b, ".0");
    }
    text = arena_cstr(d->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static const char *type_error(struct decoder *d, const char *what, const char *type, const struct spot *at)
{
    const struct schema_type *owner = NULL;
    struct buf path = {0};
    const char *text;

    if (d->merged)
        at = NULL;
    for (const struct spot *s = at; s && !owner; s = s->up)
        owner = s->owner;
    put_struct_path(&path, at);
    if (owner)
        text = arena_printf(d->arena, "json: cannot unmarshal %s into Go struct field %s.%.*s of type %s",
                            what, owner->name, (int)path.n, path.p, type);
    else
        text = arena_printf(d->arena, "json: cannot unmarshal %s into Go value of type %s", what, type);
    buf_free(&path);
    return text;
}

static enum verdict wrong_as(struct decoder *d, const char *what, const struct schema_type *t,
                             const struct spot *at)
{
    struct buf type = {0};

    if (!d->soft) {
        put_go_type(&type, t);
        buf_putc(&type, '\0');
        d->soft = type_error(d, what, type.p, at);
        buf_free(&type);
    }
    return KEEP;
}

static enum verdict stop(struct decoder *d, const char *text)
{
    d->hard = text;
    return STOP;
}

/* What the converter says. */
static const char *restore_error(struct decoder *d, const json_t *v, const struct schema_type *t)
{
    static const char *const from[] = {
        [JSON_OBJECT] = "map",   [JSON_ARRAY] = "slice", [JSON_STRING] = "string", [JSON_INTEGER] = "int64",
        [JSON_REAL] = "float64", [JSON_TRUE] = "bool",   [JSON_FALSE] = "bool",
    };
    static const char *const to[] = {
        [SCHEMA_STRING] = "string", [SCHEMA_BOOL] = "bool",       [SCHEMA_INT32] = "int32",
        [SCHEMA_INT64] = "int64",   [SCHEMA_FLOAT64] = "float64",
    };
    const char *kind = from[json_typeof(v)];

    if (t->kind == SCHEMA_STRUCT)
        return arena_printf(d->arena, "cannot restore struct from: %s", kind);
    if (t->kind == SCHEMA_MAP)
        return arena_printf(d->arena, "cannot restore map from %s", kind);
    if (t->kind == SCHEMA_LIST || t->kind == SCHEMA_BYTES)
        return arena_printf(d->arena, "cannot restore slice from %s", kind);
    if (json_is_number(v) && (t->kind == SCHEMA_STRING ? json_is_integer(v) : t->kind != SCHEMA_BOOL))
        return arena_printf(d->arena, "cannot convert %s to %s", kind, to[t->kind]);
    return arena_printf(d->arena, "unrecognized type: %s", to[t->kind]);
}

static enum verdict wrong(struct decoder *d, const json_t *v, const struct schema_type *t,
                          const struct spot *at)
{
    return d->merged ? stop(d, restore_error(d, v, t)) : wrong_as(d, json_word(v), t, at);
}

static struct str string_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

static enum verdict become(struct str text, const json_t *v, json_t **replacement)
{
    if (json_is_string(v) && str_eq(text, string_of(v)))
        return KEEP;
    *replacement = json_stringn_nocheck(text.p ? text.p : "", text.n);
    return REPLACE;
}

/* ---- members that were given twice ---- */

/* A value (null too) as it is when decoded, a new reference; NULL: absent. */
static enum verdict decoded(struct decoder *d, json_t *v, const struct schema_type *t, const struct spot *at,
                            json_t **out)
{
    enum verdict verdict = DROP;

    *out = NULL;
    if (!json_is_null(v))
        verdict = walk(d, v, t, at, out);
    if (verdict == KEEP)
        *out = json_incref(v);
    return verdict;
}

static bool add_value(struct decoder *d, json_t *v, const struct schema_field *f, const struct spot *at,
                      json_t **sum)
{
    json_t *one;

    if (decoded(d, v, f->type, at, &one) == STOP) {
        json_decref(*sum);
        return false;
    }
    *sum = twice_merge(*sum, one, f->type, f->flags & FIELD_POINTER);
    return true;
}

static enum verdict walk_twice(struct decoder *d, json_t *obj, json_t *last, const struct schema_field *f,
                               const struct spot *at, json_t **replacement)
{
    json_t *sum = NULL, *before;
    int next = 0;

    while ((before = twice_before(d->strict, obj, at->key, &next))) {
        if (!add_value(d, before, f, at, &sum))
            return STOP;
        report(d, "duplicate", at);
    }
    if (!add_value(d, last, f, at, &sum))
        return STOP;
    *replacement = sum;
    return sum ? REPLACE : DROP;
}

static enum verdict walk_struct(struct decoder *d, json_t *v, const struct schema_type *t,
                                const struct spot *up)
{
    void *it = json_object_iter(v), *next;

    for (; it; it = next) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        const struct schema_field *f = schema_field(t, key);
        struct spot at = {.up = up, .owner = t, .key = key};
        json_t *member = json_object_iter_value(it), *replacement = NULL;
        enum verdict verdict = DROP;

        next = json_object_iter_next(v, it);
        if (!f)
            report(d, "unknown", &at);
        else if (twice_before(d->strict, v, key, &(int){0}))
            verdict = walk_twice(d, v, member, f, &at, &replacement);
        else if (!json_is_null(member))
            verdict = walk(d, member, f->type, &at, &replacement);
        if (verdict == STOP)
            return STOP;
        if (verdict == DROP)
            json_object_deln(v, key.p, key.n);
        else if (verdict == REPLACE)
            json_object_iter_set_new(v, it, replacement);
    }
    return KEEP;
}

/* What Go puts where a list or a map says null. */
static json_t *zero_value(const struct schema_type *t)
{
    switch (t->kind) {
    case SCHEMA_STRUCT:
        return json_object();
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
        return json_string("");
    case SCHEMA_BOOL:
        return json_false();
    case SCHEMA_INT32:
    case SCHEMA_INT64:
    case SCHEMA_FLOAT64:
    case SCHEMA_INTORSTRING:
        return json_integer(0);
    case SCHEMA_DURATION:
        return json_string("0s");
    case SCHEMA_QUANTITY:
        return json_string("0");
    default:
        return json_null();
    }
}

static enum verdict walk_item(struct decoder *d, json_t *item, const struct schema_type *t,
                              const struct spot *at, json_t **replacement)
{
    enum verdict verdict;

    if (json_is_null(item)) {
        *replacement = zero_value(t);
        return REPLACE;
    }
    verdict = walk(d, item, t, at, replacement);
    if (verdict == DROP) { /* a zero time */
        *replacement = json_null();
        return REPLACE;
    }
    return verdict;
}

static enum verdict walk_map(struct decoder *d, json_t *v, const struct schema_type *t, const struct spot *up)
{
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it)) {
        struct spot at = {.up = up, .key = {json_object_iter_key(it), json_object_iter_key_len(it)}};
        json_t *replacement = NULL;
        enum verdict verdict;

        if (twice_before(d->strict, v, at.key, &(int){0}))
            report(d, "duplicate", &at);
        verdict = walk_item(d, json_object_iter_value(it), t->elem, &at, &replacement);
        if (verdict == STOP)
            return STOP;
        if (verdict == REPLACE)
            json_object_iter_set_new(v, it, replacement);
    }
    return KEEP;
}

static enum verdict walk_list(struct decoder *d, json_t *v, const struct schema_type *t,
                              const struct spot *up)
{
    size_t n = json_array_size(v);

    for (size_t i = 0; i < n; i++) {
        struct spot at = {.up = up, .index = i};
        json_t *replacement = NULL;
        enum verdict verdict = walk_item(d, json_array_get(v, i), t->elem, &at, &replacement);

        if (verdict == STOP)
            return STOP;
        if (verdict == REPLACE)
            json_array_set_new(v, i, replacement);
    }
    return KEEP;
}

/* The converter sets what it is given into the field, bits and all. */
static enum verdict convert_int(struct decoder *d, const json_t *v, const struct schema_type *t,
                                const struct spot *at, json_t **replacement)
{
    double whole = json_is_real(v) ? json_real_value(v) : 0;
    json_int_t n = json_is_integer(v) ? json_integer_value(v) : INT64_MIN;

    if (whole != trunc(whole))
        return wrong(d, v, t, at);
    if (json_is_real(v) && fabs(whole) < 0x1p63)
        n = (json_int_t)whole;
    if (t->kind == SCHEMA_INT32)
        n = (int32_t)(uint32_t)(uint64_t)n;
    if (json_is_integer(v) && n == json_integer_value(v))
        return KEEP;
    *replacement = json_integer(n);
    return REPLACE;
}

static enum verdict walk_int(struct decoder *d, json_t *v, const struct schema_type *t, const struct spot *at,
                             json_t **replacement)
{
    bool narrow = t->kind == SCHEMA_INT32;

    if (!json_is_number(v))
        return wrong(d, v, t, at);
    if (d->merged)
        return convert_int(d, v, t, at, replacement);
    if (json_is_integer(v) && (!narrow || json_integer_value(v) == (int32_t)json_integer_value(v)))
        return KEEP;
    return wrong_as(d, number_word(d, v), t, at);
}

/* To Go's decoder a list of small numbers is bytes as well. */
static enum verdict walk_byte_list(struct decoder *d, json_t *v, const struct spot *at, json_t **replacement)
{
    struct buf bytes = {0}, text = {0};

    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *item = json_array_get(v, i);
        json_int_t n = json_is_null(item) ? 0 : json_integer_value(item);

        if (!d->soft && !json_is_null(item) && (!json_is_integer(item) || n != (uint8_t)n))
            d->soft =
                type_error(d, json_is_number(item) ? number_word(d, item) : json_word(item), "uint8", at);
        buf_putc(&bytes, (char)n);
    }
    base64_encode(&text, buf_view(&bytes));
    *replacement = json_stringn_nocheck(text.n ? text.p : "", text.n);
    buf_free(&bytes);
    buf_free(&text);
    return REPLACE;
}

static enum verdict walk_bytes(struct decoder *d, json_t *v, const struct schema_type *t,
                               const struct spot *at, json_t **replacement)
{
    struct buf again = {0};
    struct str bytes;
    size_t bad_at;
    enum verdict verdict;

    if (json_is_array(v) && !d->merged)
        return walk_byte_list(d, v, at, replacement);
    if (!json_is_string(v))
        return wrong(d, v, t, at);
    if (!base64_decode(d->arena, string_of(v), &bytes, &bad_at)) {
        if (!d->soft)
            d->soft = arena_printf(d->arena, "%sillegal base64 data at input byte %zu",
                                   d->merged ? "error decoding from json: " : "", bad_at);
        return KEEP;
    }
    base64_encode(&again, bytes); /* line breaks and stray bits do not survive the reference either */
    verdict = become(buf_view(&again), v, replacement);
    buf_free(&again);
    return verdict;
}

/* Times and durations: strings with a parser of their own. */
static enum verdict walk_time(struct decoder *d, json_t *v, const struct schema_type *t,
                              const struct spot *at, json_t **replacement)
{
    const char *err = NULL, *text;

    if (!json_is_string(v))
        return stop(d, type_error(d, json_word(v), "string", at));
    if (t->kind == SCHEMA_DURATION)
        text = duration_normalize(d->arena, string_of(v), &err);
    else
        text = time_normalize(d->arena, string_of(v), t->kind == SCHEMA_MICROTIME, &err);
    if (!text)
        return stop(d, err);
    return *text ? become(str_of(text), v, replacement) : DROP;
}

static enum verdict walk_quantity(struct decoder *d, json_t *v, json_t **replacement)
{
    struct buf number = {0};
    const char *err = NULL, *text;
    struct str in = STR("-x"); /* not a quantity: what neither string nor number is */

    if (json_is_string(v)) {
        in = string_of(v);
    } else if (json_is_number(v)) {
        json_write(&number, v, 0);
        in = buf_view(&number);
    }
    text = quantity_canonical(d->arena, in, &err);
    buf_free(&number);
    return text ? become(str_of(text), v, replacement) : stop(d, err);
}

static enum verdict walk_int_or_string(struct decoder *d, json_t *v, const struct spot *at,
                                       json_t **replacement)
{
    double whole = json_is_real(v) ? json_real_value(v) : 0.5;

    if (json_is_string(v))
        return KEEP;
    if (!json_is_number(v))
        return stop(d, type_error(d, json_word(v), "int32", at));
    if (json_is_integer(v) && json_integer_value(v) == (int32_t)json_integer_value(v))
        return KEEP;
    if (d->merged && whole == trunc(whole) && fabs(whole) < 0x1p31) {
        *replacement = json_integer((json_int_t)whole);
        return REPLACE;
    }
    return stop(d, type_error(d, number_word(d, v), "int32", at));
}

/* A part that has a decoder of its own: nothing in it is found, and its error is told without the way there.
 */
static enum verdict walk_apart(struct decoder *d, json_t *v, const struct schema_type *t)
{
    struct decoder apart = {.arena = d->arena};
    json_t *replacement = NULL;
    const char *err;

    walk(&apart, v, t, NULL, &replacement);
    json_decref(replacement);
    err = apart.hard ? apart.hard : apart.soft;
    return err ? stop(d, err) : KEEP;
}

/* The unions of a custom resource's schema: a schema, or something smaller. */
static enum verdict walk_schema_or(struct decoder *d, json_t *v, const struct schema_type *t)
{
    const struct schema_field *list = &t->fields[1];
    bool boolean = strcmp(t->name, "JSONSchemaPropsOrBool") == 0;

    if (json_is_object(v))
        return walk_apart(d, v, schema_field(t, STR("schema"))->type);
    if (boolean)
        return json_is_boolean(v) ? KEEP : stop(d, "boolean or JSON schema expected");
    return json_is_array(v) ? walk_apart(d, v, list->type) : DROP;
}

static enum verdict walk_raw(struct decoder *d, json_t *v, const struct schema_type *t)
{
    if (t->nfields)
        return walk_schema_or(d, v, t);
    if (d->merged)
        tree_sort_all_keys(v);
    return KEEP;
}

/* v is not null. Recursion as deep as the tree, which its reader bounds. */
static enum verdict walk(struct decoder *d, json_t *v, const struct schema_type *t, const struct spot *at,
                         json_t **replacement)
{
    switch (t->kind) {
    case SCHEMA_STRUCT:
        return json_is_object(v) ? walk_struct(d, v, t, at) : wrong(d, v, t, at);
    case SCHEMA_MAP:
        return json_is_object(v) ? walk_map(d, v, t, at) : wrong(d, v, t, at);
    case SCHEMA_LIST:
        return json_is_array(v) ? walk_list(d, v, t, at) : wrong(d, v, t, at);
    case SCHEMA_STRING:
        return json_is_string(v) ? KEEP : wrong(d, v, t, at);
    case SCHEMA_BOOL:
        return json_is_boolean(v) ? KEEP : wrong(d, v, t, at);
    case SCHEMA_FLOAT64:
        return json_is_number(v) ? KEEP : wrong(d, v, t, at);
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        return walk_int(d, v, t, at, replacement);
    case SCHEMA_BYTES:
        return walk_bytes(d, v, t, at, replacement);
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
    case SCHEMA_DURATION:
        return walk_time(d, v, t, at, replacement);
    case SCHEMA_QUANTITY:
        return walk_quantity(d, v, replacement);
    case SCHEMA_INTORSTRING:
        return walk_int_or_string(d, v, at, replacement);
    case SCHEMA_RAW:
        return walk_raw(d, v, t);
    case SCHEMA_FIELDS:
        return KEEP;
    }
    return KEEP;
}

static bool decode(struct decoder *d, json_t *obj, const struct schema_type *t, struct status *st)
{
    json_t *replacement = NULL;

    walk(d, obj, t, NULL, &replacement);
    if (!d->hard && !d->soft)
        return true;
    status_bad_request(st, "%s", d->hard ? d->hard : d->soft);
    return false;
}

bool decode_tree(json_t *obj, const struct schema_type *t, struct findings *strict, struct status *st)
{
    struct decoder d = {.arena = st->arena, .strict = strict};

    return decode(&d, obj, t, st);
}

bool decode_merged(json_t *obj, const struct schema_type *t, struct findings *strict, struct status *st)
{
    struct decoder d = {.arena = st->arena, .strict = strict, .merged = true};

    return decode(&d, obj, t, st);
}

bool decode_gvk(struct arena *a, const json_t *body, struct str *api_version, struct str *kind,
                const char **err)
{
    json_t *o = (json_t *)body; /* jansson's iterators take no const */

    *api_version = *kind = STR("");
    if (json_is_null(body))
        return true;
    if (!json_is_object(body)) {
        *err = arena_printf(a,
                            DECODE_GVK_PREFIX
                            "json: cannot unmarshal %s into Go value of type struct { APIVersion "
                            "string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
                            "\"json:\\\"kind,omitempty\\\"\" }",
                            json_word(body));
        return false;
    }
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        const json_t *v = json_object_iter_value(it);
        bool version = str_eq_nocase(key, STR("apiVersion"));

        if ((!version && !str_eq_nocase(key, STR("kind"))) || json_is_null(v))
            continue;
        if (!json_is_string(v)) {
            *err = arena_printf(
                a, DECODE_GVK_PREFIX "json: cannot unmarshal %s into Go struct field .%s of type string",
                json_word(v), version ? "apiVersion" : "kind");
            return false;
        }
        *(version ? api_version : kind) = string_of(v);
    }
    return true;
}
