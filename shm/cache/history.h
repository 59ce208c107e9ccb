/* The state of a key range at an older revision that is still in the window: what limit/continue pages and
 * resourceVersionMatch=Exact read. Built from the log by undoing, newest first, the events after `revision`
 * whose key has the prefix: a map from key to the state it had (or its absence). Cost is proportional to the
 * events since, memory to the keys changed in the range. */
#ifndef SHM_CACHE_HISTORY_H
#define SHM_CACHE_HISTORY_H

#include "shm/cache/snapshot.h"

struct history;

/* Returns NULL with errno ESTALE (left the window), EOVERFLOW (revision is in the future) or EIO. The history
 * keeps a reference to the snapshot. */
struct history *history_open(struct snapshot *s, const struct key *prefix, int64_t revision);
void history_close(struct history *h);
/* Next record in key order at the revision, starting behind `after` (NULL: at the start); NULL at the end. */
int history_seek(struct history *h, const struct key *after);
const struct record *history_next(struct history *h, struct str *key);
/* One object at the revision; NULL: absent then. */
const struct record *history_object(struct history *h, const struct key *k);
/* How many objects follow the current position, stops at max. */
int64_t history_remaining(struct history *h, int64_t max);

#endif
