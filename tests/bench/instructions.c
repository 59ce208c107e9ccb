/* Callgrind writes its counters to a file and starts anew whenever the worker enters MARK, and a GET of
 * /version makes it do that. So what lies between two marks is one file. */
#include "tests/bench/instructions.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/costs.h"
#include "tests/bench/load.h"
#include "tests/bench/objects.h"
#include "tests/bench/request.h"
#include "tests/bench/watchers.h"
#include "tests/bench/writer.h"

#define MARK "handler_version"
#define PODS 1000
#define NODES 100
#define WARM 20 /* operations before those that are counted */
#define WATCHERS 100
#define EVENTS 20
#define LIMIT_NS 120000000000ll

struct step {
    const char *name;
    bool h2;
    int operations;
    const struct request_kind *kind; /* NULL: deliveries of events */
};

static const struct step steps[] = {
    {"get, HTTP/1.1", false, 300, &request_get},
    {"get, HTTP/2", true, 300, &request_get},
    {"list of 500, HTTP/1.1", false, 10, &request_list},
    {"list of 500, HTTP/2", true, 10, &request_list},
    {"a node's pods, HTTP/1.1", false, 200, &request_nodelist},
    {"create, HTTP/1.1", false, 100, &request_create},
    {"server-side apply, HTTP/1.1", false, 50, &request_apply},
    {"event, a delivery, HTTP/1.1", false, WATCHERS *EVENTS, NULL},
    {"event, a delivery, HTTP/2", true, WATCHERS *EVENTS, NULL},
};

static int mark(struct subject *sub)
{
    return load_request(&sub->target, "GET", "/version", NULL, STR_NONE, NULL) == 200 ? 0 : -1;
}

/* Where a write spends them; what a stage calls counts for it. */
static const struct cost stages[] = {
    {"read, decode", "body_object"},
    {"read the stored object", "record_tree"},
    {"default", "strategy_defaults"},
    {"apply", "applying_apply"},
    {"own", "tracking_note"},
    {"prepare, validate a new one", "strategy_before_create"},
    {"prepare, validate a change", "strategy_before_update"},
    {"encode", "record_make"},
};
#define STAGES ((int)(sizeof stages / sizeof *stages))

/* "totals: 123" or "summary: 123" of a callgrind file. */
static double total_of(const char *path)
{
    char line[512];
    double n = -1;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "totals: ", 8) == 0 || strncmp(line, "summary: ", 9) == 0)
            n = atof(strchr(line, ':') + 1);
    }
    if (f)
        fclose(f);
    return n;
}

/* The newest dump: cg.PID.N with the highest N. */
static bool last_dump(const char *dir, char *path, size_t bytes)
{
    int best = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        int pid, n;
        if (sscanf(e->d_name, "cg.%d.%d", &pid, &n) == 2 && n > best) {
            best = n;
            snprintf(path, bytes, "%s/%s", dir, e->d_name);
        }
    }
    if (d)
        closedir(d);
    return best > 0;
}

struct series {
    const struct step *step;
    struct conn *conn;
    struct request_next next;
    struct call call;
    int left;
    bool done, failed;
};

static void send_next(struct series *s)
{
    buf_clear(&s->next.body);
    s->step->kind->prepare(&s->next);
    s->next.serial++;
    s->next.step++;
    s->call.method = s->next.method;
    s->call.content_type = s->next.type;
    s->call.body = buf_view(&s->next.body);
    if (conn_call(s->conn, &s->call) < 0)
        s->done = s->failed = true;
}

static void on_done(struct call *c)
{
    struct series *s = c->arg;
    s->failed |= c->status != 200 && c->status != 201;
    if (s->failed || --s->left == 0)
        s->done = true;
    else
        send_next(s);
}

/* One after the other on one connection; the marks are on others. */
static int run_series(struct series *s, struct pool *p, int operations)
{
    s->left = operations;
    s->done = false;
    send_next(s);
    pool_run(p, clock_ns() + LIMIT_NS, &s->done);
    return s->done && !s->failed ? 0 : -1;
}

