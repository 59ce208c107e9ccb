/* Whether a plain tree fits its type, as an apply configuration has to. Rules and texts:
 * structured-merge-diff/typed/validate.go. */
#ifndef REGISTRY_APPLY_TYPED_H
#define REGISTRY_APPLY_TYPED_H

#include "registry/apply/shape.h"

#define TYPED_ERROR_BYTES_MAX (64u << 10) /* what is said ends there */

/* NULL, or what is wrong: ".spec.x: field not declared in schema", or "errors:" and a line each. */
const char *typed_error(struct shaper *s, const struct shape *shape, const json_t *v);

#endif
