/* A watch's way through the revisions: initial state, log, marked events. */
#ifndef WORKER_WATCH_CURSOR_H
#define WORKER_WATCH_CURSOR_H

#include "worker/watch/watch.h"

/* The body source of a watch's response (rq->res.source is the watch). */
enum body_result watch_refill(struct request *rq);
/* From dispatch: an event of this revision may be the watch's. Notes it and wakes. */
void watch_note(struct watch *w, int64_t revision);
/* From dispatch: events after this revision were not offered and cannot be any more. */
void watch_lost(struct watch *w, int64_t revision);
/* From dispatch: time has come for something. Returns when to look again. */
int64_t watch_tick(struct watch *w, int64_t now_ms);
/* Ends the stream cleanly. */
void watch_end(struct watch *w);
/* Ends it with 410: the store is another than the one it is of. */
void watch_expire(struct watch *w);
/* Ends it with an ERROR event. */
void watch_fail(struct watch *w, const struct status *st);
/* Memory that is not the arena's. */
void watch_drop(struct watch *w);

#endif
