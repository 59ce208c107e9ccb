/* The texts of refusals follow the reference's decoder (endpoints/handlers/rest.go, transformDecodeError):
 * what it could not read is quoted, in hexadecimal unless it looks like JSON. */
#include "worker/write/body.h"

#include "registry/rules/text.h"
#include "registry/walk/decode.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/spelled.h"
#include "registry/walk/tree.h"
#include "worker/request/status.h"

#define SUMMARY_BYTES 30

bool body_here(struct request *rq, stage_fn again, enum stage_result *out, struct status *st)
{
    if (rq->body_too_large) {
        status_too_large(st, REQUEST_BODY_BYTES_MAX);
        return true;
    }
    if (rq->body_complete || !rq->has_body)
        return true;
    rq->resume = again;
    *out = STAGE_SUSPEND;
    rq->transport->want_body(rq);
    return false;
}

struct body_want body_want(const struct schema_resource *r, const struct schema_subresource *sub)
{
    struct body_want w = {r->group, r->version, r->kind, r->api_version, r->type, NULL};

    if (!sub || !sub->group)
        return w;
    w.group = sub->group;
    w.version = sub->version;
    w.kind = sub->kind;
    w.type = sub->type;
    w.api_version = NULL;
    return w;
}

static const char *summary(struct arena *a, struct str data)
{
    bool cut = data.n > SUMMARY_BYTES;
    struct buf b = {0};
    const char *text;

    if (data.n == 0)
        return "<empty>";
    if (cut)
        data.n = SUMMARY_BYTES;
    if (data.p[0] == '{') {
        buf_str(&b, data);
    } else {
        for (size_t i = 0; i < data.n; i++)
            buf_printf(&b, "%02x", (unsigned char)data.p[i]);
    }
    if (cut)
        buf_puts(&b, " ...");
    text = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static void unrecognized(struct request *rq, const struct body_want *w, const char *prefix, const char *err,
                         struct status *st)
{
    status_bad_request(st, "the object provided is unrecognized (must be of type %s): %s%s (%s)", w->kind,
                       prefix, err, summary(rq->arena, rq->body));
}

/* A version that is served no more and still understood in bodies: kubectl drain of old sent it. */
static bool is_old_eviction(struct str group, struct str version, struct str kind)
{
    return str_is(group, "policy") && str_is(version, "v1beta1") && str_is(kind, "Eviction");
}

static bool is_among(struct str s, const char *const *texts)
{
    while (*texts && !str_is(s, *texts))
        texts++;
    return *texts != NULL;
}

/* Kinds that every version has, and those that every version has in which there is a resource. */
static bool is_general(struct str group, struct str version, struct str kind)
{
    static const char *const always[] = {"Status",       "APIVersions",     "APIGroup",
                                         "APIGroupList", "APIResourceList", NULL};
    static const char *const mostly[] = {"WatchEvent",    "ListOptions",   "DeleteOptions", "GetOptions",
                                         "CreateOptions", "UpdateOptions", "PatchOptions",  NULL};
    int n;
    const struct schema_resource *const *all = schema_resources(&n);

    if (is_among(kind, always) || (group.n == 0 && str_is(version, "v1") && str_is(kind, "List")))
        return true;
    for (int i = 0; i < n && is_among(kind, mostly); i++)
        if (str_is(group, all[i]->group) && str_is(version, all[i]->version))
            return true;
    return false;
}

static bool is_registered(struct str group, struct str version, struct str kind)
{
    struct str gv = group.n ? group : STR("core");
    const struct schema_type *t;
    char text[256];

    if (is_old_eviction(group, version, kind) || is_general(group, version, kind))
        return true;
    if (schema_resource_of_kind(group, version, kind))
        return true;
    if (str_ends(kind, STR("List")) &&
        schema_resource_of_kind(group, version, (struct str){kind.p, kind.n - strlen("List")}))
        return true;
    if (gv.n + version.n + 2 > sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s/%.*s", STR_ARG(gv), STR_ARG(version));
    t = schema_type(str_of(text), kind);
    return t && schema_field(t, STR("kind")) && schema_field(t, STR("apiVersion"));
}

static struct str first_label(struct str group)
{
    ptrdiff_t dot = str_find(group, '.');

    if (group.n == 0)
        return STR("core");
    return dot < 0 ? group : (struct str){group.p, (size_t)dot};
}

static void split_version(struct str api_version, struct str *group, struct str *version)
{
    ptrdiff_t slash = str_find(api_version, '/');

    *group = slash < 0 ? STR("") : (struct str){api_version.p, (size_t)slash};
    *version =
        slash < 0 ? api_version : (struct str){api_version.p + slash + 1, api_version.n - (size_t)slash - 1};
}

/* The body says what it is; absent parts are taken from what was asked for. */
static bool check_type(struct arena *a, const struct body_want *w, struct str api_version, struct str kind,
                       struct status *st)
{
    struct str group = str_of(w->group), version = str_of(w->version);

    if (api_version.n)
        split_version(api_version, &group, &version);
    if (!kind.n)
        kind = str_of(w->kind);
    if (!is_registered(group, version, kind)) {
        status_bad_request(
            st,
            "%.*s in version %s cannot be handled as a %s: no kind \"%.*s\" is registered for version "
            "\"%.*s\" in scheme \"" BODY_SCHEME "\"",
            STR_ARG(kind), text_quoted(a, version), w->kind, STR_ARG(kind),
            STR_ARG(api_version.n ? api_version : version));
        return false;
    }
    if (!str_is(kind, w->kind) || !str_is(group, w->group)) {
        struct str from = first_label(group), to = first_label(str_of(w->group));

        status_bad_request(
            st,
            "%.*s in version %s cannot be handled as a %s: converting (%.*s.%.*s) to (%.*s.%s): "
            "unknown conversion",
            STR_ARG(kind), text_quoted(a, version), w->kind, STR_ARG(version), STR_ARG(kind), STR_ARG(to),
            w->kind);
        (void)from;
        return false;
    }
    if (!str_is(version, w->version) && !(w->also && str_is(version, w->also))) {
        status_bad_request(
            st, "the API version in the data (%.*s) does not match the expected API version (%s%s%s)",
            STR_ARG(api_version), w->group, w->group[0] ? "/" : "", w->version);
        return false;
    }
    return true;
}

void body_warn(struct request *rq, const struct findings *f)
{
    if (f->n && !rq->warnings) {
        rq->warnings = arena_alloc(rq->arena, sizeof(*rq->warnings));
        rq->warnings->arena = rq->arena;
    }
    for (int i = 0; i < f->n; i++)
        findings_add(rq->warnings, f->text[i]);
}

/* *message: of a body that is one, where it holds more than the tree. */
static json_t *read_tree(struct request *rq, enum media media, const struct body_want *want,
                         struct findings *found, struct str *message, struct status *st)
{
    const char *err = "";
    json_t *obj;

    if (media == MEDIA_PROTOBUF)
        obj = protobuf_read_stored(rq->arena, rq->body, want->kind, want->type, message, &err);
    else if (media == MEDIA_YAML)
        obj = yaml_read(rq->arena, rq->body, found, &err);
    else
        obj = json_read(rq->arena, rq->body, found, &err);
    if (!obj)
        unrecognized(rq, want, media == MEDIA_JSON ? DECODE_GVK_PREFIX : "", err, st);
    return obj;
}

static bool decode(struct request *rq, json_t *obj, const struct body_want *want,
                   const struct write_options *o, struct findings *found, struct status *st)
{
    if (!decode_tree(obj, want->type, found, st)) {
        status_bad_request(st, "%s in version \"%s\" cannot be handled as a %s: %s", want->kind,
                           want->version, want->kind, st->message);
        return false;
    }
    if (found->n && o->validation == VALIDATION_STRICT) {
        status_bad_request(st, "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
                           want->kind, want->version, want->kind, findings_text(found));
        return false;
    }
    if (o->validation == VALIDATION_WARN)
        body_warn(rq, found);
    return true;
}

static void note_spelling(struct request *rq, enum media media, const struct body_want *want, json_t *obj,
                          struct str message)
{
    if (!spelled_in(want->type))
        return;
    if (message.n)
        spelled_from_message(obj, want->type, message);
    else if (media == MEDIA_JSON)
        spelled_from_text(obj, want->type, rq->body);
}

json_t *body_object(struct request *rq, enum media media, const struct body_want *want,
                    const struct write_options *o, struct status *st)
{
    struct findings found = {.arena = rq->arena, .by_type = true};
    struct str api_version, kind, message = STR_NONE;
    const char *err;
    json_t *obj = read_tree(rq, media, want, &found, &message, st);

    if (!obj)
        return NULL;
    if (!decode_gvk(rq->arena, obj, &api_version, &kind, &err)) {
        unrecognized(rq, want, "", err, st);
    } else if (check_type(rq->arena, want, api_version, kind, st)) {
        if (json_is_null(obj))
            obj = json_object();
        if (decode(rq, obj, want, o, &found, st)) {
            note_spelling(rq, media, want, obj, message);
            return obj;
        }
    }
    json_decref(obj);
    return NULL;
}

bool body_namespace(json_t *obj, const struct schema_resource *r, struct str ns, struct status *st)
{
    struct str own = tree_str(obj, "metadata.namespace");

    if (!(r->flags & RESOURCE_NAMESPACED)) {
        tree_delete(obj, "metadata.namespace");
        return true;
    }
    if (own.n == 0)
        tree_set(obj, "metadata.namespace", json_stringn(ns.p, ns.n));
    else if (!str_eq(own, ns))
        status_bad_request(
            st, "the namespace of the provided object does not match the namespace sent on the request");
    return !status_failed(st);
}

bool body_name(const json_t *obj, struct str name, struct status *st)
{
    struct str own = tree_str(obj, "metadata.name");

    if (own.n == 0)
        status_bad_request(
            st, "the name of the object (%.*s based on URL) was undeterminable: name must be provided",
            STR_ARG(name));
    else if (!str_eq(own, name))
        status_bad_request(st, "the name of the object (%.*s) does not match the name on the URL (%.*s)",
                           STR_ARG(own), STR_ARG(name));
    return !status_failed(st);
}

struct strategy_call body_call(struct request *rq, const struct schema_resource *r, const char *sub)
{
    if (!rq->warnings) {
        rq->warnings = arena_alloc(rq->arena, sizeof(*rq->warnings));
        rq->warnings->arena = rq->arena;
    }
    return (struct strategy_call){.arena = rq->arena,
                                  .resource = r,
                                  .subresource = sub,
                                  .world = &rq->ctx->world,
                                  .warnings = rq->warnings,
                                  .user = arena_cstr(rq->arena, rq->user.name),
                                  .groups = rq->user.groups,
                                  .ngroups = rq->user.ngroups,
                                  .uid = rq->user.uid};
}
