/* From the ring to the watches that match: hash on resource -> namespace / name / trigger field. Cost is
 * proportional to the watches that match, not to those that exist. A watch is a cursor (filter, revision):
 * one that is behind reads the log at its own pace. */
#ifndef WORKER_WATCH_DISPATCH_H
#define WORKER_WATCH_DISPATCH_H

#include "shm/cache/log.h"
#include "worker/request/context.h"

struct dispatch *dispatch_new(struct context *ctx);
void dispatch_free(struct dispatch *d);
/* Takes what the ring has; wakes watches. Returns true when a slice was full and more waits. */
bool dispatch_poll(struct dispatch *d);
/* What watches were given in this turn has gone out. */
void dispatch_turn_over(struct dispatch *d);
/* True: no news, the loop may sleep (wake_fd will fire). */
bool dispatch_sleep(struct dispatch *d);
void dispatch_awake(struct dispatch *d);
/* Ends all watches cleanly (drain). */
void dispatch_end_all(struct dispatch *d);
/* Ends all watches with 410: the store is another than the one they are of. */
void dispatch_expire_all(struct dispatch *d);
int dispatch_watches(const struct dispatch *d);

/* ---- for the watches of this room ---- */

struct watch;
struct frame;

/* Registers a watch under the narrowest key that its selection has; it is told of events behind w->cursor. */
void dispatch_add(struct dispatch *d, struct watch *w);
void dispatch_remove(struct dispatch *d, struct watch *w);
/* All events up to here were offered to the watches that are current. */
int64_t dispatch_revision(const struct dispatch *d);
/* A snapshot that has reached a revision, shared by all watches of this turn; borrowed. NULL on failure. */
struct snapshot *dispatch_snapshot(struct dispatch *d, int64_t at_least);
/* The event of a revision (sub: its place there) under that snapshot, looked up once for all. false: not in
 * the log (any more). */
bool dispatch_event(struct dispatch *d, int64_t revision, uint32_t sub, struct event *e);
/* An event of this revision was given to a watch's connection. */
void dispatch_sent(struct dispatch *d, int64_t revision);
/* Frames built in this turn: the one of (event, form, variant), or NULL; and keeping one (a reference is
 * taken). */
struct frame *dispatch_frame(struct dispatch *d, const struct event *e, uint64_t form_id, int variant);
void dispatch_keep_frame(struct dispatch *d, struct frame *f);
/* 0..n-1, for jitter. */
uint32_t dispatch_random(struct dispatch *d, uint32_t n);

#endif
