/* A server of one's own for measuring: cubed, and etcd where wanted, in a temporary directory. */
#ifndef BENCH_OWN_H
#define BENCH_OWN_H

#include <stdbool.h>
#include <sys/types.h>
#include "tests/bench/bench.h"
#include "tests/bench/workdir.h"

struct own {
    const char *binary; /* of cubed */
    bool etcd;          /* on an etcd of its own, else the embedded store */
    int workers;
    const char *wrapper; /* a program to run it under, with arguments separated by blanks; or NULL */
    bool keep;           /* its directory, log included, when it is stopped: something did not work */
    /* filled in */
    char dir[WORKDIR_BYTES], token[40];
    int port, etcd_port, etcd_peer_port;
    pid_t pid, etcd_pid;
};

/* Starts it and fills in subject, named cubed. 0, or -1 with a line on stderr; own_stop in any case. */
int own_start(struct own *o, struct subject *s);
/* Ends it (SIGTERM, or SIGKILL when hard) and starts it again; without its cache when cold. *seconds: from
 * its start until it is ready. */
int own_restart(struct own *o, struct subject *s, bool hard, bool cold, double *seconds);
/* Bytes of the cache's pages in use. */
double own_cache_mib(const struct own *o);
/* The end of its log, to stderr: when something did not work. */
void own_tell_log(const struct own *o);
void own_stop(struct own *o);

#endif
