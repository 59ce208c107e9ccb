/* ResourceClaims, their templates, and DeviceClasses. Rule:
 * pkg/apis/resource/validation. */
#include "registry/validation/rows.h"

#include <ctype.h>
#include "registry/validation/conditions.h"
#include "registry/validation/devices.h"
#include "registry/validation/expressions.h"
#include "registry/validation/ips.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/seen.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

#define REQUESTS_MAX 32
#define CONSTRAINTS_MAX 32
#define CONFIG_MAX 32
#define SELECTORS_MAX 32
#define SUBREQUESTS_MAX 8
#define RESULTS_MAX 32
#define RESERVED_MAX 256
#define STATUS_CONDITIONS_MAX 8
#define IPS_MAX 16
#define INTERFACE_NAME_MAX 256
#define HARDWARE_ADDRESS_MAX 128
#define EXPRESSION_MAX (10 * 1024)
#define RAW_MAX (10 * 1024)

/* ---- requests ---- */

static void selector(struct check *c, const struct at *up, const json_t *item, const void *arg)
{
    struct at cel = at_field(up, "cel"), expression = at_field(&cel, "expression");

    if (!check_has(item, "cel"))
        check_required(c, &cel, "");
    else if (tree_str(item, "cel.expression").n > EXPRESSION_MAX)
        check_too_long(c, &expression, EXPRESSION_MAX);
    else
        check_device_expression(c, &expression, tree_str(item, "cel.expression"));
}

static void toleration(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    static const char *const OPERATORS[] = {"Equal", "Exists"};
    struct str op = check_str(item, "operator"), value = check_str(item, "value"),
               effect = check_str(item, "effect");
    struct at key_at = at_field(at, "key"), value_at = at_field(at, "value"),
              op_at = at_field(at, "operator"), effect_at = at_field(at, "effect");

    if (check_str(item, "key").n)
        check_qualified_name(c, &key_at, check_str(item, "key"));
    if (!op.n)
        check_required(c, &op_at, "");
    else if (check_enum(c, &op_at, op, OPERATORS, 2) && str_is(op, "Equal"))
        check_label_value(c, &value_at, value);
    else if (str_is(op, "Exists") && value.n)
        check_invalid_str(c, &value_at, value, "must be empty for operator `Exists`");
    if (effect.n)
        check_device_taint_effect(c, &effect_at, effect);
}

static void allocation_mode(struct check *c, const struct at *at, const json_t *request)
{
    static const char *const MODES[] = {"All", "ExactCount"};
    struct at mode_at = at_field(at, "allocationMode"), count_at = at_field(at, "count");
    struct str mode = check_str(request, "allocationMode");
    int64_t count = check_int(request, "count", 0);

    if (!check_enum(c, &mode_at, mode, MODES, 2))
        return;
    if (str_is(mode, "All") && count != 0)
        check_invalid_int(c, &count_at, count, "must not be specified when allocationMode is 'All'");
    if (str_is(mode, "ExactCount") && count <= 0)
        check_invalid_int(c, &count_at, count, "must be greater than zero");
}

static void exact_request(struct check *c, const struct at *at, const json_t *request)
{
    struct at class = at_field(at, "deviceClassName");

    if (!check_str(request, "deviceClassName").n)
        check_required(c, &class, "");
    else
        check_name(c, &class, check_str(request, "deviceClassName"), "dns-subdomain");
    check_device_list(c, at, request, "selectors", SELECTORS_MAX, selector, NULL);
    allocation_mode(c, at, request);
    check_device_list(c, at, request, "tolerations", -1, toleration, NULL);
}

static void subrequest(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    struct at name = at_field(at, "name");

    check_name(c, &name, check_str(item, "name"), "dns-label");
    exact_request(c, at, item);
}

static void request(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    struct at name = at_field(at, "name"), exactly = at_field(at, "exactly");
    bool exact = check_has(item, "exactly"), first = json_array_size(json_object_get(item, "firstAvailable"));

    check_name(c, &name, check_str(item, "name"), "dns-label");
    if (!exact && !first)
        check_required(c, at, "exactly one of `exactly` or `firstAvailable` is required");
    else if (exact && first)
        check_invalid_text(
            c, at, "null",
            "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set");
    else if (first)
        check_device_set(c, at, item, "firstAvailable", SUBREQUESTS_MAX, "name", subrequest, NULL);
    else
        exact_request(c, &exactly, json_object_get(item, "exactly"));
}

