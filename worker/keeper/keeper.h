/* What an API server does by itself, one loop a file; the keeper's process is a client of cache and store
 * that knows kinds. */
#ifndef WORKER_KEEPER_KEEPER_H
#define WORKER_KEEPER_KEEPER_H

#include "worker/request/context.h"

struct keeper;
struct etcd_client;
/* etcd: NULL with the embedded store. ctx needs options, area, index, loop, cache, snapshots, store and
 * world. Looks at everything there is once.
 */
struct keeper *keeper_new(struct context *ctx, struct etcd_client *etcd);
void keeper_free(struct keeper *k);
/* Takes what the ring has and begins what is to do: true when more waits. */
bool keeper_poll(struct keeper *k);
/* The server goes: what says that it is there is taken away, and nothing else begun. */
void keeper_leave(struct keeper *k);
/* That is done. */
bool keeper_left(struct keeper *k);
/* Once in a while (about a second, or sooner when keeper_due_ms says so): what depends on the clock. */
void keeper_tick(struct keeper *k);
/* Loop time at which delayed work is due; -1: none. */
int64_t keeper_due_ms(const struct keeper *k);
/* True: no news, the loop may sleep (wake_fd will fire). */
bool keeper_sleep(struct keeper *k);
void keeper_awake(struct keeper *k);

#endif
