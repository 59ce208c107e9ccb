/* Client certificates are asked for and never required: one that cannot be verified must not break the
 * handshake. Its requests are refused unless they prove who they are otherwise, as in the reference.
 *
 * Sessions are resumed by tickets alone. All workers, and those that replace them, must open each other's
 * tickets without talking: the ticket key is derived (HKDF, RFC 5869) from the server's private key, the
 * client CAs and the half day it is used in. The CAs are part of it because a ticket carries the verdict on
 * the client's certificate, which must not outlive a change of the CAs. */
#include "worker/net/tls.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/net/conn.h"

#define TLS_MAGIC 0x746c7320u
#define TICKET_EPOCH_S (12 * 3600)
#define TICKET_LIFE_S (12 * 3600)
#define TICKET_NAME_BYTES 16
#define TICKET_KEY_BYTES 32
#define SECRET_BYTES 32

struct ticket_key {
    int64_t epoch;
    unsigned char name[TICKET_NAME_BYTES];
    unsigned char aes[TICKET_KEY_BYTES];
    unsigned char mac[TICKET_KEY_BYTES];
};

struct tls {
    unsigned magic;
    int refs;
    SSL_CTX *ctx;
    unsigned char secret[SECRET_BYTES];
    struct ticket_key keys[2]; /* of this half day and the last */
};

/* ---- tickets ---- */

static void hkdf(const unsigned char *secret, const char *info, size_t info_n, unsigned char *out, size_t n)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *k = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    must(k != NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, SECRET_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_n),
        OSSL_PARAM_construct_end(),
    };
    must(EVP_KDF_derive(k, out, n, params) == 1);
    EVP_KDF_CTX_free(k);
    EVP_KDF_free(kdf);
}

static void ticket_key_make(struct tls *t, struct ticket_key *k, int64_t epoch)
{
    unsigned char out[TICKET_NAME_BYTES + 2 * TICKET_KEY_BYTES];
    char info[64];
    int n = snprintf(info, sizeof(info), "cubed session ticket %lld", (long long)epoch);
    hkdf(t->secret, info, (size_t)n, out, sizeof(out));
    k->epoch = epoch;
    memcpy(k->name, out, TICKET_NAME_BYTES);
    memcpy(k->aes, out + TICKET_NAME_BYTES, TICKET_KEY_BYTES);
    memcpy(k->mac, out + TICKET_NAME_BYTES + TICKET_KEY_BYTES, TICKET_KEY_BYTES);
    OPENSSL_cleanse(out, sizeof(out));
}

static void ticket_keys_turn(struct tls *t)
{
    int64_t epoch = clock_wall_s() / TICKET_EPOCH_S;
    if (t->keys[0].epoch == epoch)
        return;
    ticket_key_make(t, &t->keys[0], epoch);
    ticket_key_make(t, &t->keys[1], epoch - 1);
}

static int ticket_key_use(const struct ticket_key *k, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                          EVP_MAC_CTX *mac, int enc)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->mac, TICKET_KEY_BYTES),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_MAC_CTX_set_params(mac, params) != 1)
        return -1;
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->aes, iv, enc) == 1 ? 1 : -1;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int enc)
{
    struct conn *c = SSL_get_app_data(ssl);
    struct tls *t = c->tls;
    ticket_keys_turn(t);
    if (enc) {
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
            return -1;
        memcpy(name, t->keys[0].name, TICKET_NAME_BYTES);
        return ticket_key_use(&t->keys[0], iv, cipher, mac, 1);
    }
    for (int i = 0; i < 2; i++)
        if (memcmp(name, t->keys[i].name, TICKET_NAME_BYTES) == 0) {
            int rc = ticket_key_use(&t->keys[i], iv, cipher, mac, 0);
            return rc < 0 ? rc : i + 1; /* 2: good, and give a new one */
        }
    return 0;
}

/* Extract: the secret binds the private key and the client CAs. */
static bool secret_make(struct tls *t, EVP_PKEY *key, X509_STORE *store)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    int n = i2d_PrivateKey(key, &der);
    bool ok = md && n > 0 && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(md, der, (size_t)n) == 1;
    OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    for (int i = 0; ok && i < sk_X509_OBJECT_num(objects); i++) {
        unsigned char fp[EVP_MAX_MD_SIZE];
        unsigned fp_n;
        X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        ok = !ca || (X509_digest(ca, EVP_sha256(), fp, &fp_n) == 1 && EVP_DigestUpdate(md, fp, fp_n) == 1);
    }
    ok = ok && EVP_DigestFinal_ex(md, t->secret, NULL) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

