/* Admission: the plugins that look at a write before it is prepared and checked, in the reference's order,
 * one table. A plugin may change the object or refuse it. */
#ifndef REGISTRY_ADMISSION_CHAIN_H
#define REGISTRY_ADMISSION_CHAIN_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/world.h"

enum admission_verb { ADMISSION_CREATE = 1, ADMISSION_UPDATE = 2, ADMISSION_DELETE = 4 };

struct admission_call {
    struct arena *arena;
    enum admission_verb verb;
    const struct schema_resource *resource; /* in whose form obj is: the storage resource */
    const char *subresource;                /* "" for the main resource */
    struct str ns, name;                    /* of the request; name is empty for generateName */
    json_t *obj;                            /* NULL for a delete */
    const json_t *old;                      /* NULL for a create */
    const struct world *world;
};

/* false: st is the refusal. */
bool admission_admit(const struct admission_call *c, struct status *st);

#endif
