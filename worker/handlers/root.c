/* /: the paths there are. */
#include "worker/handlers/handlers.h"

#include <stdlib.h>
#include <string.h>
#include "registry/walk/json.h"
#include "worker/handlers/documents.h"
#include "worker/handlers/health.h"
#include "worker/request/status.h"

#define PATHS_MAX 512

struct paths {
    char *p[PATHS_MAX];
    int n;
};

static void add(struct paths *all, char *path)
{
    if (path && all->n < PATHS_MAX)
        all->p[all->n++] = path;
    else
        free(path);
}

static char *join(const char *a, const char *b, const char *c, const char *d)
{
    struct buf out = {0};
    buf_printf(&out, "%s%s%s%s", a, b, c, d);
    buf_putc(&out, 0);
    return out.p;
}

static void add_groups(struct paths *all)
{
    int n;
    const struct schema_group *g = schema_groups(&n);
    for (int i = 0; i < n; i++) {
        bool core = !g[i].name[0];
        if (!core)
            add(all, join("/apis/", g[i].name, "", ""));
        for (int v = 0; v < g[i].nversions; v++)
            add(all, core ? join("/api/", g[i].versions[v].version, "", "")
                          : join("/apis/", g[i].name, "/", g[i].versions[v].version));
    }
}

static void add_health(void *arg, const char *path)
{
    add(arg, join(path, "", "", ""));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool make_paths(struct context *ctx, struct buf *out, struct str name)
{
    static const char *const fixed[] = {"/api",         "/apis",         "/apis/",      "/flagz",
                                        "/metrics",     "/metrics/slis", "/openapi/v2", "/openapi/v3",
                                        "/openapi/v3/", "/statusz",      "/version"};
    struct paths all = {.n = 0};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        add(&all, join(fixed[i], "", "", ""));
    add_groups(&all);
    health_paths(add_health, &all);
    qsort(all.p, (size_t)all.n, sizeof(all.p[0]), by_text);
    buf_puts(out, "{\"paths\":[");
    for (int i = 0; i < all.n; i++) {
        if (i)
            buf_putc(out, ',');
        json_write_string(out, str_of(all.p[i]));
        free(all.p[i]);
    }
    buf_puts(out, "]}");
    return true;
}

enum stage_result handler_root(struct request *rq)
{
    static const struct accept indented = {
        .media = MEDIA_JSON, .pretty = 2, .content_type = "application/json"};
    const struct document *doc = documents_get(rq->ctx->documents, "root", STR(""), make_paths);
    response_json(rq, 200, &indented, NULL, doc->body);
    return STAGE_DONE;
}
