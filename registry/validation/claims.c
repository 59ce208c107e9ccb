/* PersistentVolumeClaims. Rule: ValidatePersistentVolumeClaim and its kin of pkg/apis/core/validation. */
#include "registry/rules/quantities.h"
#include "registry/validation/claimspec.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

#define OLD_CLASS_NOTE "volume.beta.kubernetes.io/storage-class"

static void claim(struct check *c, const json_t *obj)
{
    const struct claim_options none = {0};
    struct at at = at_field(NULL, "spec");

    check_claim_spec(c, &at, json_object_get(obj, "spec"), &none);
}

/* ---- changes ---- */

/* From the annotation that named the class once, to the field. */
static bool class_moves(const json_t *obj, const json_t *old)
{
    const json_t *was = tree_get(old, "metadata.annotations"), *now = tree_get(obj, "metadata.annotations");
    struct str class = check_str(was, OLD_CLASS_NOTE);

    return check_has(was, OLD_CLASS_NOTE) && !tree_get(old, "spec.storageClassName") &&
           tree_get(obj, "spec.storageClassName") && str_eq(tree_str(obj, "spec.storageClassName"), class) &&
           (!check_has(now, OLD_CLASS_NOTE) || str_eq(check_str(now, OLD_CLASS_NOTE), class));
}

/* A class comes to a claim that had none. */
static bool class_comes(const json_t *obj, const json_t *old)
{
    const json_t *was = tree_get(old, "metadata.annotations");

    return tree_get(obj, "spec.storageClassName") && !tree_get(old, "spec.storageClassName") &&
           (!check_has(was, OLD_CLASS_NOTE) ||
            str_eq(tree_str(obj, "spec.storageClassName"), check_str(was, OLD_CLASS_NOTE)));
}

static void class_note(struct check *c, const json_t *obj, const json_t *old)
{
    struct at up = at_field(NULL, "metadata.annotations"), at = at_field(&up, OLD_CLASS_NOTE);
    struct str now = check_str(tree_get(obj, "metadata.annotations"), OLD_CLASS_NOTE);

    if (!str_eq(now, check_str(tree_get(old, "metadata.annotations"), OLD_CLASS_NOTE)))
        check_invalid_str(c, &at, now, "field is immutable");
}

/* What is left is compared: the changes that are allowed are taken back in the copies. */
static void forgive(struct check *c, const json_t *obj, const json_t *old, json_t *now, json_t *was)
{
    if (!tree_str(was, "volumeName").n)
        tree_copy(was, now, "volumeName");
    if (class_moves(obj, old)) {
        tree_delete(now, "storageClassName");
    } else {
        class_note(c, obj, old);
        if (class_comes(obj, old))
            tree_delete(now, "storageClassName");
    }
    if (!str_is(tree_str(obj, "status.phase"), "Bound"))
        return;
    if (tree_get(now, "resources.requests"))
        tree_copy(now, was, "resources.requests.storage");
    tree_copy(now, was, "volumeAttributesClassName");
}

static void fixed_spec(struct check *c, const json_t *obj, const json_t *old)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("PersistentVolumeClaimSpec"));
    json_t *now = json_deep_copy(json_object_get(obj, "spec"));
    json_t *was = json_deep_copy(json_object_get(old, "spec"));
    struct at at = at_field(NULL, "spec");

    forgive(c, obj, old, now, was);
    if (!same_value(now, was, type))
        check_forbidden(c, &at,
                        arena_printf(c->arena,
                                     "spec is immutable after creation except resources.requests and "
                                     "volumeAttributesClassName for bound claims\n%s",
                                     printed_diff(c, was, now, type)));
    json_decref(now);
    json_decref(was);
}

/* A failed growth may be taken back, down to what there is. */
static void size(struct check *c, const json_t *obj, const json_t *old)
{
    static const char PATH[] = "spec.resources.requests.storage";
    struct str now = quantity_of(tree_get(obj, PATH)), was = quantity_of(tree_get(old, PATH));
    struct at at = at_field(NULL, PATH);

    if (quantity_cmp(now, was) < 0 &&
        quantity_cmp(now, quantity_of(tree_get(old, "status.capacity.storage"))) <= 0)
        check_forbidden(c, &at, "field can not be less than status.capacity");
}

