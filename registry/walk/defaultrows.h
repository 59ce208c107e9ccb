/* Tables whose rows begin with the name of a type ("core/v1.Container"), sorted by it in byte order. Private
 * to the defaults. */
#ifndef REGISTRY_WALK_DEFAULTROWS_H
#define REGISTRY_WALK_DEFAULTROWS_H

#include <jansson.h>
#include "registry/schema.h"

/* Order of a type and the name that a row begins with, as strcmp. */
int default_row_cmp(const struct schema_type *t, const char *row);
/* First of n rows of this size that is of the type or behind it; n: none. */
size_t default_first_row(const struct schema_type *t, const void *rows, size_t size, size_t n);
/* Fields of v, a struct of type t, that follow from others (defaultcomputed.c). */
void default_computed(json_t *v, const struct schema_type *t);

#endif
