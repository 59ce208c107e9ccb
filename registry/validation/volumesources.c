/* One function a source, most of them a list of members that must be there. */
#include "registry/validation/volumesources.h"

#include "registry/validation/formats.h"
#include "registry/validation/printed.h"

#define FILE_MODE_MAX 0777

bool path_has_backsteps(struct str path)
{
    struct str part;

    while (str_next(&path, '/', &part)) {
        if (str_is(part, ".."))
            return true;
    }
    return false;
}

void check_no_backsteps(struct check *c, const struct at *at, struct str path)
{
    if (path_has_backsteps(path))
        check_invalid_str(c, at, path, "must not contain '..'");
}

void check_descending_path(struct check *c, const struct at *at, struct str path)
{
    if (path.n && path.p[0] == '/')
        check_invalid_str(c, at, path, "must be a relative path");
    check_no_backsteps(c, at, path);
}

void check_plain_path(struct check *c, const struct at *at, struct str path)
{
    check_descending_path(c, at, path);
    if (str_starts(path, STR("..")) && !str_starts(path, STR("../")))
        check_invalid_str(c, at, path, "must not start with '..'");
}

void check_file_mode(struct check *c, const struct at *up, const json_t *obj, const char *member)
{
    struct at at = at_field(up, member);
    int64_t mode = check_int(obj, member, 0);

    if (mode < 0 || mode > FILE_MODE_MAX)
        check_invalid_int(c, &at, mode, "must be a number between 0 and 0777 (octal), both inclusive");
}

void check_key_to_path(struct check *c, const struct at *at, const json_t *item)
{
    struct at path = at_field(at, "path");

    check_needed(c, at, item, "key");
    check_needed(c, at, item, "path");
    check_plain_path(c, &path, check_str(item, "path"));
    check_file_mode(c, at, item, "mode");
}

static void check_items(struct check *c, const struct at *at, const json_t *source)
{
    struct at items = at_field(at, "items"), one;
    const json_t *list = json_object_get(source, "items");

    check_file_mode(c, at, source, "defaultMode");
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        one = at_index(&items, i);
        check_key_to_path(c, &one, json_array_get(list, i));
    }
}

static void host_path(struct check *c, const struct at *at, const json_t *source)
{
    static const char *const TYPES[] = {
        "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"};
    struct at path = at_field(at, "path"), type = at_field(at, "type");

    if (!check_needed(c, at, source, "path"))
        return;
    check_no_backsteps(c, &path, check_str(source, "path"));
    check_enum(c, &type, check_str(source, "type"), TYPES, 8);
}

static void git_repo(struct check *c, const struct at *at, const json_t *source)
{
    struct at directory = at_field(at, "directory");

    check_needed(c, at, source, "repository");
    check_descending_path(c, &directory, check_str(source, "directory"));
}

static void partition(struct check *c, const struct at *up, const json_t *source)
{
    struct at at = at_field(up, "partition");
    int64_t n = check_int(source, "partition", 0);

    if (n < 0 || n > 255)
        check_invalid_int(c, &at, n, "must be between 1 and 255, inclusive");
}

static void gce_disk(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "pdName");
    partition(c, at, source);
}

static void aws_disk(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "volumeID");
    partition(c, at, source);
}

static void secret(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "secretName");
    check_items(c, at, source);
}

static void config_map(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "name");
    check_items(c, at, source);
}

static void nfs(struct check *c, const struct at *at, const json_t *source)
{
    struct at path = at_field(at, "path");
    struct str p = check_str(source, "path");

    check_needed(c, at, source, "server");
    check_needed(c, at, source, "path");
    if (!p.n || p.p[0] != '/')
        check_invalid_str(c, &path, p, "must be an absolute path");
}

static bool is_word_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

static bool is_digits(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
    }
    return true;
}

