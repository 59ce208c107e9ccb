/* Request line, Accept and Content-Type to request info and negotiation: line 1 method, line 2 path?query,
 * line 3 Accept, line 4 Content-Type. Whatever comes, every part of the result lies inside the input or the
 * arena. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "worker/request/info.h"
#include "worker/request/negotiate.h"
#include "worker/request/status.h"

static size_t touch(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += (unsigned char)s.p[i];
    return n;
}

static void ignore(struct request *rq)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct transport transport = {.respond = ignore, .wake = ignore, .want_body = ignore};
    struct context ctx = {0};
    struct peer peer = {0};
    struct str rest = {(const char *)data, size}, line[4] = {{0}};
    for (int i = 0; i < 4 && rest.p; i++)
        str_next(&rest, '\n', &line[i]);
    struct request *rq = request_new(&ctx, &transport, NULL, &peer);
    struct header headers[] = {{STR("accept"), line[2]}, {STR("content-type"), line[3]}};
    rq->method = line[0];
    rq->path = rq->target = line[1];
    ptrdiff_t q = str_find(line[1], '?');
    if (q >= 0) {
        rq->path.n = (size_t)q;
        rq->query = (struct str){line[1].p + q + 1, line[1].n - (size_t)q - 1};
    }
    rq->headers = headers;
    rq->nheaders = 2;
    volatile size_t sum = 0;
    if (info_parse(rq) == INFO_OK) {
        const struct request_info *in = &rq->info;
        sum += touch(in->verb) + touch(in->group) + touch(in->version) + touch(in->ns) + touch(in->resource) +
               touch(in->name) + touch(in->subresource) + touch(in->rest) + touch(in->path);
        if (in->sub && !in->schema)
            abort();
    }
    struct accept a;
    enum media m;
    struct status st = {.arena = rq->arena}, st2 = st, st3 = st;
    if (negotiate_accept(rq, TRANSFORM_META, &a, &st) == (st.code != 0) ||
        negotiate_body(rq, &m, &st2) == (st2.code != 0))
        abort();
    negotiate_route(rq, NEGOTIATE_TYPES, &st3);
    struct buf out = {0};
    json_indent(&out, line[1]);
    buf_free(&out);
    request_free(rq);
    return 0;
}
