/* Cells come from the kind's strategy; a kind without one gets a name and an age, which need no tree at all.
 */
#include "worker/read/table.h"

#include <stdio.h>
#include "registry/walk/json.h"
#include "shm/base/clock.h"
#include "worker/read/options.h"
#include "worker/read/text.h"

#define NAME_DESCRIPTION "Name of the object, unique among its kind and namespace."

static const struct strategy_column generic_columns[] = {
    {"Name", "string", "name", NAME_DESCRIPTION, 0},
    {"Age", "string", "", "Time since the object was created.", 0},
};

static const struct strategy_column created_columns[] = {
    {"Name", "string", "name", NAME_DESCRIPTION, 0},
    {"Created At", "date", "", "When the object was created, RFC 3339 in UTC.", 0},
};

/* Kinds without a printer in the reference either: it shows when they were made, not how old they are. */
static bool shows_created(const struct schema_resource *r)
{
    static const char *const plurals[] = {"limitranges", "clusterroles", "roles", "csistoragecapacities",
                                          "customresourcedefinitions"};
    for (size_t i = 0; i < sizeof(plurals) / sizeof(plurals[0]); i++)
        if (strcmp(r->plural, plurals[i]) == 0)
            return true;
    return false;
}

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

bool table_needs_tree(const struct schema_resource *r)
{
    return strategy_for(r)->table_row != NULL;
}

static void put_text(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "\"%s\":", key);
    json_write_string(out, str_of(value));
    buf_putc(out, ',');
}

void table_columns(struct buf *out, const struct schema_resource *r)
{
    const struct strategy *s = strategy_for(r);
    const struct strategy_column *c = s->table_row       ? s->columns
                                      : shows_created(r) ? created_columns
                                                         : generic_columns;
    int n = s->table_row ? s->ncolumns : 2;
    buf_putc(out, '[');
    for (int i = 0; i < n; i++) {
        buf_puts(out, i ? ",{" : "{");
        put_text(out, "name", c[i].name);
        put_text(out, "type", c[i].type);
        put_text(out, "format", c[i].format);
        put_text(out, "description", c[i].description);
        buf_printf(out, "\"priority\":%d}", c[i].priority);
    }
    buf_putc(out, ']');
}

void table_cells(struct buf *out, const struct strategy_call *c, const json_t *obj, struct str metadata)
{
    const struct strategy *s = strategy_for(c->resource);
    if (s->table_row) {
        json_t *cells = json_array();
        s->table_row(c, obj, cells);
        json_write(out, cells, 0);
        json_decref(cells);
        return;
    }
    char age[24];
    struct str created = text_string(metadata, STR("creationTimestamp"));
    buf_puts(out, "[\"");
    buf_str(out, text_string(metadata, STR("name")));
    if (shows_created(c->resource)) {
        buf_printf(out, "\",\"%.*s\"]", STR_ARG(created));
        return;
    }
    table_age(age, created, clock_wall_s());
    buf_printf(out, "\",\"%s\"]", age);
}

/* Two units while the smaller one still says something. */
static void two_units(char out[24], int64_t big, char big_unit, int64_t small, char small_unit)
{
    if (small == 0)
        snprintf(out, 24, "%lld%c", (long long)big, big_unit);
    else
        snprintf(out, 24, "%lld%c%lld%c", (long long)big, big_unit, (long long)small, small_unit);
}

void table_age(char out[24], struct str rfc3339, int64_t now_s)
{
    int64_t us;
    if (rfc3339.n == 0 || clock_parse_rfc3339(rfc3339.p, rfc3339.n, &us)) {
        snprintf(out, 24, "<unknown>");
        return;
    }
    int64_t s = now_s - us / 1000000, min = s / 60, h = s / 3600, d = h / 24;
    if (s < -1)
        snprintf(out, 24, "<invalid>");
    else if (s < 120)
        snprintf(out, 24, "%llds", (long long)(s < 0 ? 0 : s));
    else if (min < 10)
        two_units(out, min, 'm', s % 60, 's');
    else if (min < 180)
        two_units(out, min, 'm', 0, 0);
    else if (h < 8)
        two_units(out, h, 'h', min % 60, 'm');
    else if (h < 48)
        two_units(out, h, 'h', 0, 0);
    else if (h < 192)
        two_units(out, d, 'd', h % 24, 'h');
    else if (d < 365 * 2)
        two_units(out, d, 'd', 0, 0);
    else if (d < 365 * 8)
        two_units(out, d / 365, 'y', d % 365, 'd');
    else
        two_units(out, d / 365, 'y', 0, 0);
}
