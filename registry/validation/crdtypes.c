/* An object type has a name that leads to its schema: fields become types when they are asked for. */
#include "registry/validation/crdtypes.h"

#include <ctype.h>
#include "registry/cel/lexer.h"
#include "registry/validation/check.h"
#include "shm/base/buf.h"

#define X "x-kubernetes-"

/* ---- names of fields ---- */

/* A member's name as expressions write it, in b; false when they cannot. */
static bool escaped(struct buf *b, struct str name)
{
    buf_clear(b);
    if (!name.n || isdigit((unsigned char)*name.p))
        return false;
    if (cel_is_reserved(name)) {
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

    if (!s && cel_is_reserved(field))
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
    *x = (struct crd_types){.schema = schema, .resource = resource};
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

/* ---- sizes ---- */

#define REQUEST_MAX (3 * 1024 * 1024) /* bytes */

static uint64_t smallest(const json_t *s, bool resource);

static uint64_t limit(const json_t *s, const char *name, uint64_t otherwise)
{
    int64_t v = check_int(s, name, 0);

    if (!check_has(s, name))
        return otherwise;
    return v < 0 ? 0 : (uint64_t)v;
}

/* Whether expressions see it: the rest counts for nothing. */
static bool is_seen(const json_t *s)
{
    static const char *const TYPES[] = {"string", "boolean", "number", "integer"};
    struct str type = check_str(s, "type");
    const json_t *more = json_object_get(s, "additionalProperties");

    if (!json_is_object(s))
        return false;
    if (check_bool(s, X "int-or-string") || check_one_of(type, TYPES, 4))
        return true;
    if (str_is(type, "array"))
        return is_seen(json_object_get(s, "items"));
    return str_is(type, "object") && (!json_is_object(more) || is_seen(more));
}

/* What every resource has, whatever its schema says. */
static bool is_of_resource(struct str member)
{
    return str_is(member, "kind") || str_is(member, "apiVersion") || str_is(member, "metadata");
}

/* Of an object: braces, and the members that must be there, names and all. */
static uint64_t smallest_object(const json_t *s, bool resource)
{
    const json_t *properties = json_object_get(s, "properties");
    uint64_t sum = 2;
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(s, "required"), i, v)
    {
        struct str name = check_value_str(v);
        const json_t *p = json_object_getn(properties, name.p, name.n);

        if (resource && is_of_resource(name))
            sum += name.n + 2 + 4;
        else if (p && !check_has(p, "default") && is_seen(p))
            sum += name.n + smallest(p, check_bool(p, X "embedded-resource")) + 4;
    }
    return sum;
}

/* The shortest JSON of a value. */
static uint64_t smallest(const json_t *s, bool resource)
{
    static const struct {
        const char *type, *format; /* "": any other */
        uint64_t size;
    } SIZES[] = {{"string", "byte", 2},       {"string", "duration", 3}, {"string", "date", 12},
                 {"string", "date-time", 21}, {"string", "", 2},         {"boolean", "", 4},
                 {"number", "", 1},           {"integer", "", 1},        {"array", "", 2}};

    if (check_bool(s, X "int-or-string"))
        return 1;
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++)
        if (str_is(check_str(s, "type"), SIZES[i].type) &&
            (!*SIZES[i].format || str_is(check_str(s, "format"), SIZES[i].format)))
            return SIZES[i].size;
    if (json_is_object(json_object_get(s, "additionalProperties")))
        return 2;
    return smallest_object(s, resource);
}

/* The longest of the texts it may be. */
static uint64_t longest_text(const json_t *s)
{
    const json_t *values = json_object_get(s, "enum");
    uint64_t most = 0;
    json_t *v;
    size_t i;

    if (check_has(s, "maxLength"))
        return limit(s, "maxLength", 0) * 4;
    if (!json_array_size(values))
        return REQUEST_MAX - 2;
    json_array_foreach(values, i, v)
    {
        if (check_value_str(v).n > most)
            most = check_value_str(v).n;
    }
    return most;
}

