/* storage.k8s.io. Rule: pkg/apis/storage/validation. */
#include "registry/validation/rows.h"
#include "registry/validation/volumespec.h"

#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/seen.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

#define PARAMETERS_MAX_BYTES (256 * 1024)
#define PARAMETERS_MAX 512
#define METADATA_MAX_BYTES (256 * 1024)
#define ERROR_MESSAGE_MAX 1024
#define NODE_ID_MAX 256
#define TOKEN_SECONDS_MIN 600
#define TOKEN_SECONDS_MAX (1LL << 32)
#define ALLOCATABLE_PERIOD_MIN 10

/* Bytes of all keys and values of a map of strings. */
static size_t map_bytes(const json_t *map)
{
    size_t bytes = 0, key_n;
    const char *key;
    json_t *v;

    json_object_keylen_foreach((json_t *)(uintptr_t)map, key, key_n, v) bytes +=
        key_n + json_string_length(v);
    return bytes;
}

static void provisioner(struct check *c, const struct at *at, struct str v)
{
    if (!v.n)
        check_required(c, at, "");
    else
        check_qualified_name(c, at, check_lower(c, v));
}

static void parameters(struct check *c, const struct at *at, const json_t *map, bool may_be_empty)
{
    if (json_object_size(map) > PARAMETERS_MAX) {
        check_too_long(c, at, PARAMETERS_MAX);
        return;
    }
    if (json_object_get(map, ""))
        check_invalid_str(c, at, STR(""), "field can not be empty.");
    if (map_bytes(map) > PARAMETERS_MAX_BYTES)
        check_too_long(c, at, PARAMETERS_MAX_BYTES);
    if (!may_be_empty && !json_object_size(map))
        check_required(c, at, "must contain at least one key/value pair");
}

/* ---- StorageClass ---- */

/* What the term selects, in one order whatever the client wrote: equal terms have equal texts. New reference.
 */
static json_t *topology_term(struct check *c, const struct at *up, const json_t *term)
{
    struct at list = at_field(up, "matchLabelExpressions");
    json_t *all = json_object(), *expr;
    size_t i, j;

    json_array_foreach(json_object_get(term, "matchLabelExpressions"), i, expr)
    {
        struct at at = at_index(&list, i), key_at = at_field(&at, "key"), values_at = at_field(&at, "values");
        struct str key = check_str(expr, "key");
        json_t *values = json_object(), *v;

        if (!json_array_size(json_object_get(expr, "values")))
            check_required(c, &values_at, "");
        json_array_foreach(json_object_get(expr, "values"), j, v)
        {
            struct at value_at = at_index(&values_at, j);

            if (json_object_get(values, json_string_value(v)))
                check_duplicate_str(c, &value_at, check_value_str(v));
            json_object_set_new(values, json_string_value(v), json_true());
        }
        check_qualified_name(c, &key_at, key);
        if (json_object_getn(all, key.p, key.n))
            check_duplicate_str(c, &key_at, key);
        json_object_setn_new(all, key.p, key.n, values);
    }
    return all;
}

/* An empty term is found once for each term of the list: the reference begins with as many empty ones. */
static void allowed_topologies(struct check *c, const json_t *list)
{
    struct at all_at = at_field(NULL, "allowedTopologies");
    json_t *count_of = json_object(), *term;
    size_t i;

    json_object_set_new(count_of, "{}", json_integer((json_int_t)json_array_size(list)));
    json_array_foreach(list, i, term)
    {
        struct at at = at_index(&all_at, i), dup = at_field(&at, "matchLabelExpressions");
        json_t *selected = topology_term(c, &at, term);
        const char *text = check_value_text(c, selected);
        json_int_t n = json_integer_value(json_object_get(count_of, text));

        for (json_int_t k = 0; k < n && !check_full(c); k++)
            check_duplicate_str(c, &dup, STR(""));
        json_object_set_new(count_of, text, json_integer(n + 1));
        json_decref(selected);
        if (check_full(c))
            break;
    }
    json_decref(count_of);
}

