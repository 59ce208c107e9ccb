/* The servers that are measured side by side. */
#ifndef BENCH_FIELD_H
#define BENCH_FIELD_H

#include "shm/base/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/own.h"
#include "tests/bench/scenario.h"
#include "tests/bench/settings.h"
#include "tests/bench/yardstick.h"

#define FIELD_MAX 4

/* subject[0] is cubed. */
struct field {
    struct subject subject[FIELD_MAX];
    int n;
    struct own own;
    struct yardstick yardstick[2];
    int yardsticks;
    char files[WORKDIR_BYTES]; /* what the yardsticks serve */
    struct progress progress;
};

/* Starts or connects to the API servers, loads their pods (all but first ones that are there), starts the
 * yardsticks. 0, or -1 with a line on stderr; field_close in any case. */
int field_open(struct field *f, struct settings *s);
/* Runs a row on every server that can, rounds times in turn; of each server the round with the middle CPU is
 * added. 0, or -1 when something did not work. */
int field_run(struct field *f, const struct settings *s, const struct row *row, struct results *out);
/* The same for all rows of a list of scenarios (NULL: all). */
int field_run_all(struct field *f, const struct settings *s, const char *list, struct results *out);
void field_close(struct field *f);

#endif
