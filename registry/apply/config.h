/* Server-side apply: a client says what it wants to own, and its values, and nothing else. Rules: as apply.h.
 */
#ifndef REGISTRY_APPLY_CONFIG_H
#define REGISTRY_APPLY_CONFIG_H

#include "registry/apply/apply.h"

/* Lays a configuration (a plain tree, as it was sent) over live (NULL: there is no object yet). A new object
 * with its managedFields, converted to its type but without defaults; NULL with st filled: 409 with the
 * conflicts, 400 or 500. */
json_t *config_apply(const struct apply_call *c, const json_t *live, const json_t *config, struct status *st);

#endif
