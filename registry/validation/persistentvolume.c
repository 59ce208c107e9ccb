/* PersistentVolumes as objects. Rule: ValidatePersistentVolume and its kin of pkg/apis/core/validation,
 * pkg/volume/validation. */
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumespec.h"
#include "registry/walk/tree.h"

#define MOUNT_OPTIONS_NOTE "volume.beta.kubernetes.io/mount-options"

static void volume_spec(struct check *c, const json_t *obj, bool lax)
{
    struct at up = at_field(NULL, "spec");

    check_volume_spec(c, &up, json_object_get(obj, "spec"), tree_str(obj, "metadata.name"), lax);
}

static void mount_options(struct check *c, const json_t *obj)
{
    static const char *const WITH_OPTIONS[] = {"gcePersistentDisk",
                                               "awsElasticBlockStore",
                                               "glusterfs",
                                               "nfs",
                                               "rbd",
                                               "quobyte",
                                               "iscsi",
                                               "cinder",
                                               "cephfs",
                                               "azureFile",
                                               "vsphereVolume",
                                               "azureDisk",
                                               "photonPersistentDisk"};
    struct at up = at_field(NULL, "metadata.annotations"), at = at_field(&up, MOUNT_OPTIONS_NOTE);

    for (size_t i = 0; i < sizeof(WITH_OPTIONS) / sizeof(WITH_OPTIONS[0]); i++) {
        if (check_has(json_object_get(obj, "spec"), WITH_OPTIONS[i]))
            return;
    }
    if (check_has(tree_get(obj, "metadata.annotations"), MOUNT_OPTIONS_NOTE))
        check_forbidden(c, &at, "may not specify mount options for this volume type");
}

static void volume(struct check *c, const json_t *obj)
{
    volume_spec(c, obj, false);
    mount_options(c, obj);
}

/* ---- changes ---- */

static void fixed_source(struct check *c, const json_t *obj, const json_t *old)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("PersistentVolumeSource"));
    json_t *now = volume_sources(tree_get(obj, "spec")), *was = volume_sources(tree_get(old, "spec"));
    struct at at = at_field(NULL, "spec.persistentvolumesource");

    /* this one secret may come later */
    if (tree_get(was, "csi") && !tree_get(was, "csi.controllerExpandSecretRef"))
        tree_delete(now, "csi.controllerExpandSecretRef");
    if (!same_value(now, was, type))
        check_forbidden(c, &at,
                        arena_printf(c->arena, "spec.persistentvolumesource is immutable after creation\n%s",
                                     printed_diff(c, was, now, type)));
    json_decref(now);
    json_decref(was);
}

static const struct {
    const char *beta, *stable;
} RENAMED[] = {
    {"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"},
    {"failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"},
    {"beta.kubernetes.io/os", "kubernetes.io/os"},
    {"beta.kubernetes.io/arch", "kubernetes.io/arch"},
    {"beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"},
};

/* Today's name of a label; a label that has kept its name counts as if it were now called "", as with the
 * reference. */
static struct str stable_name(struct str key)
{
    for (size_t i = 0; i < sizeof(RENAMED) / sizeof(RENAMED[0]); i++) {
        if (str_is(key, RENAMED[i].beta))
            return str_of(RENAMED[i].stable);
    }
    return STR("");
}

/* The old one, in which the keys are called as now where that is allowed. */
static json_t *renamed(const json_t *was, const json_t *now)
{
    json_t *copy = json_deep_copy(was), *term, *requirement;
    size_t i, j;

    json_array_foreach(tree_get(copy, "required.nodeSelectorTerms"), i, term)
    {
        const json_t *other = json_array_get(tree_get(now, "required.nodeSelectorTerms"), i);

        json_array_foreach(tree_get(term, "matchExpressions"), j, requirement)
        {
            const json_t *new = json_array_get(tree_get(other, "matchExpressions"), j);

            if (new &&str_eq(stable_name(check_str(requirement, "key")), check_str(new, "key")))
                json_object_set_new(requirement, "key",
                                    json_stringn(check_str(new, "key").p, check_str(new, "key").n));
        }
    }
    return copy;
}

static void fixed_affinity(struct check *c, const json_t *obj, const json_t *old)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("VolumeNodeAffinity"));
    const json_t *now = tree_get(obj, "spec.nodeAffinity"), *was = tree_get(old, "spec.nodeAffinity");
    struct at at = at_field(NULL, "nodeAffinity");
    json_t *stable;

    if (!was || same_value(now, was, type))
        return;
    stable = renamed(was, now);
    if (!same_value(now, stable, type))
        check_invalid_of(c, &at, now, type, "field is immutable, except for updating from beta label to GA");
    json_decref(stable);
}

static bool has_bad_affinity(struct check *c, const json_t *old)
{
    struct status said = {.arena = c->arena};
    struct check dry = *c;

    dry.st = &said;
    if (tree_get(old, "spec.nodeAffinity.required"))
        check_node_selector(&dry, NULL, tree_get(old, "spec.nodeAffinity.required"), false);
    return said.ncauses != 0;
}

static void volume_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at mode = at_field(NULL, "volumeMode"), at = at_field(NULL, "spec.volumeAttributesClassName");
    bool lax = has_bad_affinity(c, old);

    check_metadata(c, obj);
    volume_spec(c, obj, lax);
    mount_options(c, obj);
    /* the reference looks at all of it twice */
    check_metadata(c, obj);
    volume_spec(c, obj, lax);
    fixed_source(c, obj, old);
    check_fixed(c, &mode, obj, old, "spec.volumeMode", "field is immutable");
    fixed_affinity(c, obj, old);
    if (tree_get(old, "spec.volumeAttributesClassName") && !tree_get(obj, "spec.volumeAttributesClassName"))
        check_forbidden(c, &at, "update from non-nil value to nil is forbidden");
}

static void volume_status(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata_update(c, obj, old);
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "persistentvolumes",
     .checks_metadata = true,
     .create = volume,
     .update = volume_update,
     .update_status = volume_status},
};

const struct validation_rows validation_rows_persistentvolume = VALIDATION_ROWS(ROWS);
