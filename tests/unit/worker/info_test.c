#include "plain_request.h"
#include "worker/request/info.h"

struct row {
    const char *method, *target;
    bool resource;
    const char *verb, *group, *version, *ns, *what, *name, *sub, *rest;
};

static const struct row rows[] = {
    {"GET", "/", false, "get", "", "", "", "", "", "", ""},
    {"POST", "/healthz", false, "post", "", "", "", "", "", "", ""},
    {"GET", "/api/v1", false, "get", "", "", "", "", "", "", ""},
    {"GET", "/apis/apps/v1", false, "get", "", "", "", "", "", "", ""},
    {"GET", "/api/v1/", false, "get", "", "", "", "", "", "", ""},
    {"GET", "/api/v1/pods", true, "list", "", "v1", "", "pods", "", "", ""},
    {"HEAD", "/api/v1/pods", true, "list", "", "v1", "", "pods", "", "", ""},
    {"GET", "/api/v1/pods?watch=true", true, "watch", "", "v1", "", "pods", "", "", ""},
    {"GET", "/api/v1/pods?watch=0", true, "list", "", "v1", "", "pods", "", "", ""},
    {"GET", "/api/v1/namespaces", true, "list", "", "v1", "", "namespaces", "", "", ""},
    {"GET", "/api/v1/namespaces/x", true, "get", "", "v1", "x", "namespaces", "x", "", ""},
    {"PUT", "/api/v1/namespaces/x/finalize", true, "update", "", "v1", "x", "namespaces", "x", "finalize",
     ""},
    {"GET", "/api/v1/namespaces/x/status", true, "get", "", "v1", "x", "namespaces", "x", "status", ""},
    {"GET", "/api/v1/namespaces/x/pods", true, "list", "", "v1", "x", "pods", "", "", ""},
    {"POST", "/api/v1/namespaces/x/pods", true, "create", "", "v1", "x", "pods", "", "", ""},
    {"DELETE", "/api/v1/namespaces/x/pods", true, "deletecollection", "", "v1", "x", "pods", "", "", ""},
    {"DELETE", "/api/v1/namespaces/x/pods/a", true, "delete", "", "v1", "x", "pods", "a", "", ""},
    {"PATCH", "/apis/apps/v1/namespaces/x/deployments/a/scale", true, "patch", "apps", "v1", "x",
     "deployments", "a", "scale", ""},
    {"GET", "/api/v1/namespaces/x/pods/a/proxy/b/c", true, "get", "", "v1", "x", "pods", "a", "proxy", "b/c"},
    {"GET", "/api/v1/watch/pods", true, "watch", "", "v1", "", "pods", "", "", ""},
    {"POST", "/api/v1/watch/namespaces/x/pods/a", true, "watch", "", "v1", "x", "pods", "a", "", ""},
    {"OPTIONS", "/api/v1/pods", true, "", "", "v1", "", "pods", "", "", ""},
    {"GET", "/api/v1/namespaces/x/configmaps/%61%2fb", true, "get", "", "v1", "x", "configmaps", "a", "b",
     ""},
    {"GET", "/api/v1//namespaces/x/pods", true, "get", "", "v1", "", "", "namespaces", "x", "pods"},
    {"GET", "/api/v1/namespaces//pods/a", true, "get", "", "v1", "", "pods", "a", "", ""},
    {"GET", "/api/v1/pods?fieldSelector=metadata.name%3Da", true, "list", "", "v1", "", "pods", "a", "", ""},
    {"GET", "/api/v1/pods?fieldSelector=x=y,metadata.name==a", true, "list", "", "v1", "", "pods", "a", "",
     ""},
    {"GET", "/api/v1/pods?fieldSelector=metadata.name!=a", true, "list", "", "v1", "", "pods", "", "", ""},
    {"GET", "/api/v1/pods?fieldSelector=metadata.name=..", true, "list", "", "v1", "", "pods", "", "", ""},
};

static void means(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        struct plain p = {0};
        plain_begin(&p, r->method, r->target);
        print_message("%s %s\n", r->method, r->target);
        assert_int_equal(info_parse(p.rq), INFO_OK);
        const struct request_info *in = &p.rq->info;
        assert_int_equal(in->is_resource, r->resource);
        assert_str(in->verb, r->verb);
        assert_str(in->group, r->group);
        assert_str(in->version, r->version);
        assert_str(in->ns, r->ns);
        assert_str(in->resource, r->what);
        assert_str(in->name, r->name);
        assert_str(in->subresource, r->sub);
        assert_str(in->rest, r->rest);
        plain_end(&p);
    }
}

static enum info_result result(const char *target)
{
    struct plain p = {0};
    plain_begin(&p, "GET", target);
    enum info_result r = info_parse(p.rq);
    plain_end(&p);
    return r;
}

static void refuses(void **state)
{
    assert_int_equal(result("/api/v1/pods/%zz"), INFO_BAD_ESCAPE);
    assert_int_equal(result("/api/v1/pods/%4"), INFO_BAD_ESCAPE);
    assert_int_equal(result("/%"), INFO_BAD_ESCAPE);
    assert_int_equal(result("/api/v1/watch"), INFO_NO_KIND);
    assert_int_equal(result("/apis/apps/v1/proxy/"), INFO_NO_KIND);
    assert_int_equal(result("/apis/watch"), INFO_OK);
}

static void finds_schema(void **state)
{
    struct plain p = {0};
    plain_begin(&p, "GET", "/apis/apps/v1/namespaces/x/deployments/a/status");
    info_parse(p.rq);
    assert_non_null(p.rq->info.schema);
    assert_string_equal(p.rq->info.schema->kind, "Deployment");
    assert_non_null(p.rq->info.sub);
    assert_string_equal(p.rq->info.sub->name, "status");
    plain_end(&p);
    plain_begin(&p, "GET", "/apis/apps/v9/namespaces/x/deployments/a/status");
    info_parse(p.rq);
    assert_null(p.rq->info.schema);
    plain_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means),
        cmocka_unit_test(refuses),
        cmocka_unit_test(finds_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
