/* Keys and certificates as OpenSSL objects, and files that are either whole or not there. Used by pki.c. */
#ifndef MASTER_PKI_MAKE_H
#define MASTER_PKI_MAKE_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum pki_use { PKI_CA, PKI_SERVER, PKI_CLIENT };

struct pki_subject {
    const char *cn, *o;       /* o may be NULL */
    const char *const *names; /* subject alternative names, DNS or IP as text; nnames 0 for none */
    int nnames;
    enum pki_use use;
    int days;
};

/* ECDSA P-256. NULL on failure. */
EVP_PKEY *pki_key_new(void);
/* A certificate for key, signed by ca_key in the name of ca; ca NULL: self-signed. RFC 5280. NULL on failure.
 */
X509 *pki_issue(const struct pki_subject *s, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key);

/* Heap PEM text, NUL-terminated; NULL on failure. The key in PKCS #8. */
char *pki_pem_key(EVP_PKEY *key);
char *pki_pem_public(EVP_PKEY *key);
char *pki_pem_cert(X509 *cert);

/* The first object of a PEM file; NULL if there is none or the file cannot be read (errno is set: ENOENT, or
 * EBADMSG for a file without a usable object). */
EVP_PKEY *pki_load_key(const char *path);
X509 *pki_load_cert(const char *path);

/* Writes text to path at once or not at all: a new file beside it, synced, renamed over it, the directory
 * synced. 0 or negative errno. */
int pki_write_file(const char *path, const char *text, unsigned mode);
/* Whole file, NUL-terminated, on the heap; NULL with errno. At most 1 MiB. */
char *pki_read_file(const char *path, size_t *bytes);

#endif
