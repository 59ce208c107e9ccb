/* Families and addresses of Services: inferred, checked, given. An address is free when no IPAddress object
 * of that name is there. This only chooses; whoever writes the Service first makes the object, and comes back
 * here when somebody else was faster. Rules: pkg/registry/core/service/storage/alloc.go and ../ipallocator.
 */
#include <sys/random.h>
#include "registry/rules/ranges.h"
#include "registry/strategy/service.h"
#include "registry/validation/check.h"
#include "registry/validation/clusterips.h"
#include "registry/walk/tree.h"

#define RANGES_MAX 64
#define SPEC_FAMILIES "spec.ipFamilies"
#define SPEC_POLICY "spec.ipFamilyPolicy"
#define SPEC_IPS "spec.clusterIPs"

/* What addresses there are. */
struct ranges {
    struct range all[RANGES_MAX];
    int n;
    bool six_first; /* the family of who names none */
    bool has[2];    /* families that the cluster is set up for: 0 IPv4, 1 IPv6 */
};

struct allocation {
    const struct strategy_call *call;
    json_t *service;
    const json_t *old;
    struct status *st;
    struct ranges ranges;
};

static const char *family_name(bool six)
{
    return six ? "IPv6" : "IPv4";
}

/* ---- ranges ---- */

static void add_range(struct ranges *r, struct str cidr)
{
    if (r->n < RANGES_MAX && range_parse(cidr, &r->all[r->n]))
        r->n++;
}

static bool is_usable(const json_t *cidr)
{
    const json_t *conditions = tree_get(cidr, "status.conditions");
    json_t *condition;
    size_t i;

    if (tree_get(cidr, "metadata.deletionTimestamp"))
        return false;
    json_array_foreach(conditions, i, condition)
    {
        if (str_is(tree_str(condition, "type"), "Ready"))
            return str_is(tree_str(condition, "status"), "True");
    }
    return true;
}

static void ranges_of_flag(struct ranges *r, const char *flag, bool give)
{
    struct str rest = str_of(flag), piece;
    struct range range;
    bool first = true;

    while (str_next(&rest, ',', &piece)) {
        if (!range_parse(piece, &range))
            continue;
        if (first)
            r->six_first = range.six;
        first = false;
        r->has[range.six] = true;
        if (give)
            add_range(r, piece);
    }
}

/* Those of the ServiceCIDR objects; those of the flag until the object made of it is there. */
static void find_ranges(const struct world *w, struct ranges *r)
{
    const struct schema_resource *cidrs =
        schema_resource(STR("networking.k8s.io"), STR("v1"), STR("servicecidrs"));
    json_t *all = w->list(w->arg, cidrs), *one, *cidr;
    size_t i, j;
    bool is_made = false;

    json_array_foreach(all, i, one)
    {
        is_made = is_made || str_is(tree_str(one, "metadata.name"), "kubernetes");
        if (!is_usable(one))
            continue;
        json_array_foreach(tree_get(one, "spec.cidrs"), j, cidr)
        {
            add_range(r, str_of(json_string_value(cidr)));
        }
    }
    json_decref(all);
    ranges_of_flag(r, w->service_cluster_ip_range, !is_made);
}

/* ---- families ---- */

static struct check checking(struct allocation *a)
{
    return (struct check){.st = a->st,
                          .arena = a->call->arena,
                          .resource = a->call->resource,
                          .subresource = "",
                          .world = a->call->world};
}

static bool refused(struct allocation *a)
{
    return status_invalid_done(a->st, "", "Service", tree_str(a->service, "metadata.name"));
}

static bool is_policy(const json_t *service, const char *policy)
{
    return str_is(tree_str(service, SPEC_POLICY), policy);
}

static bool same_list(const json_t *a, const json_t *b, const char *path)
{
    size_t n = tree_size(a, path);

    return n == tree_size(b, path) && (n == 0 || json_equal(tree_get(a, path), tree_get(b, path)));
}

