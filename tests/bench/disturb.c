#include "tests/bench/disturb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/load.h"

#define RECEIVE_BUFFER 4096 /* so that what is not read is the server's, not the kernel's, to keep */
#define SIP_NS 5e8          /* a slow one reads for a moment, twice a second */
#define LIFE_NS 2e9         /* a dying one's */
#define START_NS 15000000000ll
#define FOREVER_NS 86400000000000ll

enum manner { SLOW, STOPPED, DYING };

struct rogue {
    struct call call;
    struct crowd *crowd;
    struct conn *conn;
    enum manner manner;
    char path[200];
    bool begun;
};

struct crowd {
    struct disturb *d;
    struct crew_job *job;
    struct pool *pool;
    struct rogue *all;
    int n;
    int next[DISTURB_KINDS]; /* whose turn it is */
    long long version;       /* the newest that one of them saw */
};

static void begin(struct rogue *r);

static void on_head(struct call *c)
{
    struct rogue *r = c->arg;
    if (!r->begun)
        r->crowd->job->book->opened++;
    r->begun = true;
    if (r->manner != DYING)
        conn_pause(r->conn, true);
}

static void on_chunk(struct call *c, const char *p, size_t n)
{
    struct rogue *r = c->arg;
    long long version = load_version((struct str){p, n});
    if (version > r->crowd->version)
        r->crowd->version = version;
}

static void on_done(struct call *c)
{
    struct rogue *r = c->arg;
    r->crowd->job->book->ended++;
    conn_close(r->conn, false);
    r->conn = NULL;
}

static void begin(struct rogue *r)
{
    snprintf(r->path, sizeof r->path, "%s?watch=true&resourceVersion=%lld", r->crowd->d->path,
             r->crowd->version);
    r->conn = conn_open(r->crowd->pool, false);
    r->call = (struct call){
        .method = "GET", .path = r->path, .head = on_head, .chunk = on_chunk, .done = on_done, .arg = r};
    if (r->conn && conn_call(r->conn, &r->call) == 0)
        return;
    r->crowd->job->book->failed++;
}

static void sip(struct pacer *p, int64_t due_ns)
{
    struct crowd *cr = p->arg;
    struct rogue *r = &cr->all[cr->next[SLOW]];
    if (r->conn && r->begun)
        conn_pause(r->conn, true);
    cr->next[SLOW] = (cr->next[SLOW] + 1) % cr->d->each;
    r = &cr->all[cr->next[SLOW]];
    if (r->conn && r->begun)
        conn_pause(r->conn, false);
}

static void die(struct pacer *p, int64_t due_ns)
{
    struct crowd *cr = p->arg;
    struct rogue *r = &cr->all[DYING * cr->d->each + cr->next[DYING]];
    cr->next[DYING] = (cr->next[DYING] + 1) % cr->d->each;
    if (r->conn) {
        conn_close(r->conn, true);
        cr->job->book->ops++;
    }
    begin(r);
}

static void job(struct crew_job *j)
{
    struct disturb *d = j->arg;
    struct crowd cr = {
        .d = d, .job = j, .pool = pool_new(d->target), .n = d->each * DISTURB_KINDS, .version = d->version};
    struct pacer sips = {
        .due_ns = (double)clock_ns(), .interval_ns = SIP_NS / d->each, .tick = sip, .arg = &cr};
    struct pacer deaths = {
        .due_ns = (double)clock_ns() + LIFE_NS, .interval_ns = LIFE_NS / d->each, .tick = die, .arg = &cr};
    cr.all = calloc((size_t)cr.n, sizeof *cr.all);
    pool_receive_buffer(cr.pool, RECEIVE_BUFFER);
    for (int i = 0; i < cr.n; i++) {
        cr.all[i].crowd = &cr;
        cr.all[i].manner = (enum manner)(i / d->each);
        begin(&cr.all[i]);
    }
    pool_pace(cr.pool, &sips);
    pool_pace(cr.pool, &deaths);
    pool_run(cr.pool, clock_ns() + FOREVER_NS, j->stop);
}

int disturb_start(struct disturb *d)
{
    int rc = crew_start(&d->crew, 1, job, d);
    if (rc < 0) {
        fprintf(stderr, "cubed-bench: load process: %s\n", strerror(-rc));
        return -1;
    }
    int64_t end = clock_ns() + START_NS;
    while (CREW_SUM(&d->crew, opened) < (int64_t)d->each * DISTURB_KINDS && clock_ns() < end)
        usleep(5000);
    if (clock_ns() < end)
        return 0;
    fprintf(stderr, "cubed-bench: %s: only %lld disturbing clients could connect\n", d->target->name,
            (long long)CREW_SUM(&d->crew, opened));
    return -1;
}

int64_t disturb_deaths(const struct disturb *d)
{
    return CREW_SUM(&d->crew, ops);
}

void disturb_end(struct disturb *d)
{
    crew_end(&d->crew);
}
