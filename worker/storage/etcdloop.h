/* The client of etcd on the worker's loop. */
#ifndef WORKER_STORAGE_ETCDLOOP_H
#define WORKER_STORAGE_ETCDLOOP_H

#include "shm/store/etcd/client.h"
#include "worker/loop/loop.h"

struct etcdloop;

/* A client that the loop drives; o->host is not looked at. NULL and a line in err. */
struct etcdloop *etcdloop_new(struct loop *l, const struct etcd_options *o, char *err, size_t err_bytes);
/* Frees the client, too. NULL is allowed. */
void etcdloop_free(struct etcdloop *e);
struct etcd_client *etcdloop_client(struct etcdloop *e);

#endif
