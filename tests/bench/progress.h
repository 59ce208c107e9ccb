/* What is being done, and how much of it is: one line on standard error, only where that is a terminal. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool terminal; /* otherwise nothing is shown */
    char what[64];
    int64_t total, drawn_ns;
};

/* A bar for total steps (0: none known, so no bar). what is copied. */
void progress_begin(struct progress *p, const char *what, int64_t total);
/* done steps of it; cheap, may be called for every operation. */
void progress_at(struct progress *p, int64_t done);
/* Wipes the line. */
void progress_end(struct progress *p);

#endif
