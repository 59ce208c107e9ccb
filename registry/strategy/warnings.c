/* A row a kind; most are about the pods that the kind makes. */
#include "registry/strategy/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "registry/rules/names.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define IN_PODS "Pod names and hostnames"

void warnings_add(const struct strategy_call *c, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

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

static void pod_template(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    warnings_of_pod(c, "template.", tree_get(obj, "template"));
}

static void cron_job(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    const char *schedule = tree_string(obj, "spec.schedule");

    if (!old)
        name(c, obj, IN_PODS);
    if (is_news(obj, old))
        warnings_of_pod(c, "spec.jobTemplate.spec.template.",
                        tree_get(obj, "spec.jobTemplate.spec.template"));
    if (old && schedule && strstr(schedule, "TZ"))
        warnings_add(c,
                     "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
                     "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
}

/* Quantities are kept in their canonical form, where only fractions end so. */
static void fraction(const struct strategy_call *c, const json_t *claim, const char *list, const char *path)
{
    struct str v = tree_str(tree_get(claim, list), "storage");

    if (v.n && strchr("mun", v.p[v.n - 1]))
        warnings_add(c, "%s%s[storage]: fractional byte value \"%.*s\" is invalid, must be an integer", path,
                     list, STR_ARG(v));
}

static void claim_spec(const struct strategy_call *c, const char *path, const json_t *spec)
{
    fraction(c, spec, "resources.requests", path);
    fraction(c, spec, "resources.limits", path);
}

static void claim(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (json_object_get(tree_get(obj, "metadata.annotations"), "volume.beta.kubernetes.io/storage-class"))
        warnings_add(c,
                     "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; "
                     "use \"storageClassName\" attribute instead");
    claim_spec(c, "spec.", tree_get(obj, "spec"));
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
        claim_spec(c, path, tree_get(one, "spec"));
    }
    if (tree_int(obj, "spec.revisionHistoryLimit", 0) < 0)
        warnings_add(c,
                     "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value "
                     ">= 0 is recommended");
}

struct field {
    const char *path, *text;
    const char *shown; /* where the reference says it is; NULL: at the path */
};

static const struct field VOLUME_FIELDS[] = {
    {"spec.cephfs", "deprecated in v1.28, non-functional in v1.31+", NULL},
    {"spec.photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+", NULL},
    {"spec.scaleIO", "deprecated in v1.16, non-functional in v1.22+", NULL},
    {"spec.storageos", "deprecated in v1.22, non-functional in v1.25+", "spec.storageOS"},
    {"spec.glusterfs", "deprecated in v1.25, non-functional in v1.26+", NULL},
    {"spec.rbd", "deprecated in v1.28, non-functional in v1.31+", NULL},
};

static void volume(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (str_is(tree_str(obj, "spec.persistentVolumeReclaimPolicy"), "Recycle"))
        warnings_add(c,
                     "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, "
                     "the recommended approach is to use dynamic provisioning.");
    for (size_t i = 0; i < sizeof(VOLUME_FIELDS) / sizeof(VOLUME_FIELDS[0]); i++) {
        const struct field *f = &VOLUME_FIELDS[i];

        if (tree_get(obj, f->path))
            warnings_add(c, "%s: %s", f->shown ? f->shown : f->path, f->text);
    }
}

static void headless(const struct strategy_call *c, const json_t *obj)
{
    if (tree_str(obj, "spec.loadBalancerIP").n)
        warnings_add(c, "spec.loadBalancerIP is ignored for headless services");
    if (tree_size(obj, "spec.externalIPs"))
        warnings_add(c, "spec.externalIPs is ignored for headless services");
    if (!str_is(tree_str(obj, "spec.sessionAffinity"), "None"))
        warnings_add(c, "spec.SessionAffinity is ignored for headless services");
}

static void service(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    bool external = str_is(tree_str(obj, "spec.type"), "ExternalName");
    bool none =
        str_is(tree_str(obj, "spec.type"), "ClusterIP") && str_is(tree_str(obj, "spec.clusterIP"), "None");

    if (c->subresource[0])
        return;
    if (json_object_get(tree_get(obj, "metadata.annotations"), "service.kubernetes.io/topology-aware-hints"))
        warnings_add(c, "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use "
                        "service.kubernetes.io/topology-mode instead");
    if (none)
        headless(c, obj);
    if (tree_size(obj, "spec.externalIPs") && !none && !external)
        warnings_add(c, "spec.externalIPs is deprecated and may no longer be implemented in some clusters");
    if (tree_size(obj, "spec.externalIPs") && external)
        warnings_add(c, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    if (!external && tree_str(obj, "spec.externalName").n)
        warnings_add(c, "spec.externalName is ignored when spec.type is not \"ExternalName\"");
    if (str_is(tree_str(obj, "spec.trafficDistribution"), "PreferClose"))
        warnings_add(c, "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
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
}

static void endpoint_slice(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old && str_is(tree_str(obj, "addressType"), "FQDN"))
        warnings_add(c, "spec.addressType: FQDN endpoints are deprecated");
}

static void ingress(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!old && !tree_get(obj, "spec.ingressClassName") &&
        json_object_get(tree_get(obj, "metadata.annotations"), "kubernetes.io/ingress.class"))
        warnings_add(c, "annotation \"kubernetes.io/ingress.class\" is deprecated, please use "
                        "'spec.ingressClassName' instead");
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

struct warning_row {
    const char *group, *plural;
    void (*warn)(const struct strategy_call *c, const json_t *obj, const json_t *old);
};

static const struct warning_row ROWS[] = {
    {"", "pods", pod},
    {"", "services", service},
    {"apps", "deployments", named_template},
    {"apps", "replicasets", named_template},
    {"apps", "daemonsets", template},
    {"apps", "statefulsets", stateful_set},
    {"batch", "jobs", named_template},
    {"batch", "cronjobs", cron_job},
    {"", "replicationcontrollers", named_template},
    {"", "podtemplates", pod_template},
    {"", "persistentvolumes", volume},
    {"", "persistentvolumeclaims", claim},
    {"", "serviceaccounts", service_account},
    {"", "nodes", node},
    {"discovery.k8s.io", "endpointslices", endpoint_slice},
    {"networking.k8s.io", "ingresses", ingress},
    {"node.k8s.io", "runtimeclasses", runtime_class},
};

void warnings_collect(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (!c->warnings || strcmp(c->subresource, "status") == 0)
        return;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (strcmp(ROWS[i].plural, c->resource->plural) == 0 &&
            strcmp(ROWS[i].group, c->resource->group) == 0) {
            ROWS[i].warn(c, obj, old);
            return;
        }
    }
}
