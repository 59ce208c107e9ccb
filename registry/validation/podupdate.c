/* What may change of a pod. The reference takes what may change back and compares the rest: so does this,
 * since the answer shows the difference. */
#include "registry/validation/podkinds.h"

#include "registry/validation/formats.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/walk/tree.h"

#define MIRROR "kubernetes.io/config.mirror"
#define APPARMOR "container.apparmor.security.beta.kubernetes.io/"
#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"

static const struct schema_type *type_of(const struct check *c, const char *path)
{
    return printed_type(c->resource->type, path);
}

static bool same_string(const json_t *a, const json_t *b)
{
    return a && b && json_equal(a, b);
}

void check_annotation_changes(struct check *c, const json_t *pod, const json_t *old,
                              const struct pod_options *o)
{
    const json_t *now = tree_get(pod, "metadata.annotations"), *was = tree_get(old, "metadata.annotations"),
                 *v;
    struct at at = at_field(NULL, "metadata.annotations");
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)was, key, v)
    {
        struct at one = at_key(&at, str_of(key));

        if (same_string(v, json_object_get(now, key)))
            continue;
        if (str_starts(str_of(key), STR(APPARMOR)))
            check_forbidden(c, &one, "may not remove or update AppArmor annotations");
        if (strcmp(key, MIRROR) == 0)
            check_forbidden(c, &one, "may not remove or update mirror pod annotation");
    }
    json_object_foreach((json_t *)(uintptr_t)now, key, v)
    {
        struct at one = at_key(&at, str_of(key));

        if (json_object_get(was, key))
            continue;
        if (str_starts(str_of(key), STR(APPARMOR)))
            check_forbidden(c, &one, "may not add AppArmor annotations");
        if (strcmp(key, MIRROR) == 0)
            check_forbidden(c, &one, "may not add mirror pod annotation");
    }
    check_pod_annotations(c, &at, now, json_object_get(pod, "spec"), o);
}

/* false: further checks make no sense. */
static bool check_images(struct check *c, const char *field, const json_t *spec, const json_t *was)
{
    const json_t *list = json_object_get(spec, field);
    struct at spec_at = at_field(NULL, "spec"), at = at_field(&spec_at, field);

    if (json_array_size(list) != json_array_size(json_object_get(was, field))) {
        check_forbidden(c, &at, "pod updates may not add or remove containers");
        return false;
    }
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at one = at_index(&at, i);

        check_needed(c, &one, json_array_get(list, i), "image");
        check_container_image(c, &one, json_array_get(list, i));
    }
    return true;
}

static bool check_deadline(struct check *c, const json_t *spec, const json_t *was)
{
    struct at at = at_field(NULL, "spec.activeDeadlineSeconds");
    int64_t now = check_int(spec, "activeDeadlineSeconds", 0),
            before = check_int(was, "activeDeadlineSeconds", 0);
    bool has = check_has(spec, "activeDeadlineSeconds"), had = check_has(was, "activeDeadlineSeconds");

    if (!has) {
        if (had)
            check_invalid_text(c, &at, "null", "must not update from a positive integer to nil value");
        return true;
    }
    if (!check_range(c, &at, now, 0, INT32_MAX))
        return false;
    if (had && before < now) {
        check_invalid_int(c, &at, now, "must be less than or equal to previous value");
        return false;
    }
    return true;
}

/* All but the seconds, as one text: a list is then looked through once. */
static struct str toleration_id(struct check *c, const json_t *toleration)
{
    static const char *const FIELDS[] = {"key", "operator", "value", "effect"};
    struct buf b = {0};
    struct str id;

    for (int i = 0; i < 4; i++) {
        struct str s = check_str(toleration, FIELDS[i]);

        buf_printf(&b, "%zu:", s.n);
        buf_str(&b, s);
    }
    id = arena_str(c->arena, buf_view(&b));
    buf_free(&b);
    return id;
}

static void check_added_tolerations(struct check *c, const json_t *spec, const json_t *was)
{
    const json_t *now = json_object_get(spec, "tolerations"), *before = json_object_get(was, "tolerations");
    struct at at = at_field(NULL, "spec.tolerations");
    struct seen *ids = seen_new(c);

    for (size_t i = 0; i < json_array_size(now); i++)
        seen_add(ids, toleration_id(c, json_array_get(now, i)));
    for (size_t i = 0; i < json_array_size(before); i++) {
        if (seen_has(ids, toleration_id(c, json_array_get(before, i))))
            continue;
        check_forbidden(c, &at, "existing toleration can not be modified except its tolerationSeconds");
        return;
    }
    check_tolerations(c, &at, now);
}

