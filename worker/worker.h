/* What the master knows of its children: their entry functions. Each runs in its own process right after
 * fork, returns the exit status, and never returns before its work is drained. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "shm/area.h"
#include "shm/base/options.h"

struct worker_listener {
    int fd;
    bool tls;    /* false: --insecure-port */
    bool shared; /* several workers accept on the same socket (socket activation) */
};

struct worker_start {
    struct area *area;
    const struct options *options;
    int index;                               /* 0..workers-1 */
    const struct worker_listener *listeners; /* this worker's own */
    int nlisteners;
};

/* Exit status of a child that is to be started again at once: what it knew of the store is no longer so. */
#define WORKER_ANEW 75

/* Signals every child understands: SIGTERM, SIGINT drain and exit 0 (a second one: at once); SIGHUP reloads
 * certificates and the token file. SIGPIPE is ignored by all. */
int worker_main(const struct worker_start *w);
int watcher_main(struct area *area, const struct options *options);
int keeper_main(struct area *area, const struct options *options);

#endif
