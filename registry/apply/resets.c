/* The rule: the main resource does not write status, the status subresource does not write spec. The rows are
 * what differs from it. */
#include "registry/apply/resets.h"

struct row {
    const char *group, *plural, *subresource;
    const char *paths; /* separated by blanks */
};

static const struct row ROWS[] = {
    {"", "pods", "status", "spec metadata.deletionTimestamp metadata.ownerReferences"},
    {"admissionregistration.k8s.io", "validatingadmissionpolicies", "status", "spec metadata"},
    {"apiregistration.k8s.io", "apiservices", "status", "spec metadata"},
    {"apps", "deployments", "status", "spec metadata.labels"},
    {"certificates.k8s.io", "certificatesigningrequests", "", "spec status"},
    {"certificates.k8s.io", "certificatesigningrequests", "status", "spec status.conditions"},
    {"certificates.k8s.io", "certificatesigningrequests", "approval", "spec status.certificate"},
    {"certificates.k8s.io", "podcertificaterequests", "", ""},
    {"flowcontrol.apiserver.k8s.io", "flowschemas", "status", "spec metadata"},
    {"flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "status", "spec metadata"},
    {"networking.k8s.io", "servicecidrs", "status", "spec metadata"},
    {"resource.k8s.io", "devicetaintrules", "status", "spec metadata"},
    {"resource.k8s.io", "resourceclaims", "status", "spec metadata"},
    {"storage.k8s.io", "volumeattachments", "status", "spec metadata"},
    {"storagemigration.k8s.io", "storageversionmigrations", "status", "spec metadata"},
};

/* Subresources that write few fields and nothing else. */
static const struct row ONLY[] = {
    {"", "pods", "ephemeralcontainers", "spec.ephemeralContainers"},
    {"", "pods", "resize",
     "spec.containers.*.resources spec.containers.*.resizePolicy spec.initContainers.*.resources "
     "spec.initContainers.*.resizePolicy"},
};

static const char *find(const struct row *rows, size_t n, const struct schema_resource *r, const char *sub)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].plural, r->plural) == 0 && strcmp(rows[i].group, r->group) == 0 &&
            strcmp(rows[i].subresource, sub) == 0)
            return rows[i].paths;
    }
    return NULL;
}

static const char *rule(const struct schema_resource *r, const char *sub)
{
    if (!(r->flags & RESOURCE_STATUS))
        return "";
    if (strcmp(sub, "status") == 0)
        return "spec";
    return *sub && strcmp(sub, "finalize") != 0 ? "" : "status";
}

struct resets resets_of(struct arena *a, const struct schema_resource *r, const char *subresource)
{
    const char *only = find(ONLY, sizeof(ONLY) / sizeof(ONLY[0]), r, subresource);
    const char *paths = only ? only : find(ROWS, sizeof(ROWS) / sizeof(ROWS[0]), r, subresource);
    const struct fieldset **sets = NULL;
    struct resets rs = {0};
    struct str rest = str_of(paths ? paths : rule(r, subresource)), path;

    if (only)
        rs.only = sets = arena_raw(a, (rest.n + 1) * sizeof(*sets));
    while (rest.n && str_next(&rest, ' ', &path)) {
        const struct fieldset *set = fieldset_path(a, arena_cstr(a, path));

        if (only)
            sets[rs.nonly++] = set;
        else
            rs.reset = fieldset_union(a, rs.reset, set);
    }
    return rs;
}

static const struct fieldset *below(struct arena *a, const struct fieldset *pattern,
                                    const struct fieldset *set)
{
    const struct fieldset_node *want = &pattern->nodes[0];
    bool any = str_is(want->element.name, "*");
    struct fieldset_builder b = {.arena = a};

    for (int i = 0; set && i < set->n; i++) {
        const struct fieldset_node *node = &set->nodes[i];

        if (!any && element_cmp(&node->element, &want->element) != 0)
            continue;
        if (want->member)
            fieldset_add(&b, &node->element, node->member, node->children);
        else
            fieldset_add(&b, &node->element, node->member, below(a, want->children, node->children));
    }
    return fieldset_finish(&b);
}

const struct fieldset *resets_filter(struct arena *a, const struct resets *rs, const struct fieldset *set)
{
    const struct fieldset *out = NULL;

    if (!rs->nonly)
        return fieldset_difference_deep(a, set, rs->reset);
    for (int i = 0; i < rs->nonly; i++)
        out = fieldset_union(a, out, below(a, rs->only[i], set));
    return out;
}