/* iqn.YYYY-MM.NAME:SUFFIX; the expression is not bound to the front of the text. */
static bool is_iqn_at(struct str s)
{
    size_t i = 12, name;

    if (s.n < 14 || memcmp(s.p, "iqn.", 4) != 0 || !is_digits(s.p + 4, 4) || s.p[8] != '-' ||
        !is_digits(s.p + 9, 2) || s.p[11] != '.')
        return false;
    for (name = i; i < s.n && (is_word_char(s.p[i]) || s.p[i] == '-' || s.p[i] == '.'); i++) {
    }
    if (i == name || i + 1 >= s.n || s.p[i] != ':')
        return false;
    for (i++; i < s.n; i++) {
        if (strchr(",;*&$| \t\n\f\r", s.p[i]))
            return false;
    }
    return true;
}

static bool is_iqn(struct str s)
{
    for (size_t i = 0; i < s.n && i < 4096; i++) {
        if (s.p[i] == 'i' && is_iqn_at((struct str){s.p + i, s.n - i}))
            return true;
    }
    return false;
}

/* PREFIX, any character, exactly n letters or digits. */
static bool is_hex_name(struct str s, size_t n)
{
    if (s.n != 4 + n)
        return false;
    for (size_t i = 4; i < s.n; i++) {
        if (!is_word_char(s.p[i]))
            return false;
    }
    return true;
}

static void check_iscsi_name(struct check *c, const struct at *at, struct str name, const char *bad_start)
{
    if (!str_starts(name, STR("iqn")) && !str_starts(name, STR("eui")) && !str_starts(name, STR("naa")))
        check_invalid_str(c, at, name, bad_start);
    else if ((name.p[0] == 'i' && !is_iqn(name)) || (name.p[0] == 'e' && !is_hex_name(name, 16)) ||
             (name.p[0] == 'n' && !is_hex_name(name, 32)))
        check_invalid_str(c, at, name, "must be valid format");
}

void check_iscsi_names(struct check *c, const struct at *at, const json_t *source, bool of_volume)
{
    const char *bad_start =
        of_volume ? "must be valid format" : "must be valid format starting with iqn, eui, or naa";
    struct at iqn = at_field(at, "iqn"), lun = at_field(at, "lun"), ref = at_field(at, "secretRef");
    struct at initiator = at_field(at, "initiatorname");

    if (check_needed(c, at, source, "iqn"))
        check_iscsi_name(c, &iqn, check_str(source, "iqn"), bad_start);
    check_range(c, &lun, check_int(source, "lun", 0), 0, 255);
    if ((check_bool(source, "chapAuthDiscovery") || check_bool(source, "chapAuthSession")) &&
        !check_has(source, "secretRef"))
        check_required(c, &ref, "");
    if (of_volume && check_has(source, "secretRef"))
        check_needed(c, &ref, json_object_get(source, "secretRef"), "name");
    if (check_has(source, "initiatorName"))
        check_iscsi_name(c, &initiator, check_str(source, "initiatorName"), bad_start);
}

static void iscsi(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "targetPortal");
    check_iscsi_names(c, at, source, false);
}

static void glusterfs(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "endpoints");
    check_needed(c, at, source, "path");
}

static void flocker(struct check *c, const struct at *at, const json_t *source)
{
    struct str name = check_str(source, "datasetName"), uuid = check_str(source, "datasetUUID");
    struct at field = at_field(at, "datasetName");

    if (!name.n && !uuid.n)
        check_required(c, at, "one of datasetName and datasetUUID is required");
    if (name.n && uuid.n)
        check_invalid_str(c, at, STR("resource"),
                          "datasetName and datasetUUID can not be specified simultaneously");
    if (str_find(name, '/') >= 0)
        check_invalid_str(c, &field, name, "must not contain '/'");
}

static void claim(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "claimName");
}

static void monitors(struct check *c, const struct at *up, const json_t *source)
{
    struct at at = at_field(up, "monitors");

    if (!json_array_size(json_object_get(source, "monitors")))
        check_required(c, &at, "");
}

static void rbd(struct check *c, const struct at *at, const json_t *source)
{
    monitors(c, at, source);
    check_needed(c, at, source, "image");
}

/* A reference without a name is none. */
static void named_secret(struct check *c, const struct at *up, const json_t *source)
{
    struct at at = at_field(up, "secretRef");

    if (check_has(source, "secretRef"))
        check_needed(c, &at, json_object_get(source, "secretRef"), "name");
}

