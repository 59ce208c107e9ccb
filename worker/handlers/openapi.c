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

#define V3 STR("/openapi/v3/")
#define YEAR_S (365 * 24 * 3600)

static bool make_v2(struct context *ctx, struct buf *out, struct str name)
{
    openapi_v2(out);
    return true;
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

/* Whether Accept lets JSON through; these handlers negotiate on their own and answer an empty 406. */
static bool accepts_json(const struct request *rq)
{
    static const char *const good[] = {"application/json", "application/*", "*/*"};
    struct str header = request_header(rq, "accept"), part, type;
    if (header.n == 0)
        return true;
    while (str_next(&header, ',', &part)) {
        str_next(&part, ';', &type);
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
            if (str_is(str_trim(type), good[i]))
                return true;
    }
    return false;
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
    struct str hash, asked;
    if (!accepts_json(rq))
        return empty(rq, 406);
    hash = current_hash(rq, path);
    if (hash.n == 0)
        return empty(rq, 404);
    if (request_param(rq, "hash", &asked) && asked.n) {
        if (!str_eq(asked, hash))
            return moved(rq, path, hash);
        cache_for_a_year(rq);
    }
    const struct document *doc = documents_get(rq->ctx->documents, "v3", path, make_v3);
    return doc ? send_document(rq, doc, "application/json", "Accept-Encoding, Accept") : empty(rq, 404);
}

enum stage_result handler_openapi(struct request *rq)
{
    struct documents *d = rq->ctx->documents;
    struct str path = rq->info.path;
    if (str_is(path, "/openapi/v2")) {
        if (!accepts_json(rq))
            return empty(rq, 406);
        return send_document(rq, documents_get(d, "v2", STR(""), make_v2), "application/json",
                             "Accept-Encoding, Accept");
    }
    if (str_is(path, "/openapi/v3"))
        return send_document(rq, documents_get(d, "v3 index", STR(""), make_index),
                             "text/plain; charset=utf-8", "Accept-Encoding");
    return v3(rq, (struct str){path.p + V3.n, path.n - V3.n});
}
