/* rbac.authorization.k8s.io. Rule: pkg/apis/rbac/validation. What a user may grant is not decided here. */
#include "registry/validation/rows.h"

#include "registry/validation/printed.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

static const char *const GROUP[] = {"rbac.authorization.k8s.io"};

static bool has_items(const json_t *rule, const char *name)
{
    return json_array_size(json_object_get(rule, name)) > 0;
}

static void nonresource_rule(struct check *c, const struct at *up, const json_t *rule, bool namespaced)
{
    struct at at = at_field(up, "nonResourceURLs");
    const json_t *urls = json_object_get(rule, "nonResourceURLs");

    if (namespaced)
        check_invalid(c, &at, urls, "namespaced rules cannot apply to non-resource URLs");
    if (has_items(rule, "apiGroups") || has_items(rule, "resources") || has_items(rule, "resourceNames"))
        check_invalid(c, &at, urls, "rules cannot apply to both regular resources and non-resource URLs");
}

static void rules(struct check *c, const json_t *list, bool namespaced)
{
    struct at all = at_field(NULL, "rules");
    json_t *rule;
    size_t i;

    json_array_foreach(list, i, rule)
    {
        struct at at = at_index(&all, i), verbs = at_field(&at, "verbs"), groups = at_field(&at, "apiGroups"),
                  resources = at_field(&at, "resources");

        if (check_full(c))
            return;
        if (!has_items(rule, "verbs"))
            check_required(c, &verbs, "verbs must contain at least one value");
        if (has_items(rule, "nonResourceURLs")) {
            nonresource_rule(c, &at, rule, namespaced);
            continue;
        }
        if (!has_items(rule, "apiGroups"))
            check_required(c, &groups, "resource rules must supply at least one api group");
        if (!has_items(rule, "resources"))
            check_required(c, &resources, "resource rules must supply at least one resource");
    }
}

static void role(struct check *c, const json_t *obj)
{
    rules(c, json_object_get(obj, "rules"), true);
}

static void role_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    role(c, obj);
    check_metadata_update(c, obj, old);
}

static void cluster_role_checks(struct check *c, const json_t *obj, bool any_value)
{
    struct at at = at_field(NULL, "aggregationRule.clusterRoleSelectors");
    const json_t *list = tree_get(obj, "aggregationRule.clusterRoleSelectors");
    json_t *selector;
    size_t i;

    rules(c, json_object_get(obj, "rules"), false);
    if (!check_has(obj, "aggregationRule"))
        return;
    if (!json_array_size(list))
        check_required(c, &at, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    json_array_foreach(list, i, selector)
    {
        struct at item = at_index(&at, i);

        int before = c->st->ncauses;

        check_label_selector(c, &item, selector, any_value);
        if (c->st->ncauses > before)
            check_invalid_text(c, &item, "null", "invalid label selector.");
    }
}

static void cluster_role(struct check *c, const json_t *obj)
{
    cluster_role_checks(c, obj, false);
}

static bool has_bad_selector(const json_t *old)
{
    json_t *selector;
    size_t i;

    json_array_foreach(tree_get(old, "aggregationRule.clusterRoleSelectors"), i, selector)
    {
        if (label_selector_is_lax(selector))
            return true;
    }
    return false;
}

static void cluster_role_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    cluster_role_checks(c, obj, has_bad_selector(old));
    check_metadata_update(c, obj, old);
}

/* ---- bindings ---- */

static void subject(struct check *c, const struct at *at, const json_t *subject, bool namespaced)
{
    static const char *const KINDS[] = {"ServiceAccount", "User", "Group"}, *const NO_GROUP[] = {""};
    struct str name = check_str(subject, "name"), kind = check_str(subject, "kind");
    struct str group = check_str(subject, "apiGroup");
    struct at name_at = at_field(at, "name"), group_at = at_field(at, "apiGroup"),
              ns_at = at_field(at, "namespace"), kind_at = at_field(at, "kind");

    if (!name.n)
        check_required(c, &name_at, "");
    if (str_is(kind, "ServiceAccount")) {
        if (name.n)
            check_name(c, &name_at, name, "dns-subdomain");
        if (group.n)
            check_not_supported(c, &group_at, group, NO_GROUP, 1);
        if (!namespaced && !check_str(subject, "namespace").n)
            check_required(c, &ns_at, "");
    } else if (str_is(kind, "User") || str_is(kind, "Group")) {
        check_enum(c, &group_at, group, GROUP, 1);
    } else {
        check_not_supported(c, &kind_at, kind, KINDS, 3);
    }
}

static void binding_checks(struct check *c, const json_t *obj, bool namespaced)
{
    static const char *const KINDS[] = {"Role", "ClusterRole"}, *const CLUSTER[] = {"ClusterRole"};
    const json_t *ref = json_object_get(obj, "roleRef");
    struct at group = at_field(NULL, "roleRef.apiGroup"), kind = at_field(NULL, "roleRef.kind"),
              name = at_field(NULL, "roleRef.name"), subjects = at_field(NULL, "subjects");
    json_t *s;
    size_t i;

    check_enum(c, &group, check_str(ref, "apiGroup"), GROUP, 1);
    check_enum(c, &kind, check_str(ref, "kind"), namespaced ? KINDS : CLUSTER, namespaced ? 2 : 1);
    if (!check_str(ref, "name").n)
        check_required(c, &name, "");
    else
        check_name(c, &name, check_str(ref, "name"), "path-segment");
    json_array_foreach(json_object_get(obj, "subjects"), i, s)
    {
        struct at at = at_index(&subjects, i);

        if (check_full(c))
            return;
        subject(c, &at, s, namespaced);
    }
}

static void binding(struct check *c, const json_t *obj)
{
    binding_checks(c, obj, c->resource->flags & RESOURCE_NAMESPACED);
}

static void binding_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at ref = at_field(NULL, "roleRef");

    check_metadata(c, obj);
    binding(c, obj);
    check_metadata_update(c, obj, old);
    check_fixed(c, &ref, obj, old, "roleRef", "cannot change roleRef");
}

#define RBAC .group = "rbac.authorization.k8s.io", .checks_metadata = true

static const struct validation ROWS[] = {
    {RBAC, .plural = "roles", .create = role, .update = role_update},
    {RBAC, .plural = "clusterroles", .create = cluster_role, .update = cluster_role_update},
    {RBAC, .plural = "rolebindings", .create = binding, .update = binding_update},
    {RBAC, .plural = "clusterrolebindings", .create = binding, .update = binding_update},
};

const struct validation_rows validation_rows_rbac = VALIDATION_ROWS(ROWS);
