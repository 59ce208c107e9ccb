#include "tests/bench/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/bench/load.h"
#include "tests/bench/report.h"

#define IDLE_WATCHERS 5000
#define FEW_WATCHERS 1000
#define FANOUT_WATCHERS 1000
#define EVENTS 20
#define H2O_GET_US 12
#define SPARSE_ROUNDS 2 /* opening so many takes its time */

enum figure { RATIO, CPU, EXTRA }; /* CPU against h2o's; CPU in us; an extra figure */

/* A row of the table. limit: what the figure may be at most. */
struct number {
    const char *what, *hold, *unit, *name;
    enum figure figure;
    const char *extra;
    double limit;
};

#define SPARSE "event to one, HTTP/2"
#define GET "get, HTTP/1.1"
#define SAME "get the same, HTTP/1.1"
#define IDLE "idle watch, HTTP/1.1"
#define ALL "list of all, HTTP/1.1"
static const struct number numbers[] = {
    {"GET of 3 KB, any of all, one at a time, HTTP/1.1", "≤ 1.3 × h2o", "µs", GET, RATIO, NULL, 1.3},
    {"the same, HTTP/2", "≤ 1.3 × h2o", "µs", "get, HTTP/2, 1 stream", RATIO, NULL, 1.3},
    {"the same, 16 streams", "≤ 2 × h2o", "µs", "get, HTTP/2, 16 streams", RATIO, NULL, 2},
    {"GET of one object again and again, HTTP/1.1", "≤ 1.3 × h2o", "µs", SAME, RATIO, NULL, 1.3},
    {"the same, HTTP/2", "≤ 1.3 × h2o", "µs", "get the same, HTTP/2, 1 stream", RATIO, NULL, 1.3},
    {"the same, 16 streams", "≤ 2 × h2o", "µs", "get the same, HTTP/2, 16 streams", RATIO, NULL, 2},
    {"LIST of 500 × 3 KB, HTTP/1.1", "≤ 1.2 × h2o", "µs", "list of 500, HTTP/1.1", RATIO, NULL, 1.2},
    {"the same, HTTP/2", "≤ 1.2 × h2o", "µs", "list of 500, HTTP/2", RATIO, NULL, 1.2},
    {"LIST of all pods, rv=0: extra memory", "< 16 MiB", "MiB", ALL, EXTRA, "peak extra MiB", 16},
    {"the same: first byte", "< 10 ms", "ms", ALL, EXTRA, "first byte p50 ms", 10},
    {"LIST of a node's pods among all", "< 100 µs", "µs", "a node's pods, HTTP/1.1", CPU, NULL, 100},
    {"event to 1,000 watchers, a delivery, HTTP/1.1", "≤ 12 µs", "µs", "event to all, HTTP/1.1", CPU, NULL,
     12},
    {"the same, HTTP/2, 100 a connection", "≤ 6 µs", "µs", "event to all, HTTP/2", CPU, NULL, 6},
    {"event to 1 of many watchers", "as to 1 of 1,000", "× that", SPARSE, EXTRA, "x of 1,000 watchers", 1.25},
    {"cache of all pods, its window apart", "≤ 2.5 × JSON", "× JSON", "cache", EXTRA, "x JSON", 2.5},
    {"the window of past events", "≤ 256 MiB", "MiB", "cache", EXTRA, "window MiB", 256},
    {"idle watch, a connection each", "≤ 24 KiB", "KiB", IDLE, EXTRA, "KiB in all", 24},
    {"restart, resumed", "< 1 s", "s", "restart", EXTRA, "resumed s", 1},
    {"restart, cold from etcd", "< 10 s", "s", "restart from etcd", EXTRA, "cold s", 10},
};

/* ---- measuring ---- */

static int run_named(struct field *f, const struct settings *s, const char *name, struct results *out)
{
    return field_run(f, s, scenario_find(name), out);
}

