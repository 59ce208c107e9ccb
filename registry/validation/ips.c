/* One value can be wrong in several ways at once only where the reference says so. */
#include "registry/validation/ips.h"

static bool parse_ip(struct check *c, const struct at *at, struct str v, struct address *ip)
{
    const char *why = NULL;

    if (!address_parse(v, ip))
        why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    else if (ip->loose)
        why = "must not have leading 0s";
    else if (ip->mapped)
        why = "must not be an IPv4-mapped IPv6 address";
    if (why)
        check_invalid_str(c, at, v, why);
    return !why;
}

bool check_legacy_ip(struct check *c, const struct at *at, struct str v, const struct seen *old)
{
    struct address ip;

    return seen_has(old, v) || parse_ip(c, at, v, &ip);
}

bool check_ip(struct check *c, const struct at *at, struct str v)
{
    struct address ip;
    const char *text;

    if (!parse_ip(c, at, v, &ip))
        return false;
    text = address_text(c->arena, &ip);
    if (str_is(v, text))
        return true;
    check_invalid_str(c, at, v, arena_printf(c->arena, "must be in canonical form (\"%s\")", text));
    return false;
}

static bool parse_cidr(struct check *c, const struct at *at, struct str v, struct cidr *range)
{
    const char *why = NULL;

    if (!cidr_parse(v, range))
        why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    else if (range->loose)
        why = "must not have leading 0s in IP or prefix length";
    else if (range->ip.mapped)
        why = "must not have an IPv4-mapped IPv6 address";
    else if (range->host_bits)
        why = "must not have bits set beyond the prefix length";
    if (why)
        check_invalid_str(c, at, v, why);
    return !why;
}

bool check_legacy_cidr(struct check *c, const struct at *at, struct str v, const struct seen *old)
{
    struct cidr range;

    return seen_has(old, v) || parse_cidr(c, at, v, &range);
}

bool check_cidr(struct check *c, const struct at *at, struct str v)
{
    struct cidr range;
    const char *text;

    if (!parse_cidr(c, at, v, &range))
        return false;
    text = cidr_text(c->arena, &range);
    if (str_is(v, text))
        return true;
    check_invalid_str(c, at, v, arena_printf(c->arena, "must be in canonical form (\"%s\")", text));
    return false;
}

void check_endpoint_ip(struct check *c, const struct at *at, struct str v)
{
    static const struct {
        enum address_range range;
        const char *why;
    } UNFIT[] = {
        {ADDRESS_LOOPBACK, "may not be in the loopback range (127.0.0.0/8, ::1/128)"},
        {ADDRESS_LINK_LOCAL, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"},
        {ADDRESS_LINK_LOCAL_MULTICAST,
         "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"},
    };
    struct address ip;
    int ranges;

    if (!address_parse(v, &ip)) {
        check_invalid_str(c, at, v, "must be a valid IP address");
        return;
    }
    ranges = address_ranges(&ip);
    if (ranges & ADDRESS_UNSPECIFIED)
        check_invalid_str(c, at, v, arena_printf(c->arena, "may not be unspecified (%.*s)", STR_ARG(v)));
    for (size_t i = 0; i < sizeof(UNFIT) / sizeof(UNFIT[0]); i++) {
        if (ranges & (int)UNFIT[i].range)
            check_invalid_str(c, at, v, UNFIT[i].why);
    }
}

void check_no_ip(struct check *c, const struct at *at, struct str v)
{
    struct address ip;

    if (address_parse(v, &ip))
        check_invalid_str(c, at, v, "must be a DNS name, not an IP address");
}

void check_balancer_host(struct check *c, const struct at *at, struct str v)
{
    check_name(c, at, v, "dns-subdomain");
    check_no_ip(c, at, v);
}
