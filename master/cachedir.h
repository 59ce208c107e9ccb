/* Where the cache of an etcd lies: in memory, private, below a name that only this data directory has. */
#ifndef MASTER_CACHEDIR_H
#define MASTER_CACHEDIR_H

#include <stddef.h>
#include "shm/base/arena.h"

/* The default of --cache-dir. */
const char *cachedir_of(struct arena *a, const char *data_dir);
/* Makes it, for this user alone, and empties it when the machine was started since it was written to: what
 * was not synced then is not to be trusted. 0, or -1 with a line in err. */
int cachedir_ensure(const char *dir, char *err, size_t err_bytes);

#endif
