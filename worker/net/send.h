/* From plain bytes to the socket: bytes of all streams of a connection are gathered, sealed in full TLS
 * records and written at once. */
#ifndef WORKER_NET_SEND_H
#define WORKER_NET_SEND_H

#include "worker/net/net.h"

/* Most that may be asked of send_room. */
#define SEND_ROOM_MAX (17u << 10)

/* Where n more bytes may be put, or NULL when the socket is full: stop then, a flush comes when it is not. */
char *send_room(struct conn *c, size_t n);
/* That many of them were put. */
void send_added(struct conn *c, size_t n);
/* Always takes all. */
void send_put(struct conn *c, const void *p, size_t n);
/* Seals and writes what is left: ends each flush. */
void send_end(struct conn *c);
/* Writes what TLS itself produced (handshake, alerts). */
void send_sealed(struct conn *c);
/* The socket takes bytes again. Returns true when the backlog is gone. */
bool send_backlog(struct conn *c);
/* The BIO under every SSL. */
BIO_METHOD *send_bio_new(void);

#endif
