/* Lists are streamed in every form. The compact one is bytes between bytes; for the others the frame of the
 * list is rendered once with an empty array, cut at that array, and each item is rendered by itself and
 * indented to its place: no list is ever in memory as a whole. */
#include "worker/read/form.h"

#include <stdlib.h>
#include "registry/strategy/strategy.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "worker/read/proto.h"
#include "worker/read/scale.h"
#include "worker/read/text.h"
#include "worker/request/status.h"

/* A field of the kind that apps/v1 has no place for: there it is an annotation, elsewhere it is not seen. */
#define TEMPLATE_GENERATION "deprecated.daemonset.template.generation"

/* No columns are known of what is only asked or done, and never kept. */
static enum transform transforms_of(const struct schema_resource *r, const struct schema_subresource *sub)
{
    static const char *const acts[] = {"binding", "eviction", "token"};
    for (size_t i = 0; sub && i < sizeof(acts) / sizeof(acts[0]); i++)
        if (strcmp(sub->name, acts[i]) == 0)
            return TRANSFORM_PARTIAL;
    bool virtual = r->flags & RESOURCE_VIRTUAL && strcmp(r->plural, "componentstatuses") != 0;
    return virtual ? TRANSFORM_PARTIAL : TRANSFORM_META;
}

bool form_init(struct reply_form *f, struct request *rq, struct status *st)
{
    const struct schema_resource *r = rq->info.schema;
    *f = (struct reply_form){.resource = r, .sub = rq->info.sub};
    if (!negotiate_accept(rq, transforms_of(r, f->sub), &f->accept, st))
        return false;
    if (f->accept.form == FORM_TABLE && !table_include_parse(rq, &f->include, st))
        return false;
    bool scale = f->sub && strcmp(f->sub->name, "scale") == 0;
    if (!scale)
        f->sub = NULL;
    if (f->accept.form == FORM_TABLE)
        f->columns = scale ? columns_of_scale() : columns_for(r);
    if (f->accept.form != FORM_OBJECT && strcmp(r->plural, "daemonsets") == 0)
        f->hidden = TEMPLATE_GENERATION;
    bool whole =
        f->accept.form == FORM_OBJECT || (f->accept.form == FORM_TABLE && f->include == INCLUDE_OBJECT);
    f->converts = scale || (whole && r->storage && r->storage != r);
    bool plain = f->accept.media == MEDIA_JSON && f->accept.pretty == 0;
    f->views = plain && ((f->accept.form == FORM_OBJECT && !f->converts) ||
                         (f->accept.form == FORM_PARTIAL && !f->hidden && !scale));
    if (f->accept.media == MEDIA_PROTOBUF) {
        proto_init(f, rq->arena);
        f->views = f->accept.form == FORM_OBJECT && !f->converts;
        return true;
    }
    if (f->accept.form != FORM_OBJECT)
        f->partial_head = arena_printf(
            rq->arena, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/%s\",\"metadata\":",
            f->accept.as_version);
    return true;
}

/* How the reference calls its own type of the kind: the package of the group, then the kind. */
static const char *go_type(const struct reply_form *f, struct arena *a, bool list)
{
    static const char *const packages[][2] = {
        {"", "core"}, {"events.k8s.io", "core"}, {"internal.apiserver.k8s.io", "apiserverinternal"}};
    const struct schema_resource *r = f->resource;
    struct str group = str_of(r->group), package;
    str_next(&group, '.', &package);
    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
        if (strcmp(r->group, packages[i][0]) == 0)
            package = str_of(packages[i][1]);
    if (f->sub)
        return "*autoscaling.Scale";
    return arena_printf(a, "*%.*s.%s%s", STR_ARG(package), r->kind, list ? "List" : "");
}

bool form_refuses(const struct reply_form *f, bool list, struct status *st)
{
    if (f->accept.form != FORM_PARTIAL || f->accept.of_list == list)
        return false;
    const char *type = go_type(f, st->arena, list);
    if (list)
        status_set(st, 406, "NotAcceptable",
                   "you requested PartialObjectMetadata, but the requested object is a list (%s)", type);
    else
        status_set(st, 406, "NotAcceptable",
                   "you requested PartialObjectMetadataList, but the requested object is not a list (%s)",
                   type);
    return true;
}

