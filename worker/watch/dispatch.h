/* From the ring to the watches that match: hash on resource -> namespace / name / trigger field. Cost is proportional
 * to the watches that match, not to those that exist. A watch is a cursor (filter, revision): one that is behind
 * reads the log at its own pace. */
#ifndef WORKER_WATCH_DISPATCH_H
#define WORKER_WATCH_DISPATCH_H

#include "worker/request/context.h"

struct dispatch *dispatch_new(struct context *ctx);
void dispatch_free(struct dispatch *d);
/* Takes what the ring has; wakes watches. Returns true when a slice was full and more waits. */
bool dispatch_poll(struct dispatch *d);
/* True: no news, the loop may sleep (wake_fd will fire). */
bool dispatch_sleep(struct dispatch *d);
void dispatch_awake(struct dispatch *d);
/* Ends all watches cleanly (drain). */
void dispatch_end_all(struct dispatch *d);
int dispatch_watches(const struct dispatch *d);

#endif
