/* OpenAPI v2 and v3 documents, written from the schema. Megabytes, some 10 ms of work each (the index: of all
 * v3 documents): they change only when the resources do, so serve a copy that is kept. */
#ifndef REGISTRY_WALK_OPENAPI_H
#define REGISTRY_WALK_OPENAPI_H

#include "registry/schema.h"
#include "shm/base/buf.h"

/* The whole v2 document. */
void openapi_v2(struct buf *out);
/* The same as gnostic's OpenAPIv2.proto has it (application/com.github.proto-openapi.spec.v2.v1.0+protobuf). */
void openapi_v2_protobuf(struct buf *out);
/* {"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=..."},...}} */
void openapi_v3_index(struct buf *out);
/* One group version's document; path as in the index ("apis/apps/v1", "api", "version"). false: none there.
 */
bool openapi_v3(struct buf *out, struct str path);
/* The same as gnostic's OpenAPIv3.proto has it (application/com.github.proto-openapi.spec.v3.v1.0+protobuf). */
bool openapi_v3_protobuf(struct buf *out, struct str path);

#endif
