/* What /metrics says of the store, which has to be asked or counted first. */
#ifndef WORKER_HANDLERS_STORAGEMETRICS_H
#define WORKER_HANDLERS_STORAGEMETRICS_H

#include "worker/request/request.h"

struct storagemetrics;

/* Begins to count the objects of each resource and to ask etcd for its size. NULL in *out is never left.
 * True: the request waits, and is resumed when both are done. */
bool storagemetrics_gather(struct request *rq, struct storagemetrics **out);
void storagemetrics_write(const struct storagemetrics *m, struct buf *out);

#endif
