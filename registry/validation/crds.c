/* CustomResourceDefinitions. Rule: apiextensions-apiserver/pkg/apis/apiextensions/validation. The reference's
 * own form has what all versions share once, beside them, and says so in the paths. */
#include "registry/validation/rows.h"

#include "registry/rules/names.h"
#include "registry/rules/url.h"
#include "registry/validation/crdschema.h"
#include "registry/validation/hooks.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"

#define APPROVED "api-approved.kubernetes.io"
#define ENHANCEMENT "see https://github.com/kubernetes/enhancements/pull/1111"
#define WARNING_MAX 256
#define SELECTABLE_MAX 8

/* ---- names ---- */

static void label(struct check *c, const struct at *up, const json_t *names, const char *name,
                  bool mixed_case)
{
    struct str v = check_str(names, name);
    struct at at = at_field(up, name);

    if (v.n && mixed_case)
        check_name_joined(c, &at, v, check_lower(c, v), "dns1035-label",
                          "may have mixed case, but should otherwise match: ");
    else if (v.n)
        check_name_joined(c, &at, v, v, "dns1035-label", "");
}

static void label_list(struct check *c, const struct at *up, const json_t *names, const char *name)
{
    struct at all = at_field(up, name);
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(names, name), i, v)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        check_name_joined(c, &at, check_value_str(v), check_value_str(v), "dns1035-label", "");
    }
}

static void names(struct check *c, const struct at *at, const json_t *names)
{
    struct at list = at_field(at, "listKind");
    struct str kind = check_str(names, "kind");

    label(c, at, names, "plural", false);
    label(c, at, names, "singular", false);
    label(c, at, names, "kind", true);
    label(c, at, names, "listKind", true);
    label_list(c, at, names, "shortNames");
    if (kind.n && str_eq(kind, check_str(names, "listKind")))
        check_invalid_str(c, &list, kind, "kind and listKind may not be the same");
    label_list(c, at, names, "categories");
}

static void definition_name(struct check *c, const json_t *obj)
{
    struct str name = tree_str(obj, "metadata.name"), plural = tree_str(obj, "spec.names.plural"),
               group = tree_str(obj, "spec.group");
    struct at at = at_field(NULL, "metadata.name");

    if (name.n && !str_is(name, arena_printf(c->arena, "%.*s.%.*s", STR_ARG(plural), STR_ARG(group))))
        check_invalid_str(c, &at, name, "must be spec.names.plural+\".\"+spec.group");
}

static void group(struct check *c, struct str group)
{
    struct at at = at_field(NULL, "spec.group");

    if (!group.n)
        check_required(c, &at, "");
    else if (check_name_joined(c, &at, group, group, "dns-subdomain", "") && str_find(group, '.') < 0)
        check_invalid_str(c, &at, group, "should be a domain with at least one dot");
}

/* ---- what all versions share ---- */

/* Whether all versions say the same there. */
static bool is_shared(const json_t *versions, const char *name)
{
    const json_t *first = json_object_get(json_array_get(versions, 0), name);

    for (size_t i = 1; i < json_array_size(versions); i++) {
        if (!same_value(first, json_object_get(json_array_get(versions, i), name), NULL))
            return false;
    }
    return true;
}

/* The versions as the reference has them: without what they share. New reference. */
static json_t *own_versions(const json_t *versions)
{
    static const char *const PARTS[] = {"schema", "subresources", "additionalPrinterColumns",
                                        "selectableFields"};
    json_t *out = json_array(), *v;
    bool shared[4];
    size_t i;

    for (int k = 0; k < 4; k++)
        shared[k] = is_shared(versions, PARTS[k]);
    json_array_foreach(versions, i, v)
    {
        json_t *copy = json_copy(v);

        for (int k = 0; k < 4; k++) {
            if (shared[k])
                json_object_del(copy, PARTS[k]);
        }
        json_array_append_new(out, copy);
    }
    return out;
}

static void simple_path(struct check *c, const struct at *up, const json_t *scale, const char *name,
                        const char *root, const char *detail)
{
    struct str path = check_str(scale, name);
    struct at at = at_field(up, name);

    if (!path.n)
        check_required(c, &at, "");
    else if (path.p[0] != '.')
        check_invalid_str(c, &at, path, "must be a simple json path starting with .");
    else if (!str_starts(path, str_of(root)))
        check_invalid_str(c, &at, path, detail);
}

