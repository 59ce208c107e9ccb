/* Whether two values are the same to the reference: apiequality.Semantic.DeepEqual. */
#ifndef REGISTRY_VALIDATION_SAMEVALUE_H
#define REGISTRY_VALIDATION_SAMEVALUE_H

#include <jansson.h>
#include "registry/schema.h"

/* Empty is absent where the reference's types know no difference; quantities by amount. t NULL: compared as
 * JSON. */
bool same_value(const json_t *a, const json_t *b, const struct schema_type *t);
/* Whether JSON that is kept as it was sent is spelled in a field of both objects in the same way. */
bool same_spelling(const json_t *a, const json_t *b, const struct schema_field *f);

#endif
