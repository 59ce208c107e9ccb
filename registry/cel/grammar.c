/* First sets are worked out by walking the tables: those of rules are a table again. */
#include "registry/cel/grammar.h"

#include "shm/base/buf.h"

#define SEQ(...)                                                                                             \
    (const struct cel_item[])                                                                                \
    {                                                                                                        \
        __VA_ARGS__,                                                                                         \
        {                                                                                                    \
            .kind = CEL_I_END                                                                                \
        }                                                                                                    \
    }
#define SET(named, set)                                                                                      \
    {                                                                                                        \
        .kind = CEL_I_TOKENS, .label = CEL_L_##named, .tokens = (set)                                        \
    }
#define TOK(named, type) SET(named, CEL_BIT(CEL_T_##type))
#define SUB(named, of)                                                                                       \
    {                                                                                                        \
        .kind = CEL_I_RULE, .label = CEL_L_##named, .rule = CEL_R_##of                                       \
    }
#define SUB_AT(named, of, prec)                                                                              \
    {                                                                                                        \
        .kind = CEL_I_RULE, .label = CEL_L_##named, .rule = CEL_R_##of, .precedence = (prec)                 \
    }
#define MAYBE(...)                                                                                           \
    {                                                                                                        \
        .kind = CEL_I_MAYBE, .body = SEQ(__VA_ARGS__)                                                        \
    }
#define LOOP(how, ...)                                                                                       \
    {                                                                                                        \
        .kind = CEL_I_LOOP, .decision = CEL_D_##how, .body = SEQ(__VA_ARGS__)                                \
    }
#define REPEAT(how, ...)                                                                                     \
    {                                                                                                        \
        .kind = CEL_I_REPEAT, .decision = CEL_D_##how, .body = SEQ(__VA_ARGS__)                              \
    }
#define CHOICE(how, ...)                                                                                     \
    {                                                                                                        \
        .kind = CEL_I_CHOICE, .decision = CEL_D_##how, .body = SEQ(__VA_ARGS__)                              \
    }
#define LEFT(how, ...)                                                                                       \
    {                                                                                                        \
        .kind = CEL_I_LEFT, .decision = CEL_D_##how, .body = SEQ(__VA_ARGS__)                                \
    }
#define ALT(of, ...)                                                                                         \
    {                                                                                                        \
        .kind = CEL_I_ALT, .alt = CEL_A_##of, .body = SEQ(__VA_ARGS__)                                       \
    }
#define ALT_AT(prec, of, ...)                                                                                \
    {                                                                                                        \
        .kind = CEL_I_ALT, .alt = CEL_A_##of, .precedence = (prec), .body = SEQ(__VA_ARGS__)                 \
    }
#define B(type) CEL_BIT(CEL_T_##type)

