/* Containers of all three sorts. What all have comes first, then what only some may have. */
#include "registry/validation/pods.h"

#include "registry/validation/printed.h"
#include "registry/walk/tree.h"

#define RULES_MAX 20
#define EXIT_CODES_MAX 255
#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

bool is_sidecar(const json_t *init_container)
{
    return str_is(check_str(init_container, "restartPolicy"), "Always");
}

static void check_ports(struct check *c, const struct at *at, const json_t *list)
{
    static const char *const PROTOCOLS[] = {"SCTP", "TCP", "UDP"};
    struct seen *names = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *port = json_array_get(list, i);
        struct at one = at_index(at, i), name_at = at_field(&one, "name"), host = at_field(&one, "hostPort");
        struct at number = at_field(&one, "containerPort"), protocol = at_field(&one, "protocol");
        struct str name = check_str(port, "name");

        if (name.n && check_name(c, &name_at, name, "port-name") && seen_add(names, name))
            check_duplicate_str(c, &name_at, name);
        if (!check_int(port, "containerPort", 0))
            check_required(c, &number, "");
        else
            check_port(c, &number, check_int(port, "containerPort", 0));
        if (check_int(port, "hostPort", 0))
            check_port(c, &host, check_int(port, "hostPort", 0));
        if (check_needed(c, &one, port, "protocol"))
            check_enum(c, &protocol, check_str(port, "protocol"), PROTOCOLS, N(PROTOCOLS));
    }
}

/* An enum that must be there. */
static void check_choice(struct check *c, const struct at *up, const json_t *obj, const char *member,
                         const char *const *valid, int n)
{
    struct at at = at_field(up, member);

    if (check_needed(c, up, obj, member))
        check_enum(c, &at, check_str(obj, member), valid, n);
}

static void check_resize_item(struct check *c, const struct at *at, const json_t *item, bool never)
{
    static const char *const RESOURCES[] = {"cpu", "memory"};
    static const char *const POLICIES[] = {"NotRequired", "RestartContainer"};
    struct str resource = check_str(item, "resourceName"), policy = check_str(item, "restartPolicy");

    if (!resource.n)
        check_required(c, at, "");
    else
        check_enum(c, at, resource, RESOURCES, 2);
    if (!policy.n)
        check_required(c, at, "");
    else
        check_enum(c, at, policy, POLICIES, 2);
    if (never && !str_is(policy, "NotRequired"))
        check_invalid_word(c, at, policy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
}

static void check_resize_policy(const struct pod *p, const struct at *at, const json_t *list)
{
    bool never = str_is(check_str(p->spec, "restartPolicy"), "Never");
    struct seen *resources = seen_new(p->c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *item = json_array_get(list, i);
        struct at one = at_index(at, i);

        if (seen_add(resources, check_str(item, "resourceName")))
            check_duplicate_str(p->c, &one, check_str(item, "resourceName"));
        check_resize_item(p->c, at, item, never);
    }
}

/* validateContainerCommon. */
static void check_common(const struct pod *p, const struct at *at, const json_t *container)
{
    static const char *const MESSAGES[] = {"File", "FallbackToLogsOnError"};
    static const char *const PULLS[] = {"Always", "IfNotPresent", "Never"};
    struct at name = at_field(at, "name"), ports = at_field(at, "ports"), env = at_field(at, "env");
    struct at from = at_field(at, "envFrom"), mounts = at_field(at, "volumeMounts"),
              devices = at_field(at, "volumeDevices");
    struct at resources = at_field(at, "resources"), resize = at_field(at, "resizePolicy");
    struct at security = at_field(at, "securityContext");
    struct check *c = p->c;

    if (check_needed(c, at, container, "name"))
        check_name(c, &name, check_str(container, "name"), "dns-label");
    check_needed(c, at, container, "image");
    check_choice(c, at, container, "terminationMessagePolicy", MESSAGES, 2);
    check_ports(c, &ports, json_object_get(container, "ports"));
    check_env(c, &env, json_object_get(container, "env"));
    check_env_from(c, &from, json_object_get(container, "envFrom"));
    check_volume_mounts(p, &mounts, container);
    check_volume_devices(p, &devices, container);
    check_choice(c, at, container, "imagePullPolicy", PULLS, 3);
    check_requirements(c, &resources, json_object_get(container, "resources"), p->claims, false,
                       p->o->lax_hugepages);
    check_resize_policy(p, &resize, json_object_get(container, "resizePolicy"));
    check_container_security(p, &security, json_object_get(container, "securityContext"));
}

static void check_restart_rule(struct check *c, const struct at *at, const json_t *rule)
{
    static const char *const ACTIONS[] = {"Restart", "RestartAllContainers"};
    static const char *const OPERATORS[] = {"In", "NotIn"};
    struct at action = at_field(at, "action"), codes_at = at_field(at, "exitCodes");
    struct at operator= at_field(&codes_at, "operator"), values = at_field(&codes_at, "values");
    const json_t *codes = json_object_get(rule, "exitCodes");
    size_t n = json_array_size(json_object_get(codes, "values"));

    check_enum(c, &action, check_str(rule, "action"), ACTIONS, 2);
    if (!codes) {
        check_required(c, &codes_at, "must be specified");
        return;
    }
    check_enum(c, &operator, check_str(codes, "operator"), OPERATORS, 2);
    if (n > EXIT_CODES_MAX)
        check_too_many(c, &values, (int)n, EXIT_CODES_MAX);
}

/* validateContainerRestartPolicy. */
static void check_restart(struct check *c, const struct at *at, const json_t *container)
{
    static const char *const POLICIES[] = {"Always", "Never", "OnFailure"};
    struct at policy = at_field(at, "restartPolicy"), rules_at = at_field(at, "restartPolicyRules"), one;
    const json_t *rules = json_object_get(container, "restartPolicyRules");
    size_t n = json_array_size(rules);

    if (!check_has(container, "restartPolicy")) {
        if (!n)
            return;
        check_required(c, &policy, "must specify restartPolicy when restart rules are used");
    } else {
        check_enum(c, &policy, check_str(container, "restartPolicy"), POLICIES, 3);
    }
    if (n > RULES_MAX)
        check_too_many(c, &rules_at, (int)n, RULES_MAX);
    for (size_t i = 0; i < n && !check_full(c); i++) {
        one = at_index(&rules_at, i);
        check_restart_rule(c, &one, json_array_get(rules, i));
    }
}

static void check_host_ports(struct check *c, const struct at *at, const json_t *container,
                             struct seen *ports)
{
    const json_t *list = json_object_get(container, "ports");
    struct at ports_at = at_field(at, "ports");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *port = json_array_get(list, i);
        struct at one = at_index(&ports_at, i), host = at_field(&one, "hostPort");
        const char *text;

        if (!check_int(port, "hostPort", 0))
            continue;
        text = arena_printf(c->arena, "%.*s/%.*s/%lld", STR_ARG(check_str(port, "protocol")),
                            STR_ARG(check_str(port, "hostIP")), (long long)check_int(port, "hostPort", 0));
        if (seen_add(ports, str_of(text)))
            check_duplicate_str(c, &host, str_of(text));
    }
}

