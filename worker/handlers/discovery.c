/* /api, /apis and what is below, without resources. Two forms: one document a group and version, as it was
 * from the beginning, and the aggregated list that clients ask for in Accept, which carries an ETag. */
#include "worker/handlers/handlers.h"

#include "registry/walk/discovery.h"
#include "registry/walk/json.h"
#include "worker/handlers/documents.h"
#include "worker/request/info.h"
#include "worker/request/status.h"

static void put_server_address(struct context *ctx, struct buf *out)
{
    const struct options *o = ctx->options;
    const char *host = o->advertise_address[0] ? o->advertise_address : o->bind_address;
    bool v6 = strchr(host, ':') != NULL;
    buf_printf(out, v6 ? "[%s]:%lld" : "%s:%lld", host, (long long)o->secure_port);
}

/* name: the path without slashes at its ends. */
static bool make_plain(struct context *ctx, struct buf *out, struct str name)
{
    struct str rest = name, word, group, version;
    path_next(&rest, &word);
    bool core = str_is(word, "api");
    bool made = true;
    if (!rest.p && core) {
        struct buf address = {0};
        put_server_address(ctx, &address);
        buf_putc(&address, 0);
        discovery_api_versions(out, address.p);
        buf_free(&address);
    } else if (!rest.p) {
        discovery_group_list(out);
    } else {
        group = STR("");
        if (!core)
            path_next(&rest, &group);
        made = path_next(&rest, &version) ? discovery_resources(out, group, version)
                                          : discovery_group(out, group);
    }
    if (made && (out->n == 0 || out->p[out->n - 1] != '\n'))
        buf_putc(out, '\n');
    return made;
}

static bool make_aggregated(struct context *ctx, struct buf *out, struct str name)
{
    discovery_aggregated(out, str_is(name, "api"), "v2");
    if (out->n == 0 || out->p[out->n - 1] != '\n')
        buf_putc(out, '\n');
    return true;
}

static void send_document(struct request *rq, const struct accept *a, const char *content_type,
                          const struct document *doc)
{
    if (a->media == MEDIA_JSON && !a->pretty)
        response_bytes(rq, 200, content_type, doc->body);
    else
        response_json(rq, 200, a, content_type, str_trim((struct str){doc->body.p, doc->body.n - 1}));
}

static enum stage_result send_aggregated(struct request *rq, const struct accept *a, struct str name)
{
    const char *type =
        arena_printf(rq->arena, "%s;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", a->content_type);
    const struct document *doc = documents_get(rq->ctx->documents, "aggregated", name, make_aggregated);
    response_header(rq, "ETag", doc->etag);
    response_header(rq, "Vary", "Accept");
    response_header(rq, "Cache-Control", "public");
    if (str_is(request_header(rq, "if-none-match"), doc->etag))
        response_bytes(rq, 304, NULL, STR(""));
    else
        send_document(rq, a, type, doc);
    return STAGE_DONE;
}

enum stage_result handler_discovery(struct request *rq)
{
    struct str name = path_trim(rq->info.path);
    struct accept a;
    if ((str_is(name, "api") || str_is(name, "apis")) && negotiate_media(rq, TRANSFORM_DISCOVERY, &a))
        return send_aggregated(rq, &a, name);
    struct status st = {.arena = rq->arena};
    if (!negotiate_accept(rq, TRANSFORM_NONE, &a, &st)) {
        response_status(rq, &st);
        return STAGE_DONE;
    }
    const struct document *doc = documents_get(rq->ctx->documents, "discovery", name, make_plain);
    if (doc) {
        send_document(rq, &a, a.content_type, doc);
        return STAGE_DONE;
    }
    status_no_route(&st);
    response_status(rq, &st);
    return STAGE_DONE;
}
