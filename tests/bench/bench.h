/* What every scenario is told: whom to measure, and sizes. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include "tests/bench/procs.h"
#include "tests/bench/progress.h"
#include "tests/bench/result.h"
#include "tests/bench/target.h"

/* A server under measurement. */
struct subject {
    struct target target;
    struct procs procs; /* n 0: no figures of CPU and memory */
    bool files;         /* a file server: it has pods, and one list (files.h) */
};

struct sizes {
    int pods, nodes;      /* loaded */
    int watchers, events; /* of the watch scenarios; an event a turn */
    int kubelets;         /* of mixed, and of the storm */
    double lease_seconds; /* how often each renews its lease */
    int connections;      /* of request scenarios */
    int processes;        /* load processes; 0: as many as the descriptors of one need */
    double seconds;       /* one phase of a scenario lasts */
    double rate;          /* open-loop requests a second; 0: half of what the closed loop reached */
};

struct bench {
    struct subject *subject;
    struct sizes size;
    struct progress *progress;
};

#endif
