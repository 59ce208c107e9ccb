/* The embedded store's client side and the shared queue under it: one single-producer single-consumer queue a
 * process, in the area. The producer is the worker (or keeper), the consumer the watcher.
 *
 * Exactly once across a kill of the watcher: every request carries a sequence number of its mailbox; the
 * commit that applies it stores the highest sequence (and the answers not yet collected) of each mailbox in
 * meta in the same transaction. A new watcher answers what was applied and applies the rest. A new worker
 * adopts its predecessor's mailbox: whole requests are let through, half-written ones forgotten. */
#ifndef SHM_STORE_EMBEDDED_MAILBOX_H
#define SHM_STORE_EMBEDDED_MAILBOX_H

#include "shm/area.h"
#include "shm/store/store.h"

#define MAILBOX_SLOTS 1024
#define MAILBOX_BYTES (32u << 20) /* payload ring of one mailbox, sparse */

/* Bytes of shared memory for one mailbox; area_new lays them out. */
size_t mailbox_shared_bytes(void);
struct mailbox_shared *mailbox_at(struct area *a, int index);

/* A store for process `index` of the area. */
struct store *embedded_open(struct area *a, int index);

#endif
