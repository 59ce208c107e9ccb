/* Defaults that depend on other fields, a function and a row each. Rules: pkg/apis/GROUP/VERSION/defaults.go
 * and the conversions beside it. */
#include "registry/walk/defaultrows.h"

#include <stdio.h>
#include <stdlib.h>
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

#define CORE "core/v1."
#define APPS "apps/v1."
#define BATCH "batch/v1."

static bool is(const json_t *o, const char *field, const char *value)
{
    const char *s = tree_string(o, field);

    return s && strcmp(s, value) == 0;
}

/* Whether the text can be an image's name: lower case but for a registry's part. Rule:
 * distribution/reference.
 */
static bool is_image(struct str s)
{
    ptrdiff_t slash = str_find(s, '/');
    struct str host = {s.p, slash < 0 ? 0 : (size_t)slash};
    bool digest = false;

    if (str_find(host, '.') < 0 && str_find(host, ':') < 0 && !str_is(host, "localhost"))
        host.n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._-/:@", c));
        bool tag = memchr(s.p + host.n, ':', i > host.n ? i - host.n : 0) != NULL;

        digest = digest || c == '@';
        if (!lower && !(c >= 'A' && c <= 'Z' && (i < host.n || tag || digest)))
            return false;
    }
    return s.n > 0;
}

/* With tag "latest", or neither tag nor digest, an image is pulled always. */
static const char *pull_policy(struct str image)
{
    const char *slash = memrchr(image.p ? image.p : "", '/', image.n);
    struct str last = image;
    ptrdiff_t digest, tag;
    bool latest;

    if (slash)
        last = (struct str){slash + 1, image.n - (size_t)(slash + 1 - image.p)};
    digest = str_find(last, '@');
    if (digest >= 0)
        last.n = (size_t)digest;
    tag = str_find(last, ':');
    latest =
        tag >= 0 ? str_is((struct str){last.p + tag + 1, last.n - (size_t)tag - 1}, "latest") : digest < 0;
    return latest && is_image(image) ? "Always" : "IfNotPresent";
}

static void container(json_t *o)
{
    if (!tree_str(o, "imagePullPolicy").n)
        tree_set_string(o, "imagePullPolicy", pull_policy(tree_str(o, "image")));
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
    bool external = is(o, "type", "NodePort") || is(o, "type", "LoadBalancer"),
         by_address = is(o, "type", "ClusterIP") && tree_size(o, "externalIPs");

    if (is(o, "sessionAffinity", "None"))
        tree_delete(o, "sessionAffinityConfig");
    else if (is(o, "sessionAffinity", "ClientIP"))
        tree_default(o, "sessionAffinityConfig.clientIP.timeoutSeconds", json_integer(10800));
    if ((external || by_address) && !tree_str(o, "externalTrafficPolicy").n)
        tree_set_string(o, "externalTrafficPolicy", "Cluster");
    if (external || is(o, "type", "ClusterIP"))
        tree_default(o, "internalTrafficPolicy", json_string("Cluster"));
    if (is(o, "type", "LoadBalancer"))
        tree_default(o, "allocateLoadBalancerNodePorts", json_true());
}

/* What a balancer says about its addresses. */
static void service(json_t *o)
{
    size_t i;
    json_t *ingress;

    if (!is(o, "spec.type", "LoadBalancer"))
        return;
    json_array_foreach(tree_get(o, "status.loadBalancer.ingress"), i, ingress)
    {
        if (tree_str(ingress, "ip").n)
            tree_default(ingress, "ipMode", json_string("VIP"));
    }
}

static void rolling_update(json_t *o)
{
    if (is(o, "type", "RollingUpdate"))
        tree_default(o, "rollingUpdate", json_object());
}

/* Claims made of a template are claims of their own. */
static void claim_templates(json_t *o)
{
    size_t i;
    json_t *claim;

    json_array_foreach(tree_get(o, "volumeClaimTemplates"), i, claim)
    {
        tree_set_string(claim, "apiVersion", "v1");
        tree_set_string(claim, "kind", "PersistentVolumeClaim");
    }
}

