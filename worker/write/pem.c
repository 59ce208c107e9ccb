/* OpenSSL reads; the words are ours. */
#include "worker/write/pem.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define REQUEST "CERTIFICATE REQUEST"
#define CERTIFICATE "CERTIFICATE"

struct block {
    char *name, *header;
    unsigned char *data;
    long n;
};

static BIO *open_text(struct str pem)
{
    return pem.n && pem.n < INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

static bool read_block(BIO *bio, struct block *b)
{
    *b = (struct block){0};
    return bio && PEM_read_bio(bio, &b->name, &b->header, &b->data, &b->n) == 1;
}

static void drop_block(struct block *b)
{
    OPENSSL_free(b->name);
    OPENSSL_free(b->header);
    OPENSSL_free(b->data);
}

static const char *signature_error(X509_REQ *req)
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);

    if (!key)
        return "x509: unsupported public key algorithm";
    if (X509_REQ_verify(req, key) == 1)
        return NULL;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return "crypto/rsa: verification error";
    case EVP_PKEY_EC:
        return "x509: ECDSA verification failure";
    case EVP_PKEY_ED25519:
        return "x509: Ed25519 verification failure";
    default:
        return "x509: cannot verify signature: algorithm unimplemented";
    }
}

static const char *request_error(const struct block *b)
{
    const unsigned char *p = b->data;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, b->n);
    const char *err;

    if (!req)
        return "asn1: structure error: malformed certificate request";
    err = p == b->data + b->n ? signature_error(req) : "asn1: syntax error: trailing data";
    X509_REQ_free(req);
    return err;
}

const char *pem_request_error(struct arena *a, struct str pem)
{
    BIO *bio = open_text(pem);
    struct block b;
    const char *err = "PEM block type must be " REQUEST;

    if (read_block(bio, &b) && strcmp(b.name, REQUEST) == 0)
        err = request_error(&b);
    drop_block(&b);
    BIO_free(bio);
    ERR_clear_error();
    return err;
}

static const char *certificate_error(struct arena *a, const struct block *b)
{
    const unsigned char *p = b->data;
    X509 *cert;

    if (strcmp(b->name, CERTIFICATE) != 0)
        return arena_printf(a, "only CERTIFICATE PEM blocks are allowed, found \"%s\"", b->name);
    if (*b->header)
        return "no PEM block headers are permitted";
    if (b->n == 0)
        return "found CERTIFICATE PEM block containing 0 certificates";
    while (p < b->data + b->n) {
        cert = d2i_X509(NULL, &p, b->data + b->n - p);
        if (!cert)
            return "x509: malformed certificate";
        X509_free(cert);
    }
    return NULL;
}

const char *pem_certificates_error(struct arena *a, struct str pem)
{
    BIO *bio = open_text(pem);
    const char *err = NULL;
    struct block b;
    int blocks = 0;

    while (!err && read_block(bio, &b)) {
        blocks++;
        err = certificate_error(a, &b);
        drop_block(&b);
    }
    if (!err && !blocks)
        err = "must contain at least one CERTIFICATE PEM block";
    BIO_free(bio);
    ERR_clear_error();
    return err;
}
