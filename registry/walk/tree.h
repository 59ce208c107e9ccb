/* Reading and changing object trees by dotted paths ("spec.template.spec"); the keys hold no dots themselves.
 */
#ifndef REGISTRY_WALK_TREE_H
#define REGISTRY_WALK_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "registry/schema.h"
#include "shm/base/arena.h"
#include "shm/base/str.h"

/* Borrowed; NULL when a step is absent, null or no object. */
json_t *tree_get(const json_t *obj, const char *path);
/* NULL when absent or no string. */
const char *tree_string(const json_t *obj, const char *path);
/* The same as a view; empty when absent. */
struct str tree_str(const json_t *obj, const char *path);
int64_t tree_int(const json_t *obj, const char *path, int64_t otherwise);
bool tree_bool(const json_t *obj, const char *path, bool otherwise);
/* Elements of a list, or 0. */
size_t tree_size(const json_t *obj, const char *path);
/* Makes the objects on the way (what is in their place and no object is replaced); takes the value. */
void tree_set(json_t *obj, const char *path, json_t *value);
void tree_set_string(json_t *obj, const char *path, const char *value);
void tree_set_int(json_t *obj, const char *path, int64_t value);
/* Only when nothing is there; takes the value. */
void tree_default(json_t *obj, const char *path, json_t *value);
void tree_delete(json_t *obj, const char *path);
/* to gets what from has there, or loses it. */
void tree_copy(json_t *to, const json_t *from, const char *path);
/* Whether both have the same there, as the encoder sees it (empty and absent are the same where it omits
 * them). type is that of the whole object. */
bool tree_same(const json_t *a, const json_t *b, const char *path, const struct schema_type *type);
/* Whether the list of strings has s. */
bool tree_list_has(const json_t *list, const char *s);
/* Takes the reference; it goes with the arena. Returns it borrowed; NULL stays NULL. */
json_t *tree_keep(struct arena *a, json_t *v);

/* The members of an object in the order of their keys from now on, as Go writes a map. */
void tree_sort_keys(json_t *obj);
/* The same of all objects in v. */
void tree_sort_all_keys(json_t *v);

#endif
