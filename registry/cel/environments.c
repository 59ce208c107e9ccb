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
