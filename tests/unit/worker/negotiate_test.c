#include "plain_request.h"
#include "worker/request/negotiate.h"
#include "worker/request/status.h"

struct row {
    const char *accept;
    bool ok;
    enum media media;
    enum form form;
    const char *as_version;
};

static const struct row rows[] = {
    {"", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"*/*", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/*", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/json; charset=utf-8", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/yaml", true, MEDIA_YAML, FORM_OBJECT, NULL},
    {"application/json;q=0.5,application/yaml", true, MEDIA_YAML, FORM_OBJECT, NULL},
    {"*/*,application/yaml", true, MEDIA_YAML, FORM_OBJECT, NULL},
    {"application/vnd.kubernetes.protobuf,application/json", true, MEDIA_PROTOBUF, FORM_OBJECT, NULL},
    {"application/vnd.kubernetes.protobuf;q=0.1,application/json;q=0.2", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/vnd.kubernetes.protobuf", true, MEDIA_PROTOBUF, FORM_OBJECT, NULL},
    {"application/vnd.kubernetes.protobuf;stream=watch", true, MEDIA_PROTOBUF, FORM_OBJECT, NULL},
    {"application/vnd.kubernetes.protobuf;stream=tail", false, 0, 0, NULL},
    {"application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io", false, 0, 0, NULL},
    {"application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json", true, MEDIA_JSON,
     FORM_OBJECT, NULL},
    {"application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1", true,
     MEDIA_PROTOBUF, FORM_PARTIAL, "v1beta1"},
    {"application/cbor,application/json", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"text/html", false, 0, 0, NULL},
    {"nonsense", false, 0, 0, NULL},
    {"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", true, MEDIA_JSON, FORM_TABLE, "v1"},
    {"application/json;as=Table;v=v1beta1;g=meta.k8s.io", true, MEDIA_JSON, FORM_TABLE, "v1beta1"},
    {"application/json;as=Table;v=v2;g=meta.k8s.io,application/json", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/json;as=Table;v=v1;g=other", false, 0, 0, NULL},
    {"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", true, MEDIA_JSON, FORM_PARTIAL,
     "v1"},
    {"application/json;as=Chair;g=meta.k8s.io;v=v1", false, 0, 0, NULL},
    {"application/json;sv=v1", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/json;sv=v2", false, 0, 0, NULL},
    {"application/json;as=;g=;v=", true, MEDIA_JSON, FORM_OBJECT, NULL},
    {"application/json;v=v1", false, 0, 0, NULL},
    {"application/json;as=Table;g=meta.k8s.io;v=v1=v1", false, 0, 0, NULL},
    {"*/*,application/yaml;q=0.1", true, MEDIA_YAML, FORM_OBJECT, NULL},
    {"application/yaml;stream=watch,application/json;stream=watch", true, MEDIA_JSON, FORM_OBJECT, NULL},
};

static void accepts(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        struct plain p = {0};
        plain_begin(&p, "GET", "/api/v1/pods");
        plain_header(&p, "accept", r->accept);
        print_message("%s\n", r->accept);
        struct accept a;
        struct status st = {.arena = p.rq->arena};
        assert_int_equal(negotiate_accept(p.rq, TRANSFORM_META, &a, &st), r->ok);
        assert_int_equal(st.code, r->ok ? 0 : 406);
        if (r->ok) {
            assert_int_equal(a.media, r->media);
            assert_int_equal(a.form, r->form);
            assert_true((a.as_version == NULL) == (r->as_version == NULL));
            if (r->as_version)
                assert_string_equal(a.as_version, r->as_version);
        }
        plain_end(&p);
    }
}

static bool pretty(const char *target, const char *agent)
{
    struct plain p = {0};
    struct accept a;
    plain_begin(&p, "GET", target);
    plain_header(&p, "user-agent", agent);
    assert_true(negotiate_media(p.rq, TRANSFORM_NONE, &a));
    plain_end(&p);
    return a.pretty != 0;
}

static void is_pretty(void **state)
{
    assert_true(pretty("/x?pretty=true", "kubectl/1"));
    assert_true(pretty("/x?pretty=1", "kubectl/1"));
    assert_false(pretty("/x?pretty=odd", "curl/8"));
    assert_false(pretty("/x?pretty=false", "curl/8"));
    assert_true(pretty("/x?pretty=", "curl/8"));
    assert_true(pretty("/x", "Mozilla/5.0 (X11)"));
    assert_true(pretty("/x", "Wget/1"));
    assert_false(pretty("/x", "kubectl/1"));
}

static int body(const char *type)
{
    struct plain p = {0};
    enum media m;
    plain_begin(&p, "POST", "/x");
    if (type)
        plain_header(&p, "content-type", type);
    struct status st = {.arena = p.rq->arena};
    bool ok = negotiate_body(p.rq, &m, &st);
    assert_int_equal(st.code, ok ? 0 : 415);
    plain_end(&p);
    return ok ? (int)m : -1;
}

static void bodies(void **state)
{
    assert_int_equal(body(NULL), MEDIA_JSON);
    assert_int_equal(body("APPLICATION/JSON"), MEDIA_JSON);
    assert_int_equal(body("application/json; charset=utf-8"), MEDIA_JSON);
    assert_int_equal(body("application/yaml"), MEDIA_YAML);
    assert_int_equal(body("application/json; ;"), MEDIA_JSON);
    assert_int_equal(body("application/json; charset"), -1);
    assert_int_equal(body("text/plain"), -1);
    assert_int_equal(body("*/*"), -1);
    assert_int_equal(body("bad type"), -1);
}

static bool routed(const char *accept)
{
    struct plain p = {0};
    plain_begin(&p, "GET", "/x");
    plain_header(&p, "accept", accept);
    struct status st = {.arena = p.rq->arena};
    bool ok = negotiate_route(p.rq, NEGOTIATE_TYPES, &st);
    plain_end(&p);
    return ok;
}

static void routes(void **state)
{
    assert_true(routed("*/*"));
    assert_true(routed("text/html, application/yaml;q=0.1"));
    assert_true(routed("application/vnd.kubernetes.protobuf"));
    assert_false(routed("application/*"));
    assert_false(routed("text/html"));
}

static void indents(void **state)
{
    struct buf b = {0};
    json_indent(&b, STR("{\"a\":[],\"b\":{\"c\":\"x{,:\\\"\"},\"d\":[1,2]}"));
    buf_putc(&b, 0);
    assert_string_equal(
        b.p, "{\n  \"a\": [],\n  \"b\": {\n    \"c\": \"x{,:\\\"\"\n  },\n  \"d\": [\n    1,\n    2\n  ]\n}");
    buf_clear(&b);
    json_indent(&b, STR("]]\"abc")); /* no JSON at all: no harm */
    buf_free(&b);
}

static void errors_always_arrive(void **state)
{
    struct plain p = {0};
    plain_begin(&p, "GET", "/x");
    plain_header(&p, "accept", "text/html");
    struct status st = {.arena = p.rq->arena};
    status_no_route(&st);
    response_status(p.rq, &st);
    assert_int_equal(p.rq->res.code, 404);
    assert_string_equal(p.rq->res.content_type, "application/json");
    assert_non_null(strstr(plain_body(&p), "\n  \"code\": 404\n}"));
    plain_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts), cmocka_unit_test(is_pretty), cmocka_unit_test(bodies),
        cmocka_unit_test(routes),  cmocka_unit_test(indents),   cmocka_unit_test(errors_always_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
