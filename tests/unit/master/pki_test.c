/* First start, every later start, and the ways in which files go bad between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/x509v3.h>

#include "master/pki.h"
#include "master/pki_make.h"

static const char *const names[] = {"kubernetes.default.svc", "localhost", "127.0.0.1", "::1", "10.0.0.1"};
static char dir[PATH_MAX], err[512];

static int setup(void **state)
{
    snprintf(dir, sizeof(dir), "%s/cubed-pki.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(dir) ? 0 : -1;
}

static const char *at(const char *name)
{
    static char path[4][PATH_MAX + 64];
    static int i;
    i = (i + 1) % 4;
    snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
    return path[i];
}

static int teardown(void **state)
{
    static const char *const files[] = {
        "pki/ca.crt",    "pki/ca.key", "pki/apiserver.crt", "pki/apiserver.key", "pki/admin.crt",
        "pki/admin.key", "pki/sa.key", "pki/sa.pub",        "admin.kubeconfig",  "pki"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        remove(at(files[i]));
    return rmdir(dir);
}

static struct pki_request request(int nnames)
{
    return (struct pki_request){.data_dir = dir,
                                .server_url = "https://127.0.0.1:6443",
                                .names = names,
                                .nnames = nnames,
                                .tls_cert_file = "",
                                .client_ca_file = ""};
}

static int ensure(int nnames)
{
    struct pki_request r = request(nnames);
    err[0] = '\0';
    return pki_ensure(&r, err, sizeof(err));
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(at(name), &st), 0);
    return st.st_mode & 0777;
}

static char *content(const char *name)
{
    size_t n;
    char *text = pki_read_file(at(name), &n);
    assert_non_null(text);
    return text;
}

static void first_start(void **state)
{
    assert_int_equal(ensure(4), 9);
    assert_int_equal(mode_of("pki"), 0700);
    assert_int_equal(mode_of("pki/ca.key"), 0600);
    assert_int_equal(mode_of("pki/apiserver.key"), 0600);
    assert_int_equal(mode_of("pki/admin.key"), 0600);
    assert_int_equal(mode_of("pki/sa.key"), 0600);
    assert_int_equal(mode_of("admin.kubeconfig"), 0600);

    X509 *ca = pki_load_cert(at("pki/ca.crt")), *serving = pki_load_cert(at("pki/apiserver.crt"));
    X509 *admin = pki_load_cert(at("pki/admin.crt"));
    EVP_PKEY *key = pki_load_key(at("pki/apiserver.key"));
    char subject[256];
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_verify(serving, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_verify(admin, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_private_key(serving, key), 1);
    assert_int_equal(X509_check_host(serving, "kubernetes.default.svc", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(serving, "::1", 0), 1);
    assert_int_not_equal(X509_check_ip_asc(serving, "10.0.0.1", 0), 1);
    assert_int_equal(X509_check_purpose(serving, X509_PURPOSE_SSL_SERVER, 0), 1);
    assert_int_equal(X509_check_purpose(admin, X509_PURPOSE_SSL_CLIENT, 0), 1);
    assert_int_equal(X509_check_purpose(admin, X509_PURPOSE_SSL_SERVER, 0), 0);
    X509_NAME_oneline(X509_get_subject_name(admin), subject, sizeof(subject));
    assert_string_equal(subject, "/O=system:masters/CN=kubernetes-admin");
    X509_free(ca);
    X509_free(serving);
    X509_free(admin);
    EVP_PKEY_free(key);
}

static void a_restart_changes_nothing(void **state)
{
    assert_int_equal(ensure(4), 9);
    char *before = content("pki/apiserver.crt"), *config = content("admin.kubeconfig");
    assert_int_equal(ensure(4), 0);
    char *after = content("pki/apiserver.crt"), *config_after = content("admin.kubeconfig");
    assert_string_equal(before, after);
    assert_string_equal(config, config_after);
    assert_non_null(strstr(config, "server: https://127.0.0.1:6443"));
    free(before);
    free(after);
    free(config);
    free(config_after);
}

static void a_new_address_renews_the_serving_certificate_only(void **state)
{
    assert_int_equal(ensure(4), 9);
    char *admin = content("pki/admin.crt"), *ca = content("pki/ca.crt");
    assert_int_equal(ensure(5), 2);
    X509 *serving = pki_load_cert(at("pki/apiserver.crt"));
    assert_int_equal(X509_check_ip_asc(serving, "10.0.0.1", 0), 1);
    X509_free(serving);
    char *admin_after = content("pki/admin.crt"), *ca_after = content("pki/ca.crt");
    assert_string_equal(admin, admin_after);
    assert_string_equal(ca, ca_after);
    free(admin);
    free(ca);
    free(admin_after);
    free(ca_after);
}

/* Puts a serving certificate of the given lifetime, signed by the CA, in place. */
static void place_serving(int days)
{
    struct pki_subject s = {.cn = "x", .names = names, .nnames = 4, .use = PKI_SERVER, .days = days};
    X509 *ca = pki_load_cert(at("pki/ca.crt"));
    EVP_PKEY *ca_key = pki_load_key(at("pki/ca.key")), *key = pki_key_new();
    X509 *cert = pki_issue(&s, key, ca, ca_key);
    char *crt_text = pki_pem_cert(cert), *key_text = pki_pem_key(key);
    assert_int_equal(pki_write_file(at("pki/apiserver.crt"), crt_text, 0644), 0);
    assert_int_equal(pki_write_file(at("pki/apiserver.key"), key_text, 0600), 0);
    free(crt_text);
    free(key_text);
    X509_free(cert);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

static void expiring_certificates_are_renewed(void **state)
{
    assert_int_equal(ensure(4), 9);
    place_serving(200);
    assert_int_equal(ensure(4), 0);
    place_serving(10);
    assert_int_equal(ensure(4), 2);
    place_serving(-1);
    assert_int_equal(ensure(4), 2);
}

static void a_cut_first_start_heals(void **state)
{
    assert_int_equal(ensure(4), 9);
    /* the key was written, its certificate not */
    char *other = content("pki/admin.key");
    assert_int_equal(pki_write_file(at("pki/apiserver.key"), other, 0600), 0);
    free(other);
    assert_int_equal(ensure(4), 2);
    assert_int_equal(unlink(at("pki/admin.crt")), 0);
    assert_int_equal(ensure(4), 3); /* key, certificate, kubeconfig */
    assert_int_equal(unlink(at("pki/sa.pub")), 0);
    assert_int_equal(ensure(4), 1);
    /* the CA's key was written, its certificate not: all signed by the lost one is made anew */
    assert_int_equal(unlink(at("pki/ca.crt")), 0);
    assert_int_equal(ensure(4), 7);
}

static void broken_files_are_named(void **state)
{
    assert_int_equal(ensure(4), 9);
    assert_int_equal(pki_write_file(at("pki/ca.crt"), "rubbish\n", 0644), 0);
    assert_int_equal(ensure(4), -1);
    assert_non_null(strstr(err, at("pki/ca.crt")));
    assert_null(strchr(err, '\n'));
    /* a key that is there but unreadable must not be replaced: tokens were issued with it */
    teardown(NULL);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(ensure(4), 9);
    assert_int_equal(pki_write_file(at("pki/sa.key"), "rubbish\n", 0600), 0);
    assert_int_equal(ensure(4), -1);
    assert_non_null(strstr(err, at("pki/sa.key")));
}

static void without_the_ca_key_a_good_set_still_serves(void **state)
{
    assert_int_equal(ensure(4), 9);
    assert_int_equal(unlink(at("pki/ca.key")), 0);
    assert_int_equal(ensure(4), 0);
    assert_int_equal(ensure(5), -1);
    assert_non_null(strstr(err, "ca.key"));
}

static void given_files_are_checked(void **state)
{
    char crt[PATH_MAX + 64], key[PATH_MAX + 64], ca[PATH_MAX + 64], other[PATH_MAX + 64];
    assert_int_equal(ensure(4), 9);
    snprintf(crt, sizeof(crt), "%s", at("pki/apiserver.crt"));
    snprintf(key, sizeof(key), "%s", at("pki/apiserver.key"));
    snprintf(ca, sizeof(ca), "%s", at("pki/ca.crt"));
    snprintf(other, sizeof(other), "%s", at("pki/admin.key"));
    struct options o = {.tls_cert_file = crt,
                        .tls_private_key_file = key,
                        .client_ca_file = ca,
                        .token_auth_file = "",
                        .write_server_ca = "",
                        .proxy_client_cert_file = "",
                        .proxy_client_key_file = ""};
    assert_int_equal(pki_check_files(&o, err, sizeof(err)), 0);

    o.tls_private_key_file = other;
    assert_int_equal(pki_check_files(&o, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "--tls-private-key-file"));
    o.tls_private_key_file = key;
    o.tls_cert_file = "/nowhere/x.crt";
    assert_int_equal(pki_check_files(&o, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "/nowhere/x.crt: No such file"));
    o.tls_cert_file = crt;
    o.client_ca_file = key;
    assert_int_equal(pki_check_files(&o, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "--client-ca-file"));
    o.client_ca_file = ca;
    o.token_auth_file = "/nowhere/tokens";
    assert_int_equal(pki_check_files(&o, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "--token-auth-file /nowhere/tokens"));
}

int main(void)
{
#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_DIR(first_start),
        WITH_DIR(a_restart_changes_nothing),
        WITH_DIR(a_new_address_renews_the_serving_certificate_only),
        WITH_DIR(expiring_certificates_are_renewed),
        WITH_DIR(a_cut_first_start_heals),
        WITH_DIR(broken_files_are_named),
        WITH_DIR(without_the_ca_key_a_good_set_still_serves),
        WITH_DIR(given_files_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
