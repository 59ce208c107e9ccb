/* Pods for Windows, and what only they have. */
#include "registry/validation/pods.h"

#include "registry/validation/printed.h"
#include "registry/walk/tree.h"

#define SPEC_BYTES_MAX (64 * 1024)
#define DOMAIN_MAX 256
#define USER_MAX 104

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    }
    return false;
}

static size_t runes(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool has_any(struct str s, const char *chars)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr(chars, s.p[i]))
            return true;
    }
    return false;
}

static bool is_netbios(struct str s)
{
    return s.n && runes(s) <= 15 && s.p[0] != '.' && !has_any(s, "\\/:*?\"<>|");
}

static bool is_letter_or_digit(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

static bool is_dns_domain(struct str s)
{
    struct str label;

    if (!s.n)
        return false;
    while (str_next(&s, '.', &label)) {
        if (!label.n || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++) {
            if (!is_letter_or_digit(label.p[i]) && label.p[i] != '-')
                return false;
        }
    }
    return true;
}

static bool is_dots_and_blanks(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '.' && s.p[i] != ' ')
            return false;
    }
    return s.n > 0;
}

static void check_user(struct check *c, const struct at *at, const json_t *name, struct str user)
{
    if (!user.n)
        check_invalid(c, at, name, "runAsUserName's User cannot be empty");
    else if (user.n > USER_MAX)
        check_invalid(c, at, name, "runAsUserName's User length must not be longer than 104 characters");
    if (is_dots_and_blanks(user))
        check_invalid(c, at, name, "runAsUserName's User cannot contain only periods or spaces");
    if (has_any(user, "\"/\\:;|=,+*?<>@[]"))
        check_invalid(c, at, name,
                      "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
}

/* "DOMAIN\USER" or "USER". */
static void check_user_name(struct check *c, const struct at *at, const json_t *v)
{
    struct str name = {json_string_value(v), json_string_length(v)}, domain = STR(""), user = name;
    ptrdiff_t slash = str_find(name, '\\');

    if (slash >= 0) {
        domain = (struct str){name.p, (size_t)slash};
        user = (struct str){name.p + slash + 1, name.n - (size_t)slash - 1};
    }
    if (!name.n) {
        check_invalid(c, at, v, "runAsUserName cannot be an empty string");
    } else if (has_control(name)) {
        check_invalid(c, at, v, "runAsUserName cannot contain control characters");
    } else if (str_find(user, '\\') >= 0) {
        check_invalid(c, at, v, "runAsUserName cannot contain more than one backslash");
    } else {
        if (domain.n >= DOMAIN_MAX)
            check_invalid(c, at, v, "runAsUserName's Domain length must be under 256 characters");
        if (slash >= 0 && !is_netbios(domain) && !is_dns_domain(domain))
            check_invalid(c, at, v, "runAsUserName's Domain doesn't match the NetBios nor the DNS format");
        check_user(c, at, v, user);
    }
}

void check_windows_options(struct check *c, const struct at *at, const json_t *options)
{
    struct at name = at_field(at, "gmsaCredentialSpecName"), spec_at = at_field(at, "gmsaCredentialSpec");
    struct at user = at_field(at, "runAsUserName");
    const json_t *spec = json_object_get(options, "gmsaCredentialSpec");

    if (check_has(options, "gmsaCredentialSpecName"))
        check_name(c, &name, check_str(options, "gmsaCredentialSpecName"), "dns-subdomain");
    if (spec && !json_string_length(spec))
        check_invalid(c, &spec_at, spec, "gmsaCredentialSpec cannot be an empty string");
    else if (json_string_length(spec) > SPEC_BYTES_MAX)
        check_invalid(c, &spec_at, spec, "gmsaCredentialSpec size must be under 64 KiB");
    if (check_has(options, "runAsUserName"))
        check_user_name(c, &user, json_object_get(options, "runAsUserName"));
}

struct host_process {
    const json_t *of_pod; /* boolean or NULL */
    int containers, hosted;
};

static void count_host_process(const struct pod *p, const struct at *up, const json_t *container, void *arg)
{
    struct host_process *h = arg;
    const json_t *own = tree_get(container, "securityContext.windowsOptions.hostProcess");
    struct at at = at_field(up, "securityContext.windowsOptions.hostProcess");

    h->containers++;
    if (h->of_pod && own && !json_equal(h->of_pod, own))
        check_invalid(p->c, &at, own,
                      arena_printf(p->c->arena,
                                   "pod hostProcess value must be identical if both are specified, was %s",
                                   json_is_true(h->of_pod) ? "true" : "false"));
    if (json_is_true(own ? own : h->of_pod))
        h->hosted++;
}

void check_host_process(const struct pod *p, const struct at *at)
{
    struct host_process h = {tree_get(p->spec, "securityContext.windowsOptions.hostProcess"), 0, 0};
    struct at network = at_field(at, "hostNetwork");

    visit_containers(p, at, count_host_process, &h);
    if (!h.hosted)
        return;
    if (h.hosted != h.containers)
        check_invalid_str(
            p->c, at, STR(""),
            "If pod contains any hostProcess containers then all containers must be HostProcess "
            "containers");
    if (!check_bool(p->spec, "hostNetwork"))
        check_invalid_text(p->c, &network, "false",
                           "hostNetwork must be true if pod contains any hostProcess containers");
    if (p->c->world && !p->c->world->allow_privileged)
        check_forbidden(p->c, at, "hostProcess containers are disallowed by cluster policy");
}

/* ---- os ---- */

#define NOT_ON_WINDOWS "cannot be set for a windows pod"
#define NOT_ON_LINUX "windows options cannot be set for a linux pod"

/* In the order of the checks; in_spec: not in the security context. zero: false and empty are not set. */
static const struct {
    const char *field;
    bool in_spec, zero;
} OF_PODS[] = {
    {"appArmorProfile", false, false},
    {"seLinuxOptions", false, false},
    {"hostUsers", true, false},
    {"hostPID", true, true},
    {"hostIPC", true, true},
    {"seccompProfile", false, false},
    {"fsGroup", false, false},
    {"fsGroupChangePolicy", false, false},
    {"sysctls", false, true},
    {"shareProcessNamespace", true, false},
    {"runAsUser", false, false},
    {"runAsGroup", false, false},
    {"supplementalGroups", false, false},
    {"supplementalGroupsPolicy", false, false},
    {"seLinuxChangePolicy", false, false},
};

static const char *const OF_CONTAINERS[] = {
    "appArmorProfile", "seLinuxOptions",           "seccompProfile", "capabilities", "readOnlyRootFilesystem",
    "privileged",      "allowPrivilegeEscalation", "procMount",      "runAsUser",    "runAsGroup",
};

static void check_container_windows(const struct pod *p, const struct at *up, const json_t *container,
                                    void *arg)
{
    const json_t *context = json_object_get(container, "securityContext");
    struct at at = at_field(up, "securityContext");

    for (size_t i = 0; context && i < sizeof(OF_CONTAINERS) / sizeof(OF_CONTAINERS[0]); i++) {
        struct at one = at_field(&at, OF_CONTAINERS[i]);

        if (check_has(context, OF_CONTAINERS[i]))
            check_forbidden(p->c, &one, NOT_ON_WINDOWS);
    }
}

static void check_windows(const struct pod *p, const struct at *at)
{
    const json_t *context = json_object_get(p->spec, "securityContext");
    struct at context_at = at_field(at, "securityContext");

    for (size_t i = 0; i < sizeof(OF_PODS) / sizeof(OF_PODS[0]); i++) {
        const json_t *v = json_object_get(OF_PODS[i].in_spec ? p->spec : context, OF_PODS[i].field);
        struct at one = at_field(OF_PODS[i].in_spec ? at : &context_at, OF_PODS[i].field);

        if (!v || (OF_PODS[i].zero && (json_is_false(v) || (json_is_array(v) && !json_array_size(v)))))
            continue;
        check_forbidden(p->c, &one, NOT_ON_WINDOWS);
    }
    visit_containers(p, at, check_container_windows, NULL);
}

static void check_container_linux(const struct pod *p, const struct at *up, const json_t *container,
                                  void *arg)
{
    struct at at = at_field(up, "securityContext.windowsOptions");

    if (tree_get(container, "securityContext.windowsOptions"))
        check_forbidden(p->c, &at, NOT_ON_LINUX);
}

void check_os(const struct pod *p, const struct at *up)
{
    static const char *const SYSTEMS[] = {"linux", "windows"};
    struct at at = at_field(up, "os"), name_at = at_field(&at, "name");
    struct str name = tree_str(p->spec, "os.name");

    if (!check_has(p->spec, "os"))
        return;
    if (!name.n)
        check_required(p->c, &name_at, "");
    else if (!check_enum(p->c, &at, name, SYSTEMS, 2))
        return;
    if (str_is(name, "windows"))
        check_windows(p, up);
    if (!str_is(name, "linux"))
        return;
    check_container_linux(p, up, p->spec, NULL); /* the pod's own options are called alike */
    visit_containers(p, up, check_container_linux, NULL);
}
