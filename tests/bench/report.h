/* Results for people and programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>
#include "tests/bench/result.h"

/* A table, servers side by side: rows of one name stand together, with the ratio of CPU to the yardstick's
 * (the server called h2o, where it is among them). */
void report_table(FILE *f, const struct results *rs);
/* One JSON object a line. */
void report_json(FILE *f, const struct results *rs);
/* One HTML page that needs nothing else: table, CPU bars, latency curves, growth. title: what and where. */
int report_html(const char *file, const struct results *rs, const char *title);
/* "2 x AMD EPYC, Linux 6.1": the machine. */
void report_machine(char *out, size_t n);

#endif
