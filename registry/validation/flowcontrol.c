/* flowcontrol.apiserver.k8s.io. Rule: pkg/apis/flowcontrol/validation; the objects that may not change:
 * apiserver/pkg/apis/flowcontrol/bootstrap. */
#include "registry/validation/rows.h"

#include <math.h>
#include "registry/rules/names.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"

#define PRECEDENCE_MAX 10000
#define QUEUES_MAX 10000000
#define HASH_BITS_MAX 60

static const char *const VERBS[] = {"create", "delete", "deletecollection", "get",  "list",
                                    "patch",  "proxy",  "update",           "watch"};

static bool has_wildcard(const json_t *list)
{
    return tree_list_has(list, "*");
}

static bool all_verbs_known(const json_t *verbs)
{
    json_t *v;
    size_t i;

    json_array_foreach(verbs, i, v)
    {
        if (!check_one_of(check_value_str(v), VERBS, sizeof(VERBS) / sizeof(VERBS[0])))
            return false;
    }
    return true;
}

static void rule_verbs(struct check *c, const struct at *up, const json_t *rule)
{
    const json_t *verbs = json_object_get(rule, "verbs");
    struct at at = at_field(up, "verbs");

    if (!json_array_size(verbs))
        check_required(c, &at, "verbs must contain at least one value");
    else if (has_wildcard(verbs)) {
        if (json_array_size(verbs) > 1)
            check_invalid(c, &at, verbs, "if '*' is present, must not specify other verbs");
    } else if (!all_verbs_known(verbs)) {
        check_not_supported_text(c, &at, check_value_text(c, verbs), VERBS, sizeof(VERBS) / sizeof(VERBS[0]));
    }
}

/* ---- rules about URLs ---- */

static const char *url_error(struct str path)
{
    size_t stars = 0;

    if (!path.n)
        return "must not be empty";
    if (str_is(path, "/"))
        return NULL;
    if (path.p[0] != '/')
        return "must start with slash";
    if (str_find(path, ' ') >= 0)
        return "must not contain white-space";
    if (memmem(path.p, path.n, "//", 2))
        return "must not contain double slash";
    for (size_t i = 0; i < path.n; i++)
        stars += path.p[i] == '*';
    if (stars > 1 || (stars == 1 && !str_ends(path, STR("/*"))))
        return "wildcard can only do suffix matching";
    return NULL;
}

static void nonresource_rule(struct check *c, const struct at *up, const json_t *rule)
{
    const json_t *urls = json_object_get(rule, "nonResourceURLs");
    struct at at = at_field(up, "nonResourceURLs");
    json_t *url;
    size_t i;

    rule_verbs(c, up, rule);
    if (!json_array_size(urls))
        check_required(c, &at, "nonResourceURLs must contain at least one value");
    if (has_wildcard(urls)) {
        if (json_array_size(urls) > 1)
            check_invalid(c, &at, urls, "if '*' is present, must not specify other non-resource URLs");
        return;
    }
    json_array_foreach(urls, i, url)
    {
        struct at item = at_index(&at, i);
        const char *err = url_error(check_value_str(url));

        if (err)
            check_invalid_str(c, &item, check_value_str(url), err);
    }
}

/* ---- rules about resources ---- */

static void lone_wildcard(struct check *c, const struct at *up, const json_t *rule, const char *name,
                          const char *missing, const char *crowded)
{
    const json_t *list = json_object_get(rule, name);
    struct at at = at_field(up, name);

    if (!json_array_size(list))
        check_required(c, &at, missing);
    else if (json_array_size(list) > 1 && has_wildcard(list))
        check_invalid(c, &at, list, crowded);
}

