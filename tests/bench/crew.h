/* Load processes: children that do one job each and tell how it goes in memory shared with whoever started
 * them. More than one, because a process may be held to some 20,000 open files, and to keep receivers apart
 * from writers. */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "tests/bench/hist.h"

#define CREW_MAX 64

/* One process's book. It alone writes there; everybody reads. */
struct crew_book {
    volatile int64_t opened; /* watches whose answer has begun, or kubelets at work */
    volatile int64_t failed; /* could not be opened, or answered with an error */
    volatile int64_t ended;  /* opened once, ended since */
    volatile int64_t ops;    /* deliveries, or requests answered */
    volatile int64_t bytes;
    struct hist latency; /* of ops */
    struct hist opening; /* from the connection's start to the answer's */
    struct hist events;  /* where ops are requests: age of what watches delivered meanwhile */
};

struct crew {
    int n;
    pid_t pid[CREW_MAX];
    struct crew_book *book; /* n of them */
    bool *stop;             /* shared: jobs end when it is true */
};

struct crew_job {
    int index, count; /* this process, of how many */
    struct crew_book *book;
    const bool *stop;
    void *arg;
};

/* Forks n processes that run job and exit. 0 or negative errno. */
int crew_start(struct crew *c, int n, void (*job)(struct crew_job *j), void *arg);
/* Sum over the books of a field of struct crew_book, by offset. */
int64_t crew_sum(const struct crew *c, size_t offset);
#define CREW_SUM(c, field) crew_sum(c, offsetof(struct crew_book, field))
/* The same for a histogram; into is zeroed first. */
void crew_hist(const struct crew *c, size_t offset, struct hist *into);
#define CREW_HIST(c, field, into) crew_hist(c, offsetof(struct crew_book, field), into)
/* Forgets ops, bytes and latencies; only while nothing is under way. */
void crew_reset(struct crew *c);
/* A process ended by itself (crashed). */
bool crew_broken(struct crew *c);
/* Tells all to stop and collects them. */
void crew_end(struct crew *c);

#endif
