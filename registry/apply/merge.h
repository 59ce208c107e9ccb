/* What becomes of an object when a configuration is laid over it, and when paths are taken out of it. Rules:
 * structured-merge-diff/typed/{merge,remove}.go. */
#ifndef REGISTRY_APPLY_MERGE_H
#define REGISTRY_APPLY_MERGE_H

#include "registry/apply/shape.h"

/* live (typed) with config (plain) laid over it: a new plain tree. s->err is set when a list item cannot be
 * told from others. */
json_t *merge(struct shaper *s, const struct shape *shape, const json_t *live, const json_t *config);
/* A plain tree without the paths of the set; new reference. What becomes empty by it stays, empty. */
json_t *merge_without(struct shaper *s, const struct shape *shape, const json_t *v,
                      const struct fieldset *gone);

#endif
