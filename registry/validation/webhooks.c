/* Webhook configurations. Rule: pkg/apis/admissionregistration/validation. */
#include "registry/validation/rows.h"

#include "registry/rules/names.h"
#include "registry/validation/hooks.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/seen.h"
#include "registry/validation/selectors.h"

/* What an object that was stored before the rule may keep. */
struct leniency {
    bool side_effects, unknown_versions, same_names, bad_values, match_conditions;
};

static const char *const SIDE_EFFECTS[] = {"None", "NoneOnDryRun", "Some", "Unknown"};
static const char *const REVIEW_VERSIONS[] = {"v1", "v1beta1"};

static void hook_name(struct check *c, const struct at *at, struct str name)
{
    int dots = 0;

    if (!name.n) {
        check_required(c, at, "");
        return;
    }
    if (!check_name_joined(c, at, name, name, "dns-subdomain", ""))
        return;
    for (size_t i = 0; i < name.n; i++)
        dots += name.p[i] == '.';
    if (dots < 2)
        check_invalid_str(c, at, name, "should be a domain with at least three segments separated by dots");
}

static void optional_enum(struct check *c, const struct at *up, const json_t *hook, const char *name,
                          const char *const *valid, int n)
{
    struct at at = at_field(up, name);

    if (check_has(hook, name))
        check_enum(c, &at, check_str(hook, name), valid, n);
}

static void side_effects(struct check *c, const struct at *up, const json_t *hook, bool any)
{
    struct at at = at_field(up, "sideEffects");

    if (!check_has(hook, "sideEffects"))
        check_required(c, &at,
                       any ? "must specify one of None, NoneOnDryRun, Some, Unknown"
                           : "must specify one of None, NoneOnDryRun");
    else
        check_enum(c, &at, check_str(hook, "sideEffects"), SIDE_EFFECTS, any ? 4 : 2);
}

static void client(struct check *c, const struct at *up, const json_t *hook)
{
    const json_t *config = json_object_get(hook, "clientConfig");
    struct at at = at_field(up, "clientConfig"), url = at_field(&at, "url"),
              service = at_field(&at, "service");

    if (check_has(config, "url") == check_has(config, "service"))
        check_required(c, &at, "exactly one of url or service is required");
    else if (check_has(config, "url"))
        check_webhook_url(c, &url, check_str(config, "url"));
    else
        check_webhook_service(c, &service, json_object_get(config, "service"), true);
}

static bool has_known_version(const json_t *versions)
{
    json_t *v;
    size_t i;

    json_array_foreach(versions, i, v)
    {
        if (check_one_of(check_value_str(v), REVIEW_VERSIONS, 2))
            return true;
    }
    return false;
}

static void review_versions(struct check *c, const struct at *up, const json_t *hook, bool any)
{
    const json_t *versions = json_object_get(hook, "admissionReviewVersions");
    struct at at = at_field(up, "admissionReviewVersions");
    struct seen *seen = seen_new(c);
    json_t *v;
    size_t i;

    if (!json_array_size(versions)) {
        check_required(c, &at, "must specify one of v1, v1beta1");
        return;
    }
    json_array_foreach(versions, i, v)
    {
        struct at item = at_index(&at, i);

        if (check_full(c))
            return;
        if (seen_add(seen, check_value_str(v)))
            check_invalid_str(c, &item, check_value_str(v), "duplicate version");
        else
            check_name(c, &item, check_value_str(v), "dns1035-label");
    }
    if (!any && !has_known_version(versions))
        check_invalid(c, &at, versions, "must include at least one of v1, v1beta1");
}

static void hook_rules(struct check *c, const struct at *up, const json_t *hook)
{
    struct at all = at_field(up, "rules");
    json_t *rule;
    size_t i;

    json_array_foreach(json_object_get(hook, "rules"), i, rule)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        check_rule_with_operations(c, &at, rule);
    }
}