static void subresources(struct check *c, const struct at *up, const json_t *v)
{
    const json_t *scale = json_object_get(v, "scale");
    struct at at = at_field(up, "scale"), label_at = at_field(&at, "labelSelectorPath");
    struct str path = check_str(scale, "labelSelectorPath");

    if (!check_has(v, "scale"))
        return;
    simple_path(c, &at, scale, "specReplicasPath", ".spec.", "should be a json path under .spec");
    simple_path(c, &at, scale, "statusReplicasPath", ".status.", "should be a json path under .status");
    if (path.n && path.p[0] != '.')
        check_invalid_str(c, &label_at, path, "must be a simple json path starting with .");
    else if (path.n && !str_starts(path, STR(".spec.")) && !str_starts(path, STR(".status.")))
        check_invalid_str(c, &label_at, path, "should be a json path under either .spec or .status");
}

static void columns(struct check *c, const struct at *all, const json_t *list)
{
    static const char *const TYPES[] = {"boolean", "date", "integer", "number", "string"};
    static const char *const FORMATS[] = {"byte",  "date",  "date-time", "double",
                                          "float", "int32", "int64",     "password"};
    static const char TYPE[] = "must be one of boolean,date,integer,number,string";
    json_t *v;
    size_t i;

    json_array_foreach(list, i, v)
    {
        struct str type = check_str(v, "type"), format = check_str(v, "format"),
                   path = check_str(v, "jsonPath");
        struct at at = at_index(all, i), type_at = at_field(&at, "type"), format_at = at_field(&at, "format"),
                  path_at = at_field(&at, "JSONPath");

        if (check_full(c))
            return;
        check_needed(c, &at, v, "name");
        if (!type.n)
            check_required(c, &type_at, TYPE);
        else if (!check_one_of(type, TYPES, 5))
            check_invalid_str(c, &type_at, type, TYPE);
        if (format.n && !check_one_of(format, FORMATS, 8))
            check_invalid_str(c, &format_at, format,
                              "must be one of byte,date,date-time,double,float,int32,int64,password");
        if (!path.n)
            check_required(c, &path_at, "");
        else if (path.p[0] != '.')
            check_invalid_str(c, &path_at, path, "must be a simple json path starting with .");
    }
}

/* The schema of what a path of names (".spec.a") leads to, or NULL. */
static const json_t *schema_at(const json_t *schema, struct str path)
{
    struct str rest = path, step;

    if (!str_next(&rest, '.', &step) || step.n)
        return NULL;
    while (schema && str_next(&rest, '.', &step)) {
        const json_t *p = json_object_getn(json_object_get(schema, "properties"), step.p, step.n);

        schema = p ? p
                 : json_is_object(json_object_get(schema, "additionalProperties"))
                     ? json_object_get(schema, "additionalProperties")
                     : NULL;
    }
    return schema;
}

static void selectable(struct check *c, const struct at *all, const json_t *list, const json_t *schema)
{
    static const char *const TYPES[] = {"string", "boolean", "integer"};
    struct seen *seen = seen_new(c);
    json_t *v;
    size_t i;

    if (json_array_size(list) && !json_is_object(json_object_get(schema, "openAPIV3Schema"))) {
        check_invalid_str(c, all, STR(""),
                          "may only be set when `version.schema.openAPIV3Schema` is not included");
        return;
    }
    json_array_foreach(list, i, v)
    {
        struct str path = check_str(v, "jsonPath");
        struct at item = at_index(all, i), at = at_field(&item, "jsonPath");
        const json_t *found = schema_at(json_object_get(schema, "openAPIV3Schema"), path);

        if (check_full(c))
            return;
        if (!path.n) {
            check_required(c, &at, "");
            continue;
        }
        if (!found) {
            check_invalid_str(c, &at, path, "is an invalid path: does not refer to a valid field");
            continue;
        }
        if (!check_one_of(check_str(found, "type"), TYPES, 3))
            check_invalid_str(c, &at, path,
                              "must point to a field of type string, boolean or integer. Enum string fields "
                              "and strings with formats are allowed.");
        if (seen_add(seen, path))
            check_duplicate_str(c, &at, path);
    }
    if (seen_count(seen) > SELECTABLE_MAX)
        check_too_many(c, all, (int)seen_count(seen), SELECTABLE_MAX);
}