static void check_deleted_gates(struct check *c, const json_t *spec, const json_t *was)
{
    const json_t *now = json_object_get(spec, "schedulingGates");
    struct at at = at_field(NULL, "spec.schedulingGates");
    struct seen *before = seen_new(c);

    seen_add_list(before, json_object_get(was, "schedulingGates"), "name");
    for (size_t i = 0; i < json_array_size(now) && !check_full(c); i++) {
        struct at one = at_index(&at, i), name = at_field(&one, "name");
        struct str gate = check_str(json_array_get(now, i), "name");

        if (!seen_has(before, gate))
            check_forbidden(c, &name,
                            arena_printf(c->arena,
                                         "only deletion is allowed, but found new scheduling gate '%.*s'",
                                         STR_ARG(gate)));
    }
}

static void keep_images(json_t *spec, const json_t *was, const char *field)
{
    json_t *list = json_object_get(spec, field);

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_object(json_array_get(list, i)))
            continue;
        tree_copy(json_array_get(list, i), json_array_get(json_object_get(was, field), i), "image");
    }
}

static void check_node_selector_additions(struct check *c, const json_t *spec, const json_t *was)
{
    const json_t *now = json_object_get(spec, "nodeSelector"), *v;
    struct at at = at_field(NULL, "spec.nodeSelector");
    const char *key;

    json_object_foreach(json_object_get(was, "nodeSelector"), key, v)
    {
        if (same_string(v, json_object_get(now, key)))
            continue;
        check_invalid_of(c, &at, now, type_of(c, "spec.nodeSelector"),
                         "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
        return;
    }
}

/* The old list is what the new one begins with. */
static bool begins_with(const json_t *now, const json_t *was, const struct schema_type *of)
{
    if (json_array_size(now) < json_array_size(was))
        return false;
    for (size_t i = 0; i < json_array_size(was); i++) {
        if (!same_value(json_array_get(now, i), json_array_get(was, i), of))
            return false;
    }
    return true;
}

static bool only_adds(const json_t *term, const json_t *was)
{
    const struct schema_type *of = schema_type(STR("core/v1"), STR("NodeSelectorRequirement"));
    const json_t *labels = json_object_get(term, "matchExpressions"),
                 *fields = json_object_get(term, "matchFields");
    const json_t *old_labels = json_object_get(was, "matchExpressions"),
                 *old_fields = json_object_get(was, "matchFields");

    if (!json_array_size(old_labels) && !json_array_size(old_fields))
        return !json_array_size(labels) && !json_array_size(fields);
    return begins_with(labels, old_labels, of) && begins_with(fields, old_fields, of);
}

static void check_node_affinity_additions(struct check *c, const json_t *spec, const json_t *was)
{
    const struct schema_type *term = schema_type(STR("core/v1"), STR("NodeSelectorTerm"));
    const struct schema_type *selector = schema_type(STR("core/v1"), STR("NodeSelector"));
    const json_t *now = tree_get(spec, "affinity.nodeAffinity." REQUIRED ".nodeSelectorTerms");
    const json_t *before = tree_get(was, "affinity.nodeAffinity." REQUIRED ".nodeSelectorTerms");
    struct at at = at_field(NULL, "spec.affinity.nodeAffinity." REQUIRED ".nodeSelectorTerms");

    if (json_array_size(before) && json_array_size(before) != json_array_size(now)) {
        check_invalid_of(c, &at, now, printed_type(selector, "nodeSelectorTerms"),
                         "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
        return;
    }
    for (size_t i = 0; i < json_array_size(before) && !check_full(c); i++) {
        struct at one = at_index(&at, i);

        if (!only_adds(json_array_get(now, i), json_array_get(before, i)))
            check_invalid_of(c, &one, json_array_get(now, i), term,
                             "only additions are allowed (no mutations or deletions)");
    }
}

/* A pod that is not scheduled yet may be pinned down further. munged gets what it had. */
static void check_gated(struct check *c, json_t *munged, const json_t *was)
{
    const struct schema_type *affinity = schema_type(STR("core/v1"), STR("NodeAffinity"));
    const json_t *node = tree_get(munged, "affinity.nodeAffinity"),
                 *old_node = tree_get(was, "affinity.nodeAffinity");

    check_node_selector_additions(c, munged, was);
    tree_copy(munged, was, "nodeSelector");
    if (!node && !old_node)
        return;
    if (node && old_node && same_value(node, old_node, affinity))
        return;
    if (old_node && check_has(old_node, REQUIRED))
        check_node_affinity_additions(c, munged, was);
    if (!check_has(was, "affinity") && !tree_get(munged, "affinity.podAffinity") &&
        !tree_get(munged, "affinity.podAntiAffinity"))
        tree_delete(munged, "affinity");
    else
        tree_copy(munged, was, "affinity.nodeAffinity");
}

static void check_rest(struct check *c, const json_t *spec, const json_t *was)
{
    const struct schema_type *type = type_of(c, "spec");
    int64_t grace = check_int(was, "terminationGracePeriodSeconds", 0);
    struct at at = at_field(NULL, "spec");
    json_t *munged;

    if (same_value(spec, was, type))
        return;
    munged = json_deep_copy(spec);
    keep_images(munged, was, "containers");
    keep_images(munged, was, "initContainers");
    tree_copy(munged, was, "activeDeadlineSeconds");
    tree_copy(munged, was, "schedulingGates");
    tree_copy(munged, was, "tolerations");
    if (grace < 0 && check_int(munged, "terminationGracePeriodSeconds", 0) == 1)
        tree_copy(munged, was, "terminationGracePeriodSeconds");
    if (json_array_size(json_object_get(was, "schedulingGates")))
        check_gated(c, munged, was);
    if (!check_full(c) && !same_value(munged, was, type))
        check_forbidden(
            c, &at,
            arena_printf(
                c->arena,
                "pod updates may not change fields other than `spec.containers[*].image`,"
                "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
                "set to 1 if it was previously negative)\n%s",
                printed_diff(c, was, munged, type)));
    json_decref(munged);
}

static struct pod_options options_of(struct check *c, const json_t *old)
{
    struct pod_options o = pod_options(c, json_object_get(old, "spec"), json_object_get(old, "metadata"));

    o.is_pod = true;
    return o;
}

void pod_update(struct check *c, const json_t *pod, const json_t *old)
{
    struct pod_options o = options_of(c, old);
    const json_t *spec = json_object_get(pod, "spec"), *was = json_object_get(old, "spec");

    check_metadata_update(c, pod, old);
    check_metadata(c, pod);
    check_pod(c, pod, &o);
    check_annotation_changes(c, pod, old, &o);
    if (!check_images(c, "containers", spec, was) || !check_images(c, "initContainers", spec, was) ||
        !check_deadline(c, spec, was))
        return;
    check_added_tolerations(c, spec, was);
    check_deleted_gates(c, spec, was);
    check_rest(c, spec, was);
}

/* ---- ephemeral containers ---- */

static void only(struct check *c, const char *why)
{
    struct at whole = at_whole();

    c->st->ncauses = 0;
    c->st->causes_bytes = 0;
    check_forbidden(c, &whole, why);
}

static void check_kept(struct check *c, const json_t *pod, const json_t *old)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("EphemeralContainer"));
    const json_t *now = tree_get(pod, "spec.ephemeralContainers"),
                 *was = tree_get(old, "spec.ephemeralContainers");
    struct at at = at_field(NULL, "spec.ephemeralContainers");
    struct seen *names = seen_new(c);

    for (size_t i = 0; i < json_array_size(now); i++) {
        seen_add(names, check_str(json_array_get(now, i), "name"));
        seen_set(names, check_str(json_array_get(now, i), "name"), i + 1);
    }
    for (size_t i = 0; i < json_array_size(was) && !check_full(c); i++) {
        const json_t *one = json_array_get(was, i);
        struct str name = check_str(one, "name");
        const json_t *other = seen_has(names, name) ? json_array_get(now, seen_get(names, name) - 1) : NULL;

        if (!other)
            check_forbidden(c, &at,
                            arena_printf(c->arena, "existing ephemeral containers %s may not be removed\n",
                                         check_quoted(c, name)));
        else if (!same_value(one, other, type))
            check_forbidden(c, &at,
                            arena_printf(c->arena, "existing ephemeral containers %s may not be changed\n%s",
                                         check_quoted(c, name), printed_diff(c, one, other, type)));
    }
}

static void check_debug(struct check *c, const json_t *pod, const json_t *old, const struct pod_options *o)
{
    check_annotation_changes(c, pod, old, o);
    if (check_has(tree_get(old, "metadata.annotations"), MIRROR))
        only(c, "static pods do not support ephemeral containers");
    else
        check_kept(c, pod, old);
}

void pod_part_update(struct check *c, const json_t *pod, const json_t *old)
{
    struct pod_options o = options_of(c, old);
    bool resize = strcmp(c->subresource, "resize") == 0;

    if (!resize && strcmp(c->subresource, "ephemeralcontainers") != 0)
        return;
    check_metadata_update(c, pod, old);
    check_metadata(c, pod);
    check_pod(c, pod, &o);
    if (!resize)
        check_debug(c, pod, old, &o);
    else if (check_has(tree_get(old, "metadata.annotations"), MIRROR))
        only(c, "static pods cannot be resized");
    else if (str_is(tree_str(old, "spec.os.name"), "windows"))
        only(c, "windows pods cannot be resized");
    else
        check_pod_resize(c, pod, old);
}
