/* Most defaults are a constant for an absent field: rows of a table, by the type they belong to, so that they
 * hold wherever the type is embedded (a pod's spec in a Deployment's template). What depends on other fields
 * is a small function in a row of its own. */
#include "registry/walk/default.h"

#include <stdlib.h>
#include "registry/walk/tree.h"
#include "shm/base/must.h"

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
    {"discovery.k8s.io/v1.EndpointPort", "name", "\"\""},
    {"discovery.k8s.io/v1.EndpointPort", "protocol", "\"TCP\""},
    {FLOW "ExemptPriorityLevelConfiguration", "nominalConcurrencyShares", "0"},
    {FLOW "FlowSchemaSpec", "matchingPrecedence", "1000"},
    {FLOW "LimitedPriorityLevelConfiguration", "lendablePercent", "0"},
    {FLOW "LimitedPriorityLevelConfiguration", "nominalConcurrencyShares", "30"},
    {FLOW "QueuingConfiguration", "handSize", "8"},
    {FLOW "QueuingConfiguration", "queueLengthLimit", "50"},
    {FLOW "QueuingConfiguration", "queues", "64"},
    {"networking.k8s.io/v1.NetworkPolicyPort", "protocol", "\"TCP\""},
    {"rbac.authorization.k8s.io/v1.RoleRef", "apiGroup", "\"rbac.authorization.k8s.io\""},
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

static bool is(const json_t *o, const char *field, const char *value)
{
    const char *s = tree_string(o, field);

    return s && strcmp(s, value) == 0;
}

