/* Tokens to a tree, by the tables of grammar.h; mistakes are told and got over as the reference's generated
 * parser does, which is visible in what it says next. Rule: antlr4 runtime (error_strategy.go, parser.go) and
 * the limits of cel-go parser/parser.go. */
#ifndef REGISTRY_CEL_PARSER_H
#define REGISTRY_CEL_PARSER_H

#include "registry/cel/grammar.h"

/* One part of a tree: a token or a tree, with its label; in the order of the text. */
struct cel_part {
    enum cel_label label;
    const struct cel_token *token;
    struct cel_tree *tree;
    struct cel_part *next;
};

struct cel_tree {
    enum cel_rule rule;
    enum cel_alt alt;
    const struct cel_token *start;
    struct cel_part *parts, **last;
    struct cel_tree *spare; /* the parser's */
};

/* The nth part of this label, NULL when there is none: of what had mistakes, any part may be missing. */
const struct cel_token *cel_tree_token(const struct cel_tree *t, enum cel_label label, int nth);
struct cel_tree *cel_tree_sub(const struct cel_tree *t, enum cel_label label, int nth);
int cel_tree_count(const struct cel_tree *t, enum cel_label label);

/* Whether t only leads to the next level of precedence: then its first part is all there is to it. */
bool cel_tree_leads(const struct cel_tree *t);

/* All of the source, without what only leads further; its errors are in the source then. NULL when there was
 * no use in going on. In the arena.
 */
struct cel_tree *cel_parse_tree(struct cel_source *source);

#endif