static void storage_class(struct check *c, const json_t *obj)
{
    static const char *const POLICIES[] = {"Delete", "Retain"};
    static const char *const MODES[] = {"Immediate", "WaitForFirstConsumer"};
    struct at provisioner_at = at_field(NULL, "provisioner"), parameters_at = at_field(NULL, "parameters"),
              policy = at_field(NULL, "reclaimPolicy"), mode = at_field(NULL, "volumeBindingMode");

    provisioner(c, &provisioner_at, check_str(obj, "provisioner"));
    parameters(c, &parameters_at, json_object_get(obj, "parameters"), true);
    if (check_str(obj, "reclaimPolicy").n)
        check_enum(c, &policy, check_str(obj, "reclaimPolicy"), POLICIES, 2);
    if (!check_has(obj, "volumeBindingMode"))
        check_required(c, &mode, "");
    else
        check_enum(c, &mode, check_str(obj, "volumeBindingMode"), MODES, 2);
    allowed_topologies(c, json_object_get(obj, "allowedTopologies"));
}

static void storage_class_update(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const FIXED[] = {"parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"};

    check_metadata(c, obj);
    storage_class(c, obj);
    check_metadata_update(c, obj, old);
    for (size_t i = 0; i < sizeof(FIXED) / sizeof(FIXED[0]); i++) {
        struct at at = at_field(NULL, FIXED[i]);

        check_fixed(c, &at, obj, old, FIXED[i], "field is immutable");
    }
}

/* ---- CSIDriver ---- */

static void token_requests(struct check *c, const struct at *up, const json_t *list)
{
    struct seen *seen = seen_new(c);
    json_t *request;
    size_t i;

    json_array_foreach(list, i, request)
    {
        struct at at = at_index(up, i), audience = at_field(&at, "audience"),
                  seconds = at_field(&at, "expirationSeconds");
        int64_t v = check_int(request, "expirationSeconds", TOKEN_SECONDS_MIN);

        if (seen_add(seen, check_str(request, "audience"))) {
            check_duplicate_str(c, &audience, check_str(request, "audience"));
            continue;
        }
        if (v < TOKEN_SECONDS_MIN)
            check_invalid_int(c, &seconds, v, "may not specify a duration less than 10 minutes");
        if (v > TOKEN_SECONDS_MAX)
            check_invalid_int(c, &seconds, v, "may not specify a duration larger than 2^32 seconds");
    }
}

static void csi_driver_needs(struct check *c, const struct at *spec_at, const json_t *spec, const char *name,
                             const char *shown_as)
{
    struct at at = at_field(spec_at, shown_as);

    if (!check_has(spec, name))
        check_required(c, &at, "");
}

static void csi_driver(struct check *c, const json_t *obj)
{
    static const char *const POLICIES[] = {"File", "None", "ReadWriteOnceWithFSType"};
    static const char *const MODES[] = {"Persistent", "Ephemeral"};
    const json_t *spec = json_object_get(obj, "spec");
    struct at up = at_field(NULL, "spec"), policy = at_field(&up, "fsGroupPolicy"),
              tokens = at_field(&up, "tokenRequests"), modes = at_field(&up, "volumeLifecycleModes"),
              period = at_field(&up, "nodeAllocatableUpdatePeriodSeconds"),
              secrets = at_field(&up, "serviceAccountTokenInSecrets");
    json_t *mode;
    size_t i;

    csi_driver_needs(c, &up, spec, "attachRequired", "attachedRequired");
    csi_driver_needs(c, &up, spec, "podInfoOnMount", "podInfoOnMount");
    csi_driver_needs(c, &up, spec, "storageCapacity", "storageCapacity");
    if (check_has(spec, "fsGroupPolicy"))
        check_enum(c, &policy, check_str(spec, "fsGroupPolicy"), POLICIES, 3);
    token_requests(c, &tokens, json_object_get(spec, "tokenRequests"));
    json_array_foreach(json_object_get(spec, "volumeLifecycleModes"), i, mode)
        check_enum(c, &modes, check_value_str(mode), MODES, 2);
    csi_driver_needs(c, &up, spec, "seLinuxMount", "seLinuxMount");
    if (check_int(spec, "nodeAllocatableUpdatePeriodSeconds", ALLOCATABLE_PERIOD_MIN) <
        ALLOCATABLE_PERIOD_MIN)
        check_invalid_int(c, &period, check_int(spec, "nodeAllocatableUpdatePeriodSeconds", 0),
                          "must be greater than or equal to 10 seconds");
    if (check_has(spec, "serviceAccountTokenInSecrets") &&
        !json_array_size(json_object_get(spec, "tokenRequests")))
        check_invalid(c, &secrets, json_object_get(spec, "serviceAccountTokenInSecrets"),
                      "serviceAccountTokenInSecrets is set but no tokenRequests are specified");
}

