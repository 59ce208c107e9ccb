/* --encryption-provider-config-automatic-reload: the watcher looks at the file, and the others follow it. */
#ifndef WORKER_FOLLOW_REKEY_H
#define WORKER_FOLLOW_REKEY_H

#include <sys/stat.h>
#include "worker/follow/follow.h"

struct stored;

/* Zeroed is new. */
struct rekey {
    int64_t look_ms; /* the next look */
    struct stat seen;
};

/* Returns ms until it has to be called again; -1: never. */
int64_t rekey_run(struct rekey *r, struct follow *f, struct stored *s);

#endif
