/* What pod.c, podupdate.c and podstatus.c share. Private to this folder. */
#ifndef REGISTRY_VALIDATION_PODKINDS_H
#define REGISTRY_VALIDATION_PODKINDS_H

#include "registry/validation/pods.h"

/* validatePodMetadataAndSpec, but for the metadata that all kinds have. */
void check_pod(struct check *c, const json_t *pod, const struct pod_options *o);
/* ValidatePodUpdate; of ephemeralcontainers and resize; of the status. Metadata included. */
void pod_update(struct check *c, const json_t *pod, const json_t *old);
void pod_part_update(struct check *c, const json_t *pod, const json_t *old);
void pod_status_update(struct check *c, const json_t *pod, const json_t *old);
/* What a resize may change, behind the checks that all updates have: podresize.c. */
void check_pod_resize(struct check *c, const json_t *pod, const json_t *old);
/* ValidatePodSpecificAnnotationUpdates. */
void check_annotation_changes(struct check *c, const json_t *pod, const json_t *old,
                              const struct pod_options *o);

#endif
