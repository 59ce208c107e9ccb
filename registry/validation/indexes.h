/* Lists of indexes of a Job: "1,3-5". Rule: validateIndexesFormat of pkg/apis/batch/validation. */
#ifndef REGISTRY_VALIDATION_INDEXES_H
#define REGISTRY_VALIDATION_INDEXES_H

#include <stdint.h>
#include "shm/base/arena.h"

/* NULL with *total (how many indexes there are), or the message. completions: they are below it. */
const char *indexes_error(struct arena *a, struct str text, int64_t completions, int64_t *total);
/* The first index that is in both lists, or -1; parts that are no intervals are left out. */
int64_t indexes_overlap(struct str completed, struct str failed, int64_t completions);

#endif
