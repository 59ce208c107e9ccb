/* An expression is compiled in an arena of its own: what stays is the complaint. */
#include "registry/validation/expressions.h"

#include <ctype.h>

#define VARIABLES "kubernetes.variables"
#define DEVICE_COST_MAX 1000000

struct str check_trimmed(struct str s)
{
    while (s.n && isspace((unsigned char)s.p[0]))
        s.p++, s.n--;
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    return s;
}

/* ---- variables ---- */

static const struct cel_type *composed_variable(void *arg, struct arena *a, struct str name)
{
    return str_is(name, "variables") ? cel_type_object(a, STR(VARIABLES)) : NULL;
}

static enum cel_found composed_field(void *arg, struct arena *a, struct str object, struct str field,
                                     const struct cel_type **type)
{
    const struct expressions *x = arg;

    if (!str_is(object, VARIABLES))
        return CEL_NO_OBJECT;
    for (const struct expression_variable *v = x->variables; v; v = v->next) {
        if (str_eq(v->name, field)) {
            *type = v->type;
            return CEL_FIELD;
        }
    }
    return CEL_NO_FIELD;
}

/* The type others see: of lists and maps only what is in them, of what has a type of its own, nothing. */
static const struct cel_type *seen_type(struct arena *a, const struct cel_type *t)
{
    if (t && t->kind == CEL_TY_LIST)
        return cel_type_list(a, seen_type(a, t->of[0]));
    if (t && t->kind == CEL_TY_MAP)
        return cel_type_map(a, seen_type(a, t->of[0]), seen_type(a, t->of[1]));
    if (!t || t->kind == CEL_TY_ERROR || t->kind >= CEL_TY_TYPE)
        return cel_type_simple(CEL_TY_DYN);
    return cel_type_simple(t->kind);
}

/* ---- compiling ---- */

/* What is wrong with an expression, in the arena; NULL: nothing. *e: it, in scratch. */
static const char *mistakes(struct check *c, struct arena *scratch, const struct cel_env *env,
                            struct str text, struct cel_expr **e)
{
    struct cel_source *s = cel_source_new(scratch, text);
    struct str errors;

    *e = cel_compile(s, env);
    if (*e)
        return NULL;
    errors = cel_source_errors(s);
    return arena_printf(c->arena, "compilation failed: %.*s", STR_ARG(errors));
}

static const char *unwanted(struct check *c, struct arena *scratch, const struct cel_type *t,
                            enum expression_yields yields)
{
    static const struct {
        const char *types[2], *wanted;
    } rows[] = {[EXPRESSION_BOOL] = {{"bool"}, "bool"},
                [EXPRESSION_STRING] = {{"string"}, "string"},
                [EXPRESSION_STRING_OR_NULL] = {{"string", "null_type"}, "one of [string null_type]"},
                [EXPRESSION_OBJECT] = {{"Object"}, "Object"},
                [EXPRESSION_PATCHES] = {{"list(JSONPatch)"}, "list(JSONPatch)"}};
    const char *is = cel_type_full_text(scratch, t);

    if (yields == EXPRESSION_ANYTHING)
        return NULL;
    for (int i = 0; i < 2; i++)
        if (rows[yields].types[i] && strcmp(rows[yields].types[i], is) == 0)
            return NULL;
    return arena_printf(c->arena, "must evaluate to %s but got %s", rows[yields].wanted, is);
}

static struct cel_env env_of(const struct expressions *x, unsigned flags)
{
    struct cel_env env = cel_env_admission(flags | (x->params ? CEL_PARAMS : 0));

    if (x->composed) {
        env.variable = composed_variable;
        env.field = composed_field;
        env.arg = (void *)x;
    }
    return env;
}

void check_admission_expression(struct check *c, const struct at *at, const struct expressions *x,
                                unsigned flags, struct str text, struct str shown,
                                enum expression_yields yields)
{
    struct arena *scratch = arena_new(0);
    struct cel_env env = env_of(x, flags);
    struct cel_expr *e;
    const char *wrong = mistakes(c, scratch, &env, text, &e);

    if (!wrong)
        wrong = unwanted(c, scratch, e->type, yields);
    if (wrong)
        check_invalid_str(c, at, shown, wrong);
    arena_free(scratch);
}

void check_variable_expression(struct check *c, const struct at *at, struct expressions *x, struct str name,
                               struct str text)
{
    struct arena *scratch = arena_new(0);
    struct cel_env env = env_of(x, CEL_AUTHORIZER);
    struct expression_variable *v = arena_alloc(c->arena, sizeof(*v));
    struct cel_expr *e;
    const char *wrong = mistakes(c, scratch, &env, text, &e);

    if (wrong)
        check_invalid_str(c, at, text, wrong);
    *v = (struct expression_variable){name, seen_type(c->arena, e ? e->type : NULL), x->variables};
    x->variables = v;
    arena_free(scratch);
}

void check_device_expression(struct check *c, const struct at *at, struct str text)
{
    struct arena *scratch = arena_new(0);
    struct cel_env env = cel_env_device();
    struct cel_sizes sizes = cel_device_sizes();
    struct cel_expr *e;
    const char *wrong = mistakes(c, scratch, &env, text, &e);

    if (!wrong && e->type->kind != CEL_TY_BOOL && e->type->kind != CEL_TY_ANY)
        wrong = arena_printf(c->arena, "must evaluate to bool or the unknown type, not %s",
                             cel_type_full_text(scratch, e->type));
    if (wrong)
        check_invalid_str(c, at, text, wrong);
    else if (cel_cost(scratch, e, &sizes) > DEVICE_COST_MAX)
        check_forbidden(c, at, "too complex, exceeds cost limit");
    arena_free(scratch);
}
