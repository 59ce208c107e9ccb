/* Discovery is a view of the schema: the documents are written from the tables each time, in the order of the
 * reference's structs, and whoever serves them may keep them, since they only change when the resources do.
 */
#include "registry/walk/discovery.h"
#include <openssl/sha.h>

/* In the reference's (alphabetical) order. */
static const struct {
    uint32_t verb;
    const char *name;
} verb_names[] = {
    {VERB_CREATE, "create"}, {VERB_DELETE, "delete"}, {VERB_DELETECOLLECTION, "deletecollection"},
    {VERB_GET, "get"},       {VERB_LIST, "list"},     {VERB_PATCH, "patch"},
    {VERB_UPDATE, "update"}, {VERB_WATCH, "watch"},
};

static void put_verbs(struct buf *out, uint32_t verbs)
{
    const char *sep = "";
    buf_puts(out, "\"verbs\":[");
    for (size_t i = 0; i < sizeof verb_names / sizeof *verb_names; i++) {
        if (!(verbs & verb_names[i].verb))
            continue;
        buf_printf(out, "%s\"%s\"", sep, verb_names[i].name);
        sep = ",";
    }
    buf_putc(out, ']');
}

/* ,"NAME":["a","b"] unless the list is empty. */
static void put_names(struct buf *out, const char *name, const char *const *list)
{
    if (!list || !*list)
        return;
    buf_printf(out, ",\"%s\":[", name);
    for (int i = 0; list[i]; i++)
        buf_printf(out, "%s\"%s\"", i ? "," : "", list[i]);
    buf_putc(out, ']');
}

/* The first 8 bytes of the SHA-256 of group/version/kind as stored, in base64 (apiserver's
 * endpoints/discovery): clients only compare it. */
static void put_storage_hash(struct buf *out, const struct schema_resource *r)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char sum[SHA256_DIGEST_LENGTH];
    struct buf text = {0};
    buf_printf(&text, "%s%s/%s", strchr(r->stored_version, '/') ? "" : "/", r->stored_version,
               r->storage->kind);
    SHA256((const unsigned char *)text.p, text.n, sum);
    buf_free(&text);
    sum[8] = 0; /* pads the last group of three */
    char hash[13] = {0};
    for (int i = 0; i < 3; i++) {
        uint32_t v = (uint32_t)sum[3 * i] << 16 | (uint32_t)sum[3 * i + 1] << 8 | sum[3 * i + 2];
        for (int j = 0; j < 4; j++)
            hash[4 * i + j] = digits[v >> (18 - 6 * j) & 63];
    }
    hash[11] = '=';
    buf_printf(out, ",\"storageVersionHash\":\"%s\"", hash);
}

static void put_resource(struct buf *out, const struct schema_resource *r)
{
    const char *namespaced = r->flags & RESOURCE_NAMESPACED ? "true" : "false";
    buf_printf(out, "{\"name\":\"%s\",\"singularName\":\"%s\",\"namespaced\":%s,\"kind\":\"%s\",", r->plural,
               r->singular, namespaced, r->kind);
    put_verbs(out, r->verbs);
    put_names(out, "shortNames", r->short_names);
    put_names(out, "categories", r->categories);
    if (r->stored_version)
        put_storage_hash(out, r);
    buf_putc(out, '}');
    for (int i = 0; i < r->nsubresources; i++) {
        const struct schema_subresource *s = &r->subresources[i];
        buf_printf(out, ",{\"name\":\"%s/%s\",\"singularName\":\"\",\"namespaced\":%s,", r->plural, s->name,
                   namespaced);
        if (s->group && *s->group)
            buf_printf(out, "\"group\":\"%s\",", s->group);
        if (s->version)
            buf_printf(out, "\"version\":\"%s\",", s->version);
        buf_printf(out, "\"kind\":\"%s\",", s->kind);
        put_verbs(out, s->verbs);
        buf_putc(out, '}');
    }
}

void discovery_api_versions(struct buf *out, const char *server_address)
{
    buf_printf(out,
               "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],\"serverAddressByClientCIDRs\":["
               "{\"clientCIDR\":\"0.0.0.0/0\",\"serverAddress\":\"%s\"}]}\n",
               server_address);
}

static void put_group_version(struct buf *out, const struct schema_group_version *v)
{
    buf_printf(out, "{\"groupVersion\":\"%s/%s\",\"version\":\"%s\"}", v->group, v->version, v->version);
}

