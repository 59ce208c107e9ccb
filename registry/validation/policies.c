/* Admission policies and their bindings.
 * Rule: pkg/apis/admissionregistration/validation. */
#include "registry/validation/rows.h"

#include <ctype.h>
#include "registry/cel/lexer.h"
#include "registry/rules/names.h"
#include "registry/validation/conditions.h"
#include "registry/validation/expressions.h"
#include "registry/validation/hooks.h"
#include "registry/validation/printed.h"
#include "registry/validation/seen.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

#define AUDIT_ANNOTATIONS_MAX 20
#define AUDIT_EXPRESSION_MAX (5 * 1024)

static const char *const FAILURE[] = {"Fail", "Ignore"};
static const char *const MATCH[] = {"Equivalent", "Exact"};

/* ---- what both sorts have ---- */

static void param_api_version(struct check *c, const struct at *at, struct str v)
{
    struct str group = STR(""), version = v;
    ptrdiff_t slash = str_find(v, '/');

    if (slash >= 0) {
        group = (struct str){v.p, (size_t)slash};
        version = (struct str){v.p + slash + 1, v.n - (size_t)slash - 1};
    }
    if (str_find(version, '/') >= 0) {
        check_invalid_str(c, at, v,
                          arena_printf(c->arena, "unexpected GroupVersion string: %.*s", (int)v.n, v.p));
        return;
    }
    if (group.n)
        check_name_joined(c, at, group, group, "dns-subdomain", "");
    if (!version.n)
        check_invalid_str(c, at, v, "version must be specified");
    else
        check_name_joined(c, at, version, version, "dns1035-label", "");
}

static void param_kind(struct check *c, const json_t *param)
{
    struct at version_at = at_field(NULL, "spec.paramKind.apiVersion"),
              kind_at = at_field(NULL, "spec.paramKind.kind");
    struct str kind = check_str(param, "kind");

    if (!check_str(param, "apiVersion").n)
        check_required(c, &version_at, "");
    else
        param_api_version(c, &version_at, check_str(param, "apiVersion"));
    if (!kind.n)
        check_required(c, &kind_at, "");
    else
        check_name_joined(c, &kind_at, kind, check_lower(c, kind), "dns1035-label",
                          "may have mixed case, but should otherwise match: ");
}

static void named_rules(struct check *c, const struct at *up, const json_t *match, const char *name)
{
    struct at all = at_field(up, name);
    json_t *rule, *v;
    size_t i, k;

    json_array_foreach(json_object_get(match, name), i, rule)
    {
        struct at at = at_index(&all, i), names = at_field(&at, "resourceNames");
        struct seen *seen = seen_new(c);

        if (check_full(c))
            return;
        json_array_foreach(json_object_get(rule, "resourceNames"), k, v)
        {
            struct at item = at_index(&names, k);

            check_name(c, &item, check_value_str(v), "path-segment");
            if (seen_add(seen, check_value_str(v)))
                check_duplicate_str(c, &item, check_value_str(v));
        }
        check_rule_with_operations(c, &at, rule);
    }
}

static void required_selector(struct check *c, const struct at *up, const json_t *match, const char *name)
{
    struct at at = at_field(up, name);

    if (!check_has(match, name))
        check_required(c, &at, "");
    else
        check_label_selector(c, &at, json_object_get(match, name), false);
}

static void match_resources(struct check *c, const struct at *at, const json_t *match)
{
    if (!match || json_is_null(match))
        return;
    check_required_enum(c, at, match, "matchPolicy", MATCH, 2);
    required_selector(c, at, match, "namespaceSelector");
    required_selector(c, at, match, "objectSelector");
    named_rules(c, at, match, "resourceRules");
    named_rules(c, at, match, "excludeResourceRules");
}

/* A deletion can't be mutated. */
static void mutable_operations(struct check *c, const struct at *up, const json_t *match)
{
    static const char *const OPERATIONS[] = {"*", "CONNECT", "CREATE", "UPDATE"};
    struct at at = at_field(up, "resourceRules.operations");
    json_t *rule, *v;
    size_t i, k;

    json_array_foreach(json_object_get(match, "resourceRules"), i, rule)
    {
        json_array_foreach(json_object_get(rule, "operations"), k, v)
        {
            if (check_full(c))
                return;
            check_enum(c, &at, check_value_str(v), OPERATIONS, 4);
        }
    }
}

static void match_constraints(struct check *c, const json_t *spec, bool mutates)
{
    const json_t *match = json_object_get(spec, "matchConstraints");
    struct at at = at_field(NULL, "spec.matchConstraints"), rules = at_field(&at, "resourceRules");

    if (!check_has(spec, "matchConstraints")) {
        check_required(c, &at, "");
        return;
    }
    match_resources(c, &at, match);
    if (!json_array_size(json_object_get(match, "resourceRules")))
        check_required(c, &rules, "");
    if (mutates)
        mutable_operations(c, &at, match);
}

