/* The watcher's process with either store. */
#ifndef WORKER_FOLLOW_FOLLOW_H
#define WORKER_FOLLOW_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/area.h"
#include "shm/base/options.h"
#include "shm/cache/cache.h"

/* The watch window: events younger than this stay while --cache-window-bytes holds. */
#define FOLLOW_WINDOW_MS (5 * 60 * 1000)
#define FOLLOW_REAP_MS 15000

struct follow {
    struct area *area;
    const struct options *options;
    struct cache *cache;
    int signal_fd;     /* readable: stop */
    uint64_t restarts; /* of all children, when dead readers were looked for last */
};

/* Run until asked to stop. Return the exit status. */
int follow_embedded(struct follow *f);
int follow_etcd(struct follow *f);

/* To be called before the cache is emptied: those who read it begin anew when it is loaded. */
void follow_new_lineage(struct follow *f);
/* Frees what dead readers pin, after a child was replaced, or when due. */
void follow_reap(struct follow *f, bool due);
/* Empties the eventfd that workers ring. */
void follow_awake(struct follow *f);

#endif
