/* FieldsV1: a set of field paths as JSON ({"f:spec":{"f:replicas":{}}}), both ways. Rules:
 * structured-merge-diff/fieldpath/serialize.go. */
#ifndef REGISTRY_APPLY_FIELDSETTEXT_H
#define REGISTRY_APPLY_FIELDSETTEXT_H

#include "registry/apply/fieldset.h"

/* From a tree (NULL or null: the empty set). false: it is none of its kind. The set borrows names from the
 * tree. */
bool fieldset_read(struct arena *a, const json_t *v, const struct fieldset **out);
/* Compact text, elements in order. */
void fieldset_write(struct buf *out, const struct fieldset *s);

#endif