/* ---- versions ---- */

static void deprecation(struct check *c, const struct at *up, const json_t *v)
{
    struct str text = check_str(v, "deprecationWarning");
    const json_t *value = json_object_get(v, "deprecationWarning");
    struct at at = at_field(up, "deprecationWarning");

    if (!check_has(v, "deprecationWarning"))
        return;
    if (!check_bool(v, "deprecated"))
        check_invalid(c, &at, value, "can only be set for deprecated versions");
    else if (text.n > WARNING_MAX)
        check_invalid(c, &at, value, "must be <= 256 characters long");
    else if (!text.n)
        check_invalid(c, &at, value, "must not be an empty string");
}

static void version(struct check *c, const struct at *at, const json_t *v, const json_t *own)
{
    struct at name = at_field(at, "name"), schema = at_field(at, "schema"),
              sub = at_field(at, "subresources"), cols = at_field(at, "additionalPrinterColumns"),
              select = at_field(at, "selectableFields");

    check_name_joined(c, &name, check_str(v, "name"), check_str(v, "name"), "dns1035-label", "");
    deprecation(c, at, v);
    check_crd_schema(c, &schema, json_object_get(own, "schema"), tree_get(v, "subresources.status") != NULL);
    subresources(c, &sub, json_object_get(own, "subresources"));
    columns(c, &cols, json_object_get(own, "additionalPrinterColumns"));
    selectable(c, &select, json_object_get(own, "selectableFields"), json_object_get(v, "schema"));
}

static void versions(struct check *c, const json_t *list, const json_t *own)
{
    const struct schema_type *type = printed_type(c->resource->type, "spec.versions");
    struct at all = at_field(NULL, "spec.versions"), first_at = at_field(NULL, "spec.version");
    struct str first = check_str(json_array_get(list, 0), "name");
    struct seen *seen = seen_new(c);
    bool unique = true;
    int stored = 0;
    json_t *v;
    size_t i;

    json_array_foreach(list, i, v)
    {
        struct at at = at_index(&all, i), schema = at_field(&at, "schema.openAPIV3Schema");

        if (!tree_get(v, "schema.openAPIV3Schema"))
            check_required(c, &schema, "");
    }
    json_array_foreach(list, i, v)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        stored += check_bool(v, "storage");
        unique = !seen_add(seen, check_str(v, "name")) && unique;
        version(c, &at, v, json_array_get(own, i));
    }
    if (!unique)
        check_invalid_of(c, &all, own, type, "must contain unique version names");
    if (stored != 1)
        check_invalid_of(c, &all, list ? own : NULL, type,
                         "must have exactly one version marked as storage version");
    if (first.n)
        check_name_joined(c, &first_at, first, first, "dns1035-label", "");
}

static bool any_status(const json_t *list)
{
    json_t *v;
    size_t i;

    json_array_foreach(list, i, v)
    {
        if (tree_get(v, "subresources.status"))
            return true;
    }
    return false;
}

/* What they share, in the place where the reference has it. */
static void shared_parts(struct check *c, const json_t *list, const json_t *own)
{
    const json_t *first = json_array_get(list, 0), *rest = json_array_get(own, 0);
    struct at schema = at_field(NULL, "spec.validation"), sub = at_field(NULL, "spec.subresources"),
              cols = at_field(NULL, "spec.additionalPrinterColumns"),
              select = at_field(NULL, "spec.selectableFields");

    if (!json_object_get(rest, "schema"))
        check_crd_schema(c, &schema, json_object_get(first, "schema"), any_status(list));
    if (!json_object_get(rest, "subresources"))
        subresources(c, &sub, json_object_get(first, "subresources"));
    if (!json_object_get(rest, "additionalPrinterColumns"))
        columns(c, &cols, json_object_get(first, "additionalPrinterColumns"));
    if (!json_object_get(rest, "selectableFields"))
        selectable(c, &select, json_object_get(first, "selectableFields"), json_object_get(first, "schema"));
}

/* ---- conversion ---- */

