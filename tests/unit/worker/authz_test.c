#include "plain_request.h"
#include "worker/authz/union.h"

static struct str masters[] = {{"system:masters", 14}};
static struct str authenticated[] = {{"system:authenticated", 20}};
static struct str unauthenticated[] = {{"system:unauthenticated", 22}};
static const struct user admin = {.name = {"admin", 5}, .groups = masters, .ngroups = 1};
static const struct user jane = {.name = {"jane", 4}, .groups = authenticated, .ngroups = 1};
static const struct user nobody = {.name = {"system:anonymous", 16}, .groups = unauthenticated, .ngroups = 1};

static struct authz *open_modes(const char *modes, char *err, size_t n)
{
    static struct context ctx;
    static struct options o;
    o.authorization_mode = modes;
    ctx.options = &o;
    return authz_new(&ctx, err, n);
}

static struct authz *open_ok(const char *modes)
{
    char err[256] = "";
    struct authz *a = open_modes(modes, err, sizeof(err));
    assert_non_null(a);
    return a;
}

static bool path(const struct authz *a, const struct user *u, const char *verb, const char *p)
{
    struct authz_question q = {.user = u, .verb = str_of(verb), .path = str_of(p)};
    const char *reason;
    return authz_decide(a, &q, NULL, &reason) == AUTHZ_ALLOW;
}

static struct authz_question about(const struct user *u, const char *verb, const char *group,
                                   const char *resource)
{
    return (struct authz_question){.user = u,
                                   .is_resource = true,
                                   .verb = str_of(verb),
                                   .group = str_of(group),
                                   .resource = str_of(resource)};
}

static bool resource(const struct authz *a, const struct user *u, const char *verb, const char *group,
                     const char *what)
{
    struct authz_question q = about(u, verb, group, what);
    const char *reason;
    return authz_decide(a, &q, NULL, &reason) == AUTHZ_ALLOW;
}

static void everyone(void **state)
{
    struct authz *a = open_ok("RBAC");
    assert_true(path(a, &nobody, "get", "/healthz"));
    assert_true(path(a, &nobody, "get", "/version/"));
    assert_false(path(a, &nobody, "post", "/healthz"));
    assert_false(path(a, &nobody, "get", "/api"));
    assert_false(path(a, &nobody, "get", "/metrics"));
    assert_true(path(a, &jane, "get", "/api"));
    assert_true(path(a, &jane, "get", "/apis/apps/v1"));
    assert_false(path(a, &jane, "get", "/apisx"));
    assert_false(path(a, &jane, "get", "/metrics"));
    assert_true(path(a, &admin, "post", "/anything"));
    assert_true(resource(a, &jane, "create", "authorization.k8s.io", "selfsubjectaccessreviews"));
    assert_false(resource(a, &jane, "create", "authorization.k8s.io", "subjectaccessreviews"));
    assert_false(resource(a, &nobody, "create", "authentication.k8s.io", "selfsubjectreviews"));
    assert_false(resource(a, &jane, "list", "", "pods"));
    assert_true(resource(a, &admin, "list", "", "pods"));
    authz_free(a);
}

static void modes(void **state)
{
    char err[256] = "";
    struct authz *a = open_ok("AlwaysAllow");
    assert_true(resource(a, &nobody, "delete", "", "nodes"));
    authz_free(a);
    a = open_ok("AlwaysDeny");
    assert_false(path(a, &jane, "get", "/api"));
    assert_true(path(a, &admin, "get", "/api"));
    authz_free(a);
    a = open_ok("RBAC,AlwaysAllow");
    assert_true(resource(a, &nobody, "delete", "", "nodes"));
    authz_free(a);
    assert_null(open_modes("RBAC,Maybe", err, sizeof(err)));
    assert_non_null(strstr(err, "\"Maybe\""));
    assert_non_null(strstr(err, "--authorization-mode"));
}

static const char *text(struct arena *ar, struct authz_question q, const char *reason)
{
    struct status st = {.arena = ar};
    authz_forbidden(&st, &q, reason);
    assert_int_equal(st.code, 403);
    assert_string_equal(st.reason, "Forbidden");
    return st.message;
}

static void texts(void **state)
{
    struct arena *ar = arena_new(0);
    struct authz_question q = about(&jane, "list", "", "pods");
    assert_string_equal(text(ar, q, ""),
                        "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" "
                        "at the cluster scope");
    q.ns = STR("y");
    assert_string_equal(text(ar, q, ""),
                        "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" "
                        "in the namespace \"y\"");
    q = about(&jane, "get", "apps", "deployments");
    q.ns = STR("y"), q.name = STR("d"), q.subresource = STR("scale");
    assert_string_equal(
        text(ar, q, "because"),
        "deployments.apps \"d\" is forbidden: User \"jane\" cannot get resource \"deployments/scale\" in "
        "API group \"apps\" in the namespace \"y\": because");
    struct authz_question p = {.user = &jane, .verb = STR("get"), .path = STR("/a<b>\"")};
    assert_string_equal(text(ar, p, ""), "forbidden: User \"jane\" cannot get path \"/a&lt;b&gt;\\\"\"");
    arena_free(ar);
}

static void reasons(void **state)
{
    struct arena *ar = arena_new(0);
    struct authz *a = open_ok("RBAC");
    struct authz_question q = {.user = &jane, .verb = STR("get"), .path = STR("/openapi/v2")};
    const char *reason;
    assert_int_equal(authz_decide(a, &q, ar, &reason), AUTHZ_ALLOW);
    assert_string_equal(reason, "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole "
                                "\"system:discovery\" to Group \"system:authenticated\"");
    authz_free(a);
    arena_free(ar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyone),
        cmocka_unit_test(modes),
        cmocka_unit_test(texts),
        cmocka_unit_test(reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
