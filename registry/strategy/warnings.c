/* A row a kind; most are about the pods that the kind makes. */
#include "registry/strategy/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "registry/rules/base64.h"
#include "registry/rules/names.h"
#include "registry/rules/quantities.h"
#include "registry/rules/text.h"
#include "registry/strategy/warningrows.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define IN_PODS "Pod names and hostnames"
#define COMPLETIONS_MAX 100000
#define PARALLEL_MAX 10000

void warnings_add(const struct strategy_call *c, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    if (findings_full(c->warnings))
        return;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) >= 0)
        findings_add(c->warnings, arena_cstr(c->arena, str_of(text)));
    va_end(ap);
    free(text);
}

/* A name that is no DNS label makes odd host names. */
static void name(const struct strategy_call *c, const json_t *obj, const char *used_in)
{
    struct name_errors errors = {.n = 0};
    struct buf all = {0};

    name_errors(c->arena, "dns-label", tree_str(obj, "metadata.name"), false, &errors);
    for (int i = 0; i < errors.n; i++)
        buf_printf(&all, "%s%s", i ? " " : "", errors.text[i]);
    if (errors.n)
        warnings_add(
            c,
            "metadata.name: this is used in %s, which can result in surprising behavior; a DNS label "
            "is recommended: [%.*s]",
            used_in, (int)all.n, all.p);
    buf_free(&all);
}

/* Updates are warned of when what is wanted has changed. */
static bool is_news(const json_t *obj, const json_t *old)
{
    return !old || tree_int(obj, "metadata.generation", 0) != tree_int(old, "metadata.generation", 0);
}

/* Humans do not update pods. */
static void pod(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (old)
        return;
    name(c, obj, "the Pod's hostname");
    warnings_of_pod(c, "", obj);
}

static void template(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (is_news(obj, old))
        warnings_of_pod(c, "spec.template.", tree_get(obj, "spec.template"));
}

static void named_template(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old)
        name(c, obj, IN_PODS);
    template(c, obj, old);
}

/* Of an update the template is looked at that was there before. */
static void controller(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old)
        name(c, obj, IN_PODS);
    if (is_news(obj, old))
        warnings_of_pod(c, "spec.template.", tree_get(old ? old : obj, "spec.template"));
}

static void daemon_set(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old || !tree_same(obj, old, "spec.template", c->resource->type))
        warnings_of_pod(c, "spec.template.", tree_get(obj, "spec.template"));
}

/* What fails in a Job this large may be more than its status can say. */
static void job_spec(const struct strategy_call *c, const char *path, const json_t *spec)
{
    if (str_is(tree_str(spec, "completionMode"), "Indexed") &&
        tree_int(spec, "completions", 0) > COMPLETIONS_MAX && tree_int(spec, "parallelism", 0) > PARALLEL_MAX)
        warnings_add(c,
                     "%s: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism "
                     "higher than 10^4, Kubernetes might not be able to track completedIndexes when a big "
                     "number of indexes fail",
                     path);
    warnings_of_pod(c, arena_printf(c->arena, "%s.template.", path), tree_get(spec, "template"));
}

static void job(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old)
        name(c, obj, IN_PODS);
    if (is_news(obj, old))
        job_spec(c, "spec", tree_get(obj, "spec"));
}

static void pod_template(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (is_news(obj, old))
        warnings_of_pod(c, "template.", tree_get(obj, "template"));
}

