/* Trees to records and back. A write encodes once, to JSON and to protobuf: the draft's bytes are what the
 * store keeps, what watchers get and what the writer is answered with. */
#include "worker/write/commit.h"

#include <stdlib.h>
#include "registry/rules/selectors.h"
#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/spelled.h"
#include "registry/walk/tree.h"
#include "registry/walk/wire.h"
#include "shm/base/must.h"

static int label_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct record_label *)a)->key, ((const struct record_label *)b)->key);
}

static int labels_of(struct arena *a, const json_t *obj, struct record_label **out)
{
    json_t *labels = tree_get(obj, "metadata.labels"), *v;
    size_t max = json_object_size(labels);
    const char *key;
    int n = 0;

    if (max > RECORD_LABELS_MAX)
        max = RECORD_LABELS_MAX;
    *out = arena_alloc(a, max * sizeof(**out));
    json_object_foreach(labels, key, v)
    {
        if ((size_t)n < max && json_is_string(v))
            (*out)[n++] = (struct record_label){str_of(key), {json_string_value(v), json_string_length(v)}};
    }
    if (n)
        qsort(*out, (size_t)n, sizeof(**out), label_cmp);
    return n;
}

static int fields_of(struct arena *a, const json_t *obj, const struct schema_resource *r,
                     struct record_field **out)
{
    int n = 0;

    *out = arena_alloc(a, (size_t)r->nselectable * sizeof(**out));
    for (int i = 0; i < r->nselectable && n < RECORD_FIELDS_MAX; i++) {
        struct str v = selectable_value(a, obj, &r->selectable[i]);

        if (v.n)
            (*out)[n++] = (struct record_field){(uint16_t)i, r->selectable[i].indexed, v};
    }
    return n;
}

static void put_json(struct record_parts *p, struct buf *json, const json_t *obj,
                     const struct schema_resource *r)
{
    struct encode_marks marks = {0};

    encode_object(json, obj, r, &marks);
    p->resource = r->id;
    p->json = buf_view(json);
    p->body_at = marks.body_at;
    p->rv_at = marks.rv_at;
    p->ns_at = marks.ns_at;
    p->name_at = marks.name_at;
    p->ns_bytes = marks.ns_bytes;
    p->name_bytes = marks.name_bytes;
}

void record_make(struct buf *out, struct arena *a, const json_t *obj, const struct schema_resource *r,
                 const struct kept *kept, int64_t expires_s)
{
    struct record_label *labels;
    struct record_field *fields;
    struct record_parts p = {.expires_s = expires_s};
    struct buf json = {0}, proto = {0};

    put_json(&p, &json, obj, r);
    protobuf_write(&proto, a, obj, r->type, kept, &p.proto_rv_at);
    p.nlabels = labels_of(a, obj, &labels);
    p.labels = labels;
    p.nfields = fields_of(a, obj, r, &fields);
    p.fields = fields;
    if (p.proto_rv_at) {
        p.proto = buf_view(&proto);
        p.flags = kept || spelled_in(r->type) ? RECORD_KEPT : 0;
    }
    record_draft(out, &p);
    buf_free(&json);
    buf_free(&proto);
}

void record_make_unreadable(struct buf *out, struct arena *a, const struct schema_resource *r, struct str ns,
                            struct str name, struct str etcd_key, const char *why)
{
    struct record_field fields[] = {{RECORD_SLOT_UNREADABLE, true, RECORD_UNREADABLE_MARK},
                                    {RECORD_SLOT_ETCD_KEY, false, etcd_key},
                                    {RECORD_SLOT_WHY, false, str_of(why)}};
    struct record_parts p = {.flags = RECORD_UNREADABLE, .fields = fields, .nfields = 3};
    json_t *obj = json_object();
    struct buf json = {0};

    tree_set(obj, "metadata.name", json_stringn(name.p, name.n));
    if (ns.n)
        tree_set(obj, "metadata.namespace", json_stringn(ns.p, ns.n));
    put_json(&p, &json, obj, r);
    record_draft(out, &p);
    json_decref(obj);
    buf_free(&json);
}

struct kept *record_kept(struct arena *a, const struct record *rec, const struct schema_resource *r,
                         const json_t *old, json_t *obj)
{
    struct str proto = record_proto(rec);
    struct wire_piece message;
    const char *err = NULL;

    if (!(rec->flags & RECORD_KEPT) || !wire_next(&proto, &message, &err))
        return NULL;
    return kept_find(a, message.bytes, r->type, old, obj);
}

json_t *record_tree(struct arena *a, const struct record *rec)
{
    const char *err;
    json_t *obj = json_read(a, record_json(rec), NULL, &err);
    const struct schema_resource *r = schema_resource_of_id(rec->resource);
    struct str proto = record_proto(rec);
    struct wire_piece message;

    /* The store holds what this server encoded. */
    must(json_is_object(obj));
    if (r && rec->flags & RECORD_KEPT && spelled_in(r->type) && wire_next(&proto, &message, &err))
        spelled_from_message(obj, r->type, message.bytes);
    return obj;
}