static void put_group(struct buf *out, const struct schema_group *g)
{
    buf_printf(out, "\"name\":\"%s\",\"versions\":[", g->name);
    for (int i = 0; i < g->nversions; i++) {
        if (i)
            buf_putc(out, ',');
        put_group_version(out, &g->versions[i]);
    }
    buf_puts(out, "],\"preferredVersion\":");
    put_group_version(out, &g->versions[0]);
    buf_putc(out, '}');
}

void discovery_group_list(struct buf *out)
{
    int n;
    const struct schema_group *g = schema_groups(&n);
    const char *sep = "";
    buf_puts(out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[");
    for (int i = 0; i < n; i++) {
        if (!*g[i].name)
            continue; /* the core group has its own root, /api */
        buf_puts(out, sep);
        buf_putc(out, '{');
        put_group(out, &g[i]);
        sep = ",";
    }
    buf_puts(out, "]}\n");
}

bool discovery_group(struct buf *out, struct str group)
{
    int n;
    const struct schema_group *g = schema_groups(&n);
    for (int i = 0; i < n; i++) {
        if (!*g[i].name || !str_is(group, g[i].name))
            continue;
        buf_puts(out, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",");
        put_group(out, &g[i]);
        buf_putc(out, '\n');
        return true;
    }
    return false;
}

bool discovery_resources(struct buf *out, struct str group, struct str version)
{
    const struct schema_group_version *v = schema_group_version(group, version);
    if (!v)
        return false;
    buf_puts(out, "{\"kind\":\"APIResourceList\",");
    if (*v->group) /* the reference's /api/v1 has no apiVersion */
        buf_printf(out, "\"apiVersion\":\"v1\",\"groupVersion\":\"%s/%s\"", v->group, v->version);
    else
        buf_printf(out, "\"groupVersion\":\"%s\"", v->version);
    buf_puts(out, ",\"resources\":[");
    for (int i = 0; i < v->nresources; i++) {
        if (i)
            buf_putc(out, ',');
        put_resource(out, v->resources[i]);
    }
    buf_puts(out, "]}\n");
    return true;
}

static void put_response_kind(struct buf *out, const char *group, const char *version, const char *kind)
{
    buf_printf(out, "\"responseKind\":{\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"%s\"},",
               group ? group : "", version ? version : "", kind);
}

static void put_aggregated_resource(struct buf *out, const struct schema_resource *r)
{
    buf_printf(out, "{\"resource\":\"%s\",", r->plural);
    put_response_kind(out, NULL, NULL, r->kind);
    buf_printf(out, "\"scope\":\"%s\",\"singularResource\":\"%s\",",
               r->flags & RESOURCE_NAMESPACED ? "Namespaced" : "Cluster", r->singular);
    put_verbs(out, r->verbs);
    put_names(out, "shortNames", r->short_names);
    put_names(out, "categories", r->categories);
    for (int i = 0; i < r->nsubresources; i++) {
        const struct schema_subresource *s = &r->subresources[i];
        buf_puts(out, i ? "," : ",\"subresources\":[");
        buf_printf(out, "{\"subresource\":\"%s\",", s->name);
        put_response_kind(out, s->group, s->version, s->kind);
        put_verbs(out, s->verbs);
        buf_putc(out, '}');
    }
    buf_puts(out, r->nsubresources ? "]}" : "}");
}

static void put_aggregated_group(struct buf *out, const struct schema_group *g)
{
    buf_puts(out, "{\"metadata\":{");
    if (*g->name)
        buf_printf(out, "\"name\":\"%s\"", g->name);
    buf_puts(out, "},\"versions\":[");
    for (int i = 0; i < g->nversions; i++) {
        const struct schema_group_version *v = &g->versions[i];
        buf_printf(out, "%s{\"version\":\"%s\",\"resources\":[", i ? "," : "", v->version);
        for (int j = 0; j < v->nresources; j++) {
            if (j)
                buf_putc(out, ',');
            put_aggregated_resource(out, v->resources[j]);
        }
        buf_puts(out, "],\"freshness\":\"Current\"}");
    }
    buf_puts(out, "]}");
}

void discovery_aggregated(struct buf *out, bool core, const char *version)
{
    int n;
    const struct schema_group *g = schema_groups(&n);
    const char *sep = "";
    buf_printf(out,
               "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/%s\","
               "\"metadata\":{},\"items\":[",
               version);
    for (int i = 0; i < n; i++) {
        if (core == (*g[i].name != '\0'))
            continue;
        buf_puts(out, sep);
        put_aggregated_group(out, &g[i]);
        sep = ",";
    }
    buf_puts(out, "]}\n");
}
