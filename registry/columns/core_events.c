/* Events, in the form of the core kind whichever of the two was asked for. Old ones carry count and times
 * themselves, new ones in a series. */
#include "registry/columns/rows.h"

#include "registry/columns/age.h"

static void first_seen(struct cells *c, const json_t *obj, char out[AGE_TEXT_BYTES])
{
    int64_t us;
    struct str first = tree_str(obj, "firstTimestamp");
    age_since(out, age_parse(first, &us) ? first : tree_str(obj, "eventTime"), c->now_us);
}

static void last_seen(struct cells *c, const json_t *obj, char out[AGE_TEXT_BYTES])
{
    int64_t us;
    const json_t *series = tree_get(obj, "series");
    struct str last = tree_str(obj, "lastTimestamp");
    if (series)
        age_since(out, tree_str(series, "lastObservedTime"), c->now_us);
    else if (age_parse(last, &us))
        age_since(out, last, c->now_us);
    else
        first_seen(c, obj, out);
}

static void put_object(struct cells *c, const json_t *obj)
{
    struct str name = tree_str(obj, "involvedObject.name");
    struct buf *b = cell_open(c);
    put_lower(b, tree_str(obj, "involvedObject.kind"));
    if (name.n) {
        buf_putc(b, '/');
        buf_str(b, name);
    }
    cell_close(c, "");
}

static struct str either(const json_t *obj, const char *path, const char *other)
{
    struct str s = tree_str(obj, path);
    return s.n ? s : tree_str(obj, other);
}

static void put_source(struct cells *c, const json_t *obj)
{
    struct str host = either(obj, "source.host", "reportingInstance");
    struct buf *b = cell_open(c);
    buf_str(b, either(obj, "source.component", "reportingComponent"));
    if (host.n) {
        buf_puts(b, ", ");
        buf_str(b, host);
    }
    cell_close(c, "");
}

static int64_t count(const json_t *obj)
{
    const json_t *series = tree_get(obj, "series");
    int64_t n = tree_int(obj, "count", 0);
    return series ? tree_int(series, "count", 0) : n ? n : 1;
}

/* Blanks and line ends around it are dropped. */
static void put_message(struct cells *c, struct str s)
{
    static const char blanks[] = " \t\n\v\f\r";
    while (s.n && strchr(blanks, s.p[0]) && s.p[0]) {
        s.p++;
        s.n--;
    }
    while (s.n && strchr(blanks, s.p[s.n - 1]) && s.p[s.n - 1])
        s.n--;
    cell_str(c, s);
}

static void put_event(struct cells *c, const json_t *obj)
{
    char last[AGE_TEXT_BYTES], first[AGE_TEXT_BYTES];
    last_seen(c, obj, last);
    first_seen(c, obj, first);
    cell_text(c, last);
    cell_at(c, obj, "type", "");
    cell_at(c, obj, "reason", "");
    put_object(c, obj);
    cell_at(c, obj, "involvedObject.fieldPath", "");
    put_source(c, obj);
    put_message(c, tree_str(obj, "message"));
    cell_text(c, first);
    cell_int(c, count(obj));
    cell_name(c, obj);
}

static const struct column event_columns[] = {
    {TEXT("Last Seen"), "How long ago it happened last."},
    {TEXT("Type"), "Whether it is as usual or a warning."},
    {TEXT("Reason"), "What happened, in a word."},
    {TEXT("Object"), "What it happened to."},
    {WIDE("Subobject"), "Which part of that."},
    {WIDE("Source"), "Who reports it."},
    {TEXT("Message"), "What happened, for people."},
    {WIDE("First Seen"), "How long ago it happened first."},
    {WIDE("Count"), "How often it happened."},
    {"Name", "string", "name", 1, "What the event is called."},
};

static const struct columns rows[] = {
    ROW("", "events", event_columns, put_event),
    ROW("events.k8s.io", "events", event_columns, put_event),
};

const struct columns_rows columns_rows_events = COLUMNS_ROWS(rows);