static const char *const PROBES[] = {"livenessProbe", "readinessProbe", "startupProbe"};

static void check_life(const struct pod *p, const struct at *at, const json_t *container)
{
    struct at lifecycle = at_field(at, "lifecycle");

    if (check_has(container, "lifecycle"))
        check_lifecycle(p, &lifecycle, json_object_get(container, "lifecycle"));
    for (int i = 0; i < 3; i++) {
        struct at one = at_field(at, PROBES[i]);

        check_probe(p->c, &one, json_object_get(container, PROBES[i]), (enum probe)i);
    }
}

void check_containers(const struct pod *p, const struct at *at)
{
    const json_t *list = json_object_get(p->spec, "containers");
    struct seen *names = seen_new(p->c), *ports = seen_new(p->c);

    if (!json_array_size(list)) {
        check_required(p->c, at, "");
        return;
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *container = json_array_get(list, i);
        struct at one = at_index(at, i), name = at_field(&one, "name");

        check_common(p, &one, container);
        if (seen_add(names, check_str(container, "name")))
            check_duplicate_str(p->c, &name, check_str(container, "name"));
        check_life(p, &one, container);
        check_restart(p->c, &one, container);
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        struct at one = at_index(at, i);

        check_host_ports(p->c, &one, json_array_get(list, i), ports);
    }
}

/* A container that runs to its end has no life to look after. */
static void check_no_life(struct check *c, const struct at *at, const json_t *container)
{
    static const char *const FIELDS[] = {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"};

    for (int i = 0; i < 4; i++) {
        struct at one = at_field(at, FIELDS[i]);

        if (check_has(container, FIELDS[i]))
            check_forbidden(c, &one, "may not be set for init containers without restartPolicy=Always");
    }
}

static void check_no_restart(struct check *c, const struct at *at, const json_t *container)
{
    const json_t *list = json_object_get(container, "resizePolicy");
    struct at list_at = at_field(at, "resizePolicy");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&list_at, i), policy = at_field(&one, "restartPolicy");

        if (str_is(check_str(json_array_get(list, i), "restartPolicy"), "RestartContainer"))
            check_invalid_word(c, &policy, STR("RestartContainer"),
                               "must not be set to 'RestartContainer' for non-sidecar initContainers");
    }
}

