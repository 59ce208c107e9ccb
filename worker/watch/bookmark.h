/* Bookmarks: an empty object of the kind with a resourceVersion, so that a quiet watch can resume near the
 * present. */
#ifndef WORKER_WATCH_BOOKMARK_H
#define WORKER_WATCH_BOOKMARK_H

#include "worker/watch/watch.h"

/* Pushes one (bytes into w->built, which must be empty or flushed after). initial_end: it ends the initial
 * state and says so in an annotation (KEP-3157). */
void bookmark_push(struct watch *w, int64_t revision, bool initial_end);
/* When the next one is due after now: about a minute, or 2 s before the end if that is sooner; INT64_MAX:
 * none. */
int64_t bookmark_next_ms(struct watch *w, int64_t now_ms);

#endif