static void cron_job(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    const char *schedule = tree_string(obj, "spec.schedule");

    if (!old)
        name(c, obj, IN_PODS);
    if (is_news(obj, old))
        job_spec(c, "spec.jobTemplate.spec", tree_get(obj, "spec.jobTemplate.spec"));
    if (old && schedule && strstr(schedule, "TZ"))
        warnings_add(c,
                     "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
                     "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
}

static void stateful_set(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    char path[80];
    size_t i;
    json_t *one;

    template(c, obj, old);
    json_array_foreach(tree_get(obj, "spec.volumeClaimTemplates"), i, one)
    {
        snprintf(path, sizeof(path), "spec.volumeClaimTemplates[%zu].%s", i, old ? "Spec." : "");
        warnings_of_claim(c, path, tree_get(one, "spec"));
    }
    if (tree_int(obj, "spec.revisionHistoryLimit", 0) < 0)
        warnings_add(c,
                     "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value "
                     ">= 0 is recommended");
}

static void service_account(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    static const char KEY[] = "kubernetes.io/enforce-mountable-secrets";

    if (json_object_get(tree_get(obj, "metadata.annotations"), KEY) &&
        !json_object_get(tree_get(old, "metadata.annotations"), KEY))
        warnings_add(c,
                     "metadata.annotations[%s]: deprecated in v1.32+; prefer separate namespaces to isolate "
                     "access to mounted secrets",
                     KEY);
}

static void node(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (tree_get(obj, "spec.configSource"))
        warnings_add(c, "spec.configSource: the feature is removed");
    if (tree_str(obj, "spec.externalID").n)
        warnings_add(c, "spec.externalID: this field is deprecated, and is unused by Kubernetes");
    warnings_ranges(c, "", obj, "spec.podCIDRs[]");
}

static void runtime_class(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    const char *key;
    json_t *v;

    json_object_foreach(tree_get(obj, "scheduling.nodeSelector"), key, v)
    {
        const char *advice = warnings_node_label(str_of(key));

        if (advice)
            warnings_add(c, "scheduling.nodeSelector: %s", advice);
    }
}

static void resource_slice(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    struct str driver = tree_str(obj, "spec.driver");

    for (size_t i = 0; i < driver.n; i++) {
        if (driver.p[i] < 'A' || driver.p[i] > 'Z')
            continue;
        warnings_add(c, "spec.driver: driver names should be lowercase; %s contains uppercase characters",
                     text_quoted(c->arena, driver));
        return;
    }
}

static void quota_pair(const struct strategy_call *c, const json_t *hard, const char *resource, bool bare)
{
    const char *requests = arena_printf(c->arena, "requests.%s", resource),
               *limits = arena_printf(c->arena, "limits.%s", resource), *asked, *limit;

    if (bare && !json_object_get(hard, requests))
        requests = resource;
    asked = json_string_value(json_object_get(hard, requests));
    limit = json_string_value(json_object_get(hard, limits));
    if (asked && limit && quantity_cmp(str_of(asked), str_of(limit)) > 0)
        warnings_add(c, "ResourceQuota %s (%s) should be less than %s (%s)", requests, asked, limits, limit);
}

static void resource_quota(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    static const char *const RESOURCES[] = {"cpu", "memory", "storage", "ephemeral-storage"};

    for (int i = 0; !old && i < 4; i++)
        quota_pair(c, tree_get(obj, "spec.hard"), RESOURCES[i], i < 2);
}

/* A name that only files of a server's own can have, once it reads such. */
static void static_name(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (str_ends(tree_str(obj, "metadata.name"), STR(".static.k8s.io")))
        warnings_add(c, "metadata.name: names ending with \".static.k8s.io\" are reserved for static "
                        "manifest-based configurations and cannot be managed via the API");
}

/* A key that is not the certificate's serves nobody. */
static void secret(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    const json_t *data = tree_get(obj, "data");
    struct str cert = STR(""), key = STR("");
    const char *err;
    size_t bad;

    if (!str_is(tree_str(obj, "type"), "kubernetes.io/tls") || !c->world || !c->world->key_pair_error)
        return;
    if (!base64_decode(c->arena, str_of(json_string_value(json_object_get(data, "tls.crt"))), &cert, &bad) ||
        !base64_decode(c->arena, str_of(json_string_value(json_object_get(data, "tls.key"))), &key, &bad))
        return;
    err = c->world->key_pair_error(c->world->arg, c->arena, cert, key);
    if (err)
        warnings_add(c, "%s", err);
}

struct warning_row {
    const char *group, *plural;
    warner *warn;
    warner *of_status; /* of a write of the status */
};

#define REGISTRATION "admissionregistration.k8s.io"

static const struct warning_row ROWS[] = {
    {"", "pods", pod, warn_of_pod_status},
    {"", "services", warn_of_service, warn_of_balancer_status},
    {"apps", "deployments", named_template, NULL},
    {"apps", "replicasets", named_template, NULL},
    {"apps", "daemonsets", daemon_set, NULL},
    {"apps", "statefulsets", stateful_set, NULL},
    {"batch", "jobs", job, NULL},
    {"batch", "cronjobs", cron_job, NULL},
    {"", "replicationcontrollers", controller, NULL},
    {"", "podtemplates", pod_template, NULL},
    {"", "persistentvolumes", warn_of_volume, NULL},
    {"", "persistentvolumeclaims", warn_of_claim, NULL},
    {"", "serviceaccounts", service_account, NULL},
    {"", "nodes", node, NULL},
    {"", "endpoints", warn_of_endpoints, NULL},
    {"", "resourcequotas", resource_quota, NULL},
    {"", "secrets", secret, NULL},
    {"discovery.k8s.io", "endpointslices", warn_of_endpoint_slice, NULL},
    {"networking.k8s.io", "ingresses", warn_of_ingress, warn_of_balancer_status},
    {"networking.k8s.io", "networkpolicies", warn_of_network_policy, NULL},
    {"node.k8s.io", "runtimeclasses", runtime_class, NULL},
    {"storage.k8s.io", "storageclasses", warn_of_storage_class, NULL},
    {"storage.k8s.io", "csistoragecapacities", warn_of_storage_capacity, NULL},
    {"storage.k8s.io", "csidrivers", warn_of_csi_driver, NULL},
    {"resource.k8s.io", "resourceslices", resource_slice, NULL},
    {"apiextensions.k8s.io", "customresourcedefinitions", warn_of_definition, NULL},
    {REGISTRATION, "validatingadmissionpolicies", static_name, NULL},
    {REGISTRATION, "validatingadmissionpolicybindings", static_name, NULL},
    {REGISTRATION, "mutatingadmissionpolicies", static_name, NULL},
    {REGISTRATION, "mutatingadmissionpolicybindings", static_name, NULL},
    {REGISTRATION, "validatingwebhookconfigurations", static_name, NULL},
    {REGISTRATION, "mutatingwebhookconfigurations", static_name, NULL},
};

void warnings_collect(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    bool status = strcmp(c->subresource, "status") == 0;
    warner *warn;

    if (!c->warnings || (c->subresource[0] && !status))
        return;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (strcmp(ROWS[i].plural, c->resource->plural) || strcmp(ROWS[i].group, c->resource->group))
            continue;
        warn = status ? ROWS[i].of_status : ROWS[i].warn;
        if (warn)
            warn(c, obj, old);
        return;
    }
}
