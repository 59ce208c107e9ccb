/* Which type goes where another is wanted, and what parameters stand for then. A failed attempt binds
 * nothing. */
#include "registry/cel/types.h"

#define STEPS_MOST 100000

static bool assignable(struct cel_bindings *b, const struct cel_type *from, const struct cel_type *to);

/* ---- bindings ---- */

static const struct cel_type *bound(const struct cel_bindings *b, const struct cel_type *t)
{
    return t->kind == CEL_TY_PARAM && t->param < b->n ? b->of[t->param] : NULL;
}

static void room(struct cel_bindings *b, uint32_t param)
{
    size_t cap = b->cap ? b->cap : 64;
    const struct cel_type **of;

    while (cap <= param)
        cap *= 2;
    if (cap > b->cap) {
        of = arena_alloc(b->arena, cap * sizeof(*of));
        if (b->n)
            memcpy(of, b->of, b->n * sizeof(*of));
        b->of = of;
        b->cap = cap;
    }
    if (b->n <= param)
        b->n = (size_t)param + 1;
}

static void bind(struct cel_bindings *b, const struct cel_type *param, const struct cel_type *to)
{
    room(b, param->param);
    if (b->nchanges == b->changes_cap) {
        size_t cap = b->changes_cap ? b->changes_cap * 2 : 16;
        struct cel_binding *more = arena_alloc(b->arena, cap * sizeof(*more));

        if (b->nchanges)
            memcpy(more, b->changes, b->nchanges * sizeof(*more));
        b->changes = more;
        b->changes_cap = cap;
    }
    b->changes[b->nchanges++] = (struct cel_binding){param->param, b->of[param->param]};
    b->of[param->param] = to;
}

const struct cel_type *cel_bindings_new_param(struct cel_bindings *b)
{
    uint32_t param = b->n < CEL_PARAMS_NAMED ? CEL_PARAMS_NAMED : (uint32_t)b->n;

    room(b, param);
    return cel_type_param(b->arena, param);
}

/* ---- comparing ---- */

static bool is_free(const struct cel_type *t)
{
    return cel_type_is_dyn(t) || t->kind == CEL_TY_PARAM;
}

/* dyn is less specific than anything. */
static bool equal_or_less_specific(const struct cel_type *a, const struct cel_type *b)
{
    if (is_free(a))
        return true;
    if (is_free(b) || a->kind != b->kind)
        return false;
    if (a->kind == CEL_TY_TYPE)
        return true;
    if (a->kind != CEL_TY_OPAQUE && a->kind != CEL_TY_LIST && a->kind != CEL_TY_MAP)
        return cel_type_same(a, b);
    if (!str_eq(a->name, b->name) || a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++)
        if (!equal_or_less_specific(a->of[i], b->of[i]))
            return false;
    return true;
}

const struct cel_type *cel_most_general(const struct cel_type *a, const struct cel_type *b)
{
    return equal_or_less_specific(a, b) ? a : b;
}

/* Whether t is not part of what within stands for: nothing is a part of itself. */
static bool not_within(struct cel_bindings *b, const struct cel_type *t, const struct cel_type *within)
{
    if (b->left-- <= 0 || cel_type_same(t, within))
        return false;
    if (within->kind == CEL_TY_PARAM) {
        const struct cel_type *to = bound(b, within);

        return !to || not_within(b, t, to);
    }
    for (int i = 0; i < within->n; i++)
        if (!not_within(b, t, within->of[i]))
            return false;
    return true;
}

/* Whether param can stand for t: 1; 0: it stands for something else; -1: it cannot. */
static int stands_for(struct cel_bindings *b, const struct cel_type *t, const struct cel_type *param)
{
    const struct cel_type *now, *wider;

    if (cel_type_same(t, param))
        return 1;
    now = bound(b, param);
    if (!now) {
        if (!not_within(b, param, t))
            return -1;
        bind(b, param, t);
        return 1;
    }
    if (cel_type_same(t, now))
        return 1;
    if (!assignable(b, t, now))
        return 0;
    wider = cel_most_general(t, now);
    if (not_within(b, param, wider))
        bind(b, param, wider);
    return 1;
}

static bool is_wild(const struct cel_type *t)
{
    return t->kind == CEL_TY_ERROR || cel_type_is_dyn(t);
}

static bool may_be_null(const struct cel_type *t)
{
    return t->kind == CEL_TY_NULL || t->kind == CEL_TY_OPAQUE || (t->kind == CEL_TY_OBJECT && t->name.n) ||
           t->kind == CEL_TY_DURATION || t->kind == CEL_TY_TIMESTAMP;
}

static bool all_assignable(struct cel_bindings *b, const struct cel_type *const *from,
                           const struct cel_type *const *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!assignable(b, from[i], to[i]))
            return false;
    return true;
}

static bool assignable(struct cel_bindings *b, const struct cel_type *from, const struct cel_type *to)
{
    if (b->left-- <= 0)
        return true;
    if (to->kind == CEL_TY_PARAM) {
        int fits = stands_for(b, from, to);

        if (fits >= 0)
            return fits;
    }
    if (from->kind == CEL_TY_PARAM)
        return stands_for(b, to, from) > 0;
    if (is_wild(from) || is_wild(to))
        return true;
    if (from->kind == CEL_TY_NULL)
        return may_be_null(to);
    if (to->kind == CEL_TY_NULL)
        return may_be_null(from);
    if (from->kind != to->kind)
        return false;
    if (from->kind == CEL_TY_TYPE)
        return true;
    return str_eq(from->name, to->name) && from->n == to->n && all_assignable(b, from->of, to->of, from->n);
}

bool cel_assignable(struct cel_bindings *b, const struct cel_type *const *from,
                    const struct cel_type *const *to, size_t n)
{
    b->nchanges = 0;
    b->left = STEPS_MOST;
    if (all_assignable(b, from, to, n))
        return true;
    while (b->nchanges) {
        const struct cel_binding *last = &b->changes[--b->nchanges];

        b->of[last->param] = last->before;
    }
    return false;
}

static const struct cel_type *substituted(struct cel_bindings *b, const struct cel_type *t, bool free_to_dyn)
{
    const struct cel_type *to = bound(b, t), *first, *second;

    if (b->left-- <= 0)
        return cel_type_simple(CEL_TY_DYN);
    if (to)
        return substituted(b, to, free_to_dyn);
    if (t->kind == CEL_TY_PARAM)
        return free_to_dyn ? cel_type_simple(CEL_TY_DYN) : t;
    if (t->n == 0)
        return t;
    first = substituted(b, t->of[0], free_to_dyn);
    second = t->n > 1 ? substituted(b, t->of[1], free_to_dyn) : NULL;
    return first == t->of[0] && second == t->of[1] ? t : cel_type_with(b->arena, t, first, second);
}

const struct cel_type *cel_substitute(struct cel_bindings *b, const struct cel_type *t, bool free_to_dyn)
{
    b->left = STEPS_MOST;
    return substituted(b, t, free_to_dyn);
}
