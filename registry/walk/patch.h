/* The three classic patches. Each returns a new tree (the original is not changed), or NULL with st filled as the
 * reference fills it (400 for malformed, 422 for a failed JSON patch test/path, ...). Costs are bounded. */
#ifndef REGISTRY_WALK_PATCH_H
#define REGISTRY_WALK_PATCH_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"

#define JSONPATCH_OPS_MAX 10000 /* the reference's limit */

/* RFC 6902. */
json_t *jsonpatch_apply(const json_t *doc, const json_t *patch, struct status *st);
/* RFC 7386. */
json_t *mergepatch_apply(const json_t *doc, const json_t *patch, struct status *st);
/* Strategic merge: $patch, $deleteFromPrimitiveList, $setElementOrder, $retainKeys; lists by the schema's keys. */
json_t *strategicmerge_apply(const json_t *doc, const json_t *patch, const struct schema_type *t, struct status *st);

#endif