static int run_requests(struct bench *b, const struct step *step)
{
    struct pool *p = pool_new(&b->subject->target);
    struct series s = {
        .step = step, .next = {.bench = b, .slot = (int)(step - steps)}, .conn = conn_open(p, step->h2)};
    s.call = (struct call){.path = s.next.path, .done = on_done, .arg = &s};
    int rc = s.conn ? run_series(&s, p, WARM) : -1;
    if (rc == 0)
        rc = mark(b->subject);
    if (rc == 0)
        rc = run_series(&s, p, step->operations);
    if (rc == 0)
        rc = mark(b->subject);
    pool_free(p);
    buf_free(&s.next.body);
    return rc;
}

static void path_all(char *out, size_t n, int i, const void *arg)
{
    snprintf(out, n, "%s", BENCH_PODS);
}

static int run_events(struct bench *b, const struct step *step)
{
    struct watchers w = {.target = &b->subject->target,
                         .count = WATCHERS,
                         .h2 = step->h2,
                         .streams = step->h2 ? WATCHERS : 1,
                         .version = watchers_version(&b->subject->target),
                         .path = path_all};
    int rc = watchers_open(&w, b->progress, NULL);
    struct writer *wr = rc == 0 ? writer_open(&b->subject->target) : NULL;
    if (!wr)
        rc = -1;
    for (int i = -1; i < EVENTS && rc == 0; i++) {
        if (i == 0)
            rc = mark(b->subject);
        if (rc == 0 &&
            (!writer_patch(wr, BENCH_PODS "/pod-000000") || !watchers_await(&w, (int64_t)WATCHERS * (i + 2))))
            rc = -1;
    }
    if (rc == 0)
        rc = mark(b->subject);
    watchers_close(&w);
    writer_close(wr);
    return rc;
}

static void put_stages(const struct step *step, const char *path, struct results *out)
{
    double of[STAGES];
    costs_read(path, stages, STAGES, of);
    for (int i = 0; i < STAGES; i++) {
        char name[sizeof((struct result *)NULL)->name];
        snprintf(name, sizeof name, "%.20s: %s", step->name, stages[i].name);
        if (of[i] > 0)
            result_extra(results_add(out, "cubed", INSTRUCTIONS_STAGE, name), "instructions",
                         of[i] / step->operations);
    }
}

static int run_step(struct bench *b, const struct step *step, const char *dir, struct results *out)
{
    progress_begin(b->progress, step->name, 0);
    int rc = step->kind ? run_requests(b, step) : run_events(b, step);
    progress_end(b->progress);
    char path[WORKDIR_BYTES + 280];
    double total = rc == 0 && last_dump(dir, path, sizeof path) ? total_of(path) : -1;
    if (total < 0) {
        fprintf(stderr, "cubed-bench: under callgrind: %s did not work\n", step->name);
        return -1;
    }
    struct result *r = results_add(out, "cubed", "instructions", step->name);
    r->ops = (uint64_t)step->operations;
    result_extra(r, "instructions", total / step->operations);
    if (step->kind == &request_create || step->kind == &request_apply)
        put_stages(step, path, out);
    return 0;
}

int instructions_run(const struct settings *s, struct results *out)
{
    struct settings c = *s;
    struct field f = {0};
    char dir[WORKDIR_BYTES], wrapper[WORKDIR_BYTES + 120];
    if (workdir_make(dir, "callgrind") < 0) {
        perror("cubed-bench: a directory for callgrind");
        return -1;
    }
    snprintf(wrapper, sizeof wrapper,
             "valgrind -q --tool=callgrind --callgrind-out-file=%s/cg.%%p --dump-before=" MARK, dir);
    c.wrapper = wrapper;
    c.yardstick = false;
    c.against = NULL;
    c.workers = 1;
    c.size.pods = PODS;
    c.size.nodes = NODES;
    int rc = field_open(&f, &c);
    struct bench b = {.subject = &f.subject[0], .size = c.size, .progress = &f.progress};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == 0; i++)
        rc = run_step(&b, &steps[i], dir, out);
    field_close(&f);
    workdir_remove(dir);
    return rc;
}
