/* Pods and PodTemplates as objects. Updates: podupdate.c; status: podstatus.c. */
#include "registry/validation/podkinds.h"

#include "registry/validation/rows.h"
#include "registry/walk/tree.h"

static void check_token_sources(struct check *c, const struct at *at, const json_t *spec)
{
    const json_t *volumes = json_object_get(spec, "volumes");
    struct at volumes_at = at_field(at, "volumes");

    for (size_t i = 0; i < json_array_size(volumes) && !check_full(c); i++) {
        const json_t *sources = tree_get(json_array_get(volumes, i), "projected.sources");
        struct at volume = at_index(&volumes_at, i), sources_at = at_field(&volume, "projected.sources");

        for (size_t k = 0; k < json_array_size(sources) && !check_full(c); k++) {
            struct at source = at_index(&sources_at, k), token = at_field(&source, "serviceAccountToken");

            if (check_has(json_array_get(sources, k), "serviceAccountToken"))
                check_forbidden(c, &token, "must not be specified when serviceAccountName is not set");
        }
    }
}

void check_pod(struct check *c, const json_t *pod, const struct pod_options *o)
{
    static const char *const LISTS[] = {"containers", "initContainers"};
    const json_t *meta = json_object_get(pod, "metadata"), *spec = json_object_get(pod, "spec");
    struct at annotations = at_field(NULL, "metadata.annotations"), at = at_field(NULL, "spec");

    check_pod_annotations(c, &annotations, json_object_get(meta, "annotations"), spec, o);
    check_pod_spec(c, &at, spec, meta, o);
    if (!check_str(spec, "serviceAccountName").n)
        check_token_sources(c, &at, spec);
    for (int i = 0; i < 2; i++) {
        const json_t *list = json_object_get(spec, LISTS[i]);
        struct at list_at = at_field(&at, LISTS[i]);

        for (size_t k = 0; k < json_array_size(list) && !check_full(c); k++) {
            struct at one = at_index(&list_at, k);

            check_container_image(c, &one, json_array_get(list, k));
        }
    }
}

static void pod_create(struct check *c, const json_t *pod)
{
    struct pod_options o = {.is_pod = true};
    struct at at = at_field(NULL, "spec"), ephemeral = at_field(&at, "ephemeralContainers"),
              node = at_field(&at, "nodeName");
    const json_t *spec = json_object_get(pod, "spec");

    check_pod(c, pod, &o);
    if (json_array_size(json_object_get(spec, "ephemeralContainers")))
        check_forbidden(c, &ephemeral, "cannot be set on create");
    if (check_str(spec, "nodeName").n && json_array_size(json_object_get(spec, "schedulingGates")))
        check_forbidden(c, &node, "cannot be set until all schedulingGates have been cleared");
    check_profiles_agree(c, &at, json_object_get(pod, "metadata"), spec);
}

static void template_create(struct check *c, const json_t *obj)
{
    struct pod_options o = {0};
    struct at at = at_field(NULL, "template");

    check_pod_template(c, &at, json_object_get(obj, "template"), &o);
}

static void template_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct pod_options o = pod_options(c, tree_get(old, "template.spec"), tree_get(old, "template.metadata"));
    struct at at = at_field(NULL, "template");

    check_pod_template(c, &at, json_object_get(obj, "template"), &o);
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "pods",
     .create = pod_create,
     .update = pod_update,
     .update_status = pod_status_update,
     .update_part = pod_part_update,
     .checks_metadata = true},
    {.group = "", .plural = "podtemplates", .create = template_create, .update = template_update},
};

const struct validation_rows validation_rows_pod = VALIDATION_ROWS(ROWS);
