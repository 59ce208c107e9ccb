/* First start: a person wants a server, not a lesson in certificates; and no server may ever run without. So
 * what is missing is made here, kubeadm's names and lifetimes, and every later start looks whether it still
 * serves. The order key, certificate, kubeconfig together with atomic files makes a cut at any point heal by
 * itself: a certificate that does not fit its key is made anew. */
#include "master/pki.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "master/pki_make.h"
#include "shm/base/must.h"

#define CA_DAYS 3650
#define LEAF_DAYS 365
#define RENEW_DAYS 30

struct pki {
    const struct pki_request *r;
    X509 *ca;
    EVP_PKEY *ca_key; /* NULL: only the certificate is here, nothing can be signed */
    int written;
    char *err;
    size_t err_bytes;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct pki *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->err, p->err_bytes, fmt, ap);
    va_end(ap);
    ERR_clear_error();
    return -1;
}

/* <data_dir>/pki/<name>, on the heap. */
static char *pki_path(const char *data_dir, const char *name)
{
    char *out;
    must(asprintf(&out, "%s/pki/%s", data_dir, name) > 0);
    return out;
}

/* Takes text. */
static int write_text(struct pki *p, const char *path, char *text, unsigned mode)
{
    int rc = text ? pki_write_file(path, text, mode) : -ENOMEM;
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
    if (rc)
        return refuse(p, "cannot write %s: %s", path, strerror(-rc));
    p->written++;
    return 0;
}

static bool days_left(const X509 *cert, int days)
{
    time_t then = time(NULL) + (time_t)days * 86400;
    return X509_cmp_time(X509_get0_notAfter(cert), &then) > 0;
}

static bool missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

static int make_ca(struct pki *p, const char *crt, const char *key)
{
    struct pki_subject s = {.cn = "kubernetes", .use = PKI_CA, .days = CA_DAYS};
    if (!(p->ca_key = pki_key_new()) || !(p->ca = pki_issue(&s, p->ca_key, NULL, NULL)))
        return refuse(p, "cannot make a certificate authority: OpenSSL failed");
    if (write_text(p, key, pki_pem_key(p->ca_key), 0600))
        return -1;
    return write_text(p, crt, pki_pem_cert(p->ca), 0644);
}

static int load_ca(struct pki *p, const char *crt, const char *key)
{
    if (!(p->ca = pki_load_cert(crt)))
        return refuse(
            p,
            "cannot read the CA certificate %s: %s; restore it, or remove the folder to have all made anew",
            crt, errno == EBADMSG ? "no PEM certificate in it" : strerror(errno));
    if (!days_left(p->ca, 0))
        return refuse(p, "the CA certificate %s has expired: remove its folder to have all made anew", crt);
    if (missing(key))
        return 0;
    if (!(p->ca_key = pki_load_key(key)))
        return refuse(p, "cannot read the CA key %s: %s", key,
                      errno == EBADMSG ? "no usable PEM key in it" : strerror(errno));
    if (X509_check_private_key(p->ca, p->ca_key) != 1)
        return refuse(p, "the CA key %s does not belong to %s: restore the right one", key, crt);
    return 0;
}

static int ensure_ca(struct pki *p)
{
    char *crt = pki_path(p->r->data_dir, "ca.crt"), *key = pki_path(p->r->data_dir, "ca.key");
    /* a key without a certificate is a first start that was cut short */
    int rc = missing(crt) ? make_ca(p, crt, key) : load_ca(p, crt, key);
    free(crt);
    free(key);
    return rc;
}

static bool covers(X509 *cert, const struct pki_subject *s)
{
    const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS;
    for (int i = 0; i < s->nnames; i++) {
        unsigned char raw[16];
        bool ip = inet_pton(strchr(s->names[i], ':') ? AF_INET6 : AF_INET, s->names[i], raw) == 1;
        if ((ip ? X509_check_ip_asc(cert, s->names[i], 0)
                : X509_check_host(cert, s->names[i], 0, flags, NULL)) != 1)
            return false;
    }
    return true;
}

static bool still_serves(struct pki *p, X509 *cert, EVP_PKEY *key, const struct pki_subject *s)
{
    EVP_PKEY *signer = X509_get0_pubkey(p->ca);
    bool ok = cert && key && X509_check_private_key(cert, key) == 1 && X509_verify(cert, signer) == 1 &&
              days_left(cert, RENEW_DAYS) && covers(cert, s);
    ERR_clear_error();
    return ok;
}

