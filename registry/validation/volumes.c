/* Volumes of a pod, and where containers have them. Sources: volumesources.c, projected.c. */
#include "registry/validation/pods.h"

#include "registry/rules/names.h"
#include "registry/rules/quantities.h"
#include "registry/validation/claimspec.h"
#include "registry/validation/numbers.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

/* In the order of the checks. Two fields are called otherwise when there are too many sources, one otherwise
 * in what its own check says. */
static const struct {
    const char *field, *second, *inside;
} SOURCES[] = {
    {"emptyDir", NULL, NULL},
    {"hostPath", NULL, NULL},
    {"gitRepo", NULL, NULL},
    {"gcePersistentDisk", NULL, "persistentDisk"},
    {"awsElasticBlockStore", NULL, NULL},
    {"secret", NULL, NULL},
    {"nfs", NULL, NULL},
    {"iscsi", NULL, NULL},
    {"glusterfs", NULL, NULL},
    {"flocker", NULL, NULL},
    {"persistentVolumeClaim", NULL, NULL},
    {"rbd", NULL, NULL},
    {"cinder", NULL, NULL},
    {"cephfs", "cephFS", NULL},
    {"quobyte", NULL, NULL},
    {"downwardAPI", "downwarAPI", NULL},
    {"fc", NULL, NULL},
    {"flexVolume", NULL, NULL},
    {"configMap", NULL, NULL},
    {"azureFile", NULL, NULL},
    {"vsphereVolume", NULL, NULL},
    {"photonPersistentDisk", NULL, NULL},
    {"portworxVolume", NULL, NULL},
    {"azureDisk", NULL, NULL},
    {"storageos", NULL, NULL},
    {"projected", NULL, NULL},
    {"scaleIO", NULL, NULL},
    {"csi", NULL, NULL},
    {"ephemeral", NULL, NULL},
    {"image", NULL, NULL},
};

static void check_empty_dir(struct check *c, const struct at *at, const json_t *source)
{
    struct at limit = at_field(at, "sizeLimit");
    const json_t *v = json_object_get(source, "sizeLimit");

    if (v && quantity_cmp(quantity_of(v), STR("0")) < 0)
        check_forbidden(c, &limit, "SizeLimit field must be a valid resource quantity");
}

/* The claim gets the names of both. */
static void check_claim_name(const struct pod *p, const struct at *at, struct str volume)
{
    struct at name_at = at_field(at, "name");
    struct str pod = check_str(p->meta, "name");
    struct name_errors e;
    const char *claim;

    if (!pod.n || !volume.n)
        return;
    claim = arena_printf(p->c->arena, "%.*s-%.*s", STR_ARG(pod), STR_ARG(volume));
    name_errors(p->c->arena, "dns-subdomain", str_of(claim), false, &e);
    for (int i = 0; i < e.n; i++)
        check_invalid_str(
            p->c, &name_at, volume,
            arena_printf(p->c->arena, "PVC name %s: %s", check_quoted(p->c, str_of(claim)), e.text[i]));
}

static void check_ephemeral(const struct pod *p, const struct at *at, const struct at *volume,
                            const json_t *source, struct str name)
{
    static const struct claim_options NO_OPTIONS = {false, false};
    struct at template_at = at_field(at, "volumeClaimTemplate");
    const json_t *claim = json_object_get(source, "volumeClaimTemplate");

    if (!claim)
        check_required(p->c, &template_at, "");
    else
        check_claim_template(p->c, &template_at, claim, &NO_OPTIONS);
    check_claim_name(p, volume, name);
}

static void check_image(const struct pod *p, const struct at *at, const json_t *source)
{
    static const char *const PULLS[] = {"Always", "IfNotPresent", "Never"};
    struct at pull = at_field(at, "pullPolicy");

    if (p->o->is_pod)
        check_needed(p->c, at, source, "reference");
    if (check_needed(p->c, at, source, "pullPolicy"))
        check_enum(p->c, &pull, check_str(source, "pullPolicy"), PULLS, 3);
}

static void check_source(const struct pod *p, const struct at *volume, const struct at *at, const char *field,
                         const json_t *source, struct str name)
{
    volume_source_check check = volume_source(field);

    if (check)
        check(p->c, at, source);
    else if (strcmp(field, "emptyDir") == 0)
        check_empty_dir(p->c, at, source);
    else if (strcmp(field, "downwardAPI") == 0)
        check_downward_api(p->c, at, source);
    else if (strcmp(field, "projected") == 0)
        check_projected(p, at, source);
    else if (strcmp(field, "ephemeral") == 0)
        check_ephemeral(p, at, volume, source, name);
    else
        check_image(p, at, source);
}

