/* RuntimeClasses. Rule: pkg/apis/node/validation. */
#include "registry/validation/pods.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/walk/tree.h"

/* Each one once; how long they last makes no difference. */
static void distinct(struct check *c, const struct at *list_at, const json_t *list)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("Toleration"));
    struct seen *met = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *v = json_array_get(list, i);
        struct at at = at_index(list_at, i);
        const char *key = arena_printf(c->arena, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(check_str(v, "key")),
                                       STR_ARG(check_str(v, "operator")), STR_ARG(check_str(v, "value")),
                                       STR_ARG(check_str(v, "effect")));

        if (seen_add(met, str_of(key)))
            check_duplicate_text(c, &at, printed(c, v, type));
    }
}

/* What a pod costs beside its containers: checked as what a container may use at most. */
static void overhead(struct check *c, const json_t *obj)
{
    json_t *limits = json_object();
    struct at at = at_field(NULL, "overhead");

    json_object_set(limits, "limits", tree_get(obj, "overhead.podFixed"));
    check_requirements(c, &at, limits, NULL, false, false);
    json_decref(limits);
}

static void runtime_class(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "handler"), tolerations = at_field(NULL, "scheduling.tolerations");
    struct str handler = check_str(obj, "handler");

    if (!handler.n)
        check_required(c, &at, "");
    else
        check_name(c, &at, handler, "dns-label");
    if (tree_get(obj, "overhead.podFixed"))
        overhead(c, obj);
    at = at_field(NULL, "scheduling.nodeSelector");
    check_labels(c, &at, tree_get(obj, "scheduling.nodeSelector"));
    check_tolerations(c, &tolerations, tree_get(obj, "scheduling.tolerations"));
    distinct(c, &tolerations, tree_get(obj, "scheduling.tolerations"));
}

static void runtime_class_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "handler");

    check_metadata(c, obj);
    runtime_class(c, obj);
    check_metadata_update(c, obj, old);
    if (!str_eq(check_str(obj, "handler"), check_str(old, "handler")))
        check_invalid_str(c, &at, check_str(obj, "handler"), "field is immutable");
}

static const struct validation ROWS[] = {
    {.group = "node.k8s.io",
     .plural = "runtimeclasses",
     .checks_metadata = true,
     .any_finalizer = true,
     .create = runtime_class,
     .update = runtime_class_update},
};

const struct validation_rows validation_rows_runtimeclass = VALIDATION_ROWS(ROWS);
