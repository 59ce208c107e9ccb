/* Few of these are ever there: everything is looked for where it would be. */
#include "registry/strategy/podfields.h"

#include <string.h>
#include "registry/walk/tree.h"

static const char *const CONTAINERS[] = {"initContainers", "containers", "ephemeralContainers"};

/* ---- matchLabelKeys ---- */

static void merge_keys(json_t *holder, const char *field, const char *operator, const json_t * labels)
{
    const json_t *keys = json_object_get(holder, field);
    json_t *selector = json_object_get(holder, "labelSelector"), *list;

    if (!json_array_size(keys) || !json_is_object(selector))
        return;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        json_t *value = key ? json_object_get(labels, key) : NULL;

        if (!value)
            continue;
        list = json_object_get(selector, "matchExpressions");
        if (!json_is_array(list)) {
            list = json_array();
            json_object_set_new(selector, "matchExpressions", list);
        }
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:[O]}", "key", key, "operator", operator, "values", value));
    }
}

static void merge_terms(const json_t *list, const char *inner, const json_t *labels)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *term = json_array_get(list, i);

        term = inner ? json_object_get(term, inner) : term;
        merge_keys(term, "matchLabelKeys", "In", labels);
        merge_keys(term, "mismatchLabelKeys", "NotIn", labels);
    }
}

static void merge_all(const json_t *spec, const json_t *labels)
{
    static const char *const AFFINITIES[] = {"affinity.podAffinity", "affinity.podAntiAffinity"};
    const json_t *spread = json_object_get(spec, "topologySpreadConstraints");

    for (int i = 0; i < 2; i++) {
        const json_t *affinity = tree_get(spec, AFFINITIES[i]);

        merge_terms(json_object_get(affinity, "preferredDuringSchedulingIgnoredDuringExecution"),
                    "podAffinityTerm", labels);
        merge_terms(json_object_get(affinity, "requiredDuringSchedulingIgnoredDuringExecution"), NULL,
                    labels);
    }
    for (size_t i = 0; i < json_array_size(spread); i++)
        merge_keys(json_array_get(spread, i), "matchLabelKeys", "In", labels);
}

/* ---- AppArmor ---- */

#define APPARMOR "container.apparmor.security.beta.kubernetes.io/"

/* The field that an annotation stands for (new reference), or NULL. */
static json_t *profile_of(struct str annotation)
{
    struct str path;

    if (str_is(annotation, "unconfined"))
        return json_pack("{s:s}", "type", "Unconfined");
    if (str_is(annotation, "runtime/default"))
        return json_pack("{s:s}", "type", "RuntimeDefault");
    if (!str_starts(annotation, STR("localhost/")))
        return NULL;
    path = (struct str){annotation.p + 10, annotation.n - 10};
    if (!path.n || path.n > 4095 || strchr(" \t\n\v\f\r", path.p[0]) ||
        strchr(" \t\n\v\f\r", path.p[path.n - 1]))
        return NULL;
    return json_pack("{s:s, s:o}", "type", "Localhost", "localhostProfile",
                     json_stringn_nocheck(path.p, path.n));
}

static void complete_profile(json_t *container, const json_t *annotations, const json_t *of_pod)
{
    const char *name = tree_string(container, "name");
    char key[sizeof(APPARMOR) + 64];
    const json_t *annotation;
    json_t *profile;

    if (!name || strlen(name) > 63 || tree_get(container, "securityContext.appArmorProfile"))
        return;
    strcpy(stpcpy(key, APPARMOR), name);
    annotation = json_object_get(annotations, key);
    profile = profile_of((struct str){json_string_value(annotation), json_string_length(annotation)});
    if (profile && !(of_pod && json_equal(of_pod, profile)))
        tree_set(container, "securityContext.appArmorProfile", json_incref(profile));
    json_decref(profile);
}

void podfields_complete(json_t *pod)
{
    const json_t *spec = tree_get(pod, "spec"), *annotations = tree_get(pod, "metadata.annotations");

    merge_all(spec, tree_get(pod, "metadata.labels"));
    if (!json_object_size(annotations) || str_is(tree_str(spec, "os.name"), "windows"))
        return;
    for (int k = 0; k < 3; k++) {
        const json_t *list = json_object_get(spec, CONTAINERS[k]);

        for (size_t i = 0; i < json_array_size(list); i++)
            complete_profile(json_array_get(list, i), annotations,
                             tree_get(spec, "securityContext.appArmorProfile"));
    }
}
