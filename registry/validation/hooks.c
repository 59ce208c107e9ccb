/* Rules and clients of webhooks. */
#include "registry/validation/hooks.h"

#include "registry/rules/names.h"
#include "registry/rules/url.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define MATCH_CONDITIONS_MAX 64
#define FORM "; desired format: https://host[/path]"

void check_webhook_url(struct check *c, const struct at *at, struct str text)
{
    struct url url;
    const char *err = url_parse(c->arena, text, &url);

    if (err) {
        check_required(c, at, arena_printf(c->arena, "url must be a valid URL: %s" FORM, err));
        return;
    }
    if (!str_is(url.scheme, "https"))
        check_invalid_str(c, at, url.scheme, "'https' is the only allowed URL scheme" FORM);
    if (!url.host.n)
        check_invalid_str(c, at, url.host, "host must be specified" FORM);
    if (url.has_user)
        check_invalid_str(c, at, url.user, "user information is not permitted in the URL");
    if (url.fragment.n)
        check_invalid_str(c, at, url.fragment, "fragments are not permitted in the URL");
    if (url.query.n)
        check_invalid_str(c, at, url.query, "query parameters are not permitted in the URL");
}

static void service_path(struct check *c, const struct at *at, struct str path)
{
    struct str rest = path, step;
    struct name_errors e;

    if (!path.n || str_is(path, "/"))
        return;
    if (str_is(path, "//")) {
        check_invalid_str(c, at, path, "segment[0] may not be empty");
        return;
    }
    if (path.p[0] != '/')
        check_invalid_str(c, at, path, "must start with a '/'");
    rest = (struct str){path.p + 1, path.n - 1};
    if (str_ends(rest, STR("/")))
        rest.n--;
    for (int i = 0; str_next(&rest, '/', &step) && !check_full(c); i++) {
        if (!step.n) {
            check_invalid_str(c, at, path, arena_printf(c->arena, "segment[%d] may not be empty", i));
            continue;
        }
        name_errors(c->arena, "dns-subdomain", step, false, &e);
        for (int k = 0; k < e.n; k++)
            check_invalid_str(c, at, path, arena_printf(c->arena, "segment[%d]: %s", i, e.text[k]));
    }
}

void check_webhook_service(struct check *c, const struct at *at, const json_t *service, bool swapped)
{
    struct at name = at_field(at, "name"), ns = at_field(at, "namespace"), port_at = at_field(at, "port"),
              path = at_field(at, "path");
    int64_t port = check_int(service, "port", 0);

    if (!check_str(service, swapped ? "namespace" : "name").n)
        check_required(c, &name, "");
    if (!check_str(service, swapped ? "name" : "namespace").n)
        check_required(c, &ns, "");
    if (port < 1 || port > 65535)
        check_invalid_int(c, &port_at, port, "port is not valid: must be between 1 and 65535, inclusive");
    service_path(c, &path, check_str(service, "path"));
}

/* ---- rules ---- */

static void required(struct check *c, const struct at *at, struct str v)
{
    if (!v.n)
        check_required(c, at, "");
}

static void lone_wildcard(struct check *c, const struct at *at, const json_t *list, const char *detail)
{
    if (json_array_size(list) > 1 && tree_list_has(list, "*"))
        check_invalid(c, at, list, detail);
}

struct wildcards {
    struct seen *resources;    /* x of x slash * */
    struct seen *subresources; /* x of * slash x */
    bool all, single, whole;
};

static void one_resource(struct check *c, const struct at *at, struct str v, struct wildcards *w)
{
    struct str rest = v, res, sub;

    if (str_is(v, "*/*"))
        w->all = true;
    if (str_is(v, "*"))
        w->single = true;
    str_next(&rest, '/', &res);
    if (!rest.p) {
        w->whole = !str_is(v, "*");
        return;
    }
    sub = rest;
    if (seen_has(w->resources, res))
        check_invalid_str(c, at, v,
                          arena_printf(c->arena, "if '%.*s/*' is present, must not specify %.*s", (int)res.n,
                                       res.p, (int)v.n, v.p));
    if (seen_has(w->subresources, sub))
        check_invalid_str(c, at, v,
                          arena_printf(c->arena, "if '*/%.*s' is present, must not specify %.*s", (int)sub.n,
                                       sub.p, (int)v.n, v.p));
    if (str_is(sub, "*"))
        seen_add(w->resources, res);
    if (str_is(res, "*"))
        seen_add(w->subresources, sub);
}

