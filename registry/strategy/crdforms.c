/* Four fields of a version are moved up to the spec if all versions have the same there, each field by
 * itself; a column's jsonPath is spelled in capitals, and a conversion has its webhook's fields beside its
 * strategy. */
#include "registry/strategy/crdforms.h"

#include <string.h>
#include "registry/walk/tree.h"

static const struct {
    const char *version, *spec; /* the field of a version, and of the spec */
} SHARED[] = {
    {"schema", "validation"},
    {"subresources", "subresources"},
    {"additionalPrinterColumns", "additionalPrinterColumns"},
    {"selectableFields", "selectableFields"},
};
#define NSHARED (sizeof(SHARED) / sizeof(SHARED[0]))

static const char *const SPEC_ORDER[] = {"group",
                                         "version",
                                         "names",
                                         "scope",
                                         "validation",
                                         "subresources",
                                         "versions",
                                         "additionalPrinterColumns",
                                         "selectableFields",
                                         "conversion",
                                         "preserveUnknownFields"};

static void move(json_t *from, const char *name, json_t *to, const char *as)
{
    json_t *v = json_incref(json_object_get(from, name));

    json_object_del(from, name);
    if (v)
        json_object_set_new(to, as, v);
}

static void rename_paths(json_t *columns, const char *from, const char *to)
{
    json_t *column;
    size_t i;

    json_array_foreach(columns, i, column)
    {
        if (json_is_object(column) && json_object_get(column, from))
            move(column, from, column, to);
    }
}

static void rename_all_paths(json_t *spec, const char *from, const char *to)
{
    json_t *version;
    size_t i;

    rename_paths(json_object_get(spec, "additionalPrinterColumns"), from, to);
    json_array_foreach(json_object_get(spec, "versions"), i, version)
        rename_paths(json_object_get(version, "additionalPrinterColumns"), from, to);
}

/* An empty list and none are the same to the reference. */
static const json_t *or_none(const json_t *v)
{
    return json_is_null(v) || (json_is_array(v) && json_array_size(v) == 0) ? NULL : v;
}

static bool same_in_all(const json_t *versions, const char *name)
{
    const json_t *first = or_none(json_object_get(json_array_get(versions, 0), name)), *version;
    size_t i;

    json_array_foreach(versions, i, version)
    {
        const json_t *v = or_none(json_object_get(version, name));

        if (v != first && (!v || !first || !json_equal(v, first)))
            return false;
    }
    return true;
}

static void move_up(json_t *spec, json_t *versions)
{
    json_t *version;
    size_t i;

    for (size_t s = 0; s < NSHARED; s++) {
        if (!same_in_all(versions, SHARED[s].version))
            continue;
        move(json_array_get(versions, 0), SHARED[s].version, spec, SHARED[s].spec);
        json_array_foreach(versions, i, version) json_object_del(version, SHARED[s].version);
    }
}

static void in_order(json_t *spec)
{
    json_t *sorted = json_object();

    for (size_t i = 0; i < sizeof(SPEC_ORDER) / sizeof(SPEC_ORDER[0]); i++)
        move(spec, SPEC_ORDER[i], sorted, SPEC_ORDER[i]);
    json_object_update(sorted, spec);
    json_object_clear(spec);
    json_object_update(spec, sorted);
    json_decref(sorted);
}

void crdforms_to_v1beta1(json_t *crd)
{
    json_t *spec = tree_get(crd, "spec"), *versions = tree_get(crd, "spec.versions");
    json_t *conversion = tree_get(crd, "spec.conversion"),
           *webhook = tree_get(crd, "spec.conversion.webhook");

    if (!json_is_object(spec))
        return;
    if (json_array_size(versions)) {
        tree_copy(spec, json_array_get(versions, 0), "name");
        move(spec, "name", spec, "version");
        move_up(spec, versions);
    }
    rename_all_paths(spec, "jsonPath", "JSONPath");
    if (json_is_object(webhook)) {
        json_incref(webhook);
        json_object_del(conversion, "webhook");
        move(webhook, "clientConfig", conversion, "webhookClientConfig");
        move(webhook, "conversionReviewVersions", conversion, "conversionReviewVersions");
        json_decref(webhook);
    }
    if (!json_object_get(spec, "preserveUnknownFields"))
        json_object_set_new(spec, "preserveUnknownFields", json_false());
    in_order(spec);
    tree_set_string(crd, "apiVersion", CRDFORMS_STORED);
}

/* ---- back ---- */

static void only_version(json_t *spec)
{
    json_t *name = json_object_get(spec, "version");

    if (json_string_length(name) && json_array_size(json_object_get(spec, "versions")) == 0)
        json_object_set_new(spec, "versions",
                            json_pack("[{s:O, s:b, s:b}]", "name", name, "served", 1, "storage", 1));
}

static void move_down(json_t *spec, const char *from, const char *to)
{
    json_t *v = json_object_get(spec, from), *version;
    size_t i;

    if (v && !json_is_null(v))
        json_array_foreach(json_object_get(spec, "versions"), i, version) json_object_set(version, to, v);
    json_object_del(spec, from);
}

static void conversion_to_v1(json_t *conversion)
{
    json_t *webhook = json_object(), *reviews;

    move(conversion, "webhookClientConfig", webhook, "clientConfig");
    move(conversion, "conversionReviewVersions", webhook, "conversionReviewVersions");
    reviews = json_object_get(webhook, "conversionReviewVersions");
    if (str_is(tree_str(conversion, "strategy"), "Webhook") && json_array_size(reviews) == 0)
        json_object_set_new(webhook, "conversionReviewVersions", json_pack("[s]", "v1beta1"));
    if (json_object_size(webhook) && !json_object_get(conversion, "webhook"))
        json_object_set(conversion, "webhook", webhook);
    json_decref(webhook);
}

/* Every writer of the old form gives spec.version. */
void crdforms_to_v1(json_t *crd)
{
    json_t *spec = tree_get(crd, "spec"), *conversion = tree_get(crd, "spec.conversion");

    if (!json_is_object(spec))
        return;
    if (json_object_get(spec, "version") && !json_object_get(spec, "preserveUnknownFields"))
        json_object_set_new(spec, "preserveUnknownFields", json_true());
    only_version(spec);
    json_object_del(spec, "version");
    rename_all_paths(spec, "JSONPath", "jsonPath");
    for (size_t s = 0; s < NSHARED; s++)
        move_down(spec, SHARED[s].spec, SHARED[s].version);
    if (json_is_object(conversion))
        conversion_to_v1(conversion);
    tree_set_string(crd, "apiVersion", "apiextensions.k8s.io/v1");
}
