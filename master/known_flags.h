/* Flags of kube-apiserver 1.36 that cubed does not have. */
#ifndef MASTER_KNOWN_FLAGS_H
#define MASTER_KNOWN_FLAGS_H

#include <stdbool.h>
#include "shm/base/str.h"

/* name: without dashes in front, words joined by '-'. True if kube-apiserver has such a flag. */
bool known_flags_has(struct str name);

#endif