static bool is_identifier(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isalpha((unsigned char)s.p[i]) && s.p[i] != '_' && !(i && isdigit((unsigned char)s.p[i])))
            return false;
    }
    return s.n && !cel_is_reserved(s);
}

static void variables(struct check *c, const json_t *spec, struct expressions *x)
{
    struct at all = at_field(NULL, "spec.variables");
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(spec, "variables"), i, v)
    {
        struct at at = at_index(&all, i), name = at_field(&at, "name"),
                  expression = at_field(&at, "expression");

        if (check_full(c))
            return;
        if (check_expression(c, &at, v, "name", "name is not specified") &&
            !is_identifier(check_str(v, "name")))
            check_invalid_str(c, &name, check_str(v, "name"), "must be a valid CEL identifier");
        if (check_expression(c, &at, v, "expression", "expression is not specified"))
            check_variable_expression(c, &expression, x, check_str(v, "name"), check_str(v, "expression"));
    }
}

/* Up to the variables, which are declared in x then. old may be NULL. */
static void policy_head(struct check *c, const json_t *obj, const json_t *old, bool mutates,
                        struct expressions *x)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct expressions plain = {.params = check_has(spec, "paramKind")};
    struct at at = at_field(NULL, "spec"), conditions = at_field(&at, "matchConditions");

    check_required_enum(c, &at, spec, "failurePolicy", FAILURE, 2);
    if (check_has(spec, "paramKind"))
        param_kind(c, json_object_get(spec, "paramKind"));
    match_constraints(c, spec, mutates);
    if (!old || !tree_same(obj, old, "spec.paramKind", c->resource->type) ||
        !tree_same(obj, old, "spec.matchConditions", c->resource->type))
        check_match_conditions(c, &conditions, json_object_get(spec, "matchConditions"), &plain);
    x->params = plain.params;
    x->composed = mutates || json_array_size(json_object_get(spec, "variables"));
    variables(c, spec, x);
}

/* ---- ValidatingAdmissionPolicy ---- */

static void one_validation(struct check *c, const struct at *at, const json_t *v, const struct expressions *x)
{
    static const char *const REASONS[] = {"Forbidden", "Invalid", "RequestEntityTooLarge"};
    struct at message_at = at_field(at, "message"), by_at = at_field(at, "messageExpression"),
              reason = at_field(at, "reason"), expression = at_field(at, "expression");
    struct str message = check_trimmed(check_str(v, "message")), by = check_str(v, "messageExpression");

    if (check_expression(c, at, v, "expression", "expression is not specified"))
        check_admission_expression(c, &expression, x, CEL_AUTHORIZER, check_str(v, "expression"),
                                   check_str(v, "expression"), EXPRESSION_BOOL);
    if (by.n && !check_trimmed(by).n)
        check_invalid_str(c, &by_at, by, "must be non-empty if specified");
    else if (by.n)
        check_admission_expression(c, &by_at, x, 0, by, by, EXPRESSION_STRING);
    if (check_str(v, "message").n && !message.n)
        check_invalid_str(c, &message_at, check_str(v, "message"), "must be non-empty if specified");
    else if (str_find(message, '\n') >= 0 || str_find(message, '\r') >= 0)
        check_invalid_str(c, &message_at, check_str(v, "message"), "must not contain line breaks");
    if (check_has(v, "reason"))
        check_enum(c, &reason, check_str(v, "reason"), REASONS, 3);
}

static void audit_annotation(struct check *c, const struct at *at, struct str name, const json_t *v,
                             const struct expressions *x)
{
    struct at key_at = at_field(at, "key"), value = at_field(at, "valueExpression");
    struct str key = check_str(v, "key"), by = check_trimmed(check_str(v, "valueExpression"));

    if (name.n)
        check_qualified_name(
            c, &key_at, str_of(arena_printf(c->arena, "%.*s/%.*s", (int)name.n, name.p, (int)key.n, key.p)));
    else
        check_invalid_str(c, &key_at, key, "requires metadata.name be non-empty");
    if (!check_expression(c, at, v, "valueExpression", "valueExpression is not specified"))
        return;
    if (by.n > AUDIT_EXPRESSION_MAX)
        check_required(c, &value, "must not exceed 5120 bytes in length");
    else
        check_admission_expression(c, &value, x, CEL_AUTHORIZER, by, check_str(v, "valueExpression"),
                                   EXPRESSION_STRING_OR_NULL);
}

