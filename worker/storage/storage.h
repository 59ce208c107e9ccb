/* The cache and the store of a process of clients. */
#ifndef WORKER_STORAGE_STORAGE_H
#define WORKER_STORAGE_STORAGE_H

#include "worker/request/context.h"

struct etcd_client;
struct etcdkey;
struct stored;

/* Waits until the watcher has made the cache, unless *stop gets set because SIGTERM or SIGINT, which must be
 * blocked, came meanwhile. Fills cache, snapshots, store, storage, stored, etcd and fresh of ctx, which needs
 * options, area, index and loop. false: *stop, or what is wrong was logged. */
bool storage_open(struct context *ctx, bool *stop);
/* Now and then: goes along with the watcher when that has read --encryption-provider-config anew. */
void storage_tick(struct context *ctx);
/* What was opened so far. */
void storage_close(struct context *ctx);

/* Of etcd; NULL with the embedded store. */
struct etcd_client *storage_client(struct storage *s);
struct etcdkey *storage_keys(struct storage *s);
struct stored *storage_stored(struct storage *s);

#endif
