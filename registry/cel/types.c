/* Types have few parameters and little depth; a text names them in declarations. */
#include "registry/cel/types.h"

#include "shm/base/buf.h"
#include "shm/base/must.h"

#define SIZE_MOST 1000
#define SIMPLE(k, text) [CEL_TY_##k] = {.kind = CEL_TY_##k, .name = {text, sizeof(text) - 1}}

static const struct cel_type simple[] = {
    SIMPLE(ERROR, "error"),
    SIMPLE(DYN, "dyn"),
    SIMPLE(ANY, "google.protobuf.Any"),
    SIMPLE(BOOL, "bool"),
    SIMPLE(BYTES, "bytes"),
    SIMPLE(DOUBLE, "double"),
    SIMPLE(DURATION, "google.protobuf.Duration"),
    SIMPLE(INT, "int"),
    SIMPLE(NULL, "null_type"),
    SIMPLE(STRING, "string"),
    SIMPLE(TIMESTAMP, "google.protobuf.Timestamp"),
    SIMPLE(UINT, "uint"),
    SIMPLE(TYPE, "type"),
};

const struct cel_type *cel_type_simple(enum cel_type_kind kind)
{
    must(kind <= CEL_TY_TYPE);
    return &simple[kind];
}

static struct cel_type *type_new(struct arena *a, enum cel_type_kind kind, struct str name)
{
    struct cel_type *t = arena_alloc(a, sizeof(*t));

    t->kind = kind;
    t->name = name;
    return t;
}

static uint32_t size_of(const struct cel_type *t)
{
    return !t ? 0 : t->size ? t->size : 1;
}

const struct cel_type *cel_type_with(struct arena *a, const struct cel_type *t, const struct cel_type *first,
                                     const struct cel_type *second)
{
    uint32_t size = 1 + size_of(first) + size_of(second);
    struct cel_type *copy;

    if (size > SIZE_MOST)
        return &simple[CEL_TY_DYN];
    copy = arena_raw(a, sizeof(*copy));
    *copy = *t;
    copy->size = size;
    copy->n = (uint8_t)((first != NULL) + (second != NULL));
    copy->of[0] = first;
    copy->of[1] = second;
    return copy;
}

static const struct cel_type *made_of(struct arena *a, enum cel_type_kind kind, struct str name,
                                      const struct cel_type *first, const struct cel_type *second)
{
    return cel_type_with(a, &(struct cel_type){.kind = kind, .name = name}, first, second);
}

const struct cel_type *cel_type_list(struct arena *a, const struct cel_type *item)
{
    return made_of(a, CEL_TY_LIST, STR("list"), item, NULL);
}

const struct cel_type *cel_type_map(struct arena *a, const struct cel_type *key, const struct cel_type *value)
{
    return made_of(a, CEL_TY_MAP, STR("map"), key, value);
}

const struct cel_type *cel_type_optional(struct arena *a, const struct cel_type *of)
{
    return made_of(a, CEL_TY_OPAQUE, STR("optional_type"), of, NULL);
}

const struct cel_type *cel_type_type(struct arena *a, const struct cel_type *of)
{
    return made_of(a, CEL_TY_TYPE, STR("type"), of, NULL);
}

const struct cel_type *cel_type_object(struct arena *a, struct str name)
{
    return type_new(a, CEL_TY_OBJECT, name);
}

const struct cel_type *cel_type_param(struct arena *a, uint32_t param)
{
    struct cel_type *t = type_new(a, CEL_TY_PARAM, STR(""));

    t->param = param;
    t->name = str_of(param < CEL_PARAMS_NAMED ? arena_printf(a, "%c", (char)('A' + param))
                                              : arena_printf(a, "_var%u", param - CEL_PARAMS_NAMED));
    return t;
}

static char peek(struct str s)
{
    return s.n ? *s.p : '\0';
}

