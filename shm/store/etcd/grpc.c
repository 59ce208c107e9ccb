/* etcd tells errors of one code apart by their text (api/v3rpc/rpctypes/error.go), and so must its clients:
 * the table below is in order, the first row whose code and text match counts. Of UNAVAILABLE only a few
 * texts say that nothing was proposed; after any other a write may yet happen. */
#include "shm/store/etcd/grpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "shm/base/must.h"

/* ---- frames ---- */

size_t grpc_begin(struct buf *out)
{
    size_t at = out->n;
    buf_put(out, "\0\0\0\0\0", GRPC_HEAD_BYTES);
    return at;
}

void grpc_end(struct buf *out, size_t at)
{
    size_t n = out->n - at - GRPC_HEAD_BYTES;
    must(out->n >= at + GRPC_HEAD_BYTES && n <= UINT32_MAX);
    for (int i = 0; i < 4; i++)
        out->p[at + 1 + (size_t)i] = (char)(n >> (8 * (3 - i)));
}

int grpc_next(struct str bytes, size_t *at, struct str *message)
{
    size_t left = bytes.n - *at, n = 0;
    const unsigned char *p = (const unsigned char *)bytes.p + *at;
    if (left == 0)
        return 0;
    if (p[0] != 0)
        return -EPROTO;
    if (left < GRPC_HEAD_BYTES)
        return 0;
    for (int i = 1; i < GRPC_HEAD_BYTES; i++)
        n = n << 8 | p[i];
    if (n > GRPC_MESSAGE_MAX)
        return -EMSGSIZE;
    if (left - GRPC_HEAD_BYTES < n)
        return 0;
    *message = (struct str){(const char *)p + GRPC_HEAD_BYTES, n};
    *at += GRPC_HEAD_BYTES + n;
    return 1;
}

/* ---- headers and trailers ---- */

void grpc_head_init(struct grpc_head *h)
{
    memset(h, 0, sizeof(*h));
    h->code = GRPC_NONE;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* grpc-message is percent-encoded; it ends up in log lines and answers. */
static void unescape(char *to, size_t max, struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 1 < max; i++) {
        int c = (unsigned char)s.p[i];
        if (c == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
            c = hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]);
            i += 2;
        }
        to[n++] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    to[n] = 0;
}

/* What came before a status was an interim response. */
static void take_status(struct grpc_head *h, struct str value)
{
    int64_t status;
    grpc_head_init(h);
    if (value.n != 3 || str_to_int64(value, &status) || status < 100)
        h->odd = true;
    else
        h->http = (int)status;
}

static void take_code(struct grpc_head *h, struct str value)
{
    int64_t code;
    if (str_to_int64(value, &code) || code < 0 || code > INT32_MAX)
        h->odd = true;
    else
        h->code = code > GRPC_UNAUTHENTICATED ? GRPC_UNKNOWN : (int)code;
}

void grpc_head_field(struct grpc_head *h, struct str name, struct str value)
{
    if (str_is(name, ":status"))
        take_status(h, value);
    else if (str_eq_nocase(name, STR("grpc-status")))
        take_code(h, value);
    else if (str_eq_nocase(name, STR("grpc-message")))
        unescape(h->text, sizeof(h->text), value);
    else if (str_eq_nocase(name, STR("grpc-encoding")) && !str_is(value, "identity"))
        h->odd = true;
    else if (str_eq_nocase(name, STR("content-type")))
        h->grpc = str_starts(value, STR("application/grpc"));
}

static int code_of_http(int http)
{
    static const struct {
        int http, code;
    } rows[] = {{400, GRPC_INTERNAL},      {401, GRPC_UNAUTHENTICATED}, {403, GRPC_PERMISSION_DENIED},
                {404, GRPC_UNIMPLEMENTED}, {429, GRPC_UNAVAILABLE},     {502, GRPC_UNAVAILABLE},
                {503, GRPC_UNAVAILABLE},   {504, GRPC_UNAVAILABLE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].http == http)
            return rows[i].code;
    return GRPC_UNKNOWN;
}

int grpc_head_code(struct grpc_head *h)
{
    if (h->code != GRPC_NONE && h->http == 200 && h->grpc && !h->odd)
        return h->code;
    const char *why = h->http != 200 ? "HTTP status" : "not a gRPC response";
    if (h->http == 200 && h->grpc && h->code == GRPC_NONE)
        why = "no grpc-status";
    if (!h->text[0])
        snprintf(h->text, sizeof(h->text), "%s (%d)", why, h->http);
    h->code = h->http == 200 ? GRPC_INTERNAL : code_of_http(h->http);
    return h->code;
}

/* ---- meaning ---- */

static const struct {
    int code;
    const char *text; /* part of the message; NULL: any */
    int read, write;
} meanings[] = {
    {GRPC_OK, NULL, 0, 0},
    {GRPC_RESOURCE_EXHAUSTED, "database space exceeded", -ENOSPC, -ENOSPC},
    {GRPC_RESOURCE_EXHAUSTED, "too many requests", -EAGAIN, -EAGAIN},
    {GRPC_RESOURCE_EXHAUSTED, "larger than max", -EFBIG, -EFBIG},
    {GRPC_RESOURCE_EXHAUSTED, NULL, -EAGAIN, -ETIMEDOUT},
    {GRPC_INVALID_ARGUMENT, "request is too large", -EFBIG, -EFBIG},
    {GRPC_INVALID_ARGUMENT, NULL, -EINVAL, -EINVAL},
    {GRPC_OUT_OF_RANGE, "compacted", -ESTALE, -ESTALE},
    {GRPC_OUT_OF_RANGE, "future revision", -EOVERFLOW, -EOVERFLOW},
    {GRPC_OUT_OF_RANGE, NULL, -ERANGE, -ERANGE},
    {GRPC_UNAVAILABLE, "etcdserver: no leader", -EAGAIN, -EAGAIN},
    {GRPC_UNAVAILABLE, "unhealthy cluster", -EAGAIN, -EAGAIN},
    {GRPC_UNAVAILABLE, NULL, -EAGAIN, -ETIMEDOUT},
    {GRPC_DEADLINE_EXCEEDED, NULL, -ETIMEDOUT, -ETIMEDOUT},
    {GRPC_CANCELLED, NULL, -ECANCELED, -ETIMEDOUT},
    {GRPC_NOT_FOUND, NULL, -ENOENT, -ENOENT},
    {GRPC_ALREADY_EXISTS, NULL, -EEXIST, -EEXIST},
    {GRPC_FAILED_PRECONDITION, "already exists", -EEXIST, -EEXIST},
    {GRPC_FAILED_PRECONDITION, "not supported for learner", -EAGAIN, -EAGAIN},
    {GRPC_FAILED_PRECONDITION, NULL, -EINVAL, -EINVAL},
    {GRPC_PERMISSION_DENIED, NULL, -EACCES, -EACCES},
    {GRPC_UNAUTHENTICATED, NULL, -EACCES, -EACCES},
    {GRPC_UNIMPLEMENTED, NULL, -EOPNOTSUPP, -EOPNOTSUPP},
    {GRPC_DATA_LOSS, NULL, -EIO, -EIO},
};

int grpc_errno(int code, const char *text, bool write)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].code == code && (!meanings[i].text || strstr(text, meanings[i].text)))
            return write ? meanings[i].write : meanings[i].read;
    return write ? -ETIMEDOUT : -EIO;
}
