/* Authorizers are asked in the order of --authorization-mode; the first that knows decides. system:masters
 * comes before them all, so that a broken rule can be repaired. */
#include "worker/authz/union.h"

#include <stdio.h>
#include <stdlib.h>
#include "shm/base/must.h"
#include "worker/authn/union.h"
#include "worker/authz/builtin.h"
#include "worker/request/stats.h"

#define AUTHZ_MAGIC 0x617a7a61u
#define ROWS_MAX 8

struct authz {
    unsigned magic;
    const struct authz_row *row[ROWS_MAX];
    int n;
};

static enum authz_answer always_allow(const struct authz *a, const struct authz_question *q,
                                      struct arena *arena, const char **reason)
{
    return AUTHZ_ALLOW;
}

static enum authz_answer always_deny(const struct authz *a, const struct authz_question *q,
                                     struct arena *arena, const char **reason)
{
    *reason = "Everything is forbidden.";
    return AUTHZ_NO_OPINION;
}

static const struct authz_row rows[] = {
    {"AlwaysAllow", always_allow},
    {"AlwaysDeny", always_deny},
    {"RBAC", builtin_decide},
};

static const struct authz_row *row_of(struct str mode)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (str_is(mode, rows[i].mode))
            return &rows[i];
    return NULL;
}

struct authz *authz_new(struct context *ctx, char *err, size_t err_bytes)
{
    struct authz *a = calloc(1, sizeof(*a));
    must(a != NULL);
    a->magic = AUTHZ_MAGIC;
    struct str modes = str_of(ctx->options->authorization_mode), mode;
    while (str_next(&modes, ',', &mode)) {
        const struct authz_row *r = row_of(str_trim(mode));
        if (!r || a->n == ROWS_MAX) {
            snprintf(err, err_bytes,
                     "--authorization-mode: \"%.*s\" is none of AlwaysAllow, AlwaysDeny, RBAC",
                     STR_ARG(mode));
            free(a);
            return NULL;
        }
        a->row[a->n++] = r;
    }
    return a;
}

void authz_free(struct authz *a)
{
    if (!a)
        return;
    must_be(a, AUTHZ_MAGIC);
    a->magic = 0;
    free(a);
}

enum authz_answer authz_decide(const struct authz *a, const struct authz_question *q, struct arena *arena,
                               const char **reason)
{
    must_be(a, AUTHZ_MAGIC);
    *reason = "";
    if (user_in_group(q->user, "system:masters"))
        return AUTHZ_ALLOW;
    for (int i = 0; i < a->n; i++) {
        enum authz_answer answer = a->row[i]->decide(a, q, arena, reason);
        if (answer != AUTHZ_NO_OPINION)
            return answer;
    }
    return AUTHZ_NO_OPINION;
}

void authz_rules(const struct authz *a, const struct user *u,
                 void (*fn)(void *arg, const struct authz_rule *r), void *arg)
{
    static const char *const star[] = {"*", NULL};
    static const struct authz_rule everything = {star, star, star, NULL},
                                   every_path = {star, NULL, NULL, star};
    if (user_in_group(u, "system:masters")) {
        fn(arg, &everything);
        fn(arg, &every_path);
    }
    for (int i = 0; i < a->n; i++) {
        if (a->row[i]->decide == always_allow) {
            fn(arg, &everything);
            fn(arg, &every_path);
        }
        if (a->row[i]->decide == builtin_decide)
            builtin_rules(u, fn, arg);
    }
}

struct authz_question authz_question_of(const struct request *rq)
{
    const struct request_info *in = &rq->info;
    return (struct authz_question){
        .user = &rq->user,
        .is_resource = in->is_resource,
        .verb = in->verb,
        .group = in->group,
        .version = in->version,
        .resource = in->resource,
        .subresource = in->subresource,
        .ns = in->ns,
        .name = in->name,
        .path = in->path,
    };
}

/* Go's %q: quotes, backslashes and what can't be printed are escaped. Markup is made harmless too, because
 * these texts end up in web pages. */
static void put_quoted(struct buf *b, struct str s)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c == '&')
            buf_puts(b, "&amp;");
        else if (c == '<')
            buf_puts(b, "&lt;");
        else if (c == '>')
            buf_puts(b, "&gt;");
        else if (c == '\n')
            buf_puts(b, "\\n");
        else if (c == '\r')
            buf_puts(b, "\\r");
        else if (c == '\t')
            buf_puts(b, "\\t");
        else if (c < ' ' || c == 127)
            buf_printf(b, "\\x%02x", c);
        else
            buf_putc(b, (char)c);
    }
    buf_putc(b, '"');
}

static void put_message(struct buf *b, const struct authz_question *q)
{
    buf_puts(b, "User ");
    put_quoted(b, q->user->name);
    buf_printf(b, " cannot %.*s ", STR_ARG(q->verb));
    if (!q->is_resource) {
        buf_puts(b, "path ");
        put_quoted(b, q->path);
        return;
    }
    buf_printf(b, "resource \"%.*s%s%.*s\" in API group ", STR_ARG(q->resource), q->subresource.n ? "/" : "",
               STR_ARG(q->subresource));
    put_quoted(b, q->group);
    if (q->ns.n == 0) {
        buf_puts(b, " at the cluster scope");
        return;
    }
    buf_puts(b, " in the namespace ");
    put_quoted(b, q->ns);
}

void authz_forbidden(struct status *st, const struct authz_question *q, const char *reason)
{
    struct buf b = {0};
    struct arena *ar = st->arena;
    put_message(&b, q);
    if (reason[0])
        buf_printf(&b, ": %s", reason);
    const char *why = arena_cstr(ar, buf_view(&b));
    buf_free(&b);
    if (!q->is_resource) {
        status_set(st, 403, "Forbidden", "forbidden: %s", why);
        status_details(st, NULL, NULL, NULL);
        return;
    }
    status_forbidden(st, arena_cstr(ar, q->group), arena_cstr(ar, q->resource), q->name, why);
}

enum stage_result authz_stage(struct request *rq)
{
    struct authz_question q = authz_question_of(rq);
    const char *reason;
    if (authz_decide(rq->ctx->authz, &q, NULL, &reason) == AUTHZ_ALLOW) {
        stats_result(rq->ctx->stats, STATS_AUTHZ_ALLOWED);
        return STAGE_NEXT;
    }
    stats_result(rq->ctx->stats, STATS_AUTHZ_DENIED);
    struct status st = {.arena = rq->arena};
    authz_forbidden(&st, &q, reason);
    response_header(rq, "X-Content-Type-Options", "nosniff");
    response_status(rq, &st);
    return STAGE_DONE;
}
