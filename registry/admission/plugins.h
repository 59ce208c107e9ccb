/* The entry functions of the plugins, for the chain's table. Each returns true, or false with st filled. */
#ifndef REGISTRY_ADMISSION_PLUGINS_H
#define REGISTRY_ADMISSION_PLUGINS_H

#include "registry/admission/chain.h"

/* namespaces.c: nothing is made in a namespace that is not there or is going; three namespaces stay. */
bool admission_namespace_lifecycle(const struct admission_call *c, struct status *st);
/* objects.c: what new pods, nodes and volumes get. */
bool admission_priority(const struct admission_call *c, struct status *st);
bool admission_default_tolerations(const struct admission_call *c, struct status *st);
bool admission_taint_nodes(const struct admission_call *c, struct status *st);
bool admission_storage_protection(const struct admission_call *c, struct status *st);

#endif
