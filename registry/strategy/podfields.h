/* What becomes of a new pod before it is checked. */
#ifndef REGISTRY_STRATEGY_PODFIELDS_H
#define REGISTRY_STRATEGY_PODFIELDS_H

#include <jansson.h>

/* What the labels of a new pod say about matchLabelKeys goes into the selectors beside them; AppArmor
 * annotations go into the fields that took their place. Rule: PrepareForCreate of
 * pkg/registry/core/pod/strategy.go. */
void podfields_complete(json_t *pod);

#endif
