/* Who a container runs as and what it may do. Windows has its own file. */
#include "registry/validation/pods.h"

#include "registry/validation/formats.h"
#include "registry/validation/printed.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

#define ID_MAX INT32_MAX
#define SYSCTL_MAX 253
#define APPARMOR_PATH_MAX 4095
#define SECCOMP_POD "seccomp.security.alpha.kubernetes.io/pod"
#define SECCOMP_CONTAINER "container.seccomp.security.alpha.kubernetes.io/"
#define APPARMOR_CONTAINER "container.apparmor.security.beta.kubernetes.io/"

static const char *const PROFILE_TYPES[] = {"Localhost", "RuntimeDefault", "Unconfined"};

static struct at at_of(const struct at *up, const char *field)
{
    return at_field(up, field);
}

static void check_id(struct check *c, const struct at *up, const json_t *obj, const char *field)
{
    struct at at = at_of(up, field);

    if (check_has(obj, field))
        check_range(c, &at, check_int(obj, field, 0), 0, ID_MAX);
}

static void check_seccomp(struct check *c, const struct at *at, const json_t *profile)
{
    struct at type_at = at_of(at, "type"), path_at = at_of(at, "localhostProfile");
    struct str type = check_str(profile, "type");

    if (!profile)
        return;
    if (!type.n)
        check_required(c, &type_at, "type is required when seccompProfile is set");
    else
        check_enum(c, &type_at, type, PROFILE_TYPES, 3);
    if (str_is(type, "Localhost")) {
        if (!check_has(profile, "localhostProfile"))
            check_required(c, &path_at, "must be set when seccomp type is Localhost");
        else
            check_descending_path(c, &path_at, check_str(profile, "localhostProfile"));
    } else if (check_has(profile, "localhostProfile")) {
        check_invalid_of(c, &path_at, profile, schema_type(STR("core/v1"), STR("SeccompProfile")),
                         "can only be set when seccomp type is Localhost");
    }
}

static bool is_blank(char ch)
{
    return strchr(" \t\n\v\f\r", ch) != NULL;
}

static void check_apparmor_path(struct check *c, const struct at *at, const json_t *profile)
{
    struct str path = check_str(profile, "localhostProfile");

    if (path.n && (is_blank(path.p[0]) || is_blank(path.p[path.n - 1])))
        check_invalid_str(c, at, path, "must not be padded with whitespace");
    else if (!path.n)
        check_required(c, at, "must be set when AppArmor type is Localhost");
    if (path.n > APPARMOR_PATH_MAX)
        check_too_long(c, at, APPARMOR_PATH_MAX);
}

static void check_apparmor(struct check *c, const struct at *at, const json_t *profile)
{
    struct at type_at = at_of(at, "type"), path_at = at_of(at, "localhostProfile");
    struct str type = check_str(profile, "type");

    if (!profile)
        return;
    if (!type.n)
        check_required(c, &type_at, "type is required when appArmorProfile is set");
    else if (str_is(type, "Localhost"))
        check_apparmor_path(c, &path_at, profile);
    else if (check_enum(c, &type_at, type, PROFILE_TYPES, 3) && check_has(profile, "localhostProfile"))
        check_invalid(c, &path_at, json_object_get(profile, "localhostProfile"),
                      "can only be set when AppArmor type is Localhost");
}

static bool is_sysctl_segment(struct str s)
{
    if (!s.n || s.p[0] == '-' || s.p[0] == '_' || s.p[s.n - 1] == '-' || s.p[s.n - 1] == '_')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];

        if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') && ch != '-' && ch != '_')
            return false;
    }
    return true;
}

/* Segments with dots or slashes between them. */
static bool is_sysctl(struct str s)
{
    size_t from = 0;

    if (s.n > SYSCTL_MAX)
        return false;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '.' && s.p[i] != '/')
            continue;
        if (!is_sysctl_segment((struct str){s.p + from, i - from}))
            return false;
        from = i + 1;
    }
    return true;
}

/* What separates first decides: with a slash in front of any dot, slashes and dots change places. */
static struct str dotted(struct check *c, struct str s)
{
    size_t i = 0;
    char *p;

