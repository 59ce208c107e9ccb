/* How cost grows: the same operations with ten and a hundred times the objects, and the watchers. */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include "tests/bench/field.h"

/* Measures up to size.pods objects and size.watchers watchers, in powers of ten. 0, or -1 with a line on
 * stderr. */
int growth_run(const struct settings *s, struct results *out);
/* One line an operation: how its cost at most objects or watchers compares with that at fewest. */
void growth_summary(FILE *f, const struct results *rs);

#endif