/* Names by which requests can be referred to: NAME and NAME/SUBREQUEST. */
static struct seen *request_names(struct check *c, const json_t *devices)
{
    struct seen *names = seen_new(c);
    json_t *r, *sub;
    size_t i, k;

    json_array_foreach(json_object_get(devices, "requests"), i, r)
    {
        struct str name = check_str(r, "name");

        seen_add(names, name);
        json_array_foreach(json_object_get(r, "firstAvailable"), k, sub) seen_add(
            names,
            str_of(arena_printf(c->arena, "%.*s/%.*s", STR_ARG(name), STR_ARG(check_str(sub, "name")))));
    }
    return names;
}

static void request_ref(struct check *c, const struct at *at, struct str name, const struct seen *names)
{
    static const char WANTED[] = "must be the name of a request in the claim or the name of a request and a "
                                 "subrequest separated by '/'";
    struct str rest = name, part;
    int slashes = 0;

    for (size_t i = 0; i < name.n; i++)
        slashes += name.p[i] == '/';
    if (slashes > 1) {
        check_invalid_str(c, at, name, WANTED);
        return;
    }
    if (!name.n)
        check_name(c, at, name, "dns-label");
    while (name.n && str_next(&rest, '/', &part))
        check_name(c, at, part, "dns-label");
    if (!seen_has(names, name))
        check_invalid_str(c, at, name, WANTED);
}

static void request_ref_item(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    request_ref(c, at, check_value_str(item), arg);
}

/* ---- constraints and configuration ---- */

static void constraint(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    struct at match = at_field(at, "matchAttribute"), distinct = at_field(at, "distinctAttribute");

    check_device_set(c, at, item, "requests", REQUESTS_MAX, NULL, request_ref_item, arg);
    if (check_has(item, "matchAttribute"))
        check_attribute_name(c, &match, check_str(item, "matchAttribute"), true);
    else if (check_has(item, "distinctAttribute"))
        check_attribute_name(c, &distinct, check_str(item, "distinctAttribute"), true);
    else
        check_required(c, at,
                       "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple "
                       "fields are set");
}

static void configuration(struct check *c, const struct at *up, const json_t *item, const void *arg)
{
    const json_t *opaque = json_object_get(item, "opaque");
    struct at at = at_field(up, "opaque"), driver = at_field(&at, "driver"),
              parameters = at_field(&at, "parameters");

    if (!check_has(item, "opaque")) {
        check_required(c, &at, "");
        return;
    }
    check_csi_driver_name(c, &driver, check_str(opaque, "driver"));
    check_raw_object(c, &parameters, json_object_get(opaque, "parameters"), RAW_MAX);
}

static void claim_configuration(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    check_device_set(c, at, item, "requests", REQUESTS_MAX, NULL, request_ref_item, arg);
    configuration(c, at, item, NULL);
}

static void claim_spec(struct check *c, const struct at *up, const json_t *spec)
{
    const json_t *devices = json_object_get(spec, "devices");
    const struct seen *names = request_names(c, devices);
    struct at at = at_field(up, "devices");

    check_device_set(c, &at, devices, "requests", REQUESTS_MAX, "name", request, NULL);
    check_device_list(c, &at, devices, "constraints", CONSTRAINTS_MAX, constraint, names);
    check_device_list(c, &at, devices, "config", CONFIG_MAX, claim_configuration, names);
}

static void claim(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "spec");

    claim_spec(c, &at, json_object_get(obj, "spec"));
}

static void claim_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec");

    check_metadata(c, obj);
    check_metadata_update(c, obj, old);
    check_fixed(c, &at, obj, old, "spec", "field is immutable");
}

/* ---- the status of a claim ---- */

static void consumer(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    check_needed(c, at, item, "resource");
    check_needed(c, at, item, "name");
    check_needed(c, at, item, "uid");
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isxdigit((unsigned char)s.p[i]))
            return false;
    }
    return true;
}

/* As github.com/google/uuid words it. */
static const char *uuid_error(struct check *c, struct str s)
{
    static const size_t DASHES[] = {8, 13, 18, 23};
    struct str rest = s, part;

    if (s.n == 32)
        return is_hex(s) ? NULL : "invalid UUID format";
    if (s.n != 36)
        return arena_printf(c->arena, "invalid UUID length: %zu", s.n);
    for (size_t i = 0; i < 4; i++) {
        if (s.p[DASHES[i]] != '-')
            return "invalid UUID format";
    }
    while (str_next(&rest, '-', &part)) {
        if (!is_hex(part))
            return "invalid UUID format";
    }
    return NULL;
}

