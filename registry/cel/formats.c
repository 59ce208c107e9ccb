/* The clauses of string.format(): "%d", "%.2f". A clause takes the next argument; the type of that must be
 * one it can show. Rule: cel-go ext/formatting.go. */
#include "registry/cel/literals.h"

#include "registry/cel/types.h"

#define KIND(k) ((uint32_t)1 << CEL_TY_##k)
#define SHOWN                                                                                                \
    (KIND(LIST) | KIND(MAP) | KIND(INT) | KIND(UINT) | KIND(DOUBLE) | KIND(BOOL) | KIND(STRING) |            \
     KIND(TIMESTAMP) | KIND(BYTES) | KIND(DURATION) | KIND(TYPE) | KIND(NULL))

struct clause {
    const char *letters;
    uint32_t kinds;
    const char *otherwise;
};

static const struct clause clauses[] = {
    {"s", SHOWN,
     "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, "
     "and "
     "timestamps"},
    {"d", KIND(INT) | KIND(UINT), "decimal clause can only be used on integers"},
    {"f", KIND(DOUBLE) | KIND(STRING), "fixed-point clause can only be used on doubles"},
    {"e", KIND(DOUBLE) | KIND(STRING), "scientific clause can only be used on doubles"},
    {"b", KIND(INT) | KIND(UINT) | KIND(BOOL), "only integers and bools can be formatted as binary"},
    {"xX", KIND(INT) | KIND(UINT) | KIND(STRING) | KIND(BYTES),
     "only integers, byte buffers, and strings can be formatted as hex"},
    {"o", KIND(INT) | KIND(UINT), "octal clause can only be used on integers"},
};

static bool is_of(const struct cel_expr *e, uint32_t kinds)
{
    return e->type->kind == CEL_TY_DYN || ((uint32_t)1 << e->type->kind & kinds);
}

/* What cannot be shown in e, a literal list or map included; NULL: all can. */
static const struct cel_expr *not_shown(const struct cel_expr *e)
{
    const struct cel_expr *bad = is_of(e, SHOWN) ? NULL : e;

    for (size_t i = 0; !bad && e->kind == CEL_LIST && i < e->list.n; i++)
        bad = not_shown(e->list.items[i]);
    for (size_t i = 0; !bad && e->kind == CEL_MAP && i < e->map.n; i++) {
        bad = not_shown(e->map.entries[i].key);
        bad = bad ? bad : not_shown(e->map.entries[i].value);
    }
    return bad;
}

/* Behind ".12", or at s when there is none of that; NULL with *why. */
static const char *behind_precision(struct cel_source *src, const char *s, const char *end, const char **why)
{
    const char *p = s + 1;

    if (*s != '.')
        return s;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    if (p == end)
        *why = "could not find end of precision specifier";
    else if (p == s + 1)
        *why = "error while converting precision to integer: strconv.Atoi: parsing \"\": invalid syntax";
    else if (p - s > 19)
        *why = arena_printf(
            src->arena,
            "error while converting precision to integer: strconv.Atoi: parsing \"%.*s\": value out of "
            "range",
            (int)(p - s - 1), s + 1);
    return *why ? NULL : p;
}

static const struct clause *clause_of(char letter)
{
    for (size_t i = 0; letter && i < sizeof(clauses) / sizeof(*clauses); i++)
        if (strchr(clauses[i].letters, letter))
            return &clauses[i];
    return NULL;
}

/* The clause from *p, behind the percent sign; returns what is wrong. *bad: what it is wrong with. */
static const char *clause(struct cel_source *s, const char **p, const char *end, const struct cel_expr *arg,
                          const struct cel_expr **bad)
{
    const char *why = NULL, *letter = behind_precision(s, *p, end, &why);
    const struct clause *c;

    if (!letter)
        return arena_printf(s->arena, "could not parse formatting clause: error while parsing precision: %s",
                            why);
    c = clause_of(*letter);
    if (!c && (unsigned char)*letter < 0x80)
        return arena_printf(
            s->arena, "could not parse formatting clause: unrecognized formatting clause \"%c\"", *letter);
    if (!c) /* a byte, shown as the character of that number */
        return arena_printf(s->arena,
                            "could not parse formatting clause: unrecognized formatting clause \"%c%c\"",
                            0xc0 | (unsigned char)*letter >> 6, 0x80 | ((unsigned char)*letter & 0x3f));
    *p = letter + 1;
    *bad = *c->letters == 's' ? not_shown(arg) : is_of(arg, c->kinds) ? NULL : arg;
    if (!*bad)
        return NULL;
    return arena_printf(s->arena, "error during formatting: %s, was given %.*s", c->otherwise,
                        STR_ARG((*bad)->type->name));
}

void cel_check_format(struct cel_source *source, const struct cel_expr *e)
{
    const struct cel_expr *target = e->call.target, *args = e->call.args[0], *bad = NULL;
    const char *p = target->text.p, *end, *why = NULL;
    size_t used = 0;

    if (target->kind != CEL_STRING || e->call.nargs != 1 || args->kind != CEL_LIST)
        return;
    end = p + target->text.n;
    while (!why && p < end) {
        if (*p++ != '%')
            continue;
        if (p < end && *p == '%')
            p++;
        else if (p == end)
            why = "unexpected end of string";
        else if (used >= args->list.n)
            why = arena_printf(source->arena, "index %zu out of range", used);
        else
            why = clause(source, &p, end, args->list.items[used++], &bad);
    }
    if (why)
        cel_source_error(source, bad ? bad->place : e->place, "%s", why);
    else if (args->list.n > used)
        cel_source_error(source, e->place,
                         "too many arguments supplied to string.format (expected %zu, got %zu)", used,
                         args->list.n);
}
