/* Pods are made by people and by templates that people wrote, so most of what can be warned of is here. The
 * order is that of the reference (pkg/api/pod/warnings.go). */
#include "registry/strategy/warnings.h"

#include <stdio.h>
#include "registry/rules/names.h"
#include "registry/rules/text.h"
#include "registry/walk/tree.h"

#define COMPARED_MAX 256 /* of ports, variables, ... that are compared each with each */

struct advice {
    const char *key, *text;
};

static const struct advice NODE_LABELS[] = {
    {"beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"},
    {"beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"},
    {"failure-domain.beta.kubernetes.io/region",
     "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"},
    {"failure-domain.beta.kubernetes.io/zone",
     "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"},
    {"beta.kubernetes.io/instance-type",
     "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"},
    {"app.kubernetes.io/created-by", "deprecated since v1.9"},
    {"scheduler.alpha.kubernetes.io/preferAvoidPods",
     "deprecated since v1.22; use Taints and Tolerations instead"},
    {"node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"},
};

static const struct advice ANNOTATIONS[] = {
    {"scheduler.alpha.kubernetes.io/critical-pod",
     "non-functional in v1.16+; use the \"priorityClassName\" field instead"},
    {"security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"},
    {"security.alpha.kubernetes.io/unsafe-sysctls",
     "non-functional in v1.11+; use the \"sysctls\" field instead"},
};

static const struct {
    const char *key, *text,
        *shown; /* text NULL: a claim, which is looked at; shown: as the reference spells it */
} VOLUMES[] = {
    {"photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+", NULL},
    {"gitRepo", "deprecated in v1.11, and disabled by default in v1.33+", NULL},
    {"scaleIO", "deprecated in v1.16, non-functional in v1.22+", NULL},
    {"flocker", "deprecated in v1.22, non-functional in v1.25+", NULL},
    {"storageos", "deprecated in v1.22, non-functional in v1.25+", "storageOS"},
    {"quobyte", "deprecated in v1.22, non-functional in v1.25+", NULL},
    {"glusterfs", "deprecated in v1.25, non-functional in v1.26+", NULL},
    {"ephemeral", NULL, NULL},
    {"cephfs", "deprecated in v1.28, non-functional in v1.31+", NULL},
    {"rbd", "deprecated in v1.28, non-functional in v1.31+", NULL},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *warnings_node_label(struct str key)
{
    for (size_t i = 0; i < COUNT(NODE_LABELS); i++) {
        if (str_is(key, NODE_LABELS[i].key))
            return NODE_LABELS[i].text;
    }
    return NULL;
}

struct view {
    const struct strategy_call *c;
    const char *prefix;
    const json_t *pod, *spec, *annotations;
    struct port {
        char path[96];
        const json_t *port;
    } ports[COMPARED_MAX];
    size_t nports;
};

static void label_values(const struct strategy_call *c, const char *path, const json_t *values)
{
    struct name_errors errors;
    json_t *value;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)values, i, value)
    {
        struct str v = {json_string_value(value), json_string_length(value)};

        name_label_value_errors(v, &errors);
        for (int k = 0; k < errors.n; k++)
            warnings_add(c, "%s[%zu]: %.*s is invalid, %s", path, i, STR_ARG(v), errors.text[k]);
    }
}

void warnings_of_node_term(const struct strategy_call *c, const char *path, const json_t *term,
                           bool preferred)
{
    size_t i;
    json_t *e;

    json_array_foreach(tree_get(term, "matchExpressions"), i, e)
    {
        struct str key = tree_str(e, "key");
        const char *advice = warnings_node_label(key);

        if (advice)
            warnings_add(c, "%s.matchExpressions[%zu].key: %.*s is %s", path, i, STR_ARG(key), advice);
        if (preferred)
            label_values(c, arena_printf(c->arena, "%s.matchExpressions[%zu].values", path, i),
                         tree_get(e, "values"));
    }
}

static void node_choice(const struct view *v)
{
    static const char REQUIRED[] =
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
        "nodeSelectorTerms";
    static const char PREFERRED[] =
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution";
    const char *key;
    json_t *value, *term;
    const char *path;
    size_t i;

    json_object_foreach(tree_get(v->spec, "nodeSelector"), key, value)
    {
        const char *advice = warnings_node_label(str_of(key));

        if (advice)
            warnings_add(v->c, "%sspec.nodeSelector[%s]: %s", v->prefix, key, advice);
    }
    json_array_foreach(tree_get(v->pod, REQUIRED), i, term)
    {
        path = arena_printf(v->c->arena, "%s%s[%zu]", v->prefix, REQUIRED, i);
        warnings_of_node_term(v->c, path, term, false);
    }
    json_array_foreach(tree_get(v->pod, PREFERRED), i, term)
    {
        path = arena_printf(v->c->arena, "%s%s[%zu].preference", v->prefix, PREFERRED, i);
        warnings_of_node_term(v->c, path, tree_get(term, "preference"), true);
    }
}

