/* The mechanics below pki.c. A key file is created with its final mode in its directory before a byte is in
 * it, and takes its name only when it is on disk: a power cut leaves the old file or the new one. */
#include "master/pki_make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "shm/base/must.h"

#define FILE_MAX_BYTES (1 << 20)
/* clocks of clients lag */
#define BACKDATE_S 300

EVP_PKEY *pki_key_new(void)
{
    return EVP_EC_gen("P-256");
}

static int add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    int ok = e && X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
    return ok;
}

static GENERAL_NAME *alt_name(const char *text)
{
    unsigned char raw[16];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    bool ip = inet_pton(family, text, raw) == 1;
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_STRING *value = ip ? (ASN1_STRING *)ASN1_OCTET_STRING_new() : (ASN1_STRING *)ASN1_IA5STRING_new();
    if (!g || !value ||
        !ASN1_STRING_set(value, ip ? (const void *)raw : text, ip ? (family == AF_INET ? 4 : 16) : -1)) {
        GENERAL_NAME_free(g);
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(g, ip ? GEN_IPADD : GEN_DNS, value);
    return g;
}

static int add_alt_names(X509 *cert, const struct pki_subject *s)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    int ok = all != NULL;
    for (int i = 0; ok && i < s->nnames; i++) {
        GENERAL_NAME *g = alt_name(s->names[i]);
        ok = g && sk_GENERAL_NAME_push(all, g) > 0;
    }
    ok = ok && (s->nnames == 0 || X509_add1_ext_i2d(cert, NID_subject_alt_name, all, 0, 0) == 1);
    GENERAL_NAMES_free(all);
    return ok;
}

static const struct {
    const char *basic, *usage, *extended;
} uses[] = {
    [PKI_CA] = {"critical,CA:TRUE", "critical,digitalSignature,keyEncipherment,keyCertSign,cRLSign", NULL},
    [PKI_SERVER] = {"critical,CA:FALSE", "critical,digitalSignature,keyEncipherment", "serverAuth"},
    [PKI_CLIENT] = {"critical,CA:FALSE", "critical,digitalSignature,keyEncipherment", "clientAuth"},
};

static int fill_extensions(X509 *cert, const struct pki_subject *s, X509 *issuer)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    return add_extension(cert, &ctx, NID_basic_constraints, uses[s->use].basic) &&
           add_extension(cert, &ctx, NID_key_usage, uses[s->use].usage) &&
           (!uses[s->use].extended || add_extension(cert, &ctx, NID_ext_key_usage, uses[s->use].extended)) &&
           add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
           add_extension(cert, &ctx, NID_authority_key_identifier, "keyid") && add_alt_names(cert, s);
}

static int add_name(X509_NAME *n, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(n, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static int fill_serial(X509 *cert)
{
    unsigned char raw[16];
    if (RAND_bytes(raw, sizeof(raw)) != 1)
        return 0;
    raw[0] = (raw[0] & 0x7f) | 0x40; /* positive, and never short */
    BIGNUM *b = BN_bin2bn(raw, sizeof(raw), NULL);
    int ok = b && BN_to_ASN1_INTEGER(b, X509_get_serialNumber(cert));
    BN_free(b);
    return ok;
}

X509 *pki_issue(const struct pki_subject *s, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_NAME_new();
    X509 *issuer = ca ? ca : cert;
    int ok = cert && name && X509_set_version(cert, X509_VERSION_3) && fill_serial(cert) &&
             (!s->o || add_name(name, "O", s->o)) && add_name(name, "CN", s->cn) &&
             X509_set_subject_name(cert, name) &&
             X509_set_issuer_name(cert, ca ? X509_get_subject_name(ca) : name) &&
             X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) &&
             X509_time_adj_ex(X509_getm_notAfter(cert), s->days, 0, NULL) && X509_set_pubkey(cert, key) &&
             fill_extensions(cert, s, issuer) && X509_sign(cert, ca ? ca_key : key, EVP_sha256()) > 0;
    X509_NAME_free(name);
    if (ok)
        return cert;
    X509_free(cert);
    return NULL;
}

/* Takes the BIO; its content as text on the heap if ok. */
static char *bio_text(BIO *b, int ok)
{
    char *data, *out = NULL;
    long n = b ? BIO_get_mem_data(b, &data) : 0;
    if (ok && n > 0)
        out = strndup(data, (size_t)n);
    BIO_free(b);
    return out;
}

char *pki_pem_key(EVP_PKEY *key)
{
    BIO *b = BIO_new(BIO_s_mem());
    return bio_text(b, b && PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0, NULL, NULL));
}

char *pki_pem_public(EVP_PKEY *key)
{
    BIO *b = BIO_new(BIO_s_mem());
    return bio_text(b, b && PEM_write_bio_PUBKEY(b, key));
}

char *pki_pem_cert(X509 *cert)
{
    BIO *b = BIO_new(BIO_s_mem());
    return bio_text(b, b && PEM_write_bio_X509(b, cert));
}

/* Keys with a passphrase are not for servers: refuse instead of asking the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *u)
{
    return -1;
}

EVP_PKEY *pki_load_key(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
    fclose(f);
    if (!key)
        errno = EBADMSG;
    return key;
}

X509 *pki_load_cert(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    X509 *cert = PEM_read_X509(f, NULL, no_passphrase, NULL);
    fclose(f);
    if (!cert)
        errno = EBADMSG;
    return cert;
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

static int sync_directory_of(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = fsync(fd) ? -errno : 0;
    close(fd);
    return rc;
}

int pki_write_file(const char *path, const char *text, unsigned mode)
{
    char tmp[PATH_MAX];
    if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
        return -ENAMETOOLONG;
    unlink(tmp); /* of a start that was cut short; the instance lock says nobody else writes here */
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    int rc = write_all(fd, text, strlen(text));
    if (!rc && (fchmod(fd, mode) || fsync(fd)))
        rc = -errno;
    close(fd);
    if (!rc && rename(tmp, path))
        rc = -errno;
    if (rc) {
        unlink(tmp);
        return rc;
    }
    return sync_directory_of(path);
}

char *pki_read_file(const char *path, size_t *bytes)
{
    struct stat st;
    char *out = NULL;
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES) {
        errno = EINVAL;
    } else {
        must(out = calloc(1, (size_t)st.st_size + 1));
        ssize_t r = 1;
        while (n < (size_t)st.st_size && (r = read(fd, out + n, (size_t)st.st_size - n)) > 0)
            n += (size_t)r;
        if (r < 0) {
            free(out);
            out = NULL;
        }
    }
    int saved = errno;
    close(fd);
    errno = saved;
    *bytes = n;
    return out;
}
