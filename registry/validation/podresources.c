/* Resources of containers and of pods as a whole. */
#include "registry/validation/pods.h"

#include "registry/rules/quantities.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/walk/tree.h"

/* What was met in one of the two lists. */
struct met {
    bool compute, huge;
};

static void check_hugepages(struct check *c, const struct at *at, struct str name, struct str q, bool lax)
{
    if (!lax && !hugepages_divisible(c, name, q))
        check_invalid_str(c, at, q,
                          arena_printf(c->arena, "%.*s is not positive integer multiple of %.*s", STR_ARG(q),
                                       STR_ARG(name)));
}

static void check_request(struct check *c, const struct at *up, const json_t *limits, struct str name,
                          struct str q)
{
    struct at at = at_field(up, "requests"), limits_at = at_field(up, "limits");
    const json_t *limit = json_object_getn(limits, name.p, name.n);
    bool fixed = !resource_allows_overcommit(name);
    int order = limit ? quantity_cmp(q, quantity_of(limit)) : 0;

    if (!limit && fixed)
        check_required(c, &limits_at, "Limit must be set for non overcommitable resources");
    if (order != 0 && fixed)
        check_invalid_str(c, &at, q,
                          arena_printf(c->arena, "must be equal to %.*s limit of %.*s", STR_ARG(name),
                                       STR_ARG(quantity_of(limit))));
    else if (order > 0)
        check_invalid_str(c, &at, q,
                          arena_printf(c->arena, "must be less than or equal to %.*s limit of %.*s",
                                       STR_ARG(name), STR_ARG(quantity_of(limit))));
}

static struct met check_amounts(struct check *c, const struct at *up, const json_t *requirements,
                                bool requests, bool pod_level, bool lax)
{
    struct at at = at_field(up, requests ? "requests" : "limits"), one;
    const json_t *limits = json_object_get(requirements, "limits");
    struct met met = {false, false};
    const char *key;
    json_t *v;

    json_object_foreach(json_object_get(requirements, at.field), key, v)
    {
        struct str name = str_of(key), q = quantity_of(v);

        if (check_full(c))
            break;
        one = at_key(&at, name);
        if (pod_level)
            check_pod_resource_name(c, &one, name);
        else
            check_container_resource_name(c, &one, name);
        check_resource_value(c, &one, name, q);
        if (requests)
            check_request(c, up, limits, name, q);
        if (resource_is_hugepages(name)) {
            met.huge = true;
            check_hugepages(c, &one, name, q, lax);
        }
        met.compute = met.compute || str_is(name, "cpu") || str_is(name, "memory");
    }
    return met;
}

static void check_known_claim(struct check *c, const struct at *at, struct str name,
                              const struct seen *claims)
{
    const char *detail = " which is empty";

    if (seen_has(claims, name) || check_full(c))
        return;
    if (seen_count(claims))
        detail = arena_printf(c->arena, ": %s", seen_joined(c, claims, ", "));
    status_add_cause(c->st, "FieldValueNotFound", at_text(c->arena, at),
                     arena_printf(c->arena,
                                  "Not found: %s: must be one of the names in pod.spec.resourceClaims%s",
                                  check_quoted(c, name), detail));
}

/* A claim as a whole and requests of it exclude each other. parts counts the requests of a claim. */
static void check_claim_use(struct check *c, const struct at *at, const json_t *claim, struct seen *used,
                            struct seen *parts)
{
    struct str name = check_str(claim, "name"), request = check_str(claim, "request"), key = name;
    struct at request_at = at_field(at, "request");

    if (seen_has(used, name)) {
        check_duplicate_str(c, at, name);
        return;
    }
    if (request.n) {
        check_name(c, &request_at, request, "dns-label");
        key = str_of(arena_printf(c->arena, "%.*s/%.*s", STR_ARG(name), STR_ARG(request)));
    }
    if (seen_has(used, key)) {
        check_duplicate_str(c, at, key);
    } else if (!request.n) {
        for (size_t i = seen_get(parts, name); i && !check_full(c); i--)
            check_duplicate_str(c, at, name);
    } else {
        seen_add(parts, name);
        seen_set(parts, name, seen_get(parts, name) + 1);
    }
    seen_add(used, key);
}