static void share_id(struct check *c, const struct at *up, const json_t *device)
{
    struct str id = check_str(device, "shareID");
    struct at at = at_field(up, "shareID");
    const char *err;

    if (!check_has(device, "shareID"))
        return;
    err = uuid_error(c, id);
    if (err)
        check_invalid_str(c, &at, id, arena_printf(c->arena, "error validating uid: %s", err));
    else if (id.n != 36 || !str_eq(id, check_lower(c, id)))
        check_invalid_str(c, &at, id,
                          "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` "
                          "with lowercase hexadecimal characters");
}

static struct str device_id(struct check *c, const json_t *device)
{
    struct str share = check_str(device, "shareID");

    return str_of(arena_printf(c->arena, "%.*s/%.*s/%.*s%s%.*s", STR_ARG(check_str(device, "driver")),
                               STR_ARG(check_str(device, "pool")), STR_ARG(check_str(device, "device")),
                               share.n ? "/" : "", STR_ARG(share)));
}

static void device_names(struct check *c, const struct at *at, const json_t *device)
{
    struct at driver = at_field(at, "driver"), pool = at_field(at, "pool"), name = at_field(at, "device");

    check_csi_driver_name(c, &driver, check_str(device, "driver"));
    check_pool_name(c, &pool, check_str(device, "pool"));
    check_name(c, &name, check_str(device, "device"), "dns-label");
}

static void interface_address(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    check_cidr(c, at, check_value_str(item));
}

static void network_data(struct check *c, const struct at *at, const json_t *data)
{
    struct at name = at_field(at, "interfaceName"), address = at_field(at, "hardwareAddress");

    if (check_str(data, "interfaceName").n > INTERFACE_NAME_MAX)
        check_too_long(c, &name, INTERFACE_NAME_MAX);
    if (check_str(data, "hardwareAddress").n > HARDWARE_ADDRESS_MAX)
        check_too_long(c, &address, HARDWARE_ADDRESS_MAX);
    check_device_set(c, at, data, "ips", IPS_MAX, NULL, interface_address, NULL);
}

static void device_status(struct check *c, const struct at *at, const json_t *device, const void *arg)
{
    struct at conditions = at_field(at, "conditions"), data = at_field(at, "data"),
              network = at_field(at, "networkData");
    const json_t *list = json_object_get(device, "conditions");

    device_names(c, at, device);
    share_id(c, at, device);
    if (!seen_has(arg, device_id(c, device)))
        check_invalid_str(c, at, device_id(c, device), "must be an allocated device in the claim");
    if (json_array_size(list) > STATUS_CONDITIONS_MAX)
        check_too_many(c, &conditions, (int)json_array_size(list), STATUS_CONDITIONS_MAX);
    check_conditions(c, &conditions, list);
    if (check_has(device, "data"))
        check_raw_object(c, &data, json_object_get(device, "data"), RAW_MAX);
    network_data(c, &network, json_object_get(device, "networkData"));
}

static void allocated_device(struct check *c, const struct at *at, const json_t *result, const void *arg)
{
    struct at request_at = at_field(at, "request");

    request_ref(c, &request_at, check_str(result, "request"), arg);
    device_names(c, at, result);
    check_binding_conditions(c, at, result);
    share_id(c, at, result);
}

static void allocated_configuration(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    static const char *const SOURCES[] = {"FromClaim", "FromClass"};
    struct at source = at_field(at, "source");

    if (!check_str(item, "source").n)
        check_required(c, &source, "");
    else
        check_enum(c, &source, check_str(item, "source"), SOURCES, 2);
    claim_configuration(c, at, item, arg);
}

static void allocation(struct check *c, const json_t *obj)
{
    const json_t *allocated = tree_get(obj, "status.allocation");
    const struct seen *names = request_names(c, tree_get(obj, "spec.devices"));
    struct at devices = at_field(NULL, "status.allocation.devices"),
              nodes = at_field(NULL, "status.allocation.nodeSelector");

    check_device_list(c, &devices, tree_get(allocated, "devices"), "results", RESULTS_MAX, allocated_device,
                      names);
    check_device_list(c, &devices, tree_get(allocated, "devices"), "config", 2 * CONFIG_MAX,
                      allocated_configuration, names);
    if (check_has(allocated, "nodeSelector"))
        check_node_selector(c, &nodes, json_object_get(allocated, "nodeSelector"), false);
}

