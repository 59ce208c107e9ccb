/* What the files of cost estimation share: sizes that do not overflow, and what calls cost. */
#ifndef REGISTRY_CEL_COSTS_H
#define REGISTRY_CEL_COSTS_H

#include "registry/cel/cost.h"
#include "registry/cel/types.h"

#define CEL_UNKNOWN_SIZE ((struct cel_size){0, UINT64_MAX})
#define CEL_TRAVERSAL 0.1 /* of a character */
#define CEL_REGEXP 0.25   /* of a pattern's character, for each of a text */

uint64_t cel_add(uint64_t a, uint64_t b);
uint64_t cel_multiply(uint64_t a, uint64_t b);
/* Rounded up. */
uint64_t cel_scale(uint64_t a, double factor);
struct cel_size cel_size_add(struct cel_size a, struct cel_size b);
struct cel_size cel_size_multiply(struct cel_size a, struct cel_size b);
struct cel_size cel_size_union(struct cel_size a, struct cel_size b);

/* An argument, or what a function is called on. */
struct cel_operand {
    const struct cel_expr *expr;
    const struct cel_type *type;
    const struct cel_path *path; /* NULL: not known */
    bool sized;
    struct cel_size size;
};

struct cel_call_cost {
    uint64_t cost; /* without that of the arguments */
    bool sized;
    struct cel_size size; /* of the result */
};

struct cel_call {
    struct str function;
    const char *overload;
    const struct cel_operand *target; /* NULL: none */
    const struct cel_operand *args;
    size_t nargs;
    const struct cel_sizes *sizes;
};

/* Of functions of the libraries; false: not one that costs anything special. */
bool cel_library_cost(const struct cel_call *call, struct cel_call_cost *cost);

#endif
