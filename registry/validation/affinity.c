/* Where a pod may run. */
#include "registry/validation/pods.h"

#include "registry/rules/names.h"
#include "registry/validation/numbers.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static void check_label_keys(struct check *c, const struct at *at, const json_t *keys, const json_t *selector)
{
    if (!json_array_size(keys))
        return;
    if (!selector) {
        check_forbidden(c, at, "must not be specified when labelSelector is not set");
        return;
    }
    for (size_t i = 0; i < json_array_size(keys) && !check_full(c); i++) {
        struct at one = at_index(at, i);

        check_qualified_name(c, &one, check_item(keys, i));
    }
}

/* A requirement whose key another one before it has: what was merged from matchLabelKeys comes last. */
static void check_merged_keys(struct check *c, const struct at *at, const json_t *keys,
                              const json_t *selector)
{
    const json_t *list = json_object_get(selector, "matchExpressions"), *v;
    struct seen *index = seen_new(c), *used = seen_new(c);
    const char *key;

    for (size_t i = 0; i < json_array_size(keys); i++) {
        seen_add(index, check_item(keys, i));
        seen_set(index, check_item(keys, i), i);
    }
    json_object_foreach(json_object_get(selector, "matchLabels"), key, v) seen_add(used, str_of(key));
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct str name = check_str(json_array_get(list, i), "key");
        struct at one = at_index(at, seen_get(index, name));

        if (seen_add(used, name) && seen_has(index, name))
            check_invalid_str(c, &one, name, "exists in both matchLabelKeys and labelSelector");
    }
}

/* ValidateMatchLabelKeysAndMismatchLabelKeys. */
void check_match_label_keys(struct check *c, const struct at *at, const json_t *term)
{
    struct at match_at = at_field(at, "matchLabelKeys"), mismatch_at = at_field(at, "mismatchLabelKeys");
    const json_t *match = json_object_get(term, "matchLabelKeys"),
                 *mismatch = json_object_get(term, "mismatchLabelKeys");
    const json_t *selector = json_object_get(term, "labelSelector");
    struct seen *other;

    check_label_keys(c, &match_at, match, selector);
    check_label_keys(c, &mismatch_at, mismatch, selector);
    if (json_array_size(match) && selector)
        check_merged_keys(c, at, match, selector);
    if (!json_array_size(match) || !json_array_size(mismatch))
        return;
    other = seen_new(c);
    seen_add_list(other, mismatch, NULL);
    for (size_t i = 0; i < json_array_size(match) && !check_full(c); i++) {
        struct at one = at_index(&match_at, i);

        if (seen_has(other, check_item(match, i)))
            check_invalid_str(c, &one, check_item(match, i),
                              "exists in both matchLabelKeys and mismatchLabelKeys");
    }
}

static void check_term(struct check *c, const struct at *at, const json_t *term, bool lax)
{
    struct at selector = at_field(at, "labelSelector"), namespaces = at_field(at, "namespaceSelector");
    struct at ns = at_field(at, "namespace"), key = at_field(at, "topologyKey");
    const json_t *names = json_object_get(term, "namespaces");

    check_label_selector(c, &selector, json_object_get(term, "labelSelector"), lax);
    check_label_selector(c, &namespaces, json_object_get(term, "namespaceSelector"), lax);
    for (size_t i = 0; i < json_array_size(names) && !check_full(c); i++)
        check_name(c, &ns, check_item(names, i), "dns-label");
    check_match_label_keys(c, at, term);
    if (!check_str(term, "topologyKey").n)
        check_required(c, &key, "can not be empty");
    check_qualified_name(c, &key, check_str(term, "topologyKey"));
}

static void check_weight(struct check *c, const struct at *up, const json_t *term)
{
    struct at at = at_field(up, "weight");
    int64_t weight = check_int(term, "weight", 0);

    if (weight <= 0 || weight > 100)
        check_invalid_int(c, &at, weight, "must be in the range 1-100");
}

