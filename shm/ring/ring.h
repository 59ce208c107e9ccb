/* The ring: single producer (the watcher), many consumers (workers, keeper). A slot is one cache line and
 * says *whether* anyone cares; the payload is read from the log. A consumer that was lapped, or finds a new
 * producer epoch, scans the log from its last revision instead: nothing can be lost, only slower. */
#ifndef SHM_RING_RING_H
#define SHM_RING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "shm/area.h"
#include "shm/base/str.h"
#include "shm/cache/record.h"

#define RING_SLOTS 65536u
#define RING_TRIGGERS 1

struct ring_slot {
    _Atomic uint64_t seq; /* position + 1 when whole; 0 while being written */
    int64_t revision;
    uint32_t resource;
    uint16_t type;               /* enum log_type */
    uint16_t more;               /* whether the next slot has another event of the revision */
    uint64_t ns_hash, name_hash; /* hash_str of namespace and name */
    uint64_t trigger_hash,
        trigger_prev_hash; /* hash_str of the resource's first indexed field, new and old; 0: none */
    uint32_t sub;          /* place among the events of its revision */
    uint32_t at_us;        /* when it was published: the low bits of the monotonic clock */
};
_Static_assert(sizeof(struct ring_slot) == 64, "a slot is one cache line");

/* Bytes of shared memory; area_new lays it out. */
size_t ring_shared_bytes(void);

/* Producer side (watcher). ring_start begins a new epoch: consumers fall back to the log once. */
void ring_start(struct area *a, int64_t revision);
struct ring_event {
    int64_t revision;
    uint32_t resource, type;
    uint64_t ns_hash, name_hash;
    uint64_t trigger_hash, trigger_prev_hash;
    uint32_t sub;
};
/* After the batch is committed. Fills slots, then wakes consumers that sleep. Events of one revision come in
 * one batch. */
void ring_publish(struct area *a, const struct ring_event *events, int n);

/* Consumer side. */
struct consumer {
    unsigned magic;
    struct area *area;
    int index;
    uint64_t epoch, position;
    int64_t revision; /* everything up to here was seen; while a revision has more: the one before */
    bool lapped;      /* the log must be read up to `need` before slots mean something again */
    int64_t need;
};
enum consumer_result { CONSUMER_SLOT, CONSUMER_EMPTY, CONSUMER_LAPPED };

/* Starts at the present: events after `revision` will be seen (through the ring or by one LAPPED). */
void consumer_init(struct consumer *c, struct area *a, int index, int64_t revision);
/* The next slot, copied out. LAPPED: slots were lost or the producer is new; the caller scans the log from
 * c->revision up to the revision of a snapshot taken after this call, then calls consumer_caught_up with that
 * revision (an older snapshot only makes the next call say LAPPED again). Slots at or below c->revision are
 * skipped silently. */
enum consumer_result consumer_next(struct consumer *c, struct ring_slot *out);
void consumer_caught_up(struct consumer *c, int64_t revision);
/* Before the loop sleeps: announces sleep and re-checks. False: there is news, do not sleep. The wake-up
 * comes on area->wake_fd[index]; consumer_awake ends it (reads the eventfd, which also
 * announces the store's answers: follow it by store_poll). */
bool consumer_sleep(struct consumer *c);
void consumer_awake(struct consumer *c);

#endif
