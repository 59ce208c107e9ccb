/* What registry/columns says of a kind, in the words of meta.k8s.io. */
#include "worker/read/table.h"

#include "registry/walk/json.h"
#include "shm/base/clock.h"
#include "worker/read/options.h"

bool table_include_parse(struct request *rq, enum table_include *out, struct status *st)
{
    struct str v;
    *out = INCLUDE_METADATA;
    if (!request_param(rq, "includeObject", &v) || v.n == 0 || str_is(v, "Metadata"))
        return true;
    if (str_is(v, "Object"))
        *out = INCLUDE_OBJECT;
    else if (str_is(v, "None"))
        *out = INCLUDE_NONE;
    else
        status_bad_request(
            st,
            "Unable to convert to Table as requested: includeObject: Invalid value: %s: must be "
            "'Metadata', 'Object', 'None', or empty",
            go_quote(rq->arena, v));
    return !status_failed(st);
}

static void put_text(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "\"%s\":", key);
    json_write_string(out, str_of(value));
    buf_putc(out, ',');
}

void table_columns(struct buf *out, const struct columns *c)
{
    buf_putc(out, '[');
    for (int i = 0; i < c->n; i++) {
        const struct column *column = &c->column[i];
        buf_puts(out, i ? ",{" : "{");
        put_text(out, "name", column->name);
        put_text(out, "type", column->type);
        put_text(out, "format", column->format);
        put_text(out, "description", column->description);
        buf_printf(out, "\"priority\":%d}", column->priority);
    }
    buf_putc(out, ']');
}

void table_row(struct buf *out, const struct columns *c, const json_t *obj)
{
    const char *reason, *message;
    buf_puts(out, "\"cells\":");
    columns_row(c, out, obj, clock_wall_us());
    if (!c->completed || !c->completed(obj, &reason, &message))
        return;
    buf_puts(out, ",\"conditions\":[{\"type\":\"Completed\",\"status\":\"True\",");
    put_text(out, "reason", reason);
    buf_puts(out, "\"message\":");
    json_write_string(out, str_of(message));
    buf_puts(out, "}]");
}
