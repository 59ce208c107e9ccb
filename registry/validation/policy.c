/* PodDisruptionBudgets. Rule: pkg/apis/policy/validation. */
#include "registry/validation/conditions.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

static void budget(struct check *c, const json_t *obj, bool lax)
{
    static const char *const EITHER[] = {"minAvailable", "maxUnavailable"};
    static const char *const POLICIES[] = {"AlwaysAllow", "IfHealthyBudget"};
    const json_t *spec = json_object_get(obj, "spec");
    struct at up = at_field(NULL, "spec"), at = at_field(&up, "selector");

    if (check_has(spec, EITHER[0]) && check_has(spec, EITHER[1]))
        check_invalid_of(c, &up, spec, schema_type(STR("policy/v1"), STR("PodDisruptionBudgetSpec")),
                         "minAvailable and maxUnavailable cannot be both set");
    for (size_t i = 0; i < 2; i++) {
        struct at number = at_field(&up, EITHER[i]);

        if (!check_has(spec, EITHER[i]))
            continue;
        check_int_or_percent(c, &number, json_object_get(spec, EITHER[i]));
        check_at_most_100_percent(c, &number, json_object_get(spec, EITHER[i]));
    }
    check_label_selector(c, &at, tree_get(spec, "selector"), lax);
    at = at_field(&up, "unhealthyPodEvictionPolicy");
    if (check_has(spec, "unhealthyPodEvictionPolicy"))
        check_enum(c, &at, check_str(spec, "unhealthyPodEvictionPolicy"), POLICIES, 2);
}

static void budget_create(struct check *c, const json_t *obj)
{
    budget(c, obj, false);
}

static void budget_update(struct check *c, const json_t *obj, const json_t *old)
{
    budget(c, obj, label_selector_is_lax(tree_get(old, "spec.selector")));
}

static void budget_status(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const COUNTS[] = {"disruptionsAllowed", "currentHealthy", "desiredHealthy",
                                         "expectedPods"};
    const json_t *status = json_object_get(obj, "status");
    struct at up = at_field(NULL, "status"), at = at_field(&up, "conditions");

    check_conditions(c, &at, json_object_get(status, "conditions"));
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        at = at_field(&up, COUNTS[i]);
        check_nonnegative(c, &at, check_int(status, COUNTS[i], 0));
    }
}

static const struct validation ROWS[] = {
    {.group = "policy",
     .plural = "poddisruptionbudgets",
     .checks_metadata = true, /* that is: they don't */
     .any_finalizer = true,
     .create = budget_create,
     .update = budget_update,
     .update_status = budget_status},
};

const struct validation_rows validation_rows_policy = VALIDATION_ROWS(ROWS);
