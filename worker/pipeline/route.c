/* The reference has two routers: one for the API, which knows each resource's paths and speaks in Status, and
 * one for all else, which knows exact paths and takes any method. Both are tables here; the API's follows
 * from the schema: a collection, an item, an item's subresource, each below namespaces/NS or not, each with
 * the verbs it has. */
#include "worker/pipeline/route.h"

#include "registry/walk/json.h"
#include "worker/callout/forward.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/review.h"
#include "worker/handlers/subresources.h"
#include "worker/request/info.h"
#include "worker/request/status.h"

#define READ_ONLY "this server serves reads only (--read-only), send writes to one that takes them"

/* ---- everything that is no resource ---- */

enum shape { EXACT, WITH_SLASH /* "/x" and "/x/" */, BELOW /* "/x/..." */ };

struct plain_route {
    const char *path;
    enum shape shape;
    bool api; /* the API's router: GET only, Accept checked, errors are Status */
    const char *produces;
    stage_fn handler;
};

static const struct plain_route plain[] = {
    {"/", EXACT, false, NULL, handler_root},
    {"/index.html", EXACT, false, NULL, handler_root},
    {"/api", WITH_SLASH, true, NEGOTIATE_TYPES, handler_discovery},
    {"/apis", WITH_SLASH, false, NULL, handler_discovery},
    {"/version", WITH_SLASH, true, "application/json", handler_version},
    {"/healthz", EXACT, false, NULL, handler_health},
    {"/livez", EXACT, false, NULL, handler_health},
    {"/readyz", EXACT, false, NULL, handler_health},
    {"/healthz/", BELOW, false, NULL, handler_health},
    {"/livez/", BELOW, false, NULL, handler_health},
    {"/readyz/", BELOW, false, NULL, handler_health},
    {"/metrics", EXACT, false, NULL, handler_metrics},
    {"/metrics/slis", EXACT, false, NULL, handler_slis},
    {"/statusz", EXACT, false, NULL, handler_zpage},
    {"/flagz", EXACT, false, NULL, handler_zpage},
    {"/openapi/v2", EXACT, false, NULL, handler_openapi},
    {"/openapi/v3", EXACT, false, NULL, handler_openapi},
    {"/openapi/v3/", EXACT, false, NULL, handler_openapi},
    {"/openapi/v3/", BELOW, false, NULL, handler_openapi},
};

static bool shape_matches(const struct plain_route *r, struct str path)
{
    struct str p = str_of(r->path);
    if (r->shape == BELOW)
        return path.n > p.n && str_starts(path, p);
    if (str_eq(path, p))
        return true;
    return r->shape == WITH_SLASH && path.n == p.n + 1 && str_starts(path, p) && path.p[p.n] == '/';
}

static enum stage_result answer(struct request *rq, const struct status *st)
{
    response_status(rq, st);
    return STAGE_DONE;
}

static enum stage_result no_page(struct request *rq)
{
    response_text(rq, 404, "404 page not found");
    return STAGE_DONE;
}

static enum stage_result no_route(struct request *rq)
{
    struct status st = {.arena = rq->arena};
    status_no_route(&st);
    return answer(rq, &st);
}

static enum stage_result no_method(struct request *rq)
{
    struct status st = {.arena = rq->arena};
    status_no_method(&st);
    return answer(rq, &st);
}

/* What the API's router asks of a request whose path it knows. */
static enum stage_result api_route(struct request *rq, const char *produces, stage_fn handler)
{
    struct status st = {.arena = rq->arena};
    if (!negotiate_route(rq, produces, &st))
        return answer(rq, &st);
    rq->handler = handler;
    return STAGE_NEXT;
}

static bool group_served(struct str group)
{
    int n;
    const struct schema_group *g = schema_groups(&n);
    for (int i = 0; i < n; i++)
        if (str_is(group, g[i].name))
            return true;
    return false;
}

/* /api/VERSION, /apis/GROUP, /apis/GROUP/VERSION */
static enum stage_result discovery_route(struct request *rq, struct str words, bool core)
{
    struct str group = STR(""), version = STR_NONE;
    if (!core && !path_next(&words, &group))
        return no_page(rq);
    if (!group_served(group))
        return no_page(rq);
    if (!path_next(&words, &version)) {
        rq->handler = handler_discovery;
        return STAGE_NEXT;
    }
    if (!schema_group_version(group, version) || words.p)
        return no_route(rq);
    if (!str_is(rq->method, "GET"))
        return no_method(rq);
    return api_route(rq, NEGOTIATE_TYPES, handler_discovery);
}

