/* The checks that giving out addresses relies on: it runs them first, and a Service that fails them gets no
 * address. Later they run again with all others. */
#include "registry/validation/clusterips.h"

#include "registry/rules/addresses.h"
#include "registry/validation/ips.h"
#include "registry/walk/tree.h"

static const char *const FAMILIES[] = {"IPv4", "IPv6"};
static const char *const POLICIES[] = {"PreferDualStack", "RequireDualStack", "SingleStack"};

static const struct at SPEC = {.field = "spec"};
static const struct at IPS = {.up = &SPEC, .field = "clusterIPs"};
static const struct at IP_FAMILIES = {.up = &SPEC, .field = "ipFamilies"};
static const struct at POLICY = {.up = &SPEC, .field = "ipFamilyPolicy"};

static struct str text_at(const json_t *list, size_t i)
{
    return str_of(json_string_value(json_array_get(list, i)));
}

static bool is_in(const json_t *list, size_t n, struct str v)
{
    for (size_t i = 0; i < n && i < json_array_size(list); i++) {
        if (str_eq(text_at(list, i), v))
            return true;
    }
    return false;
}

/* The one address and the list of them agree. */
static void check_pair(struct check *c, const json_t *service, const json_t *ips)
{
    struct str ip = tree_str(service, "spec.clusterIP");

    if (!ip.n && json_array_size(ips))
        check_invalid(c, &IPS, ips, "must be empty when `clusterIP` is not specified");
    else if (ip.n && !json_array_size(ips))
        check_required(c, &IPS, "");
    else if (ip.n && !str_eq(ip, text_at(ips, 0)))
        check_invalid(c, &IPS, ips, "first value must match `clusterIP`");
}

static void check_families(struct check *c, const json_t *families)
{
    for (size_t i = 0; i < json_array_size(families) && !check_full(c); i++) {
        struct at at = at_index(&IP_FAMILIES, i);
        struct str v = text_at(families, i);

        if (!str_is(v, FAMILIES[0]) && !str_is(v, FAMILIES[1]))
            check_not_supported(c, &at, v, FAMILIES, 2);
        if (is_in(families, i, v))
            check_duplicate_str(c, &at, v);
    }
}

static void check_policy(struct check *c, const json_t *service)
{
    const json_t *policy = tree_get(service, "spec.ipFamilyPolicy");

    for (size_t i = 0; i < sizeof(POLICIES) / sizeof(POLICIES[0]); i++) {
        if (!policy || str_is(tree_str(service, "spec.ipFamilyPolicy"), POLICIES[i]))
            return;
    }
    check_not_supported(c, &POLICY, tree_str(service, "spec.ipFamilyPolicy"), POLICIES, 3);
}

/* Whether all are addresses, or the list is `None` alone. */
static bool check_each(struct check *c, const json_t *ips, const json_t *known)
{
    bool ok = true;

    for (size_t i = 0; i < json_array_size(ips) && !check_full(c); i++) {
        struct str v = text_at(ips, i);
        struct at at = at_index(&IPS, i);

        if (i == 0 && str_is(v, "None")) {
            if (json_array_size(ips) > 1) {
                ok = false;
                check_invalid(c, &IPS, ips, "'None' must be the first and only value");
            }
        } else if (!is_in(known, json_array_size(known), v) && !check_legacy_ip(c, &at, v, NULL)) {
            ok = false;
        }
    }
    if (json_array_size(ips) > 2)
        check_invalid(c, &IPS, ips, "may only hold up to 2 values");
    return ok;
}

static bool is_v6(struct str text)
{
    struct address a;

    return address_parse(text, &a) && !a.four;
}

static bool are_of_both(const json_t *ips)
{
    bool four = false, six = false;

    for (size_t i = 0; i < json_array_size(ips); i++) {
        if (is_v6(text_at(ips, i)))
            six = true;
        else
            four = true;
    }
    return four && six;
}

