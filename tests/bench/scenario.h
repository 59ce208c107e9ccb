/* What is measured: rows of a table, each a closed loop of calls against one target. */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "tests/bench/hist.h"
#include "tests/bench/procs.h"
#include "tests/bench/target.h"

struct bench {
    struct target *target;
    struct procs *procs; /* of the server; n 0: no CPU figures */
    int pods, nodes;     /* loaded */
    int watchers, events;
    double seconds; /* one scenario lasts */
    int connections;
    const char *get_path, *list_path; /* of a file server; NULL: the API's */
};

struct result {
    char name[48];
    uint64_t ops, failed;
    double seconds, cpu_us; /* cpu_us: per operation, all processes of the server; <0: not known */
    double p50_ms, p99_ms;
    double bytes; /* response bytes per operation */
};

/* Runs the scenarios whose names are in list ("get,list"; NULL: all that a file server has too when files,
 * else all). Results in out (max rows); returns how many. Progress on stderr. */
int scenarios_run(struct bench *b, const char *list, bool files, struct result *out, int max);
void results_print(FILE *f, const struct bench *b, const struct result *r, int n);
void results_json(FILE *f, const struct bench *b, const struct result *r, int n);

/* load.c: namespace bench and its pods, if they are not there yet. 0, or -1 with a line on stderr. */
int load_pods(struct bench *b);
/* The body of pod i (about 3 KB as served); heap. */
char *load_pod_json(int i, int nodes, const char *name_prefix);

#endif