    while (i < s.n && s.p[i] != '.' && s.p[i] != '/')
        i++;
    if (i == s.n || s.p[i] == '.')
        return s;
    p = arena_cstr(c->arena, s);
    for (i = 0; i < s.n; i++)
        p[i] = p[i] == '/' ? '.' : p[i] == '.' ? '/' : p[i];
    return (struct str){p, s.n};
}

static const char *sysctl_conflict(const struct pod *p, struct str name)
{
    static const char *const IPC[] = {
        "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
        "kernel.shm", "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.msg"};
    struct str s = dotted(p->c, name);
    bool is_ipc = str_starts(s, STR("fs.mqueue."));

    for (size_t i = 0; i < sizeof(IPC) / sizeof(IPC[0]); i++)
        is_ipc = is_ipc || str_is(s, IPC[i]);
    if (check_bool(p->spec, "hostNetwork") && str_starts(s, STR("net.")))
        return "may not be specified when 'hostNetwork' is true";
    return check_bool(p->spec, "hostIPC") && is_ipc ? "may not be specified when 'hostIPC' is true" : NULL;
}

bool has_conflicting_sysctls(const struct pod *p)
{
    const json_t *list = tree_get(p->spec, "securityContext.sysctls");

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (sysctl_conflict(p, check_str(json_array_get(list, i), "name")))
            return true;
    }
    return false;
}