static void spread(const struct view *v)
{
    size_t i;
    json_t *t;

    json_array_foreach(tree_get(v->spec, "topologySpreadConstraints"), i, t)
    {
        struct str key = tree_str(t, "topologyKey");
        const char *advice = warnings_node_label(key);

        if (advice)
            warnings_add(v->c, "%sspec.topologySpreadConstraints[%zu].topologyKey: %.*s is %s", v->prefix, i,
                         STR_ARG(key), advice);
        if (!tree_get(t, "labelSelector"))
            warnings_add(
                v->c,
                "%sspec.topologySpreadConstraints[%zu].labelSelector: a null labelSelector results in "
                "matching no pod",
                v->prefix, i);
    }
}

static void annotations(const struct view *v)
{
    for (size_t i = 0; i < COUNT(ANNOTATIONS); i++) {
        if (json_object_get(v->annotations, ANNOTATIONS[i].key))
            warnings_add(v->c, "%smetadata.annotations[%s]: %s", v->prefix, ANNOTATIONS[i].key,
                         ANNOTATIONS[i].text);
    }
}

static void volume(const struct view *v, const json_t *volume, size_t i)
{
    static const char TEMPLATE[] = "ephemeral.volumeClaimTemplate.spec";

    for (size_t k = 0; k < COUNT(VOLUMES); k++) {
        if (VOLUMES[k].text ? !tree_get(volume, VOLUMES[k].key) : !tree_get(volume, TEMPLATE))
            continue;
        if (VOLUMES[k].text)
            warnings_add(v->c, "%sspec.volumes[%zu].%s: %s", v->prefix, i,
                         VOLUMES[k].shown ? VOLUMES[k].shown : VOLUMES[k].key, VOLUMES[k].text);
        else
            warnings_of_claim(v->c,
                              arena_printf(v->c->arena, "%sspec.volumes[%zu].%s.", v->prefix, i, TEMPLATE),
                              tree_get(volume, TEMPLATE));
    }
}

static void volumes(const struct view *v)
{
    size_t i;
    json_t *one;

    json_array_foreach(tree_get(v->spec, "volumes"), i, one) volume(v, one, i);
    warnings_of_volumes(v->c, v->spec);
}

static bool said_before(const json_t *list, size_t i, const char *field)
{
    for (size_t k = 0; k < i; k++) {
        if (str_eq(tree_str(json_array_get(list, k), field), tree_str(json_array_get(list, i), field)))
            return true;
    }
    return false;
}

static void twice(const struct view *v, const char *list_name, const char *field)
{
    const json_t *list = tree_get(v->spec, list_name);

    for (size_t i = 0; i < json_array_size(list) && i < COMPARED_MAX; i++) {
        if (said_before(list, i, field))
            warnings_add(v->c, "%sspec.%s[%zu].%s: duplicate %s %s", v->prefix, list_name, i, field, field,
                         text_quoted(v->c->arena, tree_str(json_array_get(list, i), field)));
    }
}

static void pull_secrets(const struct view *v)
{
    size_t i;
    json_t *secret;

    twice(v, "imagePullSecrets", "name");
    json_array_foreach(tree_get(v->spec, "imagePullSecrets"), i, secret)
    {
        if (!tree_str(secret, "name").n)
            warnings_add(v->c, "%sspec.imagePullSecrets[%zu].name: invalid empty name \"\"", v->prefix, i);
    }
}

/* Quantities are kept in their canonical form, where only fractions end so. */
static void fraction(const struct view *v, const json_t *resources, const char *path, const char *resource)
{
    const json_t *value = json_object_get(resources, resource);
    struct str q = {json_string_value(value), json_string_length(value)};

    if (q.n && strchr("mun", q.p[q.n - 1]))
        warnings_add(v->c, "%s%s[%s]: fractional byte value \"%.*s\" is invalid, must be an integer",
                     v->prefix, path, resource, STR_ARG(q));
}

static void container_resources(const struct view *v, const json_t *container, const char *path)
{
    static const char *const RESOURCES[] = {"memory", "ephemeral-storage"};
    static const char *const LISTS[] = {"resources.limits", "resources.requests"};
    char where[128];

    for (int i = 0; i < 4; i++) {
        snprintf(where, sizeof(where), "%s.%s", path, LISTS[i % 2]);
        fraction(v, tree_get(container, LISTS[i % 2]), where, RESOURCES[i / 2]);
    }
}

