/* Most defaults are a constant for an absent field: rows of a table, by the type they belong to, so that they
 * hold wherever the type is embedded (a pod's spec in a Deployment's template). What depends on other fields
 * is a small function in a row of its own. */
#include "registry/walk/default.h"

#include "registry/walk/defaultrows.h"

struct constant {
    const char *type;  /* "core/v1.Container" */
    const char *field; /* JSON name */
    const char *value; /* JSON text */
};

#define CORE "core/v1."
#define APPS "apps/v1."
#define BATCH "batch/v1."
#define ADMREG "admissionregistration.k8s.io/v1."
#define FLOW "flowcontrol.apiserver.k8s.io/v1."
#define HPA2 "autoscaling/v2."

/* Sorted by type (byte order): found by bisection. */
static const struct constant CONSTANTS[] = {
    {ADMREG "MatchResources", "matchPolicy", "\"Equivalent\""},
    {ADMREG "MatchResources", "namespaceSelector", "{}"},
    {ADMREG "MatchResources", "objectSelector", "{}"},
    {ADMREG "MutatingAdmissionPolicySpec", "failurePolicy", "\"Fail\""},
    {ADMREG "MutatingWebhook", "failurePolicy", "\"Fail\""},
    {ADMREG "MutatingWebhook", "matchPolicy", "\"Equivalent\""},
    {ADMREG "MutatingWebhook", "namespaceSelector", "{}"},
    {ADMREG "MutatingWebhook", "objectSelector", "{}"},
    {ADMREG "MutatingWebhook", "reinvocationPolicy", "\"Never\""},
    {ADMREG "MutatingWebhook", "timeoutSeconds", "10"},
    {ADMREG "NamedRuleWithOperations", "scope", "\"*\""},
    {ADMREG "Rule", "scope", "\"*\""},
    {ADMREG "RuleWithOperations", "scope", "\"*\""},
    {ADMREG "ServiceReference", "port", "443"},
    {ADMREG "ValidatingAdmissionPolicySpec", "failurePolicy", "\"Fail\""},
    {ADMREG "ValidatingWebhook", "failurePolicy", "\"Fail\""},
    {ADMREG "ValidatingWebhook", "matchPolicy", "\"Equivalent\""},
    {ADMREG "ValidatingWebhook", "namespaceSelector", "{}"},
    {ADMREG "ValidatingWebhook", "objectSelector", "{}"},
    {ADMREG "ValidatingWebhook", "timeoutSeconds", "10"},
    {"apiextensions.k8s.io/v1.CustomResourceDefinitionSpec", "conversion", "{\"strategy\":\"None\"}"},
    {"apiextensions.k8s.io/v1.ServiceReference", "port", "443"},
    {"apiregistration.k8s.io/v1.ServiceReference", "port", "443"},
    {APPS "DaemonSetSpec", "revisionHistoryLimit", "10"},
    {APPS "DaemonSetSpec", "updateStrategy", "{}"},
    {APPS "DaemonSetUpdateStrategy", "type", "\"RollingUpdate\""},
    {APPS "DeploymentSpec", "progressDeadlineSeconds", "600"},
    {APPS "DeploymentSpec", "replicas", "1"},
    {APPS "DeploymentSpec", "revisionHistoryLimit", "10"},
    {APPS "DeploymentSpec", "strategy", "{}"},
    {APPS "DeploymentStrategy", "type", "\"RollingUpdate\""},
    {APPS "ReplicaSetSpec", "replicas", "1"},
    {APPS "RollingUpdateDaemonSet", "maxSurge", "0"},
    {APPS "RollingUpdateDaemonSet", "maxUnavailable", "1"},
    {APPS "RollingUpdateDeployment", "maxSurge", "\"25%\""},
    {APPS "RollingUpdateDeployment", "maxUnavailable", "\"25%\""},
    {APPS "RollingUpdateStatefulSetStrategy", "partition", "0"},
    {APPS "StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted", "\"Retain\""},
    {APPS "StatefulSetPersistentVolumeClaimRetentionPolicy", "whenScaled", "\"Retain\""},
    {APPS "StatefulSetSpec", "persistentVolumeClaimRetentionPolicy", "{}"},
    {APPS "StatefulSetSpec", "podManagementPolicy", "\"OrderedReady\""},
    {APPS "StatefulSetSpec", "replicas", "1"},
    {APPS "StatefulSetSpec", "revisionHistoryLimit", "10"},
    {"autoscaling/v1.HorizontalPodAutoscalerSpec", "minReplicas", "1"},
    {HPA2 "HorizontalPodAutoscalerSpec", "minReplicas", "1"},
    {BATCH "CronJobSpec", "concurrencyPolicy", "\"Allow\""},
    {BATCH "CronJobSpec", "failedJobsHistoryLimit", "1"},
    {BATCH "CronJobSpec", "successfulJobsHistoryLimit", "3"},
    {BATCH "CronJobSpec", "suspend", "false"},
    {BATCH "PodFailurePolicyOnPodConditionsPattern", "status", "\"True\""},
    {CORE "AzureDiskVolumeSource", "cachingMode", "\"ReadWrite\""},
    {CORE "AzureDiskVolumeSource", "kind", "\"Shared\""},
    {CORE "ConfigMapVolumeSource", "defaultMode", "420"},
    {CORE "Container", "terminationMessagePath", "\"/dev/termination-log\""},
    {CORE "Container", "terminationMessagePolicy", "\"File\""},
    {CORE "DownwardAPIVolumeSource", "defaultMode", "420"},
    {CORE "EndpointPort", "protocol", "\"TCP\""},
    {CORE "EphemeralContainer", "terminationMessagePath", "\"/dev/termination-log\""},
    {CORE "EphemeralContainer", "terminationMessagePolicy", "\"File\""},
    {CORE "HTTPGetAction", "path", "\"/\""},
    {CORE "HTTPGetAction", "scheme", "\"HTTP\""},
    {CORE "HostPathVolumeSource", "type", "\"\""},
    {CORE "ObjectFieldSelector", "apiVersion", "\"v1\""},
    {CORE "PersistentVolumeClaimSpec", "volumeMode", "\"Filesystem\""},
    {CORE "PersistentVolumeClaimStatus", "phase", "\"Pending\""},
    {CORE "PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "\"Retain\""},
    {CORE "PersistentVolumeSpec", "volumeMode", "\"Filesystem\""},
    {CORE "PersistentVolumeStatus", "phase", "\"Pending\""},
    {CORE "PodSpec", "dnsPolicy", "\"ClusterFirst\""},
    {CORE "PodSpec", "restartPolicy", "\"Always\""},
    {CORE "PodSpec", "schedulerName", "\"default-scheduler\""},
    {CORE "PodSpec", "securityContext", "{}"},
    {CORE "PodSpec", "terminationGracePeriodSeconds", "30"},
    {CORE "Probe", "failureThreshold", "3"},
    {CORE "Probe", "periodSeconds", "10"},
    {CORE "Probe", "successThreshold", "1"},
    {CORE "Probe", "timeoutSeconds", "1"},
    {CORE "ProjectedVolumeSource", "defaultMode", "420"},
    {CORE "ReplicationControllerSpec", "replicas", "1"},
    {CORE "Secret", "type", "\"Opaque\""},
    {CORE "SecretVolumeSource", "defaultMode", "420"},
    {CORE "ServiceAccountTokenProjection", "expirationSeconds", "3600"},
    {CORE "ServiceSpec", "sessionAffinity", "\"None\""},
    {CORE "ServiceSpec", "type", "\"ClusterIP\""},
    {"discovery.k8s.io/v1.EndpointPort", "name", "\"\""},
    {"discovery.k8s.io/v1.EndpointPort", "protocol", "\"TCP\""},
    {FLOW "ExemptPriorityLevelConfiguration", "lendablePercent", "0"},
    {FLOW "ExemptPriorityLevelConfiguration", "nominalConcurrencyShares", "0"},
    {FLOW "FlowSchemaSpec", "matchingPrecedence", "1000"},
    {FLOW "LimitedPriorityLevelConfiguration", "lendablePercent", "0"},
    {FLOW "LimitedPriorityLevelConfiguration", "nominalConcurrencyShares", "30"},
    {FLOW "QueuingConfiguration", "handSize", "8"},
    {FLOW "QueuingConfiguration", "queueLengthLimit", "50"},
    {FLOW "QueuingConfiguration", "queues", "64"},
    {"networking.k8s.io/v1.IngressClassParametersReference", "scope", "\"Cluster\""},
    {"networking.k8s.io/v1.NetworkPolicyPort", "protocol", "\"TCP\""},
    {"rbac.authorization.k8s.io/v1.RoleRef", "apiGroup", "\"rbac.authorization.k8s.io\""},
    {"resource.k8s.io/v1.DeviceSubRequest", "allocationMode", "\"ExactCount\""},
    {"resource.k8s.io/v1.ExactDeviceRequest", "allocationMode", "\"ExactCount\""},
    {"scheduling.k8s.io/v1.PriorityClass", "preemptionPolicy", "\"PreemptLowerPriority\""},
    {"storage.k8s.io/v1.CSIDriverSpec", "attachRequired", "true"},
    {"storage.k8s.io/v1.CSIDriverSpec", "fsGroupPolicy", "\"ReadWriteOnceWithFSType\""},
    {"storage.k8s.io/v1.CSIDriverSpec", "podInfoOnMount", "false"},
    {"storage.k8s.io/v1.CSIDriverSpec", "requiresRepublish", "false"},
    {"storage.k8s.io/v1.CSIDriverSpec", "seLinuxMount", "false"},
    {"storage.k8s.io/v1.CSIDriverSpec", "storageCapacity", "false"},
    {"storage.k8s.io/v1.CSIDriverSpec", "volumeLifecycleModes", "[\"Persistent\"]"},
    {"storage.k8s.io/v1.StorageClass", "reclaimPolicy", "\"Delete\""},
    {"storage.k8s.io/v1.StorageClass", "volumeBindingMode", "\"Immediate\""},
};