static enum stage_result plain_stage(struct request *rq)
{
    struct str path = rq->info.path;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        const struct plain_route *r = &plain[i];
        if (!shape_matches(r, path))
            continue;
        if (r->api && !str_is(rq->method, "GET"))
            return no_method(rq);
        if (r->api)
            return api_route(rq, r->produces, r->handler);
        rq->handler = r->handler;
        return STAGE_NEXT;
    }
    struct str words = path_trim(path), first;
    path_next(&words, &first);
    if (str_starts(path, STR("/api/")))
        return discovery_route(rq, words, true);
    if (str_starts(path, STR("/apis/")))
        return discovery_route(rq, words, false);
    return str_starts(path, STR("/version/")) ? no_route(rq) : no_page(rq);
}

/* ---- resources ---- */

static const struct {
    const char *method;
    uint32_t item, collection; /* verbs it stands for */
} methods[] = {
    {"GET", VERB_GET, VERB_LIST},
    {"POST", 0, VERB_CREATE},
    {"PUT", VERB_UPDATE, 0},
    {"PATCH", VERB_PATCH, 0},
    {"DELETE", VERB_DELETE, VERB_DELETECOLLECTION},
};

static const struct {
    const char *verb;
    stage_fn handler;
} handlers[] = {
    {"get", handler_get},       {"list", handler_list},
    {"watch", handler_watch},   {"create", handler_create},
    {"update", handler_update}, {"patch", handler_patch},
    {"delete", handler_delete}, {"deletecollection", handler_deletecollection},
};

static stage_fn handler_of(struct request *rq)
{
    const struct request_info *in = &rq->info;
    if (in->sub)
        return subresource_handler(in->schema, in->sub, in->verb);
    if (in->schema->flags & RESOURCE_VIRTUAL)
        return review_handler(in->schema, in->verb);
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
        if (str_is(in->verb, handlers[i].verb))
            return handlers[i].handler;
    return NULL;
}

enum part { COLLECTION, ITEM, SUBRESOURCE, BELOW_SUBRESOURCE, NO_PART };

struct place {
    enum part part;
    bool scoped; /* below namespaces/NS */
};

/* The words behind the version (and behind watch/). */
static struct place place_of(struct str words)
{
    struct place p = {NO_PART, false};
    struct str rest = words, word, behind;
    int n = 0;
    if (!path_next(&rest, &word))
        return p;
    behind = rest;
    if (str_is(word, "namespaces") && path_next(&behind, &word) && behind.p) {
        struct str after = behind;
        path_next(&after, &word);
        if (!str_is(word, "status") && !str_is(word, "finalize")) {
            p.scoped = true;
            rest = after;
        }
    }
    while (n < 3 && path_next(&rest, &word))
        n++;
    p.part = n == 0 ? COLLECTION : n == 1 ? ITEM : n == 2 ? SUBRESOURCE : BELOW_SUBRESOURCE;
    return p;
}

/* Verbs that the place has; 0: there is no such path. */
static uint32_t verbs_at(const struct request_info *in, struct place p)
{
    const struct schema_resource *r = in->schema;
    const uint32_t on_collection = VERB_LIST | VERB_CREATE | VERB_DELETECOLLECTION;
    bool namespaced = r->flags & RESOURCE_NAMESPACED;
    if (p.scoped && !namespaced)
        return 0;
    if (namespaced && !p.scoped)
        return p.part == COLLECTION ? r->verbs & VERB_LIST : 0;
    switch (p.part) {
    case COLLECTION:
        return r->verbs & on_collection;
    case ITEM:
        return r->verbs & (VERB_GET | VERB_UPDATE | VERB_PATCH | VERB_DELETE);
    case SUBRESOURCE:
        return in->sub ? in->sub->verbs : 0;
    case BELOW_SUBRESOURCE:
        return in->sub && str_is(in->subresource, "proxy") ? in->sub->verbs : 0;
    case NO_PART:
        break;
    }
    return 0;
}

static uint32_t verb_asked(struct str method, enum part part)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (str_is(method, methods[i].method)) {
            if (part == COLLECTION)
                return methods[i].collection;
            bool creates = part != ITEM && methods[i].collection == VERB_CREATE;
            return creates ? VERB_CREATE : methods[i].item;
        }
    return 0;
}

static const char *produced(const struct request_info *in, enum part part, uint32_t verb)
{
    if (part == COLLECTION && verb == VERB_LIST)
        return NEGOTIATE_TYPES ", " NEGOTIATE_STREAM_TYPES;
    if (str_is(in->subresource, "log"))
        return "text/plain, " NEGOTIATE_TYPES;
    return NEGOTIATE_TYPES;
}

