/* From the parser's tree to what it means. The tree may lack anything when there were syntax errors: the
 * reference looks at it all the same and tells what else is wrong. Rule: cel-go parser/parser.go. */
#include "registry/cel/build.h"

#define DEPTH_MAX 250
#define POINTS_MAX 100000

static struct cel_expr *visit(struct cel_builder *b, const struct cel_tree *t);

/* ---- expressions ---- */

struct cel_expr *cel_new(struct arena *a, enum cel_kind kind, struct cel_place place)
{
    struct cel_expr *e = arena_alloc(a, sizeof(*e));

    e->kind = kind;
    e->place = place;
    return e;
}

struct cel_expr *cel_new_call(struct arena *a, struct cel_place place, struct str function,
                              struct cel_expr *target, struct cel_expr *const *args, size_t nargs)
{
    struct cel_expr *e = cel_new(a, CEL_CALL, place);

    e->call.function = function;
    e->call.target = target;
    e->call.args = arena_alloc(a, nargs * sizeof(*args));
    e->call.nargs = nargs;
    if (nargs)
        memcpy(e->call.args, args, nargs * sizeof(*args));
    return e;
}

struct cel_expr *cel_build_wrong(struct cel_builder *b, struct cel_place place, const char *message)
{
    if (!b->stopped)
        cel_source_error(b->source, place, "%s", message);
    return cel_new(b->arena, CEL_UNSPECIFIED, place);
}

static struct cel_place place_of(const struct cel_token *t)
{
    return t ? t->place : CEL_NOWHERE;
}

/* A call, or what it expands to when it is that of a macro. */
static struct cel_expr *call(struct cel_builder *b, struct cel_place place, struct str function,
                             struct cel_expr *target, struct cel_expr **args, size_t nargs)
{
    struct cel_expr *e =
        b->stopped ? NULL : cel_expand(b->source, b->macros, place, function, target, args, nargs);

    return e ? e : cel_new_call(b->arena, place, function, target, args, nargs);
}

/* ---- operators ---- */

static struct cel_expr *conditional(struct cel_builder *b, const struct cel_tree *t)
{
    struct cel_expr *args[3];

    args[0] = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0));
    args[1] = visit(b, cel_tree_sub(t, CEL_L_THEN, 0));
    args[2] = visit(b, cel_tree_sub(t, CEL_L_ELSE, 0));
    return cel_new_call(b->arena, place_of(cel_tree_token(t, CEL_L_OP, 0)), STR(CEL_OP_IF), NULL, args, 3);
}

/* Terms of && or ||, which are no deeper than needed. */
struct terms {
    struct cel_expr **terms;
    struct cel_place *ops;
    struct str function;
};

static struct cel_expr *balanced(struct cel_builder *b, const struct terms *l, int lo, int hi)
{
    int mid = (lo + hi + 1) / 2;
    struct cel_expr *args[2];

    args[0] = mid == lo ? l->terms[mid] : balanced(b, l, lo, mid - 1);
    args[1] = mid == hi ? l->terms[mid + 1] : balanced(b, l, mid + 1, hi);
    return cel_new_call(b->arena, l->ops[mid], l->function, NULL, args, 2);
}

static struct cel_expr *logic(struct cel_builder *b, const struct cel_tree *t)
{
    bool is_or = t->rule == CEL_R_OR;
    int n = cel_tree_count(t, CEL_L_OP), rest = cel_tree_count(t, CEL_L_REST);
    struct terms l = {.function = is_or ? STR(CEL_OP_OR) : STR(CEL_OP_AND)};

    l.terms = arena_alloc(b->arena, ((size_t)n + 1) * sizeof(*l.terms));
    l.ops = arena_alloc(b->arena, (size_t)n * sizeof(*l.ops));
    l.terms[0] = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0));
    n = 0;
    for (const struct cel_part *part = t->parts; part; part = part->next) {
        if (part->label == CEL_L_OP)
            l.ops[n] = part->token->place;
        if (part->label == CEL_L_REST)
            l.terms[++n] = visit(b, part->tree);
    }
    if (rest < cel_tree_count(t, CEL_L_OP))
        return cel_build_wrong(b, t->start->place,
                               is_or ? "unexpected character, wanted '||'"
                                     : "unexpected character, wanted '&&'");
    return balanced(b, &l, 0, n - 1);
}

