/* What is asked of the authorizers. Rule: pkg/apis/authorization/validation. */
#include "registry/validation/rows.h"

#include "registry/validation/printed.h"
#include "registry/walk/tree.h"

static const struct at SPEC = {.field = "spec"};

/* Operators that are not known may come from a newer client: they are let through. */
static void requirement(struct check *c, const struct at *at, const json_t *req, bool of_labels)
{
    static const char *const SOME[] = {"In", "NotIn"}, *const NONE[] = {"Exists", "DoesNotExist"};
    struct at key = at_field(at, "key"), values = at_field(at, "values");
    struct str operator= check_str(req, "operator");
    size_t n = json_array_size(json_object_get(req, "values"));

    if (!of_labels && !check_str(req, "key").n)
        check_required(c, &key, "must be specified");
    if (check_one_of(operator, SOME, 2) && !n)
        check_required(c, &values, "must be specified when `operator` is 'In' or 'NotIn'");
    if (check_one_of(operator, NONE, 2) && n)
        check_forbidden(c, &values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    if (!of_labels)
        return;
    check_qualified_name(c, &key, check_str(req, "key"));
    for (size_t i = 0; i < n && !check_full(c); i++) {
        struct at one = at_index(&values, i);

        check_label_value(c, &one, check_item(json_object_get(req, "values"), i));
    }
}

static void selector(struct check *c, const struct at *at, const json_t *v, bool of_labels)
{
    const json_t *list = json_object_get(v, "requirements");
    struct at raw = at_field(at, "rawSelector"), requirements = at_field(at, "requirements");
    struct str text = check_str(v, "rawSelector");

    if (text.n && json_array_size(list))
        check_invalid_str(c, &raw, text, "may not specified at the same time as requirements");
    if (!text.n && !json_array_size(list))
        check_required(c, &requirements,
                       arena_printf(c->arena, "when %s is specified, requirements or rawSelector is required",
                                    at_text(c->arena, at)));
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&requirements, i);

        requirement(c, &one, json_array_get(list, i), of_labels);
    }
}

static void selectors(struct check *c, const json_t *attributes)
{
    struct at at = at_field(&SPEC, "resourceAttributes"), fields = at_field(&at, "fieldSelector"),
              labels = at_field(&at, "labelSelector");

    if (check_has(attributes, "fieldSelector"))
        selector(c, &fields, json_object_get(attributes, "fieldSelector"), false);
    if (check_has(attributes, "labelSelector"))
        selector(c, &labels, json_object_get(attributes, "labelSelector"), true);
}

static void path_refused(struct check *c, const json_t *spec, const char *why)
{
    struct at at = at_field(&SPEC, "nonResourceAttributes");

    check_invalid_of(c, &at, json_object_get(spec, "nonResourceAttributes"),
                     printed_type(c->resource->type, "spec.nonResourceAttributes"), why);
}

static void attributes(struct check *c, const json_t *spec)
{
    bool resource = check_has(spec, "resourceAttributes"), path = check_has(spec, "nonResourceAttributes");
    struct at at = at_field(&SPEC, "resourceAttributes");

    if (resource && path)
        path_refused(c, spec, "cannot be specified in combination with resourceAttributes");
    if (!resource && !path)
        check_invalid_text(c, &at, "null",
                           "exactly one of nonResourceAttributes or resourceAttributes must be specified");
}

static void subject(struct check *c, const json_t *spec)
{
    struct at at = at_field(&SPEC, "user");

    if (!check_str(spec, "user").n && !json_array_size(json_object_get(spec, "groups")))
        check_invalid_str(c, &at, STR(""), "at least one of user or group must be specified");
}

/* Who owns which field was noted before; the namespace counts where there is none. */
static void no_metadata(struct check *c, const json_t *obj, bool local)
{
    const json_t *metadata = json_object_get(obj, "metadata");
    struct at at = at_field(NULL, "metadata");
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)metadata, key, v)
    {
        if (strcmp(key, "managedFields") == 0 || (local && strcmp(key, "namespace") == 0))
            continue;
        check_invalid_of(c, &at, metadata, printed_type(c->resource->type, "metadata"),
                         local ? "must be empty except for namespace" : "must be empty");
        return;
    }
}

static void self_review(struct check *c, const json_t *obj)
{
    const json_t *spec = json_object_get(obj, "spec");

    attributes(c, spec);
    selectors(c, json_object_get(spec, "resourceAttributes"));
    no_metadata(c, obj, false);
}

static void any_review(struct check *c, const json_t *obj, bool local)
{
    const json_t *spec = json_object_get(obj, "spec");

    attributes(c, spec);
    subject(c, spec);
    selectors(c, json_object_get(spec, "resourceAttributes"));
    no_metadata(c, obj, local);
}

static void review(struct check *c, const json_t *obj)
{
    any_review(c, obj, false);
}

static void local_review(struct check *c, const json_t *obj)
{
    static const struct at NAMESPACE = {.field = "spec.resourceAttributes.namespace"};
    const json_t *spec = json_object_get(obj, "spec"), *asked = json_object_get(spec, "resourceAttributes");
    struct str ns = check_str(asked, "namespace");

    any_review(c, obj, true);
    if (check_has(spec, "resourceAttributes") && !str_eq(ns, tree_str(obj, "metadata.namespace")))
        check_invalid_str(c, &NAMESPACE, ns, "must match metadata.namespace");
    if (check_has(spec, "nonResourceAttributes"))
        path_refused(c, spec, "disallowed on this kind of request");
}

#define GROUP "authorization.k8s.io"

static const struct validation ROWS[] = {
    {.group = GROUP, .plural = "selfsubjectaccessreviews", .create = self_review},
    {.group = GROUP, .plural = "subjectaccessreviews", .create = review},
    {.group = GROUP, .plural = "localsubjectaccessreviews", .create = local_review},
};

const struct validation_rows validation_rows_reviews = VALIDATION_ROWS(ROWS);
