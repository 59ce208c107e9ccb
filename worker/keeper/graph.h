/* Who depends on whom: from the uid of an owner to the keys of the objects that name it in their
 * ownerReferences. */
#ifndef WORKER_KEEPER_GRAPH_H
#define WORKER_KEEPER_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/str.h"

struct graph;
struct graph *graph_new(void);
void graph_free(struct graph *g);
/* Twice is once. key: as in the objects database. */
void graph_add(struct graph *g, struct str owner_uid, struct str key);
void graph_remove(struct graph *g, struct str owner_uid, struct str key);
/* Calls fn for each dependent; fn must not change the graph. */
void graph_each(const struct graph *g, struct str owner_uid, void (*fn)(void *arg, struct str key),
                void *arg);
int64_t graph_edges(const struct graph *g);

#endif
