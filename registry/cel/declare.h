/* What names mean: variables, types and their fields, functions. */
#ifndef REGISTRY_CEL_DECLARE_H
#define REGISTRY_CEL_DECLARE_H

#include "registry/cel/check.h"

struct cel_function {
    const char *name, *overload;
    bool method;
    const char *args, *result;
};

/* A name without the dot it may begin with. */
struct str cel_bare(struct str name);
/* The type of a name that is not a local one; NULL: there is none. A leading dot is of no account, and
 * the name need not outlive the call. */
const struct cel_type *cel_declared(const struct cel_env *env, struct arena *a, struct str name);
enum cel_found cel_declared_field(const struct cel_env *env, struct arena *a, struct str object,
                                  struct str field, const struct cel_type **type);
/* The first of a name, and how many there are; NULL: none. */
const struct cel_function *cel_functions(const struct cel_env *env, struct str name, size_t *n);

#endif
