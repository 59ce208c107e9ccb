/* What a namespace may use. Rule: ValidateResourceQuota of pkg/apis/core/validation. */
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"

static void amounts(struct check *c, const json_t *obj, const char *path)
{
    struct at map = at_field(NULL, path);
    const char *key;
    json_t *v;
    size_t n;

    json_object_keylen_foreach(tree_get(obj, path), key, n, v)
    {
        struct str name = {key, n};
        struct at at = at_key(&map, name);

        if (check_full(c))
            return;
        check_quota_resource_name(c, &at, name);
        check_resource_value(c, &at, name, quantity_of(v));
    }
}

/* ---- scopes ---- */

static const char *const OF_PODS[] = {"pods",          "cpu",          "memory",          "limits.cpu",
                                      "limits.memory", "requests.cpu", "requests.memory", NULL};
static const char *const COUNT_OF_PODS[] = {"pods", NULL};
static const char *const OF_CLAIMS[] = {"persistentvolumeclaims", "requests.storage", NULL};

static const struct scope {
    const char *name;
    const char *const *resources; /* that it goes with */
    bool only_exists;             /* nothing to compare with */
} SCOPES[] = {
    {"BestEffort", COUNT_OF_PODS, true},
    {"NotBestEffort", OF_PODS, true},
    {"Terminating", OF_PODS, true},
    {"NotTerminating", OF_PODS, true},
    {"PriorityClass", OF_PODS, false},
    {"CrossNamespacePodAffinity", OF_PODS, true},
    {"VolumeAttributesClass", OF_CLAIMS, false},
};

#define NSCOPES (sizeof(SCOPES) / sizeof(SCOPES[0]))

static const struct scope *scope_of(struct str name)
{
    for (size_t i = 0; i < NSCOPES; i++) {
        if (str_is(name, SCOPES[i].name))
            return &SCOPES[i];
    }
    return NULL;
}

static bool goes_with(const struct scope *s, struct str resource)
{
    for (size_t i = 0; s->resources[i]; i++) {
        if (str_is(resource, s->resources[i]))
            return true;
    }
    return false;
}

/* For each scope, how many of the limited resources it does not go with. */
static void count_misfits(const json_t *hard, int wrong[NSCOPES])
{
    const char *key;
    json_t *v;
    size_t n;

    memset(wrong, 0, NSCOPES * sizeof(*wrong));
    json_object_keylen_foreach((json_t *)(uintptr_t)hard, key, n, v)
    {
        struct str name = {key, n};

        for (size_t i = 0; i < NSCOPES && resource_is_standard_quota(name); i++)
            wrong[i] += !goes_with(&SCOPES[i], name);
    }
}

static void conflicts(struct check *c, const struct at *at, const struct seen *met, const json_t *shown)
{
    static const char *const PAIRS[][2] = {{"BestEffort", "NotBestEffort"},
                                           {"Terminating", "NotTerminating"}};

    for (size_t i = 0; i < 2; i++) {
        if (seen_has(met, str_of(PAIRS[i][0])) && seen_has(met, str_of(PAIRS[i][1])))
            check_invalid(c, at, shown, "conflicting scopes");
    }
}

static void scopes(struct check *c, const json_t *spec)
{
    const json_t *list = tree_get(spec, "scopes"), *hard = tree_get(spec, "hard");
    struct at at = at_field(NULL, "spec.scopes");
    struct seen *met = seen_new(c);
    int wrong[NSCOPES];

    count_misfits(hard, wrong);
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct str name = check_value_str(json_array_get(list, i));
        const struct scope *s = scope_of(name);

        if (!s)
            check_invalid(c, &at, list, "unsupported scope");
        for (int n = s ? wrong[s - SCOPES] : 0; n > 0 && !check_full(c); n--)
            check_invalid(c, &at, list, "unsupported scope applied to resource");
        seen_add(met, name);
    }
    conflicts(c, &at, met, list);
}

