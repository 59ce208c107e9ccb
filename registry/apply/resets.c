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

static const char *find(const struct schema_resource *r, const char *sub)
{
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (strcmp(ROWS[i].plural, r->plural) == 0 && strcmp(ROWS[i].group, r->group) == 0 &&
            strcmp(ROWS[i].subresource, sub) == 0)
            return ROWS[i].paths;
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
    const char *paths = find(r, subresource);
    struct str rest = str_of(paths ? paths : rule(r, subresource)), path;
    struct resets rs = {0};

    while (rest.n && str_next(&rest, ' ', &path))
        rs.reset = fieldset_union(a, rs.reset, fieldset_path(a, arena_cstr(a, path)));
    return rs;
}

const struct fieldset *resets_filter(struct arena *a, const struct resets *rs, const struct fieldset *set)
{
    return fieldset_difference_deep(a, set, rs->reset);
}
