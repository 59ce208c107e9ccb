/* Tables of names first; what is checked with them below. */
#include "registry/validation/numbers.h"

#include <stdlib.h>

#include "registry/rules/names.h"
#include "registry/rules/quantities.h"
#include "registry/validation/formats.h"

#define NEGATIVE "must be greater than or equal to 0"
#define NOT_POSITIVE "must be greater than zero"

enum { STANDARD = 1, QUOTA = 2, INTEGER = 4, CONTAINER = 8 };

static const struct {
    const char *name;
    unsigned kinds;
} RESOURCES[] = {
    {"cpu", STANDARD | QUOTA | CONTAINER},
    {"memory", STANDARD | QUOTA | CONTAINER},
    {"ephemeral-storage", STANDARD | QUOTA | CONTAINER},
    {"storage", STANDARD},
    {"requests.cpu", STANDARD | QUOTA},
    {"requests.memory", STANDARD | QUOTA},
    {"requests.storage", STANDARD | QUOTA},
    {"requests.ephemeral-storage", STANDARD | QUOTA},
    {"limits.cpu", STANDARD | QUOTA},
    {"limits.memory", STANDARD | QUOTA},
    {"limits.ephemeral-storage", STANDARD | QUOTA},
    {"pods", STANDARD | QUOTA | INTEGER},
    {"resourcequotas", STANDARD | QUOTA | INTEGER},
    {"services", STANDARD | QUOTA | INTEGER},
    {"replicationcontrollers", STANDARD | QUOTA | INTEGER},
    {"secrets", STANDARD | QUOTA | INTEGER},
    {"configmaps", STANDARD | QUOTA | INTEGER},
    {"persistentvolumeclaims", STANDARD | QUOTA | INTEGER},
    {"services.nodeports", STANDARD | QUOTA | INTEGER},
    {"services.loadbalancers", STANDARD | QUOTA | INTEGER},
};

static bool is_a(struct str name, unsigned kind)
{
    for (size_t i = 0; i < sizeof(RESOURCES) / sizeof(RESOURCES[0]); i++) {
        if (str_is(name, RESOURCES[i].name))
            return RESOURCES[i].kinds & kind;
    }
    return false;
}

bool resource_is_hugepages(struct str name)
{
    return str_starts(name, STR("hugepages-"));
}

static bool is_quota_hugepages(struct str name)
{
    return resource_is_hugepages(name) || str_starts(name, STR("requests.hugepages-"));
}

bool resource_is_native(struct str name)
{
    return str_find(name, '/') < 0 || memmem(name.p, name.n, "kubernetes.io/", 14);
}

/* Quota puts a prefix before the name: it must fit, too. */
bool resource_is_extended(struct str name)
{
    char quota[512];

    if (resource_is_native(name) || str_starts(name, STR("requests.")) || name.n > sizeof(quota) - 9)
        return false;
    memcpy(quota, "requests.", 9);
    memcpy(quota + 9, name.p, name.n);
    return !name_qualified(NULL, (struct str){quota, name.n + 9});
}

bool resource_is_integer(struct str name)
{
    return is_a(name, INTEGER) || resource_is_extended(name);
}

bool resource_is_standard_quota(struct str name)
{
    return is_a(name, QUOTA) || is_quota_hugepages(name);
}

bool resource_allows_overcommit(struct str name)
{
    return resource_is_native(name) && !resource_is_hugepages(name);
}

bool check_resource_name(struct check *c, const struct at *at, struct str name)
{
    struct name_errors e;

    name_qualified_errors(c->arena, name, &e);
    for (int i = 0; i < e.n; i++)
        check_invalid_word(c, at, name, e.text[i]);
    if (e.n)
        return false;
    if (str_find(name, '/') >= 0 || is_a(name, STANDARD) || is_quota_hugepages(name))
        return true;
    check_invalid_word(c, at, name, "must be a standard resource type or fully qualified");
    return false;
}

void check_container_resource_name(struct check *c, const struct at *at, struct str name)
{
    check_resource_name(c, at, name);
    if (str_find(name, '/') < 0) {
        if (!is_a(name, CONTAINER) && !resource_is_hugepages(name))
            check_invalid_word(c, at, name, "must be a standard resource for containers");
    } else if (!resource_is_native(name) && !resource_is_extended(name)) {
        check_invalid_word(c, at, name, "doesn't follow extended resource name standard");
    }
}

