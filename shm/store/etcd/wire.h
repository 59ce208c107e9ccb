/* Bytes to and from one URL without blocking: name, socket, TLS if the scheme says so. Knows no HTTP. */
#ifndef SHM_STORE_ETCD_WIRE_H
#define SHM_STORE_ETCD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WIRE_IN 1
#define WIRE_OUT 2

struct wire;

struct wire_files {
    const char *ca, *cert,
        *key; /* PEM paths, NULL: the system's CAs, no certificate; read anew for each wire */
};

/* scheme://host:port. Never NULL: what is wrong is said by wire_step. */
struct wire *wire_open(const char *url, const struct wire_files *files);
/* NULL is allowed. */
void wire_close(struct wire *w);
/* Goes on with connecting. Returns 1 when bytes can be sent, 0 when it has to be called again (when
 * wire_wants says so, or soon while there is no descriptor), or negative errno, see wire_why. */
int wire_step(struct wire *w);
/* The descriptor, which may change until wire_step returned 1; -1: the name is being looked up. */
int wire_fd(const struct wire *w);
/* WIRE_IN | WIRE_OUT: what the descriptor has to be ready for. */
int wire_wants(const struct wire *w);
/* Returns bytes read, 0 when there are none now, or negative errno (-ECONNRESET: ended by the other side). */
ssize_t wire_read(struct wire *w, char *to, size_t n);
/* Takes all of the bytes; what the socket does not take is kept. Returns 0 or negative errno. */
int wire_write(struct wire *w, const char *p, size_t n);
/* Sends what was kept. As above. */
int wire_flush(struct wire *w);
/* Bytes kept. */
size_t wire_unsent(const struct wire *w);
/* What went wrong. */
const char *wire_why(const struct wire *w);

#endif
