/* APIServices. Rule: kube-aggregator/pkg/apis/apiregistration/validation. */
#include "registry/validation/rows.h"

#include "registry/rules/base64.h"
#include "registry/rules/names.h"
#include "registry/rules/text.h"
#include "registry/walk/tree.h"

#define GROUP_PRIORITY_MAX 20000
#define VERSION_PRIORITY_MAX 1000

static void service_name(struct check *c, const json_t *obj, const char *path)
{
    struct str name = tree_str(obj, path), version = tree_str(obj, "spec.version"),
               group = tree_str(obj, "spec.group");
    const char *wanted =
        arena_printf(c->arena, "%.*s.%.*s", (int)version.n, version.p, (int)group.n, group.p);
    struct at at = at_field(NULL, path);

    if (name.n && !name_path_segment(name, false) && !str_is(name, wanted))
        check_invalid_str(c, &at, name,
                          arena_printf(c->arena, "must be `spec.version+\".\"+spec.group`: %s",
                                       text_quoted(c->arena, str_of(wanted))));
}

static void priority(struct check *c, const json_t *spec, const char *name, int64_t max, const char *detail)
{
    struct at up = at_field(NULL, "spec"), at = at_field(&up, name);
    int64_t v = check_int(spec, name, 0);

    if (v <= 0 || v > max)
        check_invalid_int(c, &at, v, detail);
}

static void local_service(struct check *c, const json_t *spec, struct str bundle)
{
    struct at bundle_at = at_field(NULL, "spec.caBundle"),
              skip = at_field(NULL, "spec.insecureSkipTLSVerify");

    if (bundle.n)
        check_invalid_str(c, &bundle_at, str_of(arena_printf(c->arena, "%zu bytes", bundle.n)),
                          "local APIServices may not have a caBundle");
    if (check_bool(spec, "insecureSkipTLSVerify"))
        check_invalid_text(c, &skip, "true", "local APIServices may not have insecureSkipTLSVerify");
}

static void remote_service(struct check *c, const json_t *spec, struct str bundle)
{
    const json_t *service = json_object_get(spec, "service");
    struct at ns = at_field(NULL, "spec.service.namespace"), name = at_field(NULL, "spec.service.name"),
              port_at = at_field(NULL, "spec.service.port"),
              skip = at_field(NULL, "spec.insecureSkipTLSVerify");
    int64_t port = check_int(service, "port", 0);

    if (!check_str(service, "namespace").n)
        check_required(c, &ns, "");
    if (!check_str(service, "name").n)
        check_required(c, &name, "");
    if (port < 1 || port > 65535)
        check_invalid_int(c, &port_at, port, "port is not valid: must be between 1 and 65535, inclusive");
    if (check_bool(spec, "insecureSkipTLSVerify") && bundle.n)
        check_invalid_text(c, &skip, "true", "may not be true if caBundle is present");
}

static void api_service(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct str group = check_str(spec, "group"), version = check_str(spec, "version"), bundle = STR("");
    struct at group_at = at_field(NULL, "spec.group"), version_at = at_field(NULL, "spec.version");
    size_t bad_at;

    if (check_str(spec, "caBundle").n)
        base64_decode(c->arena, check_str(spec, "caBundle"), &bundle, &bad_at);
    service_name(c, obj, "metadata.generateName");
    service_name(c, obj, "metadata.name");
    if (!group.n && !str_is(version, "v1"))
        check_required(c, &group_at, "only v1 may have an empty group and it better be legacy kube");
    if (group.n)
        check_name(c, &group_at, group, "dns-subdomain");
    check_name(c, &version_at, version, "dns1035-label");
    priority(c, spec, "groupPriorityMinimum", GROUP_PRIORITY_MAX, "must be positive and less than 20000");
    priority(c, spec, "versionPriority", VERSION_PRIORITY_MAX, "must be positive and less than 1000");
    if (check_has(spec, "service"))
        remote_service(c, spec, bundle);
    else
        local_service(c, spec, bundle);
}

static void api_service_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata_update(c, obj, old);
    check_metadata(c, obj);
    api_service(c, obj);
}

static void api_service_status(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const STATUSES[] = {"True", "False", "Unknown"};
    struct at all = at_field(NULL, "status.conditions");
    json_t *condition;
    size_t i;

    check_metadata_update(c, obj, old);
    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        struct at at = at_index(&all, i), status = at_field(&at, "status");

        if (check_full(c))
            return;
        check_enum(c, &status, check_str(condition, "status"), STATUSES, 3);
    }
}

static const struct validation ROWS[] = {
    {.group = "apiregistration.k8s.io",
     .plural = "apiservices",
     .checks_metadata = true,
     .any_finalizer = true,
     .create = api_service,
     .update = api_service_update,
     .update_status = api_service_status},
};

const struct validation_rows validation_rows_apiservices = VALIDATION_ROWS(ROWS);
