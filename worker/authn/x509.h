/* Client certificates: common name → user, organizations → groups (reference:
 * apiserver/pkg/authentication/request/x509). The chain was verified by TLS. */
#ifndef WORKER_AUTHN_X509_H
#define WORKER_AUTHN_X509_H

#include "worker/authn/union.h"

/* Remembered in peer->identity: a certificate is read once a connection. */
enum authn_answer x509_ask(struct authn *a, struct request *rq);

#endif
