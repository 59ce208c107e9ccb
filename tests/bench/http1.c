/* One call at a time; the parser is http-parser. */
#include "tests/bench/conn_parts.h"

#include <errno.h>

static int on_head(http_parser *hp)
{
    struct conn *c = hp->data;
    if (c->calls)
        call_head(c->calls, (int)hp->status_code);
    return 0;
}

static int on_body(http_parser *hp, const char *p, size_t n)
{
    struct conn *c = hp->data;
    if (c->calls)
        call_body(c->calls, p, n);
    return 0;
}

static int on_end(http_parser *hp)
{
    struct conn *c = hp->data;
    if (c->calls)
        call_end(c->calls, (int)hp->status_code);
    return 0;
}

static const http_parser_settings settings = {
    .on_headers_complete = on_head, .on_body = on_body, .on_message_complete = on_end};

static int http1_open(struct conn *c)
{
    http_parser_init(&c->h1, HTTP_RESPONSE);
    c->h1.data = c;
    return 0;
}

static int http1_call(struct conn *c, struct call *call)
{
    return c->calls ? -EBUSY : 0;
}

static int http1_flush(struct conn *c)
{
    struct call *call = c->calls;
    struct target *t = c->pool->target;
    if (!call || call->body_sent)
        return 0;
    call->body_sent = 1;
    buf_printf(&c->out,
               "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nUser-Agent: cubed-bench\r\n",
               call->method, call->path, t->host);
    if (t->token)
        buf_printf(&c->out, "Authorization: Bearer %s\r\n", t->token);
    if (call->body.n)
        buf_printf(&c->out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                   call->content_type ? call->content_type : "application/json", call->body.n);
    buf_puts(&c->out, "\r\n");
    buf_str(&c->out, call->body);
    return 0;
}

static bool http1_input(struct conn *c, const char *p, size_t n)
{
    return http_parser_execute(&c->h1, &settings, p, n) == n;
}

static void http1_close(struct conn *c)
{
}

const struct proto proto_http1 = {
    .open = http1_open, .call = http1_call, .flush = http1_flush, .input = http1_input, .close = http1_close};
