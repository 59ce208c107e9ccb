/* What a scenario found out about a server. */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include "tests/bench/hist.h"

#define RESULT_QUANTILES 13
#define RESULT_EXTRAS 12

/* The points of every latency curve, 0..1. */
extern const double result_quantiles[RESULT_QUANTILES];

struct result {
    char server[64], scenario[32], name[64];
    const char *axis; /* "objects" or "watchers": one point of a growing series; else NULL */
    double at;        /* how many */
    uint64_t ops, failed;
    double seconds, cpu_us; /* cpu_us: per operation, all processes of the server; <0: not known */
    bool timed;             /* there are latencies */
    double ms[RESULT_QUANTILES];
    double bytes;       /* response bytes per operation */
    double private_mib; /* of the server's processes afterwards; <0: not known */
    struct {
        const char *name; /* static text; ends in its unit */
        double value;
    } extra[RESULT_EXTRAS];
    int extras;
};

/* Zero-initialised is empty. */
struct results {
    struct result *r;
    int n, cap;
};

/* A new one at the end, zeroed; valid until the next is added. */
struct result *results_add(struct results *rs, const char *server, const char *scenario, const char *name);
void results_free(struct results *rs);
/* The last one of this server and name; NULL when there is none. */
const struct result *results_find(const struct results *rs, const char *server, const char *name);

void result_latency(struct result *r, const struct hist *h);
/* The curve's value at a quantile that result_quantiles has, ms. */
double result_ms(const struct result *r, double quantile);
void result_extra(struct result *r, const char *name, double value);
/* <0 when there is none of that name. */
double result_get(const struct result *r, const char *name);

#endif