static void review_versions(struct check *c, const json_t *list)
{
    static const char *const KNOWN[] = {"v1", "v1beta1"};
    struct at all = at_field(NULL, "spec.conversion.conversionReviewVersions");
    struct seen *seen = seen_new(c);
    bool known = false;
    json_t *v;
    size_t i;

    if (!json_array_size(list)) {
        check_required(c, &all, "");
        return;
    }
    json_array_foreach(list, i, v)
    {
        struct at at = at_index(&all, i);

        if (check_full(c))
            return;
        known = known || check_one_of(check_value_str(v), KNOWN, 2);
        if (seen_add(seen, check_value_str(v)))
            check_invalid_str(c, &at, check_value_str(v), "duplicate version");
        else
            check_name(c, &at, check_value_str(v), "dns1035-label");
    }
    if (!known)
        check_invalid(c, &all, list, "must include at least one of v1, v1beta1");
}

static void conversion_webhook(struct check *c, const json_t *hook)
{
    const json_t *client = json_object_get(hook, "clientConfig");
    struct at at = at_field(NULL, "spec.conversion.webhookClientConfig"), url = at_field(&at, "url"),
              service = at_field(&at, "service");

    if (!check_has(hook, "clientConfig"))
        check_required(c, &at, "required when strategy is set to Webhook");
    else if (check_has(client, "url") == check_has(client, "service"))
        check_required(c, &at, "exactly one of url or service is required");
    else if (check_has(client, "url"))
        check_webhook_url(c, &url, check_str(client, "url"));
    else
        check_webhook_service(c, &service, json_object_get(client, "service"), true);
    review_versions(c, json_object_get(hook, "conversionReviewVersions"));
}

static void conversion(struct check *c, const json_t *conversion)
{
    static const char *const STRATEGIES[] = {"None", "Webhook"};
    const json_t *hook = json_object_get(conversion, "webhook");
    struct at strategy = at_field(NULL, "spec.conversion.strategy"),
              client = at_field(NULL, "spec.conversion.webhookClientConfig"),
              reviews = at_field(NULL, "spec.conversion.conversionReviewVersions");
    struct str is = check_str(conversion, "strategy");

    if (!conversion || json_is_null(conversion))
        return;
    if (!is.n)
        check_required(c, &strategy, "");
    else
        check_enum(c, &strategy, is, STRATEGIES, 2);
    if (str_is(is, "Webhook")) {
        conversion_webhook(c, hook);
        return;
    }
    if (check_has(hook, "clientConfig"))
        check_forbidden(c, &client, "should not be set when strategy is not set to Webhook");
    if (json_array_size(json_object_get(hook, "conversionReviewVersions")))
        check_forbidden(c, &reviews, "should not be set when strategy is not set to Webhook");
}

/* ---- the whole ---- */

static void spec(struct check *c, const json_t *spec)
{
    static const char *const SCOPES[] = {"Cluster", "Namespaced"};
    static const char *const NEEDED[] = {"plural", "singular", "kind", "listKind"};
    const json_t *list = json_object_get(spec, "versions");
    struct at scope = at_field(NULL, "spec.scope"), names_at = at_field(NULL, "spec.names");
    json_t *own = own_versions(list);

    group(c, check_str(spec, "group"));
    if (!check_str(spec, "scope").n)
        check_required(c, &scope, "");
    else
        check_enum(c, &scope, check_str(spec, "scope"), SCOPES, 2);
    versions(c, list, own);
    for (int i = 0; i < 4; i++)
        check_needed(c, &names_at, json_object_get(spec, "names"), NEEDED[i]);
    names(c, &names_at, json_object_get(spec, "names"));
    shared_parts(c, list, own);
    conversion(c, json_object_get(spec, "conversion"));
    json_decref(own);
}

