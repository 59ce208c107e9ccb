/* The three classic patches. Each returns a new tree (the original is not changed), or NULL with st filled as
 * the reference fills it (400 for malformed, 422 for a failed JSON patch test/path, ...). Costs are bounded.
 */
#ifndef REGISTRY_WALK_PATCH_H
#define REGISTRY_WALK_PATCH_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/walk/json.h"

#define JSONPATCH_OPS_MAX 10000 /* the reference's limit */

/* What fieldValidation=Warn and Strict look at before a patch is applied: its shape (400 "error decoding
 * patch: ...") and, for JSON patches, members that an operation does not have. strict: the findings of
 * json_read, which are reworded for JSON patches; NULL for fieldValidation=Ignore. */
bool jsonpatch_check(const json_t *patch, struct findings *strict, struct status *st);
bool mergepatch_check(const json_t *patch, struct findings *strict, struct status *st);
/* For strategic merge patches: 400 "json: cannot unmarshal array into Go value of type map[string]interface
 * {}". */
bool strategicmerge_check(const json_t *patch, struct status *st);

/* RFC 6902, as evanphx/json-patch v4 does it: negative positions count from the end, replace adds. */
json_t *jsonpatch_apply(const json_t *doc, const json_t *patch, struct status *st);
/* Puts the members of what a patch has gone through in the order in which the reference's messages tell them:
 * sorted; all else stays as it was. */
void jsonpatch_retell(struct arena *a, json_t *patched, const json_t *patch);
/* RFC 7386. */
json_t *mergepatch_apply(const json_t *doc, const json_t *patch, struct status *st);
/* Strategic merge: $patch, $deleteFromPrimitiveList, $setElementOrder, $retainKeys; lists by the schema's
 * keys. What it returns is checked with decode_merged(). */
json_t *strategicmerge_apply(const json_t *doc, const json_t *patch, const struct schema_type *t,
                             struct status *st);

/* A tree as Go's %v prints it ("map[spec:map[replicas:3]]"): a strategic merge patch in messages. */
const char *patch_text(struct arena *a, const json_t *v);

#endif