/* A Service that would like two families is not given or taken the second by the way. */
static bool is_settled(const json_t *service, const json_t *old)
{
    return old && is_policy(service, "PreferDualStack") &&
           (!tree_get(old, SPEC_POLICY) || is_policy(old, "PreferDualStack")) &&
           str_eq(tree_str(service, "spec.type"), tree_str(old, "spec.type")) &&
           same_list(service, old, SPEC_IPS) && same_list(service, old, SPEC_FAMILIES);
}

static bool is_selectorless_headless(const json_t *service)
{
    return service_headless(service) && !json_object_size(tree_get(service, "spec.selector"));
}

static void infer_policy(struct allocation *a)
{
    if (tree_get(a->service, SPEC_POLICY))
        return;
    if (a->old && tree_get(a->old, SPEC_POLICY))
        tree_copy(a->service, a->old, SPEC_POLICY);
    else
        tree_set_string(a->service, SPEC_POLICY,
                        is_selectorless_headless(a->service) ? "RequireDualStack" : "SingleStack");
}

static const struct at SPEC = {.field = "spec"};
static const struct at POLICY = {.up = &SPEC, .field = "ipFamilyPolicy"};
static const struct at IPS = {.up = &SPEC, .field = "clusterIPs"};
static const struct at FAMILIES = {.up = &SPEC, .field = "ipFamilies"};

static void cut(json_t *service, const json_t *old, const char *path)
{
    json_t *list = tree_get(service, path);

    if (!same_list(service, old, path))
        return;
    while (json_array_size(list) > 1)
        json_array_remove(list, json_array_size(list) - 1);
}

static bool is_less(const json_t *service, const json_t *old, const char *path)
{
    return tree_size(service, path) && tree_size(service, path) < tree_size(old, path);
}

/* Fewer families only when the policy says so; then they go by themselves. */
static void change_families(struct allocation *a, struct check *c)
{
    json_t *policy = tree_get(a->service, SPEC_POLICY);

    if (is_policy(a->service, "SingleStack")) {
        cut(a->service, a->old, SPEC_IPS);
        cut(a->service, a->old, SPEC_FAMILIES);
        return;
    }
    if (is_less(a->service, a->old, SPEC_IPS))
        check_invalid(c, &POLICY, policy, "must be 'SingleStack' to release the secondary cluster IP");
    if (is_less(a->service, a->old, SPEC_FAMILIES))
        check_invalid(c, &POLICY, policy, "must be 'SingleStack' to release the secondary IP family");
}