static void stored_versions(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "status.storedVersions");
    struct at all = at_field(NULL, "status.storedVersions");
    struct seen *stored = seen_new(c), *there = seen_new(c);
    json_t *v;
    size_t i;

    if (!json_array_size(list)) {
        check_invalid(c, &all, list, "must have at least one stored version");
        return;
    }
    seen_add_list(stored, list, NULL);
    json_array_foreach(tree_get(obj, "spec.versions"), i, v)
    {
        struct str name = check_str(v, "name");

        /* a second version of the name counts as one that is not stored */
        if (check_bool(v, "storage") && (!seen_has(stored, name) || seen_has(there, name)))
            check_invalid(c, &all, list,
                          arena_printf(c->arena, "must have the storage version %.*s", STR_ARG(name)));
        seen_add(there, name);
    }
    json_array_foreach(list, i, v)
    {
        struct str name = check_value_str(v);
        struct at at = at_index(&all, i);

        if (!seen_has(there, name) && !check_full(c))
            check_invalid_str(c, &at, name,
                              arena_printf(c->arena,
                                           "missing from spec.versions; %.*s was previously a storage "
                                           "version, and must remain in spec.versions until a storage "
                                           "migration ensures no data remains persisted in %.*s and removes "
                                           "%.*s from status.storedVersions",
                                           STR_ARG(name), STR_ARG(name), STR_ARG(name)));
    }
}

enum approval { MISSING, APPROVED_BY_URL, BYPASSED, INVALID };

static enum approval approval_of(struct check *c, const json_t *obj)
{
    struct str note = check_str(tree_get(obj, "metadata.annotations"), APPROVED);
    struct url url;

    if (!note.n)
        return MISSING;
    if (str_starts(note, STR("unapproved")))
        return BYPASSED;
    return !url_parse(c->arena, note, &url) && url.scheme.n && url.host.n ? APPROVED_BY_URL : INVALID;
}

static void approval(struct check *c, const json_t *obj, const json_t *old)
{
    struct str group_name = tree_str(obj, "spec.group");
    struct str padded = str_of(arena_printf(c->arena, ".%.*s", STR_ARG(group_name)));
    struct at up = at_field(NULL, "metadata.annotations"), at = at_key(&up, STR(APPROVED));
    enum approval now = approval_of(c, obj);

    if (!str_ends(padded, STR(".k8s.io")) && !str_ends(padded, STR(".kubernetes.io")))
        return;
    if (old && approval_of(c, old) == now)
        return;
    if (now == MISSING)
        check_required(c, &at,
                       "protected groups must have approval annotation \"" APPROVED "\", " ENHANCEMENT);
    if (now == INVALID)
        check_invalid_str(c, &at, check_str(tree_get(obj, "metadata.annotations"), APPROVED),
                          "protected groups must have approval annotation \"" APPROVED
                          "\" with either a URL or a reason starting with \"unapproved\", " ENHANCEMENT);
}

static void kept_fields(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "spec.preserveUnknownFields");

    if (tree_bool(obj, "spec.preserveUnknownFields", false))
        check_invalid_text(c, &at, "true",
                           "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                           "spec.versions[*].schema instead");
}

static void accepted_names(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "status.acceptedNames");

    names(c, &at, tree_get(obj, "status.acceptedNames"));
}

static void definition(struct check *c, const json_t *obj)
{
    definition_name(c, obj);
    spec(c, json_object_get(obj, "spec"));
    accepted_names(c, obj);
    stored_versions(c, obj);
    approval(c, obj, NULL);
    kept_fields(c, obj);
}

static bool is_established(const json_t *obj)
{
    json_t *v;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, v)
    {
        if (str_is(check_str(v, "type"), "Established"))
            return str_is(check_str(v, "status"), "True");
    }
    return false;
}

static void definition_update(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const FIXED[] = {"spec.scope", "spec.names.kind", "spec.group", "spec.names.plural"};

    check_metadata_update(c, obj, old);
    spec(c, json_object_get(obj, "spec"));
    for (int i = is_established(old) ? 0 : 2; i < 4; i++) {
        struct at at = at_field(NULL, FIXED[i]);

        check_fixed(c, &at, obj, old, FIXED[i], "field is immutable");
    }
    accepted_names(c, obj);
    stored_versions(c, obj);
    approval(c, obj, old);
    if (!tree_bool(old, "spec.preserveUnknownFields", false))
        kept_fields(c, obj);
}

static void definition_status(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata_update(c, obj, old);
    accepted_names(c, obj);
}

static const struct validation ROWS[] = {
    {.group = "apiextensions.k8s.io",
     .plural = "customresourcedefinitions",
     .checks_metadata = true,
     .any_finalizer = true,
     .create = definition,
     .update = definition_update,
     .update_status = definition_status},
};

const struct validation_rows validation_rows_crds = VALIDATION_ROWS(ROWS);
