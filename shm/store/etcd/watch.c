/* Large batches come as fragments (3.4 and later), so that no message is large; a revision may be cut in two
 * by that. A watch resumes at the revision it has not seen whole, and counts how many of its events to leave
 * out: their order within a revision does not change. */
#include "shm/store/etcd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "shm/base/buf.h"
#include "shm/base/must.h"

#define WATCH_MAGIC 0x65776163u
#define BROADCAST (-1) /* watch id of an answer to a progress request */

struct etcd_watch {
    unsigned magic;
    struct etcd_client *client;
    struct buf key, end;
    struct etcd_watch_options o;
    struct etcd_watch_hooks hooks;
    uint64_t ticket; /* 0: no stream */
    bool created;
    int64_t id;
    int64_t next;    /* the first revision not handed out whole; 0: not known yet */
    uint32_t part;   /* events of it that were handed out */
    uint32_t skip;   /* and that this stream will bring once more */
    bool busy, dead; /* in a hook; freed meanwhile */
};

/* ---- batches ---- */

bool etcd_batch_next(const struct etcd_batch *b, struct etcd_batch_at *at, struct etcd_event *e)
{
    while (message_next(&b->events, &at->at, e)) {
        if (e->kv.mod_revision < b->from)
            continue;
        if (e->kv.mod_revision == b->from && at->skipped < b->skip) {
            at->skipped++;
            continue;
        }
        return true;
    }
    return false;
}

struct tally {
    int64_t last;     /* revision of the last event */
    uint32_t of_last; /* events that have it */
    uint32_t skipped;
};

/* Looks at every event before the first is handed out. Returns false when they cannot be. */
static bool batch_ok(struct etcd_batch *b, struct tally *t)
{
    struct etcd_event e;
    struct etcd_batch_at at = {0};
    memset(t, 0, sizeof(*t));
    b->count = 0;
    for (size_t in = 0; message_next(&b->events, &in, &e);) {
        if (!e.has_kv || e.kv.key.n == 0 || e.type < ETCD_EVENT_PUT || e.type > ETCD_EVENT_DELETE ||
            e.kv.mod_revision <= 0 || e.kv.mod_revision < t->last)
            return false;
        t->of_last = e.kv.mod_revision == t->last ? t->of_last + 1 : 1;
        t->last = e.kv.mod_revision;
    }
    while (etcd_batch_next(b, &at, &e))
        b->count++;
    t->skipped = at.skipped;
    return true;
}

/* Moves on behind a batch. more: its last revision may go on. */
static void advance(struct etcd_watch *w, const struct tally *t, bool more)
{
    if (t->last < w->next)
        return;
    if (!more) {
        w->next = t->last + 1;
        w->part = w->skip = 0;
    } else if (t->last == w->next) {
        w->part += t->of_last - t->skipped;
        w->skip -= t->skipped;
    } else {
        w->next = t->last;
        w->part = t->of_last;
        w->skip = 0;
    }
}

/* ---- what the stream brings ---- */

static void end(struct etcd_watch *w, const struct etcd_status *st)
{
    etcd_client_cancel(w->client, w->ticket);
    w->ticket = 0;
    w->hooks.ended(w->hooks.arg, st);
}

static void end_with(struct etcd_watch *w, int error, const char *text)
{
    struct etcd_status st = {.error = error, .code = -1};
    snprintf(st.text, sizeof(st.text), "%s", text);
    end(w, &st);
}

static void on_canceled(struct etcd_watch *w, const struct etcd_watch_reply *r)
{
    struct etcd_status st = {.error = -ECANCELED, .code = 0, .compact_revision = r->compact_revision};
    static const struct {
        const char *text;
        int error;
    } rows[] = {{"compacted", -ESTALE},
                {"no leader", -EAGAIN},
                {"permission denied", -EACCES},
                {"auth token", -EACCES}};
    snprintf(st.text, sizeof(st.text), "%.*s", STR_ARG(r->cancel_reason));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strstr(st.text, rows[i].text))
            st.error = rows[i].error;
    if (r->compact_revision > 0)
        st.error = -ESTALE;
    if (!st.text[0])
        snprintf(st.text, sizeof(st.text), "%s",
                 st.error == -ESTALE ? "the revision is compacted" : "the member cancelled the watch");
    end(w, &st);
}

static void on_created(struct etcd_watch *w, const struct etcd_watch_reply *r)
{
    if (w->created) {
        end_with(w, -EPROTO, "a watch was created twice");
        return;
    }
    w->created = true;
    w->id = r->watch_id;
    if (w->next == 0)
        w->next = r->header.revision + 1;
    if (w->hooks.created)
        w->hooks.created(w->hooks.arg, r->header.revision, r->header.cluster_id);
}

static void on_events(struct etcd_watch *w, const struct etcd_watch_reply *r)
{
    struct tally t;
    struct etcd_batch b = {
        .header = r->header, .more = r->fragment, .events = r->events, .from = w->next, .skip = w->skip};
    if (!batch_ok(&b, &t)) {
        end_with(w, -EPROTO, "events that cannot be");
        return;
    }
    advance(w, &t, r->fragment);
    if (b.count > 0)
        w->hooks.batch(w->hooks.arg, &b);
}

