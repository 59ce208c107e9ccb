/* OpenAPI documents, written from the schema: nothing is kept, nothing is read from a file. They are large
 * (megabytes) and change only when the resources do, so whoever serves them keeps them. */
#include "registry/walk/openapi.h"
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include "registry/walk/openapi_parts.h"
#include "shm/base/must.h"

#define SECURITY                                                                                             \
    "{\"BearerToken\":{\"description\":\"Bearer Token "                                                      \
    "authentication\",\"in\":\"header\",\"name\":\"authorization\","                                         \
    "\"type\":\"apiKey\"}}"

/* A GET that belongs to no resource: documents about the API itself. */
struct plain_path {
    const char *path, *id, *tag, *description;
    const char *package, *type; /* of the answer; NULL: a string */
    const char *const *produces;
};

static const struct plain_path fixed[] = {
    {"/api/", "getCoreAPIVersions", "core", "List the versions of the core API.", "meta/v1", "APIVersions",
     openapi_media_object},
    {"/apis/", "getAPIVersions", "apis", "List the API groups.", "meta/v1", "APIGroupList",
     openapi_media_object},
    {"/version/", "getCodeVersion", "version", "Read the version of this server.", "version", "Info",
     openapi_media_json},
    {"/.well-known/openid-configuration/", "getServiceAccountIssuerOpenIDConfiguration", "WellKnown",
     "Read who issues service account tokens.", NULL, NULL, openapi_media_json},
    {"/openid/v1/jwks/", "getServiceAccountIssuerOpenIDKeyset", "openid",
     "Read the keys that service account tokens are checked with.", NULL, NULL, openapi_media_keys},
};

static void begin(struct openapi *o, struct buf *out, bool v3)
{
    int n;
    schema_types(&n);
    *o = (struct openapi){.out = out, .v3 = v3, .sep = "", .wanted = calloc((size_t)n, sizeof(bool))};
    must(o->wanted);
    openapi_open(o, NULL, '{');
    openapi_text(o, v3 ? "openapi" : "swagger", v3 ? "3.0.0" : "2.0");
    openapi_key(o, "info");
    buf_puts(out, "{\"title\":\"Kubernetes\",\"version\":\"v" CUBED_VERSION "\"}");
    openapi_open(o, "paths", '{');
}

static void end(struct openapi *o)
{
    openapi_close(o, '}'); /* paths */
    if (o->v3)
        openapi_open(o, "components", '{');
    openapi_open(o, o->v3 ? "schemas" : "definitions", '{');
    openapi_definitions(o);
    openapi_close(o, '}');
    openapi_key(o, o->v3 ? "securitySchemes" : "securityDefinitions");
    buf_puts(o->out, SECURITY);
    if (o->v3)
        openapi_close(o, '}');
    else
        buf_puts(o->out, ",\"security\":[{\"BearerToken\":[]}]");
    openapi_close(o, '}');
    buf_putc(o->out, '\n');
    free(o->wanted);
}

static void put_plain(struct openapi *o, const struct plain_path *p)
{
    struct openapi_operation op = {
        .method = "get", .id = p->id, .tag = p->tag, .description = p->description, .produces = p->produces};
    if (p->type)
        op.answer = schema_type(str_of(p->package), str_of(p->type));
    openapi_open(o, p->path, '{');
    openapi_put_operation(o, &op);
    openapi_close(o, '}');
}

static void put_group_path(struct openapi *o, const char *group)
{
    char path[256], id[160], title[128], tag[128];
    openapi_title(title, group, NULL);
    openapi_tag(tag, group, NULL);
    snprintf(path, sizeof path, "/apis/%s/", group);
    snprintf(id, sizeof id, "get%sAPIGroup", title);
    put_plain(o, &(struct plain_path){path, id, tag, "List the versions of this API group.", "meta/v1",
                                      "APIGroup", openapi_media_object});
}