static void rule_namespaces(struct check *c, const struct at *up, const json_t *rule)
{
    const json_t *list = json_object_get(rule, "namespaces");
    struct at at = at_field(up, "namespaces");
    struct name_errors e;
    json_t *ns;
    size_t i;

    if (!json_array_size(list) && !check_bool(rule, "clusterScope")) {
        check_required(c, &at,
                       "resource rules that are not cluster scoped must supply at least one namespace");
        return;
    }
    if (has_wildcard(list)) {
        if (json_array_size(list) > 1)
            check_invalid(c, &at, list, "if '*' is present, must not specify other namespaces");
        return;
    }
    json_array_foreach(list, i, ns)
    {
        struct at item = at_index(&at, i);

        name_errors(c->arena, "dns-label", check_value_str(ns), false, &e);
        for (int k = 0; k < e.n; k++)
            check_invalid_str(c, &item, check_value_str(ns),
                              arena_printf(c->arena,
                                           "each member of this list must be '*' or a DNS-1123 label; %s",
                                           e.text[k]));
    }
}

static void resource_rule(struct check *c, const struct at *at, const json_t *rule)
{
    rule_verbs(c, at, rule);
    lone_wildcard(c, at, rule, "apiGroups", "resource rules must supply at least one api group",
                  "if '*' is present, must not specify other api groups");
    lone_wildcard(c, at, rule, "resources", "resource rules must supply at least one resource",
                  "if '*' is present, must not specify other resources");
    rule_namespaces(c, at, rule);
}

/* ---- subjects ---- */

static void service_account(struct check *c, const struct at *at, const json_t *account)
{
    struct at name_at = at_field(at, "name"), ns_at = at_field(at, "namespace");
    struct str name = check_str(account, "name"), ns = check_str(account, "namespace");

    if (!name.n)
        check_required(c, &name_at, "");
    else if (!str_is(name, "*"))
        check_name(c, &name_at, name, "dns-subdomain");
    if (!ns.n)
        check_required(c, &ns_at, "must specify namespace for service account");
    else
        check_name(c, &ns_at, ns, "dns-label");
}

static void named_subject(struct check *c, const struct at *at, const json_t *who)
{
    struct at name = at_field(at, "name");

    if (!check_str(who, "name").n)
        check_required(c, &name, "");
}

/* In the order in which those that don't belong are complained about. */
static const struct {
    const char *kind, *member, *missing, *forbidden;
    void (*check)(struct check *c, const struct at *at, const json_t *who);
} SUBJECTS[] = {
    {"ServiceAccount", "serviceAccount", "serviceAccount is required when subject kind is 'ServiceAccount'",
     "serviceAccount is forbidden when subject kind is not 'ServiceAccount'", service_account},
    {"User", "user", "user is required when subject kind is 'User'",
     "user is forbidden when subject kind is not 'User'", named_subject},
    {"Group", "group", "group is required when subject kind is 'Group'",
     "group is forbidden when subject kind is not 'Group'", named_subject},
};
#define NSUBJECTS (sizeof(SUBJECTS) / sizeof(SUBJECTS[0]))

static void subject(struct check *c, const struct at *at, const json_t *subject)
{
    static const char *const KINDS[] = {"Group", "ServiceAccount", "User"};
    struct at kind = at_field(at, "kind");
    size_t is;

    for (is = 0; is < NSUBJECTS && !str_is(check_str(subject, "kind"), SUBJECTS[is].kind); is++)
        continue;
    if (is == NSUBJECTS) {
        check_not_supported(c, &kind, check_str(subject, "kind"), KINDS, 3);
        return;
    }
    for (size_t k = 0; k < NSUBJECTS; k++) {
        size_t i = k == 0 ? is : k <= is ? k - 1 : k;
        struct at member = at_field(at, SUBJECTS[i].member);
        const json_t *who = json_object_get(subject, SUBJECTS[i].member);

        if (i != is && check_has(subject, SUBJECTS[i].member))
            check_forbidden(c, &member, SUBJECTS[i].forbidden);
        else if (i == is && !check_has(subject, SUBJECTS[i].member))
            check_required(c, &member, SUBJECTS[i].missing);
        else if (i == is)
            SUBJECTS[i].check(c, &member, who);
    }
}

/* ---- FlowSchema ---- */

