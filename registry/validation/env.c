/* Environment variables of containers, and the fields of the pod that they may show. */
#include "registry/validation/pods.h"

#include "registry/rules/names.h"
#include "registry/rules/quantities.h"
#include "registry/validation/formats.h"
#include "registry/validation/numbers.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

static const char *const ENV_FIELDS[] = {
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs",
};
static const char *const VOLUME_FIELDS[] = {"metadata.annotations", "metadata.labels", "metadata.name",
                                            "metadata.namespace", "metadata.uid"};
/* Fields that can be selected somewhere, though not here. */
static const char *const OTHER_FIELDS[] = {"spec.restartPolicy", "spec.schedulerName", "status.phase"};
static const char *const RESOURCE_FIELDS[] = {
    "limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory"};

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static bool among(struct str s, const char *const *list, int n)
{
    for (int i = 0; i < n; i++) {
        if (str_is(s, list[i]))
            return true;
    }
    return false;
}

/* "metadata.labels['key']". */
static bool split_subscript(struct str path, struct str *field, struct str *key)
{
    ptrdiff_t at = str_find(path, '[');

    if (at <= 0 || path.n < (size_t)at + 4 || path.p[at + 1] != '\'' || !str_ends(path, STR("']")))
        return false;
    *field = (struct str){path.p, (size_t)at};
    *key = (struct str){path.p + at + 2, path.n - (size_t)at - 4};
    return true;
}

static const char *conversion_error(struct check *c, struct str version, struct str path)
{
    struct str field, key;

    if (!str_is(version, "v1"))
        return arena_printf(c->arena, "error converting fieldPath: unsupported pod version: %.*s",
                            STR_ARG(version));
    if (split_subscript(path, &field, &key)) {
        if (str_is(field, "metadata.annotations") || str_is(field, "metadata.labels"))
            return NULL;
        return arena_printf(c->arena,
                            "error converting fieldPath: field label does not support subscript: %.*s",
                            STR_ARG(path));
    }
    if (among(path, ENV_FIELDS, N(ENV_FIELDS)) || among(path, VOLUME_FIELDS, N(VOLUME_FIELDS)) ||
        among(path, OTHER_FIELDS, N(OTHER_FIELDS)) || str_is(path, "spec.host"))
        return NULL;
    return arena_printf(c->arena, "error converting fieldPath: field label not supported: %.*s",
                        STR_ARG(path));
}

static struct str lower(struct check *c, struct str s)
{
    char *p = arena_cstr(c->arena, s);

    for (size_t i = 0; i < s.n; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    }
    return (struct str){p, s.n};
}

void check_field_ref(struct check *c, const struct at *at, const json_t *ref, bool of_volume)
{
    struct at path_at = at_field(at, "fieldPath");
    struct str path = check_str(ref, "fieldPath"), field, key;
    const char *why;

    if (!check_needed(c, at, ref, "apiVersion") || !check_needed(c, at, ref, "fieldPath"))
        return;
    why = conversion_error(c, check_str(ref, "apiVersion"), path);
    if (why) {
        check_invalid_str(c, &path_at, path, why);
        return;
    }
    if (split_subscript(path, &field, &key)) {
        check_qualified_name(c, at, str_is(field, "metadata.annotations") ? lower(c, key) : key);
        return;
    }
    if (str_is(path, "spec.host"))
        path = STR("spec.nodeName");
    if (of_volume)
        check_enum(c, &path_at, path, VOLUME_FIELDS, N(VOLUME_FIELDS));
    else
        check_enum(c, &path_at, path, ENV_FIELDS, N(ENV_FIELDS));
}

static const struct {
    const char *what; /* behind "requests." or "limits." */
    const char *said;
} DIVIDED[] = {{"cpu", "cpu"},
               {"memory", "memory"},
               {"ephemeral-storage", "local ephemeral storage"},
               {"hugepages-", "hugepages"}};

