/* What the registry may ask, answered from the cache: fills ctx->world. */
#ifndef WORKER_WRITE_WORLD_H
#define WORKER_WRITE_WORLD_H

#include "worker/request/context.h"

/* Needs options and snapshots; ctx must outlive the world. */
void world_init(struct context *ctx);
/* The first address of a range ("10.0.0.0/24" gives 10.0.0.1). false: no range. */
bool world_first_address(const char *cidr, char out[46]);

#endif
