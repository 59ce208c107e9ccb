/* Sets of field paths: who owns what in server-side apply. A set is a tree of path elements, sorted at every
 * level and immutable once built; it lives in an arena and may share parts with other sets. NULL is the empty
 * set, and no set has an empty part. Rules: structured-merge-diff/fieldpath. */
#ifndef REGISTRY_APPLY_FIELDSET_H
#define REGISTRY_APPLY_FIELDSET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "shm/base/arena.h"
#include "shm/base/buf.h"

/* In their order. */
enum element_kind { ELEMENT_FIELD, ELEMENT_KEY, ELEMENT_VALUE, ELEMENT_INDEX };

struct element_part {
    struct str name;
    const json_t *value;
};

/* One step of a path: a member of a map, an item of a list by its keys, by its value or by its position. What
 * it points to is borrowed from the arena or from a tree that lives as long. */
struct element {
    enum element_kind kind;
    int nparts; /* KEY: sorted by name */
    union {
        struct str name;
        const struct element_part *parts;
        const json_t *value;
        int64_t index;
    };
};

struct fieldset_node {
    struct element element;
    bool member; /* the path that ends here is in the set */
    const struct fieldset *children;
};

struct fieldset {
    const struct fieldset_node *nodes;
    int n;
};

/* A set in the making. Zero-initialised plus .arena is empty. */
struct fieldset_builder {
    struct arena *arena;
    struct fieldset_node *nodes;
    int n, cap;
    int expected; /* how many will be added, where that is known; 0: it is not */
    bool unsorted;
};

/* Nothing happens when it is neither a member nor has children. Any order; ascending is cheapest. */
void fieldset_add(struct fieldset_builder *b, const struct element *e, bool member,
                  const struct fieldset *children);
/* What was added, or NULL. The builder is used up. */
const struct fieldset *fieldset_finish(struct fieldset_builder *b);
/* The set of one path of field names, "metadata.labels". */
const struct fieldset *fieldset_path(struct arena *a, const char *path);

int element_cmp(const struct element *a, const struct element *b);
/* As paths are printed: .name, [name="c"], [="v"], [0]. */
void element_put(struct buf *out, const struct element *e);

const struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x, const struct fieldset *y);
/* Of many, at the cost of sorting them. */
const struct fieldset *fieldset_union_all(struct arena *a, const struct fieldset *const *sets, int n);
const struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
                                             const struct fieldset *y);
/* x without the members of y. */
const struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
                                           const struct fieldset *y);
/* x without the members of y and all below them. */
const struct fieldset *fieldset_difference_deep(struct arena *a, const struct fieldset *x,
                                                const struct fieldset *y);
/* What stands at an element: binary search; NULL if nothing. */
const struct fieldset_node *fieldset_find(const struct fieldset *s, const struct element *e);
bool fieldset_same(const struct fieldset *x, const struct fieldset *y);
/* fn for every member, printed; those of a level before those below it. */
void fieldset_each(const struct fieldset *s, void (*fn)(void *arg, struct str path), void *arg);

#endif
