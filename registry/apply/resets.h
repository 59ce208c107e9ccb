/* Fields that a write of a resource or subresource cannot change, and that its writer therefore does not come
 * to own. Rule: GetResetFields of pkg/registry/GROUP/RESOURCE/strategy.go (as far as the storages hand it on:
 * those of ephemeralcontainers and resize do not). */
#ifndef REGISTRY_APPLY_RESETS_H
#define REGISTRY_APPLY_RESETS_H

#include "registry/apply/fieldset.h"
#include "registry/schema.h"

struct resets {
    const struct fieldset *reset; /* these and all below them are not tracked */
};

struct resets resets_of(struct arena *a, const struct schema_resource *r, const char *subresource);
const struct fieldset *resets_filter(struct arena *a, const struct resets *rs, const struct fieldset *set);

#endif