static void skip(struct str *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

static const struct cel_type *named(struct arena *a, struct str name, const struct cel_type *const of[2])
{
    static const struct {
        const char *name;
        enum cel_type_kind kind;
    } others[] = {{"list", CEL_TY_LIST},     {"map", CEL_TY_MAP},
                  {"type", CEL_TY_TYPE},     {"optional_type", CEL_TY_OPAQUE},
                  {"net.IP", CEL_TY_OPAQUE}, {"net.CIDR", CEL_TY_OPAQUE}};

    if (name.n == 1 && *name.p >= 'A' && *name.p <= 'Z')
        return cel_type_param(a, (uint32_t)(*name.p - 'A'));
    for (size_t k = 0; !of[0] && k < sizeof(simple) / sizeof(*simple); k++)
        if (str_eq(simple[k].name, name))
            return &simple[k];
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (str_is(name, others[i].name))
            return made_of(a, others[i].kind, str_of(others[i].name), of[0], of[1]);
    return cel_type_object(a, name);
}

/* The type *rest begins with; *rest is behind it then. */
static const struct cel_type *parse(struct arena *a, struct str *rest)
{
    const struct cel_type *of[2] = {NULL, NULL};
    struct str name = {rest->p, 0};

    while (name.n < rest->n && !strchr("(), ", rest->p[name.n]))
        name.n++;
    skip(rest, name.n);
    if (peek(*rest) == '(') {
        skip(rest, 1);
        of[0] = parse(a, rest);
        if (peek(*rest) == ',') {
            skip(rest, 2);
            of[1] = parse(a, rest);
        }
        skip(rest, 1);
    }
    return named(a, name, of);
}

const struct cel_type *cel_type_parse(struct arena *a, struct str text)
{
    return parse(a, &text);
}

static bool same(const struct cel_type *a, const struct cel_type *b, bool params)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->n != b->n)
        return false;
    if (a->kind == CEL_TY_PARAM)
        return !params || a->param == b->param;
    if (!str_eq(a->name, b->name))
        return false;
    for (int i = 0; i < a->n; i++)
        if (!same(a->of[i], b->of[i], params))
            return false;
    return true;
}

bool cel_type_same(const struct cel_type *a, const struct cel_type *b)
{
    return same(a, b, true);
}

bool cel_type_like(const struct cel_type *a, const struct cel_type *b)
{
    return same(a, b, false);
}

bool cel_type_is_dyn(const struct cel_type *t)
{
    return t->kind == CEL_TY_DYN || t->kind == CEL_TY_ANY;
}

bool cel_type_is_optional(const struct cel_type *t)
{
    return t->kind == CEL_TY_OPAQUE && str_is(t->name, "optional_type");
}

static void put(struct buf *b, const struct cel_type *t, bool full)
{
    static const char *const short_names[] = {[CEL_TY_ERROR] = "!error!",       [CEL_TY_ANY] = "any",
                                              [CEL_TY_DURATION] = "duration",   [CEL_TY_NULL] = "null",
                                              [CEL_TY_TIMESTAMP] = "timestamp", [CEL_TY_PARAM] = NULL};

    if (full && t->kind == CEL_TY_PARAM) {
        buf_printf(b, "<%.*s>", STR_ARG(t->name));
        return;
    }
    if (!full && short_names[t->kind])
        buf_puts(b, short_names[t->kind]);
    else
        buf_str(b, t->name);
    for (int i = 0; i < t->n; i++) {
        buf_puts(b, i ? ", " : "(");
        put(b, t->of[i], full);
    }
    if (t->n)
        buf_putc(b, ')');
}

static const char *text(struct arena *a, const struct cel_type *t, bool full)
{
    struct buf b = {0};
    const char *s;

    put(&b, t, full);
    s = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return s;
}

const char *cel_type_text(struct arena *a, const struct cel_type *t)
{
    return text(a, t, false);
}

const char *cel_type_full_text(struct arena *a, const struct cel_type *t)
{
    return text(a, t, true);
}
