/* Watches held by load processes: opened a few at a time, kept until told, each event counted and its age
 * taken from the stamp in it (objects.h). */
#ifndef BENCH_WATCHERS_H
#define BENCH_WATCHERS_H

#include "tests/bench/bench.h"
#include "tests/bench/crew.h"

struct watchers {
    struct target *target;
    int count;     /* of all processes */
    int processes; /* 0: as many as count needs */
    bool h2;
    int streams;       /* a connection's */
    long long version; /* resourceVersion to watch from: nothing before it is sent */
    /* Writes the path of watch i, without "watch" and resourceVersion. arg: watchers.arg. */
    void (*path)(char *out, size_t n, int i, const void *arg);
    const void *arg;
    struct crew crew;
};

/* Starts the processes and returns when all watches have begun, or failed, or nothing has moved for a while.
 * seconds (may be NULL): how long it took. 0, or -1 with a line on stderr; either way watchers_close. */
int watchers_open(struct watchers *w, struct progress *p, double *seconds);
/* Waits until so many events were delivered since the last reset. False when they were not within 10 s. */
bool watchers_await(struct watchers *w, int64_t deliveries);
void watchers_close(struct watchers *w);

/* The collection's current resourceVersion; 0 when it cannot be read. */
long long watchers_version(struct target *t);

#endif
