/* A list's message begins with its length, so a list is counted before it is sent; the items then are the
 * records' bytes as they lie there, tag and length included. */
#include "worker/read/proto.h"

#include <stdio.h>
#include "registry/walk/protobuf.h"
#include "shm/base/must.h"

enum { LIST_META_VERSION = 2, LIST_META_CONTINUE = 3 };

#define LIST_META_SELF_LINK "\x0a\0"
#define LIST_META_REMAINING 0x20 /* field 4, a number */

static struct str head_of(struct arena *a, const char *api_version, const char *kind)
{
    struct buf b = {0};
    protobuf_head(&b, str_of(api_version), str_of(kind));
    struct str s = arena_str(a, buf_view(&b));
    buf_free(&b);
    return s;
}

void proto_init(struct reply_form *f, struct arena *a)
{
    const struct schema_resource *r = f->resource;
    if (f->accept.form == FORM_PARTIAL) {
        f->proto_type = schema_type(STR("meta/v1"), STR("PartialObjectMetadata"));
        f->proto_head =
            head_of(a, arena_printf(a, "meta.k8s.io/%s", f->accept.as_version), "PartialObjectMetadata");
    } else if (f->sub) {
        f->proto_type = f->sub->type;
        f->proto_head = head_of(a, arena_printf(a, "%s/%s", f->sub->group, f->sub->version), f->sub->kind);
    } else {
        f->proto_type = r->type;
        f->proto_head = head_of(a, r->api_version, r->kind);
    }
    must(f->proto_type != NULL);
}

int proto_views(const struct reply_form *f, struct snapshot *snap, const struct record *r, bool item,
                struct segment *seg)
{
    struct str part[2];
    int n = 0;
    if (!snapshot_proto(snap, r, part))
        return 0;
    if (!item)
        seg[n++] = (struct segment){f->proto_head.p, f->proto_head.n};
    for (int i = 0; i < 2; i++)
        if (part[i].n)
            seg[n++] = (struct segment){part[i].p, part[i].n};
    if (!item)
        seg[n++] = (struct segment){PROTOBUF_TAIL.p, PROTOBUF_TAIL.n};
    return n;
}

bool proto_put_record(const struct reply_form *f, struct buf *out, struct snapshot *snap,
                      const struct record *r, bool item)
{
    bool partial = f->accept.form == FORM_PARTIAL;
    struct str part[2];
    struct buf proto = {0};
    if ((!partial && f->converts) || !snapshot_proto(snap, r, part))
        return false;
    buf_str(&proto, part[0]);
    buf_str(&proto, part[1]);
    struct str meta = record_proto_meta(buf_view(&proto));
    if (!item && meta.n)
        buf_str(out, f->proto_head);
    if (partial && meta.n)
        protobuf_tag(out, PROTOBUF_RAW, meta.n);
    if (meta.n)
        buf_str(out, partial ? meta : buf_view(&proto));
    if (!item && meta.n)
        buf_str(out, PROTOBUF_TAIL);
    buf_free(&proto);
    return meta.n > 0;
}

void proto_put_tree(const struct reply_form *f, struct arena *a, struct buf *out, const json_t *obj,
                    bool item)
{
    if (!item)
        buf_str(out, f->proto_head);
    protobuf_write(out, a, obj, f->proto_type, NULL, NULL);
    if (!item)
        buf_str(out, PROTOBUF_TAIL);
}

static void put_text(struct buf *out, uint32_t number, struct str s)
{
    protobuf_tag(out, number, s.n);
    buf_str(out, s);
}

static void put_list_meta(struct buf *out, const struct form_list_meta *m)
{
    struct buf fields = {0};
    char revision[24];
    snprintf(revision, sizeof(revision), "%lld", (long long)m->revision);
    buf_put(&fields, LIST_META_SELF_LINK, 2);
    put_text(&fields, LIST_META_VERSION, str_of(revision));
    put_text(&fields, LIST_META_CONTINUE, m->token);
    if (m->remaining >= 0) {
        buf_putc(&fields, LIST_META_REMAINING);
        protobuf_varint(&fields, (uint64_t)m->remaining);
    }
    put_text(out, PROTOBUF_META, buf_view(&fields));
    buf_free(&fields);
}

void proto_list_frame(const struct reply_form *f, struct arena *a, const struct form_list_meta *m,
                      struct str *head, struct str *tail)
{
    const struct schema_resource *r = f->resource;
    bool partial = f->accept.form == FORM_PARTIAL;
    const char *kind = partial ? "PartialObjectMetadataList" : arena_printf(a, "%sList", r->kind);
    const char *version = partial ? arena_printf(a, "meta.k8s.io/%s", f->accept.as_version) : r->api_version;
    struct buf meta = {0}, out = {0};
    put_list_meta(&meta, m);
    protobuf_head(&out, str_of(version), str_of(kind));
    protobuf_tag(&out, PROTOBUF_RAW, meta.n + m->bytes);
    buf_str(&out, buf_view(&meta));
    *head = arena_str(a, buf_view(&out));
    *tail = PROTOBUF_TAIL;
    buf_free(&meta);
    buf_free(&out);
}
