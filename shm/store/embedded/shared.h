/* Layout of a mailbox in shared memory, for mailbox.c (producer: a worker or the keeper) and commit.c
 * (consumer: the watcher). Requests are numbered from 0; request n lives in request[n % SLOTS], its answer in
 * answer[n % SLOTS].
 *
 *   line 0   submitted  requests handed over. Written by the producer (release) after the slot and its
 * payload. line 1   answered   requests done. Written by the watcher (release) after the answer. Because
 * requests of one mailbox are applied in order, it is also where the watcher goes on. line 2   armed      1:
 * the producer looked and wants an eventfd write for the next answers. requests, answers, payload
 *
 * The producer uses slot n again only after it collected answer n - SLOTS, and a payload's bytes only after
 * its answer. The watcher never writes what the producer writes, nor the other way round, `armed` excepted.
 */
#ifndef SHM_STORE_EMBEDDED_SHARED_H
#define SHM_STORE_EMBEDDED_SHARED_H

#include "shm/store/embedded/mailbox.h"

/* payload: key, then (8-aligned) the draft, if any */
struct mailbox_request {
    uint32_t verb; /* enum store_verb */
    uint32_t key_bytes;
    uint32_t off;         /* of the payload */
    uint32_t draft_bytes; /* 0: none */
    int64_t expect;
    uint64_t spare[5];
};
_Static_assert(sizeof(struct mailbox_request) == 64, "a request is one cache line");

struct mailbox_answer {
    int32_t error;
    uint32_t spare;
    int64_t revision, actual;
};
_Static_assert(sizeof(struct mailbox_answer) == 24, "an answer is 24 bytes");

struct mailbox_shared {
    _Atomic uint64_t submitted __attribute__((aligned(64)));
    _Atomic uint64_t answered __attribute__((aligned(64)));
    _Atomic uint32_t armed __attribute__((aligned(64)));
    struct mailbox_request request[MAILBOX_SLOTS] __attribute__((aligned(64)));
    struct mailbox_answer answer[MAILBOX_SLOTS] __attribute__((aligned(64)));
    char payload[MAILBOX_BYTES] __attribute__((aligned(4096)));
} __attribute__((aligned(4096)));

/* Largest key + draft: a quarter of the payload, so that a few always fit. */
#define MAILBOX_REQUEST_MAX (MAILBOX_BYTES / 4)

static inline uint32_t mailbox_draft_at(const struct mailbox_request *r)
{
    return r->off + ((r->key_bytes + 7u) & ~7u);
}

#endif