static void on_progress(struct etcd_watch *w, const struct etcd_watch_reply *r)
{
    bool in_order = r->watch_id != BROADCAST || etcd_client_progress_in_order(w->client, w->ticket);
    if (in_order && r->header.revision >= w->next) {
        w->next = r->header.revision + 1;
        w->part = w->skip = 0;
    }
    w->hooks.progress(w->hooks.arg, r->header.revision, in_order);
}

static void on_reply(struct etcd_watch *w, const struct etcd_watch_reply *r)
{
    if (!r->has_header || r->header.revision < 0)
        end_with(w, -EPROTO, "a watch response without header");
    else if (r->canceled)
        on_canceled(w, r);
    else if (r->created)
        on_created(w, r);
    else if (!w->created || (r->watch_id != w->id && r->watch_id != BROADCAST))
        end_with(w, -EPROTO, "a response to a watch that was not asked for");
    else if (r->events.count > 0)
        on_events(w, r);
    else if (!r->fragment)
        on_progress(w, r);
}

static void watch_drop(struct etcd_watch *w)
{
    buf_free(&w->key);
    buf_free(&w->end);
    free(w);
}

static void leave(struct etcd_watch *w)
{
    w->busy = false;
    if (w->dead)
        watch_drop(w);
}

static void on_message(void *arg, struct str message)
{
    struct etcd_watch *w = arg;
    struct etcd_watch_reply r;
    must_be(w, WATCH_MAGIC);
    w->busy = true;
    if (message_decode(&message_watch_reply, message, &r))
        end_with(w, -EPROTO, "the watch response is damaged");
    else
        on_reply(w, &r);
    leave(w);
}

static void on_ended(void *arg, const struct etcd_status *st)
{
    struct etcd_watch *w = arg;
    must_be(w, WATCH_MAGIC);
    w->busy = true;
    w->ticket = 0;
    w->hooks.ended(w->hooks.arg, st);
    leave(w);
}

/* ---- what the caller asks ---- */

struct etcd_watch *etcd_watch_new(struct etcd_client *c, const struct etcd_watch_options *o,
                                  const struct etcd_watch_hooks *hooks)
{
    struct etcd_watch *w = calloc(1, sizeof(*w));
    must(w != NULL && o->start_revision >= 0 && hooks->batch && hooks->progress && hooks->ended);
    w->magic = WATCH_MAGIC;
    w->client = c;
    w->o = *o;
    w->hooks = *hooks;
    w->next = o->start_revision;
    buf_str(&w->key, o->key);
    buf_str(&w->end, o->end);
    return w;
}

static int open_beside(struct etcd_watch *w, uint64_t beside)
{
    struct etcd_watch_create create = {.key = buf_view(&w->key),
                                       .end = buf_view(&w->end),
                                       .start_revision = w->next,
                                       .progress_notify = w->o.progress_notify,
                                       .prev_kv = w->o.prev_kv,
                                       .fragment = true};
    struct etcd_watch_request request = {.create = &create};
    struct etcd_call first = {.method = "/etcdserverpb.Watch/Watch",
                              .type = &message_watch,
                              .request = &request,
                              .member = ETCD_ANY_MEMBER,
                              .beside = beside};
    struct etcd_stream_hooks hooks = {.message = on_message, .ended = on_ended, .arg = w};
    w->created = false;
    w->skip = w->part;
    return etcd_client_stream(w->client, &first, &hooks, &w->ticket);
}

int etcd_watch_resume(struct etcd_watch *w)
{
    must_be(w, WATCH_MAGIC);
    must(w->ticket == 0);
    return open_beside(w, 0);
}

int etcd_watch_move(struct etcd_watch *w)
{
    must_be(w, WATCH_MAGIC);
    uint64_t was = w->ticket;
    if (!was)
        return 0;
    int rc = open_beside(w, was);
    etcd_client_cancel(w->client, was);
    if (rc)
        w->ticket = 0;
    return rc;
}

int etcd_watch_restart(struct etcd_watch *w, int64_t start_revision)
{
    must_be(w, WATCH_MAGIC);
    must(start_revision >= 0);
    etcd_client_cancel(w->client, w->ticket);
    w->ticket = 0;
    w->next = start_revision;
    w->part = 0;
    return etcd_watch_resume(w);
}

void etcd_watch_free(struct etcd_watch *w)
{
    if (!w)
        return;
    must_be(w, WATCH_MAGIC);
    etcd_client_cancel(w->client, w->ticket);
    w->magic = 0;
    w->dead = true;
    if (!w->busy)
        watch_drop(w);
}

int etcd_watch_request_progress(struct etcd_watch *w)
{
    must_be(w, WATCH_MAGIC);
    struct etcd_watch_request request = {.progress = ""};
    if (!w->created)
        return -ENOENT;
    return etcd_client_send(w->client, w->ticket, &message_watch, &request);
}

bool etcd_watch_progress_in_order(const struct etcd_watch *w)
{
    must_be(w, WATCH_MAGIC);
    return etcd_client_progress_in_order(w->client, w->ticket);
}

int64_t etcd_watch_revision(const struct etcd_watch *w)
{
    must_be(w, WATCH_MAGIC);
    return w->next > 0 ? w->next - 1 : 0;
}
