/* The listening sockets: bound before any child exists, kept by the master for as long as it lives. */
#ifndef MASTER_SOCKETS_H
#define MASTER_SOCKETS_H

#include <stddef.h>
#include "shm/base/options.h"
#include "worker/worker.h"

struct sockets;

/* One SO_REUSEPORT listener a worker on --bind-address:--secure-port, and on 127.0.0.1:--insecure-port where
 * that is not 0; or, where systemd passed sockets (sd_listen_fds(3)), those, shared by all workers: TLS,
 * except one named "insecure" that listens on a loopback address. Non-blocking, close-on-exec, listening.
 * NULL with one line in err that says what to do. */
struct sockets *sockets_open(const struct options *o, int workers, char *err, size_t err_bytes);
void sockets_free(struct sockets *s);
/* What worker i accepts on; *n of them. Owned by s. */
const struct worker_listener *sockets_of(const struct sockets *s, int worker, int *n);
/* In a child: closes what is not worker i's; -1: all. */
void sockets_keep_only(struct sockets *s, int worker);

#endif
