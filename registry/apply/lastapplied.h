/* The annotation in which kubectl's client-side apply keeps what it applied: who goes over to server-side
 * apply takes over what it says, and it is kept up to date. Rules: apimachinery
 * util/managedfields/internal/{lastappliedmanager,lastappliedupdater}.go. */
#ifndef REGISTRY_APPLY_LASTAPPLIED_H
#define REGISTRY_APPLY_LASTAPPLIED_H

#include "registry/apply/call.h"

/* What the annotation says that the live object still has: conflicts about it are none. NULL: nothing. */
const struct fieldset *lastapplied_set(struct tracker *t, const json_t *live);
/* Where obj has the annotation, it gets the configuration; where it would be too long, it goes. */
void lastapplied_renew(struct arena *a, json_t *obj, const json_t *config);

#endif