static int run_sparse(struct field *f, struct settings *s, struct results *out)
{
    int many = s->size.watchers, rounds = s->rounds;
    double cpu[2];
    s->rounds = rounds < SPARSE_ROUNDS ? rounds : SPARSE_ROUNDS;
    s->size.events = EVENTS * 2;
    for (int i = 0; i < 2; i++) {
        s->size.watchers = i == 0 ? FEW_WATCHERS : many;
        if (run_named(f, s, SPARSE, out) < 0)
            return -1;
        out->r[out->n - 1].axis = "watchers";
        out->r[out->n - 1].at = s->size.watchers;
        cpu[i] = out->r[out->n - 1].cpu_us;
    }
    s->rounds = rounds;
    result_extra(&out->r[out->n - 1], "x of 1,000 watchers", cpu[1] / cpu[0]);
    return 0;
}

static int run_idle(struct field *f, struct settings *s, struct results *out)
{
    int rounds = s->rounds, many = s->size.watchers;
    s->size.watchers = IDLE_WATCHERS;
    s->rounds = 1; /* memory used once is used again */
    if (run_named(f, s, IDLE, out) < 0)
        return -1;
    s->rounds = rounds;
    s->size.watchers = many;
    struct result *r = &out->r[out->n - 1];
    result_extra(r, "KiB in all", result_get(r, "server KiB a watch") + result_get(r, "kernel KiB a watch"));
    return 0;
}

static int run_fanout(struct field *f, struct settings *s, struct results *out)
{
    s->size.watchers = FANOUT_WATCHERS;
    s->size.events = EVENTS;
    return field_run_all(f, s, "watch-fanout", out);
}

/* The window of past events is in the cache's file, too, but bounded, however many objects there are. */
static double window_mib(struct field *f)
{
    static const char NAME[] = "\ncubed_window_bytes ";
    struct buf text = {0};
    int status = load_request(&f->subject[0].target, "GET", "/metrics", NULL, STR_NONE, &text);
    buf_putc(&text, 0);
    const char *at = status == 200 ? strstr(text.p, NAME) : NULL;
    double bytes = at ? strtod(at + sizeof NAME - 1, NULL) : 0;
    buf_free(&text);
    return bytes / 1048576;
}

static void note_cache(struct field *f, const struct settings *s, struct results *out)
{
    const struct result *get = results_find(out, "cubed", GET);
    double json = get ? get->bytes * s->size.pods / 1048576 : 0, file = own_cache_mib(&f->own),
           window = window_mib(f);
    struct result *r = results_add(out, "cubed", "memory", "cache");
    result_extra(r, "pods", s->size.pods);
    result_extra(r, "JSON MiB", json);
    result_extra(r, "file MiB", file);
    result_extra(r, "window MiB", window);
    if (json > 0)
        result_extra(r, "x JSON", (file - window) / json);
}

static int note_restart(struct field *f, struct settings *s, struct results *out)
{
    double after_kill = 0, after_stop = 0;
    if (own_restart(&f->own, &f->subject[0], true, false, &after_kill) < 0 ||
        own_restart(&f->own, &f->subject[0], false, false, &after_stop) < 0)
        return -1;
    struct result *r = results_add(out, "cubed", "restart", "restart");
    result_extra(r, "pods", s->size.pods);
    result_extra(r, "resumed s", after_stop);
    result_extra(r, "after a kill s", after_kill);
    return 0;
}

static int run_on_etcd(const struct settings *s, struct results *out)
{
    struct settings e = *s;
    struct field f = {0};
    double cold = 0, resumed = 0;
    e.etcd = true;
    e.yardstick = false;
    int rc = field_open(&f, &e);
    if (rc == 0)
        rc = own_restart(&f.own, &f.subject[0], false, true, &cold);
    if (rc == 0)
        rc = own_restart(&f.own, &f.subject[0], false, false, &resumed);
    if (rc == 0) {
        struct result *r = results_add(out, "cubed", "restart", "restart from etcd");
        result_extra(r, "pods", s->size.pods);
        result_extra(r, "cold s", cold);
        result_extra(r, "resumed s", resumed);
    }
    field_close(&f);
    return rc;
}