/* What an operator is called as a function; empty: none. */
static struct str operator_name(struct arena *a, const struct cel_token *op)
{
    if (op->type == CEL_T_IN)
        return STR("@in");
    if (op->type == CEL_T_EOF || op->type >= CEL_T_TRUE || str_starts(op->text, STR("<missing")))
        return STR("");
    return str_of(arena_printf(a, "_%.*s_", STR_ARG(op->text)));
}

static struct cel_expr *binary(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *op = cel_tree_token(t, CEL_L_OP, 0);
    struct str name = op ? operator_name(b->arena, op) : STR("");
    struct cel_expr *args[2];

    if (!name.n)
        return cel_build_wrong(b, t->start->place, "operator not found");
    args[0] = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0));
    args[1] = visit(b, cel_tree_sub(t, CEL_L_REST, 0));
    return cel_new_call(b->arena, op->place, name, NULL, args, 2);
}

static struct cel_expr *unary(struct cel_builder *b, const struct cel_tree *t)
{
    struct cel_expr *arg;

    if (t->alt == CEL_A_NONE) {
        arg = cel_new(b->arena, CEL_STRING, t->start->place);
        arg->text = STR("<<error>>");
        return arg;
    }
    arg = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0));
    if (cel_tree_count(t, CEL_L_OP) % 2 == 0)
        return arg;
    return cel_new_call(b->arena, place_of(cel_tree_token(t, CEL_L_OP, 0)),
                        t->alt == CEL_A_NOT ? STR(CEL_OP_NOT) : STR(CEL_OP_NEGATE), NULL, &arg, 1);
}

/* ---- members ---- */

/* The name in an escapeIdent; *why when there is none. */
static struct str name_in(const struct cel_tree *t, const char **why)
{
    const struct cel_token *id = t ? cel_tree_token(t, CEL_L_ID, 0) : NULL;

    *why = NULL;
    if (id && t->alt == CEL_A_SIMPLE_NAME)
        return id->text;
    *why = t && t->alt == CEL_A_ESCAPED_NAME ? "unsupported syntax: '`'" : "unsupported ident kind";
    return STR("");
}

static struct cel_expr *select_field(struct cel_builder *b, const struct cel_tree *t)
{
    struct cel_expr *e, *args[2], *operand = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0));
    const struct cel_tree *id = cel_tree_sub(t, CEL_L_ID, 0);
    const struct cel_token *op = cel_tree_token(t, CEL_L_OP, 0);
    const char *why;
    struct str name;

    if (!id || !op)
        return cel_new(b->arena, CEL_UNSPECIFIED, t->start->place);
    name = name_in(id, &why);
    if (why)
        cel_build_wrong(b, id->start->place, why);
    if (cel_tree_token(t, CEL_L_OPT, 0)) {
        args[0] = operand;
        args[1] = cel_new(b->arena, CEL_STRING, id->start->place);
        args[1]->text = name;
        return cel_new_call(b->arena, op->place, STR(CEL_OP_OPT_SELECT), NULL, args, 2);
    }
    e = cel_new(b->arena, CEL_SELECT, op->place);
    e->select.operand = operand;
    e->select.field = name;
    return e;
}

/* The items of an expression list or of a list literal. */
static struct cel_expr **items(struct cel_builder *b, const struct cel_tree *list, size_t *n)
{
    struct cel_expr **all;

    *n = list ? (size_t)cel_tree_count(list, CEL_L_ITEM) : 0;
    all = arena_alloc(b->arena, *n * sizeof(*all));
    *n = 0;
    for (const struct cel_part *part = list ? list->parts : NULL; part; part = part->next)
        if (part->label == CEL_L_ITEM)
            all[(*n)++] =
                visit(b, part->tree->rule == CEL_R_OPT_EXPR ? cel_tree_sub(part->tree, CEL_L_FIRST, 0)
                                                            : part->tree);
    return all;
}

