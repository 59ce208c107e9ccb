/* The environments in which the API's objects carry expressions. */
#ifndef REGISTRY_CEL_ENVIRONMENTS_H
#define REGISTRY_CEL_ENVIRONMENTS_H

#include "registry/cel/check.h"
#include "registry/cel/cost.h"

/* What admission's expressions may name; flags. Rule: apiserver/pkg/admission/plugin/cel/compile.go. */
enum cel_admission { CEL_PARAMS = 1, CEL_AUTHORIZER = 2, CEL_PATCHES = 4 };

/* Without variables.*: those are for the caller to add. */
struct cel_env cel_env_admission(unsigned flags);
/* Of a device's selectors. Rule: dynamic-resource-allocation/cel/compile.go. */
struct cel_env cel_env_device(void);
/* How large what a device has may be. */
struct cel_sizes cel_device_sizes(void);

#endif