static void cinder(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "volumeID");
    named_secret(c, at, source);
}

/* net.SplitHostPort. */
static bool is_host_port(struct str s)
{
    size_t colon = s.n, host;

    while (colon && s.p[colon - 1] != ':')
        colon--;
    if (!colon--)
        return false;
    host = 0;
    if (s.p[0] == '[') {
        ptrdiff_t end = str_find(s, ']');

        if (end < 0 || (size_t)end + 1 != colon)
            return false;
        host = (size_t)end + 1;
    } else if (memchr(s.p, ':', colon)) {
        return false;
    }
    return !memchr(s.p + (host ? 1 : 0), '[', s.n - (host ? 1 : 0)) && !memchr(s.p + host, ']', s.n - host);
}

static void quobyte(struct check *c, const struct at *at, const json_t *source)
{
    static const char PAIRS[] = "must be a host:port pair or multiple pairs separated by commas";
    struct at registry = at_field(at, "registry"), tenant = at_field(at, "tenant");
    struct str hosts = check_str(source, "registry"), rest = hosts, one;

    if (!hosts.n)
        check_required(c, &registry, PAIRS);
    else if (check_str(source, "tenant").n >= 65)
        check_required(c, &tenant, "must be a UUID and may not exceed a length of 64 characters");
    else
        while (str_next(&rest, ',', &one) && !check_full(c)) {
            if (!is_host_port(one))
                check_invalid_str(c, &registry, hosts, PAIRS);
        }
    check_needed(c, at, source, "volume");
}

static void fibre_channel(struct check *c, const struct at *at, const json_t *source)
{
    struct at names = at_field(at, "targetWWNs"), lun = at_field(at, "lun");
    const json_t *wwns = json_object_get(source, "targetWWNs");
    size_t n = json_array_size(wwns), ids = json_array_size(json_object_get(source, "wwids"));

    if (!n && !ids)
        check_required(c, &names, "must specify either targetWWNs or wwids, but not both");
    if (n && ids)
        check_invalid(c, &names, wwns, "targetWWNs and wwids can not be specified simultaneously");
    if (!n)
        return;
    if (!check_has(source, "lun"))
        check_required(c, &lun, "lun is required if targetWWNs is specified");
    else
        check_range(c, &lun, check_int(source, "lun", 0), 0, 255);
}

static bool is_reserved_option(struct str key)
{
    static const char *const RESERVED[] = {"kubernetes.io", "k8s.io"};
    ptrdiff_t slash = str_find(key, '/');
    struct str ns = {key.p, slash >= 0 ? (size_t)slash : key.n};

    for (size_t i = 0; i < 2; i++) {
        struct str domain = str_of(RESERVED[i]);

        if (ns.n < domain.n || !str_eq_nocase((struct str){ns.p + ns.n - domain.n, domain.n}, domain))
            continue;
        if (ns.n == domain.n || ns.p[ns.n - domain.n - 1] == '.')
            return true;
    }
    return false;
}

static void flex(struct check *c, const struct at *at, const json_t *source)
{
    struct at options = at_field(at, "options"), one;
    const char *key;
    json_t *v;

    check_needed(c, at, source, "driver");
    json_object_foreach(json_object_get(source, "options"), key, v)
    {
        one = at_key(&options, str_of(key));
        if (!check_full(c) && is_reserved_option(str_of(key)))
            check_invalid_str(c, &one, str_of(key), "kubernetes.io and k8s.io namespaces are reserved");
    }
}

static void azure_file(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "secretName");
    check_needed(c, at, source, "shareName");
}

