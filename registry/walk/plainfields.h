/* FieldsV1 that need not be made a tree to be written: nearly all that is stored, and a third of an object's
 * cost. */
#ifndef REGISTRY_WALK_PLAINFIELDS_H
#define REGISTRY_WALK_PLAINFIELDS_H

#include <stdbool.h>
#include "shm/base/str.h"

/* Whether json_write would write just this text of what json_read makes of it. Only says so of objects in
 * objects, not too deep, with keys of ASCII that nobody escapes otherwise. */
bool plainfields(struct str text);

#endif
