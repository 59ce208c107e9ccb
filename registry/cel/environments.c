/* Tables of what is declared. */
#include "registry/cel/environments.h"

#define ALWAYS                                                                                               \
    {"object", "dyn"}, {"oldObject", "dyn"}, {"namespaceObject", "kubernetes.Namespace"},                    \
    {                                                                                                        \
        "request", "kubernetes.AdmissionRequest"                                                             \
    }
#define PARAMS                                                                                               \
    {                                                                                                        \
        "params", "dyn"                                                                                      \
    }
#define AUTHORIZERS                                                                                          \
    {"authorizer", "kubernetes.authorization.Authorizer"},                                                   \
    {                                                                                                        \
        "authorizer.requestResource", "kubernetes.authorization.ResourceCheck"                               \
    }

static const struct cel_field admission_fields[] = {
    {"kubernetes.GroupVersionKind", "group", "string"},
    {"kubernetes.GroupVersionKind", "version", "string"},
    {"kubernetes.GroupVersionKind", "kind", "string"},
    {"kubernetes.GroupVersionResource", "group", "string"},
    {"kubernetes.GroupVersionResource", "version", "string"},
    {"kubernetes.GroupVersionResource", "resource", "string"},
    {"kubernetes.UserInfo", "username", "string"},
    {"kubernetes.UserInfo", "uid", "string"},
    {"kubernetes.UserInfo", "groups", "list(string)"},
    {"kubernetes.UserInfo", "extra", "map(string, list(string))"},
    {"kubernetes.AdmissionRequest", "kind", "kubernetes.GroupVersionKind"},
    {"kubernetes.AdmissionRequest", "resource", "kubernetes.GroupVersionResource"},
    {"kubernetes.AdmissionRequest", "subResource", "string"},
    {"kubernetes.AdmissionRequest", "requestKind", "kubernetes.GroupVersionKind"},
    {"kubernetes.AdmissionRequest", "requestResource", "kubernetes.GroupVersionResource"},
    {"kubernetes.AdmissionRequest", "requestSubResource", "string"},
    {"kubernetes.AdmissionRequest", "name", "string"},
    {"kubernetes.AdmissionRequest", "namespace", "string"},
    {"kubernetes.AdmissionRequest", "operation", "string"},
    {"kubernetes.AdmissionRequest", "userInfo", "kubernetes.UserInfo"},
    {"kubernetes.AdmissionRequest", "dryRun", "bool"},
    {"kubernetes.AdmissionRequest", "options", "dyn"},
    {"kubernetes.NamespaceSpec", "finalizers", "list(string)"},
    {"kubernetes.NamespaceCondition", "status", "string"},
    {"kubernetes.NamespaceCondition", "type", "string"},
    {"kubernetes.NamespaceCondition", "lastTransitionTime", "google.protobuf.Timestamp"},
    {"kubernetes.NamespaceCondition", "message", "string"},
    {"kubernetes.NamespaceCondition", "reason", "string"},
    {"kubernetes.NamespaceStatus", "conditions", "list(kubernetes.NamespaceCondition)"},
    {"kubernetes.NamespaceStatus", "phase", "string"},
    {"kubernetes.NamespaceMetadata", "name", "string"},
    {"kubernetes.NamespaceMetadata", "generateName", "string"},
    {"kubernetes.NamespaceMetadata", "namespace", "string"},
    {"kubernetes.NamespaceMetadata", "labels", "map(string, string)"},
    {"kubernetes.NamespaceMetadata", "annotations", "map(string, string)"},
    {"kubernetes.NamespaceMetadata", "UID", "string"},
    {"kubernetes.NamespaceMetadata", "creationTimestamp", "google.protobuf.Timestamp"},
    {"kubernetes.NamespaceMetadata", "deletionGracePeriodSeconds", "int"},
    {"kubernetes.NamespaceMetadata", "deletionTimestamp", "google.protobuf.Timestamp"},
    {"kubernetes.NamespaceMetadata", "generation", "int"},
    {"kubernetes.NamespaceMetadata", "resourceVersion", "string"},
    {"kubernetes.NamespaceMetadata", "finalizers", "list(string)"},
    {"kubernetes.Namespace", "metadata", "kubernetes.NamespaceMetadata"},
    {"kubernetes.Namespace", "spec", "kubernetes.NamespaceSpec"},
    {"kubernetes.Namespace", "status", "kubernetes.NamespaceStatus"},
};

