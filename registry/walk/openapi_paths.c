/* The paths of a group version: for each resource its collections, its objects, their subresources, and the
 * old watch paths, with the operations that its verbs allow. */
#include <stdio.h>
#include "registry/walk/openapi_parts.h"

/* One path, and what the ids of its operations are made of. */
struct place {
    const struct schema_resource *r;
    const struct schema_subresource *sub; /* or NULL */
    bool namespaced, named;
    const char *base;              /* "/api/v1", "/apis/apps/v1" */
    const char *title, *tag, *end; /* of ids: "CoreV1", "core_v1", "ForAllNamespaces" */
};

enum form { FORM_COLLECTION, FORM_OBJECT, FORM_SUBRESOURCE };

static const struct row {
    uint32_t verb;
    unsigned forms; /* set of 1 << enum form */
    const char *method, *action, *id, *words;
    unsigned parameters;
    bool created, accepted;
} rows[] = {
    {VERB_LIST, 1, "get", "list", "list", "List or watch objects of kind", PARAM_LIST, false, false},
    {VERB_CREATE, 1 | 4, "post", "post", "create", "Create", PARAM_WRITE, true, true},
    {VERB_DELETECOLLECTION, 1, "delete", "deletecollection", "delete",
     "Delete all or the selected objects of kind", PARAM_COLLECTION | PARAM_DELETE, false, false},
    {VERB_GET, 2 | 4, "get", "get", "read", "Read one", 0, false, false},
    {VERB_UPDATE, 2 | 4, "put", "put", "replace", "Replace one", PARAM_WRITE, true, false},
    {VERB_PATCH, 2 | 4, "patch", "patch", "patch", "Change parts of one", PARAM_WRITE | PARAM_APPLY, true,
     false},
    {VERB_DELETE, 2, "delete", "delete", "delete", "Delete one", PARAM_DELETE, false, true},
};

static const struct schema_type *meta(const char *name)
{
    return schema_type(STR("meta/v1"), str_of(name));
}

static const struct schema_type *list_type(const struct schema_resource *r)
{
    char name[128];
    snprintf(name, sizeof name, "%sList", r->type->name);
    return schema_type(str_of(r->type->group_version), str_of(name));
}

static void path_text(char out[256], const struct place *p, const char *watch)
{
    snprintf(out, 256, "%s%s%s/%s%s%s%s", p->base, watch, p->namespaced ? "/namespaces/{namespace}" : "",
             p->r->plural, p->named ? "/{name}" : "", p->sub ? "/" : "", p->sub ? p->sub->name : "");
}

/* readCoreV1NamespacedPodStatus: verb, "Collection" or method, group version, scope, kind, subresource, end.
 */
static void id_text(char out[256], const struct place *p, const char *verb, const char *middle)
{
    char sub[64] = "";
    if (p->sub)
        snprintf(sub, sizeof sub, "%c%s", p->sub->name[0] - 32, p->sub->name + 1);
    snprintf(out, 256, "%s%s%s%s%s%s%s", verb, p->title, middle, p->namespaced ? "Namespaced" : "",
             p->r->kind, sub, p->end);
}

static void fill_bodies(const struct place *p, const struct row *row, struct openapi_operation *op)
{
    op->answer = p->sub ? p->sub->type : p->r->type;
    switch (row->verb) {
    case VERB_LIST:
        op->answer = list_type(p->r);
        op->produces = openapi_media_watch;
        break;
    case VERB_DELETECOLLECTION:
    case VERB_DELETE:
        op->body = meta("DeleteOptions");
        op->body_optional = true;
        if (row->verb == VERB_DELETECOLLECTION || !(p->r->flags & RESOURCE_RETURNS_DELETED))
            op->answer = meta("Status");
        break;
    case VERB_PATCH:
        op->body = meta("Patch");
        op->patch = true;
        break;
    case VERB_CREATE:
    case VERB_UPDATE:
        op->body = op->answer;
        break;
    default:
        break;
    }
}

static void fill_kind(const struct place *p, struct openapi_operation *op)
{
    op->group = p->sub && p->sub->group ? p->sub->group : p->r->group;
    op->version = p->sub && p->sub->version ? p->sub->version : p->r->version;
    op->kind = p->sub ? p->sub->kind : p->r->kind;
}

static void put_row(struct openapi *o, const struct place *p, const struct row *row)
{
    char id[256], text[256];
    struct openapi_operation op = {.method = row->method,
                                   .action = row->action,
                                   .id = id,
                                   .tag = p->tag,
                                   .description = text,
                                   .created = row->created,
                                   .accepted = row->accepted,
                                   .parameters = row->parameters,
                                   .produces = openapi_media_object};
    id_text(id, p, row->id, row->verb == VERB_DELETECOLLECTION ? "Collection" : "");
    snprintf(text, sizeof text, "%s %s%s%s.", row->words, p->r->kind, p->sub ? ": " : "",
             p->sub ? p->sub->name : "");
    fill_kind(p, &op);
    fill_bodies(p, row, &op);
    openapi_put_operation(o, &op);
}