static void check_pod_affinity(const struct pod *p, const struct at *at, const json_t *affinity)
{
    struct at required_at = at_field(at, REQUIRED), preferred_at = at_field(at, PREFERRED);
    const json_t *required = json_object_get(affinity, REQUIRED),
                 *preferred = json_object_get(affinity, PREFERRED);

    for (size_t i = 0; i < json_array_size(required) && !check_full(p->c); i++) {
        struct at one = at_index(&required_at, i);

        check_term(p->c, &one, json_array_get(required, i), p->o->lax_selectors);
    }
    for (size_t i = 0; i < json_array_size(preferred) && !check_full(p->c); i++) {
        const json_t *term = json_array_get(preferred, i);
        struct at one = at_index(&preferred_at, i), inner = at_field(&one, "podAffinityTerm");

        check_weight(p->c, &one, term);
        check_term(p->c, &inner, json_object_get(term, "podAffinityTerm"), p->o->lax_selectors);
    }
}

static void check_node_affinity(const struct pod *p, const struct at *at, const json_t *affinity)
{
    struct at required_at = at_field(at, REQUIRED), preferred_at = at_field(at, PREFERRED);
    const json_t *required = json_object_get(affinity, REQUIRED),
                 *preferred = json_object_get(affinity, PREFERRED);

    if (required)
        check_node_selector(p->c, &required_at, required, p->o->lax_node_affinity);
    for (size_t i = 0; i < json_array_size(preferred) && !check_full(p->c); i++) {
        const json_t *term = json_array_get(preferred, i);
        struct at one = at_index(&preferred_at, i), inner = at_field(&one, "preference");

        check_weight(p->c, &one, term);
        check_node_selector_term(p->c, &inner, json_object_get(term, "preference"), true);
    }
}

void check_affinity(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "affinity"), node = at_field(&at, "nodeAffinity");
    struct at near = at_field(&at, "podAffinity"), apart = at_field(&at, "podAntiAffinity");
    const json_t *affinity = json_object_get(p->spec, "affinity");

    check_node_affinity(p, &node, json_object_get(affinity, "nodeAffinity"));
    check_pod_affinity(p, &near, json_object_get(affinity, "podAffinity"));
    check_pod_affinity(p, &apart, json_object_get(affinity, "podAntiAffinity"));
}

/* ValidateMatchLabelKeysInTopologySpread: how it was before keys were merged into selectors. */
static void check_keys_as_before(struct check *c, const struct at *up, const json_t *constraint)
{
    struct at at = at_field(up, "matchLabelKeys");
    const json_t *keys = json_object_get(constraint, "matchLabelKeys"), *v;
    const json_t *selector = json_object_get(constraint, "labelSelector");
    struct seen *used = seen_new(c);
    const char *key;

    if (!json_array_size(keys))
        return;
    json_object_foreach(json_object_get(selector, "matchLabels"), key, v) seen_add(used, str_of(key));
    seen_add_list(used, json_object_get(selector, "matchExpressions"), "key");
    if (!selector)
        check_forbidden(c, &at, "must not be specified when labelSelector is not set");
    for (size_t i = 0; i < json_array_size(keys) && !check_full(c); i++) {
        struct at one = at_index(&at, i);

        check_qualified_name(c, &one, check_item(keys, i));
        if (seen_has(used, check_item(keys, i)))
            check_invalid_str(c, &one, check_item(keys, i),
                              "exists in both matchLabelKeys and labelSelector");
    }
}

static void check_min_domains(struct check *c, const struct at *up, const json_t *constraint)
{
    struct at at = at_field(up, "minDomains");
    struct str action = check_str(constraint, "whenUnsatisfiable");
    int64_t n = check_int(constraint, "minDomains", 0);

    if (!check_has(constraint, "minDomains"))
        return;
    check_positive(c, &at, n);
    if (!str_is(action, "DoNotSchedule"))
        check_invalid_int(c, &at, n,
                          arena_printf(c->arena,
                                       "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not %.*s",
                                       STR_ARG(action)));
}

static const char *spread_id(struct check *c, const json_t *constraint)
{
    return arena_printf(c->arena, "{%.*s, %.*s}", STR_ARG(check_str(constraint, "topologyKey")),
                        STR_ARG(check_str(constraint, "whenUnsatisfiable")));
}

