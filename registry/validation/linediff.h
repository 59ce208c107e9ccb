/* The unified diff of two texts, as some refusals show what was changed. Rule: Ratcliff and Obershelp's
 * matching, as github.com/pmezard/go-difflib does it. */
#ifndef REGISTRY_VALIDATION_LINEDIFF_H
#define REGISTRY_VALIDATION_LINEDIFF_H

#include "shm/base/buf.h"

#define LINEDIFF_TEXT_MAX (2u << 20)  /* of each text; the rest is not looked at */
#define LINEDIFF_WORK_MAX (20u << 20) /* comparisons; what is left then counts as changed */

/* Appends hunks with three lines of context and without a header; nothing when both are the same. */
void linediff(struct buf *out, struct str a, struct str b);

#endif