/* ---- negotiation ---- */

static const unsigned char ALPN[] = "\x02h2\x08http/1.1";

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
                   unsigned in_n, void *arg)
{
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_n, ALPN, sizeof(ALPN) - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int on_verify(X509_STORE_CTX *store, void *arg)
{
    if (X509_verify_cert(store) <= 0 && X509_STORE_CTX_get_error(store) == X509_V_OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    return 1; /* the verdict is in SSL_get_verify_result, and in the ticket */
}

bool tls_is_http2(const SSL *ssl)
{
    const unsigned char *p;
    unsigned n;
    SSL_get0_alpn_selected(ssl, &p, &n);
    return n == 2 && memcmp(p, "h2", 2) == 0;
}

X509 *tls_peer_cert(SSL *ssl)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);
    if (!cert || SSL_get_verify_result(ssl) != X509_V_OK)
        return NULL;
    /* a resumed session brings the verdict of the first handshake */
    if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0 ||
        X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
        return NULL;
    return cert;
}

/* ---- making ---- */

static struct tls *fail(struct tls *t, char *err, size_t err_bytes, const char *what, const char *file)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    snprintf(err, err_bytes, "%s %s: %s", what, file, reason ? reason : "cannot be used");
    ERR_clear_error();
    tls_unref(t);
    return NULL;
}

static bool configure(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, TICKET_LIFE_S);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_max_early_data(ctx, 0);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
    /* AES-128 first, as Go's server prefers it; only AEAD with forward secrecy below TLS 1.3 (RFC
     * 9113, 9.2.2) */
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"cubed", 5) == 1 &&
           SSL_CTX_set_ciphersuites(
               ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

struct tls *tls_new(const struct options *o, char *err, size_t err_bytes)
{
    struct tls *t = calloc(1, sizeof(*t));
    must(t != NULL);
    t->magic = TLS_MAGIC;
    t->refs = 1;
    t->keys[0].epoch = -1;
    ERR_clear_error();
    t->ctx = SSL_CTX_new(TLS_server_method());
    if (!t->ctx || !configure(t->ctx))
        return fail(t, err, err_bytes, "TLS", "setup");
    if (SSL_CTX_use_certificate_chain_file(t->ctx, o->tls_cert_file) != 1)
        return fail(t, err, err_bytes, "--tls-cert-file", o->tls_cert_file);
    if (SSL_CTX_use_PrivateKey_file(t->ctx, o->tls_private_key_file, SSL_FILETYPE_PEM) != 1)
        return fail(t, err, err_bytes, "--tls-private-key-file", o->tls_private_key_file);
    if (SSL_CTX_check_private_key(t->ctx) != 1)
        return fail(t, err, err_bytes, "--tls-private-key-file", o->tls_private_key_file);
    if (o->client_ca_file[0]) {
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(o->client_ca_file);
        if (!names)
            return fail(t, err, err_bytes, "--client-ca-file", o->client_ca_file);
        SSL_CTX_set_client_CA_list(t->ctx, names);
        if (SSL_CTX_load_verify_file(t->ctx, o->client_ca_file) != 1)
            return fail(t, err, err_bytes, "--client-ca-file", o->client_ca_file);
    }
    if (!secret_make(t, SSL_CTX_get0_privatekey(t->ctx), SSL_CTX_get_cert_store(t->ctx)))
        return fail(t, err, err_bytes, "--tls-private-key-file", o->tls_private_key_file);
    ERR_clear_error();
    return t;
}

struct tls *tls_ref(struct tls *t)
{
    must_be(t, TLS_MAGIC);
    t->refs++;
    return t;
}

void tls_unref(struct tls *t)
{
    if (!t)
        return;
    must_be(t, TLS_MAGIC);
    if (--t->refs > 0)
        return;
    t->magic = 0;
    SSL_CTX_free(t->ctx);
    OPENSSL_cleanse(t->secret, sizeof(t->secret));
    OPENSSL_cleanse(t->keys, sizeof(t->keys));
    free(t);
}

SSL *tls_session(struct tls *t, struct conn *c)
{
    must_be(t, TLS_MAGIC);
    SSL *ssl = SSL_new(t->ctx);
    must(ssl != NULL);
    SSL_set_app_data(ssl, c);
    SSL_set_accept_state(ssl);
    return ssl;
}