/* A variable that is said twice is fine only when the second builds on the first. */
static void environment(const struct view *v, const json_t *container, const char *path)
{
    const json_t *env = tree_get(container, "env");

    for (size_t i = 0; i < json_array_size(env) && i < COMPARED_MAX; i++) {
        const json_t *one = json_array_get(env, i);
        struct str name = tree_str(one, "name");
        const char *value = tree_string(one, "value");
        const char *ref = arena_printf(v->c->arena, "$(%.*s)", STR_ARG(name));

        if (!said_before(env, i, "name"))
            continue;
        if (tree_get(one, "valueFrom") || !value || strcmp(value, ref) == 0 || !strstr(value, ref))
            warnings_add(
                v->c, "%s%s.env[%zu]: hides previous definition of %s, which may be dropped when using apply",
                v->prefix, path, i, text_quoted(v->c->arena, name));
    }
}

static bool same_profile(const json_t *profile, const char *annotation)
{
    static const char LOCAL[] = "localhost/";
    struct str type = tree_str(profile, "type");

    if (!profile || !annotation)
        return false;
    if (strcmp(annotation, "unconfined") == 0)
        return str_is(type, "Unconfined");
    if (strcmp(annotation, "runtime/default") == 0)
        return str_is(type, "RuntimeDefault");
    return str_is(type, "Localhost") && strncmp(annotation, LOCAL, sizeof(LOCAL) - 1) == 0 &&
           str_is(tree_str(profile, "localhostProfile"), annotation + sizeof(LOCAL) - 1);
}

/* Pods themselves are given the field. */
static void apparmor(const struct view *v, const json_t *container, struct str name)
{
    const char *key =
        arena_printf(v->c->arena, "container.apparmor.security.beta.kubernetes.io/%.*s", STR_ARG(name));
    const json_t *annotation = json_object_get(v->annotations, key);

    if (v->prefix[0] && annotation && !tree_get(container, "securityContext.appArmorProfile") &&
        !same_profile(tree_get(v->spec, "securityContext.appArmorProfile"), json_string_value(annotation)))
        warnings_add(v->c,
                     "%smetadata.annotations[%s]: deprecated since v1.30; use the \"appArmorProfile\" field "
                     "instead",
                     v->prefix, key);
}

static void container(struct view *v, const json_t *container, const char *path)
{
    struct str name = tree_str(container, "name");
    const char *key =
        arena_printf(v->c->arena, "container.seccomp.security.alpha.kubernetes.io/%.*s", STR_ARG(name));

    if (!tree_get(container, "securityContext.seccompProfile") && json_object_get(v->annotations, key))
        warnings_add(v->c,
                     "%smetadata.annotations[%s]: non-functional in v1.27+; use the \"seccompProfile\" field "
                     "instead",
                     v->prefix, key);
    apparmor(v, container, name);
    container_resources(v, container, path);
    environment(v, container, path);
}

static void collect_ports(struct view *v, const json_t *container, const char *path)
{
    size_t i;
    json_t *p;

    json_array_foreach(tree_get(container, "ports"), i, p)
    {
        if (v->nports == COMPARED_MAX)
            return;
        v->ports[v->nports].port = p;
        snprintf(v->ports[v->nports].path, sizeof(v->ports[0].path), "%s%s.ports[%zu]", v->prefix, path, i);
        v->nports++;
    }
}

static void each_container(struct view *v, void (*visit)(struct view *, const json_t *, const char *))
{
    static const char *const LISTS[] = {"initContainers", "containers", "ephemeralContainers"};
    char path[64];
    size_t i;
    json_t *one;

    for (int k = 0; k < 3; k++) {
        json_array_foreach(tree_get(v->spec, LISTS[k]), i, one)
        {
            snprintf(path, sizeof(path), "spec.%s[%zu]", LISTS[k], i);
            visit(v, one, path);
        }
    }
}

static void clash(const struct view *v, const struct port *a, const struct port *b)
{
    int64_t ours = tree_int(a->port, "hostPort", 0), theirs = tree_int(b->port, "hostPort", 0);
    struct str ip = tree_str(a->port, "hostIP"), their_ip = tree_str(b->port, "hostIP");
    const char *how = NULL;

    if (tree_int(a->port, "containerPort", 0) != tree_int(b->port, "containerPort", 0) ||
        !str_eq(tree_str(a->port, "protocol"), tree_str(b->port, "protocol")))
        return;
    if (str_eq(ip, their_ip) && ours == theirs)
        how = "duplicate";
    else if (ours == 0 || theirs == 0)
        how = "overlapping";
    else if (ours == theirs && (ip.n == 0) != (their_ip.n == 0))
        how = "dangerously ambiguous";
    if (how)
        warnings_add(v->c, "%s: %s port definition with %s", a->path, how, b->path);
}

