#include "plain_request.h"
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <unistd.h>
#include "worker/authn/tokenfile.h"
#include "worker/authn/union.h"
#include "worker/request/stats.h"

static bool find(const struct tokens *t, const char *token, struct arena *a, struct user *u)
{
    return tokens_find(t, str_of(token), a, u);
}

static void reads_tokens(void **state)
{
    char err[256] = "";
    struct arena *a = arena_new(0);
    struct user u;
    struct tokens *t = tokens_parse(
        STR("t1,jane,u1\r\n\n\"t,\"\"2\",joe,,\"g1,g2\"\n,nobody,x\nt3,x,y,system:unauthenticated,more\n"),
        "f", err, sizeof(err));
    assert_non_null(t);
    assert_int_equal(tokens_count(t), 3);
    assert_true(find(t, "t1", a, &u));
    assert_str(u.name, "jane");
    assert_str(u.uid, "u1");
    assert_int_equal(u.ngroups, 1);
    assert_str(u.groups[0], "system:authenticated");
    assert_true(find(t, "t,\"2", a, &u));
    assert_int_equal(u.ngroups, 3);
    assert_str(u.groups[1], "g2");
    assert_true(find(t, "t3", a, &u));
    assert_int_equal(u.ngroups, 1);
    assert_false(find(t, "t", a, &u));
    assert_false(find(t, "", a, &u));
    tokens_free(t);
    arena_free(a);
}

static void refuse(const char *text, const char *line)
{
    char err[256] = "";
    assert_null(tokens_parse(str_of(text), "file", err, sizeof(err)));
    if (!strstr(err, line))
        fail_msg("\"%s\" does not say \"%s\"", err, line);
}

static void refuses_tokens(void **state)
{
    refuse("a,b,c\nd,e\n", "line 2");
    refuse("a,\"b,c\n", "line 1");
    refuse("a,b\"c,d\n", "line 1");
    refuse("a,\"b\"x,c\n", "line 1");
    char err[256] = "";
    assert_null(tokens_read("/nowhere/tokens", err, sizeof(err)));
    assert_non_null(strstr(err, "/nowhere/tokens"));
}

static void reads_bearer(void **state)
{
    assert_str(authn_bearer(STR("Bearer abc")), "abc");
    assert_str(authn_bearer(STR("bEARER abc def")), "abc");
    assert_str(authn_bearer(STR("Basic abc")), "");
    assert_str(authn_bearer(STR("Bearer")), "");
    assert_str(authn_bearer(STR("Bearer  abc")), "");
    assert_str(authn_bearer(STR_NONE), "");
}

/* ---- the stage ---- */

struct rig {
    struct plain p;
    char file[64];
};

static void rig_open(struct rig *r, const char *tokens)
{
    char err[256];
    strcpy(r->file, "/tmp/authn-test-XXXXXX");
    int fd = mkstemp(r->file);
    assert_true(fd >= 0 && write(fd, tokens, strlen(tokens)) == (ssize_t)strlen(tokens));
    close(fd);
    r->p.options.token_auth_file = r->file;
    r->p.ctx.options = &r->p.options;
    r->p.ctx.stats = stats_new(NULL, 0, 1);
    r->p.ctx.authn = authn_new(&r->p.ctx, err, sizeof(err));
    assert_non_null(r->p.ctx.authn);
}

static void rig_close(struct rig *r)
{
    authn_free(r->p.ctx.authn);
    stats_free(r->p.ctx.stats);
    unlink(r->file);
}

/* Name of the user, or "401". */
static const char *who(struct rig *r, const char *authorization, char out[64])
{
    plain_begin(&r->p, "GET", "/x");
    if (authorization)
        plain_header(&r->p, "authorization", authorization);
    if (authn_stage(r->p.rq) == STAGE_NEXT)
        snprintf(out, 64, "%.*s", STR_ARG(r->p.rq->user.name));
    else
        snprintf(out, 64, "%d", r->p.rq->res.code);
    plain_end(&r->p);
    return out;
}

static void stage_with_tokens(void **state)
{
    struct rig r = {0};
    char out[64], err[256];
    r.p.options.anonymous_auth = true;
    rig_open(&r, "t1,jane,u1\n");
    assert_string_equal(who(&r, "Bearer t1", out), "jane");
    assert_string_equal(who(&r, "Bearer wrong", out), "401");
    assert_string_equal(who(&r, "Basic t1", out), "system:anonymous");
    assert_string_equal(who(&r, NULL, out), "system:anonymous");
    r.p.options.anonymous_auth = false;
    assert_string_equal(who(&r, NULL, out), "401");
    r.p.peer.trusted_plain = true;
    assert_string_equal(who(&r, "Bearer wrong", out), "system:unsecured");
    r.p.peer.trusted_plain = false;

    /* a reload that fails keeps what there is; one that works forgets the old tokens */
    FILE *f = fopen(r.file, "w");
    fputs("broken\n", f);
    fclose(f);
    assert_true(authn_reload(r.p.ctx.authn, err, sizeof(err)) < 0);
    assert_string_equal(who(&r, "Bearer t1", out), "jane");
    f = fopen(r.file, "w");
    fputs("t2,joe,u2\n", f);
    fclose(f);
    assert_int_equal(authn_reload(r.p.ctx.authn, err, sizeof(err)), 0);
    assert_string_equal(who(&r, "Bearer t1", out), "401");
    assert_string_equal(who(&r, "Bearer t2", out), "joe");
    rig_close(&r);
}

static X509 *certificate(const char *cn, const char *const *orgs)
{
    X509 *c = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *n = X509_get_subject_name(c);
    for (; *orgs; orgs++)
        X509_NAME_add_entry_by_txt(n, "O", MBSTRING_UTF8, (const unsigned char *)*orgs, -1, -1, 0);
    if (cn)
        X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
    X509_set_pubkey(c, key);
    assert_true(X509_sign(c, key, EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return c;
}

static void stage_with_certificates(void **state)
{
    struct rig r = {0};
    char out[64];
    r.p.options.anonymous_auth = true;
    rig_open(&r, "t1,jane,u1\n");
    r.p.peer.cert = certificate("zoë", (const char *const[]){"system:masters", "devs", NULL});
    assert_string_equal(who(&r, NULL, out), "zoë");
    assert_string_equal(who(&r, "Bearer wrong", out), "zoë");
    void *memo = r.p.peer.identity;
    assert_non_null(memo);

    plain_begin(&r.p, "GET", "/x");
    assert_int_equal(authn_stage(r.p.rq), STAGE_NEXT);
    const struct user *u = &r.p.rq->user;
    assert_ptr_equal(r.p.peer.identity, memo);
    assert_int_equal(u->ngroups, 3);
    assert_true(user_in_group(u, "system:masters"));
    assert_true(user_in_group(u, "devs"));
    assert_true(user_in_group(u, "system:authenticated"));
    assert_int_equal(u->nextra, 1);
    assert_int_equal(u->extra[0].value.n, 11 + 64);
    plain_end(&r.p);

    r.p.peer.identity_free(r.p.peer.identity);
    r.p.peer.identity = NULL;
    X509_free(r.p.peer.cert);
    r.p.peer.cert = certificate(NULL, (const char *const[]){"system:masters", NULL});
    assert_string_equal(who(&r, NULL, out), "system:anonymous");
    r.p.peer.identity_free(r.p.peer.identity);
    X509_free(r.p.peer.cert);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tokens),
        cmocka_unit_test(refuses_tokens),
        cmocka_unit_test(reads_bearer),
        cmocka_unit_test(stage_with_tokens),
        cmocka_unit_test(stage_with_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
