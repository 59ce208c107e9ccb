/* Tokens of the Common Expression Language, one at a time. Rule: cel-go parser/gen/CEL.g4 (its lexer rules),
 * and how an ANTLR lexer goes on after what is no token. */
#ifndef REGISTRY_CEL_LEXER_H
#define REGISTRY_CEL_LEXER_H

#include "registry/cel/source.h"

/* In the order of the grammar: sets of tokens are shown in this order. */
#define CEL_TOKENS(X)                                                                                        \
    X(EOF, "<EOF>")                                                                                          \
    X(EQUALS, "'=='")                                                                                        \
    X(NOT_EQUALS, "'!='")                                                                                    \
    X(IN, "'in'")                                                                                            \
    X(LESS, "'<'")                                                                                           \
    X(LESS_EQUALS, "'<='")                                                                                   \
    X(GREATER_EQUALS, "'>='")                                                                                \
    X(GREATER, "'>'")                                                                                        \
    X(AND, "'&&'")                                                                                           \
    X(OR, "'||'")                                                                                            \
    X(LBRACKET, "'['")                                                                                       \
    X(RBRACKET, "']'")                                                                                       \
    X(LBRACE, "'{'")                                                                                         \
    X(RBRACE, "'}'")                                                                                         \
    X(LPAREN, "'('")                                                                                         \
    X(RPAREN, "')'")                                                                                         \
    X(DOT, "'.'")                                                                                            \
    X(COMMA, "','")                                                                                          \
    X(MINUS, "'-'")                                                                                          \
    X(EXCLAM, "'!'")                                                                                         \
    X(QUESTION, "'?'")                                                                                       \
    X(COLON, "':'")                                                                                          \
    X(PLUS, "'+'")                                                                                           \
    X(STAR, "'*'")                                                                                           \
    X(SLASH, "'/'")                                                                                          \
    X(PERCENT, "'%'")                                                                                        \
    X(TRUE, "'true'")                                                                                        \
    X(FALSE, "'false'")                                                                                      \
    X(NULL, "'null'")                                                                                        \
    X(WHITESPACE, "WHITESPACE")                                                                              \
    X(COMMENT, "COMMENT")                                                                                    \
    X(FLOAT, "NUM_FLOAT")                                                                                    \
    X(INT, "NUM_INT")                                                                                        \
    X(UINT, "NUM_UINT")                                                                                      \
    X(STRING, "STRING")                                                                                      \
    X(BYTES, "BYTES")                                                                                        \
    X(IDENTIFIER, "IDENTIFIER")                                                                              \
    X(ESC_IDENTIFIER, "ESC_IDENTIFIER")

enum cel_token_type {
#define X(name, shown) CEL_T_##name,
    CEL_TOKENS(X)
#undef X
        CEL_T_COUNT
};

struct cel_token {
    enum cel_token_type type;
    struct str text;
    struct cel_place place;
};

struct cel_lexer {
    struct cel_source *source;
    size_t pos; /* byte offset */
    struct cel_place place;
};

static inline bool cel_token_hidden(const struct cel_token *t)
{
    return t->type == CEL_T_WHITESPACE || t->type == CEL_T_COMMENT;
}

/* The next token, hidden ones too; at the end, EOF again and again. What is no token is skipped, and handed
 * to complain(arg, where it began, text). */
struct cel_token cel_lexer_next(struct cel_lexer *l,
                                void (*complain)(void *arg, const struct cel_token *where, struct str text),
                                void *arg);

/* Words that no variable can be called. */
bool cel_is_reserved(struct str name);

#endif
