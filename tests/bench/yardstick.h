/* Two static file servers, nginx and h2o, serving the same bytes over the same kind of TLS: what a read would
 * cost if it were a file. */
#ifndef BENCH_YARDSTICK_H
#define BENCH_YARDSTICK_H

#include <stdbool.h>
#include <sys/types.h>
#include "tests/bench/target.h"
#include "tests/bench/workdir.h"

struct yardstick {
    const char *name; /* "nginx", "h2o" */
    char dir[64];     /* temporary; holds certificate, configuration */
    int port;
    pid_t pid;
};

/* Starts the server on a free loopback port with what is below `files`, which has to stay, and one worker a
 * core (workers). 0, or -1 with a line in err (not installed, would not start). */
int yardstick_start(struct yardstick *y, const char *name, int workers, const char *files, char *err,
                    size_t err_bytes);
void yardstick_stop(struct yardstick *y);

#endif
