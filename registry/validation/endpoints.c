/* Endpoints, and the slices that took their place. Rule: ValidateEndpoints of pkg/apis/core/validation,
 * pkg/apis/discovery/validation. */
#include "registry/validation/formats.h"
#include "registry/validation/ips.h"
#include "registry/validation/ports.h"
#include "registry/validation/rows.h"
#include "registry/walk/tree.h"

#define ENDPOINTS_MAX 1000
#define ADDRESSES_MAX 100
#define PORTS_MAX 20000
#define TOPOLOGY_MAX 16
#define HINTS_MAX 8

/* Older servers took what is refused now: a list that stays as it was is not looked at. */
static void unless_unchanged(struct check *c, const json_t *obj, const json_t *old, const char *field,
                             void (*look)(struct check *c, const json_t *obj))
{
    if (!old || !tree_same(obj, old, field, c->resource->type))
        look(c, obj);
}

/* ---- Endpoints ---- */

static void endpoint_address(struct check *c, const struct at *up, const json_t *v)
{
    struct at ip = at_field(up, "ip"), at = at_field(up, "hostname");

    check_legacy_ip(c, &ip, check_str(v, "ip"), NULL);
    if (check_str(v, "hostname").n)
        check_name(c, &at, check_str(v, "hostname"), "dns-label");
    at = at_field(up, "nodeName");
    if (check_has(v, "nodeName"))
        check_name(c, &at, check_str(v, "nodeName"), "dns-subdomain");
    check_endpoint_ip(c, &ip, check_str(v, "ip"));
}

static void endpoint_port(struct check *c, const struct at *up, const json_t *v, bool named)
{
    struct at at = at_field(up, "name");

    if (named && !check_str(v, "name").n)
        check_required(c, &at, "");
    else if (check_str(v, "name").n)
        check_name(c, &at, check_str(v, "name"), "dns-label");
    at = at_field(up, "port");
    check_port(c, &at, check_int(v, "port", 0));
    at = at_field(up, "protocol");
    check_protocol(c, &at, check_str(v, "protocol"));
    at = at_field(up, "appProtocol");
    if (check_has(v, "appProtocol"))
        check_qualified_name(c, &at, check_str(v, "appProtocol"));
}

static void subset(struct check *c, const struct at *up, const json_t *v)
{
    static const char *const LISTS[] = {"addresses", "notReadyAddresses"};
    const json_t *ports = json_object_get(v, "ports");
    struct at list = at_field(up, "ports");

    if (!json_array_size(json_object_get(v, LISTS[0])) && !json_array_size(json_object_get(v, LISTS[1])))
        check_required(c, up, "must specify `addresses` or `notReadyAddresses`");
    for (size_t l = 0; l < 2; l++) {
        const json_t *addresses = json_object_get(v, LISTS[l]);
        struct at list_at = at_field(up, LISTS[l]);

        for (size_t i = 0; i < json_array_size(addresses) && !check_full(c); i++) {
            struct at at = at_index(&list_at, i);

            endpoint_address(c, &at, json_array_get(addresses, i));
        }
    }
    for (size_t i = 0; i < json_array_size(ports) && !check_full(c); i++) {
        struct at at = at_index(&list, i);

        endpoint_port(c, &at, json_array_get(ports, i), json_array_size(ports) > 1);
    }
}

static void subsets(struct check *c, const json_t *obj)
{
    const json_t *list = json_object_get(obj, "subsets");
    struct at list_at = at_field(NULL, "subsets");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        subset(c, &at, json_array_get(list, i));
    }
}

static void endpoints_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    unless_unchanged(c, obj, old, "subsets", subsets);
}

/* ---- slices ---- */

static void slice_port(struct check *c, const struct at *up, const json_t *v, struct seen *names)
{
    static const char *const PROTOCOLS[] = {"SCTP", "TCP", "UDP"};
    struct at at = at_field(up, "name");
    struct str name = check_str(v, "name");

    if (name.n)
        check_name(c, &at, name, "dns-label");
    if (seen_add(names, name))
        check_duplicate_str(c, &at, name);
    at = at_field(up, "protocol");
    if (check_has(v, "protocol"))
        check_enum(c, &at, check_str(v, "protocol"), PROTOCOLS, 3);
    else
        check_required(c, &at, "");
    at = at_field(up, "appProtocol");
    if (check_has(v, "appProtocol"))
        check_qualified_name(c, &at, check_str(v, "appProtocol"));
}