/* base.crt and base.key. */
static int ensure_leaf(struct pki *p, const char *base, const struct pki_subject *s)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.crt", base);
    char *crt = pki_path(p->r->data_dir, name);
    snprintf(name, sizeof(name), "%s.key", base);
    char *keyfile = pki_path(p->r->data_dir, name);
    X509 *cert = pki_load_cert(crt), *fresh = NULL;
    EVP_PKEY *key = pki_load_key(keyfile), *fresh_key = NULL;
    int rc = 0;
    if (!still_serves(p, cert, key, s)) {
        if (!p->ca_key)
            rc = refuse(
                p, "%s must be made anew, but there is no pki/ca.key to sign it: put a fresh one there", crt);
        else if (!(fresh_key = pki_key_new()) || !(fresh = pki_issue(s, fresh_key, p->ca, p->ca_key)))
            rc = refuse(p, "cannot make %s: OpenSSL failed", crt);
        else if (!(rc = write_text(p, keyfile, pki_pem_key(fresh_key), 0600)))
            rc = write_text(p, crt, pki_pem_cert(fresh), 0644);
    }
    X509_free(cert);
    X509_free(fresh);
    EVP_PKEY_free(key);
    EVP_PKEY_free(fresh_key);
    free(crt);
    free(keyfile);
    return rc;
}

/* The pair that service account tokens are signed with and checked by. */
static int ensure_service_account(struct pki *p)
{
    char *keyfile = pki_path(p->r->data_dir, "sa.key"), *pub = pki_path(p->r->data_dir, "sa.pub");
    bool had = !missing(keyfile);
    EVP_PKEY *key = had ? pki_load_key(keyfile) : pki_key_new();
    int rc = 0;
    if (!key)
        rc = refuse(p,
                    had ? "cannot read %s: restore it, or remove it to have a new one (issued tokens end)"
                        : "cannot make %s: OpenSSL failed",
                    keyfile);
    if (!rc && !had)
        rc = write_text(p, keyfile, pki_pem_key(key), 0600);
    if (!rc && (!had || missing(pub)))
        rc = write_text(p, pub, pki_pem_public(key), 0644);
    EVP_PKEY_free(key);
    free(keyfile);
    free(pub);
    return rc;
}

static char *base64(const char *text, size_t n)
{
    char *out = malloc(4 * ((n + 2) / 3) + 1);
    must(out);
    EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)n);
    return out;
}

/* The file's content in base64 on the heap; NULL with errno. */
static char *file_base64(const char *path)
{
    size_t n;
    char *text = pki_read_file(path, &n);
    if (!text)
        return NULL;
    char *out = base64(text, n);
    OPENSSL_cleanse(text, n);
    free(text);
    return out;
}

static const char kubeconfig[] = "apiVersion: v1\n"
                                 "kind: Config\n"
                                 "clusters:\n"
                                 "- name: cubed\n"
                                 "  cluster:\n"
                                 "    server: %s\n"
                                 "    certificate-authority-data: %s\n"
                                 "users:\n"
                                 "- name: kubernetes-admin\n"
                                 "  user:\n"
                                 "    client-certificate-data: %s\n"
                                 "    client-key-data: %s\n"
                                 "contexts:\n"
                                 "- name: kubernetes-admin@cubed\n"
                                 "  context:\n"
                                 "    cluster: cubed\n"
                                 "    user: kubernetes-admin\n"
                                 "current-context: kubernetes-admin@cubed\n";

static int ensure_kubeconfig(struct pki *p)
{
    char path[PATH_MAX], *text = NULL;
    size_t had_bytes;
    char *admin_crt = pki_path(p->r->data_dir, "admin.crt"),
         *admin_key = pki_path(p->r->data_dir, "admin.key");
    char *ca_crt = pki_path(p->r->data_dir, "ca.crt");
    /* a serving certificate of the user's own is trusted as it stands: its issuers may not be on this machine
     */
    char *ca = file_base64(*p->r->tls_cert_file ? p->r->tls_cert_file : ca_crt);
    char *crt = file_base64(admin_crt), *key = file_base64(admin_key);
    int rc = 0;
    snprintf(path, sizeof(path), "%s/admin.kubeconfig", p->r->data_dir);
    if (!ca && *p->r->tls_cert_file) {
        rc = refuse(p, "--tls-cert-file %s: %s", p->r->tls_cert_file, strerror(errno));
    } else if (!ca || !crt || !key) {
        rc = refuse(p, "cannot read %s: %s", !ca ? ca_crt : !crt ? admin_crt : admin_key, strerror(errno));
    } else {
        must(asprintf(&text, kubeconfig, p->r->server_url, ca, crt, key) > 0);
        char *had = pki_read_file(path, &had_bytes);
        if (!had || strcmp(had, text) != 0)
            rc = write_text(p, path, text, 0600);
        else
            free(text);
        free(had);
    }
    free(admin_crt);
    free(admin_key);
    free(ca_crt);
    free(ca);
    free(crt);
    free(key);
    return rc;
}