/* Fields of features that are off unless asked for: the reference drops what a client says there. Rules: the
 * gates of pkg/features/kube_features.go, the DropDisabled functions of the strategies. Sorted by type. */
struct withheld {
    const char *type, *field;
};

static const struct withheld WITHHELD[] = {
    {APPS "RollingUpdateStatefulSetStrategy", "maxUnavailable"},
    {"coordination.k8s.io/v1.LeaseSpec", "preferredHolder"},
    {"coordination.k8s.io/v1.LeaseSpec", "strategy"},
    {CORE "ContainerStatus", "stopSignal"},
    {CORE "Lifecycle", "stopSignal"},
    {CORE "PodSpec", "schedulingGroup"},
    {CORE "PodStatus", "nodeAllocatableResourceClaimStatuses"},
    {CORE "TypedObjectReference", "namespace"},
    {CORE "VolumeProjection", "clusterTrustBundle"},
    {CORE "VolumeProjection", "podCertificate"},
    {CORE "VolumeStatus", "image"},
    {"resource.k8s.io/v1.Device", "nodeAllocatableResourceMappings"},
    {"resource.k8s.io/v1.DeviceAttribute", "bools"},
    {"resource.k8s.io/v1.DeviceAttribute", "ints"},
    {"resource.k8s.io/v1.DeviceAttribute", "strings"},
    {"resource.k8s.io/v1.DeviceAttribute", "versions"},
    {"storage.k8s.io/v1.CSIDriverSpec", "preventPodSchedulingIfMissing"},
};