void check_quota_resource_name(struct check *c, const struct at *at, struct str name)
{
    check_resource_name(c, at, name);
    if (str_find(name, '/') < 0 && !resource_is_standard_quota(name))
        check_invalid_word(c, at, name, "must be a standard resource for quota");
}

void check_pod_resource_name(struct check *c, const struct at *at, struct str name)
{
    static const char *const VALID[] = {"cpu", "hugepages-", "memory"};

    if (!check_resource_name(c, at, name))
        return;
    if (!str_is(name, "cpu") && !str_is(name, "memory") && !resource_is_hugepages(name))
        check_not_supported(c, at, name, VALID, 3);
}

struct str quantity_of(const json_t *v)
{
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("0");
}

void check_quantity_nonnegative(struct check *c, const struct at *at, struct str q)
{
    if (quantity_cmp(q, STR("0")) < 0)
        check_invalid_str(c, at, q, NEGATIVE);
}

void check_quantity_positive(struct check *c, const struct at *at, struct str q)
{
    if (quantity_cmp(q, STR("0")) <= 0)
        check_invalid_str(c, at, q, NOT_POSITIVE);
}

void check_resource_value(struct check *c, const struct at *at, struct str name, struct str q)
{
    check_quantity_nonnegative(c, at, q);
    if (resource_is_integer(name) && llabs(quantity_value(q)) <= INT64_MAX / 1000 &&
        quantity_milli(q) % 1000 != 0)
        check_invalid_str(c, at, q, "must be an integer");
}

void check_basic_quantity(struct check *c, const struct at *at, struct str q)
{
    if (quantity_value(q) < 0)
        check_invalid_int(c, at, quantity_value(q), "must be a valid resource quantity");
}

bool hugepages_divisible(struct check *c, struct str name, struct str q)
{
    struct str size = {name.p + strlen("hugepages-"), name.n - strlen("hugepages-")};
    const char *err = NULL, *page = size.n ? quantity_canonical(c->arena, size, &err) : NULL;
    int64_t bytes = page ? quantity_value(str_of(page)) : 0;

    if (!page || quantity_cmp(str_of(page), STR("0")) <= 0 || quantity_milli(str_of(page)) % 1000 != 0)
        return false;
    return bytes > 0 && quantity_value(q) % bytes == 0;
}

void check_positive(struct check *c, const struct at *at, int64_t v)
{
    if (v <= 0)
        check_invalid_int(c, at, v, NOT_POSITIVE);
}

void check_number_invalid(struct check *c, const struct at *at, const json_t *v, const char *detail)
{
    if (json_is_string(v))
        check_invalid_word(c, at, quantity_of(v), detail);
    else
        check_invalid_int(c, at, json_integer_value(v), detail);
}

void check_int_or_percent(struct check *c, const struct at *at, const json_t *v)
{
    const char *why;

    if (!json_is_string(v)) {
        check_nonnegative(c, at, json_integer_value(v));
        return;
    }
    why = percent_error((struct str){json_string_value(v), json_string_length(v)});
    if (why)
        check_number_invalid(c, at, v, why);
}

/* Too many digits count as the largest number, as strconv has it. */
static bool percent(const json_t *v, int64_t *out)
{
    struct str s = {json_string_value(v), json_string_length(v)};

    if (!json_is_string(v) || percent_error(s))
        return false;
    if (str_to_int64((struct str){s.p, s.n - 1}, out) != 0)
        *out = INT64_MAX;
    return true;
}

void check_at_most_100_percent(struct check *c, const struct at *at, const json_t *v)
{
    int64_t n;

    if (percent(v, &n) && n > 100)
        check_number_invalid(c, at, v, "must not be greater than 100%");
}

int64_t int_or_percent_value(const json_t *v)
{
    int64_t n = 0;

    if (percent(v, &n))
        return n;
    if (!json_is_string(v))
        return json_integer_value(v);
    return str_to_int64((struct str){json_string_value(v), json_string_length(v)}, &n) == 0 ? n : 0;
}
