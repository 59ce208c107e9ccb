/* Tables are small or sorted; their texts become types when they are asked for. */
#include "registry/cel/declare.h"

static const struct cel_function functions[] = {
#define FUNCTION(name, overload, args, result) {name, overload, false, args, result},
#define METHOD(name, overload, args, result) {name, overload, true, args, result},
#include "registry/cel/functions.def"
};

#define NFUNCTIONS (sizeof(functions) / sizeof(*functions))

/* Types that are known by name everywhere. */
static const char *const type_names[] = {"bool",
                                         "bytes",
                                         "double",
                                         "google.protobuf.Duration",
                                         "google.protobuf.Timestamp",
                                         "int",
                                         "list",
                                         "map",
                                         "null_type",
                                         "string",
                                         "type",
                                         "uint",
                                         "net.IP",
                                         "net.CIDR"};

struct str cel_bare(struct str name)
{
    bool dot = name.n && *name.p == '.';

    return (struct str){name.p + dot, name.n - dot};
}

static bool is_patch_object(struct str name)
{
    return str_is(name, "Object") || str_starts(name, STR("Object."));
}

static bool is_object(const struct cel_env *env, struct str name)
{
    if (env->patches && (is_patch_object(name) || str_is(name, "JSONPatch")))
        return true;
    for (size_t i = 0; i < env->nfields; i++)
        if (str_is(name, env->fields[i].object))
            return true;
    return false;
}

static const struct cel_type *type_named(struct arena *a, struct str name)
{
    if (str_is(name, "list"))
        name = STR("list(A)");
    else if (str_is(name, "map"))
        name = STR("map(A, B)");
    return cel_type_type(a, cel_type_parse(a, name));
}

const struct cel_type *cel_declared(const struct cel_env *env, struct arena *a, struct str name)
{
    const struct cel_type *t;

    name = cel_bare(name);
    for (size_t i = 0; i < env->nvariables; i++)
        if (str_is(name, env->variables[i].name))
            return cel_type_parse(a, str_of(env->variables[i].type));
    t = env->variable ? env->variable(env->arg, a, name) : NULL;
    if (t)
        return t;
    for (size_t i = 0; i < sizeof(type_names) / sizeof(*type_names); i++)
        if (str_is(name, type_names[i]))
            return type_named(a, name);
    return is_object(env, name) ? cel_type_type(a, cel_type_object(a, arena_str(a, name))) : NULL;
}

/* Of the types that patches are made of. */
static enum cel_found patch_field(struct arena *a, struct str object, struct str field,
                                  const struct cel_type **type)
{
    *type = cel_type_simple(CEL_TY_DYN);
    if (is_patch_object(object) || str_is(field, "value"))
        return CEL_FIELD;
    if (str_is(field, "op") || str_is(field, "path") || str_is(field, "from"))
        *type = cel_type_simple(CEL_TY_STRING);
    else
        *type = cel_type_object(a, STR("")); /* it has any field, of a type that nothing has */
    return CEL_FIELD;
}

enum cel_found cel_declared_field(const struct cel_env *env, struct arena *a, struct str object,
                                  struct str field, const struct cel_type **type)
{
    enum cel_found found = CEL_NO_OBJECT;

    if (env->patches && (is_patch_object(object) || str_is(object, "JSONPatch")))
        return patch_field(a, object, field, type);
    if (env->field)
        found = env->field(env->arg, a, object, field, type);
    for (size_t i = 0; found != CEL_FIELD && i < env->nfields; i++) {
        if (!str_is(object, env->fields[i].object))
            continue;
        found = CEL_NO_FIELD;
        if (str_is(field, env->fields[i].name)) {
            *type = cel_type_parse(a, str_of(env->fields[i].type));
            found = CEL_FIELD;
        }
    }
    return found;
}

const struct cel_function *cel_functions(const struct cel_env *env, struct str name, size_t *n)
{
    size_t lo = 0, hi = NFUNCTIONS;

    name = cel_bare(name);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (str_cmp(str_of(functions[mid].name), name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (*n = 0; lo + *n < NFUNCTIONS && str_is(name, functions[lo + *n].name);)
        ++*n;
    if (!*n || (!env->patches && str_starts(name, STR("jsonpatch."))))
        return NULL;
    return &functions[lo];
}