static void check_spread(const struct pod *p, const struct at *at, const json_t *constraint, bool again)
{
    static const char *const ACTIONS[] = {"DoNotSchedule", "ScheduleAnyway"};
    static const char *const POLICIES[] = {"Honor", "Ignore"};
    static const char *const POLICY_FIELDS[] = {"nodeAffinityPolicy", "nodeTaintsPolicy"};
    struct at skew = at_field(at, "maxSkew"), key = at_field(at, "topologyKey"),
              when = at_field(at, "whenUnsatisfiable");
    struct at both = at_field(at, "{topologyKey, whenUnsatisfiable}"),
              selector = at_field(at, "labelSelector");
    struct check *c = p->c;

    check_positive(c, &skew, check_int(constraint, "maxSkew", 0));
    if (!check_str(constraint, "topologyKey").n)
        check_required(c, &key, "can not be empty");
    check_enum(c, &when, check_str(constraint, "whenUnsatisfiable"), ACTIONS, 2);
    if (again)
        check_duplicate_str(c, &both, str_of(spread_id(c, constraint)));
    check_min_domains(c, at, constraint);
    for (int i = 0; i < 2; i++) {
        struct at policy = at_field(at, POLICY_FIELDS[i]);

        if (check_has(constraint, POLICY_FIELDS[i]))
            check_enum(c, &policy, check_str(constraint, POLICY_FIELDS[i]), POLICIES, 2);
    }
    if (p->o->lax_spread_keys)
        check_keys_as_before(c, at, constraint);
    else
        check_match_label_keys(c, at, constraint);
    if (!p->o->lax_spread_selector)
        check_label_selector(c, &selector, json_object_get(constraint, "labelSelector"), false);
}

/* Of two alike the one in front is called the duplicate. */
void check_topology_spread(const struct pod *p, const struct at *up)
{
    struct at at = at_field(up, "topologySpreadConstraints");
    const json_t *list = json_object_get(p->spec, "topologySpreadConstraints");
    struct seen *last = seen_new(p->c);

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str id = str_of(spread_id(p->c, json_array_get(list, i)));

        seen_add(last, id);
        seen_set(last, id, i);
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(p->c); i++) {
        const json_t *constraint = json_array_get(list, i);
        struct at one = at_index(&at, i);

        check_spread(p, &one, constraint, seen_get(last, str_of(spread_id(p->c, constraint))) > i);
    }
}

static void check_toleration_value(struct check *c, const struct at *up, const json_t *toleration)
{
    static const char *const OPERATORS[] = {"Equal", "Exists"};
    static const char *const ALL[] = {"Equal", "Exists", "Lt", "Gt"};
    struct at at = at_field(up, "operator");
    struct str op = check_str(toleration, "operator"), value = check_str(toleration, "value");
    struct name_errors e;
    const char *why;

    if (str_is(op, "Exists")) {
        if (value.n)
            check_invalid_str(c, &at, value, "value must be empty when `operator` is 'Exists'");
        return;
    }
    if (op.n && !str_is(op, "Equal")) {
        check_not_supported(c, &at, op, str_is(op, "Lt") || str_is(op, "Gt") ? ALL : OPERATORS,
                            str_is(op, "Lt") || str_is(op, "Gt") ? 4 : 2);
        return;
    }
    name_label_value_errors(value, &e);
    why = e.n ? e.text[0] : NULL;
    for (int i = 1; i < e.n; i++)
        why = arena_printf(c->arena, "%s;%s", why, e.text[i]);
    if (why)
        check_invalid_str(c, &at, value, why);
}

void check_tolerations(struct check *c, const struct at *at, const json_t *list)
{
    static const char *const EFFECTS[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *toleration = json_array_get(list, i);
        struct at one = at_index(at, i), key_at = at_field(&one, "key"), op_at = at_field(&one, "operator");
        struct at effect_at = at_field(&one, "effect");
        struct str key = check_str(toleration, "key"), effect = check_str(toleration, "effect");

        if (key.n)
            check_qualified_name(c, &key_at, key);
        else if (!str_is(check_str(toleration, "operator"), "Exists"))
            check_invalid_word(
                c, &op_at, check_str(toleration, "operator"),
                "operator must be Exists when `key` is empty, which means \"match all values and "
                "all keys\"");
        if (check_has(toleration, "tolerationSeconds") && !str_is(effect, "NoExecute"))
            check_invalid_word(c, &effect_at, effect,
                               "effect must be 'NoExecute' when `tolerationSeconds` is set");
        check_toleration_value(c, &one, toleration);
        if (effect.n)
            check_enum(c, &effect_at, effect, EFFECTS, 3);
    }
}
