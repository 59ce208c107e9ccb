/* Making and freeing of requests, and what stages ask of them. A request lives in its own arena: one malloc
 * for a request with few headers, and one free. */
#include "worker/request/request.h"

#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/pipeline/pipeline.h"

#define LARGE_BODY_BYTES (64u << 10)

struct request *request_new(struct context *ctx, const struct transport *t, void *stream, struct peer *peer)
{
    struct arena *a = arena_new(0);
    struct request *rq = arena_alloc(a, sizeof(*rq));
    rq->magic = REQUEST_MAGIC;
    rq->ctx = ctx;
    rq->arena = a;
    rq->transport = t;
    rq->stream = stream;
    rq->peer = peer;
    rq->content_length = -1;
    rq->res.content_length = -1;
    rq->res.gzip_allowed = true;
    rq->inflight_class = -1;
    rq->started_ns = clock_ns();
    return rq;
}

void request_free(struct request *rq)
{
    must_be(rq, REQUEST_MAGIC);
    pipeline_end(rq);
    body_drop(rq);
    if (rq->body.n >= LARGE_BODY_BYTES)
        rq->ctx->freed_bytes += rq->body.n;
    rq->magic = 0;
    arena_free(rq->arena);
}

struct str request_header(const struct request *rq, const char *name)
{
    struct str want = str_of(name);
    for (int i = 0; i < rq->nheaders; i++)
        if (str_eq(rq->headers[i].name, want))
            return rq->headers[i].value;
    return STR_NONE;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Query decoding of net/url: '+' is a blank. false: a broken escape (the pair is then not there, as in the
 * reference, which drops it). */
static bool unescape(struct arena *a, struct str in, struct str *out)
{
    char *p = arena_raw(a, in.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (in.n - i < 3)
                return false;
            int hi = hex_digit(in.p[i + 1]), lo = hex_digit(in.p[i + 2]);
            if (hi < 0 || lo < 0)
                return false;
            c = (char)(hi << 4 | lo);
            i += 2;
        }
        p[n++] = c;
    }
    p[n] = 0;
    *out = (struct str){p, n};
    return true;
}

/* Keys are compared decoded; the plain spelling, which all clients use, costs no memory. */
static bool key_is(struct request *rq, struct str key, struct str want)
{
    if (str_eq(key, want))
        return true;
    if (str_find(key, '%') < 0 && str_find(key, '+') < 0)
        return false;
    struct str decoded;
    return unescape(rq->arena, key, &decoded) && str_eq(decoded, want);
}

bool request_param(struct request *rq, const char *name, struct str *value)
{
    struct str rest = rq->query, pair, want = str_of(name);
    while (str_next(&rest, '&', &pair)) {
        if (str_find(pair, ';') >= 0)
            continue; /* net/url drops such pairs */
        ptrdiff_t eq = str_find(pair, '=');
        struct str key = {pair.p, eq < 0 ? pair.n : (size_t)eq};
        struct str raw = eq < 0 ? (struct str){pair.p + pair.n, 0}
                                : (struct str){pair.p + eq + 1, pair.n - (size_t)eq - 1};
        if (pair.n == 0 || !key_is(rq, key, want))
            continue;
        if (!unescape(rq->arena, raw, value))
            continue;
        return true;
    }
    return false;
}

bool request_param_bool(struct request *rq, const char *name)
{
    struct str v;
    if (!request_param(rq, name, &v))
        return false;
    return !str_eq_nocase(v, STR("false")) && !str_is(v, "0");
}
