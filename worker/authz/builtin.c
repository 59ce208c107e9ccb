/* Every cluster has these four roles bound to groups that need no binding of their own to be known. They are
 * a table here, so that the first request of a new server, and one whose roles were deleted by mistake, finds
 * discovery and health; roles from the store come in as a row beside. */
#include "worker/authz/builtin.h"

#include <string.h>
#include "worker/authn/union.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

struct builtin {
    const char *role;
    const char *const *members; /* groups */
    struct authz_rule rule;
};

static const struct builtin table[] = {
    {"system:basic-user",
     LIST("system:authenticated"),
     {LIST("create"), LIST("authorization.k8s.io"),
      LIST("selfsubjectaccessreviews", "selfsubjectrulesreviews"), NULL}},
    {"system:basic-user",
     LIST("system:authenticated"),
     {LIST("create"), LIST("authentication.k8s.io"), LIST("selfsubjectreviews"), NULL}},
    {"system:discovery",
     LIST("system:authenticated"),
     {LIST("get"), NULL, NULL,
      LIST("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
           "/version", "/version/")}},
    {"system:public-info-viewer",
     LIST("system:authenticated", "system:unauthenticated"),
     {LIST("get"), NULL, NULL, LIST("/healthz", "/livez", "/readyz", "/version", "/version/")}},
    {"system:monitoring",
     LIST("system:monitoring"),
     {LIST("get"), NULL, NULL,
      LIST("/flagz", "/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis", "/readyz",
           "/readyz/*", "/statusz")}},
};
#define NTABLE (sizeof(table) / sizeof(table[0]))

static bool list_has(const char *const *list, struct str s)
{
    for (; *list; list++)
        if (str_is(s, *list))
            return true;
    return false;
}

/* A path at the end of a rule's may be a star. */
static bool path_matches(const char *const *list, struct str path)
{
    for (; *list; list++) {
        struct str p = str_of(*list);
        if (str_eq(p, path))
            return true;
        if (str_ends(p, STR("*")) && str_starts(path, (struct str){p.p, p.n - 1}))
            return true;
    }
    return false;
}

static bool rule_allows(const struct authz_rule *r, const struct authz_question *q)
{
    if (!list_has(r->verbs, q->verb))
        return false;
    if (!q->is_resource)
        return r->paths && path_matches(r->paths, q->path);
    return r->groups && list_has(r->groups, q->group) && list_has(r->resources, q->resource) &&
           q->subresource.n == 0;
}

static const char *member(const struct builtin *b, const struct user *u)
{
    for (const char *const *g = b->members; *g; g++)
        if (user_in_group(u, *g))
            return *g;
    return NULL;
}

enum authz_answer builtin_decide(const struct authz *a, const struct authz_question *q, struct arena *arena,
                                 const char **reason)
{
    (void)a;
    for (size_t i = 0; i < NTABLE; i++) {
        const char *group = rule_allows(&table[i].rule, q) ? member(&table[i], q->user) : NULL;
        if (!group)
            continue;
        if (arena)
            *reason = arena_printf(
                arena, "RBAC: allowed by ClusterRoleBinding \"%s\" of ClusterRole \"%s\" to Group \"%s\"",
                table[i].role, table[i].role, group);
        return AUTHZ_ALLOW;
    }
    return AUTHZ_NO_OPINION;
}

void builtin_rules(const struct user *u, void (*fn)(void *arg, const struct authz_rule *r), void *arg)
{
    for (size_t i = 0; i < NTABLE; i++)
        if (member(&table[i], u))
            fn(arg, &table[i].rule);
}
