/* The certificates of a server that was given none, and what everyone's files must pass before they are used.
 * Layout under <data_dir>: pki/ca.{crt,key} apiserver.{crt,key} admin.{crt,key} sa.{key,pub},
 * admin.kubeconfig. */
#ifndef MASTER_PKI_H
#define MASTER_PKI_H

#include <stddef.h>
#include "shm/base/options.h"

#define PKI_NAMES_MAX 32

struct pki_request {
    const char *data_dir;
    const char *server_url;   /* for the kubeconfig: https://127.0.0.1:6443 */
    const char *const *names; /* DNS names and addresses the serving certificate must cover */
    int nnames;
    const char *tls_cert_file;  /* given by the user: no serving certificate is made. "" otherwise */
    const char *client_ca_file; /* given by the user: no admin certificate and kubeconfig. "" otherwise */
};

/* Makes what is missing, and makes anew what no longer serves: expired within 30 days, signed by another CA,
 * not fitting its key, lacking a name. Everything else is left alone, so that a restart changes nothing. The
 * instance lock must be held. Returns the number of files written, or -1 with one line in err. */
int pki_ensure(const struct pki_request *r, char *err, size_t err_bytes);

/* The certificate and key of --tls-*-file fit, --client-ca-file holds certificates, --token-auth-file can be
 * read. 0, or -1 with one line in err that names flag and file. */
int pki_check_files(const struct options *o, char *err, size_t err_bytes);

#endif