/* An empty strategy rolls; one that says so keeps what it says. */
static void stateful_set_spec(json_t *o)
{
    claim_templates(o);
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

/* Only of a Job itself: the template of a CronJob stays as it is. The labels are one and the same then: what
 * is added to those of the template when the Job is created appears in both places, as it does in the
 * reference. */
static void job(json_t *job)
{
    json_t *o = tree_get(job, "spec"), *labels = tree_get(o, "template.metadata.labels");

    if (json_object_size(labels) && !json_object_size(tree_get(job, "metadata.labels")))
        tree_set(job, "metadata.labels", json_incref(labels));
    if (!json_is_object(o))
        tree_set(job, "spec", o = json_object());
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

/* The old name of the field lives on beside the new one. */
static void pod_spec(json_t *o)
{
    json_t *account = tree_get(o, "serviceAccountName");

    if (!account || json_string_length(account) == 0)
        account = tree_get(o, "serviceAccount");
    if (!account || json_string_length(account) == 0)
        return;
    json_incref(account);
    json_object_set(o, "serviceAccountName", account);
    json_object_set_new(o, "serviceAccount", account);
}

/* One address, and the list that begins with it. */
static void pod_status(json_t *o)
{
    struct str first = tree_str(json_array_get(tree_get(o, "podIPs"), 0), "ip"), ip = tree_str(o, "podIP");

    if (ip.n && !str_eq(first, ip))
        tree_set(o, "podIPs", json_pack("[{s:O}]", "ip", tree_get(o, "podIP")));
    else if (first.n && !ip.n)
        tree_set(o, "podIP", json_stringn(first.p, first.n));
}

static void pod(json_t *o)
{
    if (tree_int(o, "spec.terminationGracePeriodSeconds", 0) < 0)
        tree_set_int(o, "spec.terminationGracePeriodSeconds", 1);
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

    if (tree_get(o, "image") && !tree_str(o, "image.pullPolicy").n)
        tree_set_string(o, "image.pullPolicy", pull_policy(tree_str(o, "image.reference")));
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

static void copy_missing(json_t *to, const json_t *from)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)from, key, v)
    {
        if (!json_object_get(to, key))
            json_object_set(to, key, v);
    }
}

static json_t *map_at(json_t *o, const char *name)
{
    json_t *m = json_object_get(o, name);

    if (!json_is_object(m))
        json_object_set_new(o, name, m = json_object());
    return m;
}

/* For containers: from max to default, from there and from min to defaultRequest. */
static void limit_range_item(json_t *o)
{
    if (!is(o, "type", "Container"))
        return;
    copy_missing(map_at(o, "default"), tree_get(o, "max"));
    copy_missing(map_at(o, "defaultRequest"), tree_get(o, "default"));
    copy_missing(map_at(o, "defaultRequest"), tree_get(o, "min"));
}

static void crd_spec(json_t *o)
{
    struct str kind = tree_str(o, "names.kind");
    json_t *names = tree_get(o, "names");
    char text[256];
    size_t i;

    if (!json_is_object(names) || !kind.n || kind.n + sizeof("List") > sizeof(text))
        return;
    snprintf(text, sizeof(text), "%.*sList", STR_ARG(kind));
    if (!tree_str(names, "listKind").n)
        json_object_set_new(names, "listKind", json_string(text));
    for (i = 0; i < kind.n; i++)
        text[i] = (char)(kind.p[i] >= 'A' && kind.p[i] <= 'Z' ? kind.p[i] + 32 : kind.p[i]);
    if (!tree_str(names, "singular").n)
        json_object_set_new(names, "singular", json_stringn(text, kind.n));
}

static void crd(json_t *o)
{
    size_t i;
    json_t *version, *stored;

    if (tree_size(o, "status.storedVersions"))
        return;
    json_array_foreach(tree_get(o, "spec.versions"), i, version)
    {
        if (!tree_bool(version, "storage", false) || !tree_str(version, "name").n)
            continue;
        stored = json_array();
        json_array_append(stored, tree_get(version, "name"));
        tree_set(o, "status.storedVersions", stored);
        return;
    }
}