static void each(struct check *c, const struct at *up, const json_t *obj, const char *name,
                 void (*check)(struct check *c, const struct at *at, const json_t *item))
{
    struct at all = at_field(up, name);
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(obj, name), i, item)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        check(c, &at, item);
    }
}

static void rule_with_subjects(struct check *c, const struct at *at, const json_t *rule)
{
    struct at subjects = at_field(at, "subjects");

    if (!json_array_size(json_object_get(rule, "subjects")))
        check_required(c, &subjects, "subjects must contain at least one value");
    each(c, at, rule, "subjects", subject);
    if (!json_array_size(json_object_get(rule, "resourceRules")) &&
        !json_array_size(json_object_get(rule, "nonResourceRules")))
        check_required(c, at, "at least one of resourceRules and nonResourceRules has to be non-empty");
    each(c, at, rule, "resourceRules", resource_rule);
    each(c, at, rule, "nonResourceRules", nonresource_rule);
}

/* Conditions of both kinds. */
static void status_conditions(struct check *c, const json_t *obj)
{
    struct at all = at_field(NULL, "status.conditions");
    struct seen *seen = seen_new(c);
    json_t *condition;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        struct at at = at_index(&all, i), type = at_field(&at, "type");

        if (seen_add(seen, check_str(condition, "type")))
            check_duplicate_str(c, &type, check_str(condition, "type"));
        if (!check_str(condition, "type").n)
            check_required(c, &type, "");
    }
}

static void precedence(struct check *c, const struct at *up, const json_t *obj)
{
    int64_t v = tree_int(obj, "spec.matchingPrecedence", 0);
    struct at at = at_field(up, "matchingPrecedence");

    if (v <= 0)
        check_invalid_int(c, &at, v, "must be a positive value");
    if (v > PRECEDENCE_MAX)
        check_invalid_int(c, &at, v, "must not be greater than 10000");
    if (v == 1 && !str_is(tree_str(obj, "metadata.name"), "exempt"))
        check_invalid_int(c, &at, v, "only the schema named 'exempt' may have matchingPrecedence 1");
}

#define ANYTHING                                                                                             \
    "\"resourceRules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"],"                     \
    "\"clusterScope\":true,\"namespaces\":[\"*\"]}],"                                                        \
    "\"nonResourceRules\":[{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}]"

/* Specs that the reference holds to be fixed. */
static const struct mandatory {
    const char *plural, *name, *spec, *free_part, *detail;
} MANDATORY[] = {
    {"flowschemas", "exempt",
     "{\"priorityLevelConfiguration\":{\"name\":\"exempt\"},\"matchingPrecedence\":1,\"rules\":[{"
     "\"subjects\":[{\"kind\":\"Group\",\"group\":{\"name\":\"system:masters\"}}]," ANYTHING "}]}",
     NULL, "spec of 'exempt' must equal the fixed value"},
    {"flowschemas", "catch-all",
     "{\"priorityLevelConfiguration\":{\"name\":\"catch-all\"},\"matchingPrecedence\":10000,"
     "\"distinguisherMethod\":{\"type\":\"ByUser\"},\"rules\":[{\"subjects\":["
     "{\"kind\":\"Group\",\"group\":{\"name\":\"system:unauthenticated\"}},"
     "{\"kind\":\"Group\",\"group\":{\"name\":\"system:authenticated\"}}]," ANYTHING "}]}",
     NULL, "spec of 'catch-all' must equal the fixed value"},
    {"prioritylevelconfigurations", "exempt", "{\"type\":\"Exempt\"}", "exempt",
     "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"},
    {"prioritylevelconfigurations", "catch-all",
     "{\"type\":\"Limited\",\"limited\":{\"nominalConcurrencyShares\":5,"
     "\"limitResponse\":{\"type\":\"Reject\"},\"lendablePercent\":0}}",
     NULL, "spec of 'catch-all' must equal the fixed value"},
};

