/* What an API server does by itself, one loop a file; the keeper's process is a client of cache and store that knows
 * kinds. */
#ifndef WORKER_KEEPER_KEEPER_H
#define WORKER_KEEPER_KEEPER_H

#include "worker/request/context.h"

struct keeper;
struct keeper *keeper_new(struct context *ctx);
void keeper_free(struct keeper *k);
/* Ring news: true when more waits. */
bool keeper_poll(struct keeper *k);

#endif