const struct cel_item *const cel_grammar[CEL_R_COUNT] = {
    [CEL_R_START] = SEQ(SUB(FIRST, EXPR), TOK(NONE, EOF)),
    [CEL_R_EXPR] =
        SEQ(SUB(FIRST, OR), MAYBE(TOK(OP, QUESTION), SUB(THEN, OR), TOK(NONE, COLON), SUB(ELSE, EXPR))),
    [CEL_R_OR] = SEQ(SUB(FIRST, AND), LOOP(TOKEN, TOK(OP, OR), SUB(REST, AND))),
    [CEL_R_AND] = SEQ(SUB(FIRST, RELATION), LOOP(TOKEN, TOK(OP, AND), SUB(REST, RELATION))),
    [CEL_R_RELATION] =
        SEQ(SUB(FIRST, CALC), LEFT(TOKEN, ALT_AT(1, OPERATION,
                                                 SET(OP, B(LESS) | B(LESS_EQUALS) | B(GREATER_EQUALS) |
                                                             B(GREATER) | B(EQUALS) | B(NOT_EQUALS) | B(IN)),
                                                 SUB_AT(REST, RELATION, 2)))),
    [CEL_R_CALC] =
        SEQ(SUB(FIRST, UNARY),
            LEFT(TOKEN, ALT_AT(2, OPERATION, SET(OP, B(STAR) | B(SLASH) | B(PERCENT)), SUB_AT(REST, CALC, 3)),
                 ALT_AT(1, OPERATION, SET(OP, B(PLUS) | B(MINUS)), SUB_AT(REST, CALC, 2)))),
    [CEL_R_UNARY] = SEQ(CHOICE(UNARY, ALT(MEMBER, SUB(FIRST, MEMBER)),
                               ALT(NOT, REPEAT(TOKEN, TOK(OP, EXCLAM)), SUB(FIRST, MEMBER)),
                               ALT(NEGATE, REPEAT(MINUS, TOK(OP, MINUS)), SUB(FIRST, MEMBER)))),
    [CEL_R_MEMBER] =
        SEQ(SUB(FIRST, PRIMARY),
            LEFT(MEMBER, ALT_AT(3, SELECT, TOK(OP, DOT), MAYBE(TOK(OPT, QUESTION)), SUB(ID, ESCAPE_IDENT)),
                 ALT_AT(2, CALL, TOK(DOT, DOT), TOK(ID, IDENTIFIER), TOK(OP, LPAREN),
                        MAYBE(SUB(ARGS, EXPR_LIST)), TOK(NONE, RPAREN)),
                 ALT_AT(1, INDEX, TOK(OP, LBRACKET), MAYBE(TOK(OPT, QUESTION)), SUB(ITEM, EXPR),
                        TOK(NONE, RBRACKET)))),
    [CEL_R_PRIMARY] = SEQ(CHOICE(
        PRIMARY, ALT(IDENT, MAYBE(TOK(DOT, DOT)), TOK(ID, IDENTIFIER)),
        ALT(GLOBAL_CALL, MAYBE(TOK(DOT, DOT)), TOK(ID, IDENTIFIER), TOK(OP, LPAREN),
            MAYBE(SUB(ARGS, EXPR_LIST)), TOK(NONE, RPAREN)),
        ALT(NESTED, TOK(NONE, LPAREN), SUB(FIRST, EXPR), TOK(NONE, RPAREN)),
        ALT(LIST, TOK(OP, LBRACKET), MAYBE(SUB(ARGS, LIST_INIT)), MAYBE(TOK(NONE, COMMA)),
            TOK(NONE, RBRACKET)),
        ALT(MAP, TOK(OP, LBRACE), MAYBE(SUB(ARGS, MAP_LIST)), MAYBE(TOK(NONE, COMMA)), TOK(NONE, RBRACE)),
        ALT(MESSAGE, MAYBE(TOK(DOT, DOT)), TOK(ID, IDENTIFIER),
            LOOP(TOKEN, TOK(NONE, DOT), TOK(ID, IDENTIFIER)), TOK(OP, LBRACE), MAYBE(SUB(ARGS, FIELD_LIST)),
            MAYBE(TOK(NONE, COMMA)), TOK(NONE, RBRACE)),
        ALT(LITERAL, SUB(FIRST, LITERAL)))),
    [CEL_R_EXPR_LIST] = SEQ(SUB(ITEM, EXPR), LOOP(TOKEN, TOK(NONE, COMMA), SUB(ITEM, EXPR))),
    [CEL_R_LIST_INIT] = SEQ(SUB(ITEM, OPT_EXPR), LOOP(COMMA, TOK(NONE, COMMA), SUB(ITEM, OPT_EXPR))),
    [CEL_R_FIELD_LIST] =
        SEQ(SUB(KEY, OPT_FIELD), TOK(COLON, COLON), SUB(VALUE, EXPR),
            LOOP(COMMA, TOK(NONE, COMMA), SUB(KEY, OPT_FIELD), TOK(COLON, COLON), SUB(VALUE, EXPR))),
    [CEL_R_OPT_FIELD] = SEQ(MAYBE(TOK(OPT, QUESTION)), SUB(ID, ESCAPE_IDENT)),
    [CEL_R_MAP_LIST] =
        SEQ(SUB(KEY, OPT_EXPR), TOK(COLON, COLON), SUB(VALUE, EXPR),
            LOOP(COMMA, TOK(NONE, COMMA), SUB(KEY, OPT_EXPR), TOK(COLON, COLON), SUB(VALUE, EXPR))),
    [CEL_R_ESCAPE_IDENT] =
        SEQ(CHOICE(TOKEN, ALT(SIMPLE_NAME, TOK(ID, IDENTIFIER)), ALT(ESCAPED_NAME, TOK(ID, ESC_IDENTIFIER)))),
    [CEL_R_OPT_EXPR] = SEQ(MAYBE(TOK(OPT, QUESTION)), SUB(FIRST, EXPR)),
    [CEL_R_LITERAL] =
        SEQ(CHOICE(LITERAL, ALT(INT, MAYBE(TOK(SIGN, MINUS)), TOK(TOKEN, INT)), ALT(UINT, TOK(TOKEN, UINT)),
                   ALT(DOUBLE, MAYBE(TOK(SIGN, MINUS)), TOK(TOKEN, FLOAT)), ALT(STRING, TOK(TOKEN, STRING)),
                   ALT(BYTES, TOK(TOKEN, BYTES)), ALT(TRUE, TOK(TOKEN, TRUE)), ALT(FALSE, TOK(TOKEN, FALSE)),
                   ALT(NULL, TOK(TOKEN, NULL)))),
};

