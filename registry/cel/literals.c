/* One walk over the whole expression. */
#include "registry/cel/literals.h"

#include "registry/cel/types.h"
#include "registry/rules/regexp.h"
#include "registry/rules/times.h"

/* The seconds of the first and the last year. */
#define FIRST_SECOND -62135596800
#define LAST_SECOND 253402300799

void cel_parts(struct cel_expr *e, void (*fn)(void *arg, struct cel_expr *part), void *arg)
{
    switch (e->kind) {
    case CEL_SELECT:
        fn(arg, e->select.operand);
        break;
    case CEL_CALL:
        if (e->call.target)
            fn(arg, e->call.target);
        for (size_t i = 0; i < e->call.nargs; i++)
            fn(arg, e->call.args[i]);
        break;
    case CEL_LIST:
        for (size_t i = 0; i < e->list.n; i++)
            fn(arg, e->list.items[i]);
        break;
    case CEL_MAP:
    case CEL_MESSAGE:
        for (size_t i = 0; i < e->map.n; i++) {
            if (e->map.entries[i].key)
                fn(arg, e->map.entries[i].key);
            fn(arg, e->map.entries[i].value);
        }
        break;
    case CEL_COMPREHENSION:
        fn(arg, e->fold.range);
        fn(arg, e->fold.init);
        fn(arg, e->fold.condition);
        fn(arg, e->fold.step);
        fn(arg, e->fold.result);
        break;
    default:
        break;
    }
}

static void mismatch(struct cel_source *s, const struct cel_expr *e, const struct cel_type *wanted,
                     const struct cel_type *found)
{
    cel_source_error(s, e->place, "expected type '%s' but found '%s'", cel_type_text(s->arena, wanted),
                     cel_type_text(s->arena, found));
}

static const struct cel_type *held(const struct cel_expr *e, bool optional)
{
    return optional && e->type->n ? e->type->of[0] : e->type;
}

static void list_of_one_type(struct cel_source *s, const struct cel_expr *e)
{
    const struct cel_type *first = NULL;

    for (size_t i = 0; i < e->list.n; i++) {
        const struct cel_type *t = held(e->list.items[i], e->list.optional[i]);

        if (first && !cel_type_like(first, t)) {
            mismatch(s, e->list.items[i], first, t);
            return;
        }
        first = first ? first : t;
    }
}

static void map_of_one_type(struct cel_source *s, const struct cel_expr *e)
{
    const struct cel_type *key = NULL, *value = NULL;

    for (size_t i = 0; i < e->map.n; i++) {
        const struct cel_entry *x = &e->map.entries[i];
        const struct cel_type *v = held(x->value, x->optional);

        if (i && !cel_type_like(key, x->key->type))
            mismatch(s, x->key, key, x->key->type);
        if (i && !cel_type_like(value, v))
            mismatch(s, x->value, value, v);
        if (i == 0) {
            key = x->key->type;
            value = v;
        }
    }
}

static bool bad_duration(struct arena *a, struct str text)
{
    const char *err = NULL;

    return !duration_normalize(a, text, &err);
}

static bool bad_timestamp(struct arena *a, struct str text)
{
    const char *err = NULL;

    return !time_normalize(a, text, false, &err) || str_starts(text, STR("0000"));
}

static bool bad_regexp(struct arena *a, struct str text)
{
    return regexp_error(a, text) != NULL;
}

/* The first argument of these, when it is a literal. */
static void argument(struct cel_source *s, const struct cel_expr *e)
{
    static const struct {
        const char *function;
        bool (*bad)(struct arena *a, struct str text);
    } rows[] = {{"duration", bad_duration}, {"timestamp", bad_timestamp}, {"matches", bad_regexp}};
    const struct cel_expr *arg = e->call.nargs ? e->call.args[0] : NULL;
    bool bad;

    for (size_t i = 0; arg && i < sizeof(rows) / sizeof(*rows); i++) {
        if (!str_is(e->call.function, rows[i].function))
            continue;
        bad = arg->kind == CEL_INT &&
              (i == 0 || (i == 1 && (arg->integer < FIRST_SECOND || arg->integer > LAST_SECOND)));
        if (bad || (arg->kind == CEL_STRING && rows[i].bad(s->arena, arg->text)))
            cel_source_error(s, arg->place, "invalid %s argument", rows[i].function);
    }
}

/* Within the call of format(), lists and maps may mix types. */
static void look(struct cel_source *s, struct cel_expr *e, bool mixed)
{
    switch (e->kind) {
    case CEL_LIST:
        if (!mixed)
            list_of_one_type(s, e);
        break;
    case CEL_MAP:
        if (!mixed)
            map_of_one_type(s, e);
        break;
    case CEL_CALL:
        argument(s, e);
        if (e->call.target && str_is(e->call.function, "format"))
            cel_check_format(s, e);
        break;
    default:
        break;
    }
}

struct walk {
    struct cel_source *source;
    bool mixed;
};

static void go(void *arg, struct cel_expr *x)
{
    struct walk *w = arg, in = *w;

    in.mixed |= x->kind == CEL_CALL && str_is(x->call.function, "format");
    look(w->source, x, w->mixed);
    cel_parts(x, go, &in);
}

void cel_check_literals(struct cel_source *source, struct cel_expr *e)
{
    struct walk w = {source, false};

    go(&w, e);
}
