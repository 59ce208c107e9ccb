/* Fields that a write of a resource or subresource cannot change, and that its writer therefore does not come
 * to own. Rules: GetResetFields and GetResetFieldsFilter of pkg/registry/GROUP/RESOURCE/strategy.go. */
#ifndef REGISTRY_APPLY_RESETS_H
#define REGISTRY_APPLY_RESETS_H

#include "registry/apply/fieldset.h"
#include "registry/schema.h"

struct resets {
    const struct fieldset *reset;       /* these and all below them are not tracked */
    const struct fieldset *const *only; /* if there are any: nothing else is tracked but what is below one of
                                           these; an item of a list is named "*" */
    int nonly;
};

struct resets resets_of(struct arena *a, const struct schema_resource *r, const char *subresource);
const struct fieldset *resets_filter(struct arena *a, const struct resets *rs, const struct fieldset *set);

#endif
