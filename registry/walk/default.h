/* Defaults: one walker over (schema, tree), driven by what the schema declares and by a table for the rest.
 */
#ifndef REGISTRY_WALK_DEFAULT_H
#define REGISTRY_WALK_DEFAULT_H

#include <jansson.h>
#include "registry/schema.h"

/* Absent fields of v, and of what is in it (pod templates too), get the reference's defaults, in place. v is
 * a value of type t and was decoded. Rule: pkg/apis/GROUP/VERSION/defaults.go. */
void default_tree(json_t *v, const struct schema_type *t);
/* Takes out of v the fields of features that are off. */
void default_withhold(json_t *v, const struct schema_type *t);

#endif
