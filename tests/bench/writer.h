/* Writes that make events: patches of annotations, each stamped with the moment it was meant to be sent. */
#ifndef BENCH_WRITER_H
#define BENCH_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include "tests/bench/hist.h"
#include "tests/bench/target.h"

struct writer;

/* One HTTP/2 connection, to be used soon: servers close one that brings no request. NULL when there is no
 * memory or socket. */
struct writer *writer_open(struct target *t);
/* Patches the object at path and waits for the answer. */
bool writer_patch(struct writer *w, const char *path);
/* Open loop: rate patches a second for so long; path says which object the i-th is for. Returns when all are
 * answered (or 10 s later). How many were sent; *failed: how many of them were not done. */
int64_t writer_pace(struct writer *w, double rate, double seconds,
                    void (*path)(char *out, size_t n, int i, const void *arg), const void *arg,
                    int64_t *failed);
/* Of all paced writes: from when they were due to their answers. */
const struct hist *writer_latency(const struct writer *w);
void writer_close(struct writer *w);

#endif
