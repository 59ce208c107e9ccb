/* From the leaves up, every expression gets its type; what does not fit is told, and goes on as a type that
 * fits everywhere. */
#include "registry/cel/check.h"

#include "registry/cel/declare.h"
#include "registry/cel/literals.h"
#include "shm/base/buf.h"

#define ARGS_MAX 8 /* of any declared function */

/* A local name: the variables and the result of a fold. */
struct local {
    struct str name;
    const struct cel_type *type;
    const struct local *up;
};

struct checker {
    struct cel_source *source;
    struct arena *arena;
    const struct cel_env *env;
    const struct local *locals;
    struct cel_bindings bindings;
    struct buf name; /* for dotted() */
    uint32_t ids;
};

static void check(struct checker *c, struct cel_expr *e);

static const struct cel_type *of_kind(enum cel_type_kind k)
{
    return cel_type_simple(k);
}

static const struct cel_type *known(struct checker *c, const struct cel_type *t)
{
    return cel_substitute(&c->bindings, t, false);
}

static const char *text(struct checker *c, const struct cel_type *t)
{
    return cel_type_text(c->arena, t);
}

static bool fits(struct checker *c, const struct cel_type *from, const struct cel_type *to)
{
    return cel_assignable(&c->bindings, &from, &to, 1);
}

static bool is_wild(const struct cel_type *t)
{
    return t->kind == CEL_TY_ERROR || cel_type_is_dyn(t);
}

/* ---- complaints ---- */

static void mismatch(struct checker *c, struct cel_place place, const struct cel_type *wanted,
                     const struct cel_type *found)
{
    cel_source_error(c->source, place, "expected type '%s' but found '%s'", text(c, wanted), text(c, found));
}

static void undeclared(struct checker *c, struct cel_expr *e, struct str name)
{
    e->type = of_kind(CEL_TY_ERROR);
    cel_source_error(c->source, e->place, "undeclared reference to '%.*s' (in container '')", STR_ARG(name));
}

/* ---- names ---- */

static const struct cel_type *named(struct checker *c, struct str name)
{
    struct str plain = cel_bare(name);

    for (const struct local *l = c->locals; l; l = l->up)
        if (str_eq(l->name, plain))
            return l->type;
    return cel_declared(c->env, c->arena, name);
}

static void check_ident(struct checker *c, struct cel_expr *e)
{
    const struct cel_type *t = named(c, e->ident);

    if (!t) {
        undeclared(c, e, e->ident);
        return;
    }
    e->type = t;
    e->ident = cel_bare(e->ident);
}

static bool put_dotted(struct buf *b, const struct cel_expr *e)
{
    if (e->kind == CEL_IDENT) {
        buf_str(b, e->ident);
        return true;
    }
    if (e->kind != CEL_SELECT || e->select.only_test || !put_dotted(b, e->select.operand))
        return false;
    buf_putc(b, '.');
    buf_str(b, e->select.field);
    return true;
}

/* "a.b.c" when that is all e is; else empty. Until it is asked for again: most names are none. */
static struct str dotted(struct checker *c, const struct cel_expr *e)
{
    buf_clear(&c->name);
    return put_dotted(&c->name, e) ? buf_view(&c->name) : STR("");
}

/* ---- fields ---- */

/* The type of a field of an object; ERROR when it has none, which is told. */
static const struct cel_type *field_type(struct checker *c, struct cel_place place, struct str object,
                                         struct str field)
{
    static const char *const scalars[] = {"bool",      "bytes",  "double", "google.protobuf.Duration", "int",
                                          "null_type", "string", "uint",   "google.protobuf.Timestamp"};
    const struct cel_type *t = NULL;
    enum cel_found found = cel_declared_field(c->env, c->arena, object, field, &t);

    if (found == CEL_FIELD)
        return t;
    for (size_t i = 0; i < sizeof(scalars) / sizeof(*scalars); i++)
        if (str_is(object, scalars[i]))
            found = CEL_NO_FIELD;
    if (found == CEL_NO_OBJECT)
        cel_source_error(c->source, place, "unexpected failed resolution of '%.*s'", STR_ARG(object));
    else
        cel_source_error(c->source, place, "undefined field '%.*s'", STR_ARG(field));
    return of_kind(CEL_TY_ERROR);
}

/* What selecting a field yields; e is where that is told about. */
static const struct cel_type *selected(struct checker *c, struct cel_expr *e, struct cel_expr *operand,
                                       struct str field, bool optional)
{
    const struct cel_type *t, *result;

