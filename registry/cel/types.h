/* Types of expressions. Rule: cel-go common/types/types.go, checker/types.go, checker/format.go. */
#ifndef REGISTRY_CEL_TYPES_H
#define REGISTRY_CEL_TYPES_H

#include "shm/base/arena.h"

enum cel_type_kind {
    CEL_TY_ERROR,
    CEL_TY_DYN,
    CEL_TY_ANY,
    CEL_TY_BOOL,
    CEL_TY_BYTES,
    CEL_TY_DOUBLE,
    CEL_TY_DURATION,
    CEL_TY_INT,
    CEL_TY_NULL,
    CEL_TY_STRING,
    CEL_TY_TIMESTAMP,
    CEL_TY_UINT,
    CEL_TY_TYPE, /* with or without the type it is */
    CEL_TY_LIST,
    CEL_TY_MAP,
    CEL_TY_OPAQUE, /* known by name and parameters alone */
    CEL_TY_OBJECT, /* with fields */
    CEL_TY_PARAM   /* stands for another */
};

struct cel_type {
    enum cel_type_kind kind;
    struct str name;
    uint32_t param; /* of PARAM: which */
    uint32_t size;  /* how many types it is made of, itself included; 0: one */
    uint8_t n;
    const struct cel_type *of[2];
};

/* Parameters that declarations name: 'A' to 'Z' are 0 to 25. The checker's own come behind. */
#define CEL_PARAMS_NAMED 26

/* Those without parameters: not of the last six kinds. */
const struct cel_type *cel_type_simple(enum cel_type_kind kind);
const struct cel_type *cel_type_list(struct arena *a, const struct cel_type *item);
const struct cel_type *cel_type_map(struct arena *a, const struct cel_type *key,
                                    const struct cel_type *value);
const struct cel_type *cel_type_optional(struct arena *a, const struct cel_type *of);
const struct cel_type *cel_type_type(struct arena *a, const struct cel_type *of);
const struct cel_type *cel_type_object(struct arena *a, struct str name);
const struct cel_type *cel_type_param(struct arena *a, uint32_t param);
/* From a declaration's text: "map(string, list(A))"; one capital is a parameter, what is no simple type an
 * object. */
const struct cel_type *cel_type_parse(struct arena *a, struct str text);

/* t with other parameters. A type that would be made of too many is dyn: a short expression can double its
 * type time and again. */
const struct cel_type *cel_type_with(struct arena *a, const struct cel_type *t, const struct cel_type *first,
                                     const struct cel_type *second);
bool cel_type_same(const struct cel_type *a, const struct cel_type *b);
/* The same but for the names of parameters. */
bool cel_type_like(const struct cel_type *a, const struct cel_type *b);
/* dyn, or any. */
bool cel_type_is_dyn(const struct cel_type *t);
bool cel_type_is_optional(const struct cel_type *t);
/* As in errors of the checker: "timestamp". */
const char *cel_type_text(struct arena *a, const struct cel_type *t);
/* As in errors about what an expression yields: "google.protobuf.Timestamp". */
const char *cel_type_full_text(struct arena *a, const struct cel_type *t);

/* ---- what parameters stand for ---- */

struct cel_binding {
    uint32_t param;
    const struct cel_type *before;
};

/* Zeroed but for the arena: nothing stands for anything. */
struct cel_bindings {
    struct arena *arena;
    const struct cel_type **of; /* by parameter */
    size_t n, cap;
    struct cel_binding *changes; /* since the mark, to be undone */
    size_t nchanges, changes_cap;
    int left; /* steps, in what is being worked out: parameters can stand for what doubles, too */
};

/* A parameter of its own. */
const struct cel_type *cel_bindings_new_param(struct cel_bindings *b);
/* Whether n values of types from go where types to are wanted; binds parameters then, else leaves all as it
 * was. */
bool cel_assignable(struct cel_bindings *b, const struct cel_type *const *from,
                    const struct cel_type *const *to, size_t n);
/* t with what its parameters stand for; those that stand for nothing become dyn when free_to_dyn. */
const struct cel_type *cel_substitute(struct cel_bindings *b, const struct cel_type *t, bool free_to_dyn);
/* Of two types one of which can be assigned to the other. */
const struct cel_type *cel_most_general(const struct cel_type *a, const struct cel_type *b);

#endif