static void azure_disk(struct check *c, const struct at *at, const json_t *source)
{
    static const char *const MODES[] = {"None", "ReadOnly", "ReadWrite"};
    static const char *const KINDS[] = {"Dedicated", "Managed", "Shared"};
    static const char *const MANAGED[] = {"/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/"
                                          "microsoft.compute/disks/{disk-id}"};
    static const char *const BLOB[] = {
        "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"};
    struct at mode = at_field(at, "cachingMode"), kind_at = at_field(at, "kind"),
              uri_at = at_field(at, "diskURI");
    struct str uri = check_str(source, "diskURI"), kind = check_str(source, "kind");

    check_needed(c, at, source, "diskName");
    check_needed(c, at, source, "diskURI");
    if (check_has(source, "cachingMode"))
        check_enum(c, &mode, check_str(source, "cachingMode"), MODES, 3);
    if (!check_has(source, "kind"))
        return;
    check_enum(c, &kind_at, kind, KINDS, 3);
    if (str_is(kind, "Managed") && !str_starts(uri, STR("/subscriptions/")))
        check_not_supported_str(c, &uri_at, uri, MANAGED, 1);
    if (!str_is(kind, "Managed") && !str_starts(uri, STR("https://")))
        check_not_supported_str(c, &uri_at, uri, BLOB, 1);
}

static void vsphere(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "volumePath");
}

static void photon(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "pdID");
}

static void portworx(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "volumeID");
}

static void scale_io(struct check *c, const struct at *at, const json_t *source)
{
    check_needed(c, at, source, "gateway");
    check_needed(c, at, source, "system");
    check_needed(c, at, source, "volumeName");
}

static void storage_os(struct check *c, const struct at *at, const json_t *source)
{
    struct at name = at_field(at, "volumeName"), ns = at_field(at, "volumeNamespace");

    if (check_needed(c, at, source, "volumeName"))
        check_name(c, &name, check_str(source, "volumeName"), "dns-label");
    if (check_str(source, "volumeNamespace").n)
        check_name(c, &ns, check_str(source, "volumeNamespace"), "dns-label");
    named_secret(c, at, source);
}

void check_csi_driver_name(struct check *c, const struct at *at, struct str name)
{
    char *lower;

    if (!name.n) {
        check_required(c, at, "");
        return;
    }
    if (name.n > 63)
        check_too_long(c, at, 63);
    lower = arena_cstr(c->arena, name);
    for (size_t i = 0; i < name.n; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    }
    check_name_as(c, at, (struct str){lower, name.n}, "dns-subdomain", name);
}

void check_secret_reference(struct check *c, const struct at *at, const json_t *ref)
{
    struct at name = at_field(at, "name"), ns = at_field(at, "namespace");

    if (check_needed(c, at, ref, "name"))
        check_name(c, &name, check_str(ref, "name"), "dns-subdomain");
    if (check_needed(c, at, ref, "namespace"))
        check_name(c, &ns, check_str(ref, "namespace"), "dns-label");
}

static void csi(struct check *c, const struct at *at, const json_t *source)
{
    struct at driver = at_field(at, "driver"), ref = at_field(at, "nodePublishSecretRef"),
              name = at_field(at, "name");
    const json_t *secret_ref = json_object_get(source, "nodePublishSecretRef");

    check_csi_driver_name(c, &driver, check_str(source, "driver"));
    if (check_has(source, "nodePublishSecretRef") && check_needed(c, &ref, secret_ref, "name"))
        check_name(c, &name, check_str(secret_ref, "name"), "dns-subdomain");
}

static const struct {
    const char *field;
    volume_source_check check;
} SOURCES[] = {
    {"hostPath", host_path},
    {"gitRepo", git_repo},
    {"gcePersistentDisk", gce_disk},
    {"awsElasticBlockStore", aws_disk},
    {"secret", secret},
    {"nfs", nfs},
    {"iscsi", iscsi},
    {"glusterfs", glusterfs},
    {"flocker", flocker},
    {"persistentVolumeClaim", claim},
    {"rbd", rbd},
    {"cinder", cinder},
    {"cephfs", monitors},
    {"quobyte", quobyte},
    {"fc", fibre_channel},
    {"flexVolume", flex},
    {"configMap", config_map},
    {"azureFile", azure_file},
    {"vsphereVolume", vsphere},
    {"photonPersistentDisk", photon},
    {"portworxVolume", portworx},
    {"azureDisk", azure_disk},
    {"storageos", storage_os},
    {"scaleIO", scale_io},
    {"csi", csi},
};

volume_source_check volume_source(const char *field)
{
    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        if (strcmp(SOURCES[i].field, field) == 0)
            return SOURCES[i].check;
    }
    return NULL;
}
