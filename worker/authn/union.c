/* The first authenticator that knows the user wins; wrong credentials are refused only when no other kind was
 * right. Only who shows nothing at all is anonymous. */
#include "worker/authn/union.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/authn/tokenfile.h"
#include "worker/authn/x509.h"
#include "worker/request/stats.h"

#define AUTHN_MAGIC 0x6175746eu

struct str authn_bearer(struct str header)
{
    struct str rest = str_trim(header), scheme, token;
    if (!str_next(&rest, ' ', &scheme) || !str_eq_nocase(scheme, STR("bearer")) ||
        !str_next(&rest, ' ', &token))
        return STR_NONE;
    return token;
}

bool authn_token(struct authn *a, struct arena *arena, struct str token, struct user *out)
{
    return a->tokens && tokens_find(a->tokens, token, arena, out);
}

static enum authn_answer token_ask(struct authn *a, struct request *rq)
{
    struct str token = authn_bearer(request_header(rq, "authorization"));
    if (token.n == 0)
        return AUTHN_NONE;
    rq->by_token = authn_token(a, rq->arena, token, &rq->user);
    return rq->by_token ? AUTHN_USER : AUTHN_REFUSED;
}

/* --insecure-port: who can reach it may do everything. */
static enum authn_answer plain_ask(struct authn *a, struct request *rq)
{
    static const struct str groups[] = {{"system:masters", 14}, {"system:authenticated", 20}};
    if (!rq->peer->trusted_plain)
        return AUTHN_NONE;
    rq->user = (struct user){
        .name = STR("system:unsecured"), .groups = (struct str *)(uintptr_t)groups, .ngroups = 2};
    return AUTHN_USER;
}

static const struct authn_row rows[] = {
    {"plain", plain_ask},
    {"x509", x509_ask},
    {"token", token_ask},
};

static void be_anonymous(struct request *rq)
{
    static const struct str groups[] = {{"system:unauthenticated", 22}};
    rq->user = (struct user){
        .name = STR("system:anonymous"), .groups = (struct str *)(uintptr_t)groups, .ngroups = 1};
}

struct authn *authn_new(struct context *ctx, char *err, size_t err_bytes)
{
    struct authn *a = calloc(1, sizeof(*a));
    must(a != NULL);
    a->magic = AUTHN_MAGIC;
    a->ctx = ctx;
    if (authn_reload(a, err, err_bytes) < 0) {
        authn_free(a);
        return NULL;
    }
    return a;
}

int authn_reload(struct authn *a, char *err, size_t err_bytes)
{
    must_be(a, AUTHN_MAGIC);
    const char *path = a->ctx->options->token_auth_file;
    if (!path[0])
        return 0;
    struct tokens *t = tokens_read(path, err, err_bytes);
    if (!t)
        return -EINVAL;
    tokens_free(a->tokens);
    a->tokens = t;
    return 0;
}

void authn_free(struct authn *a)
{
    if (!a)
        return;
    must_be(a, AUTHN_MAGIC);
    tokens_free(a->tokens);
    a->magic = 0;
    free(a);
}

static enum stage_result refuse(struct request *rq)
{
    stats_result(rq->ctx->stats, STATS_AUTHN_FAILURE);
    struct status st = {.arena = rq->arena};
    status_unauthorized(&st);
    response_status(rq, &st);
    return STAGE_DONE;
}

enum stage_result authn_stage(struct request *rq)
{
    struct authn *a = rq->ctx->authn;
    bool refused = false;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum authn_answer answer = rows[i].ask(a, rq);
        if (answer == AUTHN_USER) {
            stats_result(rq->ctx->stats, STATS_AUTHN_SUCCESS);
            return STAGE_NEXT;
        }
        refused |= answer == AUTHN_REFUSED;
    }
    if (refused || !a->ctx->options->anonymous_auth)
        return refuse(rq);
    stats_result(rq->ctx->stats, STATS_AUTHN_SUCCESS);
    be_anonymous(rq);
    return STAGE_NEXT;
}

bool user_in_group(const struct user *u, const char *group)
{
    struct str g = str_of(group);
    for (int i = 0; i < u->ngroups; i++)
        if (str_eq(u->groups[i], g))
            return true;
    return false;
}