static void check_claims(struct check *c, const struct at *at, const json_t *list, const struct seen *claims)
{
    struct seen *used = seen_new(c), *parts = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(at, i);
        struct str name = check_str(json_array_get(list, i), "name");

        if (!name.n) {
            check_required(c, &one, "");
            continue;
        }
        check_claim_use(c, &one, json_array_get(list, i), used, parts);
        check_known_claim(c, &one, name, claims);
    }
}

void check_requirements(struct check *c, const struct at *at, const json_t *requirements,
                        const struct seen *claims, bool pod_level, bool lax_hugepages)
{
    struct at claims_at = at_field(at, "claims");
    struct met limits = check_amounts(c, at, requirements, false, pod_level, lax_hugepages);
    struct met requests = check_amounts(c, at, requirements, true, pod_level, lax_hugepages);

    if (!limits.compute && !requests.compute && (limits.huge || requests.huge))
        check_forbidden(c, at, "HugePages require cpu or memory");
    check_claims(c, &claims_at, json_object_get(requirements, "claims"), claims);
}

static void check_pod_claim(const struct pod *p, const struct at *at, const json_t *claim, struct seen *names)
{
    static const char *const REFS[] = {"resourceClaimName", "resourceClaimTemplateName"};
    const struct schema_type *type = schema_type(STR("core/v1"), STR("PodResourceClaim"));
    struct at name_at = at_field(at, "name");
    struct str name = check_str(claim, "name");
    int n = check_has(claim, REFS[0]) + check_has(claim, REFS[1]);

    if (!name.n)
        check_required(p->c, &name_at, "");
    else if (seen_add(names, name))
        check_duplicate_str(p->c, &name_at, name);
    else
        check_name(p->c, &name_at, name, "dns-label");
    if (n == 2)
        check_invalid_of(
            p->c, at, claim, type,
            "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    if (n == 0)
        check_invalid_of(p->c, at, claim, type,
                         "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    for (int i = 0; i < 2; i++) {
        struct at ref = at_field(at, REFS[i]);

        if (check_has(claim, REFS[i]))
            check_name(p->c, &ref, check_str(claim, REFS[i]), "dns-subdomain");
    }
}

void check_resource_claims(struct pod *p, const struct at *at)
{
    const json_t *list = json_object_get(p->spec, "resourceClaims");
    struct seen *names = seen_new(p->c);
    bool is_static = json_object_get(json_object_get(p->meta, "annotations"), "kubernetes.io/config.mirror");
    struct at whole = at_whole();

    p->claims = seen_new(p->c);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (check_str(json_array_get(list, i), "name").n)
            seen_add(p->claims, check_str(json_array_get(list, i), "name"));
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        struct at one = at_index(at, i);

        if (is_static)
            check_forbidden(p->c, &whole, "static pods do not support resource claims");
        else
            check_pod_claim(p, &one, json_array_get(list, i), names);
    }
}

/* What the containers ask for together, in thousandths. Sidecars count for the whole time, other init
 * containers while they run. */
static int64_t aggregate(const json_t *spec, const char *side, const char *name)
{
    const json_t *containers = json_object_get(spec, "containers"),
                 *inits = json_object_get(spec, "initContainers");
    int64_t sum = 0, sidecars = 0, most = 0;

    for (size_t i = 0; i < json_array_size(containers); i++)
        sum += quantity_milli(
            check_str(tree_get(tree_get(json_array_get(containers, i), "resources"), side), name));
    for (size_t i = 0; i < json_array_size(inits); i++) {
        const json_t *init = json_array_get(inits, i);
        int64_t n = quantity_milli(check_str(tree_get(tree_get(init, "resources"), side), name));

        if (is_sidecar(init)) {
            sum += n;
            sidecars += n;
            n = sidecars;
        } else {
            n += sidecars;
        }
        most = n > most ? n : most;
    }
    return sum > most ? sum : most;
}