static void check_match(struct check *c, const json_t *ips, const json_t *families)
{
    for (size_t i = 0; i < json_array_size(ips) && i < json_array_size(families); i++) {
        struct str family = text_at(families, i), ip = text_at(ips, i);
        struct at at = at_index(&IPS, i);

        if ((str_is(family, "IPv4") && is_v6(ip)) || (str_is(family, "IPv6") && !is_v6(ip)))
            check_invalid_str(c, &at, ip,
                              arena_printf(c->arena,
                                           "expected an %.*s value as indicated by `ipFamilies[%zu]`",
                                           STR_ARG(family), i));
    }
}

void check_cluster_ips(struct check *c, const json_t *service, const json_t *old)
{
    const json_t *ips = tree_get(service, "spec.clusterIPs"),
                 *families = tree_get(service, "spec.ipFamilies");

    if (str_is(tree_str(service, "spec.type"), "ExternalName"))
        return;
    check_pair(c, service, ips);
    check_families(c, families);
    check_policy(c, service);
    if (!check_each(c, ips, tree_get(old, "spec.clusterIPs")))
        return;
    if (json_array_size(ips) > 1 && !are_of_both(ips))
        check_invalid(c, &IPS, ips, "may specify no more than one IP for each IP family");
    if (!str_is(text_at(ips, 0), "None"))
        check_match(c, ips, families);
}

/* ---- changes ---- */

#define ONCE "may not change once set"

static bool is_external(const json_t *service)
{
    return str_is(tree_str(service, "spec.type"), "ExternalName");
}

static bool is_headless(const json_t *service)
{
    const json_t *ips = tree_get(service, "spec.clusterIPs");

    return json_array_size(ips) == 1 && str_is(text_at(ips, 0), "None");
}

/* The lists that are compared, and what the reference says of them. */
struct change {
    const char *list;        /* what stays */
    const struct at *at;     /* where it is */
    bool always_first;       /* each difference is said to be in the first place */
    const char *moved;       /* the list shown when a second one came or went */
    const char *gone;        /* when no address is left */
    const char *second_gone; /* without saying so in the policy */
};

static const struct change ADDRESSES = {
    .list = "spec.clusterIPs",
    .at = &IPS,
    .moved = "spec.clusterIPs",
    .gone = "primary clusterIP can not be unset",
    .second_gone = "must be set to 'SingleStack' when releasing the secondary clusterIP"};
static const struct change KINDS = {.list = "spec.ipFamilies",
                                    .at = &IP_FAMILIES,
                                    .always_first = true,
                                    .moved = "spec.clusterIPs",
                                    .gone = "primary ipFamily can not be unset",
                                    .second_gone =
                                        "must be set to 'SingleStack' when releasing the secondary ipFamily"};

static void same_length(struct check *c, const struct change *k, const json_t *now, const json_t *was)
{
    for (size_t i = 0; i < json_array_size(was) && !check_full(c); i++) {
        struct at at = at_index(k->at, k->always_first ? 0 : i);

        if (!str_eq(text_at(now, i), text_at(was, i)))
            check_invalid(c, &at, now, ONCE);
    }
}

static void check_change(struct check *c, const struct change *k, const json_t *service, const json_t *old)
{
    const json_t *now = tree_get(service, k->list), *was = tree_get(old, k->list);
    size_t n = json_array_size(now), before = json_array_size(was);
    struct at first = at_index(k->at, 0);

    if (n == before) {
        same_length(c, k, now, was);
        return;
    }
    if (n < before && !tree_size(service, "spec.clusterIPs"))
        check_invalid(c, &first, now, k->gone);
    if (n && before && !str_eq(text_at(now, 0), text_at(was, 0)))
        check_invalid(c, &first, tree_get(service, k->moved), ONCE);
    if (n < before && n == 1 && !str_is(tree_str(service, "spec.ipFamilyPolicy"), "SingleStack"))
        check_invalid(c, &POLICY, tree_get(service, "spec.ipFamilyPolicy"), k->second_gone);
}

void check_cluster_ips_change(struct check *c, const json_t *service, const json_t *old)
{
    bool headless = is_headless(service);

    if (is_external(service) || is_external(old))
        return;
    if (!headless || !is_headless(old))
        check_change(c, &ADDRESSES, service, old);
    /* without addresses of its own the families may be any */
    if (!headless && !is_headless(old))
        check_change(c, &KINDS, service, old);
}
