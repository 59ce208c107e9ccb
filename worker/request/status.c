/* A Status leaves in the form that was asked for, JSON, YAML or protobuf; who asks for a form that errors don't have
 * gets JSON all the same, indented: an error is never hidden behind a failed negotiation. */
#include "worker/request/status.h"

#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"

/* Where a string that begins at i ends (behind its quote). */
static size_t string_end(struct str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        if (s.p[i] == '\\')
            i++;
    return i < s.n ? i + 1 : s.n;
}

static void new_line(struct buf *out, int depth)
{
    buf_putc(out, '\n');
    for (int i = 0; i < depth; i++)
        buf_put(out, "  ", 2);
}

void json_indent(struct buf *out, struct str s)
{
    int depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool empty = i + 1 < s.n && (c == '{' || c == '[') && (s.p[i + 1] == '}' || s.p[i + 1] == ']');
        if (c == '"') {
            size_t end = string_end(s, i);
            buf_put(out, s.p + i, end - i);
            i = end - 1;
        } else if (empty) {
            buf_put(out, s.p + i, 2);
            i++;
        } else if (c == '{' || c == '[') {
            buf_putc(out, c);
            new_line(out, ++depth);
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            new_line(out, depth);
            buf_putc(out, c);
        } else if (c == ',') {
            buf_putc(out, c);
            new_line(out, depth);
        } else if (c == ':') {
            buf_put(out, ": ", 2);
        } else {
            buf_putc(out, c);
        }
    }
}

/* Hands a buffer's content over to the arena. */
static struct str keep(struct request *rq, struct buf *b)
{
    struct str s = arena_str(rq->arena, buf_view(b));
    buf_free(b);
    return s;
}

static bool to_yaml(struct request *rq, struct str json, struct buf *out)
{
    const char *err = NULL;
    json_t *tree = json_read(rq->arena, json, NULL, &err);
    if (!tree)
        return false;
    yaml_write(out, tree);
    json_decref(tree);
    return true;
}

static bool to_protobuf(struct request *rq, struct str json, struct buf *out)
{
    const char *err = NULL;
    json_t *tree = json_read(rq->arena, json, NULL, &err);
    bool done = tree && protobuf_write_enveloped(out, rq->arena, tree);
    json_decref(tree);
    return done;
}

void response_json(struct request *rq, int code, const struct accept *a, const char *content_type,
                   struct str json)
{
    struct buf out = {0};
    const char *type = content_type ? content_type : a->content_type;
    if ((a->media == MEDIA_YAML && to_yaml(rq, json, &out)) ||
        (a->media == MEDIA_PROTOBUF && to_protobuf(rq, json, &out))) {
        response_bytes(rq, code, type, keep(rq, &out));
        return;
    }
    if (a->pretty)
        json_indent(&out, json);
    else
        buf_printf(&out, "%.*s\n", STR_ARG(json));
    response_bytes(rq, code, type, keep(rq, &out));
}

void response_text(struct request *rq, int code, const char *text)
{
    response_header(rq, "X-Content-Type-Options", "nosniff");
    char *line = arena_printf(rq->arena, "%s\n", text);
    response_bytes(rq, code, "text/plain; charset=utf-8", str_of(line));
}

/* What an error may be sent as: no conversion is possible, and an answer comes in any case. */
static void negotiate_error(struct request *rq, struct accept *a)
{
    if (!negotiate_media(rq, TRANSFORM_NONE, a))
        *a = (struct accept){.media = MEDIA_JSON, .pretty = 2, .content_type = "application/json"};
}

void response_status(struct request *rq, const struct status *st)
{
    struct accept a;
    negotiate_error(rq, &a);
    if (st->retry_after_s > 0)
        response_header(rq, "Retry-After", arena_printf(rq->arena, "%d", st->retry_after_s));
    struct buf json = {0};
    status_encode(st, &json);
    struct str text = keep(rq, &json);
    response_json(rq, st->code, &a, NULL, text);
}

void status_no_route(struct status *st)
{
    status_set(st, 404, "NotFound", "the server could not find the requested resource");
    status_details(st, NULL, NULL, NULL);
}

void status_no_method(struct status *st)
{
    status_set(st, 405, "MethodNotAllowed",
               "the server does not allow this method on the requested resource");
    status_details(st, NULL, NULL, NULL);
}