static void withhold(json_t *v, const struct schema_type *t)
{
    const size_t n = sizeof(WITHHELD) / sizeof(WITHHELD[0]);
    size_t i = default_first_row(t, WITHHELD, sizeof(WITHHELD[0]), n);

    for (; i < n && default_row_cmp(t, WITHHELD[i].type) == 0; i++)
        json_object_del(v, WITHHELD[i].field);
}

void default_withhold(json_t *v, const struct schema_type *t)
{
    const struct schema_field *f;
    const char *key;
    json_t *child;
    size_t i;

    if (t->kind == SCHEMA_LIST && json_is_array(v)) {
        json_array_foreach(v, i, child) default_withhold(child, t->elem);
    } else if (t->kind == SCHEMA_MAP && json_is_object(v) && t->elem) {
        json_object_foreach(v, key, child) default_withhold(child, t->elem);
    } else if (t->kind == SCHEMA_STRUCT && json_is_object(v)) {
        if (t->group_version)
            withhold(v, t);
        json_object_foreach(v, key, child)
        {
            f = json_is_object(child) || json_is_array(child) ? schema_field(t, str_of(key)) : NULL;
            if (f)
                default_withhold(child, f->type);
        }
    }
}

static bool is_zero(const json_t *v, const struct schema_field *f)
{
    if (!v || json_is_null(v))
        return true;
    if (f && (f->flags & FIELD_POINTER))
        return false;
    if (json_is_string(v))
        return json_string_length(v) == 0;
    if (json_is_integer(v))
        return json_integer_value(v) == 0;
    if (json_is_array(v))
        return json_array_size(v) == 0;
    return false;
}