static void csi_driver_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at attach = at_field(NULL, "spec.attachedRequired"),
              modes = at_field(NULL, "spec.volumeLifecycleModes");

    check_metadata_update(c, obj, old);
    csi_driver(c, obj);
    check_fixed(c, &attach, obj, old, "spec.attachRequired", "field is immutable");
    check_fixed(c, &modes, obj, old, "spec.volumeLifecycleModes", "field is immutable");
}

/* ---- CSINode ---- */

static void topology_keys(struct check *c, const struct at *at, const json_t *keys)
{
    struct seen *seen = seen_new(c);
    json_t *key;
    size_t i;

    json_array_foreach(keys, i, key)
    {
        struct str v = check_value_str(key);

        if (!v.n)
            check_required(c, at, "");
        if (seen_add(seen, v))
            check_duplicate_str(c, at, v);
        check_qualified_name(c, at, v);
    }
}

static void csi_node(struct check *c, const json_t *obj)
{
    struct at drivers = at_field(NULL, "spec.drivers");
    struct seen *seen = seen_new(c);
    json_t *driver;
    size_t i;

    json_array_foreach(tree_get(obj, "spec.drivers"), i, driver)
    {
        struct at at = at_index(&drivers, i), name = at_field(&at, "name"), id = at_field(&at, "nodeID"),
                  count = at_field(&at, "allocatable.count");
        struct str node_id = check_str(driver, "nodeID");

        check_csi_driver_name(c, &name, check_str(driver, "name"));
        if (!node_id.n)
            check_required(c, &id, "");
        if (node_id.n > NODE_ID_MAX)
            check_invalid_str(c, &id, node_id, "must be 256 characters or less");
        check_nonnegative(c, &count, tree_int(driver, "allocatable.count", 0));
        if (seen_add(seen, check_str(driver, "name")))
            check_duplicate_str(c, &name, check_str(driver, "name"));
        topology_keys(c, &at, json_object_get(driver, "topologyKeys"));
    }
}

/* What may not change of a driver: all but what it can hold. New reference. */
static json_t *lasting(const json_t *driver)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)driver);

    json_object_del(copy, "allocatable");
    return copy;
}

static void csi_node_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at drivers = at_field(NULL, "spec.drivers");
    const struct schema_type *type = schema_type(STR("storage.k8s.io/v1"), STR("CSINodeDriver"));
    json_t *by_name = json_object(), *driver;
    size_t i;

    check_metadata(c, obj);
    csi_node(c, obj);
    json_array_foreach(tree_get(obj, "spec.drivers"), i, driver)
        json_object_set(by_name, tree_string(driver, "name") ? tree_string(driver, "name") : "", driver);
    json_array_foreach(tree_get(old, "spec.drivers"), i, driver)
    {
        const json_t *now = json_object_get(by_name, tree_string(driver, "name"));
        json_t *a, *b;

        if (!now)
            continue;
        a = lasting(now);
        b = lasting(driver);
        check_immutable_of(c, &drivers, a, b, type);
        json_decref(a);
        json_decref(b);
    }
    json_decref(by_name);
}

/* ---- CSIStorageCapacity ---- */

static void capacity_checks(struct check *c, const json_t *obj, bool any_value)
{
    struct at topology = at_field(NULL, "nodeTopology"), class = at_field(NULL, "storageClassName"),
              capacity = at_field(NULL, "capacity");

    check_label_selector(c, &topology, json_object_get(obj, "nodeTopology"), any_value);
    check_name(c, &class, check_str(obj, "storageClassName"), "dns-subdomain");
    if (check_has(obj, "capacity"))
        check_quantity_nonnegative(c, &capacity, check_str(obj, "capacity"));
}

static void storage_capacity(struct check *c, const json_t *obj)
{
    capacity_checks(c, obj, false);
}

static void storage_capacity_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at topology = at_field(NULL, "nodeTopology"), class = at_field(NULL, "storageClassName");
    check_metadata(c, obj);
    capacity_checks(c, obj, label_selector_is_lax(json_object_get(old, "nodeTopology")));
    check_metadata_update(c, obj, old);
    check_fixed(c, &topology, obj, old, "nodeTopology", "field is immutable");
    check_fixed(c, &class, obj, old, "storageClassName", "field is immutable");
}

