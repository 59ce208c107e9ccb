/* One cubed a data directory. */
#ifndef MASTER_INSTANCE_H
#define MASTER_INSTANCE_H

#include <stddef.h>

/* Makes the directory (0700, parents too) and takes <data_dir>/cubed.lock. The lock goes with the descriptor:
 * children that hold a copy keep it, so the store of a killed master is free only when its watcher is gone.
 * Waits up to wait_ms for that. Returns the descriptor, or -1 with one line in err. */
int instance_lock(const char *data_dir, int wait_ms, char *err, size_t err_bytes);

#endif
