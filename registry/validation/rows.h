/* The rows of each file, for validation_for. Private to this folder. */
#ifndef REGISTRY_VALIDATION_ROWS_H
#define REGISTRY_VALIDATION_ROWS_H

#include "registry/validation/check.h"

struct validation_rows {
    const struct validation *rows;
    int n;
};

#define ROWS(family) extern const struct validation_rows validation_rows_##family;
#include "registry/validation/rows.def"
#undef ROWS

#define VALIDATION_ROWS(array)                                                                               \
    {                                                                                                        \
        (array), (int)(sizeof(array) / sizeof((array)[0]))                                                   \
    }

#endif
