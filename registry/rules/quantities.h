/* Amounts with a suffix ("100m", "1.5Gi", "1e3"): resource.Quantity of apimachinery/pkg/api/resource. */
#ifndef REGISTRY_RULES_QUANTITIES_H
#define REGISTRY_RULES_QUANTITIES_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

/* The canonical text of a quantity, in the arena or static; or NULL with *err the reference's message. Blanks
 * around it are dropped; what is canonical already comes back as it is. */
const char *quantity_canonical(struct arena *a, struct str s, const char **err);
/* Orders two valid quantities: <0, 0, >0. Invalid ones count as 0. */
int quantity_cmp(struct str a, struct str b);
/* Whole units, rounded up and capped to int64. Invalid: 0. */
int64_t quantity_value(struct str s);
/* In thousandths, rounded up and capped. Invalid: 0. */
int64_t quantity_milli(struct str s);

#endif
