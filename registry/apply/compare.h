/* Two objects side by side: which paths the second one adds, changes and removes; and the set of all paths of
 * one. Rules: structured-merge-diff/typed/{compare,tofieldset}.go. */
#ifndef REGISTRY_APPLY_COMPARE_H
#define REGISTRY_APPLY_COMPARE_H

#include "registry/apply/shape.h"

struct comparison {
    const struct fieldset *added, *modified, *removed;
};

/* From l to r. s->err is set when a list item cannot be told from others. The sets borrow from both trees. */
struct comparison compare(struct shaper *s, const struct shape *shape, const json_t *l, bool l_typed,
                          const json_t *r, bool r_typed);
/* What an apply configuration (a plain tree) sets. */
const struct fieldset *compare_set(struct shaper *s, const struct shape *shape, const json_t *v);

/* The items of a list with their elements, ascending, equal ones in their order; in the arena. An item
 * without one is left out, and s->err says why. */
struct list_item {
    struct element element;
    const json_t *value;
    size_t index;
};
struct list_item *compare_items(struct shaper *s, const struct shape *list, const json_t *v, bool typed,
                                size_t *n);
/* By element, then by index. */
void compare_sort(struct list_item *items, size_t n);

#endif
