/* Macros become folds and conditions. Rule: cel-go parser/macro.go, cel/library.go (optionals),
 * ext/comprehensions.go, ext/lists.go, ext/bindings.go. */
#include "registry/cel/ast.h"

/* The running result of a fold: no name a user can write. */
#define ACCU STR("@result")
#define ACCU_OLD "__result__"
#define UNUSED STR("#unused")
#define COPIES_MAX 100000

struct expansion {
    struct cel_source *source;
    struct arena *arena;
    struct cel_place place; /* of the call: all that is made up is there */
    struct cel_expr *target;
    struct cel_expr **args;
    size_t nargs;
    bool declined;           /* no macro after all */
    struct cel_place failed; /* where the mistake is */
};

typedef struct cel_expr *(*macro_fn)(struct expansion *x);

static struct cel_expr *fail(struct expansion *x, struct cel_place place, const char *message)
{
    x->failed = place;
    cel_source_error(x->source, place, "%s", message);
    return NULL;
}

/* ---- parts ---- */

static struct cel_expr *ident(struct expansion *x, struct str name)
{
    struct cel_expr *e = cel_new(x->arena, CEL_IDENT, x->place);

    e->ident = name;
    return e;
}

static struct cel_expr *accu(struct expansion *x)
{
    return ident(x, ACCU);
}

static struct cel_expr *boolean(struct expansion *x, bool v)
{
    struct cel_expr *e = cel_new(x->arena, CEL_BOOL, x->place);

    e->boolean = v;
    return e;
}

static struct cel_expr *integer(struct expansion *x, int64_t v)
{
    struct cel_expr *e = cel_new(x->arena, CEL_INT, x->place);

    e->integer = v;
    return e;
}

static struct cel_expr *list_of(struct expansion *x, struct cel_expr *item)
{
    struct cel_expr *e = cel_new(x->arena, CEL_LIST, x->place);

    e->list.n = item != NULL;
    e->list.items = arena_alloc(x->arena, sizeof(item));
    e->list.items[0] = item;
    e->list.optional = arena_alloc(x->arena, 1);
    return e;
}

static struct cel_expr *call1(struct expansion *x, const char *function, struct cel_expr *a)
{
    return cel_new_call(x->arena, x->place, str_of(function), NULL, &a, 1);
}

static struct cel_expr *call2(struct expansion *x, const char *function, struct cel_expr *a,
                              struct cel_expr *b)
{
    struct cel_expr *args[] = {a, b};

    return cel_new_call(x->arena, x->place, str_of(function), NULL, args, 2);
}

static struct cel_expr *choose(struct expansion *x, struct cel_expr *when, struct cel_expr *a,
                               struct cel_expr *b)
{
    struct cel_expr *args[] = {when, a, b};

    return cel_new_call(x->arena, x->place, STR(CEL_OP_IF), NULL, args, 3);
}

static struct cel_expr *method(struct expansion *x, struct cel_expr *target, const char *function)
{
    return cel_new_call(x->arena, x->place, str_of(function), target, NULL, 0);
}

/* Over the target, with the accumulator as result. */
static struct cel_expr *fold(struct expansion *x, struct str var, struct str var2, struct cel_expr *init,
                             struct cel_expr *condition, struct cel_expr *step)
{
    struct cel_expr *e = cel_new(x->arena, CEL_COMPREHENSION, x->place);

    e->fold.range = x->target;
    e->fold.var = var;
    e->fold.var2 = var2;
    e->fold.accu = ACCU;
    e->fold.init = init;
    e->fold.condition = condition;
    e->fold.step = step;
    e->fold.result = accu(x);
    return e;
}

/* A name for init in result: a fold over nothing. */
static struct cel_expr *let(struct expansion *x, struct str name, struct cel_expr *init,
                            struct cel_expr *result)
{
    struct cel_expr *e = cel_new(x->arena, CEL_COMPREHENSION, x->place);

    e->fold.range = list_of(x, NULL);
    e->fold.var = UNUSED;
    e->fold.accu = name;
    e->fold.init = init;
    e->fold.condition = boolean(x, false);
    e->fold.step = ident(x, name);
    e->fold.result = result;
    return e;
}

