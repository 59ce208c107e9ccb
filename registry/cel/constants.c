/* Numbers, texts and words that stand for themselves. */
#include "registry/cel/build.h"

#include <math.h>
#include <stdlib.h>

/* Digits of a base, of which max is the largest. */
static bool natural(struct str s, uint64_t max, uint64_t *v)
{
    bool hex = str_starts(s, STR("0x"));
    uint64_t base = hex ? 16 : 10;

    *v = 0;
    for (size_t i = hex ? 2 : 0; i < s.n; i++) {
        char c = s.p[i];
        uint64_t d = c >= '0' && c <= '9' ? (uint64_t)(c - '0') : (uint64_t)((c | 0x20) - 'a') + 10;

        if (d >= base || *v > (max - d) / base)
            return false;
        *v = *v * base + d;
    }
    return s.n > 0;
}

struct cel_expr *cel_build_integer(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *tok = cel_tree_token(t, CEL_L_TOKEN, 0);
    bool minus = cel_tree_token(t, CEL_L_SIGN, 0) != NULL;
    struct cel_expr *e;
    uint64_t v;

    if (!tok || !natural(tok->text, (uint64_t)INT64_MAX + minus, &v))
        return cel_build_wrong(b, t->start->place, "invalid int literal");
    e = cel_new(b->arena, CEL_INT, t->start->place);
    e->integer = minus ? (int64_t)(0 - v) : (int64_t)v;
    return e;
}

struct cel_expr *cel_build_unsigned_integer(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *tok = cel_tree_token(t, CEL_L_TOKEN, 0);
    struct cel_expr *e;
    uint64_t v;

    if (!tok || !natural((struct str){tok->text.p, tok->text.n - 1}, UINT64_MAX, &v))
        return cel_build_wrong(b, t->start->place, "invalid uint literal");
    e = cel_new(b->arena, CEL_UINT, t->start->place);
    e->natural = v;
    return e;
}

struct cel_expr *cel_build_floating(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *tok = cel_tree_token(t, CEL_L_TOKEN, 0);
    struct cel_expr *e = cel_new(b->arena, CEL_DOUBLE, t->start->place);
    char *end;

    if (tok) {
        const char *text = arena_cstr(b->arena, tok->text);

        e->floating = strtod(text, &end);
        if (*text != '<' && !*end && !isinf(e->floating)) {
            if (cel_tree_token(t, CEL_L_SIGN, 0))
                e->floating = -e->floating;
            return e;
        }
    }
    return cel_build_wrong(b, t->start->place, "invalid double literal");
}

struct cel_expr *cel_build_text(struct cel_builder *b, const struct cel_tree *t)
{
    const struct cel_token *tok = cel_tree_token(t, CEL_L_TOKEN, 0);
    bool bytes = t->alt == CEL_A_BYTES;
    struct cel_expr *e = cel_new(b->arena, bytes ? CEL_BYTES : CEL_STRING, t->start->place);
    const char *why;

    if (!tok)
        return e;
    if (!cel_unescape(b->arena, (struct str){tok->text.p + bytes, tok->text.n - bytes}, bytes, &e->text,
                      &why))
        cel_build_wrong(b, t->start->place, why);
    return e;
}

struct cel_expr *cel_build_constant(struct cel_builder *b, const struct cel_tree *t)
{
    struct cel_expr *e = cel_new(b->arena, t->alt == CEL_A_NULL ? CEL_NULL : CEL_BOOL, t->start->place);

    e->boolean = t->alt == CEL_A_TRUE;
    return e;
}
