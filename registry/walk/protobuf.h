/* The protobuf form of built-in kinds (runtime/serializer/protobuf): what typed clients send. */
#ifndef REGISTRY_WALK_PROTOBUF_H
#define REGISTRY_WALK_PROTOBUF_H

#include <jansson.h>
#include "registry/schema.h"
#include "shm/base/arena.h"
#include "shm/base/str.h"

#define PROTOBUF_DEPTH_MAX                                                                                   \
    100 /* as Go's decoder bounds it, a schema that holds itself (JSONSchemaProps) included */

/* body: the envelope (6b 38 73 00, message Unknown) around one message. Returns a new tree as JSON would have
 * given it, kind and apiVersion first; fields that are not pointers and hold their zero value are left out,
 * for on the wire they can't be told from absent ones. Unknown field numbers are skipped. Only a kind named
 * `kind` is read with `type`; another one comes back with kind and apiVersion alone, for the caller to
 * refuse. NULL with *err (in the arena) for bytes that are no such thing. Memory is bounded by the body's
 * size times a constant. */
json_t *protobuf_read(struct arena *a, struct str body, const char *kind, const struct schema_type *type,
                      const char **err);

#endif