    check(c, operand);
    t = known(c, operand->type);
    if (cel_type_is_optional(t)) {
        optional = true;
        t = t->of[0];
    }
    if (t->kind == CEL_TY_MAP) {
        result = t->of[1];
    } else if (t->kind == CEL_TY_OBJECT && t->name.n) {
        result = field_type(c, e->place, t->name, field);
    } else {
        if (t->kind == CEL_TY_PARAM)
            fits(c, of_kind(CEL_TY_DYN), t);
        else if (!is_wild(t))
            cel_source_error(c->source, e->place, "type '%s' does not support field selection", text(c, t));
        result = of_kind(CEL_TY_DYN);
    }
    return optional ? cel_type_optional(c->arena, result) : result;
}

static void check_select(struct checker *c, struct cel_expr *e)
{
    struct str name = dotted(c, e);
    const struct cel_type *t = name.n ? named(c, name) : NULL;

    if (t) {
        e->kind = CEL_IDENT;
        e->ident = arena_str(c->arena, cel_bare(name));
        e->type = t;
        return;
    }
    t = selected(c, e, e->select.operand, e->select.field, false);
    e->type = e->select.only_test ? of_kind(CEL_TY_BOOL) : known(c, t);
}

/* ---- calls ---- */

/* A declared type with parameters of this call's own. */
static const struct cel_type *instance(struct checker *c, const struct cel_type *t,
                                       const struct cel_type **own)
{
    if (t->kind == CEL_TY_PARAM) {
        if (!own[t->param])
            own[t->param] = cel_bindings_new_param(&c->bindings);
        return own[t->param];
    }
    if (t->n == 0)
        return t;
    const struct cel_type *first = instance(c, t->of[0], own);
    return cel_type_with(c->arena, t, first, t->n > 1 ? instance(c, t->of[1], own) : NULL);
}

/* The types of a declaration's arguments; returns how many. */
static size_t arguments(struct checker *c, const char *declared, const struct cel_type **to,
                        const struct cel_type **own)
{
    size_t n = 0;

    while (*declared && n < ARGS_MAX) {
        int depth = 0;
        size_t len = 0;

        for (; declared[len] && (depth || declared[len] != ','); len++)
            depth += (declared[len] == '(') - (declared[len] == ')');
        to[n++] = instance(c, cel_type_parse(c->arena, (struct str){declared, len}), own);
        declared += len + (declared[len] ? 2 : 0);
    }
    return n;
}

static void no_overload(struct checker *c, struct cel_expr *e, const struct cel_type **from, size_t n,
                        bool method)
{
    struct buf b = {0};

    for (size_t i = 0; i < n; i++) {
        buf_puts(&b, method && i == 0 ? "" : i == (size_t)method ? "(" : ", ");
        buf_puts(&b, text(c, cel_substitute(&c->bindings, from[i], true)));
        buf_puts(&b, method && i == 0 ? "." : "");
    }
    buf_puts(&b, n == (size_t)method ? "()" : ")");
    e->type = of_kind(CEL_TY_ERROR);
    cel_source_error(c->source, e->place, "found no matching overload for '%.*s' applied to '%s'",
                     STR_ARG(e->call.function), arena_cstr(c->arena, buf_view(&b)));
    buf_free(&b);
}

/* && and || say of each argument what is wrong with it. */
static void check_logic(struct checker *c, struct cel_expr *e)
{
    e->type = of_kind(CEL_TY_BOOL);
    for (size_t i = 0; i < e->call.nargs; i++) {
        struct cel_expr *arg = e->call.args[i];

        if (fits(c, arg->type, of_kind(CEL_TY_BOOL)))
            continue;
        mismatch(c, arg->place, of_kind(CEL_TY_BOOL), arg->type);
        e->type = of_kind(CEL_TY_ERROR);
    }
}

/* All declarations that fit say what it yields: dyn, when they do not agree. */
static void resolve(struct checker *c, struct cel_expr *e, const struct cel_function *fn, size_t nfn)
{
    bool method = e->call.target != NULL;
    size_t n = e->call.nargs + method;
    const struct cel_type **from = arena_alloc(c->arena, n * sizeof(*from)), *result = NULL;

    e->call.overloads = arena_alloc(c->arena, nfn * sizeof(*e->call.overloads));
    if (str_is(e->call.function, CEL_OP_AND) || str_is(e->call.function, CEL_OP_OR)) {
        e->call.overloads[e->call.noverloads++] = fn->overload;
        check_logic(c, e);
        return;
    }
    if (method)
        from[0] = e->call.target->type;
    for (size_t i = 0; i < e->call.nargs; i++)
        from[i + method] = e->call.args[i]->type;
    for (size_t i = 0; i < nfn; i++) {
        const struct cel_type *to[ARGS_MAX], *own[CEL_PARAMS_NAMED] = {NULL}, *yields;

        if (fn[i].method != method || arguments(c, fn[i].args, to, own) != n)
            continue;
        yields = instance(c, cel_type_parse(c->arena, str_of(fn[i].result)), own);
        if (!cel_assignable(&c->bindings, from, to, n))
            continue;
        yields = known(c, yields);
        e->call.overloads[e->call.noverloads++] = fn[i].overload;
        if (!result)
            result = yields;
        else if (!cel_type_is_dyn(result) && !cel_type_same(yields, result))
            result = of_kind(CEL_TY_DYN);
    }
    e->type = result;
    if (!result)
        no_overload(c, e, from, n, method);
}

