/* The numbers that the design holds cubed to, measured all in one go, and the table of them. */
#ifndef BENCH_NUMBERS_H
#define BENCH_NUMBERS_H

#include <stdio.h>
#include "tests/bench/field.h"

/* Measures everything. 0, or -1 with a line on stderr when something could not be measured; out has the rest.
 */
int numbers_run(struct settings *s, struct results *out);
/* A Markdown table: what, what is to hold, what cubed has, ratios to nginx and h2o, the machine. */
void numbers_table(FILE *f, const struct settings *s, const struct results *rs);
/* Replaces what stands between the lines <!-- numbers --> and <!-- /numbers --> of a file by the table. 0, or
 * -1 with a line on stderr. */
int numbers_into(const char *file, const struct settings *s, const struct results *rs);

#endif
