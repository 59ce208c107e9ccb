/* Where one token does not tell which way to go. The generated parser works it out from its automaton; these
 * few decisions are all that need more than a token, and what it does with each follows from the grammar: it
 * goes the first way that is left when all others have failed, and fails itself only while no way has left
 * the rule. */
#include "registry/cel/parse.h"

#define NUMBERS (CEL_BIT(CEL_T_INT) | CEL_BIT(CEL_T_FLOAT))

static bool in(cel_tokens set, enum cel_token_type t)
{
    return (set & CEL_BIT(t)) != 0;
}

static const struct cel_item *alt_of(const struct cel_item *choice, enum cel_alt alt)
{
    const struct cel_item *i = choice->body;

    while (i->alt != alt)
        i++;
    return i;
}

/* By the next token alone. */
static const struct cel_item *by_token(struct cel_parser *p, const struct cel_item *choice)
{
    for (const struct cel_item *i = choice->body; i->kind != CEL_I_END; i++)
        if (cel_is_ahead(p, cel_item_first(i)))
            return i;
    cel_no_alternative(p, 1);
    return NULL;
}

static const struct cel_item *unary(struct cel_parser *p, const struct cel_item *choice)
{
    enum cel_token_type second;

    if (cel_ahead(p, 1) == CEL_T_EXCLAM)
        return alt_of(choice, CEL_A_NOT);
    if (cel_ahead(p, 1) != CEL_T_MINUS)
        return by_token(p, choice);
    second = cel_ahead(p, 2);
    if (in(NUMBERS, second))
        return alt_of(choice, CEL_A_MEMBER);
    if (in(cel_rule_first(CEL_R_MEMBER), second))
        return alt_of(choice, CEL_A_NEGATE);
    cel_no_alternative(p, 2);
    return NULL;
}

static const struct cel_item *member(struct cel_parser *p, const struct cel_item *choice)
{
    enum cel_token_type second;

    if (cel_ahead(p, 1) != CEL_T_DOT)
        return by_token(p, choice);
    second = cel_ahead(p, 2);
    if (second == CEL_T_IDENTIFIER)
        return alt_of(choice, cel_ahead(p, 3) == CEL_T_LPAREN ? CEL_A_CALL : CEL_A_SELECT);
    if (second == CEL_T_QUESTION || second == CEL_T_ESC_IDENTIFIER)
        return alt_of(choice, CEL_A_SELECT);
    cel_no_alternative(p, 2);
    return NULL;
}

static const struct cel_item *primary(struct cel_parser *p, const struct cel_item *choice)
{
    size_t k = 1;

    if (cel_ahead(p, 1) != CEL_T_DOT && cel_ahead(p, 1) != CEL_T_IDENTIFIER)
        return by_token(p, choice);
    if (cel_ahead(p, 1) == CEL_T_DOT && cel_ahead(p, ++k) != CEL_T_IDENTIFIER) {
        cel_no_alternative(p, k);
        return NULL;
    }
    k++;
    if (cel_ahead(p, k) == CEL_T_LPAREN)
        return alt_of(choice, CEL_A_GLOBAL_CALL);
    while (cel_ahead(p, k) == CEL_T_DOT && cel_ahead(p, k + 1) == CEL_T_IDENTIFIER)
        k += 2;
    return alt_of(choice, cel_ahead(p, k) == CEL_T_LBRACE ? CEL_A_MESSAGE : CEL_A_IDENT);
}

static const struct cel_item *literal(struct cel_parser *p, const struct cel_item *choice)
{
    if (cel_ahead(p, 1) != CEL_T_MINUS)
        return by_token(p, choice);
    if (cel_ahead(p, 2) == CEL_T_INT)
        return alt_of(choice, CEL_A_INT);
    if (cel_ahead(p, 2) == CEL_T_FLOAT)
        return alt_of(choice, CEL_A_DOUBLE);
    cel_no_alternative(p, 2);
    return NULL;
}

const struct cel_item *cel_choose(struct cel_parser *p, const struct cel_item *choice)
{
    static const struct cel_item *(*const ways[])(struct cel_parser * p, const struct cel_item *choice) = {
        [CEL_D_TOKEN] = by_token,  [CEL_D_UNARY] = unary,     [CEL_D_MEMBER] = member,
        [CEL_D_PRIMARY] = primary, [CEL_D_LITERAL] = literal,
    };

    return ways[choice->decision](p, choice);
}

/* Of minus signs, when one was read. */
static int more_minus(struct cel_parser *p)
{
    cel_tokens first = cel_rule_first(CEL_R_MEMBER);

    if (cel_ahead(p, 1) != CEL_T_MINUS) {
        if (cel_is_ahead(p, first))
            return 0;
        cel_no_alternative(p, 1);
        return -1;
    }
    if (in(first, cel_ahead(p, 2)))
        return 1;
    cel_no_alternative(p, 2);
    return -1;
}

static int left_goes_on(struct cel_parser *p, const struct cel_item *loop)
{
    for (const struct cel_item *i = loop->body; i->kind != CEL_I_END; i++)
        if (i->precedence >= p->precedence && cel_is_ahead(p, cel_item_first(i)))
            return 1;
    return 0;
}

int cel_goes_on(struct cel_parser *p, const struct cel_item *loop)
{
    if (loop->kind == CEL_I_LEFT)
        return left_goes_on(p, loop);
    if (loop->decision == CEL_D_MINUS)
        return more_minus(p);
    if (!cel_is_ahead(p, cel_sequence_first(loop->body)))
        return 0;
    return loop->decision != CEL_D_COMMA || in(cel_item_first(loop->body + 1), cel_ahead(p, 2));
}
