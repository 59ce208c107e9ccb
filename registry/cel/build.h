/* What the two files that make expressions from the parser's tree share. */
#ifndef REGISTRY_CEL_BUILD_H
#define REGISTRY_CEL_BUILD_H

#include "registry/cel/ast.h"
#include "registry/cel/parser.h"

struct cel_builder {
    struct cel_source *source;
    struct arena *arena;
    enum cel_macros macros;
    int depth;
    bool stopped;
};

/* Tells what is wrong at a place; returns what stands there then. */
struct cel_expr *cel_build_wrong(struct cel_builder *b, struct cel_place place, const char *message);

/* Of the alternatives of a literal. */
struct cel_expr *cel_build_integer(struct cel_builder *b, const struct cel_tree *t);
struct cel_expr *cel_build_unsigned_integer(struct cel_builder *b, const struct cel_tree *t);
struct cel_expr *cel_build_floating(struct cel_builder *b, const struct cel_tree *t);
struct cel_expr *cel_build_text(struct cel_builder *b, const struct cel_tree *t);
struct cel_expr *cel_build_constant(struct cel_builder *b, const struct cel_tree *t);

#endif
