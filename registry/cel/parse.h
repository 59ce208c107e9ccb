/* What the parser's parts share: where it is, and how it goes on after a mistake. */
#ifndef REGISTRY_CEL_PARSE_H
#define REGISTRY_CEL_PARSE_H

#include "registry/cel/parser.h"

/* Where the parser is in the grammar, on the stack of whoever goes there: a sequence of items, the place in
 * it, and what it is the body of. */
struct cel_frame {
    const struct cel_item *at;
    const struct cel_frame
        *up; /* at the item this is the body of, or that called this rule; NULL: the start */
    const struct cel_item *again; /* the loop this is the body of */
    bool rule;                    /* a rule itself, not a part of it in brackets */
};

enum cel_mistake { CEL_M_NONE, CEL_M_MISMATCH, CEL_M_NO_ALTERNATIVE };

#define CEL_PLACES_NOTED 64

struct cel_parser {
    struct cel_source *source;
    struct arena *arena;
    struct cel_lexer lexer;
    /* What was read, as far as the parser looked; visible: those that are not hidden, as indices. */
    struct cel_token *tokens;
    size_t ntokens, tokens_cap;
    size_t *visible;
    size_t nvisible, visible_cap;
    size_t pos; /* among the visible */
    int precedence;
    int depth[CEL_R_COUNT];
    struct cel_tree *tree; /* that is being filled */
    /* What only led further is used again. */
    struct cel_tree *spare_trees;
    struct cel_part *spare_parts;

    /* The mistake that ends the rule. */
    enum cel_mistake mistake;
    struct cel_token offending;
    struct str since;    /* NO_ALTERNATIVE: the text it was looked for in */
    cel_tokens expected; /* MISMATCH */

    /* Of getting over mistakes. */
    bool recovering;
    const char *where;                   /* the place in the grammar of the last check or match */
    const char *noted[CEL_PLACES_NOTED]; /* such places, of mistakes since the last match */
    int nnoted;
    size_t noted_pos;
    int recoveries, reported, skipped;
    bool stopped;
};

/* The kth visible token from here, from 1. */
const struct cel_token *cel_look(struct cel_parser *p, size_t k);
static inline enum cel_token_type cel_ahead(struct cel_parser *p, size_t k)
{
    return cel_look(p, k)->type;
}
static inline bool cel_is_ahead(struct cel_parser *p, cel_tokens set)
{
    return (set & CEL_BIT(cel_ahead(p, 1))) != 0;
}
/* Behind the next token, unless that is the end. */
void cel_consume(struct cel_parser *p);

/* ---- getting over mistakes ---- */

/* Tells a mistake at a place; too many, and the parser is stopped. */
void cel_syntax_error(struct cel_parser *p, struct cel_place place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What may come at item i in frame f, within the rule. */
cel_tokens cel_tokens_from(const struct cel_frame *f, const struct cel_item *i);
/* A token went where it should. */
void cel_matched(struct cel_parser *p);
/* Before a decision at f->at, which the rule goes on with next: lets an unwanted token go by. back: of a loop
 * that went round. Returns false when the mistake ends the rule. */
bool cel_sync(struct cel_parser *p, const struct cel_frame *f, cel_tokens next, bool back);
/* Where the tokens of f->at should have been: one that stands for them, or NULL when the mistake ends the
 * rule. */
const struct cel_token *cel_recover_token(struct cel_parser *p, const struct cel_frame *f);
/* A rule ends with p->mistake, which is told; skips to where its callers can go on. caller: NULL of the
 * first. */
void cel_recover(struct cel_parser *p, const struct cel_frame *caller);
/* Notes that no alternative goes with the tokens from here to the kth. */
void cel_no_alternative(struct cel_parser *p, size_t k);

/* ---- which way ---- */

/* Of a choice or a left recursion: which alternative, or NULL with the mistake noted. */
const struct cel_item *cel_choose(struct cel_parser *p, const struct cel_item *choice);
/* Of a loop: 1 to go round (again), 0 to leave it, -1 with the mistake noted. */
int cel_goes_on(struct cel_parser *p, const struct cel_item *loop);

#endif
