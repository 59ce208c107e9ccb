/* An event goes to a thousand watches as the same bytes: `{"type":"ADDED","object":`, the record's JSON where
 * it lies in the log, `}` and a newline. Tables and converted versions cost a tree, so that is paid once.
 *
 * In protobuf an event is
 *
 *   length, 4 bytes, big end first | type, field 1 | object, field 2: {raw, field 1: the envelope}
 *
 * and the envelope ends in the record's message, where it lies in the log too: only what stands before it,
 * with all the lengths, is built and shared. */
#include "worker/watch/frame.h"

#include <stdlib.h>
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define HEADERS_VARIANT 16 /* added to a variant whose Table has columns */

enum { EVENT_TYPE = 1, EVENT_OBJECT = 2, OBJECT_RAW = 1 };

static const char *const names[] = {
    [FRAME_ADDED] = "ADDED",
    [FRAME_MODIFIED] = "MODIFIED",
    [FRAME_DELETED] = "DELETED",
    [FRAME_LEFT] = "DELETED",
};

static const struct str openings[] = {
    [FRAME_ADDED] = {"{\"type\":\"ADDED\",\"object\":", 25},
    [FRAME_MODIFIED] = {"{\"type\":\"MODIFIED\",\"object\":", 28},
    [FRAME_DELETED] = {"{\"type\":\"DELETED\",\"object\":", 27},
    [FRAME_LEFT] = {"{\"type\":\"DELETED\",\"object\":", 27},
};

void frame_unref(struct frame *f)
{
    if (f && --f->refs == 0)
        free(f);
}

static bool in_range(const struct selection *s, const struct event *e)
{
    if (e->resource != s->resource)
        return false;
    if (s->ns.n && !str_eq(record_ns(e->record), s->ns))
        return false;
    return s->name.n == 0 || str_eq(record_name(e->record), s->name);
}

enum frame_type frame_type_for(const struct watch *w, const struct event *e)
{
    const struct selection *s = &w->sel;
    if (!in_range(s, e))
        return FRAME_NONE;
    bool deleted = e->type == EVENT_DELETED;
    bool now = selection_matches_record(s, e->record);
    if (deleted)
        return now ? FRAME_DELETED : FRAME_NONE;
    bool before = e->prev && selection_matches_record(s, e->prev);
    if (now)
        return before ? FRAME_MODIFIED : FRAME_ADDED;
    return before ? FRAME_LEFT : FRAME_NONE;
}

uint64_t frame_form_id(const struct reply_form *f)
{
    uint64_t h = hash_str((struct str){(const char *)&f->resource, sizeof(f->resource)});
    unsigned char kind[] = {(unsigned char)f->accept.form, (unsigned char)f->include,
                            (unsigned char)f->accept.media};
    h = hash_more(h, (struct str){(const char *)kind, sizeof(kind)});
    return hash_more(h, str_of(f->accept.as_version));
}

/* ---- views ---- */

static size_t push_views(struct watch *w, enum frame_type type, const struct record *r)
{
    struct segment seg[FORM_SEGMENTS];
    int n = form_views(&w->form, NULL, r, false, seg);
    size_t bytes = openings[type].n + 2;
    body_push(w->rq, openings[type].p, openings[type].n);
    for (int i = 0; i < n; i++) {
        body_push(w->rq, seg[i].p, seg[i].n);
        bytes += seg[i].n;
    }
    body_push(w->rq, "}\n", 2);
    return bytes;
}

/* ---- built ---- */

/* Everything up to an envelope of n bytes. */
static void put_proto_opening(struct buf *out, const char *type, size_t n)
{
    struct buf event = {0}, object = {0};
    protobuf_tag(&object, OBJECT_RAW, n);
    protobuf_tag(&event, EVENT_TYPE, strlen(type));
    buf_puts(&event, type);
    protobuf_tag(&event, EVENT_OBJECT, object.n + n);
    buf_str(&event, buf_view(&object));
    uint32_t length = (uint32_t)(event.n + n);
    char big[] = {(char)(length >> 24), (char)(length >> 16), (char)(length >> 8), (char)length};
    buf_put(out, big, sizeof(big));
    buf_str(out, buf_view(&event));
    buf_free(&event);
    buf_free(&object);
}

void frame_put(const struct reply_form *f, struct buf *out, const char *type, struct str object)
{
    if (f->accept.media == MEDIA_PROTOBUF) {
        put_proto_opening(out, type, object.n);
        buf_str(out, object);
        return;
    }
    buf_printf(out, "{\"type\":\"%s\",\"object\":", type);
    buf_str(out, object);
    buf_puts(out, "}\n");
}

static void put_frame(const struct watch *w, struct buf *out, enum frame_type type, struct snapshot *snap,
                      const struct record *r, bool headers)
{
    struct arena *scratch = arena_new(0);
    if (w->form.accept.media == MEDIA_PROTOBUF) {
        struct buf object = {0};
        form_object(&w->form, scratch, &object, snap, r, headers);
        frame_put(&w->form, out, names[type], buf_view(&object));
        buf_free(&object);
    } else {
        buf_str(out, openings[type]);
        form_object(&w->form, scratch, out, snap, r, headers);
        buf_puts(out, "}\n");
    }
    arena_free(scratch);
}