static bool is_divisor(struct str q, bool of_cpu)
{
    static const char *const BYTES[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P", "1E",
                                        "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};

    return of_cpu ? str_is(q, "1m") || str_is(q, "1") : among(q, BYTES, N(BYTES));
}

static void check_divisor(struct check *c, const struct at *up, struct str resource, struct str divisor)
{
    struct at at = at_field(up, "divisor");
    ptrdiff_t dot = str_find(resource, '.');
    struct str side = {resource.p, dot >= 0 ? (size_t)dot : 0}, rest;

    if (quantity_cmp(divisor, STR("0")) == 0 || (!str_is(side, "limits") && !str_is(side, "requests")))
        return;
    rest = (struct str){resource.p + dot + 1, resource.n - (size_t)dot - 1};
    for (int i = 0; i < N(DIVIDED); i++) {
        bool huge = i == N(DIVIDED) - 1;

        if (huge ? !str_starts(rest, str_of(DIVIDED[i].what)) : !str_is(rest, DIVIDED[i].what))
            continue;
        if (is_divisor(divisor, i == 0))
            return;
        check_invalid_str(
            c, &at, resource,
            arena_printf(c->arena, "only divisor's values %s are supported with the %s resource",
                         i == 0 ? "1m and 1" : "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei",
                         DIVIDED[i].said));
        return;
    }
}

void check_resource_field_ref(struct check *c, const struct at *at, const json_t *ref, bool of_volume)
{
    struct at container = at_field(at, "containerName"), resource_at = at_field(at, "resource");
    struct str resource = check_str(ref, "resource");

    if (of_volume && !check_str(ref, "containerName").n)
        check_required(c, &container, "");
    else if (!resource.n)
        check_required(c, &resource_at, "");
    else if (!among(resource, RESOURCE_FIELDS, N(RESOURCE_FIELDS)) &&
             !str_starts(resource, STR("requests.hugepages-")) &&
             !str_starts(resource, STR("limits.hugepages-")))
        check_not_supported(c, &resource_at, resource, RESOURCE_FIELDS, N(RESOURCE_FIELDS));
    check_divisor(c, at, resource, quantity_of(json_object_get(ref, "divisor")));
}

/* A key of a ConfigMap or a Secret. */
static void check_key_ref(struct check *c, const struct at *at, const json_t *ref)
{
    struct at name = at_field(at, "name"), key = at_field(at, "key");

    check_name(c, &name, check_str(ref, "name"), "dns-subdomain");
    if (check_needed(c, at, ref, "key"))
        check_name(c, &key, check_str(ref, "key"), "config-map-key");
}

static void check_file_ref(struct check *c, const struct at *at, const json_t *ref)
{
    struct at key = at_field(at, "key"), volume = at_field(at, "volumeName"), path = at_field(at, "path");

    if (check_needed(c, at, ref, "key"))
        check_env_name(c, &key, check_str(ref, "key"));
    if (check_needed(c, at, ref, "volumeName"))
        check_name(c, &volume, check_str(ref, "volumeName"), "dns-label");
    if (check_needed(c, at, ref, "path"))
        check_no_backsteps(c, &path, check_str(ref, "path"));
}

static void check_value_from(struct check *c, const struct at *at, const json_t *var, const json_t *from)
{
    static const char *const SOURCES[] = {"fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef",
                                          "fileKeyRef"};
    int n = 0;

    for (int i = 0; i < N(SOURCES); i++) {
        const json_t *ref = json_object_get(from, SOURCES[i]);
        struct at one = at_field(at, SOURCES[i]);

        if (!ref)
            continue;
        n++;
        if (i == 0)
            check_field_ref(c, &one, ref, false);
        else if (i == 1)
            check_resource_field_ref(c, &one, ref, false);
        else if (i == 4)
            check_file_ref(c, &one, ref);
        else
            check_key_ref(c, &one, ref);
    }
    if (n == 0)
        check_invalid_str(c, at, STR(""),
                          "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
                          "`secretKeyRef` or `fileKeyRef`");
    else if (check_str(var, "value").n)
        check_invalid_str(c, at, STR(""), "may not be specified when `value` is not empty");
    else if (n > 1)
        check_invalid_str(c, at, STR(""), "may not have more than one field specified at a time");
}

void check_env(struct check *c, const struct at *at, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *var = json_array_get(list, i), *from = json_object_get(var, "valueFrom");
        struct at one = at_index(at, i), name = at_field(&one, "name"), value = at_field(&one, "valueFrom");

        if (check_needed(c, &one, var, "name"))
            check_env_name(c, &name, check_str(var, "name"));
        if (from)
            check_value_from(c, &value, var, from);
    }
}

/* The name is looked at as the beginning of one. */
static void check_env_source(struct check *c, const struct at *at, const json_t *source)
{
    struct at name = at_field(at, "name");
    struct name_errors e;

    if (!check_needed(c, at, source, "name"))
        return;
    name_errors(c->arena, "dns-subdomain", check_str(source, "name"), true, &e);
    for (int i = 0; i < e.n; i++)
        check_invalid_str(c, &name, check_str(source, "name"), e.text[i]);
}

void check_env_from(struct check *c, const struct at *at, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *v = json_array_get(list, i);
        struct at one = at_index(at, i), prefix = at_field(&one, "prefix");
        struct at map = at_field(&one, "configMapRef"), secret = at_field(&one, "secretRef");
        bool has_map = check_has(v, "configMapRef"), has_secret = check_has(v, "secretRef");

        if (check_str(v, "prefix").n)
            check_env_name(c, &prefix, check_str(v, "prefix"));
        if (has_map)
            check_env_source(c, &map, json_object_get(v, "configMapRef"));
        if (has_secret)
            check_env_source(c, &secret, json_object_get(v, "secretRef"));
        if (!has_map && !has_secret)
            check_invalid_str(c, at, STR(""), "must specify one of: `configMapRef` or `secretRef`");
        else if (has_map && has_secret)
            check_invalid_str(c, at, STR(""), "may not have more than one field specified at a time");
    }
}

static void check_file_volumes(const struct pod *p, const struct at *at, const json_t *container, void *arg)
{
    const struct seen *volumes = arg;
    const json_t *env = json_object_get(container, "env");
    struct at list = at_field(at, "env");

    for (size_t i = 0; i < json_array_size(env) && !check_full(p->c); i++) {
        const json_t *ref = tree_get(json_array_get(env, i), "valueFrom.fileKeyRef");
        struct at one = at_index(&list, i), name_at = at_field(&one, "valueFrom.fileKeyRef.volumeName");
        struct str name = check_str(ref, "volumeName");
        size_t k = seen_get(volumes, name);

        if (!ref)
            continue;
        if (!k)
            check_not_found(p->c, &name_at, name);
        else if (!check_has(json_array_get(json_object_get(p->spec, "volumes"), k - 1), "emptyDir"))
            check_invalid_str(p->c, &name_at, name, "referenced volume must be of type emptyDir");
    }
}

void check_file_key_volumes(const struct pod *p, const struct at *at)
{
    struct seen *volumes = seen_new(p->c);
    const json_t *list = json_object_get(p->spec, "volumes");

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str name = check_str(json_array_get(list, i), "name");

        seen_add(volumes, name);
        seen_set(volumes, name, i + 1);
    }
    visit_containers(p, at, check_file_volumes, volumes);
}
