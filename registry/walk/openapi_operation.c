/* One operation of a path, and the parameters that requests take. */
#include <stdio.h>
#include "registry/walk/openapi_parts.h"

#define MEDIA_OBJECT "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"

const char *const openapi_media_object[] = {MEDIA_OBJECT, NULL};
const char *const openapi_media_watch[] = {MEDIA_OBJECT, "application/json;stream=watch",
                                           "application/vnd.kubernetes.protobuf;stream=watch", NULL};
const char *const openapi_media_json[] = {"application/json", NULL};
const char *const openapi_media_any[] = {"*/*", NULL};
const char *const openapi_media_log[] = {"text/plain", MEDIA_OBJECT, NULL};
const char *const openapi_media_keys[] = {"application/jwk-set+json", NULL};

static const char *const media_patch[] = {"application/json-patch+json", "application/merge-patch+json",
                                          "application/strategic-merge-patch+json",
                                          "application/apply-patch+yaml", NULL};

static const struct parameter {
    const char *name, *type;
    unsigned sets;
    const char *description;
} parameters[] = {
    {"allowWatchBookmarks", "boolean", PARAM_LIST, "A watch may be sent BOOKMARK events."},
    {"continue", "string", PARAM_LIST | PARAM_COLLECTION, "The token of the previous page."},
    {"dryRun", "string", PARAM_WRITE | PARAM_DELETE, "\"All\": do everything but store the result."},
    {"fieldManager", "string", PARAM_WRITE, "The name under which the change is recorded in managedFields."},
    {"fieldSelector", "string", PARAM_LIST | PARAM_COLLECTION,
     "Only objects whose fields have these values."},
    {"fieldValidation", "string", PARAM_WRITE,
     "What happens to unknown and duplicate fields: Ignore, Warn or Strict."},
    {"force", "boolean", PARAM_APPLY, "Apply: take over fields that other managers own."},
    {"gracePeriodSeconds", "integer", PARAM_DELETE, "Seconds that the object may take to end; 0: at once."},
    {"ignoreStoreReadErrorWithClusterBreakingPotential", "boolean", PARAM_DELETE,
     "Delete even an object that cannot be read back from the store."},
    {"labelSelector", "string", PARAM_LIST | PARAM_COLLECTION, "Only objects whose labels match."},
    {"limit", "integer", PARAM_LIST | PARAM_COLLECTION, "At most so many objects in one answer."},
    {"orphanDependents", "boolean", PARAM_DELETE, "Deprecated: use propagationPolicy."},
    {"propagationPolicy", "string", PARAM_DELETE,
     "What becomes of dependent objects: Orphan, Background or Foreground."},
    {"resourceVersion", "string", PARAM_LIST | PARAM_COLLECTION,
     "How recent the answer must be, or where a watch begins."},
    {"resourceVersionMatch", "string", PARAM_LIST | PARAM_COLLECTION,
     "How resourceVersion is meant: Exact or NotOlderThan."},
    {"sendInitialEvents", "boolean", PARAM_LIST | PARAM_COLLECTION,
     "A watch begins with what exists, ended by a bookmark."},
    {"shardSelector", "string", PARAM_LIST | PARAM_COLLECTION,
     "Only the part of all objects that this selects."},
    {"timeoutSeconds", "integer", PARAM_LIST | PARAM_COLLECTION, "Seconds after which a list or watch ends."},
    {"watch", "boolean", PARAM_LIST, "Stream changes instead of listing."},
};
static const struct parameter path_parameters[] = {
    {"name", "string", 0, "Name of the object."},
    {"namespace", "string", 0, "Namespace of the object."},
    {"path", "string", 0, "Path to request behind the proxy."},
};

/* Groups are known by what stands before ".k8s.io": rbac.authorization.k8s.io is RbacAuthorization. */
static void title(char out[128], const char *group, bool capital)
{
    const char *end = strstr(group, ".k8s.io");
    size_t n = end ? (size_t)(end - group) : strlen(group), at = 0;
    if (!n) {
        group = "core";
        n = 4;
    }
    for (size_t i = 0; i < n && at < 64; i++) {
        char c = group[i];
        if (c == '.') {
            capital = true;
            continue;
        }
        out[at++] = capital && c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        capital = false;
    }
    out[at] = '\0';
}

void openapi_title(char out[128], const char *group, const char *version)
{
    title(out, group, true);
    if (version)
        snprintf(out + strlen(out), 60, "V%s", version + 1);
}

void openapi_tag(char out[128], const char *group, const char *version)
{
    title(out, group, false);
    if (version)
        snprintf(out + strlen(out), 60, "_%s", version);
}

static void put_parameter(struct openapi *o, const struct parameter *p, const char *in)
{
    openapi_open(o, NULL, '{');
    openapi_text(o, "name", p->name);
    openapi_text(o, "in", in);
    if (p->description && *p->description)
        openapi_text(o, "description", p->description);
    if (!strcmp(in, "path")) {
        openapi_key(o, "required");
        buf_puts(o->out, "true");
    }
    if (o->v3)
        openapi_open(o, "schema", '{');
    openapi_text(o, "type", p->type);
    openapi_key(o, "uniqueItems");
    buf_puts(o->out, "true");
    if (o->v3)
        openapi_close(o, '}');
    openapi_close(o, '}');
}

