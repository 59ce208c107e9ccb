/* scheduling.k8s.io. Rule: pkg/apis/scheduling/validation. */
#include "registry/validation/rows.h"

#define HIGHEST_USER_PRIORITY 1000000000

static const struct {
    const char *name;
    int64_t value;
} SYSTEM_CLASSES[] = {
    {"system-node-critical", 2000001000},
    {"system-cluster-critical", 2000000000},
};

/* What is wrong with a class whose name begins with "system-", or NULL. */
static const char *system_class_error(struct check *c, struct str name, const json_t *obj)
{
    for (size_t i = 0; i < sizeof(SYSTEM_CLASSES) / sizeof(SYSTEM_CLASSES[0]); i++) {
        if (!str_eq(name, str_of(SYSTEM_CLASSES[i].name)))
            continue;
        if (check_int(obj, "value", 0) != SYSTEM_CLASSES[i].value)
            return arena_printf(c->arena, "value of %s PriorityClass must be %lld", SYSTEM_CLASSES[i].name,
                                (long long)SYSTEM_CLASSES[i].value);
        if (check_bool(obj, "globalDefault"))
            return arena_printf(c->arena, "globalDefault of %s PriorityClass must be false",
                                SYSTEM_CLASSES[i].name);
        return NULL;
    }
    return arena_printf(c->arena, "%.*s is not a known system priority class", (int)name.n, name.p);
}

static void priority_class(struct check *c, const json_t *obj)
{
    static const char *const POLICIES[] = {"PreemptLowerPriority", "Never"};
    struct str name = check_str(json_object_get(obj, "metadata"), "name");
    struct at at;

    if (str_starts(name, STR("system-"))) {
        const char *err = system_class_error(c, name, obj);

        at = at_field(NULL, "metadata.name");
        if (err)
            check_forbidden(c, &at,
                            arena_printf(c->arena,
                                         "priority class names with 'system-' prefix are reserved for system "
                                         "use only. error: %s",
                                         err));
    } else if (check_int(obj, "value", 0) > HIGHEST_USER_PRIORITY) {
        at = at_field(NULL, "value");
        check_forbidden(c, &at, "maximum allowed value of a user defined priority is 1000000000");
    }
    at = at_field(NULL, "preemptionPolicy");
    if (!check_has(obj, "preemptionPolicy"))
        return;
    if (!check_str(obj, "preemptionPolicy").n)
        check_required(c, &at, "");
    else
        check_enum(c, &at, check_str(obj, "preemptionPolicy"), POLICIES, 2);
}

static void priority_class_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at value = at_field(NULL, "value"), policy = at_field(NULL, "preemptionPolicy");

    if (check_int(obj, "value", 0) != check_int(old, "value", 0))
        check_forbidden(c, &value, "may not be changed in an update.");
    check_immutable(c, &policy, json_object_get(obj, "preemptionPolicy"),
                    json_object_get(old, "preemptionPolicy"));
}

static const struct validation ROWS[] = {
    {.group = "scheduling.k8s.io",
     .plural = "priorityclasses",
     .create = priority_class,
     .update = priority_class_update},
};

const struct validation_rows validation_rows_scheduling = VALIDATION_ROWS(ROWS);
