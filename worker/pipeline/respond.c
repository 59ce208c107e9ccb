/* Warnings are bounded as the reference bounds them: 4 KiB in all; when that is passed, 256 bytes each. */
#include "worker/pipeline/respond.h"

#include "registry/walk/json.h"

#define WARNING_BYTES 4096
#define WARNING_CUT 256

static bool has_header(const struct response *res, const char *name)
{
    for (int i = 0; i < res->nheaders; i++)
        if (str_eq_nocase(res->headers[i].name, str_of(name)))
            return true;
    return false;
}

/* 299 - "text" (RFC 7234 5.5); control characters have no place in a header. */
static const char *warning(struct arena *a, struct str text)
{
    char *out = arena_raw(a, 2 * text.n + 10), *p = out;
    memcpy(p, "299 - \"", 7);
    p += 7;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\')
            *p++ = '\\';
        *p++ = c < ' ' || c == 127 ? ' ' : (char)c;
    }
    *p++ = '"';
    *p = 0;
    return out;
}

static bool said_before(const struct findings *f, int i)
{
    for (int k = 0; k < i; k++)
        if (strcmp(f->text[k], f->text[i]) == 0)
            return true;
    return false;
}

/* Never in the middle of a UTF-8 sequence. */
static struct str cut(struct str s)
{
    if (s.n <= WARNING_CUT)
        return s;
    s.n = WARNING_CUT;
    while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

static void add_warnings(struct request *rq, const struct findings *f)
{
    size_t total = 0;
    for (int i = 0; i < f->n; i++)
        total += strlen(f->text[i]);
    bool over = total > WARNING_BYTES;
    total = 0;
    for (int i = 0; i < f->n && rq->res.nheaders < RESPONSE_HEADERS_MAX; i++) {
        if (said_before(f, i))
            continue;
        struct str text = over ? cut(str_of(f->text[i])) : str_of(f->text[i]);
        total += text.n;
        if (total > WARNING_BYTES)
            return;
        response_header(rq, "Warning", warning(rq->arena, text));
    }
}

void respond_headers(struct request *rq)
{
    if (rq->audit_id)
        response_header(rq, "Audit-Id", rq->audit_id);
    if (!has_header(&rq->res, "Cache-Control"))
        response_header(rq, "Cache-Control", "no-cache, private");
    if (rq->warnings)
        add_warnings(rq, rq->warnings);
}