/* With tag "latest", or neither tag nor digest, an image is pulled always. */
static void container(json_t *o)
{
    struct str image = tree_str(o, "image");
    const char *slash = memrchr(image.p ? image.p : "", '/', image.n);
    struct str last = image;
    ptrdiff_t digest, tag;
    bool latest;

    if (tree_str(o, "imagePullPolicy").n)
        return;
    if (slash)
        last = (struct str){slash + 1, image.n - (size_t)(slash + 1 - image.p)};
    digest = str_find(last, '@');
    if (digest >= 0)
        last.n = (size_t)digest;
    tag = str_find(last, ':');
    latest =
        tag >= 0 ? str_is((struct str){last.p + tag + 1, last.n - (size_t)tag - 1}, "latest") : digest < 0;
    tree_set_string(o, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
}

static void service_port(json_t *o)
{
    const json_t *target = tree_get(o, "targetPort");

    if (!target || (json_is_integer(target) && json_integer_value(target) == 0) ||
        (json_is_string(target) && json_string_length(target) == 0))
        tree_set_int(o, "targetPort", tree_int(o, "port", 0));
}

static void service_spec(json_t *o)
{
    bool external = is(o, "type", "NodePort") || is(o, "type", "LoadBalancer");

    if (is(o, "sessionAffinity", "None"))
        tree_delete(o, "sessionAffinityConfig");
    else if (is(o, "sessionAffinity", "ClientIP"))
        tree_default(o, "sessionAffinityConfig.clientIP.timeoutSeconds", json_integer(10800));
    if ((external || tree_size(o, "externalIPs")) && !tree_str(o, "externalTrafficPolicy").n)
        tree_set_string(o, "externalTrafficPolicy", "Cluster");
    if (external || is(o, "type", "ClusterIP"))
        tree_default(o, "internalTrafficPolicy", json_string("Cluster"));
    if (is(o, "type", "LoadBalancer"))
        tree_default(o, "allocateLoadBalancerNodePorts", json_true());
}

static void rolling_update(json_t *o)
{
    if (is(o, "type", "RollingUpdate"))
        tree_default(o, "rollingUpdate", json_object());
}

/* An empty strategy rolls; one that says so keeps what it says. */
static void stateful_set_spec(json_t *o)
{
    if (!tree_str(o, "updateStrategy.type").n) {
        tree_set_string(o, "updateStrategy.type", "RollingUpdate");
        tree_default(o, "updateStrategy.rollingUpdate", json_object());
    }
}

static void labels_of_template(json_t *o)
{
    json_t *labels = tree_get(o, "spec.template.metadata.labels");

    if (json_object_size(labels) && !json_object_size(tree_get(o, "metadata.labels")))
        tree_set(o, "metadata.labels", json_deep_copy(labels));
}

static void replication_controller(json_t *o)
{
    json_t *labels = tree_get(o, "spec.template.metadata.labels");

    if (json_object_size(labels) && !json_object_size(tree_get(o, "spec.selector")))
        tree_set(o, "spec.selector", json_deep_copy(labels));
    labels_of_template(o);
}

static void job_spec(json_t *o)
{
    if (!tree_get(o, "completions") && !tree_get(o, "parallelism"))
        tree_set_int(o, "completions", 1);
    tree_default(o, "parallelism", json_integer(1));
    tree_default(o, "backoffLimit", json_integer(tree_get(o, "backoffLimitPerIndex") ? INT32_MAX : 6));
    tree_default(o, "completionMode", json_string("NonIndexed"));
    tree_default(o, "suspend", json_false());
    tree_default(o, "podReplacementPolicy",
                 json_string(tree_get(o, "podFailurePolicy") ? "Failed" : "TerminatingOrFailed"));
    tree_default(o, "manualSelector", json_false());
}

static void requests_of_limits(json_t *list)
{
    size_t i;
    json_t *c, *v;
    const char *key;

    json_array_foreach(list, i, c)
    {
        json_object_foreach(tree_get(c, "resources.limits"), key, v)
        {
            json_t *requests = tree_get(c, "resources.requests");

            if (!requests)
                tree_set(c, "resources.requests", requests = json_object());
            if (!json_object_get(requests, key))
                json_object_set(requests, key, v);
        }
    }
}

static void host_ports(json_t *containers)
{
    size_t i, j;
    json_t *c, *p;

    json_array_foreach(containers, i, c)
    {
        json_array_foreach(tree_get(c, "ports"), j, p)
        {
            if (tree_int(p, "hostPort", 0) == 0)
                tree_set_int(p, "hostPort", tree_int(p, "containerPort", 0));
        }
    }
}

static void pod(json_t *o)
{
    requests_of_limits(tree_get(o, "spec.containers"));
    requests_of_limits(tree_get(o, "spec.initContainers"));
    tree_default(o, "spec.enableServiceLinks", json_true());
    if (tree_bool(o, "spec.hostNetwork", false)) {
        host_ports(tree_get(o, "spec.containers"));
        host_ports(tree_get(o, "spec.initContainers"));
    }
}

/* A volume that names no source is an empty directory. */
static void volume(json_t *o)
{
    const char *key;
    json_t *v;

    json_object_foreach(o, key, v)
    {
        if (strcmp(key, "name") != 0 && !json_is_null(v))
            return;
    }
    tree_set(o, "emptyDir", json_object());
}

static void node_status(json_t *o)
{
    if (tree_get(o, "capacity") && !json_object_size(tree_get(o, "allocatable")))
        tree_set(o, "allocatable", json_deep_copy(tree_get(o, "capacity")));
}

static void subject(json_t *o)
{
    if (!tree_str(o, "apiGroup").n && !is(o, "kind", "ServiceAccount"))
        tree_set_string(o, "apiGroup", "rbac.authorization.k8s.io");
}

static void network_policy_spec(json_t *o)
{
    json_t *types;

    if (tree_size(o, "policyTypes"))
        return;
    types = json_array();
    json_array_append_new(types, json_string("Ingress"));
    if (tree_size(o, "egress"))
        json_array_append_new(types, json_string("Egress"));
    tree_set(o, "policyTypes", types);
}

struct conditional {
    const char *type;
    void (*apply)(json_t *o);
};

/* Sorted by type as well. */
static const struct conditional CONDITIONALS[] = {
    {APPS "DaemonSetUpdateStrategy", rolling_update},
    {APPS "DeploymentStrategy", rolling_update},
    {APPS "StatefulSetSpec", stateful_set_spec},
    {BATCH "Job", labels_of_template},
    {BATCH "JobSpec", job_spec},
    {CORE "Container", container},
    {CORE "EphemeralContainer", container},
    {CORE "NodeStatus", node_status},
    {CORE "Pod", pod},
    {CORE "ReplicationController", replication_controller},
    {CORE "ServicePort", service_port},
    {CORE "ServiceSpec", service_spec},
    {CORE "Volume", volume},
    {"networking.k8s.io/v1.NetworkPolicySpec", network_policy_spec},
    {"rbac.authorization.k8s.io/v1.Subject", subject},
};

static int type_cmp(const struct schema_type *t, const char *row)
{
    size_t n = strlen(t->group_version);
    int c = strncmp(t->group_version, row, n);

    if (c)
        return c;
    if (row[n] != '.')
        return '.' - (unsigned char)row[n];
    return strcmp(t->name, row + n + 1);
}

/* First row of the type in a table of rows that begin with the type's name, or n. */
static size_t first_row(const struct schema_type *t, const void *rows, size_t size, size_t n)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const char *row = *(const char *const *)(const void *)((const char *)rows + mid * size);

        if (type_cmp(t, row) > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
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

static void set_if_zero(json_t *v, const struct schema_field *f, const char *name, const char *text)
{
    json_t *value;

    if (!is_zero(json_object_get(v, name), f))
        return;
    value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (value)
        json_object_set_new(v, name, value);
}

static void constants(json_t *v, const struct schema_type *t)
{
    const size_t n = sizeof(CONSTANTS) / sizeof(CONSTANTS[0]);
    size_t i = first_row(t, CONSTANTS, sizeof(CONSTANTS[0]), n);

    for (; i < n && type_cmp(t, CONSTANTS[i].type) == 0; i++)
        set_if_zero(v, schema_field(t, str_of(CONSTANTS[i].field)), CONSTANTS[i].field, CONSTANTS[i].value);
    for (int f = 0; f < t->nfields; f++) {
        if (t->fields[f].dflt)
            set_if_zero(v, &t->fields[f], t->fields[f].json, t->fields[f].dflt);
    }
}

static void conditionals(json_t *v, const struct schema_type *t)
{
    const size_t n = sizeof(CONDITIONALS) / sizeof(CONDITIONALS[0]);
    size_t i = first_row(t, CONDITIONALS, sizeof(CONDITIONALS[0]), n);

    if (i < n && type_cmp(t, CONDITIONALS[i].type) == 0)
        CONDITIONALS[i].apply(v);
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

static void struct_fields(json_t *v, const struct schema_type *t)
{
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        json_t *child = json_object_getn(v, f->json, f->json_n);

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
        if (t->group_version)
            constants(v, t);
        if (t->group_version)
            conditionals(v, t);
        struct_fields(v, t);
    }
}
