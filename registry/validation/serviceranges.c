/* The ranges Services get their addresses from, and the addresses that are given. Rule:
 * pkg/apis/networking/validation. */
#include "registry/validation/ips.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/walk/tree.h"

#define FIXED "field is immutable"

/* ---- IPAddresses ---- */

static void segment(struct check *c, const struct at *up, const json_t *v, const char *field)
{
    struct at at = at_field(up, field);

    if (!check_str(v, field).n)
        check_required(c, &at, "");
    else
        check_name(c, &at, check_str(v, field), "path-segment");
}

static void ip_address(struct check *c, const json_t *obj)
{
    const json_t *parent = tree_get(obj, "spec.parentRef");
    struct at up = at_field(NULL, "spec.parentRef"), at = at_field(&up, "group");

    if (!parent) {
        check_required(c, &up, "");
        return;
    }
    /* the core group has no name, so none may be meant */
    if (check_str(parent, "group").n)
        check_name(c, &at, check_str(parent, "group"), "dns-subdomain");
    segment(c, &up, parent, "resource");
    segment(c, &up, parent, "name");
    at = at_field(&up, "namespace");
    if (check_str(parent, "namespace").n)
        check_name(c, &at, check_str(parent, "namespace"), "path-segment");
}

static void ip_address_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.parentRef");

    check_metadata(c, obj);
    ip_address(c, obj);
    check_metadata_update(c, obj, old);
    check_fixed(c, &at, obj, old, "spec.parentRef", FIXED);
}

/* ---- ServiceCIDRs ---- */

static const char *list_text(struct check *c, const json_t *list)
{
    return list ? check_value_text(c, list) : "null";
}

static void service_cidr(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "spec.cidrs");
    struct at list_at = at_field(NULL, "spec.cidrs");
    size_t n = json_array_size(list);
    struct cidr a, b;

    if (n == 0) {
        check_required(c, &list_at, "at least one CIDR required");
        return;
    }
    if (n > 2) {
        check_invalid_text(c, &list_at, arena_printf(c->arena, "{\"CIDRs\":%s}", list_text(c, list)),
                           "may only hold up to 2 values");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct at at = at_index(&list_at, i);

        check_cidr(c, &at, check_item(list, i));
    }
    if (n == 2 && cidr_parse(check_item(list, 0), &a) && cidr_parse(check_item(list, 1), &b) &&
        a.ip.four == b.ip.four)
        check_invalid(
            c, &list_at, list,
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
}

/* A second range may come; nothing else changes. */
static void service_cidr_update(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *list = tree_get(obj, "spec.cidrs"), *was = tree_get(old, "spec.cidrs");
    size_t n = json_array_size(list), before = json_array_size(was);
    struct at list_at = at_field(NULL, "spec.cidrs");

    if (n != before && !(n == 2 && before == 1)) {
        check_invalid_text(c, &list_at, list_text(c, list), FIXED);
        return;
    }
    for (size_t i = 0; i < before && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        if (!str_eq(check_item(list, i), check_item(was, i)))
            check_invalid_str(c, &at, check_item(list, i), FIXED);
    }
    if (n != before)
        service_cidr(c, obj);
}

static const struct validation ROWS[] = {
    {.group = "networking.k8s.io",
     .plural = "ipaddresses",
     .checks_metadata = true,
     .create = ip_address,
     .update = ip_address_update},
    {.group = "networking.k8s.io",
     .plural = "servicecidrs",
     .create = service_cidr,
     .update = service_cidr_update},
};

const struct validation_rows validation_rows_serviceranges = VALIDATION_ROWS(ROWS);
