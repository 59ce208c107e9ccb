/* An object type has a name that leads to its schema: fields become types when they are asked for. */
#include "registry/validation/crdtypes.h"

#include <ctype.h>
#include "registry/validation/check.h"
#include "shm/base/buf.h"

#define X "x-kubernetes-"

/* ---- names of fields ---- */

static bool is_keyword(struct str s)
{
    static const char *const WORDS[] = {"true",   "false",    "null", "in",      "as",        "break",
                                        "const",  "continue", "else", "for",     "if",        "function",
                                        "import", "let",      "loop", "package", "namespace", "return",
                                        "var",    "void",     "while"};

    return check_one_of(s, WORDS, sizeof(WORDS) / sizeof(WORDS[0]));
}

/* A member's name as expressions write it, in b; false when they cannot. */
static bool escaped(struct buf *b, struct str name)
{
    buf_clear(b);
    if (!name.n || isdigit((unsigned char)*name.p))
        return false;
    if (is_keyword(name)) {
        buf_printf(b, "__%.*s__", STR_ARG(name));
        return true;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (c == '_' && i + 1 < name.n && name.p[i + 1] == '_') {
            buf_puts(b, "__underscores__");
            i++;
        } else if (c == '.' || c == '-' || c == '/') {
            buf_puts(b, c == '.' ? "__dot__" : c == '-' ? "__dash__" : "__slash__");
        } else if (c == '_' || isalnum((unsigned char)c)) {
            buf_putc(b, c);
        } else {
            return false;
        }
    }
    return true;
}

/* The schema of the member that expressions call field. */
static const json_t *member(const json_t *properties, struct str field)
{
    struct buf b = {0};
    const char *key;
    const json_t *found = NULL;
    size_t n;
    json_t *v;

    json_object_keylen_foreach((json_t *)(uintptr_t)properties, key, n, v)
    {
        if (!found && escaped(&b, (struct str){key, n}) && str_eq(buf_view(&b), field))
            found = v;
    }
    buf_free(&b);
    return found;
}

/* ---- types ---- */

static const struct cel_type *type_of(struct crd_types *x, struct arena *a, const json_t *s, bool resource,
                                      struct str name);

static const struct cel_type *inner(struct crd_types *x, struct arena *a, const json_t *s, struct str name,
                                    const char *step)
{
    if (!json_is_object(s))
        return NULL;
    return type_of(x, a, s, check_bool(s, X "embedded-resource"),
                   str_of(arena_printf(a, "%.*s.%s", STR_ARG(name), step)));
}

static const struct cel_type *string_type(const json_t *s)
{
    static const struct {
        const char *format;
        enum cel_type_kind kind;
    } FORMATS[] = {{"byte", CEL_TY_BYTES},
                   {"duration", CEL_TY_DURATION},
                   {"date", CEL_TY_TIMESTAMP},
                   {"date-time", CEL_TY_TIMESTAMP}};

    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++)
        if (str_is(check_str(s, "format"), FORMATS[i].format))
            return cel_type_simple(FORMATS[i].kind);
    return cel_type_simple(CEL_TY_STRING);
}

static const struct cel_type *object_type(struct crd_types *x, struct arena *a, const json_t *s,
                                          bool resource, struct str name)
{
    const json_t *more = json_object_get(s, "additionalProperties");
    struct crd_object *o;

    if (json_is_object(more)) {
        const struct cel_type *values = inner(x, a, more, name, "@elem");

        return values ? cel_type_map(a, cel_type_simple(CEL_TY_STRING), values) : NULL;
    }
    o = arena_alloc(a, sizeof(*o));
    *o = (struct crd_object){name, s, resource, x->objects};
    x->objects = o;
    return cel_type_object(a, name);
}

/* NULL: expressions do not see it. */
static const struct cel_type *type_of(struct crd_types *x, struct arena *a, const json_t *s, bool resource,
                                      struct str name)
{
    static const struct {
        const char *type;
        enum cel_type_kind kind;
    } SIMPLE[] = {{"boolean", CEL_TY_BOOL}, {"number", CEL_TY_DOUBLE}, {"integer", CEL_TY_INT}};
    struct str type = check_str(s, "type");

    if (check_bool(s, X "int-or-string"))
        return cel_type_simple(CEL_TY_DYN);
    if (str_is(type, "array")) {
        const struct cel_type *items = inner(x, a, json_object_get(s, "items"), name, "@idx");

        return items ? cel_type_list(a, items) : NULL;
    }
    if (str_is(type, "object"))
        return object_type(x, a, s, resource, name);
    if (str_is(type, "string"))
        return string_type(s);
    for (size_t i = 0; i < sizeof(SIMPLE) / sizeof(SIMPLE[0]); i++)
        if (str_is(type, SIMPLE[i].type))
            return cel_type_simple(SIMPLE[i].kind);
    return NULL;
}

/* What every resource has, whatever its schema says: NULL when field is no part of that. */
static const struct cel_type *of_resource(struct arena *a, struct str object, struct str field)
{
    if (str_is(field, "apiVersion") || str_is(field, "kind"))
        return cel_type_simple(CEL_TY_STRING);
    if (str_is(field, "metadata"))
        return cel_type_object(a, str_of(arena_printf(a, "%.*s.metadata", STR_ARG(object))));
    return NULL;
}

static bool is_metadata(const struct crd_object *o, struct str object)
{
    return o->resource && object.n == o->name.n + 9 && str_starts(object, o->name) &&
           str_ends(object, STR(".metadata"));
}

static enum cel_found object_field(struct crd_types *x, struct arena *a, const struct crd_object *o,
                                   struct str field, const struct cel_type **type)
{
    const json_t *properties = json_object_get(o->schema, "properties"), *s = member(properties, field);
    const struct cel_type *t = o->resource ? of_resource(a, o->name, field) : NULL;

    if (!s && is_keyword(field))
        s = json_object_getn(properties, field.p, field.n);
    if (!t && s)
        t = inner(x, a, s, o->name, arena_printf(a, "%.*s", STR_ARG(field)));
    *type = t;
    return t ? CEL_FIELD : CEL_NO_FIELD;
}

static enum cel_found find_field(void *arg, struct arena *a, struct str object, struct str field,
                                 const struct cel_type **type)
{
    struct crd_types *x = arg;

    for (const struct crd_object *o = x->objects; o; o = o->next) {
        if (is_metadata(o, object)) {
            *type = cel_type_simple(CEL_TY_STRING);
            return str_is(field, "name") || str_is(field, "generateName") ? CEL_FIELD : CEL_NO_FIELD;
        }
        if (str_eq(o->name, object))
            return object_field(x, a, o, field, type);
    }
    return CEL_NO_OBJECT;
}

static const struct cel_type *find_variable(void *arg, struct arena *a, struct str name)
{
    const struct crd_types *x = arg;

    if (str_is(name, "self"))
        return x->self;
    return str_is(name, "oldSelf") ? x->old_self : NULL;
}

bool crd_types_init(struct crd_types *x, struct arena *a, const json_t *schema, bool resource,
                    bool optional_old)
{
    *x = (struct crd_types){0};
    x->self = type_of(x, a, schema, resource, STR("selfType1"));
    if (!x->self)
        return false;
    x->old_self = optional_old ? cel_type_optional(a, x->self) : x->self;
    return true;
}

struct cel_env crd_types_env(struct crd_types *x)
{
    return (struct cel_env){.variable = find_variable, .field = find_field, .arg = x};
}