static void fixed_spec(struct check *c, const json_t *obj, const struct mandatory *m)
{
    const struct schema_type *type = schema_field(c->resource->type, STR("spec"))->type;
    json_t *wanted = json_loads(m->spec, 0, NULL), *now = json_copy(json_object_get(obj, "spec"));
    struct at at = at_field(NULL, "spec");

    if (m->free_part)
        json_object_del(now, m->free_part);
    if (!same_value(now, wanted, type))
        check_invalid_of(c, &at, json_object_get(obj, "spec"), type, m->detail);
    json_decref(wanted);
    json_decref(now);
}

static void mandatory(struct check *c, const json_t *obj)
{
    for (size_t i = 0; i < sizeof(MANDATORY) / sizeof(MANDATORY[0]); i++) {
        if (strcmp(MANDATORY[i].plural, c->resource->plural) == 0 &&
            str_is(tree_str(obj, "metadata.name"), MANDATORY[i].name))
            fixed_spec(c, obj, &MANDATORY[i]);
    }
}

static void flow_schema(struct check *c, const json_t *obj)
{
    static const char *const METHODS[] = {"ByNamespace", "ByUser"};
    const json_t *spec = json_object_get(obj, "spec"), *method = json_object_get(spec, "distinguisherMethod");
    struct at at = at_field(NULL, "spec"), method_at = at_field(&at, "distinguisherMethod.type"),
              level_at = at_field(&at, "priorityLevelConfiguration.name");
    struct str level = tree_str(spec, "priorityLevelConfiguration.name");

    precedence(c, &at, obj);
    if (check_has(spec, "distinguisherMethod") && !check_one_of(check_str(method, "type"), METHODS, 2))
        check_not_supported_text(
            c, &method_at,
            printed(c, method,
                    schema_type(STR("flowcontrol.apiserver.k8s.io/v1"), STR("FlowDistinguisherMethod"))),
            METHODS, 2);
    if (level.n)
        check_name(c, &level_at, level, "dns-subdomain");
    else
        check_required(c, &level_at, "must reference a priority level");
    each(c, &at, spec, "rules", rule_with_subjects);
    mandatory(c, obj);
    status_conditions(c, obj);
}

static void flow_schema_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    flow_schema(c, obj);
}

/* ---- PriorityLevelConfiguration ---- */

static void nonnegative(struct check *c, const struct at *up, const json_t *obj, const char *name,
                        const char *detail)
{
    struct at at = at_field(up, name);

    if (check_int(obj, name, 0) < 0)
        check_invalid_int(c, &at, check_int(obj, name, 0), detail);
}

static void lendable(struct check *c, const struct at *up, const json_t *obj)
{
    int64_t v = check_int(obj, "lendablePercent", 0);
    struct at at = at_field(up, "lendablePercent");

    if (v < 0 || v > 100)
        check_invalid_int(c, &at, v, "must be between 0 and 100, inclusive");
}

/* Bits of a hash that dealing a hand of so many cards takes. */
static int64_t entropy_bits(int64_t queues, int64_t hand)
{
    return (int64_t)ceil(log2((double)queues) * (double)hand);
}

static void queuing(struct check *c, const struct at *at, const json_t *queuing)
{
    int64_t queues = check_int(queuing, "queues", 0), hand = check_int(queuing, "handSize", 0),
            length = check_int(queuing, "queueLengthLimit", 0);
    struct at queues_at = at_field(at, "queues"), hand_at = at_field(at, "handSize"),
              length_at = at_field(at, "queueLengthLimit");

    if (length <= 0)
        check_invalid_int(c, &length_at, length, "must be positive");
    if (queues <= 0)
        check_invalid_int(c, &queues_at, queues, "must be positive");
    else if (queues > QUEUES_MAX)
        check_invalid_int(c, &queues_at, queues, "must not be greater than 10000000");
    if (hand <= 0)
        check_invalid_int(c, &hand_at, hand, "must be positive");
    else if (hand > queues)
        check_invalid_int(
            c, &hand_at, hand,
            arena_printf(c->arena, "should not be greater than queues (%lld)", (long long)queues));
    else if (entropy_bits(queues, hand) > HASH_BITS_MAX)
        check_invalid_int(c, &hand_at, hand,
                          arena_printf(c->arena,
                                       "required entropy bits of deckSize %lld and handSize %lld should not "
                                       "be greater than %d",
                                       (long long)queues, (long long)hand, HASH_BITS_MAX));
}

