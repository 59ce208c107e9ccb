/* The wanted user is read from the headers as it stands, then completed by the rules of its kind (service
 * accounts and nodes have groups of their own, everybody is authenticated unless said otherwise). Whether the
 * caller may is a question to the authorizers like any other; the 403 names the narrowest right that would
 * have been enough. */
#include "worker/pipeline/impersonate.h"

#include "worker/authn/union.h"
#include "worker/authz/union.h"
#include "worker/request/info.h"
#include "worker/request/stats.h"

#define EXTRA_PREFIX STR("impersonate-extra-")

struct wanted {
    struct user user;
    bool any;    /* some header was there */
    bool groups; /* groups were said */
};

static void add_group(struct request *rq, struct user *u, struct str g)
{
    /* one more than the headers can say: service accounts and nodes get at most three */
    if (!u->groups)
        u->groups = arena_alloc(rq->arena, ((size_t)rq->nheaders + 4) * sizeof(*u->groups));
    u->groups[u->ngroups++] = g;
}

static void add_extra(struct request *rq, struct user *u, struct header h)
{
    struct str key = {h.name.p + EXTRA_PREFIX.n, h.name.n - EXTRA_PREFIX.n}, decoded;
    if (!u->extra)
        u->extra = arena_alloc(rq->arena, (size_t)rq->nheaders * sizeof(*u->extra));
    if (!path_unescape(rq->arena, key, &decoded))
        decoded = key;
    u->extra[u->nextra++] = (struct header){decoded, h.value};
}

static void read_headers(struct request *rq, struct wanted *w)
{
    for (int i = 0; i < rq->nheaders; i++) {
        struct header h = rq->headers[i];
        if (!str_starts(h.name, STR("impersonate-")))
            continue;
        if (str_is(h.name, "impersonate-user") && !w->user.name.n)
            w->user.name = h.value;
        else if (str_is(h.name, "impersonate-uid") && !w->user.uid.n)
            w->user.uid = h.value;
        else if (str_is(h.name, "impersonate-group"))
            add_group(rq, &w->user, h.value);
        else if (str_starts(h.name, EXTRA_PREFIX))
            add_extra(rq, &w->user, h);
    }
    w->groups = w->user.ngroups > 0;
    w->any = w->user.name.n || w->user.uid.n || w->groups || w->user.nextra;
}

/* ---- 400: the wanted user in Go's notation, which is what clients compare with ---- */

static bool seen_before(const struct user *u, int i)
{
    for (int k = 0; k < i; k++)
        if (str_eq(u->extra[k].name, u->extra[i].name))
            return true;
    return false;
}

static void print_extra(struct buf *b, const struct user *u)
{
    buf_puts(b, u->nextra ? "map[string][]string{" : "map[string][]string(nil)");
    for (int i = 0, n = 0; i < u->nextra; i++) {
        if (seen_before(u, i))
            continue;
        buf_printf(b, "%s\"%.*s\":[]string{", n++ ? ", " : "", STR_ARG(u->extra[i].name));
        for (int k = i, m = 0; k < u->nextra; k++)
            if (str_eq(u->extra[k].name, u->extra[i].name))
                buf_printf(b, "%s\"%.*s\"", m++ ? ", " : "", STR_ARG(u->extra[k].value));
        buf_putc(b, '}');
    }
    if (u->nextra)
        buf_putc(b, '}');
}

static enum stage_result refuse_nameless(struct request *rq, const struct user *u)
{
    struct buf b = {0};
    buf_printf(&b, "requested &user.DefaultInfo{Name:\"\", UID:\"%.*s\", Groups:", STR_ARG(u->uid));
    buf_puts(&b, u->ngroups ? "[]string{" : "[]string(nil)");
    for (int i = 0; i < u->ngroups; i++)
        buf_printf(&b, "%s\"%.*s\"", i ? ", " : "", STR_ARG(u->groups[i]));
    buf_puts(&b, u->ngroups ? "}, Extra:" : ", Extra:");
    print_extra(&b, u);
    buf_puts(&b, "} without impersonating a user name");
    struct status st = {.arena = rq->arena};
    status_bad_request(&st, "%.*s", STR_ARG(buf_view(&b)));
    buf_free(&b);
    response_header(rq, "X-Content-Type-Options", "nosniff");
    response_status(rq, &st);
    return STAGE_DONE;
}