static struct cel_expr *member_call(struct cel_builder *b, const struct cel_tree *t)
{
    struct cel_expr *target = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0)), **args;
    const struct cel_token *id = cel_tree_token(t, CEL_L_ID, 0);
    size_t n;

    if (!id)
        return cel_new(b->arena, CEL_UNSPECIFIED, t->start->place);
    args = items(b, cel_tree_sub(t, CEL_L_ARGS, 0), &n);
    return call(b, place_of(cel_tree_token(t, CEL_L_OP, 0)), id->text, target, args, n);
}

static struct cel_expr *indexed(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *op = cel_tree_token(t, CEL_L_OP, 0);
    struct cel_expr *args[2];

    args[0] = visit(b, cel_tree_sub(t, CEL_L_FIRST, 0));
    if (!op)
        return cel_new(b->arena, CEL_UNSPECIFIED, t->start->place);
    args[1] = visit(b, cel_tree_sub(t, CEL_L_ITEM, 0));
    return cel_new_call(b->arena, op->place,
                        cel_tree_token(t, CEL_L_OPT, 0) ? STR(CEL_OP_OPT_INDEX) : STR(CEL_OP_INDEX), NULL,
                        args, 2);
}

/* A name on its own or called: with its leading dot. */
static struct cel_expr *global(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *id = cel_tree_token(t, CEL_L_ID, 0);
    struct cel_expr *e, **args;
    struct str name;
    size_t n;

    if (!id)
        return cel_new(b->arena, CEL_UNSPECIFIED, t->start->place);
    if (cel_is_reserved(id->text))
        return cel_build_wrong(b, t->start->place,
                               arena_printf(b->arena, "reserved identifier: %.*s", STR_ARG(id->text)));
    name = str_of(
        arena_printf(b->arena, "%s%.*s", cel_tree_token(t, CEL_L_DOT, 0) ? "." : "", STR_ARG(id->text)));
    if (t->alt == CEL_A_IDENT) {
        e = cel_new(b->arena, CEL_IDENT, id->place);
        e->ident = name;
        return e;
    }
    args = items(b, cel_tree_sub(t, CEL_L_ARGS, 0), &n);
    return call(b, place_of(cel_tree_token(t, CEL_L_OP, 0)), name, NULL, args, n);
}

/* ---- lists, maps, messages ---- */

static struct cel_expr *list(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_tree *elems = cel_tree_sub(t, CEL_L_ARGS, 0);
    struct cel_expr *e = cel_new(b->arena, CEL_LIST, place_of(cel_tree_token(t, CEL_L_OP, 0)));
    size_t i = 0;

    e->list.items = items(b, elems, &e->list.n);
    e->list.optional = arena_alloc(b->arena, e->list.n);
    for (const struct cel_part *part = elems ? elems->parts : NULL; part; part = part->next)
        if (part->label == CEL_L_ITEM)
            e->list.optional[i++] = cel_tree_token(part->tree, CEL_L_OPT, 0) != NULL;
    return e;
}

/* One entry of a map or message literal; false when its field has no name. */
static bool entry(struct cel_builder *b, const struct cel_tree *all, int i, struct cel_entry *to)
{
    const struct cel_tree *key = cel_tree_sub(all, CEL_L_KEY, i);
    const char *why = NULL;

    to->place = place_of(cel_tree_token(all, CEL_L_COLON, i));
    to->optional = cel_tree_token(key, CEL_L_OPT, 0) != NULL;
    if (key->rule == CEL_R_OPT_EXPR)
        to->key = visit(b, cel_tree_sub(key, CEL_L_FIRST, 0));
    else
        to->field = name_in(cel_tree_sub(key, CEL_L_ID, 0), &why);
    if (why) {
        cel_build_wrong(b, all->start->place, why);
        return false;
    }
    to->value = visit(b, cel_tree_sub(all, CEL_L_VALUE, i));
    return true;
}