static void check_init(const struct pod *p, const struct at *at, const json_t *container, struct seen *names)
{
    struct at name_at = at_field(at, "name");
    struct str name = check_str(container, "name");

    check_common(p, at, container);
    check_restart(p->c, at, container);
    if (seen_has(names, name))
        check_duplicate_str(p->c, &name_at, name);
    else if (name.n)
        seen_add(names, name);
    /* they run one by one, so ports collide within one only; the reference counts it as the first */
    struct at first = at_index(at->up, 0);
    check_host_ports(p->c, &first, container, seen_new(p->c));
    if (is_sidecar(container)) {
        check_life(p, at, container);
        return;
    }
    check_no_life(p->c, at, container);
    if (!p->o->lax_restart_init)
        check_no_restart(p->c, at, container);
}

void check_init_containers(const struct pod *p, const struct at *at)
{
    const json_t *list = json_object_get(p->spec, "initContainers");
    struct seen *names;

    if (json_array_size(list) == 0)
        return;
    names = seen_new(p->c);
    seen_add_list(names, json_object_get(p->spec, "containers"), "name");
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        struct at one = at_index(at, i);

        check_init(p, &one, json_array_get(list, i), names);
    }
}

static bool is_set(const json_t *v)
{
    return v && !json_is_null(v) && !json_is_false(v) && !(json_is_string(v) && !json_string_length(v));
}

/* Only what helps to look around may be set. Empty lists count as set, as they do in the reference. */
static void check_ephemeral_fields(struct check *c, const struct at *at, const json_t *container)
{
    static const char *const FIELDS[] = {"ports", "livenessProbe", "readinessProbe", "startupProbe",
                                         "lifecycle"};
    static const char *const RESOURCES[] = {"limits", "requests", "claims"};
    struct at ports = at_field(at, "ports"), resources = at_field(at, "resources"), one;
    bool has_resources = false;

    if (is_set(json_object_get(container, "ports")))
        check_forbidden(c, &ports, "cannot be set for an Ephemeral Container");
    for (int i = 0; i < 3; i++)
        has_resources =
            has_resources || is_set(tree_get(json_object_get(container, "resources"), RESOURCES[i]));
    if (has_resources)
        check_forbidden(c, &resources, "cannot be set for an Ephemeral Container");
    static const char *const BEFORE[] = {"resizePolicy", "restartPolicy", "restartPolicyRules"};
    for (int i = 0; i < 3; i++) {
        one = at_field(at, BEFORE[i]);
        if (is_set(json_object_get(container, BEFORE[i])))
            check_forbidden(c, &one, "cannot be set for an Ephemeral Container");
    }
    for (int i = 1; i < N(FIELDS); i++) {
        one = at_field(at, FIELDS[i]);
        if (is_set(json_object_get(container, FIELDS[i])))
            check_forbidden(c, &one, "cannot be set for an Ephemeral Container");
    }
}

static void check_no_subpaths(struct check *c, const struct at *at, const json_t *container)
{
    static const char *const FIELDS[] = {"subPath", "subPathExpr"};
    const json_t *list = json_object_get(container, "volumeMounts");
    struct at mounts = at_field(at, "volumeMounts");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&mounts, i);

        for (int k = 0; k < 2; k++) {
            struct at field = at_field(&one, FIELDS[k]);

            if (check_str(json_array_get(list, i), FIELDS[k]).n)
                check_forbidden(c, &field, "cannot be set for an Ephemeral Container");
        }
    }
}

void check_ephemeral_containers(const struct pod *p, const struct at *at)
{
    const json_t *list = json_object_get(p->spec, "ephemeralContainers");
    struct seen *others, *names;

    if (json_array_size(list) == 0)
        return;
    others = seen_new(p->c);
    names = seen_new(p->c);
    for (int i = 0; i < 2; i++) {
        seen_add_list(i ? names : others, json_object_get(p->spec, "containers"), "name");
        seen_add_list(i ? names : others, json_object_get(p->spec, "initContainers"), "name");
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *container = json_array_get(list, i);
        struct at one = at_index(at, i), name = at_field(&one, "name"),
                  target_at = at_field(&one, "targetContainerName");
        struct str target = check_str(container, "targetContainerName");

        check_common(p, &one, container);
        check_container_image(p->c, &one, container);
        if (seen_add(names, check_str(container, "name")))
            check_duplicate_str(p->c, &name, check_str(container, "name"));
        if (target.n && !seen_has(others, target))
            check_not_found(p->c, &target_at, target);
        check_ephemeral_fields(p->c, &one, container);
        check_no_subpaths(p->c, &one, container);
    }
}

void check_container_image(struct check *c, const struct at *at, const json_t *container)
{
    struct at image_at = at_field(at, "image");
    struct str image = check_str(container, "image");

    if (image.n && (strchr(" \t\n\v\f\r", image.p[0]) || strchr(" \t\n\v\f\r", image.p[image.n - 1])))
        check_invalid_str(c, &image_at, image, "must not have leading or trailing whitespace");
}
