/* What operations cost when it was last looked at, in terms that machines share: CPU time as a multiple of
 * h2o's in the same run, and instructions. Never wall-clock time. */
#ifndef BENCH_BASELINE_H
#define BENCH_BASELINE_H

#include "tests/bench/field.h"

/* Measures and stores. 0, or -1 with a line on stderr. */
int baseline_save(const struct settings *s, const char *file);
/* Measures and compares, telling each on stdout; what looks dearer is measured again before it is believed. 0
 * when nothing got dearer, 1 when something did, -1 with a line on stderr. */
int baseline_check(const struct settings *s, const char *file);

#endif