static void check_sysctls(const struct pod *p, const struct at *at, const json_t *list)
{
    struct seen *names = seen_new(p->c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        struct str name = check_str(json_array_get(list, i), "name");
        struct at one = at_index(at, i), name_at = at_of(&one, "name");
        const char *conflict = p->o->lax_sysctls ? NULL : sysctl_conflict(p, name);
        bool again = seen_add(names, name);

        if (!name.n)
            check_required(p->c, &name_at, "");
        else if (!is_sysctl(name))
            check_invalid_str(p->c, &name_at, name,
                              "must have at most 253 characters and match regex "
                              "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
        else if (again)
            check_duplicate_str(p->c, &name_at, name);
        if (conflict)
            check_invalid_str(p->c, &name_at, name, conflict);
    }
}

static void check_policies(const struct pod *p, const struct at *at, const json_t *context)
{
    static const char *const GROUPS[] = {"Merge", "Strict"};
    static const char *const CHANGES[] = {"MountOption", "Recursive"};
    struct at groups = at_of(at, "supplementalGroupsPolicy"), change = at_of(at, "seLinuxChangePolicy");

    if (check_has(context, "supplementalGroupsPolicy"))
        check_enum(p->c, &groups, check_str(context, "supplementalGroupsPolicy"), GROUPS, 2);
    if (check_has(context, "seLinuxChangePolicy"))
        check_enum(p->c, &change, check_str(context, "seLinuxChangePolicy"),
                   CHANGES + (p->o->any_selinux_change ? 0 : 1), p->o->any_selinux_change ? 2 : 1);
}

void check_pod_security(const struct pod *p, const struct at *up)
{
    static const char *const CHANGES[] = {"Always", "OnRootMismatch"};
    struct at at = at_of(up, "securityContext"), groups_at = at_of(&at, "supplementalGroups");
    struct at share = at_of(&at, "shareProcessNamespace"), sysctls = at_of(&at, "sysctls");
    struct at change = at_of(&at, "fsGroupChangePolicy"), seccomp = at_of(&at, "seccompProfile");
    struct at windows = at_of(&at, "windowsOptions"), apparmor = at_of(&at, "appArmorProfile");
    const json_t *context = json_object_get(p->spec, "securityContext");
    const json_t *groups = json_object_get(context, "supplementalGroups");

    check_id(p->c, &at, context, "fsGroup");
    check_id(p->c, &at, context, "runAsUser");
    check_id(p->c, &at, context, "runAsGroup");
    for (size_t i = 0; i < json_array_size(groups) && !check_full(p->c); i++) {
        struct at one = at_index(&groups_at, i);

        check_range(p->c, &one, json_integer_value(json_array_get(groups, i)), 0, ID_MAX);
    }
    if (check_bool(p->spec, "shareProcessNamespace") && check_bool(p->spec, "hostPID"))
        check_invalid_text(p->c, &share, "true", "ShareProcessNamespace and HostPID cannot both be enabled");
    check_sysctls(p, &sysctls, json_object_get(context, "sysctls"));
    if (check_has(context, "fsGroupChangePolicy"))
        check_enum(p->c, &change, check_str(context, "fsGroupChangePolicy"), CHANGES, 2);
    check_seccomp(p->c, &seccomp, json_object_get(context, "seccompProfile"));
    check_windows_options(p->c, &windows, json_object_get(context, "windowsOptions"));
    check_apparmor(p->c, &apparmor, json_object_get(context, "appArmorProfile"));
    check_policies(p, &at, context);
}

static void check_proc_mount(const struct pod *p, const struct at *up, const json_t *context)
{
    static const char *const MOUNTS[] = {"Default", "Unmasked"};
    struct at at = at_of(up, "procMount");
    struct str mount = check_str(context, "procMount");

    if (!check_has(context, "procMount"))
        return;
    check_enum(p->c, &at, mount, MOUNTS, 2);
    if (p->host_users && str_is(mount, "Unmasked"))
        check_invalid_word(p->c, &at, mount, "`hostUsers` must be false to use `Unmasked`");
}

static void check_escalation(struct check *c, const struct at *at, const json_t *context)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("SecurityContext"));
    const json_t *added = tree_get(context, "capabilities.add");

    if (!json_is_false(json_object_get(context, "allowPrivilegeEscalation")))
        return;
    if (check_bool(context, "privileged"))
        check_invalid_of(c, at, context, type,
                         "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    for (size_t i = 0; i < json_array_size(added) && !check_full(c); i++) {
        if (str_is(check_item(added, i), "CAP_SYS_ADMIN"))
            check_invalid_of(
                c, at, context, type,
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
}

void check_container_security(const struct pod *p, const struct at *at, const json_t *context)
{
    struct at seccomp = at_of(at, "seccompProfile"), windows = at_of(at, "windowsOptions");
    struct at apparmor = at_of(at, "appArmorProfile"), privileged = at_of(at, "privileged");

    if (!context)
        return;
    if (check_bool(context, "privileged") && p->c->world && !p->c->world->allow_privileged)
        check_forbidden(p->c, &privileged, "disallowed by cluster policy");
    check_id(p->c, at, context, "runAsUser");
    check_id(p->c, at, context, "runAsGroup");
    check_proc_mount(p, at, context);
    check_seccomp(p->c, &seccomp, json_object_get(context, "seccompProfile"));
    check_escalation(p->c, at, context);
    check_windows_options(p->c, &windows, json_object_get(context, "windowsOptions"));
    check_apparmor(p->c, &apparmor, json_object_get(context, "appArmorProfile"));
}

static void check_seccomp_annotation(struct check *c, const struct at *at, const char *key,
                                     struct str profile)
{
    static const char LOCALHOST[] = "localhost/";
    struct at one = at_of(at, key);

    if (str_is(profile, "runtime/default") || str_is(profile, "docker/default") ||
        str_is(profile, "unconfined"))
        return;
    if (str_starts(profile, str_of(LOCALHOST)))
        check_descending_path(c, &one,
                              (struct str){profile.p + strlen(LOCALHOST), profile.n - strlen(LOCALHOST)});
    else
        check_invalid_str(c, &one, profile, "must be a valid seccomp profile");
}

void check_seccomp_annotations(struct check *c, const struct at *at, const json_t *annotations)
{
    const json_t *v;
    const char *key;

    if (check_has(annotations, SECCOMP_POD))
        check_seccomp_annotation(c, at, SECCOMP_POD, check_str(annotations, SECCOMP_POD));
    json_object_foreach((json_t *)(uintptr_t)annotations, key, v)
    {
        if (!check_full(c) && str_starts(str_of(key), STR(SECCOMP_CONTAINER)))
            check_seccomp_annotation(c, at, key, (struct str){json_string_value(v), json_string_length(v)});
    }
}

static bool has_container(const json_t *spec, struct str name)
{
    static const char *const LISTS[] = {"initContainers", "containers", "ephemeralContainers"};

    for (int k = 0; k < 3; k++) {
        const json_t *list = json_object_get(spec, LISTS[k]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            if (str_eq(check_str(json_array_get(list, i), "name"), name))
                return true;
        }
    }
    return false;
}

void check_apparmor_annotations(struct check *c, const struct at *at, const json_t *annotations,
                                const json_t *spec)
{
    const json_t *v;
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)annotations, key, v)
    {
        struct str k = str_of(key), profile = {json_string_value(v), json_string_length(v)}, name;
        struct at one = at_key(at, k);

        if (check_full(c) || !str_starts(k, STR(APPARMOR_CONTAINER)))
            continue;
        name = (struct str){k.p + strlen(APPARMOR_CONTAINER), k.n - strlen(APPARMOR_CONTAINER)};
        if (!has_container(spec, name))
            check_invalid_str(c, &one, name, "container not found");
        if (profile.n && !str_is(profile, "runtime/default") && !str_is(profile, "unconfined") &&
            !str_starts(profile, STR("localhost/")))
            check_invalid_str(
                c, &one, profile,
                arena_printf(c->arena, "invalid AppArmor profile name: %s", check_quoted(c, profile)));
    }
}

