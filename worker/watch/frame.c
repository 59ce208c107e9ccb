/* An event goes to a thousand watches as the same bytes: `{"type":"ADDED","object":`, the record's JSON where
 * it lies in the log, `}` and a newline. Tables and converted versions cost a tree, so that is paid once. */
#include "worker/watch/frame.h"

#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define HEADERS_VARIANT 16 /* added to a variant whose Table has columns */

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
    unsigned char kind[] = {(unsigned char)f->accept.form, (unsigned char)f->include};
    h = hash_more(h, (struct str){(const char *)kind, sizeof(kind)});
    return hash_more(h, str_of(f->accept.as_version));
}

/* ---- views ---- */

static size_t push_views(struct watch *w, enum frame_type type, const struct record *r)
{
    struct segment seg[3];
    int n = form_views(&w->form, r, false, seg);
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

static void put_frame(const struct watch *w, struct buf *out, enum frame_type type, const struct record *r,
                      bool headers)
{
    struct arena *scratch = arena_new(0);
    buf_str(out, openings[type]);
    form_object(&w->form, scratch, out, r, headers);
    buf_puts(out, "}\n");
    arena_free(scratch);
}

static struct frame *frame_new(struct str bytes, int64_t revision, uint64_t form_id, int variant)
{
    struct frame *f = malloc(sizeof(*f) + bytes.n);
    must(f);
    *f =
        (struct frame){.refs = 1, .revision = revision, .form_id = form_id, .variant = variant, .n = bytes.n};
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
    put_frame(w, &out, type, r, variant >= HEADERS_VARIANT);
    struct frame *f = frame_new(buf_view(&out), e->revision, w->form_id, variant);
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

size_t frame_push(struct watch *w, const struct event *e, enum frame_type type)
{
    if (w->form.views && type != FRAME_LEFT)
        return push_views(w, type, e->record);
    int variant = (int)type + (take_headers(w) ? HEADERS_VARIANT : 0);
    struct frame *f = dispatch_frame(w->d, e->revision, w->form_id, variant);
    if (f) {
        hold(w, f);
    } else {
        f = build(w, e, type, variant);
        dispatch_keep_frame(w->d, f);
        hold(w, f);
        frame_unref(f);
    }
    body_push(w->rq, f->bytes, f->n);
    return f->n;
}

size_t frame_push_initial(struct watch *w, const struct record *r)
{
    if (w->form.views)
        return push_views(w, FRAME_ADDED, r);
    size_t before = w->built.n;
    put_frame(w, &w->built, FRAME_ADDED, r, take_headers(w));
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

struct str frame_error(struct arena *a, const struct status *st)
{
    struct buf b = {0};
    buf_puts(&b, "{\"type\":\"ERROR\",\"object\":");
    status_encode(st, &b);
    buf_puts(&b, "}\n");
    struct str s = arena_str(a, buf_view(&b));
    buf_free(&b);
    return s;
}