static void attributes_class(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.volumeAttributesClassName");
    const json_t *class = tree_get(obj, "spec.volumeAttributesClassName");

    if (!tree_get(old, "status.currentVolumeAttributesClassName") ||
        tree_same(obj, old, "spec.volumeAttributesClassName", c->resource->type))
        return;
    if (!class)
        check_forbidden(c, &at,
                        "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil");
    else if (!json_string_length(class))
        check_forbidden(
            c, &at,
            "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil");
}

static void claim_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct claim_options t = {.lax_selector = label_selector_is_lax(tree_get(old, "spec.selector")),
                              .lax_api_group = tree_get(old, "spec.dataSource.apiGroup") ||
                                               tree_get(old, "spec.dataSourceRef.apiGroup")};
    struct at at = at_field(NULL, "spec"), mode = at_field(NULL, "volumeMode");

    check_metadata(c, obj);
    check_claim_spec(c, &at, json_object_get(obj, "spec"), &t);
    fixed_spec(c, obj, old);
    size(c, obj, old);
    check_fixed(c, &mode, obj, old, "spec.volumeMode", "field is immutable");
    attributes_class(c, obj, old);
}

/* ---- status ---- */

/* Resources of the system's own: storage only. */
static bool resource_key(struct check *c, const struct at *at, struct str name)
{
    static const char *const ONLY[] = {"storage"};

    if (!check_qualified_name(c, at, name))
        return false;
    return !resource_is_native(name) || check_enum(c, at, name, ONLY, 1);
}

static void resize_states(struct check *c, const json_t *states)
{
    static const char *const STATES[] = {"ControllerResizeInProgress", "ControllerResizeInfeasible",
                                         "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"};
    struct at at = at_field(NULL, "status.allocatedResourceStatuses");
    const char *key;
    json_t *v;
    size_t n;

    json_object_keylen_foreach((json_t *)(uintptr_t)states, key, n, v)
    {
        struct str name = {key, n}, state = {json_string_value(v), json_string_length(v)};
        bool known = false;

        if (check_full(c))
            return;
        resource_key(c, &at, name);
        for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++)
            known |= str_is(state, STATES[i]);
        if (!known)
            check_not_supported(c, &at, name, STATES, 5);
    }
}

static void allocated(struct check *c, const json_t *amounts)
{
    struct at map = at_field(NULL, "status.allocatedResources");
    const char *key;
    json_t *v;
    size_t n;

    json_object_keylen_foreach((json_t *)(uintptr_t)amounts, key, n, v)
    {
        struct str name = {key, n};
        struct at at = at_key(&map, name);
        int before = c->st->ncauses;

        if (check_full(c))
            return;
        if (!resource_key(c, &map, name))
            continue;
        check_basic_quantity(c, &at, quantity_of(v));
        if (c->st->ncauses == before)
            check_resource_value(c, &at, STR("storage"), quantity_of(v));
    }
}

static void claim_status(struct check *c, const json_t *obj, const json_t *old)
{
    struct at modes = at_field(NULL, "Spec.accessModes"), map = at_field(NULL, "status.capacity");
    const char *key;
    json_t *v;
    size_t n;

    if (!tree_size(obj, "spec.accessModes"))
        check_required(c, &modes, "");
    json_object_keylen_foreach(tree_get(obj, "status.capacity"), key, n, v)
    {
        struct at at = at_key(&map, (struct str){key, n});

        if (check_full(c))
            return;
        check_basic_quantity(c, &at, quantity_of(v));
    }
    resize_states(c, tree_get(obj, "status.allocatedResourceStatuses"));
    allocated(c, tree_get(obj, "status.allocatedResources"));
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "persistentvolumeclaims",
     .create = claim,
     .update = claim_update,
     .update_status = claim_status},
};

const struct validation_rows validation_rows_claims = VALIDATION_ROWS(ROWS);
