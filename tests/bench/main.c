/* cubed-bench: options, order of runs, report. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/conn.h"
#include "tests/bench/scenario.h"
#include "tests/bench/yardstick.h"

#define ROWS_MAX 64

struct settings {
    const char *server, *kubeconfig, *ca, *cert, *key, *token, *pids, *scenarios;
    const char *against, *against_pids, *against_token;
    bool yardstick, json, no_load;
    struct bench bench;
};

static const char usage[] =
    "cubed-bench: what reads, watches and writes of an API server cost\n\n"
    "  --server URL --kubeconfig FILE     the server (loopback), and credentials:\n"
    "  --ca FILE --cert FILE --key FILE --token T\n"
    "  --pids P[,P...]                    its processes (descendants are found): CPU and memory are theirs\n"
    "  --against URL --against-token T --against-pids P...   another API server, measured the same way\n"
    "  --yardstick                        nginx and h2o serving the same bytes as files\n"
    "  --pods N (1000) --nodes N (100) --watchers N (1000) --events N (20)\n"
    "  --connections N (8) --seconds S (3)   of one scenario\n"
    "  --scenarios get,list,listall,nodelist,create,watch   only these\n"
    "  --no-load                          the objects are there already\n"
    "  --json                             one JSON object a line\n";

enum {
    O_SERVER = 1000,
    O_KUBECONFIG,
    O_CA,
    O_CERT,
    O_KEY,
    O_TOKEN,
    O_PIDS,
    O_AGAINST,
    O_AGAINST_TOKEN,
    O_AGAINST_PIDS,
    O_YARDSTICK,
    O_PODS,
    O_NODES,
    O_WATCHERS,
    O_EVENTS,
    O_CONNECTIONS,
    O_SECONDS,
    O_SCENARIOS,
    O_NO_LOAD,
    O_JSON,
    O_HELP
};

static const struct option longopts[] = {{"server", 1, 0, O_SERVER},
                                         {"kubeconfig", 1, 0, O_KUBECONFIG},
                                         {"ca", 1, 0, O_CA},
                                         {"cert", 1, 0, O_CERT},
                                         {"key", 1, 0, O_KEY},
                                         {"token", 1, 0, O_TOKEN},
                                         {"pids", 1, 0, O_PIDS},
                                         {"against", 1, 0, O_AGAINST},
                                         {"against-token", 1, 0, O_AGAINST_TOKEN},
                                         {"against-pids", 1, 0, O_AGAINST_PIDS},
                                         {"yardstick", 0, 0, O_YARDSTICK},
                                         {"pods", 1, 0, O_PODS},
                                         {"nodes", 1, 0, O_NODES},
                                         {"watchers", 1, 0, O_WATCHERS},
                                         {"events", 1, 0, O_EVENTS},
                                         {"connections", 1, 0, O_CONNECTIONS},
                                         {"seconds", 1, 0, O_SECONDS},
                                         {"scenarios", 1, 0, O_SCENARIOS},
                                         {"no-load", 0, 0, O_NO_LOAD},
                                         {"json", 0, 0, O_JSON},
                                         {"help", 0, 0, O_HELP},
                                         {0}};

static bool number(const char *s, int min, int *out)
{
    char *end;
    long v = strtol(s, &end, 10);
    *out = (int)v;
    return *s && !*end && v >= min && v <= 10000000;
}

static bool set_option(struct settings *s, int o, const char *v)
{
    const char **text[] = {&s->server, &s->kubeconfig, &s->ca,      &s->cert,          &s->key,
                           &s->token,  &s->pids,       &s->against, &s->against_token, &s->against_pids};
    if (o >= O_SERVER && o <= O_AGAINST_PIDS) {
        *text[o - O_SERVER] = v;
        return true;
    }
    struct bench *b = &s->bench;
    switch (o) {
    case O_YARDSTICK:
        s->yardstick = true;
        return true;
    case O_NO_LOAD:
        s->no_load = true;
        return true;
    case O_JSON:
        s->json = true;
        return true;
    case O_SCENARIOS:
        s->scenarios = v;
        return true;
    case O_PODS:
        return number(v, 1, &b->pods);
    case O_NODES:
        return number(v, 1, &b->nodes);
    case O_WATCHERS:
        return number(v, 1, &b->watchers);
    case O_EVENTS:
        return number(v, 1, &b->events);
    case O_CONNECTIONS:
        return number(v, 1, &b->connections);
    case O_SECONDS:
        b->seconds = atof(v);
        return b->seconds > 0;
    case O_HELP:
        fputs(usage, stdout);
        exit(0);
    }
    return false;
}

static void report(const struct settings *s, const struct bench *b, const struct result *r, int n)
{
    if (s->json)
        results_json(stdout, b, r, n);
    else
        results_print(stdout, b, r, n);
    fflush(stdout);
}

/* One API server: load, measure, print. */
static int run_api(struct settings *s, struct target *t, const char *pids, struct result *r)
{
    struct procs procs = {0};
    if (pids && procs_parse(&procs, pids) < 0) {
        fprintf(stderr, "cubed-bench: %s: not a list of process numbers\n", pids);
        return -1;
    }
    s->bench.target = t;
    s->bench.procs = &procs;
    if (!s->no_load && load_pods(&s->bench) < 0)
        return -1;
    int n = scenarios_run(&s->bench, s->scenarios, false, r, ROWS_MAX);
    report(s, &s->bench, r, n);
    return n;
}

