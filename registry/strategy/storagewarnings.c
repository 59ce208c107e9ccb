/* What is warned of in claims, volumes and what describes storage. A function a kind. */
#include "registry/strategy/warningrows.h"

#include "registry/strategy/warnings.h"
#include "registry/walk/tree.h"

/* Quantities are kept in their canonical form, where only fractions end so. */
static void fraction(const struct strategy_call *c, const json_t *claim, const char *list, const char *path)
{
    struct str v = tree_str(tree_get(claim, list), "storage");

    if (v.n && strchr("mun", v.p[v.n - 1]))
        warnings_add(c, "%s%s[storage]: fractional byte value \"%.*s\" is invalid, must be an integer", path,
                     list, STR_ARG(v));
}

void warnings_of_claim(const struct strategy_call *c, const char *prefix, const json_t *spec)
{
    fraction(c, spec, "resources.requests", prefix);
    fraction(c, spec, "resources.limits", prefix);
}

void warn_of_claim(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (json_object_get(tree_get(obj, "metadata.annotations"), "volume.beta.kubernetes.io/storage-class"))
        warnings_add(c,
                     "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; "
                     "use \"storageClassName\" attribute instead");
    warnings_of_claim(c, "spec.", tree_get(obj, "spec"));
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

static const char *const VOLUME_ANNOTATIONS[][2] = {
    {"volume.beta.kubernetes.io/storage-class",
     "deprecated since v1.8; use \"storageClassName\" attribute instead"},
    {"volume.beta.kubernetes.io/mount-options",
     "deprecated since v1.31; use \"mountOptions\" attribute instead"},
};

void warn_of_volume(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    static const char TERMS[] = "spec.nodeAffinity.required.nodeSelectorTerms";
    json_t *term;
    size_t k;

    for (int i = 0; i < 2; i++) {
        if (json_object_get(tree_get(obj, "metadata.annotations"), VOLUME_ANNOTATIONS[i][0]))
            warnings_add(c, "metadata.annotations[%s]: %s", VOLUME_ANNOTATIONS[i][0],
                         VOLUME_ANNOTATIONS[i][1]);
    }
    if (str_is(tree_str(obj, "spec.persistentVolumeReclaimPolicy"), "Recycle"))
        warnings_add(c,
                     "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, "
                     "the recommended approach is to use dynamic provisioning.");
    json_array_foreach(tree_get(obj, TERMS), k, term)
        warnings_of_node_term(c, arena_printf(c->arena, "%s[%zu]", TERMS, k), term, false);
    for (size_t i = 0; i < sizeof(VOLUME_FIELDS) / sizeof(VOLUME_FIELDS[0]); i++) {
        const struct field *f = &VOLUME_FIELDS[i];

        if (tree_get(obj, f->path))
            warnings_add(c, "%s: %s", f->shown ? f->shown : f->path, f->text);
    }
}

void warn_of_storage_class(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    json_t *topology, *expression;
    size_t i, k;

    json_array_foreach(tree_get(obj, "allowedTopologies"), i, topology)
    {
        json_array_foreach(tree_get(topology, "matchLabelExpressions"), k, expression)
        {
            const char *advice = warnings_node_label(tree_str(expression, "key"));

            if (advice)
                warnings_add(c, "allowedTopologies[%zu].matchLabelExpressions[%zu].key: %s", i, k, advice);
        }
    }
}

void warn_of_storage_capacity(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    const char *key;
    json_t *v;

    warnings_of_node_term(c, "nodeTopology", tree_get(obj, "nodeTopology"), false);
    json_object_foreach(tree_get(obj, "nodeTopology.matchLabels"), key, v)
    {
        const char *advice = warnings_node_label(str_of(key));

        if (advice)
            warnings_add(c, "nodeTopology.matchLabels.%s: %s", key, advice);
    }
}

void warn_of_csi_driver(const struct strategy_call *c, const json_t *obj, const json_t *old)
{
    if (tree_size(obj, "spec.tokenRequests") && !tree_get(obj, "spec.serviceAccountTokenInSecrets") &&
        !(old && tree_same(obj, old, "spec.tokenRequests", c->resource->type)))
        warnings_add(c, "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to "
                        "true to prevent possible logging of tokens in volume attributes");
}