static void check_opt_select(struct checker *c, struct cel_expr *e)
{
    e->type = known(c, selected(c, e, e->call.args[0], e->call.args[1]->text, true));
    e->call.args[1]->type = of_kind(CEL_TY_STRING);
}

/* a.b.c() is the function c of a.b, or a function a.b.c. */
static void check_call(struct checker *c, struct cel_expr *e)
{
    const struct cel_function *fn;
    struct str name = e->call.function;
    size_t n;

    if (str_is(name, CEL_OP_OPT_SELECT) && !e->call.target) {
        check_opt_select(c, e);
        return;
    }
    for (size_t i = 0; i < e->call.nargs; i++)
        check(c, e->call.args[i]);
    if (e->call.target && dotted(c, e->call.target).n) {
        buf_putc(&c->name, '.');
        buf_str(&c->name, name);
        fn = cel_functions(c->env, buf_view(&c->name), &n);
        if (fn) {
            e->call.target = NULL;
            e->call.function = str_of(fn->name);
            resolve(c, e, fn, n);
            return;
        }
    }
    if (e->call.target)
        check(c, e->call.target);
    fn = cel_functions(c->env, e->call.function, &n);
    if (!fn) {
        undeclared(c, e, e->call.function);
        return;
    }
    e->call.function = cel_bare(e->call.function);
    resolve(c, e, fn, n);
}

/* ---- lists, maps, messages ---- */

/* The type of items of a list when a further one has type t, and those before have so_far. */
static const struct cel_type *joined(struct checker *c, const struct cel_type *so_far,
                                     const struct cel_type *t)
{
    if (!so_far)
        return t;
    return fits(c, so_far, t) ? cel_most_general(so_far, t) : of_kind(CEL_TY_DYN);
}

/* The type of a value, or of what it holds when it is written as optional. */
static const struct cel_type *held(struct checker *c, const struct cel_expr *e, bool optional)
{
    if (!optional)
        return e->type;
    if (cel_type_is_optional(e->type))
        return e->type->of[0];
    if (!cel_type_is_dyn(e->type))
        mismatch(c, e->place, cel_type_optional(c->arena, e->type), e->type);
    return e->type;
}

static void check_list(struct checker *c, struct cel_expr *e)
{
    const struct cel_type *item = NULL;

    for (size_t i = 0; i < e->list.n; i++) {
        struct cel_expr *x = e->list.items[i];

        check(c, x);
        item = joined(c, item, held(c, x, e->list.optional[i]));
    }
    e->type = cel_type_list(c->arena, item ? item : cel_bindings_new_param(&c->bindings));
}

static void check_map(struct checker *c, struct cel_expr *e)
{
    const struct cel_type *key = NULL, *value = NULL;

    for (size_t i = 0; i < e->map.n; i++) {
        struct cel_entry *x = &e->map.entries[i];

        check(c, x->key);
        key = joined(c, key, x->key->type);
        check(c, x->value);
        value = joined(c, value, held(c, x->value, x->optional));
    }
    if (!key) {
        key = cel_bindings_new_param(&c->bindings);
        value = cel_bindings_new_param(&c->bindings);
    }
    e->type = cel_type_map(c->arena, key, value);
}

/* The type that a message's name is; ERROR when it is none, which is told. */
static const struct cel_type *message_type(struct checker *c, struct cel_expr *e,
                                           const struct cel_type *ident)
{
    const struct cel_type *t = ident->kind == CEL_TY_TYPE && ident->n ? ident->of[0] : NULL;

    if (t && (t->kind == CEL_TY_OBJECT || t->kind == CEL_TY_DURATION || t->kind == CEL_TY_TIMESTAMP ||
              t->kind == CEL_TY_NULL))
        return t;
    if (ident->kind == CEL_TY_TYPE)
        cel_source_error(c->source, e->place, "'%.*s' is not a message type",
                         STR_ARG(t ? t->name : ident->name));
    else if (ident->kind != CEL_TY_ERROR)
        cel_source_error(c->source, e->place, "'%.*s' is not a type", STR_ARG(ident->name));
    return of_kind(CEL_TY_ERROR);
}

