/* Certificates, keys and what is negotiated. */
#ifndef WORKER_NET_TLS_H
#define WORKER_NET_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include "shm/base/options.h"

struct conn;
struct tls; /* counted: a connection keeps the certificates it began with */

/* Loads --tls-cert-file, --tls-private-key-file, --client-ca-file. NULL with a one-line reason in err. */
struct tls *tls_new(const struct options *o, char *err, size_t err_bytes);
struct tls *tls_ref(struct tls *t);
/* NULL is allowed. */
void tls_unref(struct tls *t);
/* The server side of a connection, without its BIO. */
SSL *tls_session(struct tls *t, struct conn *c);
/* The client's certificate if it was verified and is valid now, else NULL; borrowed from ssl. */
X509 *tls_peer_cert(SSL *ssl);
/* ALPN chose h2. */
bool tls_is_http2(const SSL *ssl);

#endif