int form_views(const struct reply_form *f, struct snapshot *snap, const struct record *r, bool item,
               struct segment *seg)
{
    if (f->accept.media == MEDIA_PROTOBUF)
        return proto_views(f, snap, r, item, seg);
    if (f->accept.form == FORM_PARTIAL) {
        struct str meta = text_metadata(record_json(r));
        seg[0] = (struct segment){f->partial_head, strlen(f->partial_head)};
        seg[1] = (struct segment){meta.p, meta.n};
        seg[2] = (struct segment){"}", 1};
        return 3;
    }
    struct str s = item ? record_body(r) : record_json(r);
    int n = 0;
    if (item)
        seg[n++] = (struct segment){"{", 1};
    seg[n++] = (struct segment){s.p, s.n};
    return n;
}

/* The object as a tree in the version asked for; NULL when it cannot be told in that version. */
static json_t *object_tree(const struct reply_form *f, struct arena *a, const struct record *r)
{
    const char *err;
    json_t *obj = json_read(a, record_json(r), NULL, &err);
    if (!obj || !f->converts)
        return obj;
    struct status st = {.arena = a};
    if (f->sub)
        return scale_tree(obj, f->resource);
    return strategy_convert(a, obj, f->resource->storage, f->resource, &st);
}

/* The metadata of the object alone. */
static json_t *metadata_tree(struct arena *a, const struct record *r)
{
    const char *err;
    json_t *obj = json_object();
    json_object_set_new(obj, "metadata", json_read(a, text_metadata(record_json(r)), NULL, &err));
    return obj;
}

/* The text of the object in the version asked for. */
static void object_text(const struct reply_form *f, struct buf *out, const json_t *obj)
{
    if (f->sub)
        encode_value(out, obj, f->sub->type);
    else
        encode_object(out, obj, f->resource, NULL);
}

/* The metadata of an object, told without the rest of it. */
static struct str metadata_alone(const struct reply_form *f, struct arena *a, struct str json)
{
    struct str meta = text_metadata(json);
    return f->hidden ? text_without_annotation(a, meta, str_of(f->hidden)) : meta;
}

/* Cells are told from the form an object is stored in. */
static void put_cells(const struct reply_form *f, struct arena *a, struct buf *out, const json_t *obj)
{
    struct status st = {.arena = a};
    if (f->sub || !f->converts) {
        table_row(out, f->columns, obj);
        return;
    }
    json_t *stored = strategy_convert(a, json_deep_copy(obj), f->resource, f->resource->storage, &st);
    table_row(out, f->columns, stored);
    json_decref(stored);
}

static void put_row(const struct reply_form *f, struct arena *a, struct buf *out, const json_t *obj,
                    struct str text, bool marked)
{
    struct str meta = metadata_alone(f, a, text);
    buf_putc(out, '{');
    put_cells(f, a, out, obj);
    buf_puts(out, ",\"object\":");
    if (f->include == INCLUDE_OBJECT) {
        buf_str(out, text);
    } else if (f->include == INCLUDE_METADATA || marked) {
        buf_puts(out, f->partial_head);
        buf_str(out, meta);
        buf_putc(out, '}');
    } else {
        buf_puts(out, "null");
    }
    buf_putc(out, '}');
}

static void put_list_head(const struct reply_form *f, struct buf *out, const struct form_list_meta *m,
                          bool headers);

void form_given(const struct reply_form *f, struct arena *a, struct buf *out, const json_t *obj,
                struct str text, bool headers, bool marked)
{
    struct str meta = metadata_alone(f, a, text);
    if (f->accept.media == MEDIA_PROTOBUF) {
        proto_put_tree(f, a, out, obj, false);
    } else if (f->accept.form == FORM_OBJECT) {
        buf_str(out, text);
    } else if (f->accept.form == FORM_PARTIAL) {
        buf_puts(out, f->partial_head);
        buf_str(out, meta);
        buf_putc(out, '}');
    } else {
        struct form_list_meta m = {.remaining = -1};
        str_to_int64(text_string(meta, STR("resourceVersion")), &m.revision);
        put_list_head(f, out, &m, headers);
        put_row(f, a, out, obj, text, marked);
        buf_puts(out, "]}");
    }
}

/* What the form needs of the record: the text of a converted object, and a tree where somebody looks at one.
 */
