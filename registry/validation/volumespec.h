/* The spec of a volume: of a PersistentVolume, or inside a VolumeAttachment. Rule:
 * ValidatePersistentVolumeSpec of pkg/apis/core/validation. */
#ifndef REGISTRY_VALIDATION_VOLUMESPEC_H
#define REGISTRY_VALIDATION_VOLUMESPEC_H

#include "registry/validation/check.h"

/* lax: values of the node affinity's selectors are not looked at, because the old object had bad ones. */
void check_volume_spec(struct check *c, const struct at *up, const json_t *spec, struct str volume, bool lax);
/* Of a volume that is no object of its own. */
void check_inline_volume(struct check *c, const struct at *up, const json_t *spec);
/* Where it comes from, and nothing else of it: a new object. */
json_t *volume_sources(const json_t *spec);

#endif
