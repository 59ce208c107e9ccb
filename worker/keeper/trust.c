/* ConfigMaps in kube-system that tell other components about authentication here: whose client certificates
 * are believed, for API servers behind this one, kube-controller-manager and kube-scheduler; and since when
 * the use of long-lived service account tokens is noted. Rules: pkg/controlplane/controller/
 * clusterauthenticationtrust and legacytokentracking. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"

static bool has(STACK_OF(X509) * list, X509 *cert)
{
    for (int i = 0; i < sk_X509_num(list); i++) {
        if (X509_cmp(sk_X509_value(list, i), cert) == 0)
            return true;
    }
    return false;
}

/* Adds the certificates of a text that are still valid and not there yet. */
static void add_all(STACK_OF(X509) * list, BIO *from)
{
    X509 *cert;

    while (from && (cert = PEM_read_bio_X509(from, NULL, NULL, NULL))) {
        if (X509_cmp_current_time(X509_get0_notAfter(cert)) > 0 && !has(list, cert))
            sk_X509_push(list, cert);
        else
            X509_free(cert);
    }
    ERR_clear_error();
    BIO_free(from);
}

/* New reference; NULL: there is none. */
static json_t *text_of(STACK_OF(X509) * list)
{
    BIO *out = BIO_new(BIO_s_mem());
    json_t *text = NULL;
    char *bytes;
    long n;

    for (int i = 0; i < sk_X509_num(list); i++)
        PEM_write_bio_X509(out, sk_X509_value(list, i));
    n = BIO_get_mem_data(out, &bytes);
    if (n > 0)
        text = json_stringn(bytes, (size_t)n);
    BIO_free(out);
    return text;
}

/* Takes the value. True: it is another than before. */
static bool set(json_t *data, const char *key, json_t *value)
{
    bool same = value ? json_equal(value, json_object_get(data, key)) : !json_object_get(data, key);

    if (value)
        json_object_set_new(data, key, value);
    else
        json_object_del(data, key);
    return !same;
}

static json_t *data_of(json_t *obj)
{
    if (!json_is_object(json_object_get(obj, "data")))
        json_object_set_new(obj, "data", json_object());
    return json_object_get(obj, "data");
}

/* What other servers of this cluster believe stays; what is no longer valid goes. */
static bool put_certificates(const struct options *o, json_t *obj)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    json_t *data = data_of(obj);
    struct str known = tree_str(data, "client-ca-file");
    bool changed;

    add_all(list, known.n ? BIO_new_mem_buf(known.p, (int)known.n) : NULL);
    add_all(list, BIO_new_file(o->client_ca_file, "r"));
    changed = set(data, "client-ca-file", text_of(list));
    sk_X509_pop_free(list, X509_free);
    return changed;
}

static bool is_date(struct str s)
{
    char text[21];
    int64_t us;

    snprintf(text, sizeof(text), "%.10sT00:00:00Z", s.n == 10 ? s.p : "");
    return clock_parse_rfc3339(text, strlen(text), &us) == 0;
}

static bool put_first_day(const struct options *o, json_t *obj)
{
    json_t *data = data_of(obj);
    char now[21];

    if (is_date(tree_str(data, "since")))
        return false;
    clock_rfc3339(clock_wall_s(), now);
    return set(data, "since", json_stringn(now, 10));
}

static json_t *made(const struct keeper *k, bool (*put)(const struct options *o, json_t *obj))
{
    json_t *obj = json_object();

    put(k->ctx->options, obj);
    return obj;
}

static bool settle(struct write *w, const json_t *old, json_t *obj,
                   bool (*put)(const struct options *o, json_t *obj))
{
    if (!put(w->ctx->options, obj))
        return false;
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", obj, old);
    return true;
}

json_t *trust_certificates(const struct keeper *k)
{
    return made(k, put_certificates);
}

bool trust_settle_certificates(struct write *w, const json_t *old, json_t **obj)
{
    return settle(w, old, *obj, put_certificates);
}

json_t *trust_first_day(const struct keeper *k)
{
    return made(k, put_first_day);
}

bool trust_settle_first_day(struct write *w, const json_t *old, json_t **obj)
{
    return settle(w, old, *obj, put_first_day);
}