static void with_object(const struct reply_form *f, struct arena *a, const struct record *r, struct buf *text,
                        json_t **obj)
{
    bool cells = f->accept.form == FORM_TABLE;
    if (cells && !f->converts && f->columns->metadata_only)
        *obj = metadata_tree(a, r);
    else
        *obj = f->converts || cells ? object_tree(f, a, r) : NULL;
    if (f->converts && *obj)
        object_text(f, text, *obj);
}

static void hide_annotation(json_t *obj, const char *name)
{
    json_t *meta = json_object_get(obj, "metadata"), *notes = json_object_get(meta, "annotations");
    json_object_del(notes, name);
    if (notes && json_object_size(notes) == 0)
        json_object_del(meta, "annotations");
}

static void put_proto(const struct reply_form *f, struct arena *a, struct buf *out, struct snapshot *snap,
                      const struct record *r, bool item)
{
    if (proto_put_record(f, out, snap, r, item))
        return;
    json_t *obj = object_tree(f, a, r);
    if (f->hidden)
        hide_annotation(obj, f->hidden);
    proto_put_tree(f, a, out, obj, item);
    json_decref(obj);
}

void form_object(const struct reply_form *f, struct arena *a, struct buf *out, struct snapshot *snap,
                 const struct record *r, bool headers)
{
    struct buf text = {0};
    json_t *obj;
    if (f->accept.media == MEDIA_PROTOBUF) {
        put_proto(f, a, out, snap, r, false);
        return;
    }
    with_object(f, a, r, &text, &obj);
    form_given(f, a, out, obj, text.n ? buf_view(&text) : record_json(r), headers, false);
    json_decref(obj);
    buf_free(&text);
}

/* An encoded object without its kind and apiVersion, from the brace on. */
static void put_body(const struct reply_form *f, struct buf *out, struct str text)
{
    size_t head = strlen("{\"kind\":\"\",\"apiVersion\":\"\",") + strlen(f->resource->kind) +
                  strlen(f->resource->api_version);
    if (text.n <= head)
        return;
    buf_putc(out, '{');
    buf_put(out, text.p + head, text.n - head);
}

void form_item(const struct reply_form *f, struct arena *a, struct buf *out, struct snapshot *snap,
               const struct record *r)
{
    struct segment seg[FORM_SEGMENTS];
    struct buf text = {0};
    json_t *obj = NULL;
    if (f->accept.media == MEDIA_PROTOBUF) {
        put_proto(f, a, out, snap, r, true);
        return;
    }
    if (f->accept.form == FORM_PARTIAL && f->hidden) {
        form_given(f, a, out, NULL, record_json(r), false, false);
        return;
    }
    if (f->accept.form == FORM_PARTIAL || (f->accept.form == FORM_OBJECT && !f->converts)) {
        int n = form_views(f, snap, r, true, seg);
        for (int i = 0; i < n; i++)
            buf_put(out, seg[i].p, seg[i].n);
        return;
    }
    with_object(f, a, r, &text, &obj);
    struct str whole = text.n ? buf_view(&text) : record_json(r);
    if (f->accept.form == FORM_TABLE)
        put_row(f, a, out, obj, whole, false);
    else
        put_body(f, out, whole);
    json_decref(obj);
    buf_free(&text);
}

/* Lists that are null, not an empty array, when there is nothing to put into them. */
static bool null_when_empty(const struct reply_form *f)
{
    return f->accept.form == FORM_PARTIAL || (f->accept.form == FORM_TABLE && f->columns->null_rows);
}

bool form_asks_empty(const struct reply_form *f)
{
    return f->accept.media == MEDIA_YAML || f->accept.pretty || null_when_empty(f);
}

bool form_ranks(const struct reply_form *f)
{
    return f->accept.form == FORM_TABLE && f->columns->rank;
}

int64_t form_rank(const struct reply_form *f, struct arena *a, const struct record *r)
{
    const char *err;
    json_t *obj = json_read(a, record_json(r), NULL, &err);
    int64_t rank = f->columns->rank(obj);
    json_decref(obj);
    return rank;
}

static void render(const struct reply_form *f, struct arena *a, struct buf *out, struct str json)
{
    if (f->accept.media != MEDIA_YAML) {
        json_indent(out, json);
        return;
    }
    const char *err;
    json_t *t = json_read(a, json, NULL, &err);
    if (!t)
        return;
    yaml_write(out, t);
    json_decref(t);
}

