/* Objects that etcd holds and nobody here can open (encrypted with another key): the cache has a record in
 * their place that says why. One that is asked for is answered with that, and so is every list that it
 * belongs to. */
#ifndef WORKER_READ_UNREADABLE_H
#define WORKER_READ_UNREADABLE_H

#include "registry/status.h"
#include "shm/cache/snapshot.h"
#include "worker/read/selector.h"

/* true, and st is the answer: this is no object. */
bool unreadable_object(const struct record *r, struct status *st);
/* The same of whatever a list would have to show of this state, its labels unknown. One look into the index.
 */
bool unreadable_among(struct snapshot *s, const struct selection *sel, struct status *st);

#endif