static uint64_t largest_string(const json_t *s)
{
    struct str format = check_str(s, "format");

    if (str_is(format, "byte"))
        return limit(s, "maxLength", REQUEST_MAX - 2);
    if (str_is(format, "duration") || str_is(format, "date-time"))
        return 32;
    return str_is(format, "date") ? 12 : longest_text(s);
}

/* Characters, items or entries. */
static uint64_t largest(const json_t *s)
{
    const json_t *items = json_object_get(s, "items"), *more = json_object_get(s, "additionalProperties");
    struct str type = check_str(s, "type");

    if (check_bool(s, X "int-or-string"))
        return check_has(s, "maxLength") ? limit(s, "maxLength", 0) * 4 : REQUEST_MAX - 2;
    if (str_is(type, "string"))
        return largest_string(s);
    if (str_is(type, "array"))
        return limit(s, "maxItems",
                     (REQUEST_MAX - 2) / (smallest(items, check_bool(items, X "embedded-resource")) + 1));
    if (str_is(type, "object") && json_is_object(more))
        return limit(s, "maxProperties",
                     (REQUEST_MAX - 2) / (smallest(more, check_bool(more, X "embedded-resource")) + 6));
    return 0;
}

static const json_t *inside(const json_t *s)
{
    const json_t *more = json_object_get(s, "additionalProperties");

    return str_is(check_str(s, "type"), "array") ? json_object_get(s, "items")
           : json_is_object(more)                ? more
                                                 : NULL;
}

/* One step on a path: the schema there; NULL: of nothing that is known. */
static const json_t *walk(const json_t *s, struct str step)
{
    const json_t *p;

    if (str_is(step, "@items") || str_is(step, "@values"))
        return inside(s);
    p = inside(s) ? NULL : member(json_object_get(s, "properties"), step);
    return p && is_seen(p) ? p : NULL;
}

/* Fills steps from the end of the path on; returns how many there are behind its variable. */
static size_t steps_of(const struct cel_path *path, struct str *steps, size_t max)
{
    size_t n = 0;

    for (; path->up; path = path->up)
        if (n++ < max)
            steps[n - 1] = path->step;
    return n;
}

#define STEPS_MAX 64

/* Of what is everywhere: n steps, the last first, lead to it. */
static bool resource_size(const struct str *steps, size_t n, uint64_t *most)
{
    bool named = n == 2 && (str_is(steps[0], "name") || str_is(steps[0], "generateName"));

    *most = named || !str_is(steps[n - 1], "metadata") ? REQUEST_MAX - 2 : 0;
    return n == 1 || (named && str_is(steps[1], "metadata"));
}

static bool size_at(void *arg, const struct cel_path *path, struct cel_size *size)
{
    const struct crd_types *x = arg;
    const json_t *s = x->schema;
    struct str steps[STEPS_MAX];
    size_t n = steps_of(path, steps, STEPS_MAX);
    bool resource = x->resource;

    *size = (struct cel_size){0, 0};
    if (n > STEPS_MAX)
        return false;
    for (; n > 0; n--) {
        if (resource && is_of_resource(steps[n - 1]))
            return resource_size(steps, n, &size->max);
        if (str_is(steps[n - 1], "@keys"))
            return n == 1 && inside(s) && str_is(check_str(s, "type"), "object");
        s = walk(s, steps[n - 1]);
        if (!s)
            return false;
        resource = check_bool(s, X "embedded-resource");
    }
    size->max = largest(s);
    return true;
}

struct cel_sizes crd_types_sizes(struct crd_types *x)
{
    return (struct cel_sizes){size_at, x};
}

uint64_t crd_most(const json_t *schema, bool resource)
{
    return REQUEST_MAX / (smallest(schema, resource) + 1);
}

uint64_t crd_most_inside(const json_t *schema)
{
    if (str_is(check_str(schema, "type"), "array"))
        return limit(schema, "maxItems", UINT64_MAX);
    if (str_is(check_str(schema, "type"), "object") && check_has(schema, "additionalProperties"))
        return limit(schema, "maxProperties", UINT64_MAX);
    return 1;
}
