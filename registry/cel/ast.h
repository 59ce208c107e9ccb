/* An expression as a tree of what it means: operators are calls, macros are expanded. In an arena. */
#ifndef REGISTRY_CEL_AST_H
#define REGISTRY_CEL_AST_H

#include "registry/cel/source.h"

struct cel_type;

enum cel_kind {
    CEL_UNSPECIFIED, /* where a mistake was */
    CEL_BOOL,
    CEL_BYTES,
    CEL_DOUBLE,
    CEL_INT,
    CEL_NULL,
    CEL_STRING,
    CEL_UINT,
    CEL_IDENT,
    CEL_SELECT,
    CEL_CALL,
    CEL_LIST,
    CEL_MAP,
    CEL_MESSAGE,
    CEL_COMPREHENSION
};

struct cel_expr;

/* Of a map (key) or a message (field). */
struct cel_entry {
    struct cel_place place;
    struct cel_expr *key;
    struct str field;
    struct cel_expr *value;
    bool optional;
};

struct cel_expr {
    enum cel_kind kind;
    uint32_t
        id; /* set by the checker: parts have lower ones than what they are in, the whole has the highest */
    struct cel_place place;
    const struct cel_type *type; /* set by the checker */
    union {
        bool boolean;
        double floating;
        int64_t integer;
        uint64_t natural;
        struct str text;  /* STRING, BYTES */
        struct str ident; /* a leading dot is part of it */
        struct {
            struct cel_expr *operand;
            struct str field;
            bool only_test; /* has() */
        } select;
        struct {
            struct str function;
            struct cel_expr *target; /* NULL: not called on anything */
            struct cel_expr **args;
            size_t nargs;
            const char **overloads; /* set by the checker: those that fit */
            size_t noverloads;
        } call;
        struct {
            struct cel_expr **items;
            bool *optional; /* one for each item */
            size_t n;
        } list;
        struct {
            struct str name; /* of a message */
            struct cel_entry *entries;
            size_t n;
        } map;
        /* accu starts as init; for each var (and var2) of range, while condition, it becomes step; then
         * result. */
        struct {
            struct cel_expr *range, *init, *condition, *step, *result;
            struct str var, var2, accu; /* var2 may be empty */
        } fold;
    };
};

/* The names operators have as functions. */
#define CEL_OP_NOT "!_"
#define CEL_OP_NEGATE "-_"
#define CEL_OP_NOT_FALSE "@not_strictly_false"
#define CEL_OP_AND "_&&_"
#define CEL_OP_OR "_||_"
#define CEL_OP_IF "_?_:_"
#define CEL_OP_ADD "_+_"
#define CEL_OP_EQUALS "_==_"
#define CEL_OP_INDEX "_[_]"
#define CEL_OP_OPT_INDEX "_[?_]"
#define CEL_OP_OPT_SELECT "_?._"

struct cel_expr *cel_new(struct arena *a, enum cel_kind kind, struct cel_place place);
/* args are copied. */
struct cel_expr *cel_new_call(struct arena *a, struct cel_place place, struct str function,
                              struct cel_expr *target, struct cel_expr *const *args, size_t nargs);
/* fn(arg, part) of each expression that e has directly in it. */
void cel_parts(struct cel_expr *e, void (*fn)(void *arg, struct cel_expr *part), void *arg);

/* Which macros there are besides those that are everywhere. */
enum cel_macros { CEL_MACROS_COMMON = 0, CEL_MACROS_BIND = 1 };

/* What a call to a macro is expanded to; NULL when it is none. A mistake is noted in the source, and the
 * result is unspecified. */
struct cel_expr *cel_expand(struct cel_source *s, enum cel_macros macros, struct cel_place place,
                            struct str function, struct cel_expr *target, struct cel_expr **args,
                            size_t nargs);

/* The text of a string literal without quotes and escapes: false, and *why then. */
bool cel_unescape(struct arena *a, struct str literal, bool bytes, struct str *out, const char **why);

/* Text to expression. Mistakes are in the source; the result is of use only when there are none. */
struct cel_expr *cel_parse(struct cel_source *source, enum cel_macros macros);

#endif
