/* The parts in which ReplicationControllers, ReplicaSets, Deployments, DaemonSets, StatefulSets and Jobs
 * agree. */
#include "registry/validation/templates.h"

#include "registry/validation/printed.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

struct pod_options template_options(struct check *c, const json_t *old)
{
    return pod_options(c, tree_get(old, "spec.template.spec"), tree_get(old, "spec.template.metadata"));
}

void check_template_labels(struct check *c, const struct at *up, const json_t *template_)
{
    struct at at = at_field(up, "metadata.labels");

    check_invalid(c, &at, tree_get(template_, "metadata.labels"),
                  "`selector` does not match template `labels`");
}

void check_lasting(struct check *c, const struct at *up, const json_t *template_, const char *kind)
{
    static const char *const ALWAYS[] = {"Always"};
    const json_t *spec = json_object_get(template_, "spec");
    struct at at = at_field(up, "spec"), policy = at_field(&at, "restartPolicy"),
              deadline = at_field(&at, "activeDeadlineSeconds");

    check_enum(c, &policy, check_str(spec, "restartPolicy"), ALWAYS, 1);
    if (check_has(spec, "activeDeadlineSeconds"))
        check_forbidden(c, &deadline,
                        arena_printf(c->arena, "activeDeadlineSeconds in %s is not Supported", kind));
}

void check_own_selector(struct check *c, const struct at *up, const json_t *spec, const char *kind)
{
    const struct schema_type *type = schema_type(STR("meta/v1"), STR("LabelSelector"));
    const json_t *selector = json_object_get(spec, "selector");
    struct at at = at_field(up, "selector");

    if (!selector) {
        check_required(c, &at, "");
        return;
    }
    check_label_selector(c, &at, selector, false);
    if (label_selector_is_empty(selector))
        check_invalid_of(c, &at, selector, type,
                         arena_printf(c->arena, "empty selector is invalid for %s", kind));
}

void check_counts(struct check *c, const struct at *up, const json_t *obj, const char *const *members, int n)
{
    for (int i = 0; i < n; i++) {
        struct at at = at_field(up, members[i]);

        check_nonnegative(c, &at, check_int(obj, members[i], 0));
    }
}

void check_at_most(struct check *c, const struct at *up, const json_t *obj, const char *member,
                   const char *other, const char *detail)
{
    struct at at = at_field(up, member);

    if (check_int(obj, member, 0) > check_int(obj, other, 0))
        check_invalid_int(c, &at, check_int(obj, member, 0), detail);
}

void check_not_decremented(struct check *c, const struct at *up, const json_t *obj, const json_t *old,
                           const char *member)
{
    struct at at = at_field(up, member);

    if (check_has(old, member) && check_int(obj, member, 0) < check_int(old, member, 0))
        check_invalid_int(c, &at, check_int(obj, member, 0), "cannot be decremented");
}
