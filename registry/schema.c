/* Lookups in the built-in tables. Binary searches over arrays that schemac has sorted: requests come here for
 * every URL and every body, so nothing is allocated and nothing is built at start. */
#include "registry/schema.h"
#include "registry/compiler/tables.h"
#include "shm/base/hash.h"

static int str_cmp_c(struct str s, const char *c)
{
    size_t n = strlen(c);
    int d = memcmp(s.p ? s.p : "", c, s.n < n ? s.n : n);
    if (d)
        return d;
    return (s.n > n) - (s.n < n);
}

static int compare3(const struct str key[3], const char *group, const char *version, const char *name)
{
    int d = str_cmp_c(key[0], group);
    if (!d)
        d = str_cmp_c(key[1], version);
    return d ? d : str_cmp_c(key[2], name);
}

static const struct schema_resource *find(const struct schema_resource *const *v, const struct str key[3],
                                          bool kind)
{
    int lo = 0, hi = schema_builtin.nresources;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        const struct schema_resource *r = v[mid];
        int d = compare3(key, r->group, r->version, kind ? r->kind : r->plural);
        if (!d)
            return r;
        if (d < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct schema_group *schema_groups(int *n)
{
    *n = schema_builtin.ngroups;
    return schema_builtin.groups;
}

const struct schema_group_version *schema_group_version(struct str group, struct str version)
{
    for (int i = 0; i < schema_builtin.ngroups; i++) {
        const struct schema_group *g = &schema_builtin.groups[i];
        if (!str_is(group, g->name))
            continue;
        for (int j = 0; j < g->nversions; j++) {
            if (str_is(version, g->versions[j].version))
                return &g->versions[j];
        }
    }
    return NULL;
}

const struct schema_resource *schema_resource(struct str group, struct str version, struct str plural)
{
    return find(schema_builtin.by_plural, (const struct str[]){group, version, plural}, false);
}

const struct schema_resource *schema_resource_of_kind(struct str group, struct str version, struct str kind)
{
    return find(schema_builtin.by_kind, (const struct str[]){group, version, kind}, true);
}

const struct schema_resource *schema_resource_of_id(uint32_t id)
{
    int lo = 0, hi = schema_builtin.nstored;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        const struct schema_resource *r = schema_builtin.by_id[mid];
        if (r->id == id)
            return r;
        if (id < r->id)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct schema_resource *const *schema_resources(int *n)
{
    *n = schema_builtin.nresources;
    return schema_builtin.resources;
}

const struct schema_resource *const *schema_stored(int *n)
{
    *n = schema_builtin.nstored;
    return schema_builtin.by_id;
}

const struct schema_resource *schema_internal(struct str group_and_plural)
{
    return schema_resource_of_id(hash_str32(group_and_plural));
}

const struct schema_subresource *schema_subresource(const struct schema_resource *r, struct str name)
{
    for (int i = 0; i < r->nsubresources; i++) {
        if (str_is(name, r->subresources[i].name))
            return &r->subresources[i];
    }
    return NULL;
}

const struct schema_type *schema_type(struct str group_version, struct str name)
{
    int lo = 0, hi = schema_builtin.ntypes;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        const struct schema_type *t = schema_builtin.types[mid];
        int d = str_cmp_c(group_version, t->group_version);
        if (!d)
            d = str_cmp_c(name, t->name);
        if (!d)
            return t;
        if (d < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct schema_field *schema_field(const struct schema_type *t, struct str json)
{
    int lo = 0, hi = t->nfields;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        const struct schema_field *f = &t->fields[t->by_name[mid]];
        int d = json.n ? (unsigned char)json.p[0] - (unsigned char)f->json[0] : -1; /* tells most apart */
        if (!d && !(d = str_cmp(json, (struct str){f->json, f->json_n})))
            return f;
        if (d < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct schema_type *const *schema_types(int *n)
{
    *n = schema_builtin.ntypes;
    return schema_builtin.types;
}
