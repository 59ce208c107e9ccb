/* What controllers with a pod template share. */
#ifndef REGISTRY_VALIDATION_TEMPLATES_H
#define REGISTRY_VALIDATION_TEMPLATES_H

#include "registry/validation/pods.h"

/* Options of an update of a kind with spec.template; old NULL: of a create. */
struct pod_options template_options(struct check *c, const json_t *old);
/* "`selector` does not match template `labels`", below at ("spec.template"). */
void check_template_labels(struct check *c, const struct at *at, const json_t *template_);
/* Only restartPolicy Always, no activeDeadlineSeconds: pods that are kept running. kind: as the message calls
 * it. */
void check_lasting(struct check *c, const struct at *at, const json_t *template_, const char *kind);
/* A label selector that must be there and select something. */
void check_own_selector(struct check *c, const struct at *up, const json_t *spec, const char *kind);
/* Each member of obj that is there: >= 0. */
void check_counts(struct check *c, const struct at *up, const json_t *obj, const char *const *members, int n);
/* A member that must not be larger than another one. */
void check_at_most(struct check *c, const struct at *up, const json_t *obj, const char *member,
                   const char *other, const char *detail);
/* A counter that only grows. */
void check_not_decremented(struct check *c, const struct at *up, const json_t *obj, const json_t *old,
                           const char *member);

#endif
