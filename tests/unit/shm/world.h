/* A cache that a test writes to and reads from, in one environment. */
#ifndef UNIT_SHM_WORLD_H
#define UNIT_SHM_WORLD_H

#include "tests/unit/shm/util.h"

struct world {
    char *dir;
    struct cache *writer, *reader;
    struct snapshots *snaps;
    int64_t revision;
};

static inline int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->dir = scratch_dir();
    w->writer = open_at(w->dir, true, false, 0);
    w->reader = w->writer; /* one environment a process */
    w->snaps = snapshots_new(w->reader);
    w->revision = 1;
    *state = w;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;
    snapshots_free(w->snaps);
    cache_close(w->writer);
    scratch_remove(w->dir);
    free(w);
    return 0;
}

static inline void add(struct world *w, const char *ns, const char *name, const char *text, const char *node)
{
    put(w->writer, ns, name, text, node, ++w->revision);
    snapshots_turn(w->snaps);
}

static inline void drop(struct world *w, const char *ns, const char *name)
{
    del(w->writer, ns, name, ++w->revision);
    snapshots_turn(w->snaps);
}

#endif
