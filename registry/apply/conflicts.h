/* What an apply is told when others own what it would change. Rules: apimachinery
 * util/managedfields/internal/conflict.go. */
#ifndef REGISTRY_APPLY_CONFLICTS_H
#define REGISTRY_APPLY_CONFLICTS_H

#include "registry/apply/call.h"

/* 409 with a cause for every path. */
void conflicts_status(struct status *st, const struct conflict *conflicts, int n);

#endif
