/* Volumes made of several sources, and files that show fields of the pod. Sources that no default feature
 * gate offers (trust bundles, pod certificates) were dropped before. */
#include "registry/validation/pods.h"

#include "registry/validation/volumesources.h"

#define TOKEN_MIN_S (10 * 60)
#define TOKEN_MAX_S (1ll << 32)

static void check_file(struct check *c, const struct at *at, const json_t *file)
{
    struct at path = at_field(at, "path"), field = at_field(at, "fieldRef"),
              resource = at_field(at, "resourceFieldRef");
    const json_t *field_ref = json_object_get(file, "fieldRef");
    const json_t *resource_ref = json_object_get(file, "resourceFieldRef");

    check_needed(c, at, file, "path");
    check_plain_path(c, &path, check_str(file, "path"));
    if (field_ref) {
        check_field_ref(c, &field, field_ref, true);
        if (resource_ref)
            check_invalid_str(c, at, STR("resource"),
                              "fieldRef and resourceFieldRef can not be specified simultaneously");
    } else if (resource_ref) {
        check_resource_field_ref(c, &resource, resource_ref, true);
    } else {
        check_required(c, at, "one of fieldRef and resourceFieldRef is required");
    }
    check_file_mode(c, at, file, "mode");
}

void check_downward_api(struct check *c, const struct at *at, const json_t *source)
{
    const json_t *items = json_object_get(source, "items");

    check_file_mode(c, at, source, "defaultMode");
    for (size_t i = 0; i < json_array_size(items) && !check_full(c); i++)
        check_file(c, at, json_array_get(items, i));
}

struct projection {
    struct check *c;
    const struct at *volume; /* where the reference complains about paths */
    struct seen *paths;
    const struct pod_options *o;
};

static void take_path(struct projection *p, struct str path, struct str shown)
{
    if (path.n && seen_add(p->paths, path))
        check_invalid_str(p->c, p->volume, shown, "conflicting duplicate paths");
}

static void check_keys(struct projection *p, const struct at *at, const json_t *source)
{
    const json_t *items = json_object_get(source, "items");
    struct at items_at = at_field(at, "items");

    check_needed(p->c, at, source, "name");
    for (size_t i = 0; i < json_array_size(items) && !check_full(p->c); i++) {
        struct at one = at_index(&items_at, i);

        check_key_to_path(p->c, &one, json_array_get(items, i));
        take_path(p, check_str(json_array_get(items, i), "path"), check_str(source, "name"));
    }
}

static void check_files(struct projection *p, const struct at *at, const json_t *source)
{
    const json_t *items = json_object_get(source, "items");

    for (size_t i = 0; i < json_array_size(items) && !check_full(p->c); i++) {
        struct str path = check_str(json_array_get(items, i), "path");

        check_file(p->c, at, json_array_get(items, i));
        take_path(p, path, path);
    }
}

static void check_token(struct projection *p, const struct at *at, const json_t *source)
{
    struct at seconds_at = at_field(at, "expirationSeconds"), path_at = at_field(p->volume, "path");
    int64_t seconds = check_int(source, "expirationSeconds", 0);
    struct str path = check_str(source, "path");

    if (seconds < TOKEN_MIN_S)
        check_invalid_int(p->c, &seconds_at, seconds, "may not specify a duration less than 10 minutes");
    if (seconds > TOKEN_MAX_S)
        check_invalid_int(p->c, &seconds_at, seconds, "may not specify a duration larger than 2^32 seconds");
    if (!path.n)
        check_required(p->c, &path_at, "");
    else if (!p->o->lax_token_path)
        check_plain_path(p->c, &path_at, path);
}

static const struct {
    const char *field;
    void (*check)(struct projection *p, const struct at *at, const json_t *source);
} PARTS[] = {{"secret", check_keys},
             {"configMap", check_keys},
             {"downwardAPI", check_files},
             {"serviceAccountToken", check_token}};

void check_projected(const struct pod *pod, const struct at *at, const json_t *source)
{
    struct projection p = {pod->c, at, seen_new(pod->c), pod->o};
    const json_t *list = json_object_get(source, "sources");
    struct at sources = at_field(at, "sources");

    check_file_mode(pod->c, at, source, "defaultMode");
    for (size_t i = 0; i < json_array_size(list) && !check_full(pod->c); i++) {
        struct at one = at_index(&sources, i);
        int n = 0;

        for (size_t k = 0; k < sizeof(PARTS) / sizeof(PARTS[0]); k++) {
            const json_t *part = json_object_get(json_array_get(list, i), PARTS[k].field);
            struct at place = at_field(&one, PARTS[k].field);

            if (!part)
                continue;
            n++;
            PARTS[k].check(&p, &place, part);
        }
        if (n > 1)
            check_forbidden(pod->c, &one, "may not specify more than 1 volume type per source");
    }
}