static struct cel_expr *copy(struct expansion *x, const struct cel_expr *e);

static struct cel_expr **copies(struct expansion *x, struct cel_expr *const *all, size_t n)
{
    struct cel_expr **c = arena_alloc(x->arena, n * sizeof(*c));

    for (size_t i = 0; i < n; i++)
        c[i] = copy(x, all[i]);
    return c;
}

/* Entries are at the macro then. */
static struct cel_entry *copied_entries(struct expansion *x, const struct cel_entry *all, size_t n)
{
    struct cel_entry *c = arena_alloc(x->arena, n * sizeof(*c));

    for (size_t i = 0; i < n; i++) {
        c[i] = all[i];
        c[i].place = x->place;
        c[i].key = copy(x, all[i].key);
        c[i].value = copy(x, all[i].value);
    }
    return c;
}

static void copy_parts(struct expansion *x, struct cel_expr *c)
{
    switch (c->kind) {
    case CEL_SELECT:
        c->select.operand = copy(x, c->select.operand);
        break;
    case CEL_CALL:
        c->call.target = copy(x, c->call.target);
        c->call.args = copies(x, c->call.args, c->call.nargs);
        break;
    case CEL_LIST:
        c->list.items = copies(x, c->list.items, c->list.n);
        break;
    case CEL_MAP:
    case CEL_MESSAGE:
        c->map.entries = copied_entries(x, c->map.entries, c->map.n);
        break;
    case CEL_COMPREHENSION:
        c->fold.range = copy(x, c->fold.range);
        c->fold.init = copy(x, c->fold.init);
        c->fold.condition = copy(x, c->fold.condition);
        c->fold.step = copy(x, c->fold.step);
        c->fold.result = copy(x, c->fold.result);
        break;
    default:
        break;
    }
}

/* The checker changes what it looks at: an expression that is in two places must be two. Copies of copies
 * grow without bound, so they are counted. */
static struct cel_expr *copy(struct expansion *x, const struct cel_expr *e)
{
    struct cel_expr *c;

    if (!e)
        return NULL;
    if (x->source->copied == COPIES_MAX)
        return cel_new(x->arena, CEL_UNSPECIFIED, e->place);
    if (++x->source->copied == COPIES_MAX)
        cel_source_error(x->source, x->place, "expanded expression size exceeds limit: %d", COPIES_MAX);
    c = arena_alloc(x->arena, sizeof(*c));
    *c = *e;
    copy_parts(x, c);
    return c;
}

/* ---- variables ---- */

static bool is_accu(struct str name)
{
    return str_eq(name, ACCU) || str_is(name, ACCU_OLD);
}

/* The name that argument i is; empty, and told, when it is none. */
static struct str variable(struct expansion *x, size_t i, const char *otherwise)
{
    if (x->args[i]->kind == CEL_IDENT)
        return x->args[i]->ident;
    fail(x, x->args[i]->place, otherwise);
    return STR("");
}

static struct str loop_variable(struct expansion *x, const char *otherwise)
{
    struct str name = variable(x, 0, otherwise);

    if (!is_accu(name))
        return name;
    fail(x, x->args[0]->place, "iteration variable overwrites accumulator variable");
    return STR("");
}

/* Those of a macro with two: false when told. */
static bool two_variables(struct expansion *x, struct str *var, struct str *var2)
{
    const char *otherwise = "argument must be a simple name";

    *var = variable(x, 0, otherwise);
    *var2 = var->n ? variable(x, 1, otherwise) : STR("");
    if (!var2->n)
        return false;
    if (str_eq(*var, *var2)) {
        fail(x, x->args[1]->place, arena_printf(x->arena, "duplicate variable name: %.*s", STR_ARG(*var)));
        return false;
    }
    if (!is_accu(*var) && !is_accu(*var2))
        return true;
    fail(x, x->args[is_accu(*var) ? 0 : 1]->place, "iteration variable overwrites accumulator variable");
    return false;
}

