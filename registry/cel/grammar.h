/* The grammar as tables: what the parser walks, and what "expecting {...}" is derived from. Left recursion is
 * written as a first part and a loop, whose alternatives have a precedence. Rule: cel-go parser/gen/CEL.g4.
 */
#ifndef REGISTRY_CEL_GRAMMAR_H
#define REGISTRY_CEL_GRAMMAR_H

#include "registry/cel/lexer.h"

typedef uint64_t cel_tokens; /* a set: bit n is token type n */

#define CEL_BIT(t) ((cel_tokens)1 << (t))
#define CEL_RULE_END CEL_BIT(63) /* in a set: the rule may end here */

enum cel_rule {
    CEL_R_START,
    CEL_R_EXPR,
    CEL_R_OR,
    CEL_R_AND,
    CEL_R_RELATION,
    CEL_R_CALC,
    CEL_R_UNARY,
    CEL_R_MEMBER,
    CEL_R_PRIMARY,
    CEL_R_EXPR_LIST,
    CEL_R_LIST_INIT,
    CEL_R_FIELD_LIST,
    CEL_R_OPT_FIELD,
    CEL_R_MAP_LIST,
    CEL_R_ESCAPE_IDENT,
    CEL_R_OPT_EXPR,
    CEL_R_LITERAL,
    CEL_R_COUNT
};

/* What a part of a rule is called in the tree. */
enum cel_label {
    CEL_L_NONE,
    CEL_L_FIRST, /* the part that everything else is attached to */
    CEL_L_THEN,
    CEL_L_ELSE,
    CEL_L_REST, /* one for each operator */
    CEL_L_OP,
    CEL_L_OPT,
    CEL_L_DOT,
    CEL_L_ID,
    CEL_L_ARGS,
    CEL_L_ITEM,
    CEL_L_KEY,
    CEL_L_COLON,
    CEL_L_VALUE,
    CEL_L_SIGN,
    CEL_L_TOKEN
};

/* Which alternative a tree is of; CEL_A_NONE also when its parser failed before it knew. */
enum cel_alt {
    CEL_A_NONE,
    CEL_A_MEMBER,
    CEL_A_NOT,
    CEL_A_NEGATE,
    CEL_A_PRIMARY,
    CEL_A_SELECT,
    CEL_A_CALL,
    CEL_A_INDEX,
    CEL_A_IDENT,
    CEL_A_GLOBAL_CALL,
    CEL_A_NESTED,
    CEL_A_LIST,
    CEL_A_MAP,
    CEL_A_MESSAGE,
    CEL_A_LITERAL,
    CEL_A_INT,
    CEL_A_UINT,
    CEL_A_DOUBLE,
    CEL_A_STRING,
    CEL_A_BYTES,
    CEL_A_TRUE,
    CEL_A_FALSE,
    CEL_A_NULL,
    CEL_A_SIMPLE_NAME,
    CEL_A_ESCAPED_NAME,
    CEL_A_OPERATION
};

enum cel_item_kind {
    CEL_I_END, /* of a sequence */
    CEL_I_TOKENS,
    CEL_I_RULE,
    CEL_I_MAYBE,  /* (...)? */
    CEL_I_LOOP,   /* (...)* */
    CEL_I_REPEAT, /* (...)+ */
    CEL_I_CHOICE, /* of alternatives: all there is in a rule */
    CEL_I_ALT,    /* one of a choice or of a left recursion; the list ends with CEL_I_END */
    CEL_I_LEFT,   /* the loop of a left recursion, over alternatives */
};

/* How to know which way to go when one token does not tell. */
enum cel_decision {
    CEL_D_TOKEN, /* it does */
    CEL_D_COMMA, /* a comma goes on with the list, unless it is the last before the bracket */
    CEL_D_MINUS, /* of more minus signs, or of a literal */
    CEL_D_UNARY,
    CEL_D_MEMBER,
    CEL_D_PRIMARY,
    CEL_D_LITERAL,
};

struct cel_item {
    enum cel_item_kind kind;
    enum cel_label label;
    cel_tokens tokens;          /* of TOKENS */
    enum cel_rule rule;         /* of RULE */
    int precedence;             /* RULE: handed to it; ALT of LEFT: its own */
    enum cel_decision decision; /* LOOP, REPEAT, CHOICE, LEFT */
    enum cel_alt alt;           /* of ALT */
    const struct cel_item *body;
};

extern const struct cel_item *const cel_grammar[CEL_R_COUNT];

/* Tokens with which a rule begins: no rule is empty. */
cel_tokens cel_rule_first(enum cel_rule r);
/* Tokens with which an item begins; with CEL_RULE_END when it may be empty. */
cel_tokens cel_item_first(const struct cel_item *i);
/* The same of a sequence from i to its end. */
cel_tokens cel_sequence_first(const struct cel_item *i);
/* Whether the rule of this number is a left recursion. */
bool cel_rule_left(enum cel_rule r);
/* The text of a set: "{'[', IDENTIFIER}", or the one token alone. In the arena. */
const char *cel_tokens_text(struct arena *a, cel_tokens set);

#endif
