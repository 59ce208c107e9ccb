/* How the schema says a value is owned: as a whole or in parts, and by which names. One set of functions
 * serves two sorts of trees: typed ones (stored or decoded objects, where Go's omission rules say what is
 * there: empty fields may be absent, absent structs present) and plain ones (what a client applies, and what
 * comes of merging it), which are exactly what they say. Rules:
 * structured-merge-diff/{schema,typed/helpers.go}, kube-openapi/pkg/schemaconv. */
#ifndef REGISTRY_APPLY_SHAPE_H
#define REGISTRY_APPLY_SHAPE_H

#include "registry/apply/fieldset.h"
#include "registry/schema.h"

struct shape {
    const struct schema_type *type;
    bool atomic;             /* the list, map or struct has one owner */
    const char *const *keys; /* of the items of a list that is not atomic; NULL with .key NULL too: a set */
    const char *key;         /* the only one, when keys is NULL */
};

enum shape_kind { SHAPE_SCALAR, SHAPE_LIST, SHAPE_MAP };

/* What walkers need besides. */
struct shaper {
    struct arena *arena;
    /* what absent typed fields are worth: {}, "", 0, "0", "0s", null */
    json_t *empty, *text, *zero, *none_of_it, *no_time, *none;
    struct {
        const struct schema_field *field;
        json_t *value;
    } dflt[4]; /* of list keys, as they are met */
    int ndflt;
    bool stored;     /* things are compared as the store knows them */
    const char *err; /* a list item without an identity was met */
};

void shaper_init(struct shaper *s, struct arena *a);

struct shape shape_of(const struct schema_type *t);
struct shape shape_field(const struct schema_field *f);
/* Of a list's items and a map's values. */
struct shape shape_elem(const struct shape *s);
/* v may be NULL: then it depends on nothing. */
enum shape_kind shape_kind(const struct shape *s, const json_t *v);
/* The value has one owner, whatever is in it. */
bool shape_is_leaf(const struct shape *s, enum shape_kind kind);

struct shape_member {
    struct str key;
    const struct schema_field *field; /* NULL: a map's */
    const json_t *value;
};
/* The members of a struct or map by key, on the heap (free() it). v NULL, null or no object: none. */
struct shape_member *shape_members(struct shaper *s, const struct shape *shape, const json_t *v, bool typed,
                                   size_t *n);
/* The shape of a member. */
struct shape shape_member(const struct shape *of, const struct shape_member *m);

/* The element that a list item is known by. NULL, or why there is none. */
const char *shape_element(struct shaper *s, const struct shape *list, const json_t *item, bool typed,
                          struct element *e);

/* Whether two values are the same, each in its own sort of tree. */
bool shape_same(struct shaper *s, const struct shape *shape, const json_t *l, bool l_typed, const json_t *r,
                bool r_typed);
/* A plain tree of a typed one; new reference. */
json_t *shape_plain(struct shaper *s, const struct shape *shape, const json_t *v);

#endif