static void audit_annotations(struct check *c, const json_t *obj, const struct expressions *x)
{
    const json_t *list = tree_get(obj, "spec.auditAnnotations");
    struct at all = at_field(NULL, "spec.auditAnnotations");
    struct seen *keys = seen_new(c);
    json_t *v;
    size_t i;

    if (json_array_size(list) > AUDIT_ANNOTATIONS_MAX)
        check_invalid_of(c, &all, list, printed_type(c->resource->type, "spec.auditAnnotations"),
                         "must not have more than 20 auditAnnotations");
    json_array_foreach(list, i, v)
    {
        struct at at = at_index(&all, i), key = at_field(&at, "key");

        if (check_full(c))
            return;
        audit_annotation(c, &at, tree_str(obj, "metadata.name"), v, x);
        if (seen_add(keys, check_str(v, "key")))
            check_duplicate_str(c, &key, check_str(v, "key"));
    }
}

static void validating_checks(struct check *c, const json_t *obj, const json_t *old)
{
    static const char NONE[] = "validations or auditAnnotations must contain at least one item";
    const json_t *list = tree_get(obj, "spec.validations");
    struct at validations = at_field(NULL, "spec.validations"),
              audit = at_field(NULL, "spec.auditAnnotations");
    struct expressions x = {0};
    json_t *v;
    size_t i;

    policy_head(c, obj, old, false, &x);
    if (!json_array_size(list) && !tree_size(obj, "spec.auditAnnotations")) {
        check_required(c, &validations, NONE);
        check_required(c, &audit, NONE);
        return;
    }
    json_array_foreach(list, i, v)
    {
        struct at at = at_index(&validations, i);

        if (check_full(c))
            return;
        one_validation(c, &at, v, &x);
    }
    audit_annotations(c, obj, &x);
}

static void validating(struct check *c, const json_t *obj)
{
    validating_checks(c, obj, NULL);
}

static void validating_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    validating_checks(c, obj, old);
}

static void validating_status(struct check *c, const json_t *obj, const json_t *old)
{
    struct at all = at_field(NULL, "status.typeChecking.expressionWarnings"),
              conditions = at_field(NULL, "status.conditions");
    json_t *v;
    size_t i;

    json_array_foreach(tree_get(obj, "status.typeChecking.expressionWarnings"), i, v)
    {
        struct at at = at_index(&all, i), warning = at_field(&at, "warning");

        if (check_full(c))
            return;
        if (!check_str(v, "warning").n)
            check_required(c, &warning, "");
        check_expression(c, &at, v, "fieldRef", "");
    }
    check_conditions(c, &conditions, tree_get(obj, "status.conditions"));
}

/* ---- MutatingAdmissionPolicy ---- */

struct patch_type {
    const char *type, *member, *missing, *placeholder, *surplus;
    enum expression_yields yields;
};

static const struct patch_type PATCH_TYPES[] = {
    {"JSONPatch", "jsonPatch", "must be specified when patchType is JSONPatch", "{jsonPatch}",
     "must not be specified when patchType is ApplyConfiguration", EXPRESSION_PATCHES},
    {"ApplyConfiguration", "applyConfiguration", "must be specified when patchType is ApplyConfiguration",
     "{applyConfiguration}", "must not be specified when patchType is JSONPatch", EXPRESSION_OBJECT},
};

static void patch_expression(struct check *c, const struct at *up, const json_t *patch,
                             const struct expressions *x, enum expression_yields yields)
{
    struct str text = check_trimmed(check_str(patch, "expression"));
    struct at at = at_field(up, "expression");

    if (check_expression(c, up, patch, "expression", ""))
        check_admission_expression(c, &at, x, CEL_AUTHORIZER | CEL_PATCHES, text, text, yields);
}

static void mutation(struct check *c, const struct at *at, const json_t *m, const struct expressions *x)
{
    static const char *const TYPES[] = {"ApplyConfiguration", "JSONPatch"};
    struct str type = check_str(m, "patchType");
    struct at type_at = at_field(at, "patchType");
    const struct patch_type *is, *other;
    struct at is_at, other_at;

    if (!type.n) {
        check_required(c, &type_at, "");
        return;
    }
    if (!check_enum(c, &type_at, type, TYPES, 2))
        return;
    is = &PATCH_TYPES[str_is(type, "ApplyConfiguration")];
    other = &PATCH_TYPES[!str_is(type, "ApplyConfiguration")];
    is_at = at_field(at, is->member);
    other_at = at_field(at, other->member);
    if (!check_has(m, is->member))
        check_required(c, &is_at, is->missing);
    else
        patch_expression(c, &is_at, json_object_get(m, is->member), x, is->yields);
    if (check_has(m, other->member))
        check_invalid_str(c, &other_at, str_of(other->placeholder), other->surplus);
}

