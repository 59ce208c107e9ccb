/* Schemas of custom resources. Private to this folder. Rule: ValidateStructural of apiextensions-apiserver's
 * apiserver/schema, ValidateCustomResourceDefinitionOpenAPISchema of its apis/apiextensions/validation. */
#ifndef REGISTRY_VALIDATION_CRDSCHEMA_H
#define REGISTRY_VALIDATION_CRDSCHEMA_H

#include "registry/validation/check.h"

/* validation: an object with openAPIV3Schema, or NULL. Defaults are not held against their schemas here. */
void check_crd_schema(struct check *c, const struct at *at, const json_t *validation, bool has_status);

#endif