/* Which word an annotation has for a type; the two families differ in what they call the thing. */
static void check_agrees(struct check *c, const struct at *at, const json_t *profile, struct str annotation,
                         const char *family)
{
    struct at type_at = at_of(at, "type"), path_at = at_of(at, "localhostProfile");
    struct str type = check_str(profile, "type"), path = STR("");
    bool local = str_starts(annotation, STR("localhost/")), ok = true;

    if (str_is(type, "Unconfined"))
        ok = str_is(annotation, "unconfined");
    else if (str_is(type, "RuntimeDefault"))
        ok = str_is(annotation, "runtime/default") ||
             (strcmp(family, "seccomp") == 0 && str_is(annotation, "docker/default"));
    else if (str_is(type, "Localhost"))
        ok = local;
    else
        return;
    if (local)
        path = (struct str){annotation.p + 10, annotation.n - 10};
    if (!ok)
        check_forbidden(c, &type_at,
                        arena_printf(c->arena, "%s type in annotation and field must match", family));
    else if (str_is(type, "Localhost") && (!check_has(profile, "localhostProfile") ||
                                           !str_eq(check_str(profile, "localhostProfile"), path)))
        check_forbidden(c, &path_at,
                        arena_printf(c->arena, "%s profile in annotation and field must match", family));
}

struct agreement {
    const json_t *annotations;
    const char *prefix, *field, *family;
    const json_t *otherwise; /* what a container without its own has */
};

static void check_container_agrees(const struct pod *p, const struct at *up, const json_t *container,
                                   void *arg)
{
    const struct agreement *a = arg;
    const json_t *profile = json_object_get(json_object_get(container, "securityContext"), a->field);
    struct at context = at_of(up, "securityContext"), at = at_of(&context, a->field);
    const char *key = arena_printf(p->c->arena, "%s%.*s", a->prefix, STR_ARG(check_str(container, "name")));

    profile = profile ? profile : a->otherwise;
    if (profile && check_has(a->annotations, key))
        check_agrees(p->c, &at, profile, check_str(a->annotations, key), a->family);
}

void check_profiles_agree(struct check *c, const struct at *at, const json_t *meta, const json_t *spec)
{
    const json_t *annotations = json_object_get(meta, "annotations");
    const json_t *seccomp = tree_get(spec, "securityContext.seccompProfile");
    struct agreement of_seccomp = {annotations, SECCOMP_CONTAINER, "seccompProfile", "seccomp", NULL};
    struct agreement of_apparmor = {annotations, APPARMOR_CONTAINER, "appArmorProfile", "apparmor",
                                    tree_get(spec, "securityContext.appArmorProfile")};
    struct pod p = {.c = c, .spec = spec};
    struct at context = at_of(at, "securityContext"), seccomp_at = at_of(&context, "seccompProfile");

    if (!json_object_size(annotations))
        return;
    if (seccomp && check_has(annotations, SECCOMP_POD))
        check_agrees(c, &seccomp_at, seccomp, check_str(annotations, SECCOMP_POD), "seccomp");
    visit_containers(&p, at, check_container_agrees, &of_seccomp);
    if (!str_is(tree_str(spec, "os.name"), "windows"))
        visit_containers(&p, at, check_container_agrees, &of_apparmor);
}