/* proxy, exec, attach, portforward: what goes through is not ours to negotiate. */
static bool passes_through(const struct request_info *in)
{
    static const char *const names[] = {"proxy", "exec", "attach", "portforward"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (in->sub && str_is(in->subresource, names[i]))
            return true;
    return false;
}

static enum stage_result nameless(struct request *rq)
{
    struct status st = {.arena = rq->arena};
    status_bad_request(&st, "Namespace parameter required.");
    return answer(rq, &st);
}

static void warn(struct request *rq, const char *text)
{
    if (!rq->warnings) {
        rq->warnings = arena_alloc(rq->arena, sizeof(*rq->warnings));
        rq->warnings->arena = rq->arena;
    }
    findings_add(rq->warnings, text);
}

/* Whether something would be stored. Reviews only ask; bindings, which nobody stores either, change their
 * pod. */
static bool writes(const struct request_info *in, uint32_t verb)
{
    if (!(verb & (VERB_CREATE | VERB_UPDATE | VERB_PATCH | VERB_DELETE | VERB_DELETECOLLECTION)))
        return false;
    return !(in->schema->flags & RESOURCE_VIRTUAL) || str_is(in->resource, "bindings");
}

/* Clients show what a 403 says, and do not try again; of a 405 they show a text of their own. */
static enum stage_result read_only(struct request *rq)
{
    if (rq->ctx->forward && !passes_through(&rq->info)) {
        rq->handler = forward_write;
        return STAGE_NEXT;
    }
    const struct schema_resource *r = rq->info.schema;
    struct status st = {.arena = rq->arena};
    status_forbidden(&st, r->group, r->plural, rq->info.name, READ_ONLY);
    return answer(rq, &st);
}

static enum stage_result choose(struct request *rq, struct place p, uint32_t verb)
{
    struct request_info *in = &rq->info;
    if (rq->ctx->options->read_only && writes(in, verb))
        return read_only(rq);
    if (p.scoped && in->ns.n == 0 && p.part != COLLECTION)
        return nameless(rq);
    stage_fn handler = handler_of(rq);
    if (!handler)
        return no_route(rq);
    if (in->schema->warning)
        warn(rq, in->schema->warning);
    if (passes_through(in)) {
        rq->handler = handler;
        return STAGE_NEXT;
    }
    return api_route(rq, produced(in, p.part, verb), handler);
}

/* The old form of watches: a collection or an item, GET only. */
static enum stage_result watch_route(struct request *rq, struct place p)
{
    const struct schema_resource *r = rq->info.schema;
    bool namespaced = r->flags & RESOURCE_NAMESPACED;
    bool there = p.part == COLLECTION ? p.scoped <= namespaced : p.part == ITEM && p.scoped == namespaced;
    if (!there || !(r->verbs & VERB_WATCH) || !str_is(rq->info.verb, "watch"))
        return no_route(rq);
    if (!str_is(rq->method, "GET"))
        return no_method(rq);
    return choose(rq, (struct place){COLLECTION, p.scoped}, VERB_LIST);
}

static enum stage_result resource_stage(struct request *rq)
{
    struct request_info *in = &rq->info;
    bool served = schema_group_version(in->group, in->version) != NULL;
    if (!served && !group_served(in->group))
        return no_page(rq);
    if (!served || !in->schema)
        return no_route(rq);

    struct str words = path_trim(in->path), word;
    int front = (str_is(in->prefix, "api") ? 2 : 3) + in->old_watch;
    for (int i = 0; i < front; i++)
        path_next(&words, &word);
    struct place p = place_of(words);
    if (in->old_watch)
        return watch_route(rq, p);
    uint32_t there = verbs_at(in, p), asked = verb_asked(rq->method, p.part);
    if (!there)
        return no_route(rq);
    if (!(there & asked))
        return no_method(rq);
    return choose(rq, p, asked);
}

enum stage_result route_stage(struct request *rq)
{
    /* "//api" is no prefix the API's router knows */
    if (str_starts(rq->info.path, STR("//")))
        return no_page(rq);
    return rq->info.is_resource ? resource_stage(rq) : plain_stage(rq);
}

bool route_long_running(const struct request_info *in)
{
    static const char *const subs[] = {"attach", "exec", "proxy", "log", "portforward"};
    if (str_is(in->verb, "watch") || str_is(in->verb, "proxy"))
        return true;
    for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++)
        if (in->is_resource && str_is(in->subresource, subs[i]))
            return true;
    return false;
}