/* One or two variables, by the number of arguments; the rest begins at *rest. */
static bool loop_variables(struct expansion *x, struct str *var, struct str *var2, struct cel_expr ***rest)
{
    bool two = x->nargs > 2;

    *rest = x->args + (two ? 2 : 1);
    *var2 = STR("");
    if (two)
        return two_variables(x, var, var2);
    *var = loop_variable(x, "argument must be a simple name");
    return var->n > 0;
}

/* ---- macros ---- */

static struct cel_expr *has(struct expansion *x)
{
    struct cel_expr *e, *arg = x->args[0];

    if (arg->kind != CEL_SELECT)
        return fail(x, arg->place, "invalid argument to has() macro");
    e = cel_new(x->arena, CEL_SELECT, x->place);
    e->select.operand = arg->select.operand;
    e->select.field = arg->select.field;
    e->select.only_test = true;
    return e;
}

static struct cel_expr *all(struct expansion *x)
{
    struct str var, var2;
    struct cel_expr **rest;

    if (!loop_variables(x, &var, &var2, &rest))
        return NULL;
    return fold(x, var, var2, boolean(x, true), call1(x, CEL_OP_NOT_FALSE, accu(x)),
                call2(x, CEL_OP_AND, accu(x), rest[0]));
}

static struct cel_expr *exists(struct expansion *x)
{
    struct str var, var2;
    struct cel_expr **rest;

    if (!loop_variables(x, &var, &var2, &rest))
        return NULL;
    return fold(x, var, var2, boolean(x, false), call1(x, CEL_OP_NOT_FALSE, call1(x, CEL_OP_NOT, accu(x))),
                call2(x, CEL_OP_OR, accu(x), rest[0]));
}

static struct cel_expr *exists_one(struct expansion *x)
{
    struct str var, var2;
    struct cel_expr **rest, *e;

    if (!loop_variables(x, &var, &var2, &rest))
        return NULL;
    e = fold(x, var, var2, integer(x, 0), boolean(x, true),
             choose(x, rest[0], call2(x, CEL_OP_ADD, accu(x), integer(x, 1)), accu(x)));
    e->fold.result = call2(x, CEL_OP_EQUALS, accu(x), integer(x, 1));
    return e;
}

/* The list so far, with item added when filter says so. */
static struct cel_expr *appended(struct expansion *x, struct cel_expr *filter, struct cel_expr *item)
{
    struct cel_expr *step = call2(x, CEL_OP_ADD, accu(x), list_of(x, item));

    return filter ? choose(x, filter, step, accu(x)) : step;
}

static struct cel_expr *map(struct expansion *x)
{
    struct str var = loop_variable(x, "argument is not an identifier");
    struct cel_expr *filter = x->nargs == 3 ? x->args[1] : NULL;

    if (!var.n)
        return NULL;
    return fold(x, var, STR(""), list_of(x, NULL), boolean(x, true),
                appended(x, filter, x->args[x->nargs - 1]));
}

static struct cel_expr *filter(struct expansion *x)
{
    struct str var = loop_variable(x, "argument is not an identifier");

    if (!var.n)
        return NULL;
    return fold(x, var, STR(""), list_of(x, NULL), boolean(x, true), appended(x, x->args[1], x->args[0]));
}

static struct cel_expr *transform_list(struct expansion *x)
{
    struct str var, var2;

    if (!two_variables(x, &var, &var2))
        return NULL;
    return fold(x, var, var2, list_of(x, NULL), boolean(x, true),
                appended(x, x->nargs == 4 ? x->args[2] : NULL, x->args[x->nargs - 1]));
}

/* keyed: under the old key; else the value is a map of entries. */
static struct cel_expr *transformed_map(struct expansion *x, bool keyed)
{
    struct str var, var2;
    struct cel_expr *step, *args[3];

    if (!two_variables(x, &var, &var2))
        return NULL;
    args[0] = accu(x);
    args[1] = keyed ? ident(x, var) : x->args[x->nargs - 1];
    args[2] = x->args[x->nargs - 1];
    step = cel_new_call(x->arena, x->place, STR("cel.@mapInsert"), NULL, args, keyed ? 3 : 2);
    if (x->nargs == 4)
        step = choose(x, x->args[2], step, accu(x));
    return fold(x, var, var2, cel_new(x->arena, CEL_MAP, x->place), boolean(x, true), step);
}