static void put_version_paths(struct openapi *o, const struct schema_group_version *v)
{
    char path[256], id[160], title[128], tag[128];
    openapi_title(title, v->group, v->version);
    openapi_tag(tag, v->group, v->version);
    snprintf(path, sizeof path, *v->group ? "/apis/%s/%s/" : "/api%s/%s/", v->group, v->version);
    snprintf(id, sizeof id, "get%sAPIResources", title);
    put_plain(o, &(struct plain_path){path, id, tag, "List the resources of this version.", "meta/v1",
                                      "APIResourceList", openapi_media_object});
    openapi_resource_paths(o, v);
}

void openapi_v2(struct buf *out)
{
    struct openapi o;
    int n;
    const struct schema_group *g = schema_groups(&n);
    begin(&o, out, false);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        put_plain(&o, &fixed[i]);
    for (int i = 0; i < n; i++) {
        if (*g[i].name)
            put_group_path(&o, g[i].name);
        for (int j = 0; j < g[i].nversions; j++)
            put_version_paths(&o, &g[i].versions[j]);
    }
    end(&o);
}

/* "/api/" is "api", "/version/" is "version". */
static struct str key_of(const char *path)
{
    return (struct str){path + 1, strlen(path) - 2};
}

/* What the v3 path names; all NULL: nothing. */
struct target {
    const struct plain_path *plain;
    const struct schema_group *group;
    const struct schema_group_version *version;
};

static struct target find(struct str path)
{
    struct target t = {0};
    struct str rest = path, piece[4];
    int n = 0, groups;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (str_eq(path, key_of(fixed[i].path)))
            t.plain = &fixed[i];
    }
    while (n < 4 && str_next(&rest, '/', &piece[n]))
        n++;
    const struct schema_group *g = schema_groups(&groups);
    if (n == 2 && str_is(piece[0], "api"))
        t.version = schema_group_version(STR(""), piece[1]);
    if (n == 3 && str_is(piece[0], "apis") && piece[1].n)
        t.version = schema_group_version(piece[1], piece[2]);
    for (int i = 0; n == 2 && i < groups; i++) {
        if (str_is(piece[0], "apis") && *g[i].name && str_is(piece[1], g[i].name))
            t.group = &g[i];
    }
    return t;
}

bool openapi_v3(struct buf *out, struct str path)
{
    struct openapi o;
    struct target t = find(path);
    if (!t.plain && !t.group && !t.version)
        return false;
    begin(&o, out, true);
    o.only = t.version;
    if (t.plain)
        put_plain(&o, t.plain);
    if (t.group)
        put_group_path(&o, t.group->name);
    if (t.version)
        put_version_paths(&o, t.version);
    end(&o);
    return true;
}

/* The hash is of the document itself: a client keeps what it has read for as long as the hash stays. */
static void put_index_entry(struct openapi *o, struct buf *scratch, const char *path)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    buf_clear(scratch);
    must(openapi_v3(scratch, str_of(path)));
    SHA256((const unsigned char *)scratch->p, scratch->n, sum);
    openapi_open(o, path, '{');
    openapi_key(o, "serverRelativeURL");
    buf_printf(o->out, "\"/openapi/v3/%s?hash=", path);
    for (size_t i = 0; i < sizeof sum; i++)
        buf_printf(o->out, "%02X", sum[i]);
    buf_putc(o->out, '"');
    openapi_close(o, '}');
}

void openapi_v3_index(struct buf *out)
{
    struct openapi o = {.out = out, .sep = ""};
    struct buf scratch = {0};
    char path[256];
    int n;
    const struct schema_group *g = schema_groups(&n);
    openapi_open(&o, NULL, '{');
    openapi_open(&o, "paths", '{');
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        struct str key = key_of(fixed[i].path);
        snprintf(path, sizeof path, "%.*s", STR_ARG(key));
        put_index_entry(&o, &scratch, path);
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "apis/%s", g[i].name);
        if (*g[i].name)
            put_index_entry(&o, &scratch, path);
        for (int j = 0; j < g[i].nversions; j++) {
            const struct schema_group_version *v = &g[i].versions[j];
            snprintf(path, sizeof path, *v->group ? "apis/%s/%s" : "api%s/%s", v->group, v->version);
            put_index_entry(&o, &scratch, path);
        }
    }
    openapi_close(&o, '}');
    openapi_close(&o, '}');
    buf_putc(out, '\n');
    buf_free(&scratch);
}