static void mutating_checks(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const REINVOCATION[] = {"IfNeeded", "Never"};
    const json_t *spec = json_object_get(obj, "spec"), *list = json_object_get(spec, "mutations");
    struct at mutations = at_field(NULL, "spec.mutations"),
              policy = at_field(NULL, "spec.reinvocationPolicy");
    struct expressions x = {0};
    json_t *m;
    size_t i;

    policy_head(c, obj, old, true, &x);
    if (!json_array_size(list))
        check_required(c, &mutations, "mutations must contain at least one item");
    json_array_foreach(list, i, m)
    {
        struct at at = at_index(&mutations, i);

        if (check_full(c))
            return;
        mutation(c, &at, m, &x);
    }
    if (!check_str(spec, "reinvocationPolicy").n)
        check_required(c, &policy, "");
    else
        check_enum(c, &policy, check_str(spec, "reinvocationPolicy"), REINVOCATION, 2);
}

static void mutating(struct check *c, const json_t *obj)
{
    mutating_checks(c, obj, NULL);
}

static void mutating_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    mutating_checks(c, obj, old);
}

/* ---- bindings ---- */

static void param_ref(struct check *c, const json_t *spec)
{
    static const char *const ACTIONS[] = {"Deny", "Allow"};
    const json_t *ref = json_object_get(spec, "paramRef");
    struct at at = at_field(NULL, "spec.paramRef"), name_at = at_field(&at, "name"),
              selector_at = at_field(&at, "selector"), action = at_field(&at, "parameterNotFoundAction");
    struct str name = check_str(ref, "name");
    bool selects = check_has(ref, "selector");

    if (!check_has(spec, "paramRef"))
        return;
    if (name.n)
        check_name(c, &name_at, name, "path-segment");
    if (name.n && selects)
        check_forbidden(c, &name_at, "name and selector are mutually exclusive");
    if (selects)
        check_label_selector(c, &selector_at, json_object_get(ref, "selector"), false);
    if (name.n && selects)
        check_forbidden(c, &selector_at, "name and selector are mutually exclusive");
    if (!name.n && !selects)
        check_required(c, &at, "one of name or selector must be specified");
    if (!check_str(ref, "parameterNotFoundAction").n)
        check_required(c, &action, "");
    else
        check_enum(c, &action, check_str(ref, "parameterNotFoundAction"), ACTIONS, 2);
}

static void binding_head(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct at name = at_field(NULL, "spec.policyName"), match = at_field(NULL, "spec.matchResources");

    if (!check_str(spec, "policyName").n)
        check_required(c, &name, "");
    else
        check_name(c, &name, check_str(spec, "policyName"), "dns-subdomain");
    param_ref(c, spec);
    match_resources(c, &match, json_object_get(spec, "matchResources"));
}

static void validating_binding(struct check *c, const json_t *obj)
{
    static const char *const ACTIONS[] = {"Audit", "Deny", "Warn"};
    const json_t *list = tree_get(obj, "spec.validationActions");
    struct at at = at_field(NULL, "spec.validationActions");
    struct seen *seen = seen_new(c);
    json_t *v;
    size_t i;

    binding_head(c, obj);
    json_array_foreach(list, i, v)
    {
        struct at item = at_index(&at, i);

        if (check_full(c))
            return;
        check_enum(c, &item, check_value_str(v), ACTIONS, 3);
        if (seen_add(seen, check_value_str(v)))
            check_duplicate_str(c, &item, check_value_str(v));
    }
    if (seen_has(seen, STR("Deny")) && seen_has(seen, STR("Warn")))
        check_invalid(c, &at, list,
                      "must not contain both Deny and Warn (repeating the same validation failure "
                      "information in the API response and headers serves no purpose)");
    if (!json_array_size(list))
        check_required(c, &at, "at least one validation action is required");
}

static void validating_binding_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    validating_binding(c, obj);
}

static void mutating_binding(struct check *c, const json_t *obj)
{
    struct at match = at_field(NULL, "spec.matchResources");

    binding_head(c, obj);
    mutable_operations(c, &match, tree_get(obj, "spec.matchResources"));
}

static void mutating_binding_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    mutating_binding(c, obj);
}

#define POLICY .group = "admissionregistration.k8s.io", .checks_metadata = true, .any_finalizer = true

static const struct validation ROWS[] = {
    {POLICY, .plural = "validatingadmissionpolicies", .create = validating, .update = validating_update,
     .update_status = validating_status},
    {POLICY, .plural = "validatingadmissionpolicybindings", .create = validating_binding,
     .update = validating_binding_update},
    {POLICY, .plural = "mutatingadmissionpolicies", .create = mutating, .update = mutating_update},
    {POLICY, .plural = "mutatingadmissionpolicybindings", .create = mutating_binding,
     .update = mutating_binding_update},
};

const struct validation_rows validation_rows_policies = VALIDATION_ROWS(ROWS);
