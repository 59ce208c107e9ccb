/* The protobuf form of built-in kinds (runtime/serializer/protobuf): what typed clients send and get, and
 * what etcd holds. An object in its envelope is
 *
 *   "k8s\0" | typeMeta {apiVersion, kind}, field 1 | raw, field 2: the object's message | two empty texts
 *   `------ protobuf_head --------------------'   `-- protobuf_write ----------'   `- PROTOBUF_TAIL -'
 *
 * An item of a list is field 2 of the list's message: the same bytes as raw in the object's own envelope. */
#ifndef REGISTRY_WALK_PROTOBUF_H
#define REGISTRY_WALK_PROTOBUF_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/walk/kept.h"
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/str.h"

#define PROTOBUF_DEPTH_MAX                                                                                   \
    100 /* as Go's decoder bounds it, a schema that holds itself (JSONSchemaProps) included */

/* body: the envelope (6b 38 73 00, message Unknown) around one message. Returns a new tree as JSON would have
 * given it, kind and apiVersion first; fields that are not pointers and hold their zero value are left out,
 * for on the wire they can't be told from absent ones. Unknown field numbers are dropped. Only a kind named
 * `kind` is read with `type`; another one comes back with kind and apiVersion alone, for the caller to
 * refuse. NULL with *err (in the arena) for bytes that are no such thing. Memory is bounded by the body's
 * size times a constant. */
json_t *protobuf_read(struct arena *a, struct str body, const char *kind, const struct schema_type *type,
                      const char **err);
/* The same of a stored object, of which FieldsV1 may come as text (encode.h): it is to be written, and not looked
 * into. *beyond: its message, when it holds fields that the schema does not know, for
 * kept_find once the tree is what will be written; empty: it holds none. */
json_t *protobuf_read_stored(struct arena *a, struct str body, const char *kind,
                             const struct schema_type *type, struct str *beyond, const char **err);

#define PROTOBUF_MAGIC "k8s" /* and its NUL */
#define PROTOBUF_MAGIC_BYTES 4
#define PROTOBUF_META 1 /* an object's metadata in its message, a list's in its */
#define PROTOBUF_RAW 2
#define PROTOBUF_TAIL ((struct str){"\x1a\0\x22\0", 4}) /* contentEncoding, contentType */

/* Appends the message of a tree (decoded: values are in the form that the JSON encoder is given), with tag
 * and length as field 2, byte for byte as the reference's generated code writes it: ascending numbers, maps
 * sorted, whatever is no pointer written even when zero. With rv_at: metadata.resourceVersion is written
 * empty, and *rv_at is the offset from the first byte written where its digits belong (the byte before is its
 * length, to be raised along with those of metadata and message); 0: type has no metadata. a: for byte
 * fields, which JSON holds as base64. kept: what goes between (NULL: nothing). */
void protobuf_write(struct buf *out, struct arena *a, const json_t *obj, const struct schema_type *type,
                    const struct kept *kept, uint32_t *rv_at);
/* What stands before raw in the envelope. */
void protobuf_head(struct buf *out, struct str api_version, struct str kind);
void protobuf_varint(struct buf *out, uint64_t v);
/* Tag and length of a length-delimited field. */
void protobuf_tag(struct buf *out, uint32_t number, uint64_t bytes);
/* The whole envelope of a tree that says what it is, in kind and apiVersion ("v1": of core or meta). false,
 * and nothing is written: there is no such message. */
bool protobuf_write_enveloped(struct buf *out, struct arena *a, const json_t *obj);

#endif
