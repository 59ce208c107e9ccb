/* Inside the strategic merge: lists whose items are found by a key. */
#ifndef REGISTRY_WALK_STRATEGICLIST_H
#define REGISTRY_WALK_STRATEGICLIST_H

#include <jansson.h>
#include "registry/status.h"

/* Positions of a list's items by what they are compared by: the value of `key` in maps, or (key "")
 * themselves. */
struct list_index {
    json_t *places;
};

/* false with st filled if an item is no map although a key is given. */
bool list_index_make(struct list_index *x, const json_t *list, const char *key, struct status *st);
void list_index_free(struct list_index *x);
/* Position of the first item equal to this one, or -1. */
json_int_t list_index_of(const struct list_index *x, const json_t *item, const char *key);
json_int_t list_index_of_value(const struct list_index *x, const json_t *value);
void list_index_add(struct list_index *x, const json_t *item, const char *key, size_t at);

/* The items of merged in the order a patch asks for: those in patch_order in that order, the others where
 * they were in server_order. New reference, or NULL with st filled. maps: items are maps, compared by key. */
json_t *list_order(const json_t *merged, const json_t *patch_order, const json_t *server_order,
                   const char *key, bool maps, struct status *st);

/* The reference's errors: 400 for those it knows, else 500 without a reason. */
void smp_error(struct status *st, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void smp_no_merge_key(struct status *st, const json_t *map, const char *key);
void smp_bad_type(struct status *st, const char *expected, const json_t *actual);

#endif
