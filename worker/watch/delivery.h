/* How long events are under way: from the ring, where they are published when they are committed, to the end
 * of the turn that writes them to those who watch. cubed_watch_delivery_seconds in /metrics. A watch that
 * takes an event up later, because its client was slow, counts with that time while the event is among the
 * last DELIVERY_EVENTS. Not counted: initial states, older events, and those that a worker which was lapped
 * found in the log. */
#ifndef WORKER_WATCH_DELIVERY_H
#define WORKER_WATCH_DELIVERY_H

#include <stdint.h>
#include "shm/area.h"
#include "shm/base/buf.h"

#define DELIVERY_EVENTS 4096

struct delivery;

/* Counts for child `index` of the area. Never NULL. */
struct delivery *delivery_new(struct area *area, int index);
void delivery_free(struct delivery *d);
/* The events of a revision were published at at_us (struct ring_slot). */
void delivery_published(struct delivery *d, int64_t revision, uint32_t at_us);
/* One of them was given to a connection. */
void delivery_sent(struct delivery *d, int64_t revision);
/* What was given to connections in this turn has gone out. */
void delivery_turn_over(struct delivery *d);
/* The histogram of all workers as Prometheus text, without its head. */
void delivery_put(const struct area *area, struct buf *out, const char *name);

#endif
