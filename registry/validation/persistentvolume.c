/* PersistentVolumes. Rule: ValidatePersistentVolume and its kin of pkg/apis/core/validation,
 * pkg/volume/validation. */
#include "registry/validation/claimspec.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

#define MOUNT_OPTIONS_NOTE "volume.beta.kubernetes.io/mount-options"
#define ISCSI_NAME_MAX_BYTES 64

/* ---- sources that a volume names otherwise than a pod ---- */

static void glusterfs(struct check *c, const struct at *up, const json_t *v)
{
    struct at at = at_field(up, "endpointsNamespace");
    struct str ns = check_str(v, "endpointsNamespace");

    volume_source("glusterfs")(c, up, v);
    if (!check_has(v, "endpointsNamespace"))
        return;
    if (!ns.n)
        check_invalid_str(c, &at, ns, "if the endpointnamespace is set, it must be a valid namespace name");
    else
        check_name(c, &at, ns, "dns-label");
}

/* A reference to a secret needs a namespace here. */
static void secret_namespace(struct check *c, const struct at *up, const json_t *v)
{
    struct at ref = at_field(up, "secretRef"), at = at_field(&ref, "namespace");

    if (check_has(v, "secretRef") && !check_str(json_object_get(v, "secretRef"), "namespace").n)
        check_required(c, &at, "");
}

static void cinder(struct check *c, const struct at *up, const json_t *v)
{
    volume_source("cinder")(c, up, v);
    secret_namespace(c, up, v);
}

static void storage_os(struct check *c, const struct at *up, const json_t *v)
{
    volume_source("storageos")(c, up, v);
    secret_namespace(c, up, v);
}

static void azure_file(struct check *c, const struct at *up, const json_t *v)
{
    struct at at = at_field(up, "secretNamespace");

    volume_source("azureFile")(c, up, v);
    if (check_has(v, "secretNamespace") && !check_str(v, "secretNamespace").n)
        check_required(c, &at, "");
}

static void local(struct check *c, const struct at *up, const json_t *v)
{
    struct at at = at_field(up, "path");

    if (!check_str(v, "path").n)
        check_required(c, &at, "");
    else
        check_no_backsteps(c, &at, check_str(v, "path"));
}

static void csi(struct check *c, const struct at *up, const json_t *v)
{
    static const char *const SECRETS[] = {"controllerPublishSecretRef", "controllerExpandSecretRef",
                                          "nodePublishSecretRef", "nodeExpandSecretRef"};
    struct at at = at_field(up, "driver");

    check_csi_driver_name(c, &at, check_str(v, "driver"));
    at = at_field(up, "volumeHandle");
    if (!check_str(v, "volumeHandle").n)
        check_required(c, &at, "");
    for (size_t i = 0; i < sizeof(SECRETS) / sizeof(SECRETS[0]); i++) {
        at = at_field(up, SECRETS[i]);
        if (check_has(v, SECRETS[i]))
            check_secret_reference(c, &at, json_object_get(v, SECRETS[i]));
    }
}

static void iscsi(struct check *c, const struct at *up, const json_t *v, struct str volume)
{
    struct at at = at_field(up, "targetPortal"), shown = at_field(up, "targetportal");
    struct str portal = check_str(v, "targetPortal");

    if (!portal.n)
        check_required(c, &at, "");
    if (check_has(v, "initiatorName") && volume.n + 1 + portal.n > ISCSI_NAME_MAX_BYTES)
        check_invalid_str(c, &shown, portal,
                          "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
                          "iscsi.initiatorName is specified.");
    check_iscsi_names(c, up, v, true);
}

/* In the order in which they are looked for; the first one counts. */
static const struct source {
    const char *field;
    const char *extra;         /* where the reference says a second one is; NULL: at the field */
    const char *at;            /* where it says the mistakes in it are; NULL: at the field */
    volume_source_check check; /* NULL: as pods have it */
    bool any_number;
} SOURCES[] = {
    {.field = "hostPath"},
    {.field = "gcePersistentDisk", .at = "persistentDisk"},
    {.field = "awsElasticBlockStore"},
    {.field = "glusterfs", .check = glusterfs},
    {.field = "flocker"},
    {.field = "nfs"},
    {.field = "rbd"},
    {.field = "quobyte"},
    {.field = "cephfs", .extra = "cephFS"},
    {.field = "iscsi"},
    {.field = "cinder", .check = cinder},
    {.field = "fc"},
    {.field = "flexVolume", .any_number = true},
    {.field = "azureFile", .check = azure_file},
    {.field = "vsphereVolume"},
    {.field = "photonPersistentDisk"},
    {.field = "portworxVolume"},
    {.field = "azureDisk"},
    {.field = "scaleIO"},
    {.field = "local", .check = local},
    {.field = "storageos", .check = storage_os},
    {.field = "csi", .check = csi},
};
#define NSOURCES (sizeof(SOURCES) / sizeof(SOURCES[0]))

static void source(struct check *c, const struct at *up, const json_t *obj, const struct source *s)
{
    const json_t *v = json_object_get(json_object_get(obj, "spec"), s->field);
    struct at at = at_field(up, s->at ? s->at : s->field), affinity = at_field(up, "nodeAffinity");

    if (strcmp(s->field, "iscsi") == 0)
        iscsi(c, &at, v, tree_str(obj, "metadata.name"));
    else
        (s->check ? s->check : volume_source(s->field))(c, &at, v);
    if (s->check == local && !tree_get(obj, "spec.nodeAffinity"))
        check_required(c, &affinity, "Local volume requires node affinity");
}

