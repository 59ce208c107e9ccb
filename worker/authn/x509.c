/* The certificate of a connection never changes, so its user is made at the first request and lent to all. */
#include "worker/authn/x509.h"

#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/request/stats.h"

#define GROUPS_MAX 1024

struct identity {
    struct arena *arena;
    struct user user; /* no name: the certificate names nobody */
    int64_t ends_s;   /* when the certificate does */
};

static void identity_free(void *p)
{
    struct identity *id = p;
    arena_free(id->arena); /* holds id too */
}

static struct str entry_text(struct arena *a, X509_NAME_ENTRY *e)
{
    unsigned char *text = NULL;
    int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(e));
    struct str s = n > 0 ? arena_str(a, (struct str){(const char *)text, (size_t)n}) : STR("");
    OPENSSL_free(text);
    return s;
}

static int count(X509_NAME *name, int nid)
{
    int n = 0;
    for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;)
        n++;
    return n < GROUPS_MAX ? n : GROUPS_MAX;
}

static void read_subject(struct identity *id, X509_NAME *name)
{
    struct user *u = &id->user;
    /* of several common names the last counts, as in Go's pkix.Name */
    for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;)
        u->name = entry_text(id->arena, X509_NAME_get_entry(name, i));
    int n = count(name, NID_organizationName);
    u->groups = arena_alloc(id->arena, (size_t)(n + 1) * sizeof(*u->groups));
    for (int i = -1; u->ngroups < n && (i = X509_NAME_get_index_by_NID(name, NID_organizationName, i)) >= 0;)
        u->groups[u->ngroups++] = entry_text(id->arena, X509_NAME_get_entry(name, i));
    bool said = user_in_group(u, "system:authenticated") || user_in_group(u, "system:unauthenticated");
    if (!said)
        u->groups[u->ngroups++] = STR("system:authenticated");
}

/* Extra: which certificate it was, so that an audit can tell two of one user apart. */
static void add_credential_id(struct identity *id, X509 *cert)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    unsigned n = sizeof(hash);
    if (!X509_digest(cert, EVP_sha256(), hash, &n))
        return;
    static const char prefix[] = "X509SHA256=";
    char text[sizeof(prefix) + 2 * SHA256_DIGEST_LENGTH];
    memcpy(text, prefix, sizeof(prefix));
    for (unsigned i = 0; i < n; i++) {
        text[sizeof(prefix) - 1 + 2 * i] = "0123456789abcdef"[hash[i] >> 4];
        text[sizeof(prefix) + 2 * i] = "0123456789abcdef"[hash[i] & 15];
    }
    id->user.extra = arena_alloc(id->arena, sizeof(*id->user.extra));
    id->user.extra[0].name = STR("authentication.kubernetes.io/credential-id");
    id->user.extra[0].value = arena_str(id->arena, (struct str){text, sizeof(text) - 1});
    id->user.nextra = 1;
}

static int64_t end_of(const X509 *cert)
{
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert));
    return clock_wall_s() + days * (int64_t)86400 + seconds;
}

static struct identity *identity_of(struct peer *p)
{
    if (p->identity)
        return p->identity;
    struct arena *a = arena_new(0);
    struct identity *id = arena_alloc(a, sizeof(*id));
    id->arena = a;
    read_subject(id, X509_get_subject_name(p->cert));
    add_credential_id(id, p->cert);
    id->ends_s = end_of(p->cert);
    p->identity = id;
    p->identity_free = identity_free;
    return id;
}

enum authn_answer x509_ask(struct authn *a, struct request *rq)
{
    if (!rq->peer->cert)
        return rq->peer->cert_refused && a->ctx->options->client_ca_file[0] ? AUTHN_REFUSED : AUTHN_NONE;
    const struct identity *id = identity_of(rq->peer);
    if (id->user.name.n == 0)
        return AUTHN_NONE;
    stats_certificate(a->ctx->stats, id->ends_s - clock_wall_s());
    rq->user = id->user;
    return AUTHN_USER;
}
