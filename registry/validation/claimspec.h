/* What a PersistentVolumeClaim asks for, in a claim of its own or in a template. Rule:
 * ValidatePersistentVolumeClaimSpec of pkg/apis/core/validation. */
#ifndef REGISTRY_VALIDATION_CLAIMSPEC_H
#define REGISTRY_VALIDATION_CLAIMSPEC_H

#include "registry/validation/check.h"

struct claim_options {
    bool lax_selector;  /* the old object has bad values in it */
    bool lax_api_group; /* the old object has one that may be bad */
};

void check_claim_spec(struct check *c, const struct at *at, const json_t *spec,
                      const struct claim_options *o);
/* ValidatePersistentVolumeClaimTemplate: its metadata may have labels and annotations only. */
void check_claim_template(struct check *c, const struct at *at, const json_t *template_,
                          const struct claim_options *o);
/* Access modes of a claim or a volume: known ones, and the one that is for a single pod stands alone. */
void check_access_modes(struct check *c, const struct at *up, const json_t *spec);
/* "Block", "Filesystem". */
void check_volume_mode(struct check *c, const struct at *up, const json_t *spec);

#endif