static void slice_ports(struct check *c, const json_t *list)
{
    struct at list_at = at_field(NULL, "ports");
    struct seen *names = seen_new(c);

    if (json_array_size(list) > PORTS_MAX) {
        check_too_many(c, &list_at, (int)json_array_size(list), PORTS_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        slice_port(c, &at, json_array_get(list, i), names);
    }
}

static void of_family(struct check *c, const struct at *list, size_t i, struct str v, bool four)
{
    struct at at = at_index(list, i);
    struct address ip;

    if (!(four ? check_legacy_ip(c, &at, v, NULL) : check_ip(c, &at, v)) || !address_parse(v, &ip))
        return;
    if (ip.four != four)
        check_invalid_str(c, list, v, four ? "must be an IPv4 address" : "must be an IPv6 address");
    check_endpoint_ip(c, &at, v);
}

static void four(struct check *c, const struct at *list, size_t i, struct str v)
{
    of_family(c, list, i, v, true);
}

static void six(struct check *c, const struct at *list, size_t i, struct str v)
{
    of_family(c, list, i, v, false);
}

static void full_name(struct check *c, const struct at *list, size_t i, struct str v)
{
    struct at at = at_index(list, i);

    check_domain(c, &at, v);
}

/* By name: in the order in which they are listed to who asks for another one. */
static const char *const ADDRESS_TYPES[] = {"FQDN", "IPv4", "IPv6"};
static void (*const ADDRESS_CHECKS[])(struct check *c, const struct at *list, size_t i,
                                      struct str v) = {full_name, four, six};

static void slice_addresses(struct check *c, const struct at *list, const json_t *v, struct str type)
{
    size_t n = json_array_size(v);

    if (n == 0)
        check_required(c, list, "must contain at least 1 address");
    else if (n > ADDRESSES_MAX)
        check_too_many(c, list, (int)n, ADDRESSES_MAX);
    for (size_t t = 0; t < 3; t++) {
        if (!str_is(type, ADDRESS_TYPES[t]))
            continue;
        for (size_t i = 0; i < n && !check_full(c); i++)
            ADDRESS_CHECKS[t](c, list, i, check_value_str(json_array_get(v, i)));
    }
}

/* false: too many of them. */
static bool hints(struct check *c, const struct at *list, const json_t *v, bool of_nodes)
{
    struct seen *names = seen_new(c);

    if (json_array_size(v) > HINTS_MAX) {
        check_too_many(c, list, (int)json_array_size(v), HINTS_MAX);
        return false;
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct at up = at_index(list, i), at = at_field(&up, "name");
        struct str name = check_str(json_array_get(v, i), "name");

        if (seen_add(names, name))
            check_duplicate_str(c, &at, name);
        if (of_nodes)
            check_name(c, &at, name, "dns-subdomain");
        else
            check_label_value(c, &at, name);
    }
    return true;
}

static void slice_topology(struct check *c, const struct at *at, const json_t *labels)
{
    if (json_object_size(labels) > TOPOLOGY_MAX)
        check_too_many(c, at, (int)json_object_size(labels), TOPOLOGY_MAX);
    check_labels(c, at, labels);
}

static void slice_endpoint(struct check *c, const struct at *up, const json_t *v, struct str type)
{
    struct at at = at_field(up, "addresses"), zones = at_field(up, "hints.forZones");
    const json_t *hint = json_object_get(v, "hints");

    slice_addresses(c, &at, json_object_get(v, "addresses"), type);
    at = at_field(up, "nodeName");
    if (check_has(v, "nodeName"))
        check_name(c, &at, check_str(v, "nodeName"), "dns-subdomain");
    at = at_field(up, "deprecatedTopology");
    slice_topology(c, &at, json_object_get(v, "deprecatedTopology"));
    at = at_field(up, "hostname");
    if (check_has(v, "hostname"))
        check_name(c, &at, check_str(v, "hostname"), "dns-label");
    at = at_field(up, "hints.forNodes");
    if (hints(c, &zones, json_object_get(hint, "forZones"), false))
        hints(c, &at, json_object_get(hint, "forNodes"), true);
}

static void slice_endpoints(struct check *c, const json_t *obj)
{
    const json_t *list = json_object_get(obj, "endpoints");
    struct at list_at = at_field(NULL, "endpoints");

    if (json_array_size(list) > ENDPOINTS_MAX) {
        check_too_many(c, &list_at, (int)json_array_size(list), ENDPOINTS_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        slice_endpoint(c, &at, json_array_get(list, i), check_str(obj, "addressType"));
    }
}

static void slice_type(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "addressType");

    if (!check_str(obj, "addressType").n)
        check_required(c, &at, "");
    else
        check_enum(c, &at, check_str(obj, "addressType"), ADDRESS_TYPES, 3);
}

static void slice(struct check *c, const json_t *obj)
{
    slice_type(c, obj);
    slice_ports(c, json_object_get(obj, "ports"));
    slice_endpoints(c, obj);
}

static void slice_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "addressType");

    check_metadata(c, obj);
    slice_type(c, obj);
    slice_ports(c, json_object_get(obj, "ports"));
    unless_unchanged(c, obj, old, "endpoints", slice_endpoints);
    if (!str_eq(check_str(obj, "addressType"), check_str(old, "addressType")))
        check_invalid_word(c, &at, check_str(obj, "addressType"), "field is immutable");
}

static const struct validation ROWS[] = {
    {.group = "", .plural = "endpoints", .create = subsets, .update = endpoints_update},
    {.group = "discovery.k8s.io",
     .plural = "endpointslices",
     .checks_metadata = true,
     .create = slice,
     .update = slice_update},
};

const struct validation_rows validation_rows_endpoints = VALIDATION_ROWS(ROWS);
