/* Texts first, then what the expressions are: those are compiled only when nothing else is wrong. */
#include "registry/validation/crdrules.h"

#include "registry/validation/crdtypes.h"
#include "registry/validation/expressions.h"
#include "registry/validation/printed.h"

#define X "x-kubernetes-"
#define RULE_COST_MAX 10000000
#define ALL_COSTS_MAX 100000000
#define MOST_TOLD 4

/* ---- fieldPath ---- */

/* The next part of a path: a delimiter, a quoted string, or what is between delimiters. */
static struct str next_part(struct str *rest)
{
    struct str part = {rest->p, 0};
    bool quoted = rest->n && *rest->p == '\'';

    while (part.n < rest->n) {
        char c = rest->p[part.n++];

        if (quoted && part.n > 1 && c == '\'' && rest->p[part.n - 2] != '\\')
            break;
        if (quoted || !strchr(".[]", c))
            continue;
        part.n -= part.n > 1;
        break;
    }
    rest->p += part.n;
    rest->n -= part.n;
    return part;
}

/* The text between single quotes, without its escapes; false when it has wrong ones. */
static bool unquoted(struct arena *a, struct str part, struct str *name)
{
    char *p;

    if (part.n < 2 || *part.p != '\'' || part.p[part.n - 1] != '\'')
        return false;
    p = arena_raw(a, part.n);
    *name = (struct str){p, 0};
    for (size_t i = 1; i + 1 < part.n; i++) {
        if (part.p[i] == '\\' && (i + 2 >= part.n || !strchr("'\\", part.p[++i])))
            return false;
        p[name->n++] = part.p[i];
    }
    return true;
}

/* The schema of a member, or of a map's values; NULL: there is none. */
static const json_t *step(const json_t *s, struct str name)
{
    const json_t *properties = json_object_get(s, "properties");

    if (properties)
        return json_object_getn(properties, name.p, name.n);
    return json_object_get(s, "additionalProperties");
}

static bool is_field_path(struct check *c, const json_t *s, struct str path)
{
    while (path.n) {
        struct str part = next_part(&path), name;

        if (str_is(part, ".")) {
            name = next_part(&path);
        } else if (!str_is(part, "[") || !unquoted(c->arena, next_part(&path), &name) ||
                   !str_is(next_part(&path), "]")) {
            return false;
        }
        s = name.n ? step(s, name) : NULL;
        if (!json_is_object(s))
            return false;
    }
    return true;
}

/* ---- texts ---- */

static bool has_newlines(struct str s)
{
    return str_find(s, '\n') >= 0 || str_find(s, '\r') >= 0;
}

static void rule_and_message(struct check *c, const struct at *at, const json_t *v)
{
    struct str message = check_str(v, "message"), trimmed = check_trimmed(message),
               rule = check_trimmed(check_str(v, "rule"));
    struct at rule_at = at_field(at, "rule"), message_at = at_field(at, "message");

    if (!rule.n)
        check_required(c, &rule_at, "rule is not specified");
    else if (message.n && !trimmed.n)
        check_invalid_str(c, &message_at, message, "must be non-empty if specified");
    else if (has_newlines(trimmed))
        check_invalid_str(c, &message_at, message, "must not contain line breaks");
    else if (has_newlines(rule) && !trimmed.n)
        check_required(c, &message_at, "message must be specified if rule contains line breaks");
}

static void field_path(struct check *c, const struct at *up, const json_t *s, struct str path)
{
    struct at at = at_field(up, "fieldPath");

    if (!path.n)
        return;
    if (!check_trimmed(path).n)
        check_invalid_str(c, &at, path, "must be non-empty if specified");
    if (has_newlines(path))
        check_invalid_str(c, &at, path, "must not contain line breaks");
    if (!is_field_path(c, s, path))
        check_invalid_str(c, &at, path, "must be a valid path");
}

