/* OpenAPI v2 and v3 documents, written from the schema. */
#ifndef REGISTRY_WALK_OPENAPI_H
#define REGISTRY_WALK_OPENAPI_H

#include "registry/schema.h"
#include "shm/base/buf.h"

/* The whole v2 document. */
void openapi_v2(struct buf *out);
/* {"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=..."},...}} */
void openapi_v3_index(struct buf *out);
/* One group version's document; path as in the index ("apis/apps/v1", "api", "version"). false: none there. */
bool openapi_v3(struct buf *out, struct str path);

#endif
