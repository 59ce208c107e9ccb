/* The rows of each group, for strategy_for. Private to this folder. */
#ifndef REGISTRY_STRATEGY_ROWS_H
#define REGISTRY_STRATEGY_ROWS_H

#include "registry/strategy/strategy.h"

struct strategy_rows {
    const struct strategy *rows;
    int n;
};

extern const struct strategy_rows strategy_rows_core;
extern const struct strategy_rows strategy_rows_pod;
extern const struct strategy_rows strategy_rows_service;
extern const struct strategy_rows strategy_rows_apps;
extern const struct strategy_rows strategy_rows_batch;
extern const struct strategy_rows strategy_rows_certificates;
extern const struct strategy_rows strategy_rows_rest;

#define STRATEGY_ROWS(array)                                                                                 \
    {                                                                                                        \
        (array), (int)(sizeof(array) / sizeof((array)[0]))                                                   \
    }

#endif