void check_crd_rules(struct check *c, const struct at *up, const json_t *s)
{
    static const char *const REASONS[] = {"FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid",
                                          "FieldValueRequired"};
    struct at all = at_field(up, X "validations");
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(s, X "validations"), i, v)
    {
        struct at at = at_index(&all, i), expression_at = at_field(&at, "messageExpression"),
                  reason = at_field(&at, "reason");
        struct str expression = check_str(v, "messageExpression");

        if (check_full(c))
            return;
        rule_and_message(c, &at, v);
        if (expression.n && !check_trimmed(expression).n)
            check_required(c, &expression_at, "messageExpression must be non-empty if specified");
        if (check_has(v, "reason"))
            check_enum(c, &reason, check_str(v, "reason"), REASONS, 4);
        field_path(c, &at, s, check_str(v, "fieldPath"));
    }
}

/* ---- expressions ---- */

static void invalid_rule(struct check *c, const struct at *up, const char *member, const json_t *v,
                         const char *detail)
{
    struct at at = at_field(up, member);

    check_invalid_of(c, &at, v, schema_type(STR("apiextensions.k8s.io/v1"), STR("ValidationRule")), detail);
}

/* Compiles; NULL with the complaint told. */
static struct cel_expr *compiled(struct check *c, struct arena *scratch, const struct at *at,
                                 const char *member, const json_t *v, struct crd_types *x, const char *before)
{
    struct cel_env env = crd_types_env(x);
    struct cel_source *source = cel_source_new(scratch, check_str(v, member));
    struct cel_expr *e = cel_compile(source, &env);
    struct str errors;

    if (e)
        return e;
    errors = cel_source_errors(source);
    invalid_rule(c, at, member, v, arena_printf(c->arena, "%s: %.*s", before, STR_ARG(errors)));
    return NULL;
}

static void names_old_self(void *arg, struct cel_expr *e)
{
    bool *named = arg;

    *named |= e->kind == CEL_IDENT && str_is(e->ident, "oldSelf");
    cel_parts(e, names_old_self, arg);
}

/* One rule while it is looked at. */
struct rule {
    struct check *c;
    struct arena *scratch;
    const struct at *at;
    const json_t *v;
    struct crd_types types;
    const struct crd_place *place;
};

static const char *too_much(struct check *c, const char *what, uint64_t cost, uint64_t most)
{
    double times_most = (double)cost / (double)most;
    const char *factor = times_most > 100   ? "more than 100x"
                         : times_most < 1.5 ? arena_printf(c->arena, "%fx", times_most)
                                            : arena_printf(c->arena, "%.1fx", times_most);

    return arena_printf(c->arena,
                        "%s exceeds budget by factor of %s (try simplifying the rule, or adding maxItems, "
                        "maxProperties, and maxLength where arrays, maps, and strings are declared)",
                        what, factor);
}

/* What an expression costs, told when it is too much, is added to what all cost. */
static void add_cost(const struct rule *r, const char *member, const char *what, uint64_t cost)
{
    struct crd_costs *all = r->place->costs;
    struct at at = at_field(r->at, member);
    int i = all->n;

    if (cost > RULE_COST_MAX)
        check_forbidden(r->c, &at, too_much(r->c, what, cost, RULE_COST_MAX));
    all->total = all->total > UINT64_MAX - cost ? UINT64_MAX : all->total + cost;
    if (cost < ALL_COSTS_MAX / 100)
        return;
    for (; i > 0 && all->most[i - 1].cost < cost; i--)
        all->most[i] = all->most[i - 1];
    all->most[i].at = at_text(r->c->arena, &at);
    all->most[i].cost = cost;
    all->n += all->n < MOST_TOLD;
}

static uint64_t cost_of(struct rule *r, struct cel_expr *e)
{
    struct cel_sizes sizes = crd_types_sizes(&r->types);

    return cel_cost(r->scratch, e, &sizes);
}

