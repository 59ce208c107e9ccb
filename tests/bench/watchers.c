#include "tests/bench/watchers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/load.h"
#include "tests/bench/objects.h"

#define OPENING_MAX 64                /* at a time and process */
#define CONNECTIONS_PER_PROCESS 18000 /* below what a process may have open */
#define CONNECTIONS_PER_SOURCE 20000
#define STALLED_NS 20000000000ll
#define DELIVERY_NS 10000000000ll
#define FOREVER_NS 86400000000000ll

struct flock;

struct watch {
    struct call call;
    struct flock *f;
    struct conn *conn;
    struct buf part; /* of a line that has not ended yet */
    int64_t begun_ns;
    bool open;
};

/* The watches of one process. */
struct flock {
    struct watchers *w;
    struct crew_job *job;
    struct pool *pool;
    struct watch *all;
    struct conn *conn; /* with room for more streams */
    int n, first, next, opening;
};

static void open_more(struct flock *f);

static void on_line(struct watch *wt, const char *p, size_t n)
{
    static const char key[] = "\"" BENCH_STAMP "\":\"";
    struct crew_book *book = wt->f->job->book;
    const char *at = memmem(p, n, key, sizeof key - 1);
    if (!at) /* a bookmark, an error */
        return;
    hist_add(&book->latency, (uint64_t)(clock_ns() - atoll(at + sizeof key - 1)));
    book->ops++;
}

static void on_chunk(struct call *c, const char *p, size_t n)
{
    struct watch *wt = c->arg;
    wt->f->job->book->bytes += (int64_t)n;
    for (const char *nl; n && (nl = memchr(p, '\n', n)) != NULL;) {
        size_t take = (size_t)(nl - p) + 1;
        if (wt->part.n) {
            buf_put(&wt->part, p, take);
            on_line(wt, wt->part.p, wt->part.n);
            buf_free(&wt->part);
        } else {
            on_line(wt, p, take);
        }
        p += take;
        n -= take;
    }
    if (n)
        buf_put(&wt->part, p, n);
}

static void opening_over(struct flock *f)
{
    f->opening--;
    open_more(f);
}

static void on_head(struct call *c)
{
    struct watch *wt = c->arg;
    struct crew_book *book = wt->f->job->book;
    if (c->status != 200 || wt->open)
        return;
    wt->open = true;
    book->opened++;
    hist_add(&book->opening, (uint64_t)(clock_ns() - wt->begun_ns));
    opening_over(wt->f);
}

static void on_done(struct call *c)
{
    struct watch *wt = c->arg;
    if (wt->open) {
        wt->f->job->book->ended++;
        return;
    }
    wt->f->job->book->failed++;
    opening_over(wt->f);
}

/* The call's path is needed only until it is sent, which for a new connection is later: kept per watch. */
static void open_one(struct flock *f, int i)
{
    struct watch *wt = &f->all[i];
    struct watchers *w = f->w;
    char base[200], *path = malloc(400);
    w->path(base, sizeof base, f->first + i, w->arg);
    snprintf(path, 400, "%s%cwatch=true&resourceVersion=%lld&timeoutSeconds=36000", base,
             strchr(base, '?') ? '&' : '?', w->version);
    if (i % w->streams == 0)
        f->conn = conn_open(f->pool, w->h2);
    *wt = (struct watch){.f = f, .conn = f->conn, .begun_ns = clock_ns()};
    wt->call = (struct call){
        .method = "GET", .path = path, .head = on_head, .chunk = on_chunk, .done = on_done, .arg = wt};
    f->opening++;
    if (!f->conn || conn_call(f->conn, &wt->call) < 0) {
        f->job->book->failed++;
        f->opening--;
    }
}

static void open_more(struct flock *f)
{
    while (f->opening < OPENING_MAX && f->next < f->n)
        open_one(f, f->next++);
}

static void job(struct crew_job *j)
{
    struct watchers *w = j->arg;
    int first = (int)((int64_t)w->count * j->index / j->count);
    int n = (int)((int64_t)w->count * (j->index + 1) / j->count) - first;
    int conns = (w->count + w->streams - 1) / w->streams;
    struct flock f = {.w = w, .job = j, .first = first, .n = n, .pool = pool_new(w->target)};
    f.all = calloc((size_t)n, sizeof *f.all);
    pool_sources(f.pool, 1 + conns / CONNECTIONS_PER_SOURCE);
    open_more(&f);
    pool_run(f.pool, clock_ns() + FOREVER_NS, j->stop);
}

static int processes_for(const struct watchers *w)
{
    int conns = (w->count + w->streams - 1) / w->streams;
    int n = (conns + CONNECTIONS_PER_PROCESS - 1) / CONNECTIONS_PER_PROCESS;
    if (w->processes > n)
        n = w->processes;
    return n < 1 ? 1 : n > CREW_MAX ? CREW_MAX : n;
}

int watchers_open(struct watchers *w, struct progress *p, double *seconds)
{
    int64_t start = clock_ns(), moved = start, seen = 0;
    int rc = crew_start(&w->crew, processes_for(w), job, w);
    if (rc < 0) {
        fprintf(stderr, "cubed-bench: load processes: %s\n", strerror(-rc));
        return -1;
    }
    progress_begin(p, "opening watches", w->count);
    while (seen < w->count && clock_ns() - moved < STALLED_NS && !crew_broken(&w->crew)) {
        usleep(5000);
        int64_t now = CREW_SUM(&w->crew, opened) + CREW_SUM(&w->crew, failed);
        moved = now != seen ? clock_ns() : moved;
        seen = now;
        progress_at(p, seen);
    }
    progress_end(p);
    if (seconds)
        *seconds = (double)(clock_ns() - start) / 1e9;
    int64_t opened = CREW_SUM(&w->crew, opened);
    if (opened == w->count)
        return 0;
    fprintf(stderr, "cubed-bench: %s: %lld of %d watches could be opened\n", w->target->name,
            (long long)opened, w->count);
    return -1;
}

bool watchers_await(struct watchers *w, int64_t deliveries)
{
    int64_t end = clock_ns() + DELIVERY_NS;
    while (CREW_SUM(&w->crew, ops) < deliveries) {
        if (clock_ns() > end)
            return false;
        usleep(500);
    }
    return true;
}

void watchers_close(struct watchers *w)
{
    crew_end(&w->crew);
}

long long watchers_version(struct target *t)
{
    struct buf b = {0};
    long long v = 0;
    if (load_request(t, "GET", BENCH_PODS "?limit=1", NULL, STR_NONE, &b) == 200)
        v = load_version(buf_view(&b));
    buf_free(&b);
    return v;
}