cel_tokens cel_item_first(const struct cel_item *i)
{
    cel_tokens all = 0;

    switch (i->kind) {
    case CEL_I_TOKENS:
        return i->tokens;
    case CEL_I_RULE:
        return cel_rule_first(i->rule);
    case CEL_I_MAYBE:
    case CEL_I_LOOP:
        return cel_sequence_first(i->body) | CEL_RULE_END;
    case CEL_I_REPEAT:
    case CEL_I_ALT:
        return cel_sequence_first(i->body);
    case CEL_I_CHOICE:
    case CEL_I_LEFT:
        for (const struct cel_item *alt = i->body; alt->kind != CEL_I_END; alt++)
            all |= cel_item_first(alt);
        return i->kind == CEL_I_LEFT ? all | CEL_RULE_END : all;
    case CEL_I_END:
        break;
    }
    return CEL_RULE_END;
}

cel_tokens cel_sequence_first(const struct cel_item *i)
{
    cel_tokens all = 0;

    for (; i->kind != CEL_I_END; i++) {
        cel_tokens one = cel_item_first(i);

        all |= one & ~CEL_RULE_END;
        if (!(one & CEL_RULE_END))
            return all;
    }
    return all | CEL_RULE_END;
}

/* As cel_sequence_first(cel_grammar[r]) has it, which is asked for too often to be worked out each time. */
#define LITERALS                                                                                             \
    (B(MINUS) | B(TRUE) | B(FALSE) | B(NULL) | B(FLOAT) | B(INT) | B(UINT) | B(STRING) | B(BYTES))
#define PRIMARIES (LITERALS | B(LBRACKET) | B(LBRACE) | B(LPAREN) | B(DOT) | B(IDENTIFIER))
#define OPERANDS (PRIMARIES | B(EXCLAM))
#define NAMES (B(IDENTIFIER) | B(ESC_IDENTIFIER))

static const cel_tokens firsts[CEL_R_COUNT] = {
    [CEL_R_START] = OPERANDS,
    [CEL_R_EXPR] = OPERANDS,
    [CEL_R_OR] = OPERANDS,
    [CEL_R_AND] = OPERANDS,
    [CEL_R_RELATION] = OPERANDS,
    [CEL_R_CALC] = OPERANDS,
    [CEL_R_UNARY] = OPERANDS,
    [CEL_R_MEMBER] = PRIMARIES,
    [CEL_R_PRIMARY] = PRIMARIES,
    [CEL_R_EXPR_LIST] = OPERANDS,
    [CEL_R_LIST_INIT] = OPERANDS | B(QUESTION),
    [CEL_R_FIELD_LIST] = NAMES | B(QUESTION),
    [CEL_R_OPT_FIELD] = NAMES | B(QUESTION),
    [CEL_R_MAP_LIST] = OPERANDS | B(QUESTION),
    [CEL_R_ESCAPE_IDENT] = NAMES,
    [CEL_R_OPT_EXPR] = OPERANDS | B(QUESTION),
    [CEL_R_LITERAL] = LITERALS,
};

cel_tokens cel_rule_first(enum cel_rule r)
{
    return firsts[r];
}

bool cel_rule_left(enum cel_rule r)
{
    return r == CEL_R_RELATION || r == CEL_R_CALC || r == CEL_R_MEMBER;
}

const char *cel_tokens_text(struct arena *a, cel_tokens set)
{
    static const char *const shown[] = {
#define X(name, text) text,
        CEL_TOKENS(X)
#undef X
    };
    struct buf b = {0};
    bool many = (set & (set - 1)) != 0;
    const char *sep = many ? "{" : "", *text;

    for (int t = 0; t < CEL_T_COUNT; t++) {
        if (!(set & CEL_BIT(t)))
            continue;
        buf_puts(&b, sep);
        buf_puts(&b, shown[t]);
        sep = ", ";
    }
    if (many)
        buf_putc(&b, '}');
    text = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return text;
}