static int ensure_all(struct pki *p)
{
    const struct pki_request *r = p->r;
    struct pki_subject serving = {
        .cn = "kube-apiserver", .names = r->names, .nnames = r->nnames, .use = PKI_SERVER, .days = LEAF_DAYS};
    struct pki_subject admin = {
        .cn = "kubernetes-admin", .o = "system:masters", .use = PKI_CLIENT, .days = LEAF_DAYS};
    bool need_ca = !*r->tls_cert_file || !*r->client_ca_file;
    if (need_ca && ensure_ca(p))
        return -1;
    if (!*r->tls_cert_file && ensure_leaf(p, "apiserver", &serving))
        return -1;
    if (!*r->client_ca_file && (ensure_leaf(p, "admin", &admin) || ensure_kubeconfig(p)))
        return -1;
    return ensure_service_account(p);
}

int pki_ensure(const struct pki_request *r, char *err, size_t err_bytes)
{
    struct pki p = {.r = r, .err = err, .err_bytes = err_bytes};
    char dir[PATH_MAX];
    snprintf(dir, sizeof(dir), "%s/pki", r->data_dir);
    int rc = 0;
    if (mkdir(dir, 0700) && errno != EEXIST)
        rc = refuse(&p, "cannot make %s: %s", dir, strerror(errno));
    if (!rc)
        rc = ensure_all(&p);
    X509_free(p.ca);
    EVP_PKEY_free(p.ca_key);
    return rc ? -1 : p.written;
}

struct file {
    const char *flag, *path;
};

static X509 *cert_in(struct pki *p, struct file f)
{
    X509 *cert = pki_load_cert(f.path);
    if (!cert)
        refuse(p, "--%s %s: %s", f.flag, f.path,
               errno == EBADMSG ? "no PEM certificate in it" : strerror(errno));
    return cert;
}

static int check_pair(struct pki *p, struct file cert_file, struct file key_file)
{
    X509 *cert = cert_in(p, cert_file);
    if (!cert)
        return -1;
    EVP_PKEY *key = pki_load_key(key_file.path);
    int rc = 0;
    if (!key)
        rc = refuse(p, "--%s %s: %s", key_file.flag, key_file.path,
                    errno == EBADMSG ? "no PEM private key without passphrase in it" : strerror(errno));
    else if (X509_check_private_key(cert, key) != 1)
        rc = refuse(p, "--%s %s is not the key of the certificate in --%s %s", key_file.flag, key_file.path,
                    cert_file.flag, cert_file.path);
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

int pki_check_files(const struct options *o, char *err, size_t err_bytes)
{
    struct pki p = {.err = err, .err_bytes = err_bytes};
    const struct file pairs[][2] = {
        {{"tls-cert-file", o->tls_cert_file}, {"tls-private-key-file", o->tls_private_key_file}},
        {{"proxy-client-cert-file", o->proxy_client_cert_file},
         {"proxy-client-key-file", o->proxy_client_key_file}},
    };
    const struct file cas[] = {{"client-ca-file", o->client_ca_file},
                               {"write-server-ca", o->write_server_ca}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (*pairs[i][0].path && check_pair(&p, pairs[i][0], pairs[i][1]))
            return -1;
    for (size_t i = 0; i < sizeof(cas) / sizeof(cas[0]); i++) {
        X509 *ca = *cas[i].path ? cert_in(&p, cas[i]) : NULL;
        if (*cas[i].path && !ca)
            return -1;
        X509_free(ca);
    }
    if (*o->token_auth_file && access(o->token_auth_file, R_OK))
        return refuse(&p, "--token-auth-file %s: %s", o->token_auth_file, strerror(errno));
    return 0;
}