static void sources(struct check *c, const struct at *up, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");
    int n = 0;

    for (size_t i = 0; i < NSOURCES; i++) {
        struct at extra = at_field(up, SOURCES[i].extra ? SOURCES[i].extra : SOURCES[i].field);

        if (!check_has(spec, SOURCES[i].field))
            continue;
        if (n++ && !SOURCES[i].any_number)
            check_forbidden(c, &extra, "may not specify more than 1 volume type");
        else
            source(c, up, obj, &SOURCES[i]);
    }
    if (n == 0)
        check_required(c, up, "must specify a volume type");
}

/* ---- the rest of the spec ---- */

static void capacity(struct check *c, const struct at *up, const json_t *spec)
{
    const json_t *amounts = tree_get(spec, "capacity");
    struct at map = at_field(up, "capacity");
    const char *key;
    json_t *v;
    size_t n;

    if (!json_object_size(amounts))
        check_required(c, &map, "");
    if (!json_object_get(amounts, "storage") || json_object_size(amounts) > 1)
        status_add_cause(c->st, "FieldValueNotSupported", at_text(c->arena, &map),
                         arena_printf(c->arena, "Unsupported value: %s: supported values: \"storage\"",
                                      check_value_text(c, amounts)));
    json_object_keylen_foreach((json_t *)(uintptr_t)amounts, key, n, v)
    {
        struct at at = at_key(&map, (struct str){key, n});

        if (check_full(c))
            return;
        check_basic_quantity(c, &at, quantity_of(v));
        check_quantity_positive(c, &at, quantity_of(v));
    }
}

static void affinity(struct check *c, const struct at *up, const json_t *spec, bool lax)
{
    struct at map = at_field(up, "nodeAffinity"), at = at_field(&map, "required");
    const json_t *v = tree_get(spec, "nodeAffinity");

    if (!v)
        return;
    if (!tree_get(v, "required"))
        check_required(c, &at, "must specify required node constraints");
    else
        check_node_selector(c, &at, tree_get(v, "required"), lax);
}

/* "/" in any spelling. */
static bool is_root(struct str path)
{
    struct str part;
    bool rooted = path.n && *path.p == '/';

    while (rooted && str_next(&path, '/', &part)) {
        if (part.n && !str_is(part, ".") && !str_is(part, ".."))
            return false;
    }
    return rooted;
}

static void attributes_class(struct check *c, const struct at *up, const json_t *spec)
{
    struct at at = at_field(up, "volumeAttributesClassName"), driver = at_field(up, "csi");
    struct str name = check_str(spec, "volumeAttributesClassName");

    if (!check_has(spec, "volumeAttributesClassName"))
        return;
    if (!name.n)
        check_required(c, &at, "an empty string is disallowed");
    else
        check_name(c, &at, name, "dns-subdomain");
    if (!check_has(spec, "csi"))
        check_required(c, &driver, "has to be specified when using volumeAttributesClassName");
}

static void volume_spec(struct check *c, const json_t *obj, bool lax)
{
    static const char *const POLICIES[] = {"Delete", "Recycle", "Retain"};
    const json_t *spec = json_object_get(obj, "spec");
    struct str policy = check_str(spec, "persistentVolumeReclaimPolicy");
    struct at up = at_field(NULL, "spec"), at = at_field(&up, "accessModes");
    struct at reclaim = at_field(&up, "persistentVolumeReclaimPolicy");

    if (!tree_size(spec, "accessModes"))
        check_required(c, &at, "");
    check_access_modes(c, &up, spec);
    capacity(c, &up, spec);
    if (policy.n)
        check_enum(c, &reclaim, policy, POLICIES, 3);
    affinity(c, &up, spec, lax);
    sources(c, &up, obj);
    if (str_is(policy, "Recycle") && is_root(tree_str(spec, "hostPath.path")))
        check_forbidden(c, &reclaim, "may not be 'recycle' for a hostPath mount of '/'");
    at = at_field(&up, "storageClassName");
    if (check_str(spec, "storageClassName").n)
        check_name(c, &at, check_str(spec, "storageClassName"), "dns-subdomain");
    check_volume_mode(c, &up, spec);
    attributes_class(c, &up, spec);
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

static json_t *sources_of(const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");
    json_t *all = json_object();

    for (size_t i = 0; i < NSOURCES; i++) {
        if (check_has(spec, SOURCES[i].field))
            json_object_set_new(all, SOURCES[i].field,
                                json_deep_copy(json_object_get(spec, SOURCES[i].field)));
    }
    return all;
}

static void fixed_source(struct check *c, const json_t *obj, const json_t *old)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("PersistentVolumeSource"));
    json_t *now = sources_of(obj), *was = sources_of(old);
    struct at at = at_field(NULL, "spec.persistentvolumesource");

    /* this one secret may come later */
    if (tree_get(was, "csi") && !tree_get(was, "csi.controllerExpandSecretRef"))
        tree_delete(now, "csi.controllerExpandSecretRef");
    if (!printed_same(now, was, type))
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

    if (!was || printed_same(now, was, type))
        return;
    stable = renamed(was, now);
    if (!printed_same(now, stable, type))
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