static void lone_address(const struct view *v, const struct port *a)
{
    const json_t *p = a->port;
    struct str name = tree_str(p, "name"), protocol = tree_str(p, "protocol"), ip = tree_str(p, "hostIP");

    if (ip.n && tree_int(p, "hostPort", 0) == 0)
        warnings_add(v->c,
                     "%s: hostIP set without hostPort: {Name:%.*s HostPort:0 ContainerPort:%lld "
                     "Protocol:%.*s HostIP:%.*s}",
                     a->path, STR_ARG(name), (long long)tree_int(p, "containerPort", 0), STR_ARG(protocol),
                     STR_ARG(ip));
}

static void same_name(const struct view *v, size_t i)
{
    struct str name = tree_str(v->ports[i].port, "name");

    for (size_t k = 0; name.n && k < i; k++) {
        if (!str_eq(tree_str(v->ports[k].port, "name"), name))
            continue;
        warnings_add(v->c,
                     "%s: duplicate port name %s with %s, services and probes that select ports by name will "
                     "use %s",
                     v->ports[i].path, text_quoted(v->c->arena, name), v->ports[k].path, v->ports[k].path);
        return;
    }
}

static void ports(struct view *v)
{
    each_container(v, collect_ports);
    for (size_t i = 0; i < v->nports; i++) {
        lone_address(v, &v->ports[i]);
        for (size_t k = 0; k < i; k++)
            clash(v, &v->ports[i], &v->ports[k]);
    }
    for (size_t i = 0; i < v->nports; i++)
        same_name(v, i);
}

static void affinity(const struct view *v, const char *kind)
{
    static const char REQUIRED[] = "requiredDuringSchedulingIgnoredDuringExecution";
    static const char PREFERRED[] = "preferredDuringSchedulingIgnoredDuringExecution";
    const json_t *a = tree_get(tree_get(v->spec, "affinity"), kind);
    size_t i;
    json_t *t;

    json_array_foreach(tree_get(a, REQUIRED), i, t)
    {
        if (!tree_get(t, "labelSelector"))
            warnings_add(
                v->c,
                "%sspec.affinity.%s.%s[%zu].labelSelector: a null labelSelector results in matching no "
                "pod",
                v->prefix, kind, REQUIRED, i);
    }
    json_array_foreach(tree_get(a, PREFERRED), i, t)
    {
        if (!tree_get(t, "podAffinityTerm.labelSelector"))
            warnings_add(
                v->c,
                "%sspec.affinity.%s.%s[%zu].podAffinityTerm.labelSelector: a null labelSelector results "
                "in matching no pod",
                v->prefix, kind, PREFERRED, i);
    }
}

void warnings_of_pod(const struct strategy_call *c, const char *prefix, const json_t *pod)
{
    static const char SECCOMP[] = "seccomp.security.alpha.kubernetes.io/pod";
    struct view *v = arena_alloc(c->arena, sizeof(*v));

    v->c = c;
    v->prefix = prefix;
    v->pod = pod;
    v->spec = tree_get(pod, "spec");
    v->annotations = tree_get(pod, "metadata.annotations");
    node_choice(v);
    spread(v);
    annotations(v);
    volumes(v);
    twice(v, "hostAliases", "ip");
    pull_secrets(v);
    fraction(v, tree_get(v->spec, "overhead"), "spec.overhead", "memory");
    fraction(v, tree_get(v->spec, "overhead"), "spec.overhead", "ephemeral-storage");
    if (!tree_get(v->spec, "securityContext.seccompProfile") && json_object_get(v->annotations, SECCOMP))
        warnings_add(c,
                     "%smetadata.annotations[%s]: non-functional in v1.27+; use the \"seccompProfile\" field "
                     "instead",
                     prefix, SECCOMP);
    each_container(v, container);
    ports(v);
    if (tree_int(v->spec, "terminationGracePeriodSeconds", 0) < 0)
        warnings_add(
            c,
            "%sspec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will "
            "be treated as 1",
            prefix);
    affinity(v, "podAffinity");
    affinity(v, "podAntiAffinity");
    warnings_addresses(c, arena_printf(c->arena, "%sspec", prefix), v->spec, "dnsConfig.nameservers[]");
    warnings_addresses(c, arena_printf(c->arena, "%sspec", prefix), v->spec, "hostAliases[].ip");
}