static void rule_resources(struct check *c, const struct at *at, const json_t *list)
{
    struct wildcards w = {.resources = seen_new(c), .subresources = seen_new(c)};
    json_t *v;
    size_t i;

    if (!json_array_size(list))
        check_required(c, at, "");
    json_array_foreach(list, i, v)
    {
        struct at item = at_index(at, i);

        if (check_full(c))
            return;
        if (!check_value_str(v).n)
            check_required(c, &item, "");
        else
            one_resource(c, &item, check_value_str(v), &w);
    }
    if (json_array_size(list) > 1 && w.all)
        check_invalid(c, at, list, "if '*/*' is present, must not specify other resources");
    if (w.single && w.whole)
        check_invalid(c, at, list,
                      "if '*' is present, must not specify other resources without subresources");
}

static void rule(struct check *c, const struct at *at, const json_t *rule)
{
    static const char *const SCOPES[] = {"*", "Cluster", "Namespaced"};
    const json_t *groups = json_object_get(rule, "apiGroups"),
                 *versions = json_object_get(rule, "apiVersions");
    struct at groups_at = at_field(at, "apiGroups"), versions_at = at_field(at, "apiVersions"),
              resources = at_field(at, "resources"), scope = at_field(at, "scope");
    json_t *v;
    size_t i;

    if (!json_array_size(groups))
        check_required(c, &groups_at, "");
    lone_wildcard(c, &groups_at, groups, "if '*' is present, must not specify other API groups");
    if (!json_array_size(versions))
        check_required(c, &versions_at, "");
    lone_wildcard(c, &versions_at, versions, "if '*' is present, must not specify other API versions");
    json_array_foreach(versions, i, v)
    {
        struct at item = at_index(&versions_at, i);

        required(c, &item, check_value_str(v));
    }
    rule_resources(c, &resources, json_object_get(rule, "resources"));
    if (check_has(rule, "scope"))
        check_enum(c, &scope, check_str(rule, "scope"), SCOPES, 3);
}

void check_rule_with_operations(struct check *c, const struct at *at, const json_t *obj)
{
    static const char *const OPERATIONS[] = {"*", "CONNECT", "CREATE", "DELETE", "UPDATE"};
    const json_t *operations = json_object_get(obj, "operations");
    struct at operations_at = at_field(at, "operations");
    json_t *v;
    size_t i;

    if (!json_array_size(operations))
        check_required(c, &operations_at, "");
    lone_wildcard(c, &operations_at, operations, "if '*' is present, must not specify other operations");
    json_array_foreach(operations, i, v)
    {
        struct at item = at_index(&operations_at, i);

        if (check_full(c))
            return;
        check_enum(c, &item, check_value_str(v), OPERATIONS, 5);
    }
    rule(c, at, obj);
}

/* ---- expressions ---- */

static bool is_blank(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!strchr(" \t\n\v\f\r", s.p[i]))
            return false;
    }
    return true;
}

bool check_expression(struct check *c, const struct at *up, const json_t *obj, const char *name,
                      const char *detail)
{
    struct at at = at_field(up, name);
    bool there = !is_blank(check_str(obj, name));

    if (!there)
        check_required(c, &at, detail);
    return there;
}

void check_match_conditions(struct check *c, const struct at *at, const json_t *list,
                            const struct expressions *x)
{
    struct seen *names = seen_new(c);
    json_t *condition;
    size_t i;

    if (json_array_size(list) > MATCH_CONDITIONS_MAX)
        check_too_many(c, at, (int)json_array_size(list), MATCH_CONDITIONS_MAX);
    json_array_foreach(list, i, condition)
    {
        struct at item = at_index(at, i), name_at = at_field(&item, "name"),
                  text_at = at_field(&item, "expression");
        struct str name = check_str(condition, "name"),
                   text = check_trimmed(check_str(condition, "expression"));

        if (check_full(c))
            return;
        if (check_expression(c, &item, condition, "expression", ""))
            check_admission_expression(c, &text_at, x, CEL_AUTHORIZER, text, text, EXPRESSION_BOOL);
        if (!name.n)
            check_required(c, &name_at, "");
        else
            check_qualified_name(c, &name_at, name);
        if (name.n && seen_add(names, name))
            check_duplicate_str(c, &name_at, name);
    }
}

void check_required_enum(struct check *c, const struct at *up, const json_t *obj, const char *name,
                         const char *const *valid, int n)
{
    struct at at = at_field(up, name);

    if (!check_has(obj, name))
        check_required(c, &at, "");
    else
        check_enum(c, &at, check_str(obj, name), valid, n);
}

bool check_name_joined(struct check *c, const struct at *at, struct str shown, struct str v,
                       const char *name_rule, const char *before)
{
    struct name_errors e;
    struct buf all = {0};

    name_errors(c->arena, name_rule, v, false, &e);
    if (!e.n)
        return true;
    buf_puts(&all, before);
    for (int i = 0; i < e.n; i++) {
        buf_puts(&all, i ? "," : "");
        buf_puts(&all, e.text[i]);
    }
    check_invalid_str(c, at, shown, arena_cstr(c->arena, buf_view(&all)));
    buf_free(&all);
    return false;
}
