#include "tests/bench/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/objects.h"

#define WAIT_NS 10000000000ll

struct patch {
    struct call call;
    struct writer *w;
    char path[200];
    struct buf body;
    struct patch *next; /* of those at rest */
};

struct writer {
    struct pool *pool;
    struct conn *conn;
    struct patch *rest;
    struct hist hist;
    int64_t sent, failed, under_way, end_ns;
    void (*path)(char *out, size_t n, int i, const void *arg);
    const void *arg;
    bool pacing, done, last_ok;
};

struct writer *writer_open(struct target *t)
{
    struct writer *w = calloc(1, sizeof *w);
    w->pool = pool_new(t);
    w->conn = conn_open(w->pool, true);
    if (w->conn)
        return w;
    writer_close(w);
    return NULL;
}

void writer_close(struct writer *w)
{
    if (!w)
        return;
    pool_free(w->pool);
    while (w->rest) {
        struct patch *p = w->rest;
        w->rest = p->next;
        buf_free(&p->body);
        free(p);
    }
    free(w);
}

static void on_done(struct call *c)
{
    struct patch *p = c->arg;
    struct writer *w = p->w;
    w->last_ok = c->status == 200;
    w->failed += !w->last_ok;
    if (w->last_ok)
        hist_add(&w->hist, (uint64_t)(c->ended_ns - c->due_ns));
    p->next = w->rest;
    w->rest = p;
    w->under_way--;
    w->done = w->under_way == 0 && !w->pacing;
}

static struct patch *take(struct writer *w)
{
    struct patch *p = w->rest;
    if (p)
        w->rest = p->next;
    else
        p = calloc(1, sizeof *p);
    p->w = w;
    return p;
}

/* p->path is set. */
static void send_patch(struct writer *w, struct patch *p, int64_t due_ns)
{
    buf_clear(&p->body);
    object_stamp(&p->body, due_ns);
    p->call = (struct call){.method = "PATCH",
                            .path = p->path,
                            .body = buf_view(&p->body),
                            .content_type = "application/merge-patch+json",
                            .done = on_done,
                            .arg = p,
                            .due_ns = due_ns};
    w->under_way++;
    w->sent++;
    if (conn_call(w->conn, &p->call) == 0)
        return;
    p->call.status = -1;
    on_done(&p->call);
}

bool writer_patch(struct writer *w, const char *path)
{
    struct patch *p = take(w);
    snprintf(p->path, sizeof p->path, "%s", path);
    w->done = w->last_ok = false;
    send_patch(w, p, clock_ns());
    pool_run(w->pool, clock_ns() + WAIT_NS, &w->done);
    return w->done && w->last_ok;
}

static void on_due(struct pacer *pc, int64_t due_ns)
{
    struct writer *w = pc->arg;
    if (due_ns >= w->end_ns) {
        pc->stopped = true;
        w->pacing = false;
        w->done = w->under_way == 0;
        return;
    }
    struct patch *p = take(w);
    w->path(p->path, sizeof p->path, (int)w->sent, w->arg);
    send_patch(w, p, due_ns);
}

int64_t writer_pace(struct writer *w, double rate, double seconds,
                    void (*path)(char *out, size_t n, int i, const void *arg), const void *arg,
                    int64_t *failed)
{
    int64_t now = clock_ns(), sent = w->sent, bad = w->failed;
    struct pacer pc = {.due_ns = (double)now, .interval_ns = 1e9 / rate, .tick = on_due, .arg = w};
    w->end_ns = now + (int64_t)(seconds * 1e9);
    w->path = path;
    w->arg = arg;
    w->pacing = true;
    w->done = false;
    pool_pace(w->pool, &pc);
    pool_run(w->pool, w->end_ns + WAIT_NS, &w->done);
    pool_unpace(w->pool, &pc);
    *failed = w->failed - bad + w->under_way;
    return w->sent - sent;
}

const struct hist *writer_latency(const struct writer *w)
{
    return &w->hist;
}