static void requirement_values(struct check *c, const struct at *up, const json_t *req)
{
    const json_t *values = tree_get(req, "values");
    struct str operator= check_str(req, "operator");
    struct at at = at_field(up, "values"), operator_at = at_field(up, "operator");

    if (str_is(operator, "In") || str_is(operator, "NotIn")) {
        if (!json_array_size(values))
            check_required(
                c, &at, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
    } else if (str_is(operator, "Exists") || str_is(operator, "DoesNotExist")) {
        if (json_array_size(values))
            check_invalid(c, &at, values,
                          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
    } else {
        check_invalid_word(c, &operator_at, operator, "not a valid selector operator");
    }
}

/* The list itself, not its items: the reference has no indexes here. */
static void requirement(struct check *c, const struct at *up, const json_t *req, const json_t *spec,
                        const int wrong[NSCOPES])
{
    static const char ONLY_EXISTS[] = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
                                      "ResourceQuotaScopeNotTerminating, "
                                      "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
                                      "ResourceQuotaScopeCrossNamespacePodAffinity";
    struct str name = check_str(req, "scopeName");
    const struct scope *s = scope_of(name);
    struct at at = at_field(up, "scopeName");

    if (!s)
        check_invalid_word(c, &at, name, "unsupported scope");
    for (int n = s ? wrong[s - SCOPES] : 0; n > 0 && !check_full(c); n--)
        check_invalid_of(c, up, tree_get(spec, "scopeSelector"),
                         schema_type(STR("core/v1"), STR("ScopeSelector")),
                         "unsupported scope applied to resource");
    at = at_field(up, "operator");
    if (s && s->only_exists && !str_is(check_str(req, "operator"), "Exists"))
        check_invalid_word(c, &at, check_str(req, "operator"), ONLY_EXISTS);
    requirement_values(c, up, req);
}

static void scope_selector(struct check *c, const json_t *spec)
{
    const json_t *list = tree_get(spec, "scopeSelector.matchExpressions");
    struct at up = at_field(NULL, "spec.scopeSelector.matchExpressions");
    struct seen *met = seen_new(c);
    int wrong[NSCOPES];

    count_misfits(tree_get(spec, "hard"), wrong);
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *req = json_array_get(list, i);

        requirement(c, &up, req, spec, wrong);
        seen_add(met, check_str(req, "scopeName"));
    }
    conflicts(c, &up, met, tree_get(spec, "scopes"));
}

/* ---- the whole ---- */

static void quota(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");

    amounts(c, obj, "spec.hard");
    scopes(c, spec);
    if (tree_get(spec, "scopeSelector"))
        scope_selector(c, spec);
}

static bool same_scopes(struct check *c, const json_t *a, const json_t *b)
{
    struct seen *in_b = seen_new(c), *in_a = seen_new(c);
    bool same = true;

    seen_add_list(in_a, a, NULL);
    seen_add_list(in_b, b, NULL);
    for (size_t i = 0; i < json_array_size(a); i++)
        same &= seen_has(in_b, check_value_str(json_array_get(a, i)));
    for (size_t i = 0; i < json_array_size(b); i++)
        same &= seen_has(in_a, check_value_str(json_array_get(b, i)));
    return same;
}

static void quota_update(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *now = tree_get(obj, "spec.scopes");
    struct at at = at_field(NULL, "spec.scopes");

    quota(c, obj);
    if (!same_scopes(c, now, tree_get(old, "spec.scopes")))
        check_invalid(c, &at, now, "field is immutable");
}

static void quota_status(struct check *c, const json_t *obj, const json_t *old)
{
    amounts(c, obj, "status.hard");
    amounts(c, obj, "status.used");
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "resourcequotas",
     .create = quota,
     .update = quota_update,
     .update_status = quota_status},
};

const struct validation_rows validation_rows_quota = VALIDATION_ROWS(ROWS);