/* Most constants are words: for those no parser is set up. */
static json_t *constant(const char *text)
{
    size_t n = strlen(text);

    if (n >= 2 && text[0] == '"' && !strchr(text, '\\'))
        return json_stringn_nocheck(text + 1, n - 2);
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

static void set_if_zero(json_t *v, const struct schema_field *f, const char *name, const char *text)
{
    if (is_zero(json_object_get(v, name), f))
        json_object_set_new_nocheck(v, name, constant(text));
}

static void constants(json_t *v, const struct schema_type *t)
{
    const size_t n = sizeof(CONSTANTS) / sizeof(CONSTANTS[0]);
    size_t i = default_first_row(t, CONSTANTS, sizeof(CONSTANTS[0]), n);

    for (; i < n && default_row_cmp(t, CONSTANTS[i].type) == 0; i++)
        set_if_zero(v, schema_field(t, str_of(CONSTANTS[i].field)), CONSTANTS[i].field, CONSTANTS[i].value);
    for (int f = 0; f < t->nfields; f++) {
        if (t->fields[f].dflt)
            set_if_zero(v, &t->fields[f], t->fields[f].json, t->fields[f].dflt);
    }
}

/* A struct that is no pointer is there even when the client left it out: it gets its defaults too, and goes
 * again when it has none. */
static void absent_struct(json_t *v, const struct schema_field *f)
{
    json_t *made = json_object();

    default_tree(made, f->type);
    if (json_object_size(made))
        json_object_set(v, f->json, made);
    json_decref(made);
}

/* Whether there are structs in values of the type: nothing else has defaults within. */
static bool holds_structs(const struct schema_type *t)
{
    while (t && (t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP))
        t = t->elem;
    return t && t->kind == SCHEMA_STRUCT;
}

static void struct_fields(json_t *v, const struct schema_type *t)
{
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        json_t *child;

        if (!holds_structs(f->type))
            continue;
        child = json_object_getn(v, f->json, f->json_n);
        if (child && !json_is_null(child))
            default_tree(child, f->type);
        else if (f->type->kind == SCHEMA_STRUCT && !(f->flags & FIELD_POINTER))
            absent_struct(v, f);
    }
}

void default_tree(json_t *v, const struct schema_type *t)
{
    const char *key;
    json_t *child;
    size_t i;

    if (t->kind == SCHEMA_LIST && json_is_array(v)) {
        json_array_foreach(v, i, child) default_tree(child, t->elem);
    } else if (t->kind == SCHEMA_MAP && json_is_object(v) && t->elem) {
        json_object_foreach(v, key, child) default_tree(child, t->elem);
    } else if (t->kind == SCHEMA_STRUCT && json_is_object(v)) {
        if (t->group_version) {
            constants(v, t);
            default_computed(v, t);
        }
        struct_fields(v, t);
    }
}
