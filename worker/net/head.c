/* Text only: what is sent, and in which order, is as Go's server does it. */
#include "worker/net/head.h"

struct phrase {
    int code;
    const char *text;
};

static const struct phrase PHRASES[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *head_reason(int code)
{
    for (size_t i = 0; i < sizeof(PHRASES) / sizeof(*PHRASES); i++)
        if (PHRASES[i].code == code)
            return PHRASES[i].text;
    return "";
}

bool head_has_body(const struct response *res)
{
    return !res->head_only && res->code != 204 && res->code != 304;
}

static void put_line(struct buf *b, struct str name, struct str value)
{
    char *p = buf_reserve(b, name.n + value.n + 4);
    memcpy(p, name.p, name.n);
    p += name.n;
    *p++ = ':';
    *p++ = ' ';
    memcpy(p, value.p, value.n);
    p += value.n;
    *p++ = '\r';
    *p++ = '\n';
    b->n += name.n + value.n + 4;
}

void head_write(struct buf *b, const struct response *res, struct str date, bool chunked, bool keep_alive)
{
    buf_str(b, STR("HTTP/1.1 "));
    buf_put_int(b, res->code);
    buf_putc(b, ' ');
    buf_puts(b, head_reason(res->code));
    buf_str(b, STR("\r\n"));
    for (int i = 0; i < res->nheaders; i++)
        put_line(b, res->headers[i].name, res->headers[i].value);
    if (res->content_type)
        put_line(b, STR("Content-Type"), str_of(res->content_type));
    put_line(b, STR("Date"), date);
    if (chunked) {
        buf_str(b, STR("Transfer-Encoding: chunked\r\n"));
    } else if (res->content_length >= 0 && res->code != 204 && res->code != 304) {
        buf_str(b, STR("Content-Length: "));
        buf_put_int(b, res->content_length);
        buf_str(b, STR("\r\n"));
    }
    if (!keep_alive)
        buf_str(b, STR("Connection: close\r\n"));
    buf_str(b, STR("\r\n"));
}
