/* Instructions of one operation, counted by callgrind: the same on a busy machine as on an idle one. What the
 * kernel does is not in it. */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include "tests/bench/field.h"

#define INSTRUCTIONS_STAGE "stage" /* the scenario of results that are a part of another one */

/* Runs s->start with one worker under callgrind and adds a result for each operation, of the server named
 * cubed, with the extra "instructions": the worker's, of one operation, and of writes for each stage that
 * they go through. 0, or -1 with a line on stderr. */
int instructions_run(const struct settings *s, struct results *out);

#endif
