/* The rows of each file, for validation_for. Private to this folder. */
#ifndef REGISTRY_VALIDATION_ROWS_H
#define REGISTRY_VALIDATION_ROWS_H

#include "registry/validation/check.h"

struct validation_rows {
    const struct validation *rows;
    int n;
};

extern const struct validation_rows validation_rows_coordination;
extern const struct validation_rows validation_rows_endpoints;
extern const struct validation_rows validation_rows_events;
extern const struct validation_rows validation_rows_ingress;
extern const struct validation_rows validation_rows_limitrange;
extern const struct validation_rows validation_rows_namespaces;
extern const struct validation_rows validation_rows_networkpolicy;
extern const struct validation_rows validation_rows_node;
extern const struct validation_rows validation_rows_policy;
extern const struct validation_rows validation_rows_quota;
extern const struct validation_rows validation_rows_scheduling;
extern const struct validation_rows validation_rows_secrets;
extern const struct validation_rows validation_rows_serviceranges;

#define VALIDATION_ROWS(array)                                                                               \
    {                                                                                                        \
        (array), (int)(sizeof(array) / sizeof((array)[0]))                                                   \
    }

#endif