static void check_message(struct checker *c, struct cel_expr *e)
{
    const struct cel_type *ident = named(c, e->map.name);

    if (!ident) {
        undeclared(c, e, e->map.name);
        return;
    }
    e->map.name = cel_bare(e->map.name);
    e->type = message_type(c, e, ident);
    for (size_t i = 0; i < e->map.n; i++) {
        struct cel_entry *x = &e->map.entries[i];
        const struct cel_type *wanted, *found;

        check(c, x->value);
        wanted =
            field_type(c, x->place, e->type->kind == CEL_TY_ERROR ? e->map.name : e->type->name, x->field);
        found = held(c, x->value, x->optional);
        if (!fits(c, wanted, found))
            cel_source_error(c->source, x->place,
                             "expected type of field '%.*s' is '%s' but provided type is '%s'",
                             STR_ARG(x->field), text(c, wanted), text(c, found));
    }
}

/* ---- folds ---- */

/* The types of the variables of a fold over range; second: of the second variable. */
static const struct cel_type *variable_type(struct checker *c, struct cel_expr *range, bool two,
                                            const struct cel_type **second)
{
    const struct cel_type *t = known(c, range->type);

    *second = NULL;
    if (t->kind == CEL_TY_LIST) {
        *second = t->of[0];
        return two ? of_kind(CEL_TY_INT) : t->of[0];
    }
    if (t->kind == CEL_TY_MAP) {
        *second = t->of[1];
        return t->of[0];
    }
    if (t->kind == CEL_TY_DYN || t->kind == CEL_TY_ERROR || t->kind == CEL_TY_PARAM) {
        fits(c, of_kind(CEL_TY_DYN), t);
        *second = of_kind(CEL_TY_DYN);
        return *second;
    }
    cel_source_error(
        c->source, range->place,
        "expression of type '%s' cannot be range of a comprehension (must be list, map, or dynamic)",
        text(c, t));
    *second = of_kind(CEL_TY_ERROR);
    return *second;
}

static void wants(struct checker *c, struct cel_expr *e, const struct cel_type *t)
{
    if (!fits(c, t, e->type))
        mismatch(c, e->place, t, e->type);
}

static void check_fold(struct checker *c, struct cel_expr *e)
{
    struct local accu = {e->fold.accu, NULL, c->locals}, var = {e->fold.var, NULL, &accu},
                 var2 = {e->fold.var2, NULL, &var};
    const struct local *outer = c->locals;
    bool two = e->fold.var2.n > 0;

    check(c, e->fold.range);
    check(c, e->fold.init);
    accu.type = e->fold.init->type;
    var.type = variable_type(c, e->fold.range, two, &var2.type);
    c->locals = two ? &var2 : &var;
    check(c, e->fold.condition);
    wants(c, e->fold.condition, of_kind(CEL_TY_BOOL));
    check(c, e->fold.step);
    wants(c, e->fold.step, accu.type);
    c->locals = &accu;
    check(c, e->fold.result);
    c->locals = outer;
    e->type = known(c, e->fold.result->type);
}

static void check(struct checker *c, struct cel_expr *e)
{
    static const enum cel_type_kind literal[] = {
        [CEL_UNSPECIFIED] = CEL_TY_ERROR, [CEL_BOOL] = CEL_TY_BOOL, [CEL_BYTES] = CEL_TY_BYTES,
        [CEL_DOUBLE] = CEL_TY_DOUBLE,     [CEL_INT] = CEL_TY_INT,   [CEL_NULL] = CEL_TY_NULL,
        [CEL_STRING] = CEL_TY_STRING,     [CEL_UINT] = CEL_TY_UINT};
    static void (*const compound[])(struct checker * c, struct cel_expr * e) = {
        [CEL_IDENT] = check_ident,        [CEL_SELECT] = check_select, [CEL_CALL] = check_call,
        [CEL_LIST] = check_list,          [CEL_MAP] = check_map,       [CEL_MESSAGE] = check_message,
        [CEL_COMPREHENSION] = check_fold,
    };

    if (e->kind < CEL_IDENT)
        e->type = of_kind(literal[e->kind]);
    else
        compound[e->kind](c, e);
}

/* Every type as it is in the end: what is still free is dyn. Numbers, too. */
static void settle(void *arg, struct cel_expr *e)
{
    struct checker *c = arg;

    e->type = cel_substitute(&c->bindings, e->type, true);
    cel_parts(e, settle, c);
    e->id = c->ids++;
}

struct cel_expr *cel_compile(struct cel_source *source, const struct cel_env *env)
{
    struct checker c = {
        .source = source, .arena = source->arena, .env = env, .bindings = {.arena = source->arena}};
    struct cel_expr *e = cel_parse(source, env->macros);

    if (source->nerrors)
        return NULL;
    check(&c, e);
    buf_free(&c.name);
    if (source->nerrors)
        return NULL;
    settle(&c, e);
    cel_check_literals(source, e);
    return source->nerrors ? NULL : e;
}
