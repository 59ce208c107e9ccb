/* Ingresses and their classes. Rule: pkg/apis/networking/validation. */
#include "registry/validation/rows.h"

#include "registry/rules/names.h"
#include "registry/validation/formats.h"
#include "registry/validation/ips.h"
#include "registry/walk/tree.h"

#define CONTROLLER_MAX_BYTES 250

/* What an object may have because the one before it had it. */
struct tolerance {
    bool any_secret_name, any_wildcard_rule;
};

/* ---- what traffic goes to ---- */

static void segment(struct check *c, const struct at *up, const json_t *obj, const char *field)
{
    struct at at = at_field(up, field);

    if (!check_str(obj, field).n)
        check_required(c, &at, "");
    else
        check_name(c, &at, check_str(obj, field), "path-segment");
}

static void reference(struct check *c, const struct at *up, const json_t *ref)
{
    struct at at = at_field(up, "apiGroup");

    if (check_has(ref, "apiGroup"))
        check_name(c, &at, check_str(ref, "apiGroup"), "dns-subdomain");
    segment(c, up, ref, "kind");
    segment(c, up, ref, "name");
}

static void backend_port(struct check *c, const struct at *up, const json_t *port)
{
    struct str name = check_str(port, "name");
    int64_t number = check_int(port, "number", 0);
    struct at at;

    if (name.n && number) {
        check_invalid_str(c, up, STR(""), "cannot set both port name & port number");
    } else if (name.n) {
        at = at_field(up, "service.port.name");
        check_name(c, &at, name, "port-name");
    } else if (number) {
        at = at_field(up, "service.port.number");
        check_port(c, &at, number);
    } else {
        check_required(c, up, "port name or number is required");
    }
}

static void backend(struct check *c, const struct at *up, const json_t *v)
{
    const json_t *service = tree_get(v, "service"), *resource = tree_get(v, "resource");
    struct at name = at_field(up, "service.name"), at = at_field(up, "resource");

    if (service && resource) {
        check_invalid_str(c, up, STR(""), "cannot set both resource and service backends");
    } else if (resource) {
        reference(c, &at, resource);
    } else if (service) {
        if (!check_str(service, "name").n)
            check_required(c, &name, "");
        else
            check_name(c, &name, check_str(service, "name"), "dns-label");
        backend_port(c, up, json_object_get(service, "port"));
    } else {
        check_invalid_str(c, up, STR(""), "resource or service backend is required");
    }
}

/* ---- rules ---- */

static const char *const PATH_TYPES[] = {"Exact", "ImplementationSpecific", "Prefix"};

static bool contains(struct str s, const char *part)
{
    return s.n && memmem(s.p, s.n, part, strlen(part));
}

static void strict_path(struct check *c, const struct at *at, struct str path)
{
    static const char *const PARTS[] = {"//", "/./", "/../", "%2f", "%2F"};
    static const char *const ENDS[] = {"/..", "/."};

    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        if (contains(path, PARTS[i]))
            check_invalid_str(c, at, path, arena_printf(c->arena, "must not contain '%s'", PARTS[i]));
    }
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        if (str_ends(path, str_of(ENDS[i])))
            check_invalid_str(c, at, path, arena_printf(c->arena, "cannot end with '%s'", ENDS[i]));
    }
}

static void http_path(struct check *c, const struct at *up, const json_t *v)
{
    struct at at = at_field(up, "pathType"), path_at = at_field(up, "path"), to = at_field(up, "backend");
    struct str type = check_str(v, "pathType"), path = check_str(v, "path");
    bool loose = str_is(type, "ImplementationSpecific");

    if (!check_has(v, "pathType")) {
        check_required(c, &at, "pathType must be specified");
        return;
    }
    if (check_enum(c, &at, type, PATH_TYPES, 3)) {
        if (!str_starts(path, STR("/")) && (path.n || !loose))
            check_invalid_str(c, &path_at, path, "must be an absolute path");
        if (!loose)
            strict_path(c, &path_at, path);
    }
    backend(c, &to, json_object_get(v, "backend"));
}

static void rule_value(struct check *c, const struct at *up, const json_t *rule)
{
    struct at paths_at = at_field(up, "http.paths");
    const json_t *http = tree_get(rule, "http"), *paths = tree_get(http, "paths");
    size_t i;
    json_t *v;

    if (http && !json_array_size(paths))
        check_required(c, &paths_at, "");
    json_array_foreach(paths, i, v)
    {
        struct at at = at_index(&paths_at, i);

        if (check_full(c))
            return;
        http_path(c, &at, v);
    }
}

static void host_name(struct check *c, const struct at *at, struct str host)
{
    check_name(c, at, host, str_find(host, '*') >= 0 ? "wildcard-dns-subdomain" : "dns-subdomain");
}

static void rules(struct check *c, const struct at *list, const json_t *v, const struct tolerance *t)
{
    size_t i;
    json_t *rule;

    json_array_foreach(v, i, rule)
    {
        struct at up = at_index(list, i), at = at_field(&up, "host");
        struct str host = check_str(rule, "host");

        if (check_full(c))
            return;
        if (host.n) {
            check_no_ip(c, &at, host);
            host_name(c, &at, host);
        }
        if (str_find(host, '*') < 0 || !t->any_wildcard_rule)
            rule_value(c, &up, rule);
    }
}

static void tls(struct check *c, const struct at *list, const json_t *v, const struct tolerance *t)
{
    size_t i, j;
    json_t *entry, *host;

    json_array_foreach(v, i, entry)
    {
        struct at up = at_index(list, i), hosts = at_field(&up, "hosts"),
                  secret = at_field(&up, "secretName");

        json_array_foreach(json_object_get(entry, "hosts"), j, host)
        {
            struct at at = at_index(&hosts, j);

            if (check_full(c))
                return;
            host_name(c, &at, (struct str){json_string_value(host), json_string_length(host)});
        }
        if (!t->any_secret_name && check_str(entry, "secretName").n)
            check_name(c, &secret, check_str(entry, "secretName"), "dns-subdomain");
    }
}

