/* What a manager applied before and does not apply any more goes, unless others own it. Rules:
 * structured-merge-diff/merge/update.go (prune). */
#ifndef REGISTRY_APPLY_PRUNE_H
#define REGISTRY_APPLY_PRUNE_H

#include "registry/apply/call.h"

/* merged: a plain tree. last: what the manager had applied, in that version. ms: with what it applies now. A
 * plain tree, borrowed from the arena; merged itself when nothing goes. */
const json_t *prune(struct tracker *t, const json_t *merged, struct managers *ms, const struct fieldset *last,
                    struct str last_version);

#endif