/* ---- VolumeAttachment ---- */

static void attachment_source(struct check *c, const struct at *at, const json_t *source)
{
    bool named = check_has(source, "persistentVolumeName"), in_line = check_has(source, "inlineVolumeSpec");
    struct at name = at_field(at, "persistentVolumeName"), volume = at_field(at, "inlineVolumeSpec");

    if (named == in_line && !named)
        check_required(c, at, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
    else if (named == in_line)
        check_forbidden(c, at, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
    else if (named && !check_str(source, "persistentVolumeName").n)
        check_required(c, &name, "must specify non empty persistentVolumeName");
    else if (in_line)
        check_inline_volume(c, &volume, json_object_get(source, "inlineVolumeSpec"));
}

static void volume_error(struct check *c, const struct at *at, const json_t *error)
{
    struct at message = at_field(at, "message"), code = at_field(at, "errorCode");

    if (check_str(error, "message").n > ERROR_MESSAGE_MAX)
        check_too_long(c, &message, METADATA_MAX_BYTES);
    if (check_int(error, "errorCode", 0) < 0)
        check_invalid_int(c, &code, check_int(error, "errorCode", 0),
                          "must be between 0 and 2147483647, inclusive");
}

static void volume_attachment(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec"), *status = json_object_get(obj, "status");
    struct at attacher = at_field(NULL, "spec.attacher"), source = at_field(NULL, "spec.source"),
              node = at_field(NULL, "spec.nodeName"),
              name = at_field(NULL, "spec.source.persistentVolumeName"),
              metadata = at_field(NULL, "status.attachmentMetadata"),
              attach = at_field(NULL, "status.attachError"), detach = at_field(NULL, "status.detachError");

    check_csi_driver_name(c, &attacher, check_str(spec, "attacher"));
    attachment_source(c, &source, json_object_get(spec, "source"));
    check_name(c, &node, check_str(spec, "nodeName"), "dns-subdomain");
    if (map_bytes(json_object_get(status, "attachmentMetadata")) > METADATA_MAX_BYTES)
        check_too_long(c, &metadata, METADATA_MAX_BYTES);
    volume_error(c, &attach, json_object_get(status, "attachError"));
    volume_error(c, &detach, json_object_get(status, "detachError"));
    if (tree_string(spec, "source.persistentVolumeName"))
        check_name(c, &name, tree_str(spec, "source.persistentVolumeName"), "dns-subdomain");
}

static void volume_attachment_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at spec = at_field(NULL, "spec");

    check_metadata(c, obj);
    volume_attachment(c, obj);
    check_fixed(c, &spec, obj, old, "spec", "field is immutable");
}

/* ---- VolumeAttributesClass ---- */

static void attributes_class(struct check *c, const json_t *obj)
{
    struct at driver = at_field(NULL, "driverName"), map = at_field(NULL, "parameters");

    provisioner(c, &driver, check_str(obj, "driverName"));
    parameters(c, &map, json_object_get(obj, "parameters"), false);
}

static void attributes_class_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at driver = at_field(NULL, "driverName"), map = at_field(NULL, "parameters");

    check_metadata_update(c, obj, old);
    if (!str_eq(check_str(obj, "driverName"), check_str(old, "driverName")))
        check_forbidden(c, &driver, "updates to driverName are forbidden.");
    if (!tree_same(obj, old, "parameters", c->resource->type))
        check_forbidden(c, &map, "updates to parameters are forbidden.");
    check_metadata(c, obj);
    attributes_class(c, obj);
}

#define STORAGE .group = "storage.k8s.io", .checks_metadata = true

static const struct validation ROWS[] = {
    {STORAGE, .plural = "storageclasses", .create = storage_class, .update = storage_class_update},
    {STORAGE, .plural = "csidrivers", .create = csi_driver, .update = csi_driver_update},
    {STORAGE, .plural = "csinodes", .create = csi_node, .update = csi_node_update},
    {STORAGE, .plural = "csistoragecapacities", .create = storage_capacity,
     .update = storage_capacity_update},
    {STORAGE, .plural = "volumeattachments", .create = volume_attachment, .update = volume_attachment_update,
     .update_status = volume_attachment_update},
    {STORAGE, .plural = "volumeattributesclasses", .create = attributes_class,
     .update = attributes_class_update},
};

const struct validation_rows validation_rows_storage = VALIDATION_ROWS(ROWS);
