/* What an update may keep of what is refused today: found by looking at the old object with the same checks.
 */
#include "registry/validation/pods.h"

#include "registry/validation/numbers.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

/* Complaints about the old object, which nobody is told. */
struct trial {
    struct status st;
    struct check c;
};

static void trial_start(struct trial *t, const struct check *c)
{
    *t = (struct trial){.st = {.arena = c->arena}};
    t->c = *c;
    t->c.st = &t->st;
}

static bool has_lax_terms(const json_t *affinity)
{
    static const char *const KINDS[] = {"podAffinity", "podAntiAffinity"};
    static const char *const SELECTORS[] = {"labelSelector", "namespaceSelector"};

    for (int k = 0; k < 2; k++) {
        const json_t *of = json_object_get(affinity, KINDS[k]);

        for (int l = 0; l < 2; l++) {
            const json_t *list = json_object_get(of, l ? PREFERRED : REQUIRED);

            for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *term = json_array_get(list, i);

                term = l ? json_object_get(term, "podAffinityTerm") : term;
                for (int s = 0; s < 2; s++) {
                    if (label_selector_is_lax(json_object_get(term, SELECTORS[s])))
                        return true;
                }
            }
        }
    }
    return false;
}

static bool has_lax_node_terms(const json_t *affinity)
{
    const json_t *terms = tree_get(affinity, "nodeAffinity." REQUIRED ".nodeSelectorTerms");

    for (size_t i = 0; i < json_array_size(terms); i++) {
        if (label_selector_is_lax(json_array_get(terms, i)))
            return true;
    }
    return false;
}

static bool has_odd_pages(struct check *c, const json_t *amounts)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)amounts, key, v)
    {
        if (resource_is_hugepages(str_of(key)) && !hugepages_divisible(c, str_of(key), quantity_of(v)))
            return true;
    }
    return false;
}

static void look_at_container(const struct pod *p, const struct at *at, const json_t *container, void *arg)
{
    struct pod_options *o = arg;

    if (has_odd_pages(p->c, tree_get(container, "resources.limits")) ||
        has_odd_pages(p->c, tree_get(container, "resources.requests")))
        o->lax_hugepages = true;
    if (!p->host_users && json_array_size(json_object_get(container, "volumeDevices")))
        o->lax_devices = true;
}

static void look_at_inits(struct pod_options *o, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *policies = json_object_get(json_array_get(list, i), "resizePolicy");

        for (size_t k = 0; !is_sidecar(json_array_get(list, i)) && k < json_array_size(policies); k++) {
            if (str_is(check_str(json_array_get(policies, k), "restartPolicy"), "RestartContainer"))
                o->lax_restart_init = true;
        }
    }
}

/* Each of these is let through when the old spec has complaints of its kind. */
static void look_at_spread(struct check *c, struct pod_options *o, const json_t *spec)
{
    const json_t *list = json_object_get(spec, "topologySpreadConstraints");
    struct at nowhere = at_field(NULL, "");

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct trial t;

        trial_start(&t, c);
        check_label_selector(&t.c, &nowhere, json_object_get(json_array_get(list, i), "labelSelector"),
                             false);
        if (t.st.ncauses)
            o->lax_spread_selector = true;
        trial_start(&t, c);
        check_match_label_keys(&t.c, &nowhere, json_array_get(list, i));
        if (t.st.ncauses)
            o->lax_spread_keys = true;
    }
}

static void look_at_tokens(struct check *c, struct pod_options *o, const json_t *spec)
{
    const json_t *volumes = json_object_get(spec, "volumes");
    struct at nowhere = at_field(NULL, "");

    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *sources = tree_get(json_array_get(volumes, i), "projected.sources");

        for (size_t k = 0; k < json_array_size(sources); k++) {
            const json_t *token = json_object_get(json_array_get(sources, k), "serviceAccountToken");
            struct trial t;

            trial_start(&t, c);
            check_plain_path(&t.c, &nowhere, check_str(token, "path"));
            if (token && t.st.ncauses)
                o->lax_token_path = true;
        }
    }
}

struct pod_options pod_options(struct check *c, const json_t *old_spec, const json_t *old_meta)
{
    struct pod_options o = {0};
    struct pod p = {
        .c = c, .spec = old_spec, .host_users = !json_is_false(json_object_get(old_spec, "hostUsers"))};
    const json_t *affinity = json_object_get(old_spec, "affinity");

    if (!old_spec)
        return o;
    o.lax_selectors = has_lax_terms(affinity);
    o.lax_node_affinity = has_lax_node_terms(affinity);
    visit_containers(&p, NULL, look_at_container, &o);
    look_at_inits(&o, json_object_get(old_spec, "initContainers"));
    look_at_spread(c, &o, old_spec);
    look_at_tokens(c, &o, old_spec);
    o.lax_sysctls = has_conflicting_sysctls(&p);
    o.any_selinux_change = tree_get(old_spec, "securityContext.seLinuxChangePolicy");
    o.lax_deletion_cost = has_odd_deletion_cost(json_object_get(old_meta, "annotations"));
    return o;
}
