/* From a tree to the bytes that clients get: fields in schema order, the reference's omission rules, map keys
 * sorted. */
#ifndef REGISTRY_WALK_ENCODE_H
#define REGISTRY_WALK_ENCODE_H

#include <jansson.h>
#include "registry/schema.h"
#include "shm/base/buf.h"

/* Where things went in out, as record_parts wants them; offsets from the first byte written. */
struct encode_marks {
    uint32_t body_at, rv_at, ns_at, name_at;
    uint16_t ns_bytes, name_bytes;
};

/* Whole object: {"kind":..,"apiVersion":..,...}. With marks: metadata.resourceVersion is written as an empty string
 * and marks->rv_at is where its digits belong. Without: as the tree has it. */
void encode_object(struct buf *out, const json_t *obj, const struct schema_resource *r, struct encode_marks *marks);
/* FieldsV1 that is a string in the tree is JSON text already and goes out as it is: registry/apply makes such, and
 * the reading of what is stored. */
/* Any value of a type (kind and apiVersion, where present in the tree, come first). */
void encode_value(struct buf *out, const json_t *v, const struct schema_type *t);
/* Whether a struct is written without the field when this is its value; NULL: absent. */
bool encode_leaves_out(const json_t *v, const struct schema_field *f);

#endif
