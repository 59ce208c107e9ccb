/* What stored protobuf holds beyond its tree: fields of a newer server or of a vendor's. Nobody can plant,
 * patch or see them; they are found in the stored message by walking it beside the tree, and written back at
 * their places (protobuf_write). */
#ifndef REGISTRY_WALK_KEPT_H
#define REGISTRY_WALK_KEPT_H

#include <jansson.h>
#include "registry/schema.h"
#include "shm/base/arena.h"
#include "shm/base/str.h"

/* A field, which the schema does not know, of the message that becomes of `at`, an object of the tree that is
 * written. */
struct kept_field {
    const json_t *at;
    uint16_t path; /* the embedded message it is in, as schema_field's inline_number */
    uint32_t number;
    struct str whole; /* with its tag, in the stored message */
};

struct kept {
    struct arena *arena;
    struct kept_field *fields; /* sorted: by at, then as they stand in a message */
    size_t n, cap;
};

/* Such fields of a stored message (without tag and length) of type t. old: the message as a tree. obj:
 * the tree that takes its place, old itself or one made of it; structs that are not pointers may be added to
 * it, empty as they are written anyway. An item of a list keeps its fields if obj has it again: by the keys
 * the list is merged by, or, where it has none, unchanged. NULL: there are none. Views into message; the rest
 * lives in a. */
struct kept *kept_find(struct arena *a, struct str message, const struct schema_type *t, const json_t *old,
                       json_t *obj);
/* Those of one object of the tree; *n is how many. k NULL: none. */
const struct kept_field *kept_of(const struct kept *k, const json_t *at, size_t *n);
/* <0, 0, >0: which of two fields stands first in a message. */
int kept_order(uint16_t path_a, uint32_t number_a, uint16_t path_b, uint32_t number_b);

#endif