int numbers_run(struct settings *s, struct results *out)
{
    struct field f = {0};
    struct settings sized = *s;
    sized.yardstick = true;
    int rc = field_open(&f, &sized);
    if (rc == 0) {
        rc |= run_idle(&f, &sized, out);
        rc |= run_sparse(&f, &sized, out);
        rc |= run_fanout(&f, &sized, out);
        rc |= field_run_all(&f, &sized, "get,same,list,nodelist", out);
        sized.rounds = 1;
        rc |= field_run_all(&f, &sized, "listall", out);
        note_cache(&f, s, out);
        rc |= note_restart(&f, s, out);
    }
    field_close(&f);
    return rc | run_on_etcd(s, out);
}

/* ---- telling ---- */

static void put_ratio(FILE *f, const struct results *rs, const char *server, const char *name, double cpu)
{
    const struct result *y = results_find(rs, server, name);
    if (y && y->cpu_us > 0)
        fprintf(f, " %.2f |", cpu / y->cpu_us);
    else
        fputs(" |", f);
}

/* Limits in us are meant for a machine on which h2o takes 12 us for a GET of a file that is at hand:
 * elsewhere they move with it. */
static double slower_by(const struct results *rs)
{
    const struct result *h2o = results_find(rs, "h2o", SAME);
    double by = h2o && h2o->cpu_us > 0 ? h2o->cpu_us / H2O_GET_US : 1;
    return by > 1 ? by : 1;
}

static void put_number(FILE *f, const struct results *rs, const struct number *n)
{
    const struct result *r = results_find(rs, "cubed", n->name), *h2o = results_find(rs, "h2o", n->name);
    fprintf(f, "| %s | %s |", n->what, n->hold);
    if (!r) {
        fputs(" not measured | | | |\n", f);
        return;
    }
    double v = n->figure == EXTRA ? result_get(r, n->extra) : r->cpu_us;
    double held = n->figure != RATIO ? v : h2o && h2o->cpu_us > 0 ? v / h2o->cpu_us : -1;
    fprintf(f, " %.*f %s |", v < 10 ? 2 : v < 100 ? 1 : 0, v, n->unit);
    put_ratio(f, rs, "nginx", n->name, v);
    put_ratio(f, rs, "h2o", n->name, v);
    double limit = n->figure == CPU ? n->limit * slower_by(rs) : n->limit;
    fprintf(f, " %s |\n", held < 0 ? "" : held <= limit ? "yes" : "**no**");
}

void numbers_table(FILE *f, const struct settings *s, const struct results *rs)
{
    char machine[256];
    report_machine(machine, sizeof machine);
    fprintf(
        f,
        "%s; %d pods on %d nodes, %d worker(s); \"many\" is %d. Limits in µs are for a machine on which h2o\n"
        "takes %d µs for a GET of one file; here it took %.2f times that, and \"held\" allows for it.\n\n",
        machine, s->size.pods, s->size.nodes, s->workers, s->size.watchers, H2O_GET_US, slower_by(rs));
    fputs("| what | hold | cubed | × nginx | × h2o | held |\n| --- | --- | ---: | ---: | ---: | --- |\n", f);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(f, rs, &numbers[i]);
}

static int read_all(const char *file, struct buf *b)
{
    char chunk[4096];
    FILE *f = fopen(file, "r");
    if (!f)
        return -1;
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        buf_put(b, chunk, n);
    int rc = ferror(f) ? -1 : 0;
    fclose(f);
    buf_putc(b, 0);
    return rc;
}

int numbers_into(const char *file, const struct settings *s, const struct results *rs)
{
    static const char begin[] = "<!-- numbers -->\n", end[] = "<!-- /numbers -->";
    struct buf text = {0};
    int rc = read_all(file, &text);
    char *from = rc == 0 ? strstr(text.p, begin) : NULL, *to = from ? strstr(from, end) : NULL;
    FILE *f = to ? fopen(file, "w") : NULL;
    if (f) {
        fwrite(text.p, 1, (size_t)(from - text.p) + sizeof begin - 1, f);
        numbers_table(f, s, rs);
        fputs(to, f);
        rc = fclose(f);
    } else {
        fprintf(stderr, "cubed-bench: %s: %s\n", file,
                to || rc < 0 ? strerror(errno) : "no place for the numbers in it");
        rc = -1;
    }
    buf_free(&text);
    return rc;
}
