/* /openapi/v2 and /openapi/v3. A v3 document is asked for under the hash of its content, which the index
 * tells: such an answer never changes and may be kept for a year; an old hash is sent on to the new one. JSON
 * only. */
#include "worker/handlers/handlers.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "registry/walk/openapi.h"
#include "shm/base/clock.h"
#include "worker/handlers/documents.h"
#include "worker/request/info.h"
#include "worker/request/negotiate.h"

#define V3 STR("/openapi/v3/")
#define YEAR_S (365 * 24 * 3600)

static bool make_v2(struct context *ctx, struct buf *out, struct str name)
{
    openapi_v2(out);
    return true;
}

static bool make_v2_protobuf(struct context *ctx, struct buf *out, struct str name)
{
    openapi_v2_protobuf(out);
    return true;
}

static bool make_v3_protobuf(struct context *ctx, struct buf *out, struct str name)
{
    return openapi_v3_protobuf(out, name);
}

static bool make_index(struct context *ctx, struct buf *out, struct str name)
{
    openapi_v3_index(out);
    return true;
}

static bool make_v3(struct context *ctx, struct buf *out, struct str name)
{
    return openapi_v3(out, name);
}

/* The forms, in the order a wildcard tries them. The spelling with @ is what older clients ask for. */
struct openapi_form {
    const char *asked, *sent;
    bool protobuf;
};
#define PROTO "application/com.github.proto-openapi.spec."
static const struct openapi_form v2_forms[] = {
    {"application/json", "application/json", false},
    {PROTO "v2@v1.0+protobuf", PROTO "v2.v1.0+protobuf", true},
    {PROTO "v2.v1.0+protobuf", PROTO "v2.v1.0+protobuf", true},
};
static const struct openapi_form v3_forms[] = {
    {"application/json", "application/json", false},
    {PROTO "v3@v1.0+protobuf", PROTO "v3.v1.0+protobuf", true},
    {PROTO "v3.v1.0+protobuf", PROTO "v3.v1.0+protobuf", true},
};
#define NFORMS (int)(sizeof(v2_forms) / sizeof(v2_forms[0]))

/* These handlers negotiate on their own and answer an empty 406; NULL: none fits. */
static const struct openapi_form *choose(struct request *rq, const struct openapi_form *forms)
{
    const char *types[NFORMS];
    for (int i = 0; i < NFORMS; i++)
        types[i] = forms[i].asked;
    int at = negotiate_type(rq, types, NFORMS);
    return at < 0 ? NULL : &forms[at];
}

static enum stage_result empty(struct request *rq, int code)
{
    response_bytes(rq, code, NULL, STR(""));
    return STAGE_DONE;
}

/* One of the tags in If-None-Match, weak ones too (RFC 9110 13.1.2). */
static bool client_has(const struct request *rq, const char *etag)
{
    struct str header = request_header(rq, "if-none-match"), tag;
    while (header.n && str_next(&header, ',', &tag)) {
        tag = str_trim(tag);
        if (str_starts(tag, STR("W/")))
            tag.p += 2, tag.n -= 2;
        if (str_is(tag, etag) || str_is(tag, "*"))
            return true;
    }
    return false;
}

static enum stage_result send_document(struct request *rq, const struct document *doc, const char *type,
                                       const char *vary)
{
    response_header(rq, "Etag", doc->etag);
    response_header(rq, "Vary", vary);
    if (client_has(rq, doc->etag))
        return empty(rq, 304);
    response_bytes(rq, 200, type, doc->body);
    return STAGE_DONE;
}

/* The hash that the index gives for a path; n 0: it is not in the index. */
static struct str current_hash(struct request *rq, struct str path)
{
    const struct document *index = documents_get(rq->ctx->documents, "v3 index", STR(""), make_index);
    char *want = arena_printf(rq->arena, "\"/openapi/v3/%.*s?hash=", STR_ARG(path));
    size_t n = strlen(want);
    const char *at = memmem(index->body.p, index->body.n, want, n);
    if (!at)
        return STR_NONE;
    at += n;
    const char *end = memchr(at, '"', (size_t)(index->body.p + index->body.n - at));
    return end ? (struct str){at, (size_t)(end - at)} : STR_NONE;
}

static void cache_for_a_year(struct request *rq)
{
    time_t until = (time_t)(clock_wall_s() + YEAR_S);
    struct tm tm;
    char *text = arena_raw(rq->arena, 64);
    gmtime_r(&until, &tm);
    strftime(text, 64, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    response_header(rq, "Expires", text);
    response_header(rq, "Cache-Control", "public, immutable");
}

static enum stage_result moved(struct request *rq, struct str path, struct str hash)
{
    char *to = arena_printf(rq->arena, "/openapi/v3/%.*s?hash=%.*s", STR_ARG(path), STR_ARG(hash));
    char *page = arena_printf(rq->arena, "<a href=\"%s\">Moved Permanently</a>.\n\n", to);
    response_header(rq, "Location", to);
    response_bytes(rq, 301, "text/html; charset=utf-8", str_of(page));
    return STAGE_DONE;
}

static enum stage_result v3(struct request *rq, struct str path)
{
    struct str hash = current_hash(rq, path), asked;
    if (hash.n == 0)
        return empty(rq, 404);
    const struct openapi_form *f = choose(rq, v3_forms);
    if (!f)
        return empty(rq, 406);
    if (request_param(rq, "hash", &asked) && asked.n) {
        if (!str_eq(asked, hash))
            return moved(rq, path, hash);
        cache_for_a_year(rq);
    }
    const struct document *doc = documents_get(rq->ctx->documents, f->protobuf ? "v3 protobuf" : "v3", path,
                                               f->protobuf ? make_v3_protobuf : make_v3);
    return doc ? send_document(rq, doc, f->sent, "Accept-Encoding, Accept") : empty(rq, 404);
}

static enum stage_result v2(struct request *rq)
{
    const struct openapi_form *f = choose(rq, v2_forms);
    if (!f)
        return empty(rq, 406);
    const struct document *doc = documents_get(rq->ctx->documents, f->protobuf ? "v2 protobuf" : "v2",
                                               STR(""), f->protobuf ? make_v2_protobuf : make_v2);
    return send_document(rq, doc, f->sent, "Accept-Encoding, Accept");
}

enum stage_result handler_openapi(struct request *rq)
{
    struct str path = rq->info.path;
    if (str_is(path, "/openapi/v2"))
        return v2(rq);
    if (!str_is(path, "/openapi/v3"))
        return v3(rq, (struct str){path.p + V3.n, path.n - V3.n});
    const struct document *index = documents_get(rq->ctx->documents, "v3 index", STR(""), make_index);
    return send_document(rq, index, "text/plain; charset=utf-8", "Accept-Encoding");
}