/* The initiator's interface is named after both. */
static void check_initiator(struct check *c, const struct at *up, const json_t *source, struct str name)
{
    struct at at = at_field(up, "name");

    if (check_has(source, "initiatorName") && name.n + 1 + check_str(source, "targetPortal").n > 64)
        check_invalid_str(c, &at, name,
                          "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
                          "iscsi.initiatorName is specified.");
}

static void check_sources(const struct pod *p, const struct at *at, const json_t *volume)
{
    struct str name = check_str(volume, "name");
    int n = 0;

    for (int i = 0; i < N(SOURCES); i++) {
        const char *field = SOURCES[i].field;
        const json_t *source = json_object_get(volume, field);
        struct at second = at_field(at, SOURCES[i].second ? SOURCES[i].second : field);
        struct at inside = at_field(at, SOURCES[i].inside ? SOURCES[i].inside : field);

        if (!source)
            continue;
        if (n++)
            check_forbidden(p->c, &second, "may not specify more than 1 volume type");
        else
            check_source(p, at, &inside, field, source, name);
        if (strcmp(field, "iscsi") == 0)
            check_initiator(p->c, at, source, name);
    }
    if (!n)
        check_required(p->c, at, "must specify a volume type");
}

static struct seen *created_claims(const struct pod *p, const json_t *list)
{
    struct seen *claims = seen_new(p->c);
    struct str pod = check_str(p->meta, "name");

    for (size_t i = 0; pod.n && i < json_array_size(list); i++) {
        const json_t *volume = json_array_get(list, i);

        if (check_has(volume, "ephemeral"))
            seen_add(claims, str_of(arena_printf(p->c->arena, "%.*s-%.*s", STR_ARG(pod),
                                                 STR_ARG(check_str(volume, "name")))));
    }
    return claims;
}

/* Only a volume without mistakes can be mounted. */
static void check_volume(struct pod *p, const struct at *at, const json_t *volume, size_t index)
{
    struct at name_at = at_field(at, "name");
    struct str name = check_str(volume, "name");
    int before = p->c->st->ncauses;

    check_sources(p, at, volume);
    if (check_needed(p->c, at, volume, "name"))
        check_name(p->c, &name_at, name, "dns-label");
    if (seen_has(p->volumes, name))
        check_duplicate_str(p->c, &name_at, name);
    if (p->c->st->ncauses != before)
        return;
    seen_add(p->volumes, name);
    seen_set(p->volumes, name, index + 1);
}

void check_volumes(struct pod *p, const struct at *at)
{
    const json_t *list = json_object_get(p->spec, "volumes");
    struct seen *created = created_claims(p, list);

    p->volumes = seen_new(p->c);
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *volume = json_array_get(list, i);
        const json_t *claim = json_object_get(volume, "persistentVolumeClaim");
        struct at one = at_index(at, i), claim_at = at_field(&one, "persistentVolumeClaim.claimName");

        check_volume(p, &one, volume, i);
        if (claim && seen_has(created, check_str(claim, "claimName")))
            check_invalid_str(p->c, &claim_at, check_str(claim, "claimName"),
                              "must not reference a PVC that gets created for an ephemeral volume");
    }
}

static void check_propagation(struct check *c, const struct at *at, const json_t *mount,
                              const json_t *container)
{
    static const char *const MODES[] = {"Bidirectional", "HostToContainer", "None"};
    struct str mode = check_str(mount, "mountPropagation");

    if (!check_has(mount, "mountPropagation"))
        return;
    check_enum(c, at, mode, MODES, 3);
    if (str_is(mode, "Bidirectional") && !tree_bool(container, "securityContext.privileged", false))
        check_forbidden(c, at, "Bidirectional mount propagation is available only to privileged containers");
}

static void check_recursive(struct check *c, const struct at *at, const json_t *mount)
{
    static const char *const MODES[] = {"Disabled", "Enabled", "IfPossible"};
    struct str mode = check_str(mount, "recursiveReadOnly"),
               propagation = check_str(mount, "mountPropagation");

    if (!check_has(mount, "recursiveReadOnly") || str_is(mode, "Disabled"))
        return;
    if (!check_enum(c, at, mode, MODES, 3))
        return;
    if (!check_bool(mount, "readOnly"))
        check_forbidden(c, at, "may only be specified when readOnly is true");
    if (check_has(mount, "mountPropagation") && !str_is(propagation, "None"))
        check_forbidden(c, at, "may only be specified when mountPropagation is None or not specified");
}

