/* Scenarios of watches. */
#ifndef BENCH_WATCHING_H
#define BENCH_WATCHING_H

#include "tests/bench/scenario.h"

/* Every event goes to all of size.watchers; an operation is a delivery. */
int watching_fanout(struct bench *b, const struct row *row, struct result *r);
/* Every watcher selects a node of its own; an event goes to one of them. An operation is an event: a write
 * and its delivery. */
int watching_sparse(struct bench *b, const struct row *row, struct result *r);
/* What a watch costs in memory while nothing happens; an operation is the opening of one. */
int watching_idle(struct bench *b, const struct row *row, struct result *r);
/* size.watchers connections, as kubelets have them, 200 events a second meanwhile; an operation is a
 * delivery. */
int watching_many(struct bench *b, const struct row *row, struct result *r);
/* Fan-out to healthy watchers, next to as many good others as there are then clients that read slowly, not at
 * all, or die. */
int watching_slow(struct bench *b, const struct row *row, struct result *r);

#endif
