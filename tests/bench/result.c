#include "tests/bench/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double result_quantiles[RESULT_QUANTILES] = {0.0,  0.1,   0.25,  0.5,    0.75,   0.9, 0.95,
                                                   0.99, 0.995, 0.999, 0.9995, 0.9999, 1.0};

struct result *results_add(struct results *rs, const char *server, const char *scenario, const char *name)
{
    if (rs->n == rs->cap) {
        rs->cap = rs->cap ? 2 * rs->cap : 32;
        rs->r = realloc(rs->r, (size_t)rs->cap * sizeof *rs->r);
    }
    struct result *r = &rs->r[rs->n++];
    *r = (struct result){.cpu_us = -1, .private_mib = -1};
    snprintf(r->server, sizeof r->server, "%s", server);
    snprintf(r->scenario, sizeof r->scenario, "%s", scenario);
    snprintf(r->name, sizeof r->name, "%s", name);
    return r;
}

void results_free(struct results *rs)
{
    free(rs->r);
    *rs = (struct results){0};
}

const struct result *results_find(const struct results *rs, const char *server, const char *name)
{
    for (int i = rs->n - 1; i >= 0; i--) {
        if (strcmp(rs->r[i].server, server) == 0 && strcmp(rs->r[i].name, name) == 0)
            return &rs->r[i];
    }
    return NULL;
}

void result_latency(struct result *r, const struct hist *h)
{
    r->timed = h->count > 0;
    for (int i = 0; i < RESULT_QUANTILES; i++)
        r->ms[i] = (double)hist_quantile(h, result_quantiles[i]) / 1e6;
}

double result_ms(const struct result *r, double quantile)
{
    for (int i = 0; i < RESULT_QUANTILES; i++) {
        if (fabs(result_quantiles[i] - quantile) < 1e-9)
            return r->ms[i];
    }
    return -1;
}

void result_extra(struct result *r, const char *name, double value)
{
    if (r->extras == RESULT_EXTRAS)
        return;
    r->extra[r->extras].name = name;
    r->extra[r->extras++].value = value;
}

double result_get(const struct result *r, const char *name)
{
    for (int i = 0; i < r->extras; i++) {
        if (strcmp(r->extra[i].name, name) == 0)
            return r->extra[i].value;
    }
    return -1;
}
