/* What a volume is made of, wherever that is said. */
#include "registry/validation/volumespec.h"

#include "registry/validation/claimspec.h"
#include "registry/validation/numbers.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

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

static void source(struct check *c, const struct at *up, const json_t *spec, const struct source *s,
                   struct str volume)
{
    const json_t *v = json_object_get(spec, s->field);
    struct at at = at_field(up, s->at ? s->at : s->field), affinity = at_field(up, "nodeAffinity");

    if (strcmp(s->field, "iscsi") == 0)
        iscsi(c, &at, v, volume);
    else
        (s->check ? s->check : volume_source(s->field))(c, &at, v);
    if (s->check == local && !tree_get(spec, "nodeAffinity"))
        check_required(c, &affinity, "Local volume requires node affinity");
}

static void sources(struct check *c, const struct at *up, const json_t *spec, struct str volume)
{
    int n = 0;

    for (size_t i = 0; i < NSOURCES; i++) {
        struct at extra = at_field(up, SOURCES[i].extra ? SOURCES[i].extra : SOURCES[i].field);

        if (!check_has(spec, SOURCES[i].field))
            continue;
        if (n++ && !SOURCES[i].any_number)
            check_forbidden(c, &extra, "may not specify more than 1 volume type");
        else
            source(c, up, spec, &SOURCES[i], volume);
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

static void access_modes(struct check *c, const struct at *up, const json_t *spec)
{
    struct at at = at_field(up, "accessModes");

    if (!tree_size(spec, "accessModes"))
        check_required(c, &at, "");
    check_access_modes(c, up, spec);
}

static void no_recycled_root(struct check *c, const struct at *up, const json_t *spec)
{
    struct at at = at_field(up, "persistentVolumeReclaimPolicy");

    if (str_is(check_str(spec, "persistentVolumeReclaimPolicy"), "Recycle") &&
        is_root(tree_str(spec, "hostPath.path")))
        check_forbidden(c, &at, "may not be 'recycle' for a hostPath mount of '/'");
}

void check_volume_spec(struct check *c, const struct at *up, const json_t *spec, struct str volume, bool lax)
{
    static const char *const POLICIES[] = {"Delete", "Recycle", "Retain"};
    struct str policy = check_str(spec, "persistentVolumeReclaimPolicy");
    struct at reclaim = at_field(up, "persistentVolumeReclaimPolicy"),
              class = at_field(up, "storageClassName");

    access_modes(c, up, spec);
    capacity(c, up, spec);
    if (policy.n)
        check_enum(c, &reclaim, policy, POLICIES, 3);
    affinity(c, up, spec, lax);
    sources(c, up, spec, volume);
    no_recycled_root(c, up, spec);
    if (check_str(spec, "storageClassName").n)
        check_name(c, &class, check_str(spec, "storageClassName"), "dns-subdomain");
    check_volume_mode(c, up, spec);
    attributes_class(c, up, spec);
}

/* ---- of a volume that is no object ---- */

#define INLINE " in the context of inline volumes"

static void not_inline(struct check *c, const struct at *up, const char *field, bool is_there,
                       const char *why)
{
    struct at at = at_field(up, field);

    if (is_there)
        check_forbidden(c, &at, why);
}

void check_inline_volume(struct check *c, const struct at *up, const json_t *spec)
{
    static const char NO[] = "may not be specified" INLINE;
    struct str policy = check_str(spec, "persistentVolumeReclaimPolicy"),
               mode = check_str(spec, "volumeMode");
    struct at csi_at = at_field(up, "csi");
    json_t *rest;

    not_inline(c, up, "claimRef", check_has(spec, "claimRef"), NO);
    not_inline(c, up, "capacity", tree_size(spec, "capacity") || json_object_size(tree_get(spec, "capacity")),
               NO);
    if (!check_has(spec, "csi"))
        check_required(c, &csi_at, "has to be specified" INLINE);
    access_modes(c, up, spec);
    not_inline(c, up, "persistentVolumeReclaimPolicy", policy.n && !str_is(policy, "Retain"),
               "may only be Retain" INLINE);
    not_inline(c, up, "nodeAffinity", check_has(spec, "nodeAffinity"), NO);
    /* where it may run does not make up for what a source needs */
    rest = json_copy((json_t *)(uintptr_t)spec);
    json_object_del(rest, "nodeAffinity");
    sources(c, up, rest, STR(""));
    json_decref(rest);
    no_recycled_root(c, up, spec);
    not_inline(c, up, "storageClassName", check_str(spec, "storageClassName").n, NO);
    not_inline(c, up, "volumeMode", mode.n && !str_is(mode, "Filesystem"),
               "may not specify volumeMode other than Filesystem" INLINE);
}

json_t *volume_sources(const json_t *spec)
{
    json_t *all = json_object();

    for (size_t i = 0; i < NSOURCES; i++) {
        if (check_has(spec, SOURCES[i].field))
            json_object_set_new(all, SOURCES[i].field,
                                json_deep_copy(json_object_get(spec, SOURCES[i].field)));
    }
    return all;
}
