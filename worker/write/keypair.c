/* OpenSSL reads; the words are ours. */
#include "worker/write/keypair.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "shm/base/buf.h"

#define CERTIFICATE "CERTIFICATE"
#define PRIVATE_KEY "PRIVATE KEY"

struct block {
    unsigned char *data;
    long n;
};

static bool is_certificate(struct str type)
{
    return str_is(type, CERTIFICATE);
}

static bool is_key(struct str type)
{
    return str_is(type, PRIVATE_KEY) || str_ends(type, STR(" " PRIVATE_KEY));
}

/* The types of the blocks that were no use, as Go prints a list. */
struct skipped {
    struct buf types;
    int n;
    bool key, certificate; /* the last one was */
};

static void skip(struct skipped *s, struct str type)
{
    buf_printf(&s->types, "%s%.*s", s->n++ ? " " : "", STR_ARG(type));
    s->key = str_ends(type, STR(PRIVATE_KEY));
    s->certificate = is_certificate(type);
}

/* The first block that is wanted. */
static bool find(struct str pem, bool (*wanted)(struct str type), struct block *out, struct skipped *s)
{
    BIO *bio = pem.n && pem.n < INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    char *name = NULL, *header = NULL;
    bool found = false;

    while (!found && bio && PEM_read_bio(bio, &name, &header, &out->data, &out->n) == 1) {
        found = wanted(str_of(name));
        if (!found) {
            skip(s, str_of(name));
            OPENSSL_free(out->data);
            out->data = NULL;
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
    }
    BIO_free(bio);
    return found;
}

static const char *no_certificate(struct arena *a, const struct skipped *s)
{
    if (!s->n)
        return "tls: failed to find any PEM data in certificate input";
    if (s->n == 1 && s->key)
        return "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
               "PEM "
               "inputs may have been switched";
    return arena_printf(
        a,
        "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM "
        "blocks of the following types: [%.*s]",
        (int)s->types.n, s->types.p);
}

static const char *no_key(struct arena *a, const struct skipped *s)
{
    if (!s->n)
        return "tls: failed to find any PEM data in key input";
    if (s->n == 1 && s->certificate)
        return "tls: found a certificate rather than a key in the PEM for the private key";
    return arena_printf(
        a,
        "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after "
        "skipping PEM blocks of the following types: [%.*s]",
        (int)s->types.n, s->types.p);
}

static const char *mismatch(EVP_PKEY *of_cert, EVP_PKEY *own)
{
    static const int KINDS[] = {EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519};
    int kind = EVP_PKEY_get_base_id(of_cert);

    if (kind != KINDS[0] && kind != KINDS[1] && kind != KINDS[2])
        return "tls: unknown public key algorithm";
    if (kind != EVP_PKEY_get_base_id(own))
        return "tls: private key type does not match public key type";
    return EVP_PKEY_eq(of_cert, own) == 1 ? NULL : "tls: private key does not match public key";
}

static const char *compare(const struct block *certificate, const struct block *key)
{
    const unsigned char *p = certificate->data, *q = key->data;
    X509 *cert = d2i_X509(NULL, &p, certificate->n);
    EVP_PKEY *of_cert = cert ? X509_get_pubkey(cert) : NULL, *own = NULL;
    const char *err = "x509: malformed certificate";

    if (cert && p == certificate->data + certificate->n) {
        own = d2i_AutoPrivateKey(NULL, &q, key->n);
        err = !own      ? "tls: failed to parse private key"
              : of_cert ? mismatch(of_cert, own)
                        : "tls: unknown public key algorithm";
    }
    EVP_PKEY_free(own);
    EVP_PKEY_free(of_cert);
    X509_free(cert);
    return err;
}

const char *keypair_error(struct arena *a, struct str certificates, struct str key)
{
    struct skipped of_certificate = {0}, of_key = {0};
    struct block certificate = {0}, own = {0};
    const char *err;

    if (!find(certificates, is_certificate, &certificate, &of_certificate))
        err = no_certificate(a, &of_certificate);
    else if (!find(key, is_key, &own, &of_key))
        err = no_key(a, &of_key);
    else
        err = compare(&certificate, &own);
    if (own.data)
        OPENSSL_cleanse(own.data, (size_t)own.n);
    OPENSSL_free(own.data);
    OPENSSL_free(certificate.data);
    buf_free(&of_certificate.types);
    buf_free(&of_key.types);
    ERR_clear_error();
    return err;
}