static struct cel_expr *map(struct cel_builder *b, const struct cel_tree *t)
{
    struct cel_expr *e = cel_new(b->arena, t->alt == CEL_A_MAP ? CEL_MAP : CEL_MESSAGE,
                                 place_of(cel_tree_token(t, CEL_L_OP, 0)));
    const struct cel_tree *all = cel_tree_sub(t, CEL_L_ARGS, 0);
    int values = all ? cel_tree_count(all, CEL_L_VALUE) : 0;
    const char *sep = cel_tree_token(t, CEL_L_DOT, 0) ? "." : "";

    for (const struct cel_part *part = t->parts; part && e->kind == CEL_MESSAGE; part = part->next) {
        if (part->label != CEL_L_ID)
            continue;
        e->map.name = str_of(
            arena_printf(b->arena, "%.*s%s%.*s", STR_ARG(e->map.name), sep, STR_ARG(part->token->text)));
        sep = ".";
    }
    e->map.entries = arena_alloc(b->arena, (size_t)values * sizeof(*e->map.entries));
    for (int i = 0; i < values; i++)
        e->map.n += entry(b, all, i, &e->map.entries[e->map.n]);
    return e;
}

/* ---- which is which ---- */

/* Down past what only leads to the next level of precedence. */
static const struct cel_tree *unnest(const struct cel_tree *t)
{
    while (t && cel_tree_leads(t))
        t = cel_tree_sub(t, CEL_L_FIRST, 0);
    return t;
}

typedef struct cel_expr *(*builder_fn)(struct cel_builder *b, const struct cel_tree *t);

static builder_fn builder_of(const struct cel_tree *t)
{
    static const builder_fn of_rule[CEL_R_COUNT] = {
        [CEL_R_EXPR] = conditional, [CEL_R_OR] = logic,    [CEL_R_AND] = logic,
        [CEL_R_RELATION] = binary,  [CEL_R_CALC] = binary, [CEL_R_UNARY] = unary,
    };
    static const builder_fn of_alt[] = {
        [CEL_A_SELECT] = select_field,
        [CEL_A_CALL] = member_call,
        [CEL_A_INDEX] = indexed,
        [CEL_A_IDENT] = global,
        [CEL_A_GLOBAL_CALL] = global,
        [CEL_A_LIST] = list,
        [CEL_A_MAP] = map,
        [CEL_A_MESSAGE] = map,
        [CEL_A_INT] = cel_build_integer,
        [CEL_A_UINT] = cel_build_unsigned_integer,
        [CEL_A_DOUBLE] = cel_build_floating,
        [CEL_A_STRING] = cel_build_text,
        [CEL_A_BYTES] = cel_build_text,
        [CEL_A_TRUE] = cel_build_constant,
        [CEL_A_FALSE] = cel_build_constant,
        [CEL_A_NULL] = cel_build_constant,
        [CEL_A_OPERATION] = NULL,
    };

    return of_rule[t->rule] ? of_rule[t->rule] : of_alt[t->alt];
}

static bool counts(const struct cel_tree *t)
{
    return t->rule == CEL_R_EXPR || t->rule == CEL_R_RELATION || t->rule == CEL_R_CALC ||
           t->rule == CEL_R_MEMBER;
}

static struct cel_expr *visit(struct cel_builder *b, const struct cel_tree *t)
{
    builder_fn fn;
    struct cel_expr *e;

    t = unnest(t);
    fn = t && !b->stopped ? builder_of(t) : NULL;
    if (!fn)
        return cel_new(b->arena, CEL_UNSPECIFIED, (struct cel_place){1, -1});
    if (counts(t) && b->depth++ == DEPTH_MAX) {
        e = cel_build_wrong(b, CEL_NOWHERE, "max recursion depth exceeded");
        b->stopped = true;
        return e;
    }
    e = fn(b, t);
    b->depth -= counts(t);
    return e;
}

struct cel_expr *cel_parse(struct cel_source *source, enum cel_macros macros)
{
    struct cel_builder b = {.source = source, .arena = source->arena, .macros = macros};
    const struct cel_tree *t;

    if (source->points > POINTS_MAX) {
        cel_source_error(source, CEL_NOWHERE, "expression code point size exceeds limit: size: %zu, limit %d",
                         source->points, POINTS_MAX);
        return NULL;
    }
    t = cel_parse_tree(source);
    return t ? visit(&b, t) : NULL;
}
