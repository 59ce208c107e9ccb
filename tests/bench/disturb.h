/* Watching clients that do not behave: slow ones (a few KB a second), stopped ones (read the answer's head
 * and then nothing), dying ones (reset soon after they have begun; they come back for what was since). */
#ifndef BENCH_DISTURB_H
#define BENCH_DISTURB_H

#include "tests/bench/crew.h"
#include "tests/bench/target.h"

#define DISTURB_KINDS 3

struct disturb {
    struct target *target;
    const char *path;  /* what they watch */
    long long version; /* from where on */
    int each;          /* so many of every kind */
    struct crew crew;
};

/* Starts them in a process of their own; returns when all have begun. 0, or -1 with a line on stderr. */
int disturb_start(struct disturb *d);
/* How many connections have died so far. */
int64_t disturb_deaths(const struct disturb *d);
void disturb_end(struct disturb *d);

#endif
