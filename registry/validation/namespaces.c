/* Namespaces and their finalizers. Rule: ValidateNamespace and its kin of pkg/apis/core/validation. */
#include "registry/validation/rows.h"

#include "registry/walk/tree.h"

/* Short names are for the system's own. */
static void finalizer(struct check *c, const struct at *at, const json_t *v)
{
    struct str name = {json_string_value(v), json_string_length(v)};

    check_qualified_name(c, at, name);
    if (str_find(name, '/') < 0 && !str_is(name, "kubernetes") && !str_is(name, "orphan") &&
        !str_is(name, "foregroundDeletion"))
        check_invalid_str(c, at, name, "name is neither a standard finalizer name nor is it fully qualified");
}

static void namespace_create(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "spec.finalizers");
    size_t i;
    json_t *v;

    json_array_foreach(tree_get(obj, "spec.finalizers"), i, v)
    {
        if (check_full(c))
            return;
        finalizer(c, &at, v);
    }
}

static void namespace_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    namespace_create(c, obj);
    check_metadata_update(c, obj, old);
}

/* The phase follows from whether the namespace is being deleted. */
static void namespace_status(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "status.Phase");
    struct str phase = tree_str(obj, "status.phase");
    bool goes = tree_get(obj, "metadata.deletionTimestamp");

    check_metadata_update(c, obj, old);
    if (!goes && !str_is(phase, "Active"))
        check_invalid_word(c, &at, phase, "may only be 'Active' if `deletionTimestamp` is empty");
    if (goes && !str_is(phase, "Terminating"))
        check_invalid_word(c, &at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
}

static void namespace_finalize(struct check *c, const json_t *obj, const json_t *old)
{
    struct at list = at_field(NULL, "spec.finalizers");
    size_t i;
    json_t *v;

    check_metadata_update(c, obj, old);
    json_array_foreach(tree_get(obj, "spec.finalizers"), i, v)
    {
        struct at at = at_index(&list, i);

        if (check_full(c))
            return;
        finalizer(c, &at, v);
    }
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "namespaces",
     .checks_metadata = true,
     .create = namespace_create,
     .update = namespace_update,
     .update_status = namespace_status,
     .update_part = namespace_finalize},
};

const struct validation_rows validation_rows_namespaces = VALIDATION_ROWS(ROWS);