void form_finish(const struct reply_form *f, struct arena *a, struct buf *out, struct str json)
{
    if (f->accept.media == MEDIA_YAML || f->accept.pretty) {
        render(f, a, out, json);
        return;
    }
    buf_str(out, json);
    if (f->accept.media != MEDIA_PROTOBUF)
        buf_putc(out, '\n');
}

/* ---- lists ---- */

/* Everything up to and including the bracket that opens the items. */
static void put_list_head(const struct reply_form *f, struct buf *out, const struct form_list_meta *m,
                          bool headers)
{
    const struct schema_resource *r = f->resource;
    if (f->accept.form == FORM_OBJECT)
        buf_printf(out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\"", r->kind, r->api_version);
    else
        buf_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"meta.k8s.io/%s\"",
                   f->accept.form == FORM_TABLE ? "Table" : "PartialObjectMetadataList",
                   f->accept.as_version);
    buf_puts(out, ",\"metadata\":{");
    if (m->revision)
        buf_printf(out, "\"resourceVersion\":\"%lld\"", (long long)m->revision);
    if (m->token.n)
        buf_printf(out, ",\"continue\":\"%.*s\"", STR_ARG(m->token));
    if (m->remaining >= 0)
        buf_printf(out, ",\"remainingItemCount\":%lld", (long long)m->remaining);
    buf_putc(out, '}');
    if (f->accept.form == FORM_TABLE) {
        buf_puts(out, ",\"columnDefinitions\":");
        if (headers)
            table_columns(out, f->columns);
        else
            buf_puts(out, "null");
    }
    buf_puts(out, f->accept.form == FORM_TABLE ? ",\"rows\":[" : ",\"items\":[");
}

/* Where the rendered frame has its empty array. */
static size_t find_items(struct str s, const char *mark)
{
    const char *at = s.p ? memmem(s.p, s.n, mark, strlen(mark)) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

void form_list_frame(const struct reply_form *f, struct arena *a, const struct form_list_meta *m, bool empty,
                     struct str *head, struct str *tail)
{
    struct buf compact = {0}, out = {0};
    bool yaml = f->accept.media == MEDIA_YAML, table = f->accept.form == FORM_TABLE;
    if (f->accept.media == MEDIA_PROTOBUF) {
        proto_list_frame(f, a, m, head, tail);
        return;
    }
    bool null = empty && null_when_empty(f);
    put_list_head(f, &compact, m, true);
    if (null) {
        compact.n--;
        buf_puts(&compact, "null");
    }
    if (!yaml && !f->accept.pretty) {
        *head = arena_str(a, buf_view(&compact));
        *tail = null ? STR("}\n") : STR("]}\n");
        buf_free(&compact);
        return;
    }
    buf_puts(&compact, null ? "}" : "]}");
    render(f, a, &out, buf_view(&compact));
    const char *mark = yaml ? (table ? "rows: []" : "items: []") : (table ? "\"rows\": []" : "\"items\": []");
    struct str all = arena_str(a, buf_view(&out));
    size_t at = find_items(all, mark), cut = at < all.n ? at + strlen(mark) : all.n;
    *head = (struct str){all.p, empty ? cut : cut - (yaml ? 3 : 1)};
    *tail = (struct str){all.p + cut, all.n - cut};
    if (!empty)
        *tail = str_of(arena_printf(a, "%s%.*s", yaml ? "" : "\n  ]", STR_ARG(*tail)));
    buf_free(&compact);
    buf_free(&out);
}

static void put_indented(struct buf *out, struct str text, const char *first, const char *rest)
{
    struct str line;
    while (text.n && text.p[text.n - 1] == '\n')
        text.n--;
    const char *lead = first;
    while (str_next(&text, '\n', &line)) {
        buf_putc(out, '\n');
        if (line.n)
            buf_puts(out, lead);
        buf_str(out, line);
        lead = rest;
    }
}

void form_list_item(const struct reply_form *f, struct arena *a, struct buf *out, struct str json, bool first)
{
    bool yaml = f->accept.media == MEDIA_YAML;
    if (!yaml && !f->accept.pretty) {
        if (!first && f->accept.media != MEDIA_PROTOBUF)
            buf_putc(out, ',');
        buf_str(out, json);
        return;
    }
    struct buf text = {0};
    render(f, a, &text, json);
    if (yaml) {
        put_indented(out, buf_view(&text), "- ", "  ");
    } else {
        if (!first)
            buf_putc(out, ',');
        put_indented(out, buf_view(&text), "    ", "    ");
    }
    buf_free(&text);
}