static uint64_t times(uint64_t cost, uint64_t n)
{
    return cost && n > UINT64_MAX / cost ? UINT64_MAX : cost * n;
}

/* For each value that may be in one object. */
static void rule_cost(struct rule *r, struct cel_expr *e)
{
    uint64_t most =
        r->place->most != UINT64_MAX ? r->place->most : crd_most(r->types.schema, r->types.resource);

    add_cost(r, "rule", "estimated rule cost", times(cost_of(r, e), most));
}

static void message_expression(struct rule *r)
{
    struct cel_expr *e;

    if (!check_str(r->v, "messageExpression").n)
        return;
    e = compiled(r->c, r->scratch, r->at, "messageExpression", r->v, &r->types,
                 "messageExpression compilation failed");
    if (!e)
        return;
    if (e->type->kind != CEL_TY_STRING)
        invalid_rule(r->c, r->at, "messageExpression", r->v, "messageExpression must evaluate to a string");
    else
        add_cost(r, "messageExpression", "estimated messageExpression cost", cost_of(r, e));
}

/* Returns whether the rule is right and names oldSelf. */
static bool one_rule(struct rule *r)
{
    struct cel_expr *e = compiled(r->c, r->scratch, r->at, "rule", r->v, &r->types, "compilation failed");
    bool old_self = false;

    if (!e)
        return false;
    if (e->type->kind != CEL_TY_BOOL) {
        invalid_rule(r->c, r->at, "rule", r->v, "cel expression must evaluate to a bool");
        return false;
    }
    names_old_self(&old_self, e);
    rule_cost(r, e);
    message_expression(r);
    return old_self;
}

static void old_self_rules(struct check *c, const struct at *up, const json_t *v, bool used,
                           const struct at *uncorrelated)
{
    struct at rule = at_field(up, "rule"), optional = at_field(up, "optionalOldSelf");

    if (used && uncorrelated)
        check_invalid_str(
            c, &rule, check_str(v, "rule"),
            arena_printf(c->arena,
                         "oldSelf cannot be used on the uncorrelatable portion of the schema within %s",
                         at_text(c->arena, uncorrelated)));
    if (!used && check_has(v, "optionalOldSelf"))
        check_invalid_text(c, &optional, check_bool(v, "optionalOldSelf") ? "true" : "false",
                           "may not be set if oldSelf is not used in rule");
}

static void no_type(struct check *c, const struct at *at)
{
    status_add_cause(
        c->st, "InternalError", at_text(c->arena, at),
        "Internal error: internal error: failed to construct type information for x-kubernetes-validations "
        "rules: unable to convert structural schema to CEL declarations");
}

void check_crd_expressions(struct check *c, const struct at *up, const json_t *s,
                           const struct crd_place *place)
{
    struct at all = at_field(up, X "validations");
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(s, X "validations"), i, v)
    {
        struct at at = at_index(&all, i);
        struct rule r = {.c = c, .scratch = arena_new(0), .at = &at, .v = v, .place = place};
        bool typed =
            crd_types_init(&r.types, r.scratch, s, place->root || check_bool(s, X "embedded-resource"),
                           check_bool(v, "optionalOldSelf"));

        if (typed && !check_full(c))
            old_self_rules(c, &at, v, one_rule(&r), place->uncorrelated);
        arena_free(r.scratch);
        if (!typed) {
            no_type(c, &all);
            return;
        }
    }
}

void check_crd_costs(struct check *c, const struct at *at, const struct crd_costs *costs)
{
    if (costs->total <= ALL_COSTS_MAX)
        return;
    for (int i = 0; i < costs->n; i++)
        status_add_cause(
            c->st, "FieldValueForbidden", costs->most[i].at,
            "Forbidden: contributed to estimated rule cost total exceeding cost limit for entire "
            "OpenAPIv3 schema");
    check_forbidden(c, at,
                    too_much(c,
                             "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
                             costs->total, ALL_COSTS_MAX));
}