static void put_path(struct openapi *o, const struct place *p, uint32_t verbs)
{
    enum form form = p->sub ? FORM_SUBRESOURCE : p->named ? FORM_OBJECT : FORM_COLLECTION;
    bool any = false;
    char path[256];
    path_text(path, p, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(verbs & rows[i].verb) || !(rows[i].forms & (1u << form)))
            continue;
        if (!any)
            openapi_open(o, path, '{');
        any = true;
        put_row(o, p, &rows[i]);
    }
    if (!any)
        return;
    openapi_path_parameters(o, path, true);
    openapi_close(o, '}');
}

/* exec, proxy, ...: any method may mean something to the other end. */
static void put_connect(struct openapi *o, struct place p, bool with_path)
{
    static const struct {
        uint32_t verb;
        const char *method, *word;
    } methods[] = {
        {VERB_GET, "get", "Get"},
        {VERB_CREATE, "post", "Post"},
        {VERB_UPDATE, "put", "Put"},
        {VERB_PATCH, "patch", "Patch"},
        {VERB_DELETE, "delete", "Delete"},
        {VERB_DELETE, "head", "Head"},
        {VERB_DELETE, "options", "Options"},
    };
    char path[256], id[256], text[128], verb[32];
    path_text(path, &p, "");
    if (with_path) {
        strcat(path, "/{path}");
        p.end = "WithPath";
    }
    openapi_open(o, path, '{');
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (!(p.sub->verbs & methods[i].verb))
            continue;
        struct openapi_operation op = {.method = methods[i].method,
                                       .action = "connect",
                                       .id = id,
                                       .tag = p.tag,
                                       .description = text,
                                       .produces = openapi_media_any};
        snprintf(verb, sizeof verb, "connect");
        id_text(id, &p, verb, methods[i].word);
        snprintf(text, sizeof text, "Connect a %s request to %s of a %s.", methods[i].word, p.sub->name,
                 p.r->kind);
        fill_kind(&p, &op);
        op.options = schema_type(str_of(p.r->type->group_version), str_of(p.sub->kind));
        openapi_put_operation(o, &op);
    }
    openapi_path_parameters(o, path, false);
    openapi_close(o, '}');
}

static void put_log(struct openapi *o, const struct place *p)
{
    char path[256], id[256];
    path_text(path, p, "");
    id_text(id, p, "read", "");
    struct openapi_operation op = {.method = "get",
                                   .action = "get",
                                   .id = id,
                                   .tag = p->tag,
                                   .description = "Read the log of a container.",
                                   .produces = openapi_media_log,
                                   .options = schema_type(STR("core/v1"), STR("PodLogOptions"))};
    fill_kind(p, &op);
    openapi_open(o, path, '{');
    openapi_put_operation(o, &op);
    openapi_path_parameters(o, path, true);
    openapi_close(o, '}');
}

static void put_subresource(struct openapi *o, struct place p, const struct schema_subresource *s)
{
    p.sub = s;
    if (s->type)
        put_path(o, &p, s->verbs);
    else if (!strcmp(s->name, "log"))
        put_log(o, &p);
    else
        put_connect(o, p, false);
    if (!s->type && !strcmp(s->name, "proxy"))
        put_connect(o, p, true);
}

static void put_watch(struct openapi *o, struct place p, const char *end)
{
    char path[256], id[256], text[256];
    p.end = end;
    path_text(path, &p, "/watch");
    id_text(id, &p, "watch", "");
    snprintf(text, sizeof text, "Deprecated: watch %s; use the watch parameter of a list.", p.r->kind);
    struct openapi_operation op = {.method = "get",
                                   .action = p.named ? "watch" : "watchlist",
                                   .id = id,
                                   .tag = p.tag,
                                   .description = text,
                                   .answer = meta("WatchEvent"),
                                   .parameters = PARAM_LIST,
                                   .produces = openapi_media_watch};
    fill_kind(&p, &op);
    openapi_open(o, path, '{');
    openapi_put_operation(o, &op);
    openapi_path_parameters(o, path, true);
    openapi_close(o, '}');
}

static void put_resource(struct openapi *o, struct place p)
{
    const struct schema_resource *r = p.r;
    struct place all = p;
    all.namespaced = false;
    all.end = "ForAllNamespaces";
    if (p.namespaced)
        put_path(o, &all, r->verbs & VERB_LIST);
    put_path(o, &p, r->verbs);
    struct place one = p;
    one.named = true;
    put_path(o, &one, r->verbs);
    for (int i = 0; i < r->nsubresources; i++)
        put_subresource(o, one, &r->subresources[i]);
    if (!(r->verbs & VERB_WATCH))
        return;
    if (p.namespaced)
        put_watch(o, all, "ListForAllNamespaces");
    put_watch(o, p, "List");
    put_watch(o, one, "");
}

void openapi_resource_paths(struct openapi *o, const struct schema_group_version *v)
{
    char base[256], title[128], tag[128];
    snprintf(base, sizeof base, *v->group ? "/apis/%s/%s" : "/api%s/%s", v->group, v->version);
    openapi_title(title, v->group, v->version);
    openapi_tag(tag, v->group, v->version);
    for (int i = 0; i < v->nresources; i++) {
        const struct schema_resource *r = v->resources[i];
        put_resource(o, (struct place){.r = r,
                                       .namespaced = r->flags & RESOURCE_NAMESPACED,
                                       .base = base,
                                       .title = title,
                                       .tag = tag,
                                       .end = ""});
    }
}
