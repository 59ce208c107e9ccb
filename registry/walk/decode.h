/* From a client's bytes to a checked tree: one walker over (schema, tree). */
#ifndef REGISTRY_WALK_DECODE_H
#define REGISTRY_WALK_DECODE_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/walk/json.h"

/* Checks the tree against the type, in place: unknown fields are removed and reported (`unknown field
 * "spec.x"`), null drops a field (in a list or map it becomes the zero value), numbers of
 * strings/quantities/times/int-or-strings are normalised, field names match exactly in case. obj must be an
 * object; the reference takes a body of null for {}. strict: findings; may be NULL. Pass the ones that
 * json_read or yaml_read filled, so that they stand in one order. Returns false with st as a
 * 400 BadRequest whose message is the decoder's alone, e.g. `json: cannot unmarshal string into Go struct
 * field PodSpec.spec.containers of type []v1.Container`, or `quantities must match ...`: the caller puts in
 * front what it was reading (`Pod in version "v1" cannot be handled as a Pod: ` for bodies of objects). */
bool decode_tree(json_t *obj, const struct schema_type *t, struct findings *strict, struct status *st);

/* The same for the result of a strategic merge, which the reference does not decode from text but converts:
 * other messages ("cannot restore slice from map", "unrecognized type: int32"), whole numbers may have a
 * point, and JSON of any shape is spelled anew. */
bool decode_merged(json_t *obj, const struct schema_type *t, struct findings *strict, struct status *st);

/* apiVersion and kind as a body states them, "" where it does not; views into the tree. Keys match without
 * regard to case, as the reference's first look does. false: *err is its message, beginning with "couldn't
 * get version/kind"; text that json_read refuses gets the prefix DECODE_GVK_PREFIX too. */
#define DECODE_GVK_PREFIX "couldn't get version/kind; json parse error: "
bool decode_gvk(struct arena *a, const json_t *body, struct str *api_version, struct str *kind,
                const char **err);

#endif