static const struct cel_variable device[] = {{"device", "kubernetes.DRADevice"}};

static const struct cel_field device_fields[] = {
    {"kubernetes.DRADevice", "driver", "string"},
    {"kubernetes.DRADevice", "attributes", "map(string, map(string, google.protobuf.Any))"},
    {"kubernetes.DRADevice", "capacity", "map(string, map(string, kubernetes.Quantity))"},
    {"kubernetes.DRADevice", "allowMultipleAllocations", "bool"},
};

struct cel_env cel_env_admission(unsigned flags)
{
    /* The two orders in which those that may be missing come last. */
    static const struct cel_variable params_first[] = {ALWAYS, PARAMS, AUTHORIZERS};
    static const struct cel_variable params_last[] = {ALWAYS, AUTHORIZERS, PARAMS};
    size_t missing = (flags & CEL_PARAMS ? 0 : 1) + (flags & CEL_AUTHORIZER ? 0 : 2);

    return (struct cel_env){.variables = flags & CEL_PARAMS ? params_first : params_last,
                            .nvariables = sizeof(params_first) / sizeof(*params_first) - missing,
                            .fields = admission_fields,
                            .nfields = sizeof(admission_fields) / sizeof(*admission_fields),
                            .patches = flags & CEL_PATCHES};
}

struct cel_env cel_env_device(void)
{
    return (struct cel_env){.variables = device,
                            .nvariables = 1,
                            .fields = device_fields,
                            .nfields = sizeof(device_fields) / sizeof(*device_fields),
                            .macros = CEL_MACROS_BIND};
}

/* Steps from "device" on; "*": any member. */
static const struct {
    const char *steps[3];
    uint64_t most;
} device_sizes[] = {
    {{NULL}, 0},
    {{"driver"}, 63},
    {{"allowMultipleAllocations"}, 1},
    {{"attributes"}, 32},
    {{"attributes", "@keys"}, 63},
    {{"attributes", "@values"}, 32},
    {{"attributes", "@values", "@keys"}, 32},
    {{"attributes", "@values", "*"}, 64},
    {{"capacity"}, 32},
    {{"capacity", "@keys"}, 63},
    {{"capacity", "@values"}, 32},
    {{"capacity", "@values", "@keys"}, 32},
    {{"capacity", "@values", "@values"}, 0},
};

static bool matches(struct str step, const char *pattern)
{
    return pattern && (strcmp(pattern, "*") == 0 || str_is(step, pattern) ||
                       (str_is(step, "@items") && strcmp(pattern, "@values") == 0));
}

static bool device_size(void *arg, const struct cel_path *path, struct cel_size *size)
{
    struct str steps[3];
    size_t n = 0, k;

    for (const struct cel_path *p = path; p->up; p = p->up)
        n++;
    for (k = n; path->up; path = path->up)
        if (--k < 3)
            steps[k] = path->step;
    if (n > 3 || !str_is(path->step, "device"))
        return false;
    for (size_t i = 0; i < sizeof(device_sizes) / sizeof(*device_sizes); i++) {
        for (k = 0; k < n && matches(steps[k], device_sizes[i].steps[k]);)
            k++;
        if (k == n && (n == 3 || !device_sizes[i].steps[n])) {
            *size = (struct cel_size){0, device_sizes[i].most};
            return true;
        }
    }
    return false;
}

struct cel_sizes cel_device_sizes(void)
{
    return (struct cel_sizes){device_size, NULL};
}
