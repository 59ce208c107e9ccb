/* The command line. */
#ifndef BENCH_SETTINGS_H
#define BENCH_SETTINGS_H

#include "tests/bench/bench.h"

struct settings {
    /* whom */
    const char *start, *wrapper;
    const char *server, *kubeconfig, *ca, *cert, *key, *token, *pids;
    const char *against, *against_ca, *against_token, *against_name, *against_pids;
    bool yardstick, no_load, etcd;
    int workers;
    /* what */
    const char *scenarios;
    bool numbers, growth;
    const char *check, *save;
    int rounds;
    struct sizes size;
    /* how it is told */
    bool json, help;
    const char *report, *readme;
};

/* Defaults, then the arguments. 0, or -1 with a line on stderr. */
int settings_parse(struct settings *s, int argc, char **argv);
/* All options, one line each. */
void settings_help(void);

#endif