static void reservations(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *list = tree_get(obj, "status.reservedFor");
    struct at at = at_field(NULL, "status.reservedFor");
    struct seen *before = seen_new(c);

    if (!json_array_size(list))
        return;
    if (!tree_get(obj, "status.allocation")) {
        check_forbidden(c, &at, "may not be specified when `allocated` is not set");
        return;
    }
    seen_add_list(before, tree_get(old, "status.reservedFor"), "uid");
    for (size_t i = 0; tree_get(obj, "metadata.deletionTimestamp") && i < json_array_size(list); i++) {
        if (seen_has(before, check_str(json_array_get(list, i), "uid")))
            continue;
        check_forbidden(c, &at,
                        "new entries may not be added while `deallocationRequested` or `deletionTimestamp` "
                        "are set");
        return;
    }
}

static void status_devices(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "status.devices");
    struct seen *allocated = seen_new(c), *seen = seen_new(c);
    struct at up = at_field(NULL, "status"), all = at_field(&up, "devices");
    json_t *v;
    size_t i;

    json_array_foreach(tree_get(obj, "status.allocation.devices.results"), i, v)
        seen_add(allocated, device_id(c, v));
    check_device_list(c, &up, json_object_get(obj, "status"), "devices", -1, device_status, allocated);
    json_array_foreach(list, i, v)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        if (seen_add(seen, device_id(c, v)))
            check_duplicate_str(c, &at, device_id(c, v));
    }
}

static void claim_status(struct check *c, const json_t *obj, const json_t *old)
{
    struct at up = at_field(NULL, "status"), allocation_at = at_field(NULL, "status.allocation");

    check_metadata_update(c, obj, old);
    check_device_set(c, &up, json_object_get(obj, "status"), "reservedFor", RESERVED_MAX, "uid", consumer,
                     NULL);
    status_devices(c, obj);
    reservations(c, obj, old);
    if (tree_get(obj, "status.allocation") && tree_get(old, "status.allocation"))
        check_fixed(c, &allocation_at, obj, old, "status.allocation", "field is immutable");
    else if (tree_get(obj, "status.allocation"))
        allocation(c, obj);
}

/* ---- templates and classes ---- */

static void template(struct check *c, const json_t *obj)
{
    struct at labels = at_field(NULL, "spec.metadata.labels"), spec = at_field(NULL, "spec.spec"),
              annotations = at_field(NULL, "spec.metadata.annotations");

    check_annotations(c, &annotations, tree_get(obj, "spec.metadata.annotations"));
    check_labels(c, &labels, tree_get(obj, "spec.metadata.labels"));
    claim_spec(c, &spec, tree_get(obj, "spec.spec"));
}

static void template_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec");

    check_metadata(c, obj);
    template(c, obj);
    check_metadata_update(c, obj, old);
    check_fixed(c, &at, obj, old, "spec", "field is immutable");
}

static void device_class(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct at at = at_field(NULL, "spec"), name = at_field(&at, "extendedResourceName");

    check_device_list(c, &at, spec, "selectors", SELECTORS_MAX, selector, NULL);
    check_device_list(c, &at, spec, "config", CONFIG_MAX, configuration, NULL);
    if (check_has(spec, "extendedResourceName") &&
        !resource_is_extended(check_str(spec, "extendedResourceName")))
        check_invalid_str(c, &name, check_str(spec, "extendedResourceName"),
                          "must be a valid extended resource name");
}

static void device_class_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    check_metadata_update(c, obj, old);
    device_class(c, obj);
}

#define DEVICES .group = "resource.k8s.io", .checks_metadata = true

static const struct validation ROWS[] = {
    {DEVICES, .plural = "resourceclaims", .create = claim, .update = claim_update,
     .update_status = claim_status},
    {DEVICES, .plural = "resourceclaimtemplates", .create = template, .update = template_update},
    {DEVICES, .plural = "deviceclasses", .create = device_class, .update = device_class_update},
};

const struct validation_rows validation_rows_deviceclaims = VALIDATION_ROWS(ROWS);
