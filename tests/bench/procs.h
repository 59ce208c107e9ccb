/* What a server's processes cost: CPU time and memory, read from /proc. */
#ifndef BENCH_PROCS_H
#define BENCH_PROCS_H

#include <stdint.h>
#include <sys/types.h>

#define PROCS_MAX 256

struct procs {
    pid_t pid[PROCS_MAX];
    int n;
};

/* "12,34": those and, for each, all its descendants. 0 or -EINVAL. */
int procs_parse(struct procs *p, const char *list);
/* Adds a process and its descendants. */
void procs_add_tree(struct procs *p, pid_t pid);
/* User and system time of all threads, nanoseconds. */
int64_t procs_cpu_ns(const struct procs *p);
/* Proportional set size of all together (shared pages once), and the anonymous part of it; bytes. */
void procs_memory(const struct procs *p, int64_t *pss, int64_t *anon);

/* Anonymous memory as the kernel counts it for each (RssAnon): cheap enough to be sampled. Bytes. */
int64_t procs_anon(const struct procs *p);

#endif
