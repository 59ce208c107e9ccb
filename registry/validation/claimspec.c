/* Shared by claims, ephemeral volumes of pods and StatefulSets. */
#include "registry/validation/claimspec.h"

#include "registry/rules/quantities.h"
#include "registry/validation/numbers.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

static const char *const ACCESS_MODES[] = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                           "ReadWriteOncePod"};

void check_access_modes(struct check *c, const struct at *up, const json_t *spec)
{
    struct at at = at_field(up, "accessModes");
    const json_t *list = json_object_get(spec, "accessModes");
    bool one_pod = false, other = false;

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct str mode = check_item(list, i);

        if (!check_enum(c, &at, mode, ACCESS_MODES, 4))
            continue;
        if (str_is(mode, "ReadWriteOncePod"))
            one_pod = true;
        else
            other = true;
    }
    if (one_pod && other)
        check_forbidden(c, &at, "may not use ReadWriteOncePod with other access modes");
}

void check_volume_mode(struct check *c, const struct at *up, const json_t *spec)
{
    static const char *const MODES[] = {"Block", "Filesystem"};
    struct at at = at_field(up, "volumeMode");

    if (check_has(spec, "volumeMode"))
        check_enum(c, &at, check_str(spec, "volumeMode"), MODES, 2);
}

static void check_storage(struct check *c, const struct at *up, const json_t *spec)
{
    struct at resources = at_field(up, "resources"), at = at_key(&resources, STR("storage"));
    const json_t *v = json_object_get(tree_get(spec, "resources.requests"), "storage");
    struct str q = quantity_of(v);

    if (!v)
        check_required(c, &at, "");
    else if (quantity_cmp(q, STR("0")) <= 0)
        check_quantity_positive(c, &at, q);
    else
        check_resource_value(c, &at, STR("storage"), q);
}

static void check_source(struct check *c, const struct at *at, const json_t *source, bool with_namespace,
                         const struct claim_options *o)
{
    struct at group_at = at_field(at, "apiGroup"), ns_at = at_field(at, "namespace");
    struct str group = check_str(source, "apiGroup"), kind = check_str(source, "kind");
    struct str ns = check_str(source, "namespace");

    check_needed(c, at, source, "name");
    check_needed(c, at, source, "kind");
    if (!group.n && !str_is(kind, "PersistentVolumeClaim"))
        check_invalid_str(c, at, kind,
                          "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    if (group.n && !o->lax_api_group)
        check_name(c, &group_at, group, "dns-subdomain");
    if (with_namespace && ns.n)
        check_name(c, &ns_at, ns, "dns-label");
}

static bool same_member(const json_t *a, const json_t *b, const char *member)
{
    return check_has(a, member) == check_has(b, member) && str_eq(check_str(a, member), check_str(b, member));
}

/* The reference prints the path, which has nothing that JSON shows. */
static void check_sources(struct check *c, const struct at *at, const json_t *spec,
                          const struct claim_options *o)
{
    struct at source_at = at_field(at, "dataSource"), ref_at = at_field(at, "dataSourceRef");
    const json_t *source = json_object_get(spec, "dataSource"), *ref = json_object_get(spec, "dataSourceRef");

    if (source)
        check_source(c, &source_at, source, false, o);
    if (ref)
        check_source(c, &ref_at, ref, true, o);
    if (!source || !ref)
        return;
    if (check_str(ref, "namespace").n)
        check_invalid_text(c, at, "{}", "may not be specified when dataSourceRef.namespace is specified");
    else if (!same_member(source, ref, "apiGroup") || !same_member(source, ref, "kind") ||
             !same_member(source, ref, "name"))
        check_invalid_text(c, at, "{}", "must match dataSourceRef");
}

void check_claim_spec(struct check *c, const struct at *at, const json_t *spec, const struct claim_options *o)
{
    struct at modes = at_field(at, "accessModes"), selector = at_field(at, "selector");
    struct at class = at_field(at, "storageClassName"),
              attributes = at_field(at, "volumeAttributesClassName");

    if (!json_array_size(json_object_get(spec, "accessModes")))
        check_required(c, &modes, "at least 1 access mode is required");
    check_label_selector(c, &selector, json_object_get(spec, "selector"), o->lax_selector);
    check_access_modes(c, at, spec);
    check_storage(c, at, spec);
    if (check_str(spec, "storageClassName").n)
        check_name(c, &class, check_str(spec, "storageClassName"), "dns-subdomain");
    check_volume_mode(c, at, spec);
    check_sources(c, at, spec, o);
    if (check_str(spec, "volumeAttributesClassName").n)
        check_name(c, &attributes, check_str(spec, "volumeAttributesClassName"), "dns-subdomain");
}

static bool is_unset(const json_t *v)
{
    return json_is_null(v) || json_is_false(v) || (json_is_string(v) && !json_string_length(v)) ||
           (json_is_number(v) && json_number_value(v) == 0);
}

/* In the order in which the type declares them; the names are those of Go with a small first letter. */
static void check_other_metadata(struct check *c, const struct at *at, const json_t *meta)
{
    static const char *const NAMES[][2] = {{"name", "name"},
                                           {"generateName", "generateName"},
                                           {"namespace", "namespace"},
                                           {"selfLink", "selfLink"},
                                           {"uid", "uID"},
                                           {"resourceVersion", "resourceVersion"},
                                           {"generation", "generation"},
                                           {"creationTimestamp", "creationTimestamp"},
                                           {"deletionTimestamp", "deletionTimestamp"},
                                           {"deletionGracePeriodSeconds", "deletionGracePeriodSeconds"},
                                           {"ownerReferences", "ownerReferences"},
                                           {"finalizers", "finalizers"},
                                           {"managedFields", "managedFields"}};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        const json_t *v = json_object_get(meta, NAMES[i][0]);
        struct at one = at_field(at, NAMES[i][1]);

        if (v && (!is_unset(v) || strcmp(NAMES[i][0], "deletionGracePeriodSeconds") == 0))
            check_forbidden(c, &one, "cannot be set");
    }
}

void check_claim_template(struct check *c, const struct at *at, const json_t *template_,
                          const struct claim_options *o)
{
    struct at meta = at_field(at, "metadata"), spec = at_field(at, "spec");
    struct at annotations = at_field(&meta, "annotations"), labels = at_field(&meta, "labels");
    const json_t *m = json_object_get(template_, "metadata");

    check_annotations(c, &annotations, json_object_get(m, "annotations"));
    check_labels(c, &labels, json_object_get(m, "labels"));
    check_other_metadata(c, &meta, m);
    check_claim_spec(c, &spec, json_object_get(template_, "spec"), o);
}