struct fetched {
    struct buf body;
    bool done;
};

static void fetch_chunk(struct call *c, const char *p, size_t n)
{
    buf_put(&((struct fetched *)c->arg)->body, p, n);
}

static void fetch_done(struct call *c)
{
    ((struct fetched *)c->arg)->done = true;
}

static bool fetch(struct target *t, const char *path, struct fetched *f)
{
    struct pool *p = pool_new(t);
    struct conn *c = conn_open(p, false);
    struct call call = {.method = "GET", .path = path, .chunk = fetch_chunk, .done = fetch_done, .arg = f};
    if (c && conn_call(c, &call) == 0)
        pool_run(p, clock_ns() + 30000000000ll, &f->done);
    pool_free(p);
    return f->done && call.status == 200;
}

static int run_yardstick(struct settings *s, const char *name, struct fetched *pod, struct fetched *list)
{
    struct yardstick y;
    struct target t = {0};
    struct procs procs = {0};
    struct result r[ROWS_MAX];
    char err[256], url[64];
    int workers = (int)sysconf(_SC_NPROCESSORS_ONLN), rc = -1;
    if (yardstick_start(&y, name, workers, pod->body.p, pod->body.n, list->body.p, list->body.n, err,
                        sizeof err) < 0) {
        fprintf(stderr, "cubed-bench: %s\n", err);
        return -1;
    }
    snprintf(url, sizeof url, "https://127.0.0.1:%d", y.port);
    snprintf(t.name, sizeof t.name, "%s", name);
    if (target_init(&t, url, NULL, NULL, NULL, NULL, err, sizeof err) == 0) {
        struct bench b = s->bench;
        procs_add_tree(&procs, y.pid);
        b.target = &t;
        b.procs = &procs;
        b.get_path = "/pod.json";
        b.list_path = "/list.json";
        int n = scenarios_run(&b, s->scenarios, true, r, ROWS_MAX);
        report(s, &b, r, n);
        rc = 0;
    }
    yardstick_stop(&y);
    target_free(&t);
    return rc;
}

static int run_yardsticks(struct settings *s, struct target *t)
{
    struct fetched pod = {0}, list = {0};
    int rc = -1;
    if (fetch(t, "/api/v1/namespaces/bench/pods/pod-000000", &pod) &&
        fetch(t, "/api/v1/namespaces/bench/pods?limit=500", &list))
        rc = run_yardstick(s, "nginx", &pod, &list) | run_yardstick(s, "h2o", &pod, &list);
    else
        fprintf(stderr, "cubed-bench: %s: the bytes for the file servers could not be read\n", t->name);
    buf_free(&pod.body);
    buf_free(&list.body);
    return rc;
}

int main(int argc, char **argv)
{
    struct settings s = {
        .bench = {
            .pods = 1000, .nodes = 100, .watchers = 1000, .events = 20, .seconds = 3, .connections = 8}};
    struct target t = {.name = "cubed"}, other = {.name = "against"};
    static struct result r[ROWS_MAX];
    char err[512];
    signal(SIGPIPE, SIG_IGN);
    struct rlimit rl;
    getrlimit(RLIMIT_NOFILE, &rl);
    rl.rlim_cur = rl.rlim_max;
    setrlimit(RLIMIT_NOFILE, &rl);
    for (int o; (o = getopt_long(argc, argv, "h", longopts, NULL)) != -1;) {
        if (o == '?' || !set_option(&s, o == 'h' ? O_HELP : o, optarg)) {
            fprintf(stderr, "cubed-bench: bad option or value%s%s; see --help\n", optarg ? ": " : "",
                    optarg ? optarg : "");
            return 1;
        }
    }
    if (!s.server && !s.kubeconfig) {
        fputs("cubed-bench: say --server URL or --kubeconfig FILE; see --help\n", stderr);
        return 1;
    }
    int rc = s.kubeconfig ? target_from_kubeconfig(&t, s.kubeconfig, err, sizeof err)
                          : target_init(&t, s.server, s.ca, s.cert, s.key, s.token, err, sizeof err);
    if (rc == 0 && s.against)
        rc = target_init(&other, s.against, NULL, NULL, NULL, s.against_token, err, sizeof err);
    if (rc < 0) {
        fprintf(stderr, "cubed-bench: %s\n", err);
        return 1;
    }
    bool ok = run_api(&s, &t, s.pids, r) > 0;
    if (ok && s.yardstick)
        ok = run_yardsticks(&s, &t) == 0;
    if (ok && s.against)
        ok = run_api(&s, &other, s.against_pids, r) > 0;
    target_free(&t);
    target_free(&other);
    return ok ? 0 : 1;
}
