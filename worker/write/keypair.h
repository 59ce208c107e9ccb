/* Whether a private key is that of a certificate, as servers that load both ask before they serve. Messages
 * as Go's crypto/tls words them. */
#ifndef WORKER_WRITE_KEYPAIR_H
#define WORKER_WRITE_KEYPAIR_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

/* Both PEM; of several certificates the first one counts. NULL: they belong together. The text is static or
 * in the arena. */
const char *keypair_error(struct arena *a, struct str certificates, struct str key);

#endif
