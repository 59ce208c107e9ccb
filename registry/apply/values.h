/* JSON values as structured-merge-diff orders and prints them, and map members in the order of their keys. */
#ifndef REGISTRY_APPLY_VALUES_H
#define REGISTRY_APPLY_VALUES_H

#include <jansson.h>
#include <stdbool.h>
#include "shm/base/buf.h"

/* A total order: numbers (by what they are worth), strings, booleans, lists, maps, null. */
int value_cmp(const json_t *a, const json_t *b);
/* As in paths: strings quoted. */
void value_put(struct buf *out, const json_t *v);
/* As Go's %#v: "x", map[string]interface {}{"a":1}. */
void value_put_go(struct buf *out, const json_t *v);

struct value_member {
    struct str key;
    json_t *value;
};
/* The members of an object by key, on the heap (free() it; NULL for none); *n how many. Anything else has
 * none. */
struct value_member *value_members(const json_t *v, size_t *n);

#endif
