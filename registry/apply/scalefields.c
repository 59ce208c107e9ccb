#include "registry/apply/scalefields.h"

#include "registry/apply/managers.h"
#include "registry/walk/tree.h"

#define FIELDS "metadata.managedFields"
#define SCALE_VERSION STR("autoscaling/v1")

static bool has(struct arena *a, const struct fieldset *set, const struct fieldset *path)
{
    return fieldset_intersection(a, set, path) != NULL;
}

void scalefields_from_parent(struct arena *a, const struct schema_resource *r, const json_t *parent,
                             json_t *scale)
{
    const struct fieldset *replicas = fieldset_path(a, "spec.replicas");
    struct managers ms;
    const char *err;
    int n = 0;

    managers_read(&ms, a, tree_get(parent, FIELDS), true, &err);
    for (int i = 0; i < ms.n; i++) {
        struct manager *m = &ms.m[i];

        if (!str_is(m->version, r->api_version) || !has(a, m->set, replicas))
            continue;
        manager_set(m, replicas);
        m->version = SCALE_VERSION;
        ms.m[n++] = *m;
    }
    ms.n = n;
    managers_put(&ms, scale);
}

/* What managers of the object keep: replicas only if the Scale has them as the same manager still. Those it
 * has are taken out of theirs. */
static void keep_parents(struct arena *a, const struct schema_resource *r, struct managers *parents,
                         struct managers *scales, const struct fieldset *replicas)
{
    int n = 0;

    for (int i = 0; i < parents->n; i++) {
        struct manager *m = &parents->m[i], *same;

        if (!str_is(m->version, r->api_version))
            continue;
        same = has(a, m->set, replicas) ? managers_find(scales, m->id) : NULL;
        if (same)
            managers_remove(scales, same);
        else
            manager_set(m, fieldset_difference(a, m->set, replicas));
        if (m->set)
            parents->m[n++] = *m;
    }
    parents->n = n;
}

void scalefields_to_parent(struct arena *a, const struct schema_resource *r, json_t *parent,
                           const json_t *scale)
{
    const struct fieldset *replicas = fieldset_path(a, "spec.replicas");
    struct managers parents, scales;
    const char *err;

    managers_read(&parents, a, tree_get(parent, FIELDS), true, &err);
    managers_read(&scales, a, tree_get(scale, FIELDS), true, &err);
    keep_parents(a, r, &parents, &scales, replicas);
    for (int i = 0; i < scales.n; i++) {
        struct manager *m;

        if (!has(a, scales.m[i].set, replicas))
            continue;
        m = managers_add(&parents, scales.m[i].id);
        *m = scales.m[i];
        m->version = str_of(r->api_version);
        m->time = STR_NONE;
        manager_set(m, replicas);
    }
    managers_put(&parents, parent);
}
