/* What evaluating an expression may cost at most, before it is evaluated: sizes are known from schemas, or
 * guessed high. Rule: cel-go checker/cost.go, ext/lists.go and sets.go; apiserver/pkg/cel/library/cost.go. */
#ifndef REGISTRY_CEL_COST_H
#define REGISTRY_CEL_COST_H

#include "registry/cel/ast.h"

struct cel_size {
    uint64_t min, max;
};

/* Where a value comes from: a variable, then fields, "@items", "@keys", "@values" or "@indices". */
struct cel_path {
    const struct cel_path *up; /* NULL: step is the variable */
    struct str step;
};

struct cel_sizes {
    /* The size of what is at a path: characters, items or entries. False: not known. */
    bool (*size)(void *arg, const struct cel_path *path, struct cel_size *size);
    void *arg;
};

/* e: as cel_compile() returns it. In the reference's units; UINT64_MAX: without bound. */
uint64_t cel_cost(struct arena *a, struct cel_expr *e, const struct cel_sizes *sizes);

#endif
