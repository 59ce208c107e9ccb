/* `cubed store export` and `cubed store import`: a cluster's objects between a store and a file. */
#ifndef WORKER_STORETOOL_H
#define WORKER_STORETOOL_H

#include "shm/base/options.h"

/* what: "export" or "import". Prints progress and, when it fails, one line to stderr. Returns the exit
 * status.
 */
int storetool_main(const struct options *o, const char *what, const char *file);

#endif