/* An amount as a quantity prints it. */
static const char *amount_text(struct check *c, int64_t milli, struct str like)
{
    bool binary = like.n && like.p[like.n - 1] == 'i';
    const char *err = NULL, *text;

    if (binary && milli % 1000 == 0) {
        static const char *const SUFFIXES[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};
        int64_t n = milli / 1000;
        int k = 0;

        while (n && n % 1024 == 0 && k < 5) {
            n /= 1024;
            k++;
        }
        return arena_printf(c->arena, "%lld%s", (long long)n, SUFFIXES[k]);
    }
    text = quantity_canonical(c->arena, str_of(arena_printf(c->arena, "%lldm", (long long)milli)), &err);
    return text ? text : "0";
}

static struct str first_amount(const json_t *spec, const char *side, const char *name)
{
    static const char *const LISTS[] = {"containers", "initContainers"};

    for (int k = 0; k < 2; k++) {
        const json_t *list = json_object_get(spec, LISTS[k]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            struct str q = check_str(tree_get(tree_get(json_array_get(list, i), "resources"), side), name);

            if (q.n)
                return q;
        }
    }
    return STR("");
}

static void check_aggregate(const struct pod *p, const struct at *up, const char *side, const json_t *list)
{
    struct at at = at_field(up, side), one;
    bool limits = strcmp(side, "limits") == 0;
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)list, key, v)
    {
        struct str first = first_amount(p->spec, side, key);
        int64_t sum;

        if (check_full(p->c) || !first.n || (limits && !resource_is_hugepages(str_of(key))))
            continue;
        sum = aggregate(p->spec, side, key);
        one = at_key(&at, str_of(key));
        if (sum > quantity_milli(quantity_of(v)))
            check_invalid_str(p->c, &one, quantity_of(v),
                              arena_printf(p->c->arena,
                                           "must be greater than or equal to aggregate container %s of %s",
                                           side, amount_text(p->c, sum, first)));
    }
}

static void check_single_limits(const struct pod *p, const struct at *at, const json_t *limits)
{
    const json_t *containers = json_object_get(p->spec, "containers");
    struct at list_at = at_field(at, "containers");
    const char *key;
    json_t *v;

    for (size_t i = 0; i < json_array_size(containers) && !check_full(p->c); i++) {
        json_object_foreach(tree_get(json_array_get(containers, i), "resources.limits"), key, v)
        {
            const json_t *limit = json_object_get(limits, key);
            struct at one = at_index(&list_at, i), name = at_key(&one, str_of(key)),
                      end = at_field(&name, "limits");

            if (limit && quantity_cmp(quantity_of(v), quantity_of(limit)) > 0)
                check_invalid_str(p->c, &end, quantity_of(v),
                                  arena_printf(p->c->arena,
                                               "must be less than or equal to pod limits of %.*s",
                                               STR_ARG(quantity_of(limit))));
        }
    }
}

void check_pod_resources(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "resources"), claims = at_field(&at, "claims");
    const json_t *resources = json_object_get(p->spec, "resources");

    if (!resources)
        return;
    if (str_is(tree_str(p->spec, "os.name"), "windows")) {
        check_forbidden(p->c, &at, "may not be set for a windows pod");
        return;
    }
    if (check_has(resources, "claims"))
        check_forbidden(p->c, &claims, "claims may not be set for Resources at pod-level");
    check_requirements(p->c, &at, resources, p->claims, true, p->o->lax_hugepages);
    check_aggregate(p, &at, "requests", json_object_get(resources, "requests"));
    check_aggregate(p, &at, "limits", json_object_get(resources, "limits"));
    check_single_limits(p, &at, json_object_get(resources, "limits"));
}