void openapi_path_parameters(struct openapi *o, const char *path, bool pretty)
{
    static const struct parameter pretty_row = {"pretty", "string", 0, "\"true\": indented output."};
    openapi_open(o, "parameters", '[');
    for (size_t i = 0; i < sizeof path_parameters / sizeof *path_parameters; i++) {
        char text[32];
        snprintf(text, sizeof text, "{%s}", path_parameters[i].name);
        if (strstr(path, text))
            put_parameter(o, &path_parameters[i], "path");
    }
    if (pretty)
        put_parameter(o, &pretty_row, "query");
    openapi_close(o, ']');
}

/* v2 has the body among the parameters. */
static void put_body_parameter(struct openapi *o, const struct openapi_operation *op)
{
    openapi_open(o, NULL, '{');
    openapi_text(o, "name", "body");
    openapi_text(o, "in", "body");
    if (!op->body_optional) {
        openapi_key(o, "required");
        buf_puts(o->out, "true");
    }
    openapi_key(o, "schema");
    openapi_ref(o, op->body);
    openapi_close(o, '}');
}

static void put_option(struct openapi *o, const struct schema_field *f)
{
    const struct schema_type *t = f->type->kind == SCHEMA_LIST ? f->type->elem : f->type;
    struct parameter p = {f->json, "string", 0, f->description};
    if ((f->flags & FIELD_INLINED) || t->kind == SCHEMA_TIME)
        return; /* apiVersion and kind; sinceTime, which the reference does not list either */
    if (t->kind == SCHEMA_BOOL)
        p.type = "boolean";
    else if (t->kind == SCHEMA_INT32 || t->kind == SCHEMA_INT64)
        p.type = "integer";
    put_parameter(o, &p, "query");
}

static void put_parameters(struct openapi *o, const struct openapi_operation *op)
{
    if (!op->parameters && !op->options && (o->v3 || !op->body))
        return;
    openapi_open(o, "parameters", '[');
    if (op->body && !o->v3)
        put_body_parameter(o, op);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (parameters[i].sets & op->parameters)
            put_parameter(o, &parameters[i], "query");
    }
    for (int i = 0; op->options && i < op->options->nfields; i++)
        put_option(o, &op->options->fields[i]);
    openapi_close(o, ']');
}

static void put_schema(struct openapi *o, const struct schema_type *t)
{
    openapi_key(o, "schema");
    if (t)
        openapi_ref(o, t);
    else
        buf_puts(o->out, "{\"type\":\"string\"}");
}

/* v3: "content":{"MEDIA":{"schema":...},...} */
static void put_content(struct openapi *o, const char *const *media, const struct schema_type *t)
{
    openapi_open(o, "content", '{');
    for (int i = 0; media[i]; i++) {
        openapi_open(o, media[i], '{');
        put_schema(o, t);
        openapi_close(o, '}');
    }
    openapi_close(o, '}');
}

static void put_response(struct openapi *o, const struct openapi_operation *op, const char *code,
                         const char *text)
{
    openapi_open(o, code, '{');
    openapi_text(o, "description", text);
    if (o->v3)
        put_content(o, op->produces, op->answer);
    else
        put_schema(o, op->answer);
    openapi_close(o, '}');
}

static void put_responses(struct openapi *o, const struct openapi_operation *op)
{
    openapi_open(o, "responses", '{');
    put_response(o, op, "200", "OK");
    if (op->created)
        put_response(o, op, "201", "Created");
    if (op->accepted)
        put_response(o, op, "202", "Accepted");
    openapi_key(o, "401");
    buf_puts(o->out, "{\"description\":\"Unauthorized\"}");
    openapi_close(o, '}');
}

static void put_list(struct openapi *o, const char *name, const char *const *list)
{
    openapi_open(o, name, '[');
    for (int i = 0; list[i]; i++)
        buf_printf(o->out, "%s\"%s\"", i ? "," : "", list[i]);
    openapi_close(o, ']');
}

static void put_request_body(struct openapi *o, const struct openapi_operation *op)
{
    openapi_open(o, "requestBody", '{');
    put_content(o, op->patch ? media_patch : openapi_media_any, op->body);
    if (!op->body_optional) {
        openapi_key(o, "required");
        buf_puts(o->out, "true");
    }
    openapi_close(o, '}');
}

void openapi_put_operation(struct openapi *o, const struct openapi_operation *op)
{
    openapi_open(o, op->method, '{');
    openapi_text(o, "description", op->description);
    if (!o->v3) {
        put_list(o, "consumes", op->patch ? media_patch : op->action ? openapi_media_any : op->produces);
        put_list(o, "produces", op->produces);
        openapi_open(o, "schemes", '[');
        buf_puts(o->out, "\"https\"");
        openapi_close(o, ']');
    }
    openapi_open(o, "tags", '[');
    buf_printf(o->out, "\"%s\"", op->tag);
    openapi_close(o, ']');
    openapi_text(o, "operationId", op->id);
    put_parameters(o, op);
    if (op->body && o->v3)
        put_request_body(o, op);
    put_responses(o, op);
    if (op->action)
        openapi_text(o, "x-kubernetes-action", op->action);
    if (op->kind) {
        openapi_open(o, "x-kubernetes-group-version-kind", '{');
        openapi_text(o, "group", op->group);
        openapi_text(o, "version", op->version);
        openapi_text(o, "kind", op->kind);
        openapi_close(o, '}');
    }
    openapi_close(o, '}');
}