static void check_single(struct allocation *a, struct check *c)
{
    json_t *policy = tree_get(a->service, SPEC_POLICY);

    if (!is_policy(a->service, "SingleStack"))
        return;
    if (tree_size(a->service, SPEC_IPS) == 2)
        check_invalid(
            c, &POLICY, policy,
            "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
    if (tree_size(a->service, SPEC_FAMILIES) == 2)
        check_invalid(
            c, &POLICY, policy,
            "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
}

static json_t *list_at(json_t *service, const char *path)
{
    json_t *list = tree_get(service, path);

    if (!json_is_array(list))
        tree_set(service, path, list = json_array());
    return list;
}

static void add_family(json_t *service, bool six)
{
    json_array_append_new(list_at(service, SPEC_FAMILIES), json_string(family_name(six)));
}

static void families_of_addresses(struct allocation *a, struct check *c)
{
    json_t *ips = tree_get(a->service, SPEC_IPS), *ip;
    struct address address;
    size_t i;

    json_array_foreach(ips, i, ip)
    {
        struct str text = str_of(json_string_value(ip));
        struct at at = at_index(&IPS, i);

        if (str_is(text, "None"))
            return;
        if (i < tree_size(a->service, SPEC_FAMILIES) || !address_parse(text, &address))
            continue;
        if (a->ranges.has[!address.four])
            add_family(a->service, !address.four);
        else
            check_invalid(
                c, &at, ips,
                arena_printf(c->arena, "%s is not configured on this cluster", family_name(!address.four)));
    }
}

static bool family_at(const json_t *service, size_t i)
{
    return str_is(str_of(json_string_value(json_array_get(tree_get(service, SPEC_FAMILIES), i))), "IPv6");
}

/* Nobody's but its endpoints', which may be of any family whatever the cluster's. */
static void free_families(struct allocation *a)
{
    if (tree_size(a->service, SPEC_FAMILIES) == 0)
        add_family(a->service, a->ranges.six_first);
    if (tree_size(a->service, SPEC_FAMILIES) == 1 && !is_policy(a->service, "SingleStack"))
        add_family(a->service, !family_at(a->service, 0));
}

static void check_configured(struct allocation *a, struct check *c)
{
    json_t *families = tree_get(a->service, SPEC_FAMILIES), *family;
    size_t i;

    if (is_policy(a->service, "RequireDualStack") && !(a->ranges.has[0] && a->ranges.has[1]))
        check_invalid(c, &POLICY, tree_get(a->service, SPEC_POLICY),
                      "this cluster is not configured for dual-stack services");
    json_array_foreach(families, i, family)
    {
        struct at at = at_index(&FAMILIES, i);

        if (!a->ranges.has[family_at(a->service, i)])
            check_invalid(c, &at, family, "not configured on this cluster");
    }
}

static bool settle_families(struct allocation *a)
{
    struct check c = checking(a);

    infer_policy(a);
    check_cluster_ips(&c, a->service, a->old);
    if (refused(a))
        return false;
    if (a->old)
        change_families(a, &c);
    check_single(a, &c);
    families_of_addresses(a, &c);
    if (refused(a))
        return false;
    if (is_selectorless_headless(a->service)) {
        free_families(a);
        return true;
    }
    check_configured(a, &c);
    if (refused(a))
        return false;
    if (tree_size(a->service, SPEC_FAMILIES) == 0)
        add_family(a->service, a->ranges.six_first);
    if (!is_policy(a->service, "SingleStack") && tree_size(a->service, SPEC_FAMILIES) == 1 &&
        a->ranges.has[0] && a->ranges.has[1])
        add_family(a->service, !family_at(a->service, 0));
    return true;
}

/* ---- addresses ---- */

static bool is_taken(const struct strategy_call *c, const struct address *ip)
{
    return c->world->has(c->world->arg,
                         schema_resource(STR("networking.k8s.io"), STR("v1"), STR("ipaddresses")), STR_NONE,
                         str_of(address_text(c->arena, ip)));
}

static address_number random_below(address_number n)
{
    address_number v = 0;

    while (getrandom(&v, sizeof(v), 0) != sizeof(v))
        ;
    return v % n;
}

/* From a random one on, once around. */
static bool find_free(const struct strategy_call *c, bool six, address_number first, address_number last,
                      struct address *out)
{
    address_number size = last - first + 1, start = random_below(size);

    for (address_number i = 0; i < size; i++) {
        *out = range_address(six, first + (start + i) % size);
        if (!is_taken(c, out))
            return true;
    }
    return false;
}

static bool find_in(const struct strategy_call *c, const struct range *r, struct address *out)
{
    return find_free(c, r->six, r->dynamic, r->last, out) ||
           (r->dynamic > r->first && find_free(c, r->six, r->first, r->dynamic - 1, out));
}

static const struct range *range_of(const struct ranges *r, const struct address *address)
{
    for (int i = 0; i < r->n; i++) {
        if (range_gives(&r->all[i], address))
            return &r->all[i];
    }
    return NULL;
}

static const struct range *any_of_family(const struct ranges *r, bool six)
{
    for (int i = 0; i < r->n; i++) {
        if (r->all[i].six == six)
            return &r->all[i];
    }
    return NULL;
}

/* A dry run looks at one range, and at nothing that is given already. */
static const char *why_not(struct allocation *a, const struct address *address)
{
    const struct range *r;

    if (!a->call->dry_run) {
        if (!range_of(&a->ranges, address))
            return "the provided network does not match the current range";
        return is_taken(a->call, address) ? "provided IP is already allocated" : NULL;
    }
    r = any_of_family(&a->ranges, !address->four);
    if (!r)
        return "allocator not ready";
    if (range_gives(r, address))
        return NULL;
    return arena_printf(a->call->arena,
                        "the provided IP (%s) is not in the valid range. The range of valid IPs is %s",
                        address_text(a->call->arena, address), range_text(a->call->arena, r));
}

static bool refuse(struct allocation *a, const char *what, const char *why)
{
    struct check c = checking(a);

    check_invalid(&c, &IPS, tree_get(a->service, SPEC_IPS), arena_printf(c.arena, "%s: %s", what, why));
    return !refused(a);
}

static bool take(struct allocation *a, size_t i, struct str asked)
{
    struct address address;
    const char *why;

    if (!address_parse(asked, &address)) {
        status_internal(a->st, "failed to parse service IP \"%.*s\"", STR_ARG(asked));
        return false;
    }
    why = why_not(a, &address);
    return !why || refuse(a, arena_printf(a->call->arena, "failed to allocate IP %.*s", STR_ARG(asked)), why);
}

static bool find_any(struct allocation *a, bool six, struct address *out)
{
    for (int i = 0; i < a->ranges.n; i++) {
        if (a->ranges.all[i].six == six && find_in(a->call, &a->ranges.all[i], out))
            return true;
    }
    return false;
}

static bool choose(struct allocation *a, size_t i)
{
    bool six = family_at(a->service, i);
    const struct range *r = any_of_family(&a->ranges, six);
    struct address address = range_address(six, r ? r->base : 0);
    const char *text;

    if (a->call->dry_run && !r)
        return refuse(a, "failed to allocate IP", "allocator not ready");
    /* a dry run gives what is no address of anyone's: the network's own */
    if (!a->call->dry_run && !find_any(a, six, &address)) {
        status_internal(a->st, "failed to allocate a serviceIP for Service \"%.*s\": range is full",
                        STR_ARG(tree_str(a->service, "metadata.name")));
        return false;
    }
    text = address_text(a->call->arena, &address);
    json_array_set_new(list_at(a->service, SPEC_IPS), i, json_string(text));
    if (i == 0)
        tree_set_string(a->service, "spec.clusterIP", text);
    return true;
}

/* From the address with this number on, one for each family. */
static bool give(struct allocation *a, size_t from)
{
    size_t n = tree_size(a->service, SPEC_FAMILIES);

    while (tree_size(a->service, SPEC_IPS) < n)
        json_array_append_new(list_at(a->service, SPEC_IPS), json_string(""));
    for (size_t i = from; i < n; i++) {
        struct str asked = str_of(json_string_value(json_array_get(tree_get(a->service, SPEC_IPS), i)));

        if (!(asked.n ? take(a, i, asked) : choose(a, i)))
            return false;
    }
    return true;
}

static bool give_changed(struct allocation *a)
{
    if (service_is(a->old, "ExternalName"))
        return service_headless(a->service) || give(a, 0);
    if (service_headless(a->old) || service_is(a->service, "ExternalName"))
        return true;
    if (tree_size(a->old, SPEC_FAMILIES) == 1 && tree_size(a->service, SPEC_FAMILIES) == 2)
        return give(a, 1);
    return true;
}

bool service_addresses(const struct strategy_call *c, json_t *service, const json_t *old, struct status *st)
{
    struct allocation a = {.call = c, .service = service, .old = old, .st = st};

    if (!c->world || !c->world->list || service_is(service, "ExternalName") || is_settled(service, old))
        return true;
    find_ranges(c->world, &a.ranges);
    if (!settle_families(&a))
        return false;
    if (old)
        return give_changed(&a);
    return service_headless(service) || give(&a, 0);
}
