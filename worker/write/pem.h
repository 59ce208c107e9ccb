/* PEM texts that the registry's checks ask about. Messages as Go's crypto/x509 words them, where a client can
 * have caused them by mistake; what is wrong deep in the DER is told in fewer words. */
#ifndef WORKER_WRITE_PEM_H
#define WORKER_WRITE_PEM_H

#include "shm/base/arena.h"
#include "shm/base/str.h"

/* Of a PKCS#10 request with a valid signature; NULL: it is one. The text is static or in the arena. */
const char *pem_request_error(struct arena *a, struct str pem);
/* Of one or more certificates and nothing else between them; NULL: so it is. */
const char *pem_certificates_error(struct arena *a, struct str pem);

#endif