/* ---- may they? ---- */

static bool service_account(struct str name, struct str *ns, struct str *account)
{
    static const struct str prefix = {"system:serviceaccount:", 22};
    if (!str_starts(name, prefix))
        return false;
    struct str rest = {name.p + prefix.n, name.n - prefix.n};
    return str_next(&rest, ':', ns) && str_next(&rest, ':', account) && rest.p == NULL && ns->n && account->n;
}

static bool is_node(struct str name)
{
    return str_starts(name, STR("system:node:")) && name.n > 12;
}

static bool only_name(const struct wanted *w)
{
    return !w->user.uid.n && !w->groups && !w->user.nextra;
}

/* The question whose refusal is told: the request's own with a verb that names the kind of user, or the older
 * right to impersonate where no kind fits. */
static struct authz_question question(struct request *rq, const struct wanted *w)
{
    struct str ns, account;
    bool sa = service_account(w->user.name, &ns, &account), node = is_node(w->user.name);
    struct authz_question q = authz_question_of(rq);
    if (only_name(w) || (!sa && !node)) {
        const char *kind = sa ? "serviceaccount" : node ? "arbitrary-node" : "user-info";
        char *verb = arena_printf(rq->arena, "impersonate-on:%s:%.*s", kind, STR_ARG(q.verb));
        q.verb = str_of(verb);
        return q;
    }
    return (struct authz_question){.user = &rq->user,
                                   .is_resource = true,
                                   .verb = STR("impersonate"),
                                   .resource = sa ? STR("serviceaccounts") : STR("users"),
                                   .ns = sa ? ns : STR(""),
                                   .name = sa ? account : w->user.name};
}

static void complete_groups(struct request *rq, struct wanted *w)
{
    struct user *u = &w->user;
    struct str ns, account;
    if (!w->groups && service_account(u->name, &ns, &account)) {
        char *of_ns = arena_printf(rq->arena, "system:serviceaccounts:%.*s", STR_ARG(ns));
        add_group(rq, u, STR("system:serviceaccounts"));
        add_group(rq, u, str_of(of_ns));
    } else if (only_name(w) && is_node(u->name)) {
        add_group(rq, u, STR("system:nodes"));
    }
    bool unauthenticated = user_in_group(u, "system:unauthenticated");
    if (str_is(u->name, "system:anonymous")) {
        if (!unauthenticated)
            add_group(rq, u, STR("system:unauthenticated"));
        return;
    }
    if (!unauthenticated && !user_in_group(u, "system:authenticated"))
        add_group(rq, u, STR("system:authenticated"));
}

enum stage_result impersonate_stage(struct request *rq)
{
    struct wanted w = {0};
    read_headers(rq, &w);
    if (!w.any)
        return STAGE_NEXT;
    if (!w.user.name.n)
        return refuse_nameless(rq, &w.user);
    struct authz_question q = question(rq, &w);
    const char *reason;
    if (authz_decide(rq->ctx->authz, &q, NULL, &reason) != AUTHZ_ALLOW) {
        stats_result(rq->ctx->stats, STATS_AUTHZ_DENIED);
        struct status st = {.arena = rq->arena};
        authz_forbidden(&st, &q, reason);
        response_header(rq, "X-Content-Type-Options", "nosniff");
        response_status(rq, &st);
        return STAGE_DONE;
    }
    complete_groups(rq, &w);
    rq->impersonator = arena_alloc(rq->arena, sizeof(*rq->impersonator));
    *rq->impersonator = rq->user;
    rq->user = w.user;
    return STAGE_NEXT;
}
