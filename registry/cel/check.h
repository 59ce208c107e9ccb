/* Whether an expression is right where it stands: what its names are there, and which type it has. Rule:
 * cel-go checker/, cel/validator.go. */
#ifndef REGISTRY_CEL_CHECK_H
#define REGISTRY_CEL_CHECK_H

#include "registry/cel/ast.h"
#include "registry/cel/types.h"

/* Types as texts are those of cel_type_parse(). */
struct cel_variable {
    const char *name; /* may be dotted */
    const char *type;
};

/* A field of an object type. */
struct cel_field {
    const char *object, *name, *type;
};

enum cel_found { CEL_NO_OBJECT, CEL_NO_FIELD, CEL_FIELD };

/* What is declared where an expression stands. */
struct cel_env {
    const struct cel_variable *variables;
    size_t nvariables;
    const struct cel_field *fields;
    size_t nfields;
    enum cel_macros macros;
    bool patches; /* Object{}, JSONPatch{} and jsonpatch.escapeKey() are known */
    /* Of a variable that is in no table, or NULL; may itself be NULL. Types are in the arena. */
    const struct cel_type *(*variable)(void *arg, struct arena *a, struct str name);
    /* The same of a field; may be NULL. */
    enum cel_found (*field)(void *arg, struct arena *a, struct str object, struct str field,
                            const struct cel_type **type);
    void *arg;
};

/* Parses and checks: all of it has types then, and names are resolved. NULL when there are errors, which are
 * in the source. */
struct cel_expr *cel_compile(struct cel_source *source, const struct cel_env *env);

#endif
