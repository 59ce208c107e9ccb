/* metadata: what a client may say and what the server sets. */
#ifndef REGISTRY_RULES_OBJECTMETA_H
#define REGISTRY_RULES_OBJECTMETA_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"

/* Field errors of metadata on create / update, collected in st (see status_invalid_done). Rule:
 * apimachinery api/validation/objectmeta.go. */
void objectmeta_validate(const json_t *obj, const struct schema_resource *r, struct status *st);
void objectmeta_validate_update(const json_t *obj, const json_t *old, const struct schema_resource *r,
                                struct status *st);
/* A rule of most built-in kinds beyond that: short finalizers are for the system's own (core's
 * ValidateObjectMeta). */
void objectmeta_validate_finalizers(const json_t *obj, struct status *st);
/* The five random characters behind a generateName (alphabet of the reference); name cut to 63. */
void generate_name(struct str base, char out[64]);
/* A random UUID (version 4), 36 characters and NUL. */
void generate_uid(char out[37]);

#endif
