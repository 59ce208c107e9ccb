/* Listening sockets, connections, TLS. */
#ifndef WORKER_NET_ACCEPT_H
#define WORKER_NET_ACCEPT_H

#include "worker/request/context.h"
#include "worker/worker.h"

struct net;

/* Loads certificates (options) and starts accepting. NULL with a one-line reason in err. */
struct net *net_new(struct context *ctx, const struct worker_listener *listeners, int n, char *err,
                    size_t err_bytes);
/* Certificates and client CAs anew; on failure the old stay and the reason is in err. */
int net_reload(struct net *n, char *err, size_t err_bytes);
/* Stops accepting; GOAWAY / Connection: close; closes what is idle; net_connections falls to 0 as requests
 * end. for_good: nobody will accept here any more, whoever waits is turned away; else they wait for the
 * successor. */
void net_drain(struct net *n, bool for_good);
int net_connections(const struct net *n);
/* Closes everything at once. */
void net_free(struct net *n);

#endif