static void hook(struct check *c, const struct at *at, const json_t *hook, struct leniency may)
{
    static const char *const FAILURE[] = {"Fail", "Ignore"}, *const MATCH[] = {"Equivalent", "Exact"},
                             *const REINVOCATION[] = {"IfNeeded", "Never"};
    struct at name = at_field(at, "name"), timeout_at = at_field(at, "timeoutSeconds"),
              namespaces = at_field(at, "namespaceSelector"), objects = at_field(at, "objectSelector"),
              conditions = at_field(at, "matchConditions");
    int64_t timeout = check_int(hook, "timeoutSeconds", 1);

    hook_name(c, &name, check_str(hook, "name"));
    hook_rules(c, at, hook);
    optional_enum(c, at, hook, "failurePolicy", FAILURE, 2);
    optional_enum(c, at, hook, "matchPolicy", MATCH, 2);
    side_effects(c, at, hook, may.side_effects);
    if (timeout < 1 || timeout > 30)
        check_invalid_int(c, &timeout_at, timeout, "the timeout value must be between 1 and 30 seconds");
    check_label_selector(c, &namespaces, json_object_get(hook, "namespaceSelector"), may.bad_values);
    check_label_selector(c, &objects, json_object_get(hook, "objectSelector"), may.bad_values);
    optional_enum(c, at, hook, "reinvocationPolicy", REINVOCATION, 2);
    client(c, at, hook);
    if (!may.match_conditions)
        check_match_conditions(c, &conditions, json_object_get(hook, "matchConditions"),
                               &(struct expressions){0});
    review_versions(c, at, hook, may.unknown_versions);
}

static void configuration(struct check *c, const json_t *obj, struct leniency may)
{
    struct at all = at_field(NULL, "webhooks");
    struct seen *names = seen_new(c);
    json_t *h;
    size_t i;

    json_array_foreach(json_object_get(obj, "webhooks"), i, h)
    {
        struct at at = at_index(&all, i), name = at_field(&at, "name");

        if (check_full(c))
            return;
        hook(c, &at, h, may);
        if (!may.same_names && check_str(h, "name").n && seen_add(names, check_str(h, "name")))
            check_duplicate_str(c, &name, check_str(h, "name"));
    }
}

static void configuration_create(struct check *c, const json_t *obj)
{
    configuration(c, obj, (struct leniency){0});
}

static bool same_match_conditions(const json_t *now, const json_t *old)
{
    json_t *h;
    size_t i;

    if (json_array_size(now) != json_array_size(old))
        return false;
    json_array_foreach(now, i, h)
    {
        const json_t *a = json_object_get(h, "matchConditions");
        const json_t *b = json_object_get(json_array_get(old, i), "matchConditions");

        if (!same_value(a, b, NULL))
            return false;
    }
    return true;
}

/* What of the rules the stored object breaks already. */
static struct leniency leniency_of(struct check *c, const json_t *old)
{
    struct leniency may = {0};
    struct seen *names = seen_new(c);
    json_t *h;
    size_t i;

    json_array_foreach(old, i, h)
    {
        const json_t *versions = json_object_get(h, "admissionReviewVersions");

        if (!check_one_of(check_str(h, "sideEffects"), SIDE_EFFECTS, 2))
            may.side_effects = true;
        if (json_array_size(versions) && !has_known_version(versions))
            may.unknown_versions = true;
        if (seen_add(names, check_str(h, "name")))
            may.same_names = true;
        if (label_selector_is_lax(json_object_get(h, "namespaceSelector")) ||
            label_selector_is_lax(json_object_get(h, "objectSelector")))
            may.bad_values = true;
    }
    return may;
}

static void configuration_update(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *before = json_object_get(old, "webhooks");
    struct leniency may = leniency_of(c, before);

    may.match_conditions = same_match_conditions(json_object_get(obj, "webhooks"), before);
    check_metadata(c, obj);
    configuration(c, obj, may);
}

#define WEBHOOKS                                                                                             \
    .group = "admissionregistration.k8s.io", .checks_metadata = true, .any_finalizer = true,                 \
    .create = configuration_create, .update = configuration_update

static const struct validation ROWS[] = {
    {WEBHOOKS, .plural = "mutatingwebhookconfigurations"},
    {WEBHOOKS, .plural = "validatingwebhookconfigurations"},
};

const struct validation_rows validation_rows_webhooks = VALIDATION_ROWS(ROWS);