static void limit_response(struct check *c, const struct at *at, const json_t *response)
{
    static const char *const TYPES[] = {"Queue", "Reject"};
    struct str is = check_str(response, "type");
    struct at type = at_field(at, "type"), queuing_at = at_field(at, "queuing");

    if (str_is(is, "Reject")) {
        if (check_has(response, "queuing"))
            check_forbidden(c, &queuing_at, "must be nil if limited.limitResponse.type is not Limited");
    } else if (!str_is(is, "Queue")) {
        check_not_supported(c, &type, is, TYPES, 2);
    } else if (!check_has(response, "queuing")) {
        check_required(c, &queuing_at, "must not be empty if limited.limitResponse.type is Limited");
    } else {
        queuing(c, &queuing_at, json_object_get(response, "queuing"));
    }
}

static void limited_level(struct check *c, const struct at *at, const json_t *limited)
{
    struct at response = at_field(at, "limitResponse");

    nonnegative(c, at, limited, "nominalConcurrencyShares", "must be a non-negative integer");
    limit_response(c, &response, json_object_get(limited, "limitResponse"));
    lendable(c, at, limited);
    nonnegative(c, at, limited, "borrowingLimitPercent", "if specified, must be a non-negative integer");
}

static void priority_level_spec(struct check *c, const json_t *obj)
{
    static const char *const TYPES[] = {"Exempt", "Limited"};
    const json_t *spec = json_object_get(obj, "spec");
    struct str is = check_str(spec, "type");
    struct at at = at_field(NULL, "spec"), type = at_field(&at, "type"), limited = at_field(&at, "limited"),
              exempt = at_field(&at, "exempt");

    if (str_is(tree_str(obj, "metadata.name"), "exempt") != str_is(is, "Exempt"))
        check_invalid_str(c, &type, is, "must be 'Exempt' if and only if `name` is 'exempt'");
    if (str_is(is, "Exempt")) {
        if (check_has(spec, "limited"))
            check_forbidden(c, &limited, "must be nil if the type is not Limited");
        nonnegative(c, &exempt, json_object_get(spec, "exempt"), "nominalConcurrencyShares",
                    "must be a non-negative integer");
        lendable(c, &exempt, json_object_get(spec, "exempt"));
    } else if (str_is(is, "Limited")) {
        if (check_has(spec, "exempt"))
            check_forbidden(c, &exempt, "must be nil if the type is Limited");
        if (!check_has(spec, "limited"))
            check_required(c, &limited, "must not be empty when type is Limited");
        else
            limited_level(c, &limited, json_object_get(spec, "limited"));
    } else {
        check_not_supported(c, &type, is, TYPES, 2);
    }
}

#define KEEPS_ZERO "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"

static void priority_level(struct check *c, const json_t *obj)
{
    struct at annotations = at_field(NULL, "metadata.annotations");

    if (json_object_get(tree_get(obj, "metadata.annotations"), KEEPS_ZERO))
        check_forbidden(c, &annotations, "annotation '" KEEPS_ZERO "' is forbidden");
    priority_level_spec(c, obj);
    mandatory(c, obj);
    status_conditions(c, obj);
}

static void priority_level_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    priority_level(c, obj);
}

static void status_update(struct check *c, const json_t *obj, const json_t *old)
{
    status_conditions(c, obj);
}

#define FLOW .group = "flowcontrol.apiserver.k8s.io", .checks_metadata = true

static const struct validation ROWS[] = {
    {FLOW, .plural = "flowschemas", .create = flow_schema, .update = flow_schema_update,
     .update_status = status_update},
    {FLOW, .plural = "prioritylevelconfigurations", .create = priority_level, .update = priority_level_update,
     .update_status = status_update},
};

const struct validation_rows validation_rows_flowcontrol = VALIDATION_ROWS(ROWS);