static struct cel_expr *transform_map(struct expansion *x)
{
    return transformed_map(x, true);
}

static struct cel_expr *transform_map_entry(struct expansion *x)
{
    return transformed_map(x, false);
}

/* args[1] with the target's value as a name, when it has one. */
static struct cel_expr *with_value(struct expansion *x, struct str var, bool wrap)
{
    struct cel_expr *e = let(x, var, method(x, copy(x, x->target), "value"), x->args[1]);

    return choose(x, method(x, x->target, "hasValue"), wrap ? call1(x, "optional.of", e) : e,
                  cel_new_call(x->arena, x->place, STR("optional.none"), NULL, NULL, 0));
}

static struct cel_expr *opt_map(struct expansion *x)
{
    struct str var = variable(x, 0, "optMap() variable name must be a simple identifier");

    return var.n ? with_value(x, var, true) : NULL;
}

static struct cel_expr *opt_flat_map(struct expansion *x)
{
    struct str var = variable(x, 0, "optFlatMap() variable name must be a simple identifier");

    return var.n ? with_value(x, var, false) : NULL;
}

static struct cel_expr *sort_by(struct expansion *x)
{
    struct str input = STR("@__sortBy_input__");
    struct cel_expr *target = x->target, *keys;
    enum cel_kind k = target->kind;

    if (k != CEL_LIST && k != CEL_SELECT && k != CEL_IDENT && k != CEL_COMPREHENSION && k != CEL_CALL)
        return fail(
            x, target->place,
            "sortBy can only be applied to a list, identifier, comprehension, call or select expression");
    x->target = ident(x, input);
    keys = map(x);
    if (!keys)
        return NULL;
    return let(x, input, target,
               cel_new_call(x->arena, x->place, STR("@sortByAssociatedKeys"), ident(x, input), &keys, 1));
}

static struct cel_expr *bind(struct expansion *x)
{
    struct str var;

    x->declined = x->target->kind != CEL_IDENT || !str_is(x->target->ident, "cel");
    if (x->declined)
        return NULL;
    var = variable(x, 0, "cel.bind() variable names must be simple identifiers");
    return var.n ? let(x, var, x->args[1], x->args[2]) : NULL;
}

struct cel_expr *cel_expand(struct cel_source *s, enum cel_macros macros, struct cel_place place,
                            struct str function, struct cel_expr *target, struct cel_expr **args,
                            size_t nargs)
{
    static const struct {
        const char *name;
        size_t least, most; /* arguments */
        bool method;
        enum cel_macros only;
        macro_fn expand;
    } all_macros[] = {
        {"has", 1, 1, false, 0, has},
        {"all", 2, 3, true, 0, all},
        {"exists", 2, 3, true, 0, exists},
        {"exists_one", 2, 3, true, 0, exists_one},
        {"existsOne", 3, 3, true, 0, exists_one},
        {"map", 2, 3, true, 0, map},
        {"filter", 2, 2, true, 0, filter},
        {"transformList", 3, 4, true, 0, transform_list},
        {"transformMap", 3, 4, true, 0, transform_map},
        {"transformMapEntry", 3, 4, true, 0, transform_map_entry},
        {"optMap", 2, 2, true, 0, opt_map},
        {"optFlatMap", 2, 2, true, 0, opt_flat_map},
        {"sortBy", 2, 2, true, 0, sort_by},
        {"bind", 3, 3, true, CEL_MACROS_BIND, bind},
    };
    struct expansion x = {s, s->arena, place, target, args, nargs, false, place};

    for (size_t i = 0; i < sizeof(all_macros) / sizeof(*all_macros); i++) {
        struct cel_expr *e;

        if (!str_is(function, all_macros[i].name) || nargs < all_macros[i].least ||
            nargs > all_macros[i].most || all_macros[i].method != (target != NULL) ||
            (all_macros[i].only & ~macros))
            continue;
        e = all_macros[i].expand(&x);
        return e || x.declined ? e : cel_new(s->arena, CEL_UNSPECIFIED, x.failed);
    }
    return NULL;
}