static void spec(struct check *c, const json_t *v, const struct tolerance *t)
{
    struct at up = at_field(NULL, "spec"), at = at_field(&up, "defaultBackend");
    const json_t *list = tree_get(v, "rules");

    if (!json_array_size(list) && !tree_get(v, "defaultBackend"))
        check_invalid_text(c, &up, list ? "[]" : "null",
                           "either `defaultBackend` or `rules` must be specified");
    if (tree_get(v, "defaultBackend"))
        backend(c, &at, tree_get(v, "defaultBackend"));
    at = at_field(&up, "rules");
    rules(c, &at, list, t);
    at = at_field(&up, "tls");
    tls(c, &at, tree_get(v, "tls"), t);
    at = at_field(&up, "ingressClassName");
    if (check_has(v, "ingressClassName"))
        check_name(c, &at, check_str(v, "ingressClassName"), "dns-subdomain");
}

static void ingress(struct check *c, const json_t *obj)
{
    static const char NOTE[] = "kubernetes.io/ingress.class";
    struct at up = at_field(NULL, "annotations"), at = at_field(&up, NOTE);
    const json_t *notes = tree_get(obj, "metadata.annotations");
    const struct tolerance none = {0};

    spec(c, json_object_get(obj, "spec"), &none);
    if (check_has(notes, NOTE) && tree_get(obj, "spec.ingressClassName") &&
        !str_eq(check_str(notes, NOTE), tree_str(obj, "spec.ingressClassName")))
        check_invalid_str(c, &at, check_str(notes, NOTE),
                          "must match `ingressClassName` when both are specified");
}

/* What the old object shows to have been allowed once. */
static struct tolerance tolerance_of(struct check *c, const json_t *old)
{
    struct tolerance t = {0};
    struct status said = {.arena = c->arena};
    struct check dry = *c;
    size_t i;
    json_t *v;

    dry.st = &said;
    json_array_foreach(tree_get(old, "spec.tls"), i, v)
    {
        struct str name = check_str(v, "secretName");

        t.any_secret_name |= name.n && name_dns_subdomain(name, false);
    }
    json_array_foreach(tree_get(old, "spec.rules"), i, v)
    {
        if (str_find(check_str(v, "host"), '*') >= 0)
            rule_value(&dry, NULL, v);
    }
    t.any_wildcard_rule = said.ncauses != 0;
    return t;
}

static void ingress_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct tolerance t = tolerance_of(c, old);

    check_metadata(c, obj);
    spec(c, json_object_get(obj, "spec"), &t);
}

static void ingress_status(struct check *c, const json_t *obj, const json_t *old)
{
    struct at list = at_field(NULL, "status.loadBalancer.ingress");
    struct seen *before = seen_new(c);
    size_t i;
    json_t *v;

    seen_add_list(before, tree_get(old, "status.loadBalancer.ingress"), "ip");
    json_array_foreach(tree_get(obj, "status.loadBalancer.ingress"), i, v)
    {
        struct at up = at_index(&list, i), ip = at_field(&up, "ip"), at = at_field(&up, "hostname");

        if (check_full(c))
            return;
        if (check_str(v, "ip").n)
            check_legacy_ip(c, &ip, check_str(v, "ip"), before);
        if (check_str(v, "hostname").n)
            check_balancer_host(c, &at, check_str(v, "hostname"));
    }
}

/* ---- classes ---- */

static void parameters_scope(struct check *c, const struct at *up, const json_t *v)
{
    static const char *const SCOPES[] = {"Cluster", "Namespace"};
    struct at at = at_field(up, "scope"), ns = at_field(up, "namespace");
    struct str scope = check_str(v, "scope");

    if (!check_has(v, "scope")) {
        check_required(c, &at, "");
        return;
    }
    if (!check_enum(c, &at, scope, SCOPES, 2))
        return;
    if (str_is(scope, "Cluster")) {
        if (check_has(v, "namespace"))
            check_forbidden(c, &ns, "`parameters.scope` is set to 'Cluster'");
    } else if (!check_has(v, "namespace")) {
        check_required(c, &ns, "`parameters.scope` is set to 'Namespace'");
    } else {
        check_name(c, &ns, check_str(v, "namespace"), "dns-label");
    }
}

static void ingress_class(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "spec.controller"), up = at_field(NULL, "spec.parameters");
    const json_t *parameters = tree_get(obj, "spec.parameters");

    if (tree_str(obj, "spec.controller").n > CONTROLLER_MAX_BYTES)
        check_too_long(c, &at, CONTROLLER_MAX_BYTES);
    check_prefixed_path(c, &at, tree_str(obj, "spec.controller"));
    if (!parameters)
        return;
    reference(c, &up, parameters);
    parameters_scope(c, &up, parameters);
}

static void ingress_class_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.controller");

    if (!str_eq(tree_str(obj, "spec.controller"), tree_str(old, "spec.controller")))
        check_invalid_str(c, &at, tree_str(obj, "spec.controller"), "field is immutable");
    check_metadata(c, obj);
    ingress_class(c, obj);
}

static const struct validation ROWS[] = {
    {.group = "networking.k8s.io",
     .plural = "ingresses",
     .create = ingress,
     .update = ingress_update,
     .update_status = ingress_status},
    {.group = "networking.k8s.io",
     .plural = "ingressclasses",
     .create = ingress_class,
     .update = ingress_class_update},
};

const struct validation_rows validation_rows_ingress = VALIDATION_ROWS(ROWS);