static void device_request(json_t *o)
{
    if (is(o, "allocationMode", "ExactCount") && tree_int(o, "count", 0) == 0)
        tree_set_int(o, "count", 1);
}

static void device_taint(json_t *o)
{
    char now[21];

    clock_rfc3339(clock_wall_s(), now);
    tree_default(o, "timeAdded", json_string(now));
}

/* What the old controller did, in the words of the new one. */
static const char SCALE_UP[] = "{\"stabilizationWindowSeconds\":0,\"selectPolicy\":\"Max\",\"policies\":["
                               "{\"type\":\"Pods\",\"value\":4,\"periodSeconds\":15},"
                               "{\"type\":\"Percent\",\"value\":100,\"periodSeconds\":15}]}";
static const char SCALE_DOWN[] = "{\"selectPolicy\":\"Max\",\"policies\":["
                                 "{\"type\":\"Percent\",\"value\":100,\"periodSeconds\":15}]}";
static const char CPU_METRIC[] = "[{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":"
                                 "{\"type\":\"Utilization\",\"averageUtilization\":80}}}]";

static void hpa_spec(json_t *o)
{
    json_t *behavior = tree_get(o, "behavior"), *rules;

    if (!tree_size(o, "metrics"))
        tree_set(o, "metrics", json_loads(CPU_METRIC, 0, NULL));
    if (!behavior)
        return;
    rules = json_loads(SCALE_UP, 0, NULL);
    copy_missing(map_at(behavior, "scaleUp"), rules);
    json_decref(rules);
    rules = json_loads(SCALE_DOWN, 0, NULL);
    copy_missing(map_at(behavior, "scaleDown"), rules);
    json_decref(rules);
}

struct conditional {
    const char *type;
    void (*apply)(json_t *o);
};

/* Sorted by type as well. */
static const struct conditional CONDITIONALS[] = {
    {"apiextensions.k8s.io/v1.CustomResourceDefinition", crd},
    {"apiextensions.k8s.io/v1.CustomResourceDefinitionSpec", crd_spec},
    {APPS "DaemonSetUpdateStrategy", rolling_update},
    {APPS "DeploymentStrategy", rolling_update},
    {APPS "StatefulSetSpec", stateful_set_spec},
    {"autoscaling/v2.HorizontalPodAutoscalerSpec", hpa_spec},
    {BATCH "Job", job},
    {CORE "Container", container},
    {CORE "EphemeralContainer", container},
    {CORE "LimitRangeItem", limit_range_item},
    {CORE "NodeStatus", node_status},
    {CORE "Pod", pod},
    {CORE "PodSpec", pod_spec},
    {CORE "PodStatus", pod_status},
    {CORE "ReplicationController", replication_controller},
    {CORE "Service", service},
    {CORE "ServicePort", service_port},
    {CORE "ServiceSpec", service_spec},
    {CORE "Volume", volume},
    {"networking.k8s.io/v1.NetworkPolicySpec", network_policy_spec},
    {"rbac.authorization.k8s.io/v1.Subject", subject},
    {"resource.k8s.io/v1.DeviceSubRequest", device_request},
    {"resource.k8s.io/v1.DeviceTaint", device_taint},
    {"resource.k8s.io/v1.ExactDeviceRequest", device_request},
};

int default_row_cmp(const struct schema_type *t, const char *row)
{
    size_t n = strlen(t->group_version);
    int c = strncmp(t->group_version, row, n);

    if (c)
        return c;
    if (row[n] != '.')
        return '.' - (unsigned char)row[n];
    return strcmp(t->name, row + n + 1);
}

size_t default_first_row(const struct schema_type *t, const void *rows, size_t size, size_t n)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const char *row = *(const char *const *)(const void *)((const char *)rows + mid * size);

        if (default_row_cmp(t, row) > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void default_computed(json_t *v, const struct schema_type *t)
{
    const size_t n = sizeof(CONDITIONALS) / sizeof(CONDITIONALS[0]);
    size_t i = default_first_row(t, CONDITIONALS, sizeof(CONDITIONALS[0]), n);

    if (i < n && default_row_cmp(t, CONDITIONALS[i].type) == 0)
        CONDITIONALS[i].apply(v);
}
