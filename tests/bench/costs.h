/* What functions cost, what they call included, by a dump of callgrind. */
#ifndef BENCH_COSTS_H
#define BENCH_COSTS_H

struct cost {
    const char *name, *function;
};

/* The instructions of each of n functions into out; 0 for one that was not called. 0, or -1 when the file
 * cannot be read. */
int costs_read(const char *path, const struct cost *of, int n, double *out);

#endif
