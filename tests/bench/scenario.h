/* What can be measured: one table. */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "tests/bench/bench.h"

struct request_kind;

struct row {
    const char *scenario, *name; /* name: as in tables; of one scenario there may be several */
    int (*run)(struct bench *b, const struct row *row, struct result *r);
    bool h2;
    int streams, connections; /* a connection's streams; 0 connections: as sizes say */
    bool files;               /* a file server can be asked the same */
    const struct request_kind *kind;
};

extern const struct row scenario_rows[];
extern const int scenario_count;

const struct row *scenario_find(const char *name);
/* Is the row's scenario in a comma-separated list (NULL: all but those that are only run when named)? */
bool scenario_wanted(const struct row *row, const char *list);
/* Every name of the list is a scenario's; otherwise which one is not (static text of the list), else NULL. */
const char *scenario_unknown(const char *list);
/* Runs one and adds its result. 0, or -1 with a line on stderr. */
int scenario_run(struct bench *b, const struct row *row, struct results *out);

#endif
