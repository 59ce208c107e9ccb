/* Leases. Rule: pkg/apis/coordination/validation. */
#include "registry/validation/rows.h"

static void lease_strategy(struct check *c, const struct at *at, struct str strategy)
{
    static const char *const KNOWN[] = {"OldestEmulationVersion"};
    struct at twice = at_field(at, "strategy"); /* the reference names the field twice */

    if (str_find(strategy, '/') >= 0)
        check_qualified_name(c, &twice, strategy);
    else
        check_enum(c, &twice, strategy, KNOWN, 1);
}

static void lease(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct str strategy = check_str(spec, "strategy");
    struct at at = at_field(NULL, "spec"), field = at_field(&at, "leaseDurationSeconds");

    if (check_has(spec, "leaseDurationSeconds") && check_int(spec, "leaseDurationSeconds", 0) <= 0)
        check_invalid_int(c, &field, check_int(spec, "leaseDurationSeconds", 0), "must be greater than 0");
    field = at_field(&at, "leaseTransitions");
    check_nonnegative(c, &field, check_int(spec, "leaseTransitions", 0));
    field = at_field(&at, "strategy");
    if (check_has(spec, "strategy"))
        lease_strategy(c, &field, strategy);
    field = at_field(&at, "preferredHolder");
    if (check_str(spec, "preferredHolder").n && !strategy.n)
        check_forbidden(c, &field, "may only be specified if `strategy` is defined");
}

static void lease_update(struct check *c, const json_t *obj, const json_t *old)
{
    lease(c, obj);
}

static const struct validation ROWS[] = {
    {.group = "coordination.k8s.io",
     .plural = "leases",
     .any_finalizer = true,
     .create = lease,
     .update = lease_update},
};

const struct validation_rows validation_rows_coordination = VALIDATION_ROWS(ROWS);