static struct frame *frame_new(struct str bytes, const struct event *e, uint64_t form_id, int variant)
{
    struct frame *f = malloc(sizeof(*f) + bytes.n);
    must(f);
    *f = (struct frame){.refs = 1,
                        .revision = e->revision,
                        .sub = e->sub,
                        .form_id = form_id,
                        .variant = variant,
                        .n = bytes.n};
    memcpy(f->bytes, bytes.p, bytes.n);
    return f;
}

/* An object that ceased to match is told as it was, with the revision of the change. */
static struct frame *build(const struct watch *w, const struct event *e, enum frame_type type, int variant)
{
    struct buf out = {0};
    void *left = NULL;
    const struct record *r = e->record;
    if (type == FRAME_LEFT) {
        left = malloc(record_finished_bytes(e->prev, e->revision));
        must(left);
        record_finish(left, e->prev, e->revision, e->prev->create_revision);
        r = left;
    }
    put_frame(w, &out, type, NULL, r, variant >= HEADERS_VARIANT);
    struct frame *f = frame_new(buf_view(&out), e, w->form_id, variant);
    free(left);
    buf_free(&out);
    return f;
}

static void hold(struct watch *w, struct frame *f)
{
    if (w->nframes == w->frames_cap) {
        w->frames_cap = w->frames_cap ? w->frames_cap * 2 : 4;
        w->frames = realloc(w->frames, (size_t)w->frames_cap * sizeof(*w->frames));
        must(w->frames);
    }
    f->refs++;
    w->frames[w->nframes++] = f;
}

static bool take_headers(struct watch *w)
{
    bool first = w->form.accept.form == FORM_TABLE && !w->headers_sent;
    w->headers_sent = true;
    return first;
}

/* What stands before the record's message. */
static struct frame *build_opening(const struct watch *w, const struct event *e, enum frame_type type)
{
    struct buf out = {0};
    struct str head = w->form.proto_head;
    put_proto_opening(&out, names[type], head.n + e->record->proto_bytes + PROTOBUF_TAIL.n);
    buf_str(&out, head);
    struct frame *f = frame_new(buf_view(&out), e, w->form_id, (int)type);
    buf_free(&out);
    return f;
}

size_t frame_push(struct watch *w, const struct event *e, enum frame_type type)
{
    bool views = w->form.views && type != FRAME_LEFT;
    bool proto = w->form.accept.media == MEDIA_PROTOBUF;
    if (views && !proto)
        return push_views(w, type, e->record);
    struct str message = views ? record_proto(e->record) : STR_NONE;
    int variant = (int)type + (take_headers(w) ? HEADERS_VARIANT : 0);
    struct frame *f = dispatch_frame(w->d, e, w->form_id, variant);
    if (f) {
        hold(w, f);
    } else {
        f = message.n ? build_opening(w, e, type) : build(w, e, type, variant);
        dispatch_keep_frame(w->d, f);
        hold(w, f);
        frame_unref(f);
    }
    body_push(w->rq, f->bytes, f->n);
    if (message.n == 0)
        return f->n;
    body_push(w->rq, message.p, message.n);
    body_push(w->rq, PROTOBUF_TAIL.p, PROTOBUF_TAIL.n);
    return f->n + message.n + PROTOBUF_TAIL.n;
}

size_t frame_push_initial(struct watch *w, const struct record *r)
{
    if (w->form.views && w->form.accept.media == MEDIA_JSON)
        return push_views(w, FRAME_ADDED, r);
    size_t before = w->built.n;
    put_frame(w, &w->built, FRAME_ADDED, w->scan->snap, r, take_headers(w));
    return w->built.n - before;
}

void frame_flush_built(struct watch *w)
{
    body_push(w->rq, w->built.p, w->built.n);
}

void frames_release(struct watch *w)
{
    for (int i = 0; i < w->nframes; i++)
        frame_unref(w->frames[i]);
    w->nframes = 0;
    if (w->built.cap > 4096)
        buf_free(&w->built);
    buf_clear(&w->built);
}

struct str frame_error(const struct reply_form *f, struct arena *a, const struct status *st)
{
    struct buf json = {0}, proto = {0}, b = {0};
    status_encode(st, &json);
    if (f->accept.media == MEDIA_PROTOBUF) {
        const char *err;
        json_t *tree = json_read(a, buf_view(&json), NULL, &err);
        must(tree && protobuf_write_enveloped(&proto, a, tree));
        json_decref(tree);
    }
    frame_put(f, &b, "ERROR", buf_view(proto.n ? &proto : &json));
    struct str s = arena_str(a, buf_view(&b));
    buf_free(&json);
    buf_free(&proto);
    buf_free(&b);
    return s;
}