static void check_subpaths(struct check *c, const struct at *at, const struct at *one, const json_t *mount)
{
    struct at path = at_field(at, "subPath"), expr = at_field(at, "subPathExpr"),
              both = at_field(one, "subPathExpr");
    struct str sub = check_str(mount, "subPath"), sub_expr = check_str(mount, "subPathExpr");

    if (sub.n)
        check_descending_path(c, &path, sub);
    if (!sub_expr.n)
        return;
    if (sub.n)
        check_invalid_str(c, &both, sub_expr, "subPathExpr and subPath are mutually exclusive");
    check_descending_path(c, &expr, sub_expr);
}

/* Of a list the last entry with a name counts, as in the reference's map from names to paths. */
struct taken {
    struct seen *names, *paths;
};

static struct taken taken_by(struct check *c, const json_t *list, const char *path)
{
    struct taken t = {seen_new(c), seen_new(c)};

    for (size_t i = json_array_size(list); i--;) {
        const json_t *one = json_array_get(list, i);

        if (!seen_add(t.names, check_str(one, "name")))
            seen_add(t.paths, check_str(one, path));
    }
    return t;
}

static void check_mount(const struct pod *p, const struct at *at, const json_t *mount,
                        const struct taken *devices, struct seen *paths)
{
    struct at name_at = at_field(at, "name"), path_at = at_field(at, "mountPath");
    struct str name = check_str(mount, "name"), path = check_str(mount, "mountPath");

    check_needed(p->c, at, mount, "name");
    if (!seen_has(p->volumes, name))
        check_not_found(p->c, &name_at, name);
    check_needed(p->c, at, mount, "mountPath");
    if (seen_add(paths, path))
        check_invalid_str(p->c, &path_at, path, "must be unique");
    if (seen_has(devices->names, name))
        check_invalid_str(p->c, &name_at, name, "must not already exist in volumeDevices");
    if (seen_has(devices->paths, path))
        check_invalid_str(p->c, &path_at, path, "must not already exist as a path in volumeDevices");
}

void check_volume_mounts(const struct pod *p, const struct at *at, const json_t *container)
{
    const json_t *list = json_object_get(container, "volumeMounts");
    struct taken devices = taken_by(p->c, json_object_get(container, "volumeDevices"), "devicePath");
    struct at propagation = at_field(at, "mountPropagation"), recursive = at_field(at, "recursiveReadOnly");
    struct seen *paths = seen_new(p->c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *mount = json_array_get(list, i);
        struct at one = at_index(at, i);

        check_mount(p, &one, mount, &devices, paths);
        check_subpaths(p->c, at, &one, mount);
        check_propagation(p->c, &propagation, mount, container);
        check_recursive(p->c, &recursive, mount);
    }
}

static void check_device_name(const struct pod *p, const struct at *at, const json_t *device,
                              struct seen *names)
{
    struct at name_at = at_field(at, "name");
    struct str name = check_str(device, "name");
    size_t k = seen_get(p->volumes, name);
    const json_t *volume = k ? json_array_get(json_object_get(p->spec, "volumes"), k - 1) : NULL;

    check_needed(p->c, at, device, "name");
    if (seen_has(names, name))
        check_invalid_str(p->c, &name_at, name, "must be unique");
    if (volume && !check_has(volume, "persistentVolumeClaim") && !check_has(volume, "ephemeral"))
        check_invalid_str(
            p->c, &name_at, name,
            "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    if (!volume)
        check_not_found(p->c, &name_at, name);
    if (name.n)
        seen_add(names, name);
}

static void check_device_path(const struct pod *p, const struct at *at, const json_t *device,
                              struct seen *paths)
{
    struct at path_at = at_field(at, "devicePath");
    struct str path = check_str(device, "devicePath");

    check_needed(p->c, at, device, "devicePath");
    if (seen_has(paths, path))
        check_invalid_str(p->c, &path_at, path, "must be unique");
    if (path_has_backsteps(path))
        check_invalid_str(p->c, &path_at, path, "can not contain backsteps ('..')");
    else
        seen_add(paths, path);
}

void check_volume_devices(const struct pod *p, const struct at *at, const json_t *container)
{
    const json_t *list = json_object_get(container, "volumeDevices");
    struct taken mounts = taken_by(p->c, json_object_get(container, "volumeMounts"), "mountPath");
    struct seen *names = seen_new(p->c), *paths = seen_new(p->c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *device = json_array_get(list, i);
        struct at one = at_index(at, i), name_at = at_field(&one, "name"),
                  path_at = at_field(&one, "devicePath");
        struct str name = check_str(device, "name"), path = check_str(device, "devicePath");

        check_device_name(p, &one, device, names);
        check_device_path(p, &one, device, paths);
        if (seen_has(mounts.names, name))
            check_invalid_str(p->c, &name_at, name, "must not already exist in volumeMounts");
        if (seen_has(mounts.paths, path))
            check_invalid_str(p->c, &path_at, path, "must not already exist as a path in volumeMounts");
    }
}
